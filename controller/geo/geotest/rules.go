package geotest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
)

// Place returns a new location of an organization, 0 or 1, that was not stored.
func Place(name string, typ geo.Type, organization int) *geo.Location {
	return &geo.Location{OrganizationID: id(1 + organization), Name: name, Type: typ, Geometry: `{"type":"Point","coordinates":[12.5,41.8]}`}
}

// Building stores an indoor location with a plan of its first floor.
func (w *World) Building(t testing.TB, organization int) (*geo.Location, *geo.FloorPlan) {
	t.Helper()
	ctx := context.Background()
	l, floor := Place("building", geo.Indoor, organization), 1
	require.NoError(t, w.Locations.CreateWith(ctx, l, &geo.PlanChange{Floor: &floor, Image: Picture(t, 40, 30)}))
	p, err := w.FloorPlans.First(ctx, all(), geo.FloorPlanFilter{LocationID: l.ID})
	require.NoError(t, err)
	return l, p
}

// RunRules checks the rules of locations and plans over the storage.
func RunRules(t *testing.T, h Harness) {
	ctx := context.Background()
	s := h(t)
	w := New(t, s, nil)

	street := Place("street", geo.Outdoor, 0)
	street.Geometry = "SRID=4326;POINT (12.5 41)"
	require.NoError(t, w.Locations.Create(ctx, street))
	stored, err := w.Locations.Get(ctx, all(), street.ID)
	require.NoError(t, err)
	require.Equal(t, geo.Geometry(`{"type":"Point","coordinates":[12.5,41.0]}`), stored.Geometry)
	require.InDelta(t, 12.5, *stored.Longitude, 0)

	bad := &geo.Location{OrganizationID: id(1), Name: strings.Repeat("n", 76), Type: "garage", Address: strings.Repeat("a", 257), Geometry: "POINT (181 0)"}
	require.Equal(t, map[string][]string{
		"name": {"Ensure this value has at most 75 characters (it has 76)."}, "type": {`"garage" is not a valid choice.`},
		"address":  {"Ensure this value has at most 256 characters (it has 257)."},
		"geometry": {"The longitude must lie between -180 and 180 degrees and the latitude between -90 and 90."},
	}, faults(t, w.Locations.Create(ctx, bad)))
	nowhere := Place("nowhere", geo.Outdoor, 0)
	nowhere.Geometry = ""
	require.Equal(t, map[string][]string{"geometry": {"No geometry value provided."}}, faults(t, w.Locations.Create(ctx, nowhere)))
	nowhere.IsMobile = true
	require.NoError(t, w.Locations.Create(ctx, nowhere))
	_, err = w.Locations.Update(ctx, all(), nowhere.ID, func(l *geo.Location) error { l.IsMobile = false; return nil })
	require.Equal(t, map[string][]string{"geometry": {"No geometry value provided."}}, faults(t, err))

	// a location and its plan: both or none
	floor := 1
	count := func() int {
		n, err := w.Locations.List(ctx, all(), geo.LocationFilter{}, wispwright.Page{})
		require.NoError(t, err)
		return n.Total
	}
	before := count()
	require.Equal(t, map[string][]string{"type": {"Floorplan can only be added with location of the type indoor"}},
		faults(t, w.Locations.CreateWith(ctx, Place("x", geo.Outdoor, 0), &geo.PlanChange{Floor: &floor, Image: Picture(t, 4, 3)})))
	require.Equal(t, map[string][]string{"floorplan.image": {"No file was submitted."}},
		faults(t, w.Locations.CreateWith(ctx, Place("x", geo.Indoor, 0), &geo.PlanChange{Floor: &floor})))
	require.Equal(t, map[string][]string{"floorplan.floor": {"This field is required."}},
		faults(t, w.Locations.CreateWith(ctx, Place("x", geo.Indoor, 0), &geo.PlanChange{Image: Picture(t, 4, 3)})))
	require.Equal(t, before, count(), "nothing was created")
	require.Zero(t, w.Pictures(t), "and no picture stayed")

	building, plan := w.Building(t, 0)
	require.Equal(t, []any{1, "floorplans/" + plan.ID.String() + ".png", 40, 30, building.OrganizationID}, []any{plan.Floor, plan.Image, plan.Width, plan.Height, plan.OrganizationID})
	require.Equal(t, 1, w.Pictures(t))
	again := &geo.FloorPlan{LocationID: building.ID, Floor: 1}
	require.Equal(t, map[string][]string{"": {"Floor plan with this location and floor already exists."}}, faults(t, w.FloorPlans.Create(ctx, again, Picture(t, 4, 3))))
	outside := &geo.FloorPlan{LocationID: street.ID, Floor: 1}
	require.Equal(t, map[string][]string{"": {`floorplans can only be associated to locations of type "indoor"`}}, faults(t, w.FloorPlans.Create(ctx, outside, Picture(t, 4, 3))))
	require.Equal(t, map[string][]string{"location": {fmt.Sprintf("Invalid pk %q - object does not exist.", id(77))}},
		faults(t, w.FloorPlans.Create(ctx, &geo.FloorPlan{LocationID: id(77)}, Picture(t, 4, 3))))
	require.Equal(t, 1, w.Pictures(t), "pictures of refused plans do not stay")
	_, err = w.FloorPlans.Update(ctx, all(), plan.ID, func(p *geo.FloorPlan) error { p.LocationID = street.ID; return nil }, nil)
	require.Equal(t, map[string][]string{"": {`floorplans can only be associated to locations of type "indoor"`}}, faults(t, err), "the new values count")

	// another picture, the same name
	other, err := w.FloorPlans.Update(ctx, all(), plan.ID, func(p *geo.FloorPlan) error { p.Floor, p.Blob, p.Image = 0, "mine", "mine"; return nil }, Picture(t, 20, 10))
	require.NoError(t, err)
	require.Equal(t, []any{plan.Image, 20, 10, 0}, []any{other.Image, other.Width, other.Height, other.Floor})
	require.NotEqual(t, plan.Blob, other.Blob)
	require.Equal(t, 1, w.Pictures(t), "the old one went")

	// plans follow their location to another organization
	_, err = w.Locations.Update(ctx, all(), building.ID, func(l *geo.Location) error { l.OrganizationID = id(2); return nil })
	require.NoError(t, err)
	other, err = w.FloorPlans.Get(ctx, wispwright.ScopeOf(id(2)), plan.ID)
	require.NoError(t, err)
	require.Equal(t, id(2), other.OrganizationID)

	// an update brings a plan, and the type with it
	_, err = w.Locations.UpdateWith(ctx, all(), street.ID, func(*geo.Location) error { return nil }, &geo.PlanChange{Floor: &floor, Image: Picture(t, 4, 3)})
	require.Equal(t, map[string][]string{"type": {"Floorplan can only be added with location of the type indoor"}}, faults(t, err))
	_, err = w.Locations.UpdateWith(ctx, all(), street.ID, func(l *geo.Location) error { l.Type = geo.Indoor; return nil }, &geo.PlanChange{Floor: &floor, Image: Picture(t, 4, 3)})
	require.NoError(t, err)
	top := 13
	_, err = w.Locations.UpdateWith(ctx, all(), street.ID, func(*geo.Location) error { return nil }, &geo.PlanChange{Floor: &top})
	require.NoError(t, err)
	p, err := w.FloorPlans.First(ctx, all(), geo.FloorPlanFilter{LocationID: street.ID})
	require.NoError(t, err)
	require.Equal(t, 13, p.Floor)
	require.Equal(t, 2, w.Pictures(t))
	require.NoError(t, w.Locations.Delete(ctx, all(), street.ID))
	require.NoError(t, w.FloorPlans.Delete(ctx, all(), plan.ID))
	require.Zero(t, w.Pictures(t), "pictures go with their plans, also with those of a location")
}

// RunPlacing checks where devices are over the storage.
func RunPlacing(t *testing.T, h Harness) {
	ctx := context.Background()
	s := h(t)
	w := New(t, s, nil)
	one, two, foreign := w.Device(t, 1, 0), w.Device(t, 2, 0), w.Device(t, 3, 1)
	building, plan := w.Building(t, 0)
	other, otherPlan := w.Building(t, 0)
	theirs, _ := w.Building(t, 1)
	own := wispwright.ScopeOf(id(1))
	text := func(s string) *string { return &s }
	place := func(d *geo.Device, p geo.Placement) (*geo.DeviceLocation, error) {
		out, _, err := w.DeviceLocations.Place(ctx, own, d.ID, p)
		return out, err
	}
	refused := func(d *geo.Device, p geo.Placement) map[string][]string {
		t.Helper()
		_, err := place(d, p)
		return faults(t, err)
	}
	const mismatch = "Please ensure that the organization of this device location and the organization of the related location match."
	_, err := place(foreign, geo.Placement{LocationID: &building.ID})
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	_, err = place(one, geo.Placement{LocationID: &theirs.ID})
	require.ErrorIs(t, err, geo.ErrNoLocation)
	_, _, err = w.DeviceLocations.Place(ctx, all(), one.ID, geo.Placement{LocationID: &theirs.ID})
	require.Equal(t, map[string][]string{"location": {mismatch}}, faults(t, err))
	require.Equal(t, map[string][]string{"location": {"This field is required."}}, refused(one, geo.Placement{}))
	_, err = place(one, geo.Placement{LocationID: &building.ID, FloorPlanID: ptr(id(5))})
	require.ErrorIs(t, err, geo.ErrNoFloorPlan)
	require.Equal(t, map[string][]string{"": {"Invalid floorplan (belongs to a different location)"}},
		refused(one, geo.Placement{LocationID: &building.ID, FloorPlanID: &otherPlan.ID, Indoor: text("-1,1")}))
	for _, bad := range []string{"10", "10,10,1", "a,b", "NaN,1", "1,Inf", ",", strings.Repeat("1", 40) + "," + strings.Repeat("1", 40), ""} {
		require.Equal(t, map[string][]string{"indoor": {"invalid value"}}, refused(one, geo.Placement{LocationID: &building.ID, FloorPlanID: &plan.ID, Indoor: text(bad)}), bad)
	}
	got, created, err := w.DeviceLocations.Place(ctx, own, one.ID, geo.Placement{LocationID: &building.ID, FloorPlanID: &plan.ID, Indoor: text("-36,264")})
	require.NoError(t, err)
	require.True(t, created)
	require.Equal(t, []any{building.ID, plan.ID, "-36,264", one.OrganizationID}, []any{got.LocationID, got.FloorPlanID, got.Indoor, got.OrganizationID})

	_, err = w.DeviceLocations.Of(ctx, all(), wispwright.ID{})
	require.ErrorIs(t, err, wispwright.ErrNotFound, "no device is not any device")
	// what is not named stays
	got, created, err = w.DeviceLocations.Place(ctx, own, one.ID, geo.Placement{Indoor: text("10,10")})
	require.NoError(t, err)
	require.False(t, created)
	require.Equal(t, []any{building.ID, plan.ID, "10,10"}, []any{got.LocationID, got.FloorPlanID, got.Indoor})
	require.Equal(t, map[string][]string{"indoor": {"invalid value"}}, refused(one, geo.Placement{Indoor: text("x")}))
	got, err = place(one, geo.Placement{})
	require.NoError(t, err)
	require.Equal(t, "10,10", got.Indoor)
	// a plan of the former building does not stay
	got, err = place(one, geo.Placement{LocationID: &other.ID})
	require.NoError(t, err)
	require.Equal(t, []any{other.ID, wispwright.ID{}, ""}, []any{got.LocationID, got.FloorPlanID, got.Indoor})
	got, err = place(one, geo.Placement{LocationID: &building.ID, FloorPlanID: &plan.ID, Indoor: text("1,1")})
	require.NoError(t, err)
	require.Equal(t, plan.ID, got.FloorPlanID)

	// everything new at once, or nothing
	pictures, floor := w.Pictures(t), 2
	office := func(l *geo.Location) error {
		l.Name, l.Type, l.Geometry = "office", geo.Indoor, "POINT (1 2)"
		return nil
	}
	locations := func() int {
		list, err := w.Locations.List(ctx, all(), geo.LocationFilter{}, wispwright.Page{})
		require.NoError(t, err)
		return list.Total
	}
	before := locations()
	require.Equal(t, map[string][]string{"indoor": {"invalid value"}},
		refused(two, geo.Placement{Location: office, FloorPlan: &geo.PlanChange{Floor: &floor, Image: Picture(t, 4, 3)}, Indoor: text("x")}))
	require.Equal(t, map[string][]string{"location.name": {"This field cannot be blank."}},
		refused(two, geo.Placement{Location: func(l *geo.Location) error { err := office(l); l.Name = ""; return err }}))
	require.Equal(t, map[string][]string{"floorplan.__all__": {`floorplans can only be associated to locations of type "indoor"`}},
		refused(two, geo.Placement{Location: func(l *geo.Location) error { err := office(l); l.Type = geo.Outdoor; return err }, FloorPlan: &geo.PlanChange{Floor: &floor, Image: Picture(t, 4, 3)}}))
	require.Equal(t, []int{before, pictures}, []int{locations(), w.Pictures(t)}, "nothing was made")
	got, err = place(two, geo.Placement{Location: office, FloorPlan: &geo.PlanChange{Floor: &floor, Image: Picture(t, 4, 3)}, Indoor: text("-1,2")})
	require.NoError(t, err)
	require.False(t, got.FloorPlanID.IsZero())
	require.Equal(t, []int{before + 1, pictures + 1}, []int{locations(), w.Pictures(t)})
	// the plan and the location of the device are changed in place
	higher, err := place(two, geo.Placement{FloorPlan: &geo.PlanChange{Floor: ptr(3)}, Location: func(l *geo.Location) error { l.Name = "head office"; return nil }})
	require.NoError(t, err)
	require.Equal(t, []any{got.LocationID, got.FloorPlanID, got.Indoor}, []any{higher.LocationID, higher.FloorPlanID, higher.Indoor})
	require.Equal(t, before+1, locations())

	// out of the house: plans go, devices stay (spec: additions G-5)
	_, err = w.Locations.Update(ctx, all(), building.ID, func(l *geo.Location) error { l.Type = geo.Outdoor; return nil })
	require.NoError(t, err)
	got, err = w.DeviceLocations.Of(ctx, own, one.ID)
	require.NoError(t, err)
	require.Equal(t, []any{building.ID, wispwright.ID{}, ""}, []any{got.LocationID, got.FloorPlanID, got.Indoor})
	_, err = w.FloorPlans.Get(ctx, all(), plan.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	require.Equal(t, map[string][]string{"indoor": {"invalid value"}}, refused(one, geo.Placement{Indoor: text("1,1")}))
	// a whole replacement in place, from indoor to outdoor
	got, err = place(two, geo.Placement{Whole: true, Location: func(l *geo.Location) error { l.Type = geo.Outdoor; return nil }})
	require.NoError(t, err)
	require.Equal(t, []any{wispwright.ID{}, ""}, []any{got.FloorPlanID, got.Indoor})

	// organizations of locations with devices do not change
	_, err = w.Locations.Update(ctx, all(), building.ID, func(l *geo.Location) error { l.OrganizationID = id(2); return nil })
	require.Equal(t, map[string][]string{"organization": {"There are devices of another organization at this location."}}, faults(t, err))

	// plans and locations that go leave the devices
	got, err = place(one, geo.Placement{LocationID: &other.ID, FloorPlanID: &otherPlan.ID, Indoor: text("1,1")})
	require.NoError(t, err)
	require.NoError(t, w.FloorPlans.Delete(ctx, all(), otherPlan.ID))
	got, err = w.DeviceLocations.Get(ctx, all(), got.ID)
	require.NoError(t, err)
	require.Equal(t, []any{other.ID, wispwright.ID{}, ""}, []any{got.LocationID, got.FloorPlanID, got.Indoor})
	require.NoError(t, w.Locations.Delete(ctx, all(), other.ID))
	_, err = w.DeviceLocations.Of(ctx, all(), one.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	w.Fleet.devices[two.ID].IsDeactivated = true
	_, err = place(two, geo.Placement{Indoor: text("1,1")})
	require.ErrorIs(t, err, geo.ErrDeactivated)
	require.NoError(t, w.DeviceLocations.Forget(ctx, two.ID, one.ID))
	_, err = w.DeviceLocations.Of(ctx, all(), two.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	runMoving(t, w)
}

func ptr[T any](v T) *T { return &v }

// runMoving checks what devices say of themselves (spec: geo §6).
func runMoving(t *testing.T, w *World) {
	ctx := context.Background()
	bus := w.Device(t, 10, 0)
	there := ptr(geo.Geometry(`{"type":"Point","coordinates":[3.0,4.0]}`))
	_, err := w.DeviceLocations.Move(ctx, bus, there, false)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	l, err := w.DeviceLocations.Move(ctx, bus, nil, true)
	require.NoError(t, err)
	require.Equal(t, []any{bus.Name, geo.Outdoor, true, geo.Geometry(""), bus.OrganizationID}, []any{l.Name, l.Type, l.IsMobile, l.Geometry, l.OrganizationID})
	moved, err := w.DeviceLocations.Move(ctx, bus, there, true)
	require.NoError(t, err)
	require.Equal(t, []any{l.ID, *there}, []any{moved.ID, moved.Geometry})
	far := ptr(geo.Geometry("POINT (200 0)"))
	_, err = w.DeviceLocations.Move(ctx, bus, far, true)
	require.Contains(t, faults(t, err), "geometry")
	now, err := w.DeviceLocations.Coordinates(ctx, bus.ID)
	require.NoError(t, err)
	require.Equal(t, *there, now.Geometry)

	// a fixed location that others share stays where it is
	mast := Place("mast", geo.Outdoor, 0)
	require.NoError(t, w.Locations.Create(ctx, mast))
	a, b := w.Device(t, 11, 0), w.Device(t, 12, 0)
	_, _, err = w.DeviceLocations.Place(ctx, all(), a.ID, geo.Placement{LocationID: &mast.ID})
	require.NoError(t, err)
	alone, err := w.DeviceLocations.Move(ctx, a, there, false)
	require.NoError(t, err)
	require.Equal(t, mast.ID, alone.ID, "its own moves")
	_, _, err = w.DeviceLocations.Place(ctx, all(), b.ID, geo.Placement{LocationID: &mast.ID})
	require.NoError(t, err)
	apart, err := w.DeviceLocations.Move(ctx, b, ptr(geo.Geometry("POINT (5 6)")), false)
	require.NoError(t, err)
	require.NotEqual(t, mast.ID, apart.ID)
	require.Equal(t, b.Name, apart.Name)
	still, err := w.DeviceLocations.Coordinates(ctx, a.ID)
	require.NoError(t, err)
	require.Equal(t, *there, still.Geometry)
	b.IsDeactivated = true
	_, err = w.DeviceLocations.Move(ctx, b, there, true)
	require.ErrorIs(t, err, geo.ErrDeactivated)
}

// RunConcurrency checks what happens when several do it at once.
func RunConcurrency(t *testing.T, h Harness) {
	ctx := context.Background()
	s := h(t)
	w := New(t, s, nil)
	dev := w.Device(t, 1, 0)
	building, plan := w.Building(t, 0)
	const workers = 6
	var wg sync.WaitGroup
	errs := make([]error, workers)
	for i := range workers {
		wg.Go(func() {
			_, errs[i] = w.DeviceLocations.Move(ctx, dev, ptr(geo.Geometry(fmt.Sprintf("POINT (%d 1)", i))), true)
		})
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
			continue
		}
		require.Contains(t, faults(t, err), "device", "somebody was faster")
	}
	require.Positive(t, made)
	list, err := w.DeviceLocations.List(ctx, all(), geo.DeviceLocationFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 1, list.Total, "a device is at one place")
	locations, err := w.Locations.List(ctx, all(), geo.LocationFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 2, locations.Total, "and no location stayed that nobody is at")

	// the building becomes a garden while devices are put onto its plan
	devices := make([]*geo.Device, workers)
	for i := range devices {
		devices[i] = w.Device(t, 20+i, 0)
	}
	var out error
	for i := range workers {
		wg.Go(func() {
			_, _, errs[i] = w.DeviceLocations.Place(ctx, all(), devices[i].ID, geo.Placement{LocationID: &building.ID, FloorPlanID: &plan.ID, Indoor: ptr("-1,1")})
		})
	}
	wg.Go(func() {
		_, out = w.Locations.Update(ctx, all(), building.ID, func(l *geo.Location) error { l.Type = geo.Outdoor; return nil })
	})
	wg.Wait()
	require.NoError(t, out)
	at, err := w.DeviceLocations.List(ctx, all(), geo.DeviceLocationFilter{LocationID: building.ID}, wispwright.Page{})
	require.NoError(t, err)
	for _, d := range at.Rows {
		require.True(t, d.FloorPlanID.IsZero() && d.Indoor == "", "no device stays on a plan that is gone")
	}
	left, err := w.FloorPlans.List(ctx, all(), geo.FloorPlanFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Zero(t, left.Total)
	require.Zero(t, w.Pictures(t))
}
