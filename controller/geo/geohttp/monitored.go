package geohttp

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/rest"
)

// Monitored says how devices are, for the lists of places that show that.
type Monitored struct {
	// Base is where the lists begin, such as "/api/v1/monitoring/".
	Base string
	// Tag groups them in the document.
	Tag string
	// Statuses returns how devices are: ok, problem, critical, unknown, deactivated; those of
	// which nothing is known are missing. It is required.
	Statuses func(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]string, error)
	// Condition is the name in controller.DeviceFilter.Related that selects by status.
	Condition string
	// Label is what a status is called. Default: itself.
	Label func(status string) string
}

type monitoringOut struct {
	Status string `json:"status"`
	Label  string `json:"status_label"`
}

type monitoredDeviceOut struct {
	deviceOut
	Monitoring monitoringOut `json:"monitoring"`
}

type monitoredDevicesOut struct {
	Count        int                  `json:"count"`
	Next         *string              `json:"next"`
	Previous     *string              `json:"previous"`
	Results      []monitoredDeviceOut `json:"results"`
	HasFloorplan bool                 `json:"has_floorplan"`
}

type monitoredSpotOut struct {
	indoorOut
	Monitoring monitoringOut `json:"monitoring"`
}

type monitoredSpotsOut struct {
	Count    int                `json:"count"`
	Next     *string            `json:"next"`
	Previous *string            `json:"previous"`
	Results  []monitoredSpotOut `json:"results"`
	Floors   []int              `json:"floors"`
}

type monitoredProperties struct {
	featureProperties
	OK          int `json:"ok_count"`
	Problem     int `json:"problem_count"`
	Critical    int `json:"critical_count"`
	Unknown     int `json:"unknown_count"`
	Deactivated int `json:"deactivated_count"`
}

type monitoredFeatureOut struct {
	ID         wispwright.ID       `json:"id"`
	Type       string              `json:"type"`
	Geometry   wispwright.JSON     `json:"geometry"`
	Properties monitoredProperties `json:"properties"`
}

type monitoredCollectionOut struct {
	Type     string                `json:"type"`
	Count    int                   `json:"count"`
	Next     *string               `json:"next"`
	Previous *string               `json:"previous"`
	Features []monitoredFeatureOut `json:"features"`
}

// MountMonitored adds the lists of places and their devices with how these are (spec:
// monitoring §11.4, §11.5, additions M-5, M-6).
func (h *HTTP) MountMonitored(api *rest.API, m Monitored) {
	if m.Label == nil {
		m.Label = func(status string) string { return status }
	}
	h.mountMonitoredDevices(api, &m)
	h.mountMonitoredSpots(api, &m)
	h.mountMonitoredFeatures(api, &m)
}

// of returns how a device is.
func (m *Monitored) of(statuses map[wispwright.ID]string, id wispwright.ID, deactivated bool) monitoringOut {
	status := statuses[id]
	switch {
	case deactivated:
		status = "deactivated"
	case status == "":
		status = "unknown"
	}
	return monitoringOut{status, m.Label(status)}
}

func (h *HTTP) mountMonitoredDevices(api *rest.API, m *Monitored) {
	api.Mount(&rest.View{Path: m.Base + "location/{id}/device/", Name: "Monitoring Location Device List", Tag: m.Tag, Kind: "config.device"},
		rest.Action("GET", "monitoring_location_device", http.StatusOK, func(r *rest.Request, _ *rest.None) (monitoredDevicesOut, error) {
			l, err := h.below(r)
			if err != nil {
				return monitoredDevicesOut{}, notThere(err)
			}
			yes := true
			onPlan, err := h.g.DeviceLocations.List(r.Context(), wispwright.ScopeAll(), geo.DeviceLocationFilter{LocationID: l.ID, OnPlan: &yes}, wispwright.Page{Limit: 1, NoTotal: true})
			if err != nil {
				return monitoredDevicesOut{}, err
			}
			f := controller.DeviceFilter{Related: map[string]any{h.options.AtLocation: l.ID}, Search: strings.TrimSpace(r.Query().Get("search"))}
			if statuses := r.Query()["status"]; len(statuses) > 0 {
				f.Related[m.Condition] = statuses
			}
			page, err := rest.Paged(r, 0, 0, func(p wispwright.Page) ([]monitoredDeviceOut, int, error) {
				p.Order = []wispwright.Order{{Field: "Name"}}
				items, err := h.devices.List(r.Context(), r.ReadScope(), f, p)
				if err != nil {
					return nil, 0, err
				}
				ids := make([]wispwright.ID, len(items.Rows))
				for i, d := range items.Rows {
					ids[i] = d.Device.ID
				}
				statuses, err := m.Statuses(r.Context(), ids...)
				if err != nil {
					return nil, 0, err
				}
				out := make([]monitoredDeviceOut, len(items.Rows))
				for i, d := range items.Rows {
					out[i] = monitoredDeviceOut{newDeviceOut(r, d.Device), m.of(statuses, d.Device.ID, d.Device.IsDeactivated)}
				}
				return out, items.Total, nil
			})
			if err != nil {
				return monitoredDevicesOut{}, err
			}
			return monitoredDevicesOut{page.Count, page.Next, page.Previous, page.Results, len(onPlan.Rows) > 0}, nil
		}))
}

// notThere is the answer where a place is not the caller's.
func notThere(err error) error {
	var f *rest.Failure
	if errors.As(err, &f) && f.Status == http.StatusNotFound {
		return wispwright.ErrNotFound
	}
	return err
}

func (h *HTTP) mountMonitoredSpots(api *rest.API, m *Monitored) {
	api.Mount(&rest.View{Path: m.Base + "location/{id}/indoor-coordinates/", Name: "Monitoring Indoor Coordinates List", Tag: m.Tag, Kind: deviceKind},
		rest.Action("GET", "monitoring_location_indoor_coordinates", http.StatusOK, func(r *rest.Request, _ *rest.None) (monitoredSpotsOut, error) {
			l, err := h.below(r)
			if err != nil {
				return monitoredSpotsOut{}, notThere(err)
			}
			plan, floors, err := h.floor(r, l)
			if err != nil {
				return monitoredSpotsOut{}, err
			}
			page, err := rest.Paged(r, spots, mostSpots, func(p wispwright.Page) ([]monitoredSpotOut, int, error) {
				if plan == nil {
					return nil, 0, nil
				}
				list, total, err := h.spots(r, l, plan, p)
				if err != nil {
					return nil, 0, err
				}
				ids := make([]wispwright.ID, len(list))
				for i := range list {
					ids[i] = list[i].DeviceID
				}
				statuses, err := m.Statuses(r.Context(), ids...)
				if err != nil {
					return nil, 0, err
				}
				out := make([]monitoredSpotOut, len(list))
				for i := range list {
					out[i] = monitoredSpotOut{list[i], m.of(statuses, list[i].DeviceID, false)}
				}
				return out, total, nil
			})
			if err != nil {
				return monitoredSpotsOut{}, err
			}
			return monitoredSpotsOut{page.Count, page.Next, page.Previous, page.Results, floors}, nil
		}))
}

func (h *HTTP) mountMonitoredFeatures(api *rest.API, m *Monitored) {
	filters := locationFilters()
	api.Mount(&rest.View{Path: m.Base + "geojson/", Name: "Monitoring Geo Json Location List", Noun: "Location", Tag: m.Tag, Kind: locationKind},
		rest.Action("GET", "monitoring_geojson", http.StatusOK, func(r *rest.Request, _ *rest.None) (monitoredCollectionOut, error) {
			yes := true
			f := geo.LocationFilter{Used: &yes}
			some, err := rest.Filtered(r, filters, &f)
			if err != nil {
				return monitoredCollectionOut{}, err
			}
			page, err := rest.Paged(r, features, mostFeatures, func(p wispwright.Page) ([]monitoredFeatureOut, int, error) {
				if !some {
					return nil, 0, nil
				}
				p.Order = []wispwright.Order{{Field: "Created", Descending: true}}
				list, total, err := h.features(r, f, p)
				if err != nil {
					return nil, 0, err
				}
				out, err := h.monitoredFeatures(r, m, list)
				return out, total, err
			})
			if err != nil {
				return monitoredCollectionOut{}, err
			}
			return monitoredCollectionOut{"FeatureCollection", page.Count, page.Next, page.Previous, page.Results}, nil
		}))
}

// monitoredFeatures counts how the devices of places are.
func (h *HTTP) monitoredFeatures(r *rest.Request, m *Monitored, list []featureOut) ([]monitoredFeatureOut, error) {
	places := make([]wispwright.ID, len(list))
	for i := range list {
		places[i] = list[i].ID
	}
	at, err := h.g.DeviceLocations.List(r.Context(), wispwright.ScopeAll(), geo.DeviceLocationFilter{LocationIDs: wispwright.Only(places...)}, everything())
	if err != nil {
		return nil, err
	}
	devices := make([]wispwright.ID, len(at.Rows))
	for i, d := range at.Rows {
		devices[i] = d.DeviceID
	}
	statuses, err := m.Statuses(r.Context(), devices...)
	if err != nil {
		return nil, err
	}
	known, err := h.known.Some(r.Context(), devices...)
	if err != nil {
		return nil, err
	}
	counts := map[wispwright.ID]map[string]int{}
	for _, d := range at.Rows {
		if counts[d.LocationID] == nil {
			counts[d.LocationID] = map[string]int{}
		}
		device := known[d.DeviceID]
		counts[d.LocationID][m.of(statuses, d.DeviceID, device != nil && device.IsDeactivated).Status]++
	}
	out := make([]monitoredFeatureOut, len(list))
	for i := range list {
		f, n := &list[i], counts[list[i].ID]
		out[i] = monitoredFeatureOut{f.ID, f.Type, f.Geometry, monitoredProperties{f.Properties, n["ok"], n["problem"], n["critical"], n["unknown"], n["deactivated"]}}
	}
	return out, nil
}
