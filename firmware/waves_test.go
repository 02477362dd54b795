package firmware_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwaresql"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/rollout"
	"github.com/wispwright/wispwright/rollout/rolloutsql"
)

// flashes is an upgrader whose devices do as they are told, but for some.
type flashes struct {
	mu    sync.Mutex
	count map[wispwright.ID]int
	// fault is how upgrades of a device end otherwise
	fault map[wispwright.ID]error
}

func (f *flashes) Upgrade(ctx context.Context, t firmware.Task) error {
	d, err := t.Device(ctx)
	if err != nil {
		return err
	}
	f.mu.Lock()
	fault := f.fault[d.ID]
	f.mu.Unlock()
	if fault != nil {
		if err := t.Log(ctx, "it went wrong"); err != nil {
			return err
		}
		return fault
	}
	if err := t.Flash(ctx, 65, map[string]any{}); err != nil {
		return err
	}
	f.mu.Lock()
	f.count[d.ID]++
	f.mu.Unlock()
	return nil
}

// gate says what it is told to.
type gate struct{ worse []wispwright.ID }

func (g *gate) Name() string { return "monitoring" }
func (g *gate) Check(_ context.Context, q rollout.Question) (rollout.Verdict, error) {
	for _, id := range q.Devices {
		if slices.Contains(g.worse, id) {
			return rollout.Verdict{Worse: true, Reason: "one cannot be reached"}, nil
		}
	}
	return rollout.Verdict{}, nil
}

// turns keeps turns of rollouts until the test does them.
type turns struct{ ids map[wispwright.ID]bool }

func (q *turns) Enqueue(ctx context.Context, ids ...wispwright.ID) error {
	wispwright.AfterCommit(ctx, func() {
		for _, id := range ids {
			q.ids[id] = true
		}
	})
	return nil
}

// wavy is a world with waves.
type wavy struct {
	*firmwaretest.World
	t       *testing.T
	up      *flashes
	gate    *gate
	waves   *rollout.Service
	queue   *turns
	away    map[wispwright.ID]bool
	sites   map[wispwright.ID]firmware.Site
	devices []wispwright.ID
}

// stores are where a wavy world keeps things.
type stores struct {
	tx       wispwright.Transactor
	firmware firmware.Stores
	rollouts rollout.Stores
}

func newWavy(t *testing.T, s stores, devices int) *wavy {
	t.Helper()
	w := &wavy{t: t, up: &flashes{count: map[wispwright.ID]int{}, fault: map[wispwright.ID]error{}}, gate: &gate{}, queue: &turns{map[wispwright.ID]bool{}},
		away: map[wispwright.ID]bool{}, sites: map[wispwright.ID]firmware.Site{}}
	now := func() time.Time { return w.World.Now }
	var err error
	w.waves, err = rollout.New(&entity.Base{Tx: s.tx, Tenants: entity.NoTenants{}, Clock: now}, s.rollouts, &rollout.Options{Jobs: w.queue, Gates: []rollout.Gate{w.gate}})
	require.NoError(t, err)
	upgrader := firmware.UpgraderType{Strategies: []string{connection.StrategyOpenWrt}, Label: "boxes", Upgrader: w.up}
	w.World = &firmwaretest.World{}
	w.World = firmwaretest.NewWorldOver(t, firmwaretest.Storage{Tx: s.tx, Stores: s.firmware}, []firmware.UpgraderType{upgrader}, func(o *firmware.Options) {
		o.Rollouts, o.Retries, o.NoJitter = w.waves, -1, true
		o.Online = func(_ context.Context, ids ...wispwright.ID) (map[wispwright.ID]bool, error) {
			out := map[wispwright.ID]bool{}
			for _, id := range ids {
				out[id] = !w.away[id]
			}
			return out, nil
		}
		o.Sites = func(context.Context, ...wispwright.ID) (map[wispwright.ID]firmware.Site, error) { return w.sites, nil }
	})
	for n := range devices {
		id := w.Device(n + 1)
		w.devices = append(w.devices, id)
		w.Begin(t, id, w.Images[0], "{}") // all have the first build
	}
	w.Queue.Drain(t, w.Service)
	w.up.count = map[wispwright.ID]int{}
	return w
}

// each runs a test over all storages.
func each(t *testing.T, devices int, fn func(t *testing.T, w *wavy)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		m := memstore.New()
		fn(t, newWavy(t, stores{m, firmware.NewMemory(m), rollout.NewMemory(m)}, devices))
	})
	over := func(db *sqlstore.DB) func(*testing.T) {
		return func(t *testing.T) {
			require.NoError(t, db.Migrate(t.Context(), firmwaresql.Migrations()))
			require.NoError(t, db.Migrate(t.Context(), rolloutsql.Migrations()))
			f, err := firmwaresql.New(db)
			require.NoError(t, err)
			r, err := rolloutsql.New(db)
			require.NoError(t, err)
			fn(t, newWavy(t, stores{db, f, r}, devices))
		}
	}
	t.Run("SQLite", over(testkit.SQLite(t)))
	t.Run("PostgreSQL", over(testkit.Postgres(t)))
}

// settle does what is to be done until nothing happens any more; time passes.
func (w *wavy) settle() {
	w.t.Helper()
	idle := 0
	for n := 0; idle < 3; n++ {
		require.Less(w.t, n, 200, "it comes to no end")
		w.World.Now = w.World.Now.Add(11 * time.Second)
		_, err := w.waves.Due(w.t.Context())
		require.NoError(w.t, err)
		some := w.queue.ids
		w.queue.ids = map[wispwright.ID]bool{}
		before := w.state()
		for id := range some {
			require.NoError(w.t, w.waves.Work(w.t.Context(), id))
		}
		w.Queue.Drain(w.t, w.Service)
		if idle++; w.state() != before {
			idle = 0
		}
	}
}

// state is what all operations and rollouts are.
func (w *wavy) state() string {
	list, err := w.Operations.List(w.t.Context(), wispwright.ScopeAll(), firmware.OperationFilter{}, wispwright.Page{})
	require.NoError(w.t, err)
	var parts []string
	for _, op := range list.Rows {
		parts = append(parts, fmt.Sprint(op.ID, op.Status, op.Queued != nil))
	}
	slices.Sort(parts)
	all, err := w.waves.List(w.t.Context(), wispwright.ScopeAll(), rollout.RolloutFilter{}, wispwright.Page{})
	require.NoError(w.t, err)
	for _, r := range all.Rows {
		progress, err := w.waves.Progress(w.t.Context(), wispwright.ScopeAll(), r.ID)
		require.NoError(w.t, err)
		parts = append(parts, fmt.Sprint(r.Status, r.Wave, r.WaveEnded != nil, progress))
	}
	return strings.Join(parts, "\n")
}

func (w *wavy) launch(s rollout.Strategy) *firmware.Batch {
	w.t.Helper()
	b := &firmware.Batch{BuildID: w.Builds[1].ID, Strategy: &s}
	ctx := wispwright.WithCaller(w.t.Context(), &wispwright.Caller{ID: wispwright.NewID(), Name: "ann", Superuser: true})
	require.NoError(w.t, w.Batches.Launch(ctx, wispwright.ScopeAll(), b))
	w.Queue.Drain(w.t, w.Service)
	return w.batch(b)
}

func (w *wavy) batch(b *firmware.Batch) *firmware.Batch {
	w.t.Helper()
	after, err := w.Batches.Get(w.t.Context(), wispwright.ScopeAll(), b.ID)
	require.NoError(w.t, err)
	return after
}

func (w *wavy) rollout(b *firmware.Batch) *rollout.Rollout {
	w.t.Helper()
	r, err := w.waves.Get(w.t.Context(), wispwright.ScopeAll(), b.RolloutID)
	require.NoError(w.t, err)
	return r
}

// flashed counts the devices that were, and checks that none was twice.
func (w *wavy) flashed() (n int) {
	w.t.Helper()
	for id, count := range w.up.count {
		require.Equal(w.t, 1, count, id)
		n++
	}
	return n
}

// has is which version devices are said to have.
func (w *wavy) has(device wispwright.ID) string {
	w.t.Helper()
	row, err := w.Devices.Of(w.t.Context(), wispwright.ScopeAll(), device)
	require.NoError(w.t, err)
	for i, image := range w.Images {
		if image.ID == row.ImageID {
			return fmt.Sprint(w.Builds[i].Version, " ", row.Installed)
		}
	}
	return "?"
}

// A build reaches its devices in waves; a wave after which a device is worse is the
// last until somebody decides.
func TestWaves(t *testing.T) {
	t.Parallel()
	each(t, 10, func(t *testing.T, w *wavy) {
		canary := w.devices[3]
		w.gate.worse = []wispwright.ID{canary}
		b := w.launch(rollout.Strategy{Waves: []rollout.Wave{{Devices: []wispwright.ID{canary}}, {Percent: 30}}})
		require.Equal(t, firmware.InProgress, b.Status)
		r := w.rollout(b)
		require.Equal(t, []any{"WiFi 2.0", "ann", 3, 10, b.ID}, []any{r.Label, r.Actor, r.Waves, r.Total, r.SubjectID})
		w.settle()
		require.Equal(t, rollout.Stopped, w.rollout(b).Status)
		require.Contains(t, w.rollout(b).Reason, "monitoring: one cannot be reached")
		require.Equal(t, 1, w.flashed(), "the others never had their turn")
		require.Equal(t, firmware.InProgress, w.batch(b).Status)

		_, err := w.waves.Resume(t.Context(), wispwright.ScopeAll(), b.RolloutID, rollout.Again{IgnoreGates: true})
		require.NoError(t, err)
		w.settle()
		require.Equal(t, rollout.Done, w.rollout(b).Status)
		require.Equal(t, firmware.Success, w.batch(b).Status)
		require.Equal(t, 10, w.flashed())
		for _, id := range w.devices {
			require.Equal(t, "2.0 true", w.has(id))
		}
	})
}

// What failed stops a wave; it is tried again, or the wave is taken back, and then
// devices have what they had.
func TestWavesThatFail(t *testing.T) {
	t.Parallel()
	each(t, 6, func(t *testing.T, w *wavy) {
		bad := w.devices[0]
		w.up.fault[bad] = errors.New("bad blocks")
		b := w.launch(rollout.Strategy{Waves: []rollout.Wave{{Devices: []wispwright.ID{bad, w.devices[1]}}}})
		w.settle()
		require.Equal(t, rollout.Stopped, w.rollout(b).Status)
		require.Contains(t, w.rollout(b).Reason, "1 of 2 devices of the wave failed")
		require.Equal(t, "1.0 true", w.has(w.devices[2]), "not begun")

		_, err := w.waves.Resume(t.Context(), wispwright.ScopeAll(), b.RolloutID, rollout.Again{Retry: true})
		require.NoError(t, err)
		w.settle()
		require.Equal(t, rollout.Stopped, w.rollout(b).Status, "it failed again")
		delete(w.up.fault, bad)
		_, err = w.waves.Resume(t.Context(), wispwright.ScopeAll(), b.RolloutID, rollout.Again{Retry: true})
		require.NoError(t, err)
		w.settle()
		require.Equal(t, rollout.Done, w.rollout(b).Status)
		require.Equal(t, 6, w.flashed())
		require.Equal(t, firmware.Success, w.batch(b).Status)
	})
}

func TestWavesTakenBack(t *testing.T) {
	t.Parallel()
	each(t, 5, func(t *testing.T, w *wavy) {
		bad := w.devices[0]
		w.up.fault[bad] = errors.New("bad blocks")
		b := w.launch(rollout.Strategy{Waves: []rollout.Wave{{Devices: []wispwright.ID{bad, w.devices[1]}}}, OnStop: rollout.UndoAll})
		w.settle()
		require.Equal(t, rollout.RolledBack, w.rollout(b).Status)
		for _, id := range w.devices {
			require.Equal(t, "1.0 true", w.has(id))
		}
		require.Equal(t, map[wispwright.ID]int{w.devices[1]: 2}, w.up.count, "there and back")
		after := w.batch(b)
		require.Equal(t, []any{firmware.Cancelled, "It was taken back."}, []any{after.Status, after.Problem})
	})
}

// A second wave that was taken back comes once more when somebody wants it to.
func TestWavesComeOnceMore(t *testing.T) {
	t.Parallel()
	each(t, 3, func(t *testing.T, w *wavy) {
		bad := w.devices[2]
		w.up.fault[bad] = errors.New("bad blocks")
		b := w.launch(rollout.Strategy{Waves: []rollout.Wave{{Devices: []wispwright.ID{w.devices[0]}}}, OnStop: rollout.UndoWave})
		w.settle()
		r := w.rollout(b)
		require.Equal(t, []any{rollout.Stopped, 1}, []any{r.Status, r.Wave})
		require.Equal(t, []string{"2.0 true", "1.0 true", "1.0 true"}, []string{w.has(w.devices[0]), w.has(w.devices[1]), w.has(bad)})
		delete(w.up.fault, bad)
		_, err := w.waves.Resume(t.Context(), wispwright.ScopeAll(), b.RolloutID, rollout.Again{})
		require.NoError(t, err)
		w.settle()
		require.Equal(t, rollout.Done, w.rollout(b).Status)
		require.Equal(t, firmware.Success, w.batch(b).Status)
		for _, id := range w.devices {
			require.Equal(t, "2.0 true", w.has(id))
		}
		require.Equal(t, map[wispwright.ID]int{w.devices[0]: 1, w.devices[1]: 3, bad: 1}, w.up.count, "there, back and there again")
	})
}

// Devices that are away are waited for, and taken when they return; those that do
// not have failed at the deadline.
func TestWavesWaitForDevices(t *testing.T) {
	t.Parallel()
	each(t, 4, func(t *testing.T, w *wavy) {
		w.away[w.devices[0]], w.away[w.devices[1]] = true, true
		// the third cannot be reached although nobody knew
		w.up.fault[w.devices[2]] = &firmware.RecoverableError{Cause: "no route to host"}
		deadline := w.World.Now.Add(100 * time.Hour)
		b := w.launch(rollout.Strategy{Deadline: &deadline, NoGates: true})
		require.True(t, b.IsPersistent)
		w.settle()
		require.Equal(t, 1, w.flashed())
		require.Equal(t, rollout.Running, w.rollout(b).Status)
		counts, err := w.Batches.Count(t.Context(), b.ID)
		require.NoError(t, err)
		require.Equal(t, 1, counts[b.ID].By[firmware.Pending])

		delete(w.away, w.devices[0])
		delete(w.up.fault, w.devices[2])
		w.World.Now = w.World.Now.Add(20 * time.Hour)
		_, err = w.Operations.Resume(t.Context(), time.Minute)
		require.NoError(t, err)
		w.Queue.Drain(t, w.Service)
		w.settle()
		require.Equal(t, 3, w.flashed())
		require.Contains(t, w.rollout(b).Reason, "Waits for 1 devices")

		w.World.Now = deadline.Add(time.Minute)
		w.settle()
		require.Equal(t, rollout.Done, w.rollout(b).Status)
		require.Equal(t, firmware.Failed, w.batch(b).Status)
		require.Equal(t, 3, w.flashed())
		require.Equal(t, "1.0 true", w.has(w.devices[1]))
	})
}

// Two devices of one site are never upgraded at once; who gives a batch up gives up
// what waits.
func TestWavesAreBoundedAndGivenUp(t *testing.T) {
	t.Parallel()
	each(t, 4, func(t *testing.T, w *wavy) {
		for i, id := range w.devices {
			w.sites[id] = firmware.Site{Name: []string{"roof", "yard"}[i%2], TimeZone: "Europe/Rome"}
		}
		b := w.launch(rollout.Strategy{PerSite: 1, NoGates: true})
		require.NoError(t, w.waves.Work(t.Context(), b.RolloutID)) // the jobs of upgrades do not run
		queued := false
		list, err := w.Operations.List(t.Context(), wispwright.ScopeAll(), firmware.OperationFilter{BatchID: b.ID, Waiting: &queued}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, list.Rows, 2)
		first := slices.Index(w.devices, list.Rows[0].DeviceID)
		require.Equal(t, 1, (first+slices.Index(w.devices, list.Rows[1].DeviceID))%2, "one of each site")

		_, err = w.Batches.Cancel(t.Context(), wispwright.ScopeAll(), b.ID)
		require.NoError(t, err)
		w.settle()
		require.Equal(t, rollout.Cancelled, w.rollout(b).Status)
		require.Equal(t, firmware.Cancelled, w.batch(b).Status)
		require.Zero(t, w.flashed())
	})
}

// What is wrong with a strategy is said at once and nothing is stored.
func TestWavesThatCannotBe(t *testing.T) {
	t.Parallel()
	m := memstore.New()
	w := newWavy(t, stores{m, firmware.NewMemory(m), rollout.NewMemory(m)}, 2)
	for path, s := range map[string]rollout.Strategy{
		"strategy.waves.0.percent": {Waves: []rollout.Wave{{Percent: 101}}},
		"strategy.waves.0.devices": {Waves: []rollout.Wave{{Devices: []wispwright.ID{wispwright.NewID()}}}},
		"strategy.time_zone":       {TimeZone: "Mars/Olympus"},
		"strategy.max_failed":      {MaxFailed: -1},
		"strategy.on_stop":         {OnStop: "panic"},
	} {
		err := w.Batches.Launch(t.Context(), wispwright.ScopeAll(), &firmware.Batch{BuildID: w.Builds[1].ID, Strategy: &s})
		var invalid *wispwright.ValidationError
		require.ErrorAs(t, err, &invalid, path)
		require.True(t, invalid.Has(path), "%s: %v", path, err)
	}
	list, err := w.Batches.List(t.Context(), wispwright.ScopeAll(), firmware.BatchFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Empty(t, list.Rows)
	plain := firmwaretest.NewWorld(t, nil)
	err = plain.Batches.Launch(t.Context(), wispwright.ScopeAll(), &firmware.Batch{BuildID: plain.Builds[1].ID, Strategy: &rollout.Strategy{}})
	require.ErrorContains(t, err, "Upgrades in waves are not available here.")
}
