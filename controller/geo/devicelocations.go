package geo

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// The sentences about device locations (spec: geo §1, §5).
const (
	badSpot    = "invalid value"
	otherPlace = "Invalid floorplan (belongs to a different location)"
)

// ErrNoLocation and ErrNoFloorPlan: a device location names a location, or a floor
// plan, that is not there.
var (
	ErrNoLocation  = errors.New("Location object with entered ID does not exists.")
	ErrNoFloorPlan = errors.New("FloorPlan object with entered ID does not exists.")
)

// ErrDeactivated: the place of a deactivated device cannot be changed.
var ErrDeactivated = errors.New("the device is deactivated")

// otherOrganization is said of a location or a plan of somebody else.
func otherOrganization(what string) string {
	return "Please ensure that the organization of this device location and the organization of the related " + what + " match."
}

// DeviceLocations is the service of device locations, newest first.
type DeviceLocations struct {
	*entity.Service[wispwright.ID, DeviceLocation, DeviceLocationFilter]
	rooms *rooms
}

func newDeviceLocations(r *rooms) *DeviceLocations {
	s := &DeviceLocations{rooms: r}
	s.Service = entity.New(r.base, r.stores.DeviceLocations, entity.Kind[wispwright.ID, DeviceLocation]{
		Name: "geo.DeviceLocations", Model: "geo.devicelocation", Check: s.check,
		Unique: map[string]error{UniqueDevice: wispwright.Invalid("device", valid.Taken("Device location", "device"))},
	})
	return s
}

// Of returns where a device is, or wispwright.ErrNotFound.
func (s *DeviceLocations) Of(ctx context.Context, scope wispwright.Scope, device wispwright.ID) (*DeviceLocation, error) {
	if device.IsZero() { // a filter would take that for any device
		return nil, wispwright.ErrNotFound
	}
	return s.First(ctx, scope, DeviceLocationFilter{DeviceID: device})
}

// check holds the rules of spec: geo §1.
func (s *DeviceLocations) check(ctx context.Context, c entity.Change[DeviceLocation]) error {
	d := c.After
	if d == nil {
		return nil
	}
	device, err := s.rooms.devices.Device(ctx, wispwright.ScopeAll(), d.DeviceID)
	if err != nil {
		return valid.Reference(err, "device", d.DeviceID)
	}
	d.OrganizationID = device.OrganizationID
	l, err := s.rooms.hold(ctx, wispwright.ScopeAll(), d.LocationID)
	if err != nil {
		return valid.Reference(err, "location", d.LocationID)
	}
	if l.OrganizationID != d.OrganizationID {
		return wispwright.Invalid("location", otherOrganization("location"))
	}
	if !d.FloorPlanID.IsZero() {
		p, err := s.rooms.stores.FloorPlans.Get(ctx, wispwright.ScopeAll(), d.FloorPlanID)
		switch {
		case err != nil:
			return valid.Reference(err, "floorplan", d.FloorPlanID)
		case p.OrganizationID != d.OrganizationID:
			return wispwright.Invalid("floorplan", otherOrganization("floor plan"))
		case p.LocationID != d.LocationID:
			return wispwright.Invalid("", otherPlace)
		}
	}
	if !spotAllowed(l, d) {
		return wispwright.Invalid("indoor", badSpot)
	}
	return nil
}

func spotAllowed(l *Location, d *DeviceLocation) bool {
	if l.Type != Indoor || d.Indoor == "" {
		return d.Indoor == "" && (l.Type != Indoor || d.FloorPlanID.IsZero())
	}
	_, ok := d.Spot()
	return ok && utf8.RuneCountInString(d.Indoor) <= 64
}

// clear takes the plan and the position from device locations.
func (s *DeviceLocations) clear(ctx context.Context, f DeviceLocationFilter) error {
	list, err := s.rooms.stores.DeviceLocations.List(ctx, wispwright.ScopeAll(), f, everything())
	if err != nil {
		return err
	}
	for _, d := range list.Rows {
		if d.FloorPlanID.IsZero() && d.Indoor == "" {
			continue
		}
		before := *d
		after, err := s.rooms.stores.DeviceLocations.Update(ctx, wispwright.ScopeAll(), d.ID, func(d *DeviceLocation) error {
			before = *d
			d.FloorPlanID, d.Indoor, d.Modified = wispwright.ID{}, "", s.rooms.base.Now()
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.Note(ctx, entity.Change[DeviceLocation]{Before: &before, After: after}); err != nil {
			return err
		}
	}
	return nil
}

// Forget removes where devices are that are being deleted, or that went to
// another organization.
func (s *DeviceLocations) Forget(ctx context.Context, devices ...wispwright.ID) error {
	if len(devices) == 0 {
		return nil
	}
	_, err := s.DeleteAll(ctx, wispwright.ScopeAll(), DeviceLocationFilter{DeviceIDs: wispwright.Only(devices...)})
	return err
}

// Placement is where a device is to be. What is nil stays as it is, or is not
// there, see Whole.
type Placement struct {
	// Whole clears what is not named: plan and position.
	Whole bool
	// LocationID is a location that exists within the scope.
	LocationID *wispwright.ID
	// Location changes the location the device is at, or makes one for it. With
	// LocationID it is not used.
	Location func(*Location) error
	// FloorPlanID is a plan that exists within the scope; the zero ID: none.
	FloorPlanID *wispwright.ID
	// FloorPlan changes the plan the device is on, or makes one of the location.
	// With FloorPlanID it is not used.
	FloorPlan *PlanChange
	// Indoor is the position on the plan.
	Indoor *string
}

// Place says where a device of the scope is, in one transaction, and reports
// whether it was nowhere before (spec: geo §5). Errors: wispwright.ErrNotFound for
// a device that is not there, ErrDeactivated, ErrNoLocation, ErrNoFloorPlan;
// faults of a new or changed location and plan are below "location" and
// "floorplan".
func (s *DeviceLocations) Place(ctx context.Context, scope wispwright.Scope, device wispwright.ID, p Placement) (*DeviceLocation, bool, error) {
	dev, err := s.rooms.devices.Device(ctx, scope, device)
	if err != nil {
		return nil, false, err
	}
	if dev.IsDeactivated {
		return nil, false, ErrDeactivated
	}
	var upload *Upload
	if p.FloorPlan != nil && p.FloorPlanID == nil {
		upload = p.FloorPlan.Image
	}
	var out *DeviceLocation
	created := false
	err = s.rooms.pictures.with(ctx, upload, "floorplan.image", func(pic *picture) error {
		return s.rooms.base.Do(ctx, "geo.DeviceLocations.Place", func(ctx context.Context) (err error) {
			out, created, err = s.place(ctx, scope, dev, p, pic)
			return err
		})
	})
	if err != nil {
		return nil, false, err
	}
	return out, created, nil
}

func (s *DeviceLocations) place(ctx context.Context, scope wispwright.Scope, dev *Device, p Placement, pic *picture) (*DeviceLocation, bool, error) {
	have, err := s.Of(ctx, wispwright.ScopeAll(), dev.ID)
	if err != nil && !isNotFound(err) {
		return nil, false, err
	}
	d := DeviceLocation{DeviceID: dev.ID}
	if have != nil {
		d = *have
	}
	l, err := s.placeLocation(ctx, scope, dev, &d, p)
	if err != nil {
		return nil, false, err
	}
	if err := s.placePlan(ctx, scope, l, &d, p, pic); err != nil {
		return nil, false, err
	}
	switch {
	case p.Indoor != nil:
		d.Indoor = *p.Indoor
	case p.Whole || d.FloorPlanID.IsZero() && have != nil && !have.FloorPlanID.IsZero():
		d.Indoor = "" // it was a position on the plan that is gone
	case l.Type != Indoor:
		d.Indoor = ""
	}
	if have == nil {
		return &d, true, s.Create(ctx, &d)
	}
	out, err := s.Update(ctx, wispwright.ScopeAll(), have.ID, func(row *DeviceLocation) error {
		row.LocationID, row.FloorPlanID, row.Indoor = d.LocationID, d.FloorPlanID, d.Indoor
		return nil
	})
	return out, false, err
}

// placeLocation finds, makes or changes the location and puts it into d.
func (s *DeviceLocations) placeLocation(ctx context.Context, scope wispwright.Scope, dev *Device, d *DeviceLocation, p Placement) (*Location, error) {
	switch {
	case p.LocationID != nil:
		l, err := s.rooms.hold(ctx, scope, *p.LocationID)
		if isNotFound(err) {
			return nil, ErrNoLocation
		}
		if err != nil {
			return nil, err
		}
		d.LocationID = l.ID
		return l, nil
	case p.Location != nil && d.LocationID.IsZero():
		l := &Location{}
		if err := p.Location(l); err != nil {
			return nil, below("location", err)
		}
		l.OrganizationID = dev.OrganizationID
		if err := s.rooms.locations.Create(ctx, l); err != nil {
			return nil, below("location", err)
		}
		d.LocationID = l.ID
		return l, nil
	case p.Location != nil:
		l, err := s.rooms.locations.Update(ctx, wispwright.ScopeOf(dev.OrganizationID), d.LocationID, func(l *Location) error {
			if err := p.Location(l); err != nil {
				return err
			}
			l.OrganizationID = dev.OrganizationID
			return nil
		})
		return l, below("location", err)
	case d.LocationID.IsZero():
		return nil, wispwright.Invalid("location", "This field is required.")
	}
	return s.rooms.hold(ctx, wispwright.ScopeAll(), d.LocationID)
}

// placePlan finds, makes, changes or leaves out the plan and puts it into d.
func (s *DeviceLocations) placePlan(ctx context.Context, scope wispwright.Scope, l *Location, d *DeviceLocation, p Placement, pic *picture) error {
	var now *FloorPlan
	if !d.FloorPlanID.IsZero() {
		plan, err := s.rooms.stores.FloorPlans.Get(ctx, wispwright.ScopeAll(), d.FloorPlanID)
		if err != nil && !isNotFound(err) {
			return err
		}
		if err == nil && plan.LocationID == l.ID {
			now = plan
		}
	}
	switch {
	case p.FloorPlanID != nil && p.FloorPlanID.IsZero():
		now = nil
	case p.FloorPlanID != nil:
		plan, err := s.rooms.stores.FloorPlans.Get(ctx, scope, *p.FloorPlanID)
		if isNotFound(err) {
			return ErrNoFloorPlan
		}
		if err != nil {
			return err
		}
		now = plan
	case p.FloorPlan != nil:
		if l.Type != Indoor {
			return wispwright.Invalid("floorplan.__all__", plansIndoor)
		}
		plan, err := s.rooms.floorPlans.apply(ctx, l, now, p.FloorPlan, pic)
		if err != nil {
			return below("floorplan", err)
		}
		now = plan
	case p.Whole:
		now = nil
	}
	d.FloorPlanID = wispwright.ID{}
	if now != nil {
		d.FloorPlanID = now.ID
	}
	return nil
}

// Coordinates returns the location a device is at, or wispwright.ErrNotFound.
func (s *DeviceLocations) Coordinates(ctx context.Context, device wispwright.ID) (*Location, error) {
	d, err := s.Of(ctx, wispwright.ScopeAll(), device)
	if err != nil {
		return nil, err
	}
	return s.rooms.stores.Locations.Get(ctx, wispwright.ScopeAll(), d.LocationID)
}

// Move stores where a device says it is; nil leaves that as it is. A device
// without location gets a mobile one with its name when create is set, else
// wispwright.ErrNotFound is returned (spec: geo §6). A location that other devices
// share and that does not count as mobile is not moved, see Options.MoveShared.
func (s *DeviceLocations) Move(ctx context.Context, dev *Device, to *Geometry, create bool) (*Location, error) {
	if dev.IsDeactivated {
		return nil, ErrDeactivated
	}
	var out *Location
	err := s.rooms.base.Do(ctx, "geo.DeviceLocations.Move", func(ctx context.Context) error {
		d, err := s.Of(ctx, wispwright.ScopeAll(), dev.ID)
		if isNotFound(err) && create {
			d, err = nil, nil
		}
		if err != nil {
			return err
		}
		if d != nil {
			if out, err = s.rooms.hold(ctx, wispwright.ScopeAll(), d.LocationID); err != nil {
				return err
			}
			apart, err := s.apart(ctx, out, to)
			if err != nil {
				return err
			}
			if !apart {
				if to != nil && *to != out.Geometry {
					out, err = s.rooms.locations.Update(ctx, wispwright.ScopeAll(), out.ID, func(l *Location) error { l.Geometry = *to; return nil })
				}
				return err
			}
		}
		out = &Location{OrganizationID: dev.OrganizationID, Name: dev.Name, Type: Outdoor, IsMobile: true}
		if to != nil {
			out.Geometry = *to
		}
		if err := s.rooms.locations.Create(ctx, out); err != nil {
			return err
		}
		if d == nil {
			return s.Create(ctx, &DeviceLocation{DeviceID: dev.ID, LocationID: out.ID})
		}
		_, err = s.Update(ctx, wispwright.ScopeAll(), d.ID, func(d *DeviceLocation) error {
			d.LocationID, d.FloorPlanID, d.Indoor = out.ID, wispwright.ID{}, ""
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// apart reports whether a device that moves leaves the location to others.
func (s *DeviceLocations) apart(ctx context.Context, l *Location, to *Geometry) (bool, error) {
	if l.IsMobile || s.rooms.MoveShared || to == nil || *to == l.Geometry {
		return false, nil
	}
	n, err := s.rooms.stores.Locations.DeviceCounts(ctx, l.ID)
	return n[l.ID] > 1, err
}
