// Package estimatehttp is the REST side of package estimate: what an organization
// chose (spec: additions C-2).
package estimatehttp

import (
	"context"
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo/estimate"
	"github.com/wispwright/wispwright/kit/rest"
)

// HTTP is the part of an API.
type HTTP struct {
	s *estimate.Estimator
	// tenant is wispwright.ErrNotFound for what is no organization
	tenant func(ctx context.Context, id wispwright.ID) error
}

// New returns the HTTP side of a service; tenant is wispwright.ErrNotFound for what
// is no organization.
func New(s *estimate.Estimator, tenant func(ctx context.Context, id wispwright.ID) error) (*HTTP, error) {
	if s == nil || tenant == nil {
		return nil, errors.New("estimatehttp: a service and organizations are required")
	}
	return &HTTP{s, tenant}, nil
}

type choiceIn struct {
	Enabled rest.Opt[bool] `json:"estimated_location_enabled" nullable:"true" help:"whether devices without a location are placed by their public addresses; null for what is the case everywhere"`
}

type choiceOut struct {
	Organization wispwright.ID `json:"organization"`
	Enabled      *bool         `json:"estimated_location_enabled"`
	Effective    bool          `json:"effective" help:"whether devices are placed now"`
	Configured   bool          `json:"configured" help:"whether the installation can look addresses up at all"`
}

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	change := func(method, id string) rest.Op {
		return rest.Action(method, id, http.StatusOK, func(r *rest.Request, in *choiceIn) (choiceOut, error) {
			organization, err := h.organization(r)
			if err != nil {
				return choiceOut{}, err
			}
			if !in.Enabled.Set && method == http.MethodPatch {
				return h.choice(r, organization)
			}
			var enabled *bool
			in.Enabled.IntoPtr(&enabled)
			if _, err := h.s.Choose(r.Context(), r.WriteScope(), organization, enabled); err != nil {
				return choiceOut{}, err
			}
			return h.choice(r, organization)
		})
	}
	api.Mount(&rest.View{
		Path: "/api/v1/controller/organization/{id}/geo-settings/", Name: "Organization Geo Settings", Noun: "Organization", Tag: "controller",
		Kind: "config.organizationconfigsettings",
	},
		rest.Action(http.MethodGet, "controller_organization_geo_settings_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (choiceOut, error) {
			organization, err := h.organization(r)
			if err != nil {
				return choiceOut{}, err
			}
			return h.choice(r, organization)
		}),
		change(http.MethodPut, "controller_organization_geo_settings_update"),
		change(http.MethodPatch, "controller_organization_geo_settings_partial_update"))
}

func (h *HTTP) organization(r *rest.Request) (wispwright.ID, error) {
	id := r.ID("id")
	if !r.WriteScope().Allows(id) {
		return id, wispwright.ErrNotFound
	}
	return id, h.tenant(r.Context(), id)
}

func (h *HTTP) choice(r *rest.Request, organization wispwright.ID) (choiceOut, error) {
	c, err := h.s.Choice(r.Context(), r.WriteScope(), organization)
	if err != nil {
		return choiceOut{}, err
	}
	effective, err := h.s.Enabled(r.Context(), organization)
	return choiceOut{organization, c.Enabled, effective, h.s.Configured()}, err
}
