package geohttp

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/rest"
)

type coordinatesIn struct {
	Type     rest.Opt[string]   `json:"type"`
	Geometry rest.Opt[geometry] `json:"geometry" nullable:"true" metaType:"geojson"`
}

type coordinatesOut struct {
	Type       string                `json:"type"`
	Geometry   wispwright.JSON       `json:"geometry"`
	Properties coordinatesProperties `json:"properties"`
}

type coordinatesProperties struct {
	Name string `json:"name"`
}

func newCoordinatesOut(l *geo.Location) coordinatesOut {
	out := coordinatesOut{Type: "Feature", Geometry: wispwright.JSON(l.Geometry)}
	out.Properties.Name = l.Name
	return out
}

// mountCoordinates adds what devices say of where they are (spec: geo §6).
func (h *HTTP) mountCoordinates(api *rest.API) {
	view := &rest.View{Path: "/api/v1/controller/device/{id}/coordinates/", Name: "Device Coordinates", Tag: tag, Access: rest.Everyone, Prepare: func(r *rest.Request) error {
		_, err := h.speaker(r) // a caller that may not speak is not told what is wrong with the body
		return err
	}}
	move := func(r *rest.Request, in *coordinatesIn) (coordinatesOut, error) {
		dev, err := h.speaker(r)
		if err != nil {
			return coordinatesOut{}, err
		}
		var to *geo.Geometry
		if in.Geometry.Set {
			to = &in.Geometry.V.Geometry
			if in.Geometry.Null {
				to = new(geo.Geometry)
			}
		}
		l, err := h.g.DeviceLocations.Move(r.Context(), dev, to, r.HTTP.Method == http.MethodPut)
		if err != nil {
			return coordinatesOut{}, told(err)
		}
		return newCoordinatesOut(l), nil
	}
	api.Mount(view,
		rest.Action("GET", "controller_device_coordinates_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (coordinatesOut, error) {
			dev, err := h.speaker(r)
			if err != nil {
				return coordinatesOut{}, err
			}
			l, err := h.g.DeviceLocations.Coordinates(r.Context(), dev.ID)
			if err != nil {
				return coordinatesOut{}, err
			}
			return newCoordinatesOut(l), nil
		}),
		rest.Action("PUT", "controller_device_coordinates_update", http.StatusOK, move),
		rest.Action("PATCH", "controller_device_coordinates_partial_update", http.StatusOK, move),
	)
}

// speaker is the device of the path, when the request brings its key, or comes
// from somebody who may see or change where it is.
func (h *HTTP) speaker(r *rest.Request) (*geo.Device, error) {
	key := r.Query().Get("key")
	if key == "" {
		return h.managed(r)
	}
	dev, err := h.known.Device(r.Context(), wispwright.ScopeAll(), r.ID("id"))
	if err != nil {
		return nil, err
	}
	if !dev.Key.Equal(key) {
		if r.Caller == nil {
			return nil, rest.Unauthenticated(noCredentials)
		}
		return nil, wispwright.Forbidden(noPermission)
	}
	caller := &wispwright.Caller{Name: dev.Name, Method: "device", Address: r.Address()}
	r.HTTP = r.HTTP.WithContext(wispwright.WithCaller(r.HTTP.Context(), caller))
	return dev, h.awake(r, dev)
}

// managed is the device of the path for a caller with rights.
func (h *HTTP) managed(r *rest.Request) (*geo.Device, error) {
	c := r.Caller
	switch {
	case c == nil:
		return nil, rest.Unauthenticated(noCredentials)
	case c.Restricted != "":
		return nil, wispwright.Forbidden(c.Restricted)
	}
	reading := r.HTTP.Method == http.MethodGet || r.HTTP.Method == http.MethodHead
	if !c.Can("geo.change_devicelocation") && (!reading || !c.Can("geo.view_devicelocation")) {
		return nil, wispwright.Forbidden(noPermission)
	}
	scope := r.WriteScope()
	if reading {
		scope = r.ReadScope()
	}
	dev, err := h.known.Device(r.Context(), scope, r.ID("id"))
	if err != nil {
		return nil, err
	}
	return dev, h.awake(r, dev)
}

// awake refuses changes of deactivated devices.
func (h *HTTP) awake(r *rest.Request, dev *geo.Device) error {
	if dev.IsDeactivated && r.HTTP.Method != http.MethodGet && r.HTTP.Method != http.MethodHead {
		return wispwright.Forbidden(noPermission)
	}
	return nil
}
