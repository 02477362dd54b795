// Package whoishttp puts what is known of the addresses of devices on the wire
// (spec: additions C-1).
package whoishttp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/whois"
	"github.com/wispwright/wispwright/kit/rest"
)

// HTTP is the part of an API.
type HTTP struct {
	w *whois.WHOIS
	// tenant is wispwright.ErrNotFound for what is no organization
	tenant func(ctx context.Context, id wispwright.ID) error
}

// New returns the HTTP side of a service; tenant is wispwright.ErrNotFound for what
// is no organization.
func New(w *whois.WHOIS, tenant func(ctx context.Context, id wispwright.ID) error) (*HTTP, error) {
	if w == nil || tenant == nil {
		return nil, errors.New("whoishttp: a service and organizations are required")
	}
	return &HTTP{w, tenant}, nil
}

type choiceIn struct {
	Enabled rest.Opt[bool] `json:"whois_enabled" nullable:"true" help:"whether the public addresses of devices are looked up; null for what is the case everywhere"`
}

type choiceOut struct {
	Organization wispwright.ID `json:"organization"`
	Enabled      *bool         `json:"whois_enabled"`
	Effective    bool          `json:"effective" help:"whether addresses are looked up now"`
	Configured   bool          `json:"configured" help:"whether the installation can look addresses up at all"`
}

// Mount adds the endpoints to an API: what an organization chose, which OpenWISP
// has in its web admin only.
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
			if _, err := h.w.Choose(r.Context(), r.WriteScope(), organization, enabled); err != nil {
				return choiceOut{}, err
			}
			return h.choice(r, organization)
		})
	}
	api.Mount(&rest.View{
		Path: "/api/v1/controller/organization/{id}/whois-settings/", Name: "Organization WHOIS Settings", Noun: "Organization", Tag: "controller",
		Kind: "config.organizationconfigsettings",
	},
		rest.Action(http.MethodGet, "controller_organization_whois_settings_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (choiceOut, error) {
			organization, err := h.organization(r)
			if err != nil {
				return choiceOut{}, err
			}
			return h.choice(r, organization)
		}),
		change(http.MethodPut, "controller_organization_whois_settings_update"),
		change(http.MethodPatch, "controller_organization_whois_settings_partial_update"))
}

func (h *HTTP) organization(r *rest.Request) (wispwright.ID, error) {
	id := r.ID("id")
	if !r.WriteScope().Allows(id) {
		return id, wispwright.ErrNotFound
	}
	return id, h.tenant(r.Context(), id)
}

func (h *HTTP) choice(r *rest.Request, organization wispwright.ID) (choiceOut, error) {
	c, err := h.w.Choice(r.Context(), r.WriteScope(), organization)
	if err != nil {
		return choiceOut{}, err
	}
	effective, err := h.w.Enabled(r.Context(), organization)
	return choiceOut{organization, c.Enabled, effective, h.w.Configured()}, err
}

// shortOut is what lists of devices show.
type shortOut struct {
	ISP     string     `json:"isp"`
	Country string     `json:"country"`
	Address netip.Addr `json:"ip_address"`
}

type recordOut struct {
	Address     netip.Addr  `json:"ip_address"`
	ISP         string      `json:"isp"`
	ASN         string      `json:"asn"`
	Timezone    string      `json:"timezone"`
	Place       whois.Place `json:"address"`
	CIDR        string      `json:"cidr"`
	Coordinates *point      `json:"coordinates"`
	Created     rest.Time   `json:"created"`
	Modified    rest.Time   `json:"modified"`
}

type point struct {
	Type        string     `json:"type"`
	Coordinates [2]float64 `json:"coordinates"`
}

// Devices returns the key whois_info of each of some devices: null for an address
// nothing is known of, empty where addresses are not looked up.
func (h *HTTP) Devices(ctx context.Context, devices []*controller.Detail, whole bool) ([]wispwright.JSON, error) {
	if !h.w.Configured() {
		return nil, nil
	}
	out := make([]wispwright.JSON, len(devices))
	enabled := map[wispwright.ID]bool{}
	var addresses []netip.Addr
	for _, d := range devices {
		organization := d.Device.OrganizationID
		if _, ok := enabled[organization]; !ok {
			var err error
			if enabled[organization], err = h.w.Enabled(ctx, organization); err != nil {
				return nil, err
			}
		}
		if enabled[organization] {
			addresses = append(addresses, d.Device.LastIP)
		}
	}
	known, err := h.w.Of(ctx, addresses...)
	if err != nil {
		return nil, err
	}
	for i, d := range devices {
		if !enabled[d.Device.OrganizationID] {
			continue
		}
		out[i] = "null"
		r := known[d.Device.LastIP]
		if r == nil {
			continue
		}
		text, err := json.Marshal(wire(r, whole))
		if err != nil {
			return nil, fmt.Errorf("write what is known of %s: %w", r.Address, err)
		}
		out[i] = wispwright.JSON(text)
	}
	return out, nil
}

func wire(r *whois.Record, whole bool) any {
	if !whole {
		return shortOut{r.ISP, r.Place.Country, r.Address}
	}
	out := recordOut{r.Address, r.ISP, r.ASN, r.Timezone, r.Place, r.CIDR, nil, rest.Time(r.Created), rest.Time(r.Modified)}
	if r.Latitude != nil && r.Longitude != nil {
		out.Coordinates = &point{"Point", [2]float64{*r.Longitude, *r.Latitude}}
	}
	return out
}
