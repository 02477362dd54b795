package geo

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
)

// Geocoder asks a service for the coordinates of addresses and the other way
// round; package geo/geocode has some.
type Geocoder interface {
	// Geocode returns the position of an address, or wispwright.ErrNotFound.
	Geocode(ctx context.Context, address string) (Position, error)
	// Reverse returns the address of a position, or wispwright.ErrNotFound.
	Reverse(ctx context.Context, p Position) (string, error)
}

// ErrNoGeocoder: no service is asked for addresses here.
var ErrNoGeocoder = errors.New("no geocoder is configured")

// Addresses asks the Geocoder, if there is one.
type Addresses struct{ geocoder Geocoder }

// Enabled reports whether there is a Geocoder.
func (a Addresses) Enabled() bool { return a.geocoder != nil }

// Geocode returns the position of an address. Errors: wispwright.ErrNotFound,
// ErrNoGeocoder, a fault of "address", wispwright.ErrUnavailable.
func (a Addresses) Geocode(ctx context.Context, address string) (Position, error) {
	switch {
	case a.geocoder == nil:
		return Position{}, ErrNoGeocoder
	case utf8.RuneCountInString(address) > 256:
		return Position{}, wispwright.Invalid("address", "Ensure this value has at most 256 characters.")
	}
	p, err := a.geocoder.Geocode(ctx, address)
	if err != nil {
		return Position{}, err
	}
	if _, err := Point(p[0], p[1]); err != nil {
		return Position{}, fmt.Errorf("geocode: %w: %w", wispwright.ErrUnavailable, err)
	}
	return p, nil
}

// Reverse returns the address of a position. Errors: as Geocode, with a fault of
// "geometry".
func (a Addresses) Reverse(ctx context.Context, p Position) (string, error) {
	if a.geocoder == nil {
		return "", ErrNoGeocoder
	}
	if _, err := Point(p[0], p[1]); err != nil {
		return "", wispwright.Invalid("geometry", err.Error())
	}
	text, err := a.geocoder.Reverse(ctx, p)
	if err != nil {
		return "", err
	}
	if n := []rune(text); len(n) > 256 {
		text = string(n[:256])
	}
	return text, nil
}
