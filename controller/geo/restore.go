package geo

import (
	"context"
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Restore stores a location as it is in an installation that is taken over, and
// returns what that took: "add", "change" or "".
func (s *Locations) Restore(ctx context.Context, l *Location) (action string, err error) {
	if err := s.validate(ctx, entity.Change[Location]{After: l}); err != nil {
		return "", err
	}
	_, action, err = s.Adopt(ctx, l, nil)
	return action, err
}

// Restore stores a floor plan as it is in an installation that is taken over, and
// returns what that took: "add", "change" or "". open opens its picture; it is called
// only for a plan that is not there yet.
func (s *FloorPlans) Restore(ctx context.Context, p *FloorPlan, open func() (*Upload, error)) (action string, err error) {
	location, err := s.rooms.stores.Locations.Get(ctx, wispwright.ScopeAll(), p.LocationID)
	if err != nil {
		return "", valid.Reference(err, "location", p.LocationID)
	}
	p.OrganizationID = location.OrganizationID
	before, err := s.Get(ctx, wispwright.ScopeAll(), p.ID)
	switch {
	case err == nil:
		p.Blob, p.Image, p.Width, p.Height = before.Blob, before.Image, before.Width, before.Height
		_, action, err = s.Adopt(ctx, p, nil)
		return action, err
	case !errors.Is(err, wispwright.ErrNotFound):
		return "", err
	}
	u, err := open()
	if err != nil {
		return "", err
	}
	err = s.rooms.pictures.with(ctx, u, "image", func(pic *picture) error {
		p.take(pic)
		_, action, err = s.Adopt(ctx, p, nil)
		return err
	})
	return action, err
}

// Restore stores where a device is, as it is in an installation that is taken over,
// and returns what that took: "add", "change" or "".
func (s *DeviceLocations) Restore(ctx context.Context, d *DeviceLocation) (action string, err error) {
	location, err := s.rooms.stores.Locations.Get(ctx, wispwright.ScopeAll(), d.LocationID)
	if err != nil {
		return "", valid.Reference(err, "location", d.LocationID)
	}
	d.OrganizationID = location.OrganizationID
	if _, ok := ParseSpot(d.Indoor); d.Indoor != "" && !ok {
		return "", wispwright.Invalid("indoor", "invalid value")
	}
	_, action, err = s.Adopt(ctx, d, nil)
	return action, err
}
