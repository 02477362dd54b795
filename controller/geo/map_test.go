package geo_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/controller/geo/geotest"
	"github.com/wispwright/wispwright/kit/entity"
)

// atlas is a MapStore of made up places.
type atlas struct {
	points  []*geo.Location
	healths map[wispwright.ID]string
	dots    []geo.Dot
	err     error
	reads   atomic.Int64
	wait    chan struct{}
	// patience is how long a look waits for a newer reading; 0: as long as tests run
	patience time.Duration
}

func (a *atlas) Points(context.Context) ([]*geo.Location, error) {
	a.reads.Add(1)
	if a.wait != nil {
		<-a.wait
	}
	return a.points, a.err
}
func (a *atlas) Dots(context.Context) ([]geo.Dot, error) { return a.dots, nil }

func (a *atlas) add(lng, lat float64, change func(*geo.Location), dots ...geo.Dot) *geo.Location {
	l := &geo.Location{ID: wispwright.NewID(), OrganizationID: wispwright.ID{1}, Name: fmt.Sprintf("place %d", len(a.points)), Type: geo.Outdoor, Longitude: &lng, Latitude: &lat}
	if change != nil {
		change(l)
	}
	for i := range dots {
		dots[i].LocationID = l.ID
	}
	a.points, a.dots = append(a.points, l), append(a.dots, dots...)
	return l
}

func (a *atlas) open(t testing.TB, age time.Duration) *geo.Map {
	t.Helper()
	s := memory()
	s.Stores.Map = a
	g, err := geo.New(&entity.Base{Tx: s.Tx, Tenants: entity.NoTenants{}}, s.Stores, &geotest.Fleet{}, &geo.Options{MapAge: age, MapWait: cmp.Or(a.patience, time.Hour), Health: func(context.Context) (map[wispwright.ID]string, error) { return a.healths, nil }})
	require.NoError(t, err)
	return g.Map
}

var world = geo.Box{West: -180, South: -90, East: 180, North: 90}

func TestMapStatuses(t *testing.T) {
	ctx := context.Background()
	now, group := time.Now(), wispwright.NewID()
	away, ill := wispwright.NewID(), wispwright.NewID()
	a := &atlas{healths: map[wispwright.ID]string{away: "critical", ill: "problem"}}
	heard, silent := geo.Dot{LastSeen: now}, geo.Dot{LastSeen: now.Add(-time.Hour)}
	for i, dots := range [][]geo.Dot{
		{heard, {DeviceID: away, Config: "error", LastSeen: now}}, {heard, {Config: "error", LastSeen: now}, silent}, {heard, silent}, {heard, {DeviceID: ill, LastSeen: now}}, {{Config: "modified", LastSeen: now, GroupID: group}}, {{Config: "applied", LastSeen: now}}, {{}}, {{IsDeactivated: true, Config: "error"}}, {},
	} {
		a.add(float64(i*20), 0, nil, dots...)
	}
	theirs := a.add(-100, 50, func(l *geo.Location) {
		l.OrganizationID, l.Type, l.IsMobile, l.Address = wispwright.ID{2}, geo.Indoor, true, "Ünter den Linden"
	})
	m := a.open(t, time.Hour)
	v, err := m.View(ctx, wispwright.ScopeAll(), geo.MapFilter{}, world, 6)
	require.NoError(t, err)
	require.Len(t, v.Marks, 10)
	got := map[string]geo.Status{}
	for _, k := range v.Marks {
		got[k.Location.Name] = k.Status
	}
	for i, want := range geo.Statuses() {
		require.Equal(t, want, got[fmt.Sprintf("place %d", i)])
	}
	require.Equal(t, map[geo.Status]int{"critical": 1, "problem": 1, "error": 1, "silent": 1, "modified": 1, "ok": 1, "unknown": 1, "deactivated": 1, "empty": 2}, v.Statuses)
	require.Equal(t, geo.Box{West: -100, South: 0, East: 160, North: 50}, v.Bounds)
	yes, no := true, false
	for name, c := range map[string]struct {
		scope  wispwright.Scope
		filter geo.MapFilter
		want   int
	}{
		"own":          {wispwright.ScopeOf(wispwright.ID{1}), geo.MapFilter{}, 9},
		"nobody's":     {wispwright.Scope{}, geo.MapFilter{}, 0},
		"organization": {wispwright.ScopeAll(), geo.MapFilter{OrganizationID: wispwright.ID{2}}, 1},
		"outside":      {wispwright.ScopeOf(wispwright.ID{1}), geo.MapFilter{OrganizationID: wispwright.ID{2}}, 0},
		"status":       {wispwright.ScopeAll(), geo.MapFilter{Statuses: []geo.Status{"ok", "silent"}}, 2},
		"no status":    {wispwright.ScopeAll(), geo.MapFilter{Statuses: []geo.Status{"x"}}, 0},
		"group":        {wispwright.ScopeAll(), geo.MapFilter{GroupID: group}, 1},
		"type":         {wispwright.ScopeAll(), geo.MapFilter{Type: geo.Indoor}, 1},
		"mobile":       {wispwright.ScopeAll(), geo.MapFilter{IsMobile: &yes}, 1},
		"fixed":        {wispwright.ScopeAll(), geo.MapFilter{IsMobile: &no}, 9},
		"search":       {wispwright.ScopeAll(), geo.MapFilter{Search: " PLACE 3 "}, 1},
		"address":      {wispwright.ScopeAll(), geo.MapFilter{Search: "üNTER"}, 1},
	} {
		v, err := m.View(ctx, c.scope, c.filter, world, 3)
		require.NoError(t, err)
		require.Equal(t, c.want, v.Locations, name)
		sum := 0
		for _, k := range v.Marks {
			sum += k.Locations
		}
		require.Equal(t, c.want, sum, name)
	}
	v, err = m.View(ctx, wispwright.ScopeAll(), geo.MapFilter{}, geo.Box{West: 170, South: -90, East: -90, North: 90}, 5)
	require.NoError(t, err)
	require.Len(t, v.Marks, 1, "across the date line")
	require.Equal(t, theirs.ID, v.Marks[0].Location.ID)
	require.Equal(t, 10, v.Locations, "counted everywhere")
}

// Clusters hold every location once, stand still while the map is moved, and fall
// apart when it comes closer.
func TestClusters(t *testing.T) {
	ctx := context.Background()
	a := &atlas{}
	random := rand.New(rand.NewPCG(1, 2)) // the same places every time
	for range 3000 {
		a.add(random.Float64()*360-180, random.Float64()*170-85, nil)
	}
	for range 5 { // at one place, which no zoom takes apart
		a.add(10, 50, nil, geo.Dot{LastSeen: time.Now()}, geo.Dot{Config: "error", LastSeen: time.Now()})
	}
	m := a.open(t, time.Hour)
	before := 0
	for zoom := range 6 {
		v, err := m.View(ctx, wispwright.ScopeAll(), geo.MapFilter{}, world, zoom)
		require.NoError(t, err)
		sum := 0
		for _, k := range v.Marks {
			sum += k.Locations
			if k.Location == nil {
				require.GreaterOrEqual(t, k.Locations, 2)
				require.True(t, k.Bounds.Contains(k.Position))
				n := 0
				for _, of := range k.Statuses {
					n += of
				}
				require.Equal(t, k.Locations, n)
			}
		}
		require.Equal(t, 3005, sum, zoom)
		require.LessOrEqual(t, len(v.Marks), 1500)
		require.GreaterOrEqual(t, len(v.Marks), before)
		require.LessOrEqual(t, v.Zoom, zoom)
		before = len(v.Marks)
	}
	at := func(west float64) map[geo.Position]int {
		v, err := m.View(ctx, wispwright.ScopeAll(), geo.MapFilter{}, geo.Box{West: west, South: -40, East: west + 60, North: 40}, 4)
		require.NoError(t, err)
		out := map[geo.Position]int{}
		for _, k := range v.Marks {
			out[k.Position] = k.Locations
		}
		return out
	}
	one, two := at(-30), at(-23)
	same := 0
	for p, n := range one {
		if p[0] > -20 && p[0] < 28 {
			require.Equal(t, n, two[p], "a cluster changes when the map is moved")
			same++
		}
	}
	require.Greater(t, same, 20)
	v, err := m.View(ctx, wispwright.ScopeAll(), geo.MapFilter{}, geo.Box{West: 9.999, South: 49.999, East: 10.001, North: 50.001}, 99)
	require.NoError(t, err)
	require.Len(t, v.Marks, 1)
	require.Equal(t, []any{5, 10, geo.StatusError, geo.Position{10, 50}}, []any{v.Marks[0].Locations, v.Marks[0].Devices, v.Marks[0].Status, v.Marks[0].Position})
}

// Many who look at once cause one reading, and nobody who looks later waits.
func TestMapIsReadOnce(t *testing.T) {
	ctx := context.Background()
	a := &atlas{wait: make(chan struct{})}
	a.add(1, 1, nil)
	m := a.open(t, time.Hour)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			v, err := m.View(ctx, wispwright.ScopeAll(), geo.MapFilter{}, world, 1)
			if err != nil || v.Locations != 1 {
				t.Errorf("%v %v", v, err)
			}
		})
	}
	a.wait <- struct{}{}
	wg.Wait()
	require.EqualValues(t, 1, a.reads.Load())
	stuck := &atlas{wait: make(chan struct{})}
	late := stuck.open(t, time.Hour)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = late.View(ctx, wispwright.ScopeAll(), geo.MapFilter{}, world, 1)
	}()
	for stuck.reads.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err := late.View(cancelled, wispwright.ScopeAll(), geo.MapFilter{}, world, 1)
	require.ErrorIs(t, err, context.Canceled, "who waits may go")
	close(stuck.wait)
	<-done
	bad := &atlas{err: errors.New("away")}
	m = bad.open(t, time.Nanosecond)
	_, err = m.View(ctx, wispwright.ScopeAll(), geo.MapFilter{}, world, 1)
	require.ErrorContains(t, err, "away")
	bad.err = nil
	_, err = m.View(ctx, wispwright.ScopeAll(), geo.MapFilter{}, world, 1)
	require.NoError(t, err)
	m.Stale()
}

// While what is old is read anew, a look gets what there is, and says so.
func TestMapDoesNotWaitLong(t *testing.T) {
	ctx := context.Background()
	a := &atlas{wait: make(chan struct{}), patience: time.Nanosecond}
	a.add(1, 1, nil)
	m := a.open(t, time.Nanosecond)
	look := func() *geo.View {
		v, err := m.View(ctx, wispwright.ScopeAll(), geo.MapFilter{}, world, 1)
		require.NoError(t, err)
		return v
	}
	first := make(chan *geo.View)
	go func() { first <- look() }()
	a.wait <- struct{}{}
	v := <-first
	require.Equal(t, []any{1, false}, []any{v.Locations, v.Stale}, "the first look waits")
	for range 3 {
		v = look()
		require.Equal(t, []any{1, true}, []any{v.Locations, v.Stale})
	}
	a.wait <- struct{}{}
	for a.reads.Load() < 3 { // the second reading has ended when a third one begins
		look()
	}
	a.wait <- struct{}{}
}

// BenchmarkMap is a look at 50,000 places, all in sight.
func BenchmarkMap(b *testing.B) {
	a := &atlas{}
	for range 50_000 {
		a.add(rand.Float64()*360-180, rand.Float64()*140-60, nil, geo.Dot{LastSeen: time.Now()})
	}
	m := a.open(b, time.Hour)
	for b.Loop() {
		_, err := m.View(context.Background(), wispwright.ScopeAll(), geo.MapFilter{Search: "place"}, world, 3)
		require.NoError(b, err)
	}
}
