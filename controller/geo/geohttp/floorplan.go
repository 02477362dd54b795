package geohttp

import (
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

type floorPlanIn struct {
	Floor    rest.Opt[int]           `json:"floor" required:"true"`
	Image    rest.Opt[rest.File]     `json:"image" required:"true" maxLength:"100" help:"floor plan image"`
	Location rest.Opt[wispwright.ID] `json:"location" required:"true" rel:"location"`
}

func (in *floorPlanIn) apply(p *geo.FloorPlan) {
	in.Floor.Into(&p.Floor)
	in.Location.Into(&p.LocationID)
}

type floorPlanOut struct {
	ID           wispwright.ID `json:"id"`
	Name         string        `json:"name"`
	Floor        int           `json:"floor"`
	Image        string        `json:"image"`
	Created      rest.Time     `json:"created"`
	Modified     rest.Time     `json:"modified"`
	Location     wispwright.ID `json:"location"`
	Organization wispwright.ID `json:"organization"`
	Width        int           `json:"image_width" help:"pixels"`
	Height       int           `json:"image_height" help:"pixels"`
}

// mountFloorPlans adds floor plans (spec: geo §4).
func (h *HTTP) mountFloorPlans(api *rest.API) {
	type filter = geo.FloorPlanFilter
	rest.Mount(api, rest.Resource[wispwright.ID, geo.FloorPlan, filter, floorPlanIn, floorPlanOut]{
		Path: planPath, Name: "Floor Plan", Noun: "FloorPlan", ID: "controller_floorplan", Tag: tag, Kind: planKind, BodyLimit: h.limit,
		Service: h.g.FloorPlans, Organization: func(p *geo.FloorPlan) wispwright.ID { return p.OrganizationID },
		Version: func(p *geo.FloorPlan) []any { return []any{p.Floor, p.LocationID, p.Blob} },
		Check: func(r *rest.Request, in *floorPlanIn) error {
			if !in.Location.Set || in.Location.Null {
				return nil
			}
			_, err := h.g.Locations.Get(r.Context(), r.WriteScope(), in.Location.V)
			return valid.Reference(err, "location", in.Location.V)
		},
		Create: func(r *rest.Request, in *floorPlanIn) (*geo.FloorPlan, error) {
			p := &geo.FloorPlan{}
			in.apply(p)
			return p, with(in.Image, func(u *geo.Upload) error { return h.g.FloorPlans.Create(r.Context(), p, u) })
		},
		Update: func(r *rest.Request, id wispwright.ID, in *floorPlanIn) (out *geo.FloorPlan, err error) {
			err = with(in.Image, func(u *geo.Upload) error {
				out, err = h.g.FloorPlans.Update(r.Context(), r.WriteScope(), id, func(p *geo.FloorPlan) error {
					if err := r.Expect(p); err != nil {
						return err
					}
					in.apply(p)
					return nil
				}, u)
				return err
			})
			return out, err
		},
		Out: h.plans,
		Filters: append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterID("location", func(f *filter, v wispwright.ID) { f.LocationID = v })),
		Ordering: map[string]string{"floor": "Floor", "created": "Created", "modified": "Modified"},
		Unique:   map[string]error{geo.UniqueFloor: wispwright.Invalid("non_field_errors", "The fields location, floor must make a unique set.")},
	})
}

// plans writes plans with the names of their locations.
func (h *HTTP) plans(r *rest.Request, rows []*geo.FloorPlan) ([]floorPlanOut, error) {
	names, err := h.names(r, rows)
	if err != nil {
		return nil, err
	}
	out := make([]floorPlanOut, len(rows))
	for i, p := range rows {
		out[i] = floorPlanOut{p.ID, p.Name(names[p.LocationID]), p.Floor, imageURL(r, p), rest.Time(p.Created), rest.Time(p.Modified), p.LocationID, p.OrganizationID, p.Width, p.Height}
	}
	return out, nil
}

// names are the names of the locations of plans.
func (h *HTTP) names(r *rest.Request, plans []*geo.FloorPlan) (map[wispwright.ID]string, error) {
	var ids []wispwright.ID
	for _, p := range plans {
		if !slices.Contains(ids, p.LocationID) {
			ids = append(ids, p.LocationID)
		}
	}
	out := map[wispwright.ID]string{}
	if len(ids) == 0 {
		return out, nil
	}
	found, err := h.g.Locations.List(r.Context(), wispwright.ScopeAll(), geo.LocationFilter{IDs: wispwright.Only(ids...)}, everything())
	if err != nil {
		return nil, err
	}
	for _, l := range found.Rows {
		out[l.ID] = l.Name
	}
	return out, nil
}
