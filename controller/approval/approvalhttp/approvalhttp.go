// Package approvalhttp is the REST side of package approval.
package approvalhttp

import (
	"context"
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/approval"
	"github.com/wispwright/wispwright/kit/rest"
)

// HTTP is the room's part of an API.
type HTTP struct {
	q *approval.Queue
	// tenant is wispwright.ErrNotFound for what is no organization
	tenant func(ctx context.Context, id wispwright.ID) error
}

// New returns the HTTP side of a queue; tenant is wispwright.ErrNotFound for what is
// no organization.
func New(q *approval.Queue, tenant func(ctx context.Context, id wispwright.ID) error) (*HTTP, error) {
	if q == nil || tenant == nil {
		return nil, errors.New("approvalhttp: a queue and organizations are required")
	}
	return &HTTP{q, tenant}, nil
}

type registrationOut struct {
	ID           wispwright.ID `json:"id"`
	Organization wispwright.ID `json:"organization"`
	Name         string        `json:"name"`
	MACAddress   string        `json:"mac_address"`
	HardwareID   string        `json:"hardware_id"`
	Backend      string        `json:"backend"`
	Model        string        `json:"model"`
	OS           string        `json:"os"`
	System       string        `json:"system"`
	Tags         string        `json:"tags"`
	Address      *string       `json:"last_ip"`
	State        string        `json:"state" help:"waiting, approved: the device is let in when it asks next, or refused"`
	Actor        string        `json:"actor" help:"who decided"`
	Created      rest.Time     `json:"created"`
	Heard        rest.Time     `json:"last_seen"`
}

func newRegistrationOut(r *approval.Registration) registrationOut {
	out := registrationOut{r.ID, r.OrganizationID, r.Name, r.MACAddress, r.HardwareID, r.Backend, r.Model, r.OS, r.System, r.Tags, nil, string(r.State), r.Actor, rest.Time(r.Created), rest.Time(r.Heard)}
	if r.Address.IsValid() {
		text := r.Address.String()
		out.Address = &text
	}
	return out
}

type choiceIn struct {
	Required rest.Opt[bool] `json:"approval_required" help:"whether devices that register wait until somebody approves of them"`
}

type choiceOut struct {
	Organization wispwright.ID `json:"organization"`
	Required     bool          `json:"approval_required"`
}

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	const tag, kind, base = "controller", "config.device", "/api/v1/controller/registration/"
	var states []string
	for _, s := range approval.States() {
		states = append(states, string(s))
	}
	rest.Owned(api, base, func(r *rest.Request, id wispwright.ID) (wispwright.ID, error) {
		o, err := h.q.Registrations.Get(r.Context(), r.WriteScope(), id)
		if err != nil {
			return wispwright.ID{}, err
		}
		return o.OrganizationID, nil
	})
	rest.Mount(api, rest.Resource[wispwright.ID, approval.Registration, approval.Filter, rest.None, registrationOut]{
		Path: base, Only: rest.List | rest.Read | rest.Delete, Name: "Registration", Noun: "Registration", ID: "controller_registration", Tag: tag, Kind: kind,
		Service: h.q.Registrations,
		Out: func(_ *rest.Request, rows []*approval.Registration) ([]registrationOut, error) {
			out := make([]registrationOut, len(rows))
			for i, r := range rows {
				out[i] = newRegistrationOut(r)
			}
			return out, nil
		},
		Delete: func(r *rest.Request, id wispwright.ID) error {
			return h.q.Registrations.Delete(r.Context(), r.WriteScope(), id)
		},
		Filters: append(rest.FilterOrganization(func(f *approval.Filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterChoice("state", states, func(f *approval.Filter, v string) { f.State = approval.State(v) }),
			rest.FilterText("search", func(f *approval.Filter, v string) { f.Search = v })),
		Ordering: map[string]string{"name": "Name", "created": "Created", "last_seen": "Heard"},
	})
	for verb, state := range map[string]approval.State{"approve": approval.Approved, "refuse": approval.Refused} {
		api.Mount(&rest.View{Path: base + "{id}/" + verb + "/", Name: "Registration " + verb, Noun: "Registration", Tag: tag, Kind: kind},
			rest.Action(http.MethodPost, "controller_registration_"+verb, http.StatusOK, func(r *rest.Request, _ *rest.None) (registrationOut, error) {
				if _, err := h.q.Registrations.Get(r.Context(), r.WriteScope(), r.ID("id")); err != nil {
					return registrationOut{}, err
				}
				out, err := h.q.Decide(r.Context(), r.WriteScope(), r.ID("id"), state)
				if err != nil {
					return registrationOut{}, err
				}
				return newRegistrationOut(out), nil
			}))
	}
	h.mountChoice(api, tag)
}

// mountChoice adds what organizations chose.
func (h *HTTP) mountChoice(api *rest.API, tag string) {
	answer := func(r *rest.Request, id wispwright.ID) (choiceOut, error) {
		c, err := h.q.Choice(r.Context(), r.WriteScope(), id)
		if err != nil {
			return choiceOut{}, err
		}
		return choiceOut{id, c.Required}, nil
	}
	organization := func(r *rest.Request) (wispwright.ID, error) {
		id := r.ID("id")
		if !r.WriteScope().Allows(id) {
			return id, wispwright.ErrNotFound
		}
		return id, h.tenant(r.Context(), id)
	}
	api.Mount(&rest.View{
		Path: "/api/v1/controller/organization/{id}/approval-settings/", Name: "Organization Approval Settings", Noun: "Organization", Tag: tag, Kind: "config.organizationconfigsettings",
	},
		rest.Action(http.MethodGet, "controller_organization_approval_settings_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (choiceOut, error) {
			id, err := organization(r)
			if err != nil {
				return choiceOut{}, err
			}
			return answer(r, id)
		}),
		rest.Action(http.MethodPatch, "controller_organization_approval_settings_partial_update", http.StatusOK, func(r *rest.Request, in *choiceIn) (choiceOut, error) {
			id, err := organization(r)
			if err != nil {
				return choiceOut{}, err
			}
			if in.Required.Set {
				if _, err := h.q.Choose(r.Context(), r.WriteScope(), id, in.Required.V); err != nil {
					return choiceOut{}, err
				}
			}
			return answer(r, id)
		}))
}
