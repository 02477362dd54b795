// Package recoveryhttp is the REST side of package recovery.
package recoveryhttp

import (
	"context"
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/recovery"
	"github.com/wispwright/wispwright/kit/rest"
)

// HTTP is the room's part of an API.
type HTTP struct{ s *recovery.Service }

// New returns the HTTP side of a service.
func New(s *recovery.Service) (*HTTP, error) {
	if s == nil {
		return nil, errors.New("recoveryhttp: a service is required")
	}
	return &HTTP{s}, nil
}

type deletedOut struct {
	ID           wispwright.ID  `json:"id" help:"of the deletion"`
	Object       wispwright.ID  `json:"object" help:"the id that it had, and gets again"`
	Organization *wispwright.ID `json:"organization" help:"null: a shared template"`
	Name         string         `json:"name"`
	Detail       string         `json:"detail" help:"the MAC address of a device, the backend of a template"`
	Actor        string         `json:"actor" help:"who deleted it"`
	Deleted      rest.Time      `json:"deleted"`
}

type recoverIn struct {
	Name rest.Opt[string] `json:"name" maxLength:"64" help:"another name, where somebody else has the former one by now"`
}

type recoveredOut struct {
	ID      wispwright.ID `json:"id" help:"of the object"`
	Name    string        `json:"name"`
	LeftOut []string      `json:"left_out" help:"what did not come back, in words"`
}

// Mount adds the endpoints of deleted devices and templates to an API.
func (h *HTTP) Mount(api *rest.API) {
	h.mount(api, recovery.Device, "config.device", "deleted-device", "Deleted Device", "deleted_device")
	h.mount(api, recovery.Template, "config.template", "deleted-template", "Deleted Template", "deleted_template")
}

func (h *HTTP) mount(api *rest.API, kind recovery.Kind, model, path, name, id string) {
	const tag = "controller"
	base := "/api/v1/controller/" + path + "/"
	rest.Owned(api, base, func(r *rest.Request, id wispwright.ID) (wispwright.ID, error) {
		o, err := h.s.Get(r.Context(), own(r.WriteScope()), kind, id)
		if err != nil {
			return wispwright.ID{}, err
		}
		return o.OrganizationID, nil
	})
	rest.Mount(api, rest.Resource[wispwright.ID, recovery.Deleted, recovery.Filter, rest.None, deletedOut]{
		Path: base, Only: rest.List | rest.Read | rest.Delete, Name: name, Noun: name, ID: "controller_" + id, Tag: tag, Kind: model,
		Service: visible{h.s, kind},
		Out: func(_ *rest.Request, rows []*recovery.Deleted) ([]deletedOut, error) {
			out := make([]deletedOut, len(rows))
			for i, d := range rows {
				out[i] = newDeletedOut(d)
			}
			return out, nil
		},
		Delete: func(r *rest.Request, id wispwright.ID) error {
			return h.s.Discard(r.Context(), own(r.WriteScope()), kind, id)
		},
		Filters: append(rest.FilterOrganization(func(f *recovery.Filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterText("search", func(f *recovery.Filter, v string) { f.Search = v }),
			rest.FilterID("object", func(f *recovery.Filter, v wispwright.ID) { f.ObjectID = v })),
		Ordering: map[string]string{"name": "Name", "deleted": "Created"},
	})
	api.Mount(&rest.View{Path: base + "{id}/recover/", Name: name + " Recover", Noun: name, Tag: tag, Kind: model},
		rest.Action(http.MethodPost, "controller_"+id+"_recover", http.StatusCreated, func(r *rest.Request, in *recoverIn) (recoveredOut, error) {
			scope := own(r.WriteScope())
			if _, err := h.s.Get(r.Context(), scope, kind, r.ID("id")); err != nil {
				return recoveredOut{}, err
			}
			back, err := h.s.Recover(r.Context(), scope, kind, r.ID("id"), in.Name.V)
			if err != nil {
				return recoveredOut{}, err
			}
			out := recoveredOut{back.Deleted.ObjectID, back.Name, back.LeftOut}
			if out.LeftOut == nil {
				out.LeftOut = []string{}
			}
			return out, nil
		}))
}

func newDeletedOut(d *recovery.Deleted) deletedOut {
	out := deletedOut{ID: d.ID, Object: d.ObjectID, Name: d.Name, Detail: d.Detail, Actor: d.Actor, Deleted: rest.Time(d.Created)}
	if !d.OrganizationID.IsZero() {
		out.Organization = &d.OrganizationID
	}
	return out
}

// visible are the deleted objects of a kind in the organizations of the caller;
// shared ones are for superusers, who alone can bring them back.
type visible struct {
	s    *recovery.Service
	kind recovery.Kind
}

func own(scope wispwright.Scope) wispwright.Scope {
	if scope.All() {
		return scope
	}
	return wispwright.ScopeOf(scope.Organizations()...)
}

func (v visible) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*recovery.Deleted, error) {
	return v.s.Get(ctx, own(scope), v.kind, id)
}

func (v visible) List(ctx context.Context, scope wispwright.Scope, f recovery.Filter, p wispwright.Page) (wispwright.Items[recovery.Deleted], error) {
	f.Kind = v.kind
	return v.s.List(ctx, own(scope), f, p)
}
