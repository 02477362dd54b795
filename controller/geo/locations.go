package geo

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// The sentences about locations.
const (
	noGeometry   = "No geometry value provided."
	onlyIndoor   = "Floorplan can only be added with location of the type indoor"
	notEstimated = "Estimated Location feature required to be configured."
	devicesThere = "There are devices of another organization at this location."
)

// Locations is the service of locations, newest first. Deleting one deletes its
// floor plans and device locations; the devices stay (spec: geo §1).
type Locations struct {
	*entity.Service[wispwright.ID, Location, LocationFilter]
	rooms *rooms
}

func newLocations(r *rooms) *Locations {
	s := &Locations{rooms: r}
	s.Service = entity.New(r.base, r.stores.Locations, entity.Kind[wispwright.ID, Location]{
		Name: "geo.Locations", Model: "geo.location", Hidden: []string{"Longitude", "Latitude"},
		Validate: s.validate, Check: s.check,
	})
	return s
}

// DeviceCounts returns the number of devices at each of some locations.
func (s *Locations) DeviceCounts(ctx context.Context, locations ...wispwright.ID) (map[wispwright.ID]int, error) {
	return s.rooms.stores.Locations.DeviceCounts(ctx, locations...)
}

// CreateWith creates a location with a floor plan, both or none; plan may be nil.
// Faults of the plan are below "floorplan" (spec: geo §3.1).
func (s *Locations) CreateWith(ctx context.Context, l *Location, plan *PlanChange) error {
	return s.with(ctx, plan, func(ctx context.Context, pic *picture) error {
		if err := s.Create(ctx, l); err != nil {
			return err
		}
		return s.change(ctx, l, plan, pic)
	})
}

// UpdateWith changes a location within the scope together with the floor plan
// that was made last, which is made if there is none; plan may be nil
// (spec: geo §3.3).
func (s *Locations) UpdateWith(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*Location) error, plan *PlanChange) (*Location, error) {
	var out *Location
	err := s.with(ctx, plan, func(ctx context.Context, pic *picture) (err error) {
		if out, err = s.Update(ctx, scope, id, change); err != nil {
			return err
		}
		return s.change(ctx, out, plan, pic)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// with runs a write that may bring a picture in a transaction.
func (s *Locations) with(ctx context.Context, plan *PlanChange, fn func(context.Context, *picture) error) error {
	if plan == nil {
		return s.rooms.base.Do(ctx, "geo.Locations", func(ctx context.Context) error { return fn(ctx, nil) })
	}
	return s.rooms.pictures.with(ctx, plan.Image, "floorplan.image", func(pic *picture) error {
		return s.rooms.base.Do(ctx, "geo.Locations", func(ctx context.Context) error { return fn(ctx, pic) })
	})
}

// change makes or changes the last plan of a location.
func (s *Locations) change(ctx context.Context, l *Location, plan *PlanChange, pic *picture) error {
	if plan == nil {
		return nil
	}
	if l.Type != Indoor {
		return wispwright.Invalid("type", onlyIndoor)
	}
	last, err := s.rooms.floorPlans.First(ctx, wispwright.ScopeAll(), FloorPlanFilter{LocationID: l.ID})
	if err != nil && !isNotFound(err) {
		return err
	}
	_, err = s.rooms.floorPlans.apply(ctx, l, last, plan, pic)
	return below("floorplan", err)
}

type estimatingKey struct{}

// Estimating marks the context of a caller that places locations by the addresses of
// devices: what is changed with it stays an estimate.
func Estimating(ctx context.Context) context.Context {
	return context.WithValue(ctx, estimatingKey{}, true)
}

// estimated keeps the mark of estimates true (spec: additions C-2).
func (s *Locations) estimated(ctx context.Context, c entity.Change[Location]) error {
	l, before := c.After, c.Before
	if !l.IsEstimated {
		return nil
	}
	if before != nil && before.IsEstimated {
		if ctx.Value(estimatingKey{}) == nil && (before.Address != l.Address || before.Geometry != l.Geometry) {
			l.IsEstimated = false
		}
		return nil
	}
	if s.rooms.Estimates != nil {
		on, err := s.rooms.Estimates(ctx, l.OrganizationID)
		if err != nil || on {
			return err
		}
	}
	return wispwright.Invalid("is_estimated", notEstimated)
}

func (s *Locations) validate(ctx context.Context, c entity.Change[Location]) error {
	l := c.After
	var v wispwright.ValidationError
	valid.Text(&v, "name", l.Name, valid.Required, valid.Max(75))
	valid.Text(&v, "type", string(l.Type), valid.Required, valid.OneOf(Types()...))
	valid.Text(&v, "address", l.Address, valid.Max(256))
	if l.OrganizationID.IsZero() {
		v.Add("organization", "This field is required.")
	}
	l.Longitude, l.Latitude = nil, nil
	switch {
	case l.Geometry != "":
		g, err := ParseGeometry(string(l.Geometry))
		if err != nil {
			v.Add("geometry", err.Error())
			break
		}
		l.Geometry = g
		if p, ok := g.Centre(); ok {
			l.Longitude, l.Latitude = &p[0], &p[1]
		}
	case !l.IsMobile:
		v.Add("geometry", noGeometry)
	}
	if err := v.Merge("", s.estimated(ctx, c)); err != nil {
		return err
	}
	return v.Err()
}

// check keeps what belongs to a location in step with it.
func (s *Locations) check(ctx context.Context, c entity.Change[Location]) error {
	switch {
	case c.Before == nil:
		return nil
	case c.After == nil:
		if _, err := s.rooms.deviceLocations.DeleteAll(ctx, wispwright.ScopeAll(), DeviceLocationFilter{LocationID: c.Before.ID}); err != nil {
			return err
		}
		_, err := s.rooms.floorPlans.DeleteAll(ctx, wispwright.ScopeAll(), FloorPlanFilter{LocationID: c.Before.ID})
		return err
	}
	if c.Before.OrganizationID != c.After.OrganizationID {
		if err := s.moved(ctx, c.After); err != nil {
			return err
		}
	}
	if c.Before.Type == Indoor && c.After.Type == Outdoor {
		if err := s.rooms.deviceLocations.clear(ctx, DeviceLocationFilter{LocationID: c.After.ID}); err != nil {
			return err
		}
		_, err := s.rooms.floorPlans.DeleteAll(ctx, wispwright.ScopeAll(), FloorPlanFilter{LocationID: c.After.ID})
		return err
	}
	return nil
}

// moved takes the plans of a location to another organization; devices stay where
// they are, so there must not be any.
func (s *Locations) moved(ctx context.Context, l *Location) error {
	_, err := s.rooms.deviceLocations.First(ctx, wispwright.ScopeAll(), DeviceLocationFilter{LocationID: l.ID})
	if err == nil {
		return wispwright.Invalid("organization", devicesThere)
	}
	if !isNotFound(err) {
		return err
	}
	plans, err := s.rooms.stores.FloorPlans.List(ctx, wispwright.ScopeAll(), FloorPlanFilter{LocationID: l.ID}, everything())
	if err != nil {
		return err
	}
	for _, p := range plans.Rows {
		_, err := s.rooms.stores.FloorPlans.Update(ctx, wispwright.ScopeAll(), p.ID, func(p *FloorPlan) error { p.OrganizationID = l.OrganizationID; return nil })
		if err != nil {
			return err
		}
	}
	return nil
}

// below puts faults under a field.
func below(field string, err error) error {
	if err == nil {
		return nil
	}
	var v wispwright.ValidationError
	if err := v.Merge(field, err); err != nil {
		return err
	}
	return v.Err()
}
