package geohttp

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/rest"
)

// The paths of geocoding, those of the original (spec: geo §9).
const (
	GeocodePath = "/admin/geo/location/geocode/"
	ReversePath = "/admin/geo/location/reverse-geocode/"
)

type positionOut struct {
	Lat float64 `json:"lat"`
	Lng float64 `json:"lng"`
}

type addressOut struct {
	Address string `json:"address"`
}

type problem struct {
	Error string `json:"error"`
}

// mountGeocoding adds the search for addresses, for people who use the web admin.
func (h *HTTP) mountGeocoding(api *rest.API) {
	staff := func(r *rest.Request) error {
		if !r.Caller.Staff && !r.Caller.Superuser {
			return wispwright.Forbidden(noPermission)
		}
		return nil
	}
	api.Mount(&rest.View{Path: GeocodePath, Name: "Geocode", Tag: tag, Access: rest.Authenticated, Prepare: staff},
		rest.Action("GET", "geo_location_geocode", http.StatusOK, func(r *rest.Request, _ *rest.None) (positionOut, error) {
			address := r.Query().Get("address")
			if address == "" {
				return positionOut{}, &rest.Failure{Status: http.StatusBadRequest, Body: problem{"Address parameter not defined"}}
			}
			p, err := h.g.Addresses.Geocode(r.Context(), address)
			if err != nil {
				return positionOut{}, searched(err, problem{"Not found location with given name"})
			}
			return positionOut{p[1], p[0]}, nil
		}, http.StatusNotFound))
	api.Mount(&rest.View{Path: ReversePath, Name: "Reverse Geocode", Tag: tag, Access: rest.Authenticated, Prepare: staff},
		rest.Action("GET", "geo_location_reverse_geocode", http.StatusOK, func(r *rest.Request, _ *rest.None) (addressOut, error) {
			lat, lng := r.Query().Get("lat"), r.Query().Get("lng")
			if lat == "" || lng == "" {
				return addressOut{}, &rest.Failure{Status: http.StatusBadRequest, Body: problem{"lat or lng parameter not defined"}}
			}
			var p geo.Position
			for i, text := range []string{lng, lat} {
				v, err := strconv.ParseFloat(text, 64)
				if err != nil {
					return addressOut{}, &rest.Failure{Status: http.StatusBadRequest, Body: problem{"lat and lng must be numbers"}}
				}
				p[i] = v
			}
			text, err := h.g.Addresses.Reverse(r.Context(), p)
			if err != nil {
				return addressOut{}, searched(err, addressOut{})
			}
			return addressOut{text}, nil
		}, http.StatusNotFound))
}

// searched puts the errors of a geocoder into answers.
func searched(err error, nothing any) error {
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return &rest.Failure{Status: http.StatusNotFound, Body: nothing}
	case errors.Is(err, geo.ErrNoGeocoder):
		return &rest.Failure{Status: http.StatusNotFound, Body: problem{"No geocoder is configured (geo.geocoder)."}}
	}
	return err
}
