package geohttp

import (
	"net/http"
	"net/netip"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/rest"
)

// deviceOut is a device as the original's list of a location has it: all columns
// (spec: geo §3.4).
type deviceOut struct {
	ID            wispwright.ID `json:"id"`
	AdminEditURL  string        `json:"admin_edit_url"`
	Created       rest.Time     `json:"created"`
	Modified      rest.Time     `json:"modified"`
	Name          string        `json:"name"`
	MACAddress    string        `json:"mac_address"`
	Key           string        `json:"key"`
	Model         string        `json:"model"`
	OS            string        `json:"os"`
	System        string        `json:"system"`
	Notes         string        `json:"notes"`
	LastIP        *string       `json:"last_ip"`
	ManagementIP  *string       `json:"management_ip"`
	HardwareID    *string       `json:"hardware_id"`
	IsDeactivated bool          `json:"_is_deactivated"`
	Organization  wispwright.ID `json:"organization"`
	Group         wispwright.ID `json:"group"`
}

type devicesOut struct {
	Count        int         `json:"count"`
	Next         *string     `json:"next"`
	Previous     *string     `json:"previous"`
	Results      []deviceOut `json:"results"`
	HasFloorplan bool        `json:"has_floorplan"`
}

// mountDevicesOf adds the devices at a location.
func (h *HTTP) mountDevicesOf(api *rest.API) {
	api.Mount(&rest.View{Path: locationPath + "{id}/device/", Name: "Location Device List", Tag: tag, Kind: "config.device"},
		rest.Action("GET", "controller_location_device", http.StatusOK, func(r *rest.Request, _ *rest.None) (devicesOut, error) {
			l, err := h.below(r)
			if err != nil {
				return devicesOut{}, err
			}
			yes := true
			onPlan, err := h.g.DeviceLocations.List(r.Context(), wispwright.ScopeAll(), geo.DeviceLocationFilter{LocationID: l.ID, OnPlan: &yes}, wispwright.Page{Limit: 1, NoTotal: true})
			if err != nil {
				return devicesOut{}, err
			}
			page, err := rest.Paged(r, 0, 0, func(p wispwright.Page) ([]deviceOut, int, error) {
				f := controller.DeviceFilter{Related: map[string]any{h.options.AtLocation: l.ID}, NameContains: r.Query().Get("search")}
				items, err := h.devices.List(r.Context(), r.ReadScope(), f, p)
				if err != nil {
					return nil, 0, err
				}
				out := make([]deviceOut, len(items.Rows))
				for i, d := range items.Rows {
					out[i] = newDeviceOut(r, d.Device)
				}
				return out, items.Total, nil
			})
			if err != nil {
				return devicesOut{}, err
			}
			return devicesOut{page.Count, page.Next, page.Previous, page.Results, len(onPlan.Rows) > 0}, nil
		}))
}

func newDeviceOut(r *rest.Request, d *controller.Device) deviceOut {
	return deviceOut{d.ID, r.URL(deviceURL(d.ID)), rest.Time(d.Created), rest.Time(d.Modified), d.Name, d.MACAddress, d.Key.Reveal(), d.Model, d.OS, d.System, d.Notes,
		address(d.LastIP), address(d.ManagementIP), rest.Null(d.HardwareID), d.IsDeactivated, d.OrganizationID, d.GroupID}
}

func address(a netip.Addr) *string {
	if !a.IsValid() {
		return nil
	}
	s := a.String()
	return &s
}
