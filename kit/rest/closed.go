package rest

import (
	"net/http"
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

// organizationPath begins what belongs to one organization and is no object of its own.
const organizationPath = "/organization/{id}/"

// openPath refuses to write what lies below the path of an organization that was
// switched off.
func (v *View) openPath(r *Request) error {
	switch r.HTTP.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		if strings.Contains(v.Path, organizationPath) {
			return r.api.open(r, r.ID("id"))
		}
	}
	return nil
}
