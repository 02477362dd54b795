package geohttp

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/rest"
)

// markOut is a location on the map, or a cluster of several.
type markOut struct {
	Lng       float64            `json:"lng"`
	Lat       float64            `json:"lat"`
	ID        *wispwright.ID     `json:"id,omitempty" help:"of a location"`
	Name      string             `json:"name,omitempty"`
	Type      string             `json:"type,omitempty"`
	IsMobile  bool               `json:"is_mobile,omitempty"`
	Status    string             `json:"status" help:"the worst of the devices"`
	Devices   int                `json:"devices"`
	Locations int                `json:"locations" help:"how many locations a cluster stands for"`
	Statuses  map[geo.Status]int `json:"statuses,omitempty" help:"of a cluster"`
	Bounds    *[4]float64        `json:"bounds,omitempty" help:"of a cluster: west, south, east, north"`
}

type mapOut struct {
	Zoom     int                `json:"zoom" help:"the zoom the clusters were made for"`
	Count    int                `json:"count" help:"all selected locations, also those out of sight"`
	Statuses map[geo.Status]int `json:"statuses" help:"of all selected locations"`
	Bounds   *[4]float64        `json:"bounds" help:"what they cover: west, south, east, north"`
	Marks    []markOut          `json:"marks"`
	Stale    bool               `json:"stale,omitempty" help:"something newer is being read: ask once more in a second"`
}

func box(b geo.Box) *[4]float64 { return &[4]float64{b.West, b.South, b.East, b.North} }

func mapFilters() []rest.Filter[geo.MapFilter] {
	type filter = geo.MapFilter
	var types, statuses []string
	for _, t := range geo.Types() {
		types = append(types, string(t))
	}
	for _, s := range geo.Statuses() {
		statuses = append(statuses, string(s))
	}
	return append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
		rest.FilterChoice("type", types, func(f *filter, v string) { f.Type = geo.Type(v) }),
		rest.FilterBool("is_mobile", func(f *filter, v bool) { f.IsMobile = &v }),
		rest.FilterText("search", func(f *filter, v string) { f.Search = v }),
		rest.FilterID("group", func(f *filter, v wispwright.ID) { f.GroupID = v }),
		rest.Filter[filter]{Name: "status", Help: "some of: " + strings.Join(statuses, ", "), Apply: func(r *rest.Request, f *filter, _ string) error {
			for _, one := range r.Query()["status"] {
				for word := range strings.SplitSeq(one, ",") {
					if !slices.Contains(statuses, word) {
						return wispwright.Invalid("", "Select a valid choice. "+word+" is not one of the available choices.")
					}
					f.Statuses = append(f.Statuses, geo.Status(word))
				}
			}
			return nil
		}},
	)
}

type backgroundOut struct {
	URL         string `json:"url" help:"of tiles, with {z}, {x} and {y}; empty: none"`
	Attribution string `json:"attribution"`
	Geocoder    bool   `json:"geocoder" help:"whether addresses can be looked up"`
	MaxImage    int64  `json:"max_image" help:"bytes of a floor plan's picture"`
}

// mountMap adds what the map of the web admin shows.
func (h *HTTP) mountMap(api *rest.API) {
	filters := mapFilters()
	api.Mount(&rest.View{Path: locationPath + "map/", Name: "Location Map", Tag: tag, Kind: locationKind},
		rest.Action("GET", "controller_location_map", http.StatusOK, func(r *rest.Request, _ *rest.None) (mapOut, error) {
			var f geo.MapFilter
			part := geo.Box{West: -180, South: -90, East: 180, North: 90}
			zoom := 2
			var wrong wispwright.ValidationError
			if text := r.Query().Get("bbox"); text != "" {
				b, err := geo.ParseBox(text)
				if err != nil {
					wrong.Add("bbox", err.Error())
				}
				part = b
			}
			if text := r.Query().Get("zoom"); text != "" {
				n, err := strconv.Atoi(text)
				if err != nil || n < 0 || n > geo.MaxZoom {
					wrong.Add("zoom", "Enter a number from 0 to "+strconv.Itoa(geo.MaxZoom)+".")
				}
				zoom = n
			}
			if err := wrong.Err(); err != nil {
				return mapOut{}, err
			}
			some, err := rest.Filtered(r, filters, &f)
			if err != nil {
				return mapOut{}, err
			}
			scope := r.ReadScope()
			if !some {
				scope = wispwright.Scope{}
			}
			v, err := h.g.Map.View(r.Context(), scope, f, part, zoom)
			if err != nil {
				return mapOut{}, err
			}
			return newMapOut(v), nil
		}))
	api.Mount(&rest.View{Path: locationPath + "map/background/", Name: "Map Background", Tag: tag, Kind: locationKind},
		rest.Action("GET", "controller_location_map_background", http.StatusOK, func(*rest.Request, *rest.None) (backgroundOut, error) {
			return backgroundOut{h.options.TilesURL, h.options.TilesAttribution, h.g.Addresses.Enabled(), h.options.MaxImage}, nil
		}))
}

func newMapOut(v *geo.View) mapOut {
	out := mapOut{Zoom: v.Zoom, Count: v.Locations, Statuses: v.Statuses, Marks: make([]markOut, len(v.Marks)), Stale: v.Stale}
	if v.Locations > 0 {
		out.Bounds = box(v.Bounds)
	}
	for i := range v.Marks {
		k := &v.Marks[i]
		m := markOut{Lng: k.Position[0], Lat: k.Position[1], Status: string(k.Status), Devices: k.Devices, Locations: k.Locations, Statuses: k.Statuses}
		if l := k.Location; l != nil {
			m.ID, m.Name, m.Type, m.IsMobile = &l.ID, l.Name, string(l.Type), l.IsMobile
		} else {
			m.Bounds = box(k.Bounds)
		}
		out.Marks[i] = m
	}
	return out
}
