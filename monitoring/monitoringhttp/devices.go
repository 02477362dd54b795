package monitoringhttp

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
)

// listedOut is a device of the list.
type listedOut struct {
	ID           wispwright.ID `json:"id"`
	Name         string        `json:"name"`
	Organization wispwright.ID `json:"organization"`
	Group        wispwright.ID `json:"group"`
	MACAddress   string        `json:"mac_address"`
	Key          string        `json:"key"`
	LastIP       *string       `json:"last_ip"`
	ManagementIP *string       `json:"management_ip"`
	Model        string        `json:"model"`
	OS           string        `json:"os"`
	System       string        `json:"system"`
	Notes        string        `json:"notes"`
	Config       *configOut    `json:"config"`
	Monitoring   statusOut     `json:"monitoring"`
	Created      rest.Time     `json:"created"`
	Modified     rest.Time     `json:"modified"`
}

type statusOut struct {
	Status string `json:"status"`
}

// byName are the devices, sorted by name.
type byName struct{ Devices }

// List returns a page of devices.
func (s byName) List(ctx context.Context, scope wispwright.Scope, f controller.DeviceFilter, p wispwright.Page) (wispwright.Items[controller.Detail], error) {
	if len(p.Order) == 0 {
		p.Order = []wispwright.Order{{Field: "Name"}}
	}
	return s.Devices.List(ctx, scope, f, p)
}

// mountDevices adds the list of devices with their health (spec: monitoring §11.2).
func (h *HTTP) mountDevices(api *rest.API) {
	filters := append([]rest.Filter[controller.DeviceFilter]{h.statusFilter()}, rest.FilterOrganization(func(f *controller.DeviceFilter, id wispwright.ID) { f.OrganizationID = id })...)
	rest.Mount(api, rest.Resource[wispwright.ID, controller.Detail, controller.DeviceFilter, rest.None, listedOut]{
		Path: Base + "device/", Only: rest.List, Name: "Monitoring Device", ID: "monitoring_device", Tag: tag, Kind: deviceKind,
		Service: byName{h.devices}, Filters: filters,
		Out: func(r *rest.Request, rows []*controller.Detail) ([]listedOut, error) {
			statuses, err := h.statuses(r.Context(), rows...)
			if err != nil {
				return nil, err
			}
			out := make([]listedOut, len(rows))
			for i, d := range rows {
				o := newDeviceOut(d, statuses)
				out[i] = listedOut{o.ID, o.Name, o.Organization, o.Group, o.MACAddress, o.Key, o.LastIP, o.ManagementIP, o.Model, o.OS, o.System, o.Notes, o.Config,
					statusOut{o.Monitoring.Status}, o.Created, o.Modified}
			}
			return out, nil
		},
	})
}

func (h *HTTP) statusFilter() rest.Filter[controller.DeviceFilter] {
	return rest.FilterChoice("monitoring__status", []string{"unknown", "ok", "problem", "critical", "deactivated"}, func(f *controller.DeviceFilter, v string) {
		f.Related = map[string]any{h.o.StatusCondition: v}
	})
}
