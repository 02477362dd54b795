package rest

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/wispwright/wispwright"
)

// closed reports whether the objects of an organization may only be read and deleted,
// because it was switched off: writes are answered 403, and nothing new can belong to
// it (additions: C-12).
func (a *API) closed(r *Request, id wispwright.ID) (name string, closed bool, err error) {
	o, ok := a.options.Organizations.(ClosedOrganizations)
	if !ok || id.IsZero() {
		return "", false, nil
	}
	return o.OrganizationClosed(r.Context(), r.view.Kind, id)
}

// open refuses to write to an object of an organization that was switched off.
func (a *API) open(r *Request, id wispwright.ID) error {
	name, closed, err := a.closed(r, id)
	if err == nil && closed {
		err = wispwright.Forbidden("The organization " + name + " is currently disabled: only read operations are allowed.")
	}
	return err
}

// owner finds the organization of an object by its key in a path; found is false for
// what the caller does not see, or what is no such object.
type owner func(r *Request, key any) (organization wispwright.ID, found bool, err error)

// Owned tells to which organization the objects belong whose views lie at and below
// path{…}/: what is done there with POST, PUT and PATCH is refused when it was switched
// off. Resources with an Organization do so by themselves. find is asked for what the
// caller may see; wispwright.ErrNotFound leaves the answer to the view.
func Owned[K any](a *API, path string, find func(r *Request, key K) (wispwright.ID, error)) {
	a.owners[bare(path)] = func(r *Request, key any) (wispwright.ID, bool, error) {
		k, ok := key.(K)
		if !ok {
			return wispwright.ID{}, false, nil
		}
		id, err := find(r, k)
		if errors.Is(err, wispwright.ErrNotFound) {
			return wispwright.ID{}, false, nil
		}
		return id, err == nil, err
	}
}

// owned is Owned for the objects of a resource.
func (res *Resource[K, T, F, In, Out]) owned(a *API) {
	if res.Organization == nil {
		return
	}
	Owned(a, res.Path, func(r *Request, key K) (wispwright.ID, error) {
		read, _ := res.Scopes(r)
		o, err := res.Service.Get(r.Context(), read, key)
		if err != nil {
			return wispwright.ID{}, err
		}
		return res.Organization(o), nil
	})
}

// parameters of a path, whatever they are called.
var parameters = regexp.MustCompile(`\{[^}]*\}`)

// bare is a path without the names of its parameters.
func bare(path string) string { return parameters.ReplaceAllString(path, "{}") }

// organizationPath begins what belongs to one organization and is no object of its own.
const organizationPath = "/organization/{id}/"

// openPath refuses to write what lies below the path of an organization that was
// switched off, or of an object of one.
func (v *View) openPath(r *Request) error {
	switch r.HTTP.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	default:
		return nil
	}
	if strings.Contains(v.Path, organizationPath) {
		return r.api.open(r, r.ID("id"))
	}
	if v.own && r.HTTP.Method != http.MethodPost { // the resource does it, with the object in its hand
		return nil
	}
	if op := v.operation(r.HTTP.Method); op != nil && op.Reads {
		return nil
	}
	for i, at := range parameters.FindAllStringIndex(v.Path, -1) {
		find := r.api.owners[bare(v.Path[:at[0]])]
		if find == nil || i >= len(r.params) {
			continue
		}
		organization, found, err := find(r, r.params[i])
		if err == nil && found {
			err = r.api.open(r, organization)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
