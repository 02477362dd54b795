package geo_test

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/controller/geo/geotest"
)

type (
	locationStore struct{ geo.LocationStore }
	planStore     struct{ geo.FloorPlanStore }
	deviceStore   struct{ geo.DeviceLocationStore }
	mapStore      struct{ geo.MapStore }
)

// forgetful leaves behind what belongs to a location.
type forgetful struct{ locationStore }

func (s forgetful) Delete(ctx context.Context, _ wispwright.Scope, id wispwright.ID) error {
	type plain interface {
		DeleteWhere(context.Context, func(*geo.Location) bool) (int, error)
	}
	_, err := s.LocationStore.(plain).DeleteWhere(ctx, func(l *geo.Location) bool { return l.ID == id })
	return err
}

// flat does not know that the earth is round.
type flat struct{ locationStore }

func (s flat) List(ctx context.Context, scope wispwright.Scope, f geo.LocationFilter, p wispwright.Page) (wispwright.Items[geo.Location], error) {
	if f.Box != nil && f.Box.West > f.Box.East {
		b := *f.Box
		b.West, b.East = b.East, b.West
		f.Box = &b
	}
	return s.LocationStore.List(ctx, scope, f, p)
}

// uncounted says that there is one device everywhere.
type uncounted struct{ locationStore }

func (uncounted) DeviceCounts(_ context.Context, of ...wispwright.ID) (map[wispwright.ID]int, error) {
	out := map[wispwright.ID]int{}
	for _, id := range of {
		out[id] = 1
	}
	return out, nil
}

// sticky leaves devices on plans that are gone.
type sticky struct{ planStore }

func (s sticky) Delete(ctx context.Context, _ wispwright.Scope, id wispwright.ID) error {
	type plain interface {
		DeleteWhere(context.Context, func(*geo.FloorPlan) bool) (int, error)
	}
	_, err := s.FloorPlanStore.(plain).DeleteWhere(ctx, func(p *geo.FloorPlan) bool { return p.ID == id })
	return err
}

// everywhere lets a device be at several places.
type everywhere struct{ deviceStore }

func (s everywhere) Insert(ctx context.Context, d *geo.DeviceLocation) error {
	if err := s.DeviceLocationStore.Insert(ctx, d); err != nil {
		return nil
	}
	return nil
}

// blind does not look whether devices are on a plan.
type blind struct{ deviceStore }

func (s blind) List(ctx context.Context, scope wispwright.Scope, f geo.DeviceLocationFilter, p wispwright.Page) (wispwright.Items[geo.DeviceLocation], error) {
	f.OnPlan = nil
	return s.DeviceLocationStore.List(ctx, scope, f, p)
}

// bare has maps without names.
type bare struct{ mapStore }

func (s bare) Points(ctx context.Context) ([]*geo.Location, error) {
	list, err := s.MapStore.Points(ctx)
	for _, l := range list {
		l.Name = ""
	}
	return list, err
}

// lonely has maps without devices.
type lonely struct{ mapStore }

func (lonely) Dots(context.Context) ([]geo.Dot, error) { return nil, nil }

// TestBrokenStoragesFail runs the suite on storages that break a promise each, in
// a process of its own: it must fail.
func TestBrokenStoragesFail(t *testing.T) {
	for name, spoil := range map[string]func(*geo.Stores){
		"forgetful":  func(s *geo.Stores) { s.Locations = forgetful{locationStore{s.Locations}} },
		"flat":       func(s *geo.Stores) { s.Locations = flat{locationStore{s.Locations}} },
		"uncounted":  func(s *geo.Stores) { s.Locations = uncounted{locationStore{s.Locations}} },
		"sticky":     func(s *geo.Stores) { s.FloorPlans = sticky{planStore{s.FloorPlans}} },
		"everywhere": func(s *geo.Stores) { s.DeviceLocations = everywhere{deviceStore{s.DeviceLocations}} },
		"blind":      func(s *geo.Stores) { s.DeviceLocations = blind{deviceStore{s.DeviceLocations}} },
		"bare":       func(s *geo.Stores) { s.Map = bare{mapStore{s.Map}} },
		"lonely":     func(s *geo.Stores) { s.Map = lonely{mapStore{s.Map}} },
	} {
		t.Run(name, func(t *testing.T) {
			if os.Getenv("BROKEN_STORAGE") == "1" {
				geotest.Run(t, func(*testing.T) geotest.Storage {
					s := memory()
					spoil(&s.Stores)
					return s
				})
				return
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestBrokenStoragesFail$/^"+name+"$", "-test.timeout", "1m")
			cmd.Env = append(os.Environ(), "BROKEN_STORAGE=1")
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "the suite passes a broken storage:\n%s", out)
			require.Contains(t, string(out), "--- FAIL: TestBrokenStoragesFail/"+name, "it fails, and does not crash")
		})
	}
}
