package geo

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory: for tests and small
// programs. Of the devices on its map it knows no more than where they are.
func NewMemory(m *memstore.Store) Stores {
	devices := memstore.NewRepo[wispwright.ID, DeviceLocation, DeviceLocationFilter](m, memstore.Spec[DeviceLocation]{
		Shape: DeviceLocation{}.Shape(),
		Match: map[string]func(context.Context, *DeviceLocation, any) bool{
			"OnPlan": func(_ context.Context, d *DeviceLocation, v any) bool { return !d.FloorPlanID.IsZero() == v.(bool) },
		},
	})
	plans := &memoryFloorPlans{memstore.NewRepo[wispwright.ID, FloorPlan, FloorPlanFilter](m, memstore.Spec[FloorPlan]{Shape: FloorPlan{}.Shape()}), m, devices}
	locations := &memoryLocations{store: m, plans: plans, devices: devices}
	locations.Repo = memstore.NewRepo[wispwright.ID, Location, LocationFilter](m, memstore.Spec[Location]{
		Shape: Location{}.Shape(),
		Match: map[string]func(context.Context, *Location, any) bool{
			"Used": func(ctx context.Context, l *Location, v any) bool {
				n, err := locations.DeviceCounts(ctx, l.ID)
				return err == nil && n[l.ID] > 0 == v.(bool)
			},
			"Located": func(_ context.Context, l *Location, v any) bool { return (l.Geometry != "") == v.(bool) },
			"Box": func(_ context.Context, l *Location, v any) bool {
				p, ok := l.Position()
				return ok && v.(Box).Contains(p)
			},
		},
	})
	return Stores{Locations: locations, FloorPlans: plans, DeviceLocations: devices, Map: memoryMap{locations, devices}}
}

type memoryLocations struct {
	*memstore.Repo[wispwright.ID, Location, LocationFilter]
	store   *memstore.Store
	plans   *memoryFloorPlans
	devices *memstore.Repo[wispwright.ID, DeviceLocation, DeviceLocationFilter]
}

// Delete also removes what belongs to the location.
func (s *memoryLocations) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		if _, err := s.devices.DeleteWhere(ctx, func(d *DeviceLocation) bool { return d.LocationID == id }); err != nil {
			return err
		}
		_, err := s.plans.DeleteWhere(ctx, func(p *FloorPlan) bool { return p.LocationID == id })
		return err
	})
}

// DeviceCounts implements LocationStore.
func (s *memoryLocations) DeviceCounts(ctx context.Context, locations ...wispwright.ID) (map[wispwright.ID]int, error) {
	found, err := s.devices.List(ctx, wispwright.ScopeAll(), DeviceLocationFilter{LocationIDs: wispwright.Only(locations...)}, everything())
	if err != nil {
		return nil, err
	}
	out := map[wispwright.ID]int{}
	for _, d := range found.Rows {
		out[d.LocationID]++
	}
	return out, nil
}

type memoryFloorPlans struct {
	*memstore.Repo[wispwright.ID, FloorPlan, FloorPlanFilter]
	store   *memstore.Store
	devices *memstore.Repo[wispwright.ID, DeviceLocation, DeviceLocationFilter]
}

// Delete also takes devices off the plan.
func (s *memoryFloorPlans) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		on, err := s.devices.List(ctx, wispwright.ScopeAll(), DeviceLocationFilter{FloorPlanID: id}, everything())
		if err != nil {
			return err
		}
		for _, d := range on.Rows {
			_, err := s.devices.Update(ctx, wispwright.ScopeAll(), d.ID, func(d *DeviceLocation) error {
				d.FloorPlanID = wispwright.ID{}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

type memoryMap struct {
	locations *memoryLocations
	devices   *memstore.Repo[wispwright.ID, DeviceLocation, DeviceLocationFilter]
}

// Points implements MapStore.
func (s memoryMap) Points(ctx context.Context) ([]*Location, error) {
	yes := true
	found, err := s.locations.List(ctx, wispwright.ScopeAll(), LocationFilter{Located: &yes}, everything())
	return found.Rows, err
}

// Dots implements MapStore.
func (s memoryMap) Dots(ctx context.Context) ([]Dot, error) {
	found, err := s.devices.List(ctx, wispwright.ScopeAll(), DeviceLocationFilter{}, everything())
	out := make([]Dot, len(found.Rows))
	for i, d := range found.Rows {
		out[i].DeviceID, out[i].LocationID = d.DeviceID, d.LocationID
	}
	return out, err
}
