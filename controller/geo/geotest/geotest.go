// Package geotest checks that a storage keeps everything the concern geo relies
// on. Any implementation of its stores must pass Run.
package geotest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/storetest"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores geo.Stores
	// AddDevice stores a device where device locations can refer to it. Default:
	// the storage does not look whether devices exist.
	AddDevice func(t testing.TB, d *geo.Device)
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("locations", func(t *testing.T) { RunLocations(t, h) })
	t.Run("floor plans", func(t *testing.T) { RunFloorPlans(t, h) })
	t.Run("device locations", func(t *testing.T) { RunDeviceLocations(t, h) })
	t.Run("belonging", func(t *testing.T) { RunBelonging(t, h) })
	t.Run("map", func(t *testing.T) { RunMap(t, h) })
	t.Run("rules", func(t *testing.T) { RunRules(t, h) })
	t.Run("placing", func(t *testing.T) { RunPlacing(t, h) })
	t.Run("concurrency", func(t *testing.T) { RunConcurrency(t, h) })
}

// Fleet is a geo.Devices over a map.
type Fleet struct {
	mu      sync.Mutex
	devices map[wispwright.ID]*geo.Device
}

// Device implements geo.Devices.
func (f *Fleet) Device(_ context.Context, scope wispwright.Scope, id wispwright.ID) (*geo.Device, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.devices[id]
	if d == nil || !scope.Allows(d.OrganizationID) {
		return nil, wispwright.ErrNotFound
	}
	out := *d
	return &out, nil
}

// Some implements geo.Devices.
func (f *Fleet) Some(_ context.Context, ids ...wispwright.ID) (map[wispwright.ID]*geo.Device, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := maps.Clone(f.devices)
	maps.DeleteFunc(out, func(id wispwright.ID, _ *geo.Device) bool { return !slices.Contains(ids, id) })
	return out, nil
}

// World is the concern over a storage, with devices and pictures.
type World struct {
	*geo.Geo
	Fleet *Fleet
	Blobs *blob.Memory
	s     Storage
}

// New makes the concern over a storage, for programs without organizations; tune
// changes its options and may be nil.
func New(t testing.TB, s Storage, tune func(*geo.Options)) *World {
	t.Helper()
	w := &World{Fleet: &Fleet{devices: map[wispwright.ID]*geo.Device{}}, Blobs: &blob.Memory{}, s: s}
	o := &geo.Options{Blobs: w.Blobs, MapAge: time.Nanosecond}
	if tune != nil {
		tune(o)
	}
	var err error
	w.Geo, err = geo.New(&entity.Base{Tx: s.Tx, Tenants: entity.NoTenants{}}, s.Stores, w.Fleet, o)
	require.NoError(t, err)
	return w
}

// Device adds the n-th device to an organization, 0 or 1.
func (w *World) Device(t testing.TB, n, organization int) *geo.Device {
	t.Helper()
	d := &geo.Device{ID: id(4000 + n), OrganizationID: id(1 + organization), Name: fmt.Sprintf("device-%d", n), MACAddress: fmt.Sprintf("02:00:00:00:%02X:%02X", n>>8, n&255), Key: wispwright.Secret(fmt.Sprintf("key%029d", n))}
	if w.s.AddDevice != nil {
		w.s.AddDevice(t, d)
	}
	w.Fleet.mu.Lock()
	defer w.Fleet.mu.Unlock()
	w.Fleet.devices[d.ID] = d
	return d
}

// Pictures is how many pictures are stored.
func (w *World) Pictures(t testing.TB) int {
	t.Helper()
	n := 0
	require.NoError(t, w.Blobs.List(context.Background(), "", func(blob.Info) error { n++; return nil }))
	return n
}

// Picture is an uploaded PNG of a size.
func Picture(t testing.TB, width, height int) *geo.Upload {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))))
	return &geo.Upload{Name: "plan.png", Body: &b}
}

// at is a moment with more digits than are stored.
func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xab, 0x40, byte(n>>8), byte(n)
	return out
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

// faults are the messages of an error by field.
func faults(t testing.TB, err error) map[string][]string {
	t.Helper()
	var v *wispwright.ValidationError
	require.ErrorAs(t, err, &v)
	out := map[string][]string{}
	for _, f := range v.Fields {
		out[f.Path] = f.Messages
	}
	return out
}

func location(n, organization int) *geo.Location {
	lng, lat := float64((n*20)%240-60-n%7), float64((n*10)%110-30)
	g, err := geo.Point(lng, lat)
	if err != nil {
		panic(err) // the numbers above are no places
	}
	return &geo.Location{ID: id(1000 + n), OrganizationID: id(1 + organization), Name: fmt.Sprintf("place %d", n), Type: geo.Types()[n%2], IsMobile: n%3 == 0, IsEstimated: n%4 == 1, Address: fmt.Sprintf("%d High Street", n),
		Geometry: g, Longitude: &lng, Latitude: &lat, Created: at(n), Modified: at(n + 1)}
}

// RunLocations checks the store of locations.
func RunLocations(t *testing.T, h Harness) {
	s := h(t)
	type filter = geo.LocationFilter
	yes, no := true, false
	here := geo.Box{West: -45, South: -90, East: 25, North: 5}
	around := geo.Box{West: 30, South: -90, East: -50, North: 90}
	storetest.RunRepo[wispwright.ID, geo.Location, filter](t, s.Stores.Locations, storetest.Sample[wispwright.ID, geo.Location, filter]{
		Tx: s.Tx, New: location, Key: func(l *geo.Location) wispwright.ID { return l.ID },
		Mutate: func(l *geo.Location) { l.Name += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)},
		Orders: []string{"Name", "Created", "Modified"},
		Search: &storetest.Search[geo.Location, filter]{Put: func(l *geo.Location, text string) { l.Address = text }, Filter: func(text string) filter { return filter{Search: text} }},
		Filters: map[string]storetest.Filter[geo.Location, filter]{
			"organization":    {Filter: filter{OrganizationID: id(2)}, Selects: func(l *geo.Location) bool { return l.OrganizationID == id(2) }},
			"some":            {Filter: filter{IDs: wispwright.Only(id(1001), id(1003))}, Selects: func(l *geo.Location) bool { return l.ID == id(1001) || l.ID == id(1003) }},
			"type":            {Filter: filter{Type: geo.Indoor}, Selects: func(l *geo.Location) bool { return l.Type == geo.Indoor }},
			"mobile":          {Filter: filter{IsMobile: &yes}, Selects: func(l *geo.Location) bool { return l.IsMobile }},
			"fixed":           {Filter: filter{IsMobile: &no}, Selects: func(l *geo.Location) bool { return !l.IsMobile }},
			"estimated":       {Filter: filter{IsEstimated: &yes}, Selects: func(l *geo.Location) bool { return l.IsEstimated }},
			"used":            {Filter: filter{Used: &yes}, Selects: func(*geo.Location) bool { return false }},
			"unused":          {Filter: filter{Used: &no}, Selects: func(*geo.Location) bool { return true }},
			"located":         {Filter: filter{Located: &yes}, Selects: func(l *geo.Location) bool { return l.Geometry != "" }},
			"box":             {Filter: filter{Box: &here}, Selects: func(l *geo.Location) bool { return here.Contains(geo.Position{*l.Longitude, *l.Latitude}) }},
			"round the earth": {Filter: filter{Box: &around}, Selects: func(l *geo.Location) bool { return *l.Longitude >= 30 || *l.Longitude <= -50 }},
		},
	})
	lost := location(40, 0)
	lost.Geometry, lost.Longitude, lost.Latitude, lost.IsMobile = "", nil, nil, true
	require.NoError(t, s.Stores.Locations.Insert(context.Background(), lost))
	for name, f := range map[string]filter{"without geometry": {Located: &no}, "in no box": {Box: &geo.Box{West: -180, South: -90, East: 180, North: 90}}} {
		found, err := s.Stores.Locations.List(context.Background(), all(), f, wispwright.Page{})
		require.NoError(t, err)
		there := slices.ContainsFunc(found.Rows, func(l *geo.Location) bool { return l.ID == lost.ID })
		require.Equal(t, name == "without geometry", there, name)
	}
}

func plan(n, organization int) *geo.FloorPlan {
	return &geo.FloorPlan{ID: id(2000 + n), OrganizationID: id(1 + organization), LocationID: id(1001), Floor: n - 2, Image: fmt.Sprintf("floorplans/%s.png", id(2000+n)),
		Blob: fmt.Sprintf("floorplans/blob%d.png", n), Width: 100 + n, Height: 50 + n, Created: at(n), Modified: at(n + 1)}
}

// RunFloorPlans checks the store of floor plans.
func RunFloorPlans(t *testing.T, h Harness) {
	s := h(t)
	require.NoError(t, s.Stores.Locations.Insert(context.Background(), location(1, 0)))
	type filter = geo.FloorPlanFilter
	cellar := -1
	storetest.RunRepo[wispwright.ID, geo.FloorPlan, filter](t, s.Stores.FloorPlans, storetest.Sample[wispwright.ID, geo.FloorPlan, filter]{
		Tx: s.Tx, New: plan, Key: func(p *geo.FloorPlan) wispwright.ID { return p.ID },
		Mutate: func(p *geo.FloorPlan) { p.Width++ }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)},
		Orders: []string{"Floor", "Created", "Modified"},
		Orphan: func(n int) *geo.FloorPlan { p := plan(n, 0); p.LocationID = id(9998); return p },
		Uniques: map[string]func(*geo.FloorPlan) *geo.FloorPlan{
			geo.UniqueFloor: func(first *geo.FloorPlan) *geo.FloorPlan { second := *first; second.ID = id(3999); return &second },
		},
		Filters: map[string]storetest.Filter[geo.FloorPlan, filter]{
			"organization": {Filter: filter{OrganizationID: id(2)}, Selects: func(p *geo.FloorPlan) bool { return p.OrganizationID == id(2) }},
			"some":         {Filter: filter{IDs: wispwright.Only(id(2001))}, Selects: func(p *geo.FloorPlan) bool { return p.ID == id(2001) }},
			"location":     {Filter: filter{LocationID: id(1001)}, Selects: func(*geo.FloorPlan) bool { return true }},
			"locations":    {Filter: filter{LocationIDs: wispwright.Only(id(1002))}, Selects: func(*geo.FloorPlan) bool { return false }},
			"floor":        {Filter: filter{Floor: &cellar}, Selects: func(p *geo.FloorPlan) bool { return p.Floor == -1 }},
			"pictures":     {Filter: filter{Blobs: wispwright.Only("floorplans/blob2.png", "x")}, Selects: func(p *geo.FloorPlan) bool { return p.Blob == "floorplans/blob2.png" }},
		},
	})
}

func placed(n, organization int) *geo.DeviceLocation {
	d := &geo.DeviceLocation{ID: id(3000 + n), OrganizationID: id(1 + organization), DeviceID: id(4000 + n), LocationID: id(1001), Created: at(n), Modified: at(n + 1)}
	if n%2 == 0 {
		d.FloorPlanID, d.Indoor = id(2001), fmt.Sprintf("-%d,%d.5", n, n)
	}
	return d
}

// RunDeviceLocations checks the store of device locations.
func RunDeviceLocations(t *testing.T, h Harness) {
	ctx := context.Background()
	s := h(t)
	w := New(t, s, nil)
	for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 100, 101, 102, 103, 310} { // those that package storetest asks for
		w.Device(t, n, n%2)
	}
	require.NoError(t, s.Stores.Locations.Insert(ctx, location(1, 0)))
	require.NoError(t, s.Stores.FloorPlans.Insert(ctx, plan(1, 0)))
	type filter = geo.DeviceLocationFilter
	yes, no := true, false
	storetest.RunRepo[wispwright.ID, geo.DeviceLocation, filter](t, s.Stores.DeviceLocations, storetest.Sample[wispwright.ID, geo.DeviceLocation, filter]{
		Tx: s.Tx, New: placed, Key: func(d *geo.DeviceLocation) wispwright.ID { return d.ID },
		Mutate: func(d *geo.DeviceLocation) { d.Indoor += "0" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)},
		Orders: []string{"Created", "Modified"},
		Orphan: func(n int) *geo.DeviceLocation { d := placed(n, 0); d.LocationID = id(9998); return d },
		Uniques: map[string]func(*geo.DeviceLocation) *geo.DeviceLocation{
			geo.UniqueDevice: func(first *geo.DeviceLocation) *geo.DeviceLocation {
				second := *first
				second.ID = id(3999)
				return &second
			},
		},
		Filters: map[string]storetest.Filter[geo.DeviceLocation, filter]{
			"organization": {Filter: filter{OrganizationID: id(2)}, Selects: func(d *geo.DeviceLocation) bool { return d.OrganizationID == id(2) }},
			"device":       {Filter: filter{DeviceID: id(4001)}, Selects: func(d *geo.DeviceLocation) bool { return d.DeviceID == id(4001) }},
			"devices":      {Filter: filter{DeviceIDs: wispwright.Only(id(4001), id(4002))}, Selects: func(d *geo.DeviceLocation) bool { return d.DeviceID == id(4001) || d.DeviceID == id(4002) }},
			"location":     {Filter: filter{LocationID: id(1001)}, Selects: func(*geo.DeviceLocation) bool { return true }},
			"locations":    {Filter: filter{LocationIDs: wispwright.Only[wispwright.ID]()}, Selects: func(*geo.DeviceLocation) bool { return false }},
			"plan":         {Filter: filter{FloorPlanID: id(2001)}, Selects: func(d *geo.DeviceLocation) bool { return d.FloorPlanID == id(2001) }},
			"on a plan":    {Filter: filter{OnPlan: &yes}, Selects: func(d *geo.DeviceLocation) bool { return !d.FloorPlanID.IsZero() }},
			"on none":      {Filter: filter{OnPlan: &no}, Selects: func(d *geo.DeviceLocation) bool { return d.FloorPlanID.IsZero() }},
		},
	})
}

// RunBelonging checks what goes with what.
func RunBelonging(t *testing.T, h Harness) {
	ctx := context.Background()
	s := h(t)
	w := New(t, s, nil)
	for n := range 3 {
		w.Device(t, n, 0)
	}
	fill := func(ctx context.Context) error {
		return errors.Join(
			s.Stores.Locations.Insert(ctx, location(1, 0)), s.Stores.Locations.Insert(ctx, location(3, 0)),
			s.Stores.FloorPlans.Insert(ctx, plan(1, 0)), s.Stores.FloorPlans.Insert(ctx, plan(3, 0)),
			s.Stores.DeviceLocations.Insert(ctx, placed(0, 0)), s.Stores.DeviceLocations.Insert(ctx, placed(1, 0)),
			s.Stores.DeviceLocations.Insert(ctx, &geo.DeviceLocation{ID: id(3002), OrganizationID: id(1), DeviceID: id(4002), LocationID: id(1003), Created: at(1), Modified: at(1)}))
	}
	require.NoError(t, s.Tx.InTx(ctx, fill))
	counts, err := s.Stores.Locations.DeviceCounts(ctx, id(1001), id(1003), id(1002))
	require.NoError(t, err)
	require.Equal(t, map[wispwright.ID]int{id(1001): 2, id(1003): 1}, counts)
	counts, err = s.Stores.Locations.DeviceCounts(ctx)
	require.NoError(t, err)
	require.Empty(t, counts)
	yes := true
	used, err := s.Stores.Locations.List(ctx, all(), geo.LocationFilter{Used: &yes}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 2, used.Total)

	require.NoError(t, s.Stores.FloorPlans.Delete(ctx, all(), id(2001)))
	d, err := s.Stores.DeviceLocations.Get(ctx, all(), id(3000))
	require.NoError(t, err, "the device stays at its location")
	require.True(t, d.FloorPlanID.IsZero())
	require.NoError(t, s.Stores.Locations.Delete(ctx, all(), id(1001)))
	_, err = s.Stores.FloorPlans.Get(ctx, all(), id(2003))
	require.ErrorIs(t, err, wispwright.ErrNotFound, "plans go with their location")
	left, err := s.Stores.DeviceLocations.List(ctx, all(), geo.DeviceLocationFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, left.Rows, 1, "device locations too")
	require.Equal(t, id(3002), left.Rows[0].ID)
}

// RunMap checks what maps are drawn from.
func RunMap(t *testing.T, h Harness) {
	ctx := context.Background()
	s := h(t)
	w := New(t, s, nil)
	lost := location(4, 0)
	lost.Geometry, lost.Longitude, lost.Latitude = "", nil, nil
	for _, l := range []*geo.Location{location(1, 0), location(2, 1), location(3, 0), lost} {
		require.NoError(t, s.Stores.Locations.Insert(ctx, l))
	}
	for n, where := range []int{1001, 1001, 1004} {
		d := w.Device(t, n, 0)
		require.NoError(t, s.Stores.DeviceLocations.Insert(ctx, &geo.DeviceLocation{ID: wispwright.NewID(), OrganizationID: d.OrganizationID, DeviceID: d.ID, LocationID: id(where), Created: at(n), Modified: at(n)}))
	}
	points, err := s.Stores.Map.Points(ctx)
	require.NoError(t, err)
	require.Len(t, points, 3, "those with a geometry, of all organizations")
	for _, p := range points {
		want, err := s.Stores.Locations.Get(ctx, all(), p.ID)
		require.NoError(t, err)
		require.Equal(t, []any{want.OrganizationID, want.Name, want.Type, want.IsMobile, want.Address, *want.Longitude, *want.Latitude},
			[]any{p.OrganizationID, p.Name, p.Type, p.IsMobile, p.Address, *p.Longitude, *p.Latitude})
	}
	dots, err := s.Stores.Map.Dots(ctx)
	require.NoError(t, err)
	found := map[wispwright.ID]int{}
	for _, d := range dots {
		found[d.LocationID]++
		require.False(t, d.DeviceID.IsZero())
	}
	require.Equal(t, map[wispwright.ID]int{id(1001): 2, id(1004): 1}, found)
	view, err := w.Map.View(ctx, wispwright.ScopeOf(id(1)), geo.MapFilter{}, geo.Box{West: -180, South: -90, East: 180, North: 90}, 10)
	require.NoError(t, err)
	require.Equal(t, 2, view.Locations, "of one organization")
	require.Len(t, view.Marks, 2)
}
