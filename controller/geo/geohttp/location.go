package geohttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/rest"
)

// geometry is a geometry on the wire: GeoJSON, or a text with one of the other
// forms (spec: geo §2).
type geometry struct{ geo.Geometry }

// FromWire implements rest.Wire.
func (g *geometry) FromWire(raw json.RawMessage) (err error) {
	text := string(bytes.TrimSpace(raw))
	if rest.TypeName(raw) == "str" {
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
	}
	g.Geometry, err = geo.ParseGeometry(text)
	return err
}

type planIn struct {
	Floor rest.Opt[int]       `json:"floor"`
	Image rest.Opt[rest.File] `json:"image" maxLength:"100"`
}

// change is what the concern is told of a plan.
func (in *planIn) change(u *geo.Upload) *geo.PlanChange {
	p := &geo.PlanChange{Image: u}
	if in.Floor.Set && !in.Floor.Null {
		p.Floor = &in.Floor.V
	}
	return p
}

type locationIn struct {
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
	Name         rest.Opt[string]        `json:"name" required:"true" maxLength:"75" help:"A descriptive name of the location (building name, company name, etc.)"`
	Type         rest.Opt[string]        `json:"type" required:"true" enum:"outdoor,indoor" help:"indoor locations can have floorplans associated to them"`
	IsMobile     rest.Opt[bool]          `json:"is_mobile" label:"Is mobile?" help:"is this location a moving object?"`
	Address      rest.Opt[string]        `json:"address" blank:"true" maxLength:"256"`
	Geometry     rest.Opt[geometry]      `json:"geometry" nullable:"true" metaType:"geojson"`
	Floorplan    rest.Opt[planIn]        `json:"floorplan" nullable:"true"`
}

func (in *locationIn) apply(l *geo.Location) {
	in.Organization.Into(&l.OrganizationID)
	in.Name.Into(&l.Name)
	if in.Type.Set {
		l.Type = geo.Type(in.Type.V)
	}
	in.IsMobile.Into(&l.IsMobile)
	in.Address.Into(&l.Address)
	if in.Geometry.Set {
		l.Geometry = in.Geometry.V.Geometry
		if in.Geometry.Null {
			l.Geometry = ""
		}
	}
}

// plan runs fn with what was sent of a floor plan, nil for nothing.
func (in *locationIn) plan(fn func(*geo.PlanChange) error) error {
	if !in.Floorplan.Set || in.Floorplan.Null {
		return fn(nil)
	}
	p := in.Floorplan.V
	return with(p.Image, func(u *geo.Upload) error { return fn(p.change(u)) })
}

type planOfLocation struct {
	Floor int    `json:"floor"`
	Image string `json:"image"`
}

type locationOut struct {
	ID           wispwright.ID    `json:"id"`
	Organization wispwright.ID    `json:"organization"`
	Name         string           `json:"name"`
	Type         string           `json:"type"`
	IsMobile     bool             `json:"is_mobile"`
	Address      string           `json:"address"`
	Geometry     wispwright.JSON  `json:"geometry"`
	Created      rest.Time        `json:"created"`
	Modified     rest.Time        `json:"modified"`
	Floorplan    []planOfLocation `json:"floorplan"`
	IsEstimated  *bool            `json:"is_estimated,omitempty" help:"placed by the public address of a device; missing where that is not done"`
}

// estimates tells of each organization once whether its locations are estimated.
func (h *HTTP) estimates(ctx context.Context) func(l *geo.Location) (*bool, error) {
	known := map[wispwright.ID]bool{}
	return func(l *geo.Location) (*bool, error) {
		if h.options.Estimates == nil {
			return nil, nil
		}
		on, ok := known[l.OrganizationID]
		if !ok {
			var err error
			if on, err = h.options.Estimates(ctx, l.OrganizationID); err != nil {
				return nil, err
			}
			known[l.OrganizationID] = on
		}
		if !on {
			return nil, nil
		}
		return &l.IsEstimated, nil
	}
}

// filters are those of locations.
func (h *HTTP) filters() []rest.Filter[geo.LocationFilter] {
	out := locationFilters()
	if h.options.FilterEstimated {
		out = append(out, rest.FilterBool("is_estimated", func(f *geo.LocationFilter, v bool) { f.IsEstimated = &v }))
	}
	return out
}

func locationFilters() []rest.Filter[geo.LocationFilter] {
	type filter = geo.LocationFilter
	var types []string
	for _, t := range geo.Types() {
		types = append(types, string(t))
	}
	return append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
		rest.FilterChoice("type", types, func(f *filter, v string) { f.Type = geo.Type(v) }),
		rest.FilterBool("is_mobile", func(f *filter, v bool) { f.IsMobile = &v }),
		rest.FilterText("search", func(f *filter, v string) { f.Search = v }),
		rest.FilterBool("used", func(f *filter, v bool) { f.Used = &v }),
		rest.Filter[filter]{Name: "bbox", Help: "west,south,east,north in degrees: locations whose middle lies in this box", Apply: func(_ *rest.Request, f *filter, v string) error {
			b, err := geo.ParseBox(v)
			if err != nil {
				return wispwright.Invalid("", err.Error())
			}
			f.Box = &b
			return nil
		}},
	)
}

// mountLocations adds locations (spec: geo §3.1-§3.3).
func (h *HTTP) mountLocations(api *rest.API) {
	rest.Mount(api, rest.Resource[wispwright.ID, geo.Location, geo.LocationFilter, locationIn, locationOut]{
		Path: locationPath, Name: "Location", Noun: "Location", ID: "controller_location", Tag: tag, Kind: locationKind, BodyLimit: h.limit,
		Service: h.g.Locations, Organization: func(l *geo.Location) wispwright.ID { return l.OrganizationID },
		Version: func(l *geo.Location) []any {
			return []any{l.OrganizationID, l.Name, string(l.Type), l.IsMobile, l.Address, string(l.Geometry)}
		},
		Check: func(_ *rest.Request, in *locationIn) error {
			if in.Floorplan.Set && !in.Floorplan.Null && in.Type.V == string(geo.Outdoor) {
				return wispwright.Invalid("type", "Floorplan can only be added with location of the type indoor")
			}
			return nil
		},
		Create: func(r *rest.Request, in *locationIn) (*geo.Location, error) {
			l := &geo.Location{}
			in.apply(l)
			if err := rest.OwnOrganization(r.WriteScope(), l.OrganizationID, in.Organization.Set); err != nil {
				return nil, err
			}
			return l, in.plan(func(p *geo.PlanChange) error { return h.g.Locations.CreateWith(r.Context(), l, p) })
		},
		Update: func(r *rest.Request, id wispwright.ID, in *locationIn) (out *geo.Location, err error) {
			err = in.plan(func(p *geo.PlanChange) (err error) {
				out, err = h.g.Locations.UpdateWith(r.Context(), r.WriteScope(), id, func(l *geo.Location) error {
					if err := r.Expect(l); err != nil {
						return err
					}
					in.apply(l)
					return rest.OwnOrganization(r.WriteScope(), l.OrganizationID, in.Organization.Set)
				}, p)
				return err
			})
			return out, err
		},
		Out: h.locations, Filters: h.filters(),
		Ordering: map[string]string{"name": "Name", "type": "Type", "address": "Address", "created": "Created", "modified": "Modified"},
		Unique:   map[string]error{geo.UniqueFloor: wispwright.Invalid("floorplan", "The fields location, floor must make a unique set.")},
	})
}

// locations writes locations with all their plans, the last changed one first.
func (h *HTTP) locations(r *rest.Request, rows []*geo.Location) ([]locationOut, error) {
	var indoor []wispwright.ID
	for _, l := range rows {
		if l.Type == geo.Indoor {
			indoor = append(indoor, l.ID)
		}
	}
	plans, err := h.plansOf(r, indoor...)
	if err != nil {
		return nil, err
	}
	out := make([]locationOut, len(rows))
	estimated := h.estimates(r.Context())
	for i, l := range rows {
		mark, err := estimated(l)
		if err != nil {
			return nil, err
		}
		out[i] = locationOut{l.ID, l.OrganizationID, l.Name, string(l.Type), l.IsMobile, l.Address, wispwright.JSON(l.Geometry), rest.Time(l.Created), rest.Time(l.Modified), []planOfLocation{}, mark}
		for _, p := range plans[l.ID] {
			out[i].Floorplan = append(out[i].Floorplan, planOfLocation{p.Floor, imageURL(r, p)})
		}
	}
	return out, nil
}

// plansOf returns the plans of locations, the last changed one first.
func (h *HTTP) plansOf(r *rest.Request, locations ...wispwright.ID) (map[wispwright.ID][]*geo.FloorPlan, error) {
	out := map[wispwright.ID][]*geo.FloorPlan{}
	for some := range slices.Chunk(locations, 500) {
		found, err := h.g.FloorPlans.List(r.Context(), wispwright.ScopeAll(), geo.FloorPlanFilter{LocationIDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Modified", Descending: true}}})
		if err != nil {
			return nil, err
		}
		for _, p := range found.Rows {
			out[p.LocationID] = append(out[p.LocationID], p)
		}
	}
	return out, nil
}

type featureProperties struct {
	DeviceCount  int           `json:"device_count"`
	Created      rest.Time     `json:"created"`
	Modified     rest.Time     `json:"modified"`
	Name         string        `json:"name"`
	Type         string        `json:"type"`
	IsMobile     bool          `json:"is_mobile"`
	Address      string        `json:"address"`
	Organization wispwright.ID `json:"organization"`
	IsEstimated  *bool         `json:"is_estimated,omitempty"`
}

type featureOut struct {
	ID         wispwright.ID     `json:"id"`
	Type       string            `json:"type"`
	Geometry   wispwright.JSON   `json:"geometry"`
	Properties featureProperties `json:"properties"`
}

type collectionOut struct {
	Type     string       `json:"type"`
	Count    int          `json:"count"`
	Next     *string      `json:"next"`
	Previous *string      `json:"previous"`
	Features []featureOut `json:"features"`
}

// The lengths of the pages of GeoJSON.
const (
	features     = 1000
	mostFeatures = 10_000
)

// mountGeoJSON adds the locations that have devices as a collection of features
// (spec: geo §3.5).
func (h *HTTP) mountGeoJSON(api *rest.API) {
	filters := append(h.filters(), rest.FilterOrganizationAs("organization_id", func(f *geo.LocationFilter, v wispwright.ID) { f.OrganizationID = v }))
	api.Mount(&rest.View{Path: locationPath + "geojson/", Name: "Geo Json Location List", Noun: "Location", Tag: tag, Kind: locationKind},
		rest.Action("GET", "controller_location_geojson", http.StatusOK, func(r *rest.Request, _ *rest.None) (collectionOut, error) {
			yes := true
			f := geo.LocationFilter{Used: &yes}
			some, err := rest.Filtered(r, filters, &f)
			if err != nil {
				return collectionOut{}, err
			}
			page, err := rest.Paged(r, features, mostFeatures, func(p wispwright.Page) ([]featureOut, int, error) {
				if !some {
					return nil, 0, nil
				}
				p.Order = []wispwright.Order{{Field: "Created"}}
				return h.features(r, f, p)
			})
			if err != nil {
				return collectionOut{}, err
			}
			return collectionOut{"FeatureCollection", page.Count, page.Next, page.Previous, page.Results}, nil
		}))
}

func (h *HTTP) features(r *rest.Request, f geo.LocationFilter, p wispwright.Page) ([]featureOut, int, error) {
	items, err := h.g.Locations.List(r.Context(), r.ReadScope(), f, p)
	if err != nil {
		return nil, 0, err
	}
	ids := make([]wispwright.ID, len(items.Rows))
	for i, l := range items.Rows {
		ids[i] = l.ID
	}
	counts, err := h.g.Locations.DeviceCounts(r.Context(), ids...)
	if err != nil {
		return nil, 0, err
	}
	out := make([]featureOut, len(items.Rows))
	estimated := h.estimates(r.Context())
	for i, l := range items.Rows {
		mark, err := estimated(l)
		if err != nil {
			return nil, 0, err
		}
		out[i] = featureOut{l.ID, "Feature", wispwright.JSON(l.Geometry), featureProperties{
			counts[l.ID], rest.Time(l.Created), rest.Time(l.Modified), l.Name, string(l.Type), l.IsMobile, l.Address, l.OrganizationID, mark,
		}}
	}
	return out, items.Total, nil
}

// isMissing reports that an object does not exist, or not for the caller.
func isMissing(err error) bool { return errors.Is(err, wispwright.ErrNotFound) }
