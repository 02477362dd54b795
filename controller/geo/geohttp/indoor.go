package geohttp

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/rest"
)

// indoorOut is a device on a plan (spec: additions G-1).
type indoorOut struct {
	ID           wispwright.ID `json:"id"`
	AdminEditURL string        `json:"admin_edit_url"`
	DeviceID     wispwright.ID `json:"device_id"`
	FloorplanID  wispwright.ID `json:"floorplan_id"`
	DeviceName   string        `json:"device_name"`
	MACAddress   string        `json:"mac_address"`
	FloorName    string        `json:"floor_name"`
	Floor        int           `json:"floor"`
	Image        string        `json:"image"`
	Coordinates  *geo.Spot     `json:"coordinates"`
}

type indoorListOut struct {
	Count    int         `json:"count"`
	Next     *string     `json:"next"`
	Previous *string     `json:"previous"`
	Results  []indoorOut `json:"results"`
	Floors   []int       `json:"floors"`
}

// The lengths of the pages of devices on a floor.
const (
	spots     = 50
	mostSpots = 100
)

// mountIndoor adds what is on the floors of a building.
func (h *HTTP) mountIndoor(api *rest.API) {
	api.Mount(&rest.View{Path: locationPath + "{id}/indoor-coordinates/", Name: "Indoor Coordinates List", Tag: tag, Kind: deviceKind},
		rest.Action("GET", "controller_location_indoor_coordinates", http.StatusOK, func(r *rest.Request, _ *rest.None) (indoorListOut, error) {
			l, err := h.below(r)
			if err != nil {
				return indoorListOut{}, err
			}
			plan, floors, err := h.floor(r, l)
			if err != nil {
				return indoorListOut{}, err
			}
			page, err := rest.Paged(r, spots, mostSpots, func(p wispwright.Page) ([]indoorOut, int, error) {
				if plan == nil {
					return nil, 0, nil
				}
				return h.spots(r, l, plan, p)
			})
			if err != nil {
				return indoorListOut{}, err
			}
			return indoorListOut{page.Count, page.Next, page.Previous, page.Results, floors}, nil
		}))
}

// floor is the plan that is asked for, nil for one without devices, and all floors
// that have some.
func (h *HTTP) floor(r *rest.Request, l *geo.Location) (*geo.FloorPlan, []int, error) {
	floors := []int{}
	plans := map[int]*geo.FloorPlan{}
	if l.Type != geo.Indoor {
		return nil, floors, nil
	}
	of, err := h.plansOf(r, l.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range of[l.ID] {
		found, err := h.g.DeviceLocations.List(r.Context(), wispwright.ScopeAll(), geo.DeviceLocationFilter{FloorPlanID: p.ID}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return nil, nil, err
		}
		if len(found.Rows) > 0 {
			floors, plans[p.Floor] = append(floors, p.Floor), p
		}
	}
	slices.Sort(floors)
	text := r.Query().Get("floor")
	if text == "" {
		return plans[usual(floors)], floors, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, nil, wispwright.Invalid("floor", "Enter a number.")
	}
	return plans[n], floors, nil
}

// usual is the lowest floor above the ground, or else the highest of the cellars.
func usual(sorted []int) int {
	for _, n := range sorted {
		if n >= 0 {
			return n
		}
	}
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)-1]
}

func (h *HTTP) spots(r *rest.Request, l *geo.Location, plan *geo.FloorPlan, p wispwright.Page) ([]indoorOut, int, error) {
	p.Order = []wispwright.Order{{Field: "Created"}}
	items, err := h.g.DeviceLocations.List(r.Context(), wispwright.ScopeAll(), geo.DeviceLocationFilter{FloorPlanID: plan.ID}, p)
	if err != nil {
		return nil, 0, err
	}
	ids := make([]wispwright.ID, len(items.Rows))
	for i, d := range items.Rows {
		ids[i] = d.DeviceID
	}
	devices, err := h.known.Some(r.Context(), ids...)
	if err != nil {
		return nil, 0, err
	}
	out := make([]indoorOut, len(items.Rows))
	for i, d := range items.Rows {
		out[i] = indoorOut{ID: d.ID, AdminEditURL: deviceURL(d.DeviceID), DeviceID: d.DeviceID, FloorplanID: plan.ID, FloorName: plan.Label(l.Name), Floor: plan.Floor, Image: imageURL(r, plan)}
		if dev := devices[d.DeviceID]; dev != nil {
			out[i].DeviceName, out[i].MACAddress = dev.Name, dev.MACAddress
		}
		if s, ok := d.Spot(); ok {
			out[i].Coordinates = &s
		}
	}
	return out, items.Total, nil
}
