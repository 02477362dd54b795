package geo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

const plansIndoor = `floorplans can only be associated to locations of type "indoor"`

// PlanChange is what a floor plan gets together with something else: what is nil
// stays as it is.
type PlanChange struct {
	// Floor is the floor.
	Floor *int
	// Image is the picture; a new plan needs both.
	Image *Upload
}

// FloorPlans is the service of floor plans, newest first. Deleting one leaves the
// devices on it without plan and position.
type FloorPlans struct {
	*entity.Service[wispwright.ID, FloorPlan, FloorPlanFilter]
	rooms *rooms
}

func newFloorPlans(r *rooms) *FloorPlans {
	s := &FloorPlans{rooms: r}
	s.Service = entity.New(r.base, r.stores.FloorPlans, entity.Kind[wispwright.ID, FloorPlan]{
		Name: "geo.FloorPlans", Model: "geo.floorplan", Label: func(p *FloorPlan) string { return ordinal(p.Floor) + " floor" },
		Hidden: []string{"Blob", "Image", "Width", "Height"}, Validate: s.validate, Check: s.check, Stored: s.stored,
		Unique: map[string]error{UniqueFloor: wispwright.Invalid("", valid.Taken("Floor plan", "location", "floor"))},
	})
	return s
}

// Create stores a new plan with its picture. Faults: wispwright.ValidationError
// with the fields "image", "floor" and "location".
func (s *FloorPlans) Create(ctx context.Context, p *FloorPlan, u *Upload) error {
	if u == nil {
		return wispwright.Invalid("image", noFile)
	}
	return s.rooms.pictures.with(ctx, u, "image", func(pic *picture) error { return s.create(ctx, p, pic) })
}

func (s *FloorPlans) create(ctx context.Context, p *FloorPlan, pic *picture) error {
	if p.ID.IsZero() {
		p.ID = wispwright.NewID()
	}
	p.take(pic)
	return s.Service.Create(ctx, p)
}

// take gives a plan a picture.
func (p *FloorPlan) take(pic *picture) {
	p.Blob, p.Image, p.Width, p.Height = pic.blob, blobFolder+p.ID.String()+"."+pic.extension, pic.width, pic.height
}

// Update changes a plan within the scope, and its picture when u is not nil.
// Errors are those of Create and wispwright.ErrNotFound.
func (s *FloorPlans) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*FloorPlan) error, u *Upload) (*FloorPlan, error) {
	var out *FloorPlan
	err := s.rooms.pictures.with(ctx, u, "image", func(pic *picture) (err error) {
		out, err = s.update(ctx, scope, id, change, pic)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *FloorPlans) update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*FloorPlan) error, pic *picture) (*FloorPlan, error) {
	return s.Service.Update(ctx, scope, id, func(p *FloorPlan) error {
		before := *p
		if err := change(p); err != nil {
			return err
		}
		p.Blob, p.Image, p.Width, p.Height = before.Blob, before.Image, before.Width, before.Height
		if pic != nil {
			p.take(pic)
		}
		return nil
	})
}

// apply changes a plan of a location, or makes one where last is nil.
func (s *FloorPlans) apply(ctx context.Context, l *Location, last *FloorPlan, plan *PlanChange, pic *picture) (*FloorPlan, error) {
	if last != nil {
		return s.update(ctx, wispwright.ScopeAll(), last.ID, func(p *FloorPlan) error {
			if plan.Floor != nil {
				p.Floor = *plan.Floor
			}
			return nil
		}, pic)
	}
	var v wispwright.ValidationError
	if plan.Floor == nil {
		v.Add("floor", "This field is required.")
	}
	if pic == nil {
		v.Add("image", noFile)
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	p := &FloorPlan{LocationID: l.ID, Floor: *plan.Floor}
	return p, s.create(ctx, p, pic)
}

// Open opens the picture of a plan, or returns wispwright.ErrNotFound.
func (s *FloorPlans) Open(ctx context.Context, p *FloorPlan) (blob.Reader, error) {
	return s.rooms.Blobs.Open(ctx, p.Blob)
}

func (s *FloorPlans) validate(_ context.Context, c entity.Change[FloorPlan]) error {
	var v wispwright.ValidationError
	p := c.After
	for _, bound := range []struct {
		wrong bool
		fault string
	}{
		{p.Floor < LowestFloor, fmt.Sprintf("Ensure this value is greater than or equal to %d.", LowestFloor)},
		{p.Floor > HighestFloor, fmt.Sprintf("Ensure this value is less than or equal to %d.", HighestFloor)},
	} {
		if bound.wrong {
			v.Add("floor", bound.fault)
		}
	}
	if p.Blob == "" {
		v.Add("image", noFile)
	}
	if p.LocationID.IsZero() {
		v.Add("location", "This field is required.")
	}
	return v.Err()
}

// check keeps a plan in its building, and positions on the plan.
func (s *FloorPlans) check(ctx context.Context, c entity.Change[FloorPlan]) error {
	if c.After == nil {
		return s.rooms.deviceLocations.clear(ctx, DeviceLocationFilter{FloorPlanID: c.Before.ID})
	}
	l, err := s.rooms.hold(ctx, wispwright.ScopeAll(), c.After.LocationID)
	if err != nil {
		return valid.Reference(err, "location", c.After.LocationID)
	}
	if l.Type != Indoor {
		return wispwright.Invalid("", plansIndoor)
	}
	c.After.OrganizationID = l.OrganizationID
	if c.Before != nil && c.Before.LocationID != c.After.LocationID {
		return s.rooms.deviceLocations.clear(ctx, DeviceLocationFilter{FloorPlanID: c.After.ID})
	}
	return nil
}

// stored removes the pictures that no plan has any more, once that is certain.
func (s *FloorPlans) stored(ctx context.Context, changes ...entity.Change[FloorPlan]) error {
	for _, c := range changes {
		if c.Before == nil || c.After != nil && c.After.Blob == c.Before.Blob {
			continue
		}
		name := c.Before.Blob
		wispwright.AfterCommit(ctx, func() { s.rooms.pictures.drop(ctx, name) })
	}
	return nil
}

// sweepAge is how old a picture without plan must be to be removed: a younger one
// may belong to a plan that is being stored.
const sweepAge = 24 * time.Hour

// Sweep removes pictures that no plan names, left behind by processes that were
// killed, and returns their number.
func (s *FloorPlans) Sweep(ctx context.Context) (int, error) {
	const atOnce = 500
	var old []string
	before := s.rooms.base.Now().Add(-sweepAge)
	err := s.rooms.Blobs.List(ctx, blobFolder, func(i blob.Info) error {
		if i.Modified.Before(before) {
			old = append(old, i.Name)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("geo.FloorPlans.Sweep: %w", err)
	}
	n := 0
	for some := range slices.Chunk(old, atOnce) {
		used, err := s.rooms.stores.FloorPlans.List(ctx, wispwright.ScopeAll(), FloorPlanFilter{Blobs: wispwright.Only(some...)}, everything())
		if err != nil {
			return n, fmt.Errorf("geo.FloorPlans.Sweep: %w", err)
		}
		named := map[string]bool{}
		for _, p := range used.Rows {
			named[p.Blob] = true
		}
		for _, name := range some {
			if named[name] {
				continue
			}
			if err := s.rooms.Blobs.Delete(ctx, name); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
				return n, fmt.Errorf("geo.FloorPlans.Sweep: %w", err)
			}
			n++
		}
	}
	return n, nil
}
