package geohttp

import (
	"errors"
	"net/http"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

// named is what may stand in the place of an object: its id.
type named struct {
	id    wispwright.ID
	bad   bool
	given bool
}

// FromKey implements rest.Keyed. A text that is no id names nothing, which is said
// as of an id that is not there.
func (n *named) FromKey(text string) error {
	id, err := wispwright.ParseID(text)
	*n = named{id: id, bad: err != nil, given: true}
	return nil
}

// placeIn is a location inside a device location: its id, its fields, or a
// feature of GeoJSON whose properties are the fields (spec: geo §5).
type placeIn struct {
	named      `json:"-"`
	Name       rest.Opt[string]       `json:"name" maxLength:"75"`
	Type       rest.Opt[string]       `json:"type"`
	IsMobile   rest.Opt[bool]         `json:"is_mobile"`
	Address    rest.Opt[string]       `json:"address" blank:"true" maxLength:"256"`
	Geometry   rest.Opt[geometry]     `json:"geometry" nullable:"true" metaType:"geojson"`
	Properties rest.Opt[propertiesIn] `json:"properties"`
}

type propertiesIn struct {
	Name     rest.Opt[string] `json:"name" maxLength:"75"`
	Type     rest.Opt[string] `json:"type"`
	IsMobile rest.Opt[bool]   `json:"is_mobile"`
	Address  rest.Opt[string] `json:"address" blank:"true" maxLength:"256"`
}

// fields are the fields, wherever they were sent.
func (in *placeIn) fields() propertiesIn {
	if in.Properties.Set && !in.Properties.Null {
		return in.Properties.V
	}
	return propertiesIn{in.Name, in.Type, in.IsMobile, in.Address}
}

// check says what is missing of a location, or wrong with its type.
func (in *placeIn) check(partial bool) error {
	var v wispwright.ValidationError
	f := in.fields()
	if !f.Name.Set && !partial {
		v.Add("location.name", required)
	}
	switch {
	case !f.Type.Set && !partial:
		v.Add("location.type", required)
	case f.Type.Set && !slices.Contains(geo.Types(), geo.Type(f.Type.V)):
		v.Add("location.type", valid.NoChoice(f.Type.V))
	}
	return v.Err()
}

func (in *placeIn) apply(l *geo.Location) error {
	f := in.fields()
	f.Name.Into(&l.Name)
	if f.Type.Set {
		l.Type = geo.Type(f.Type.V)
	}
	f.IsMobile.Into(&l.IsMobile)
	f.Address.Into(&l.Address)
	if in.Geometry.Set {
		l.Geometry = in.Geometry.V.Geometry
		if in.Geometry.Null {
			l.Geometry = ""
		}
	}
	return nil
}

// storeyIn is a floor plan inside a device location: its id, or its fields.
type storeyIn struct {
	named `json:"-"`
	Floor rest.Opt[int]       `json:"floor"`
	Image rest.Opt[rest.File] `json:"image" maxLength:"100"`
}

type deviceLocationIn struct {
	Location  rest.Opt[placeIn]  `json:"location" required:"true"`
	Floorplan rest.Opt[storeyIn] `json:"floorplan" nullable:"true"`
	Indoor    rest.Opt[string]   `json:"indoor" nullable:"true" blank:"true" maxLength:"64"`
}

// placement is what the concern is told, with the file that was sent, if any.
func (in *deviceLocationIn) placement(whole bool, u *geo.Upload) (p geo.Placement, err error) {
	p.Whole = whole
	if in.Location.Set {
		if place := &in.Location.V; place.given {
			if place.bad {
				return p, geo.ErrNoLocation
			}
			p.LocationID = &place.id
		} else {
			p.Location = place.apply
		}
	}
	switch storey := &in.Floorplan.V; {
	case in.Floorplan.Null:
		p.FloorPlanID = &wispwright.ID{}
	case in.Floorplan.Set && storey.given && (storey.bad || storey.id.IsZero()):
		return p, geo.ErrNoFloorPlan
	case in.Floorplan.Set && storey.given:
		p.FloorPlanID = &storey.id
	case in.Floorplan.Set:
		plan := planIn{storey.Floor, storey.Image}
		p.FloorPlan = plan.change(u)
	}
	if in.Indoor.Set {
		spot := in.Indoor.Or("")
		p.Indoor = &spot
	}
	return p, nil
}

type placeProperties struct {
	Type     string `json:"type"`
	IsMobile bool   `json:"is_mobile"`
	Name     string `json:"name"`
	Address  string `json:"address"`

	IsEstimated *bool `json:"is_estimated,omitempty"`
}

type placeOut struct {
	ID         wispwright.ID   `json:"id"`
	Type       string          `json:"type"`
	Geometry   wispwright.JSON `json:"geometry"`
	Properties placeProperties `json:"properties"`
}

type storeyOut struct {
	ID       wispwright.ID `json:"id"`
	Name     string        `json:"name"`
	Floor    int           `json:"floor"`
	Image    string        `json:"image"`
	Created  rest.Time     `json:"created"`
	Modified rest.Time     `json:"modified"`
}

type deviceLocationOut struct {
	Location  *placeOut  `json:"location"`
	Floorplan *storeyOut `json:"floorplan"`
	Indoor    *string    `json:"indoor"`
}

// mountDeviceLocation adds where a device is (spec: geo §5).
func (h *HTTP) mountDeviceLocation(api *rest.API) {
	view := &rest.View{Path: "/api/v1/controller/device/{id}/location/", Name: "Device Location", Noun: "DeviceLocation", Tag: tag, Kind: deviceKind, BodyLimit: h.limit, Prepare: func(r *rest.Request) error {
		if r.HTTP.Method == http.MethodGet || r.HTTP.Method == http.MethodHead {
			return nil
		}
		_, err := h.own(r) // what is not there wins over faults of the body
		return err
	}}
	check := func(partial bool) func(*rest.Request, *deviceLocationIn) error {
		return func(_ *rest.Request, in *deviceLocationIn) error {
			if !in.Location.Set || in.Location.V.given {
				return nil
			}
			return in.Location.V.check(partial)
		}
	}
	put := rest.CheckedAction("PUT", "controller_device_location_update", http.StatusOK, check(false), h.place, http.StatusCreated)
	api.Mount(view,
		rest.Action("GET", "controller_device_location_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (deviceLocationOut, error) {
			d, err := h.g.DeviceLocations.Of(r.Context(), r.ReadScope(), r.ID("id"))
			if err != nil {
				return deviceLocationOut{}, err
			}
			return h.deviceLocation(r, d)
		}),
		created(put),
		rest.CheckedAction("PATCH", "controller_device_location_partial_update", http.StatusOK, check(true), h.place),
		rest.Action("DELETE", "controller_device_location_delete", http.StatusNoContent, func(r *rest.Request, _ *rest.None) (rest.None, error) {
			d, err := h.own(r)
			if err != nil {
				return rest.None{}, err
			}
			return rest.None{}, h.g.DeviceLocations.Delete(r.Context(), r.WriteScope(), d.ID)
		}),
	)
}

// madeKey marks a request whose answer is 201.
const madeKey = "X-Made"

// created makes an operation answer 201 when it has made something.
func created(op rest.Op) rest.Op {
	handle := op.Handle
	op.Handle = func(r *rest.Request) (int, any, error) {
		status, body, err := handle(r)
		if err == nil && r.ResponseHeader().Get(madeKey) != "" {
			status = http.StatusCreated
		}
		r.ResponseHeader().Del(madeKey)
		return status, body, err
	}
	return op
}

// own is the device location of the path, if the caller may change it.
func (h *HTTP) own(r *rest.Request) (*geo.DeviceLocation, error) {
	dev, err := h.known.Device(r.Context(), r.WriteScope(), r.ID("id"))
	if err != nil {
		return nil, err
	}
	d, err := h.g.DeviceLocations.Of(r.Context(), r.WriteScope(), dev.ID)
	switch {
	case isMissing(err) && r.HTTP.Method == http.MethodPut:
		err = nil
	case err != nil:
		return nil, err
	}
	if dev.IsDeactivated {
		return nil, wispwright.Forbidden(noPermission)
	}
	return d, err
}

// place is PUT and PATCH.
func (h *HTTP) place(r *rest.Request, in *deviceLocationIn) (deviceLocationOut, error) {
	whole := r.HTTP.Method == http.MethodPut
	have, err := h.own(r)
	if err != nil {
		return deviceLocationOut{}, err
	}
	if have == nil && !r.Can("geo.add_devicelocation") {
		return deviceLocationOut{}, wispwright.Forbidden(noPermission)
	}
	var out *geo.DeviceLocation
	made := false
	err = with(in.Floorplan.V.Image, func(u *geo.Upload) error {
		p, err := in.placement(whole, u)
		if err == nil {
			out, made, err = h.g.DeviceLocations.Place(r.Context(), r.WriteScope(), r.ID("id"), p)
		}
		return err
	})
	if err != nil {
		return deviceLocationOut{}, told(err)
	}
	if made {
		r.ResponseHeader().Set(madeKey, "1")
	}
	return h.deviceLocation(r, out)
}

// told puts the errors of placing into the words, and the shapes, that clients
// know.
func told(err error) error {
	switch {
	case errors.Is(err, geo.ErrNoLocation):
		return &rest.Failure{Status: http.StatusBadRequest, Body: map[string]any{"location": map[string]string{"location": geo.ErrNoLocation.Error()}}}
	case errors.Is(err, geo.ErrNoFloorPlan):
		return &rest.Failure{Status: http.StatusBadRequest, Body: map[string]any{"floorplan": map[string]string{"floorplan": geo.ErrNoFloorPlan.Error()}}}
	case errors.Is(err, geo.ErrDeactivated):
		return wispwright.Forbidden(noPermission)
	}
	return err
}

// deviceLocation writes where a device is.
func (h *HTTP) deviceLocation(r *rest.Request, d *geo.DeviceLocation) (deviceLocationOut, error) {
	out := deviceLocationOut{Indoor: rest.Null(d.Indoor)}
	l, err := h.g.Locations.Get(r.Context(), wispwright.ScopeAll(), d.LocationID)
	if err != nil {
		return out, err
	}
	mark, err := h.estimates(r.Context())(l)
	if err != nil {
		return out, err
	}
	out.Location = &placeOut{l.ID, "Feature", wispwright.JSON(l.Geometry), placeProperties{string(l.Type), l.IsMobile, l.Name, l.Address, mark}}
	if d.FloorPlanID.IsZero() {
		return out, nil
	}
	p, err := h.g.FloorPlans.Get(r.Context(), wispwright.ScopeAll(), d.FloorPlanID)
	if err != nil {
		return out, err
	}
	out.Floorplan = &storeyOut{p.ID, p.Name(l.Name), p.Floor, imageURL(r, p), rest.Time(p.Created), rest.Time(p.Modified)}
	return out, nil
}
