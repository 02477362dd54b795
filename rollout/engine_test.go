package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/rollout"
	"github.com/wispwright/wispwright/rollout/rollouttest"
)

// bench is an engine over devices that are not there, with a clock that is set.
type bench struct {
	*rollout.Service
	t     *testing.T
	fleet *rollouttest.Fleet
	gate  *gate
	now   time.Time
	moved []rollout.Status
}

type gate struct {
	verdict rollout.Verdict
	err     error
	asked   []rollout.Question
}

func (*gate) Name() string { return "monitoring" }

func (g *gate) Check(_ context.Context, q rollout.Question) (rollout.Verdict, error) {
	g.asked = append(g.asked, q)
	return g.verdict, g.err
}

var (
	ctx   = context.Background()
	all   = wispwright.ScopeAll()
	start = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // a Monday
)

func newBench(t *testing.T, kind rollout.Kind) *bench {
	m := memstore.New()
	b := &bench{t: t, fleet: &rollouttest.Fleet{}, gate: &gate{}, now: start}
	var err error
	b.Service, err = rollout.New(&entity.Base{Tx: m, Tenants: entity.NoTenants{}, Clock: func() time.Time { return b.now }}, rollout.NewMemory(m), &rollout.Options{Gates: []rollout.Gate{b.gate}, Batch: 10})
	require.NoError(t, err)
	if kind.Name = "test"; kind.Driver == nil {
		kind.Driver = b.fleet
	}
	require.NoError(t, b.Register(kind))
	b.StatusChanged.Subscribe("test", func(_ context.Context, list ...rollout.Moved) {
		for _, m := range list {
			b.moved = append(b.moved, m.Rollout.Status)
		}
	})
	return b
}

func device(n int) wispwright.ID {
	return wispwright.ID{0: 1, 6: 0x40, 14: byte(n >> 8), 15: byte(n)}
}

func targets(n int) (out []rollout.Target) {
	for i := range n {
		out = append(out, rollout.Target{DeviceID: device(i), OrganizationID: wispwright.ID{1}, Name: fmt.Sprint(i)})
	}
	return out
}

func (b *bench) start(s rollout.Strategy, list []rollout.Target) *rollout.Rollout {
	b.t.Helper()
	r := &rollout.Rollout{Kind: "test", Label: "a change", Strategy: s}
	require.NoError(b.t, b.Create(ctx, r, list))
	return b.again(r)
}

// pass lets time pass, with all turns that are due meanwhile.
func (b *bench) pass(r *rollout.Rollout, d time.Duration) *rollout.Rollout {
	b.t.Helper()
	for end := b.now.Add(d); b.now.Before(end); {
		b.now = b.now.Add(min(d, max(2*time.Second, d/60)))
		_, err := b.Due(ctx)
		require.NoError(b.t, err)
	}
	return b.again(r)
}

func (b *bench) again(r *rollout.Rollout) *rollout.Rollout {
	b.t.Helper()
	r, err := b.Get(ctx, all, r.ID)
	require.NoError(b.t, err)
	return r
}

// states are how many steps of each wave are in each state.
func (b *bench) states(r *rollout.Rollout) (out []map[rollout.State]int) {
	b.t.Helper()
	waves, err := b.Progress(ctx, all, r.ID)
	require.NoError(b.t, err)
	for _, w := range waves {
		out = append(out, w.States)
	}
	return out
}

func (b *bench) step(r *rollout.Rollout, n int) *rollout.Step {
	b.t.Helper()
	list, err := b.Steps(ctx, all, rollout.StepFilter{RolloutID: r.ID, DeviceID: device(n)}, wispwright.Page{})
	require.NoError(b.t, err)
	require.Len(b.t, list.Rows, 1)
	return list.Rows[0]
}

type counts = map[rollout.State]int

func TestWavesOneAfterTheOther(t *testing.T) {
	b := newBench(t, rollout.Kind{})
	r := b.start(rollout.Strategy{Waves: []rollout.Wave{{Devices: []wispwright.ID{device(3), device(7)}, Pause: time.Minute}, {Percent: 25}, {Count: 10}}}, targets(40))
	require.Equal(t, []any{rollout.Running, 4, 40}, []any{r.Status, r.Waves, r.Total})
	require.Equal(t, []counts{{rollout.Succeeded: 2}, {rollout.Waiting: 10}, {rollout.Waiting: 10}, {rollout.Waiting: 18}}, b.states(r))
	r = b.pass(r, 58*time.Second)
	require.Equal(t, 0, r.Wave, "its pause")
	require.False(t, b.gate.asked[len(b.gate.asked)-1].Final)
	r = b.pass(r, 4*time.Second)
	require.Equal(t, rollout.Done, r.Status)
	require.Nil(t, r.NextAt)
	require.Equal(t, []counts{{rollout.Succeeded: 2}, {rollout.Succeeded: 10}, {rollout.Succeeded: 10}, {rollout.Succeeded: 18}}, b.states(r))
	order := b.fleet.Order()
	require.ElementsMatch(t, []wispwright.ID{device(3), device(7)}, order[:2])
	for n := range 40 {
		begun, _ := b.fleet.Begun(device(n))
		require.Equal(t, 1, begun)
	}
	require.Equal(t, []rollout.Status{rollout.Running, rollout.Done}, b.moved)
	require.Equal(t, []rollout.Status{rollout.Done}, b.fleet.Ends())
	finals := 0
	for _, q := range b.gate.asked {
		if q.Final {
			finals++
		}
	}
	require.Equal(t, 4, finals, "gates decide about each wave")
}

func TestBounds(t *testing.T) {
	b := newBench(t, rollout.Kind{})
	b.fleet.Slow = true
	list := targets(30)
	for i := range list {
		list[i].Site = []string{"rome", "oslo", ""}[i%3]
	}
	r := b.start(rollout.Strategy{Parallel: 8, PerSite: 2}, list)
	busy := map[string]int{}
	running, err := b.Steps(ctx, all, rollout.StepFilter{RolloutID: r.ID, State: rollout.InProgress}, wispwright.Page{})
	require.NoError(t, err)
	for _, s := range running.Rows {
		busy[s.Site]++
	}
	require.Len(t, running.Rows, 8) // whose turn it is among equals is left to chance
	require.LessOrEqual(t, busy["rome"], 2)
	require.LessOrEqual(t, busy["oslo"], 2)
	for _, s := range running.Rows {
		b.fleet.Finish(s.DeviceID)
	}
	r = b.pass(r, 2*time.Second)
	require.Equal(t, []counts{{rollout.Succeeded: 8, rollout.InProgress: 8, rollout.Waiting: 14}}, b.states(r), "whoever is done makes room at once")
	for range 10 {
		b.fleet.Finish(b.fleet.Order()...)
		r = b.pass(r, 2*time.Second)
	}
	require.Equal(t, rollout.Done, r.Status)
}

func TestFailures(t *testing.T) {
	b := newBench(t, rollout.Kind{})
	b.fleet.Break("no space left", device(0), device(1), device(2))
	r := b.start(rollout.Strategy{Waves: []rollout.Wave{{Devices: []wispwright.ID{device(0), device(1), device(2), device(3)}}}, MaxFailed: 2}, targets(10))
	require.Equal(t, rollout.Stopped, r.Status)
	require.Equal(t, "3 of 4 devices of the wave failed, 2 would be accepted.", r.Reason)
	require.Equal(t, "no space left", b.step(r, 1).Detail)
	r = b.pass(r, time.Minute)
	require.Equal(t, []counts{{rollout.Failed: 3, rollout.Succeeded: 1}, {rollout.Waiting: 6}}, b.states(r))

	b.fleet.Break("", device(0), device(1))
	_, err := b.Resume(ctx, all, r.ID, rollout.Again{Retry: true})
	require.NoError(t, err)
	require.Equal(t, rollout.Done, b.again(r).Status)
	require.Equal(t, []counts{{rollout.Failed: 1, rollout.Succeeded: 3}, {rollout.Succeeded: 6}}, b.states(r))
	begun, _ := b.fleet.Begun(device(0))
	require.Equal(t, 2, begun, "somebody wanted it again")

	b = newBench(t, rollout.Kind{})
	b.fleet.Break("no space left", device(0), device(1))
	r = b.start(rollout.Strategy{}, targets(10))
	require.Equal(t, rollout.Stopped, r.Status)
	_, err = b.Resume(ctx, all, r.ID, rollout.Again{})
	require.NoError(t, err)
	require.Equal(t, rollout.Done, b.again(r).Status, "the failures were accepted")
	var not *rollout.NotNowError
	_, err = b.Resume(ctx, all, r.ID, rollout.Again{})
	require.ErrorAs(t, err, &not)
	require.ErrorContains(t, err, "A rollout that is done cannot be resumed.")
}

func TestWhatCannotBeBegun(t *testing.T) {
	b := newBench(t, rollout.Kind{})
	b.fleet.Refuse(device(4), device(17))
	r := b.start(rollout.Strategy{MaxFailedPercent: 10}, targets(20))
	require.Equal(t, rollout.Done, r.Status)
	require.Equal(t, []counts{{rollout.Failed: 2, rollout.Succeeded: 18}}, b.states(r), "one is to blame, not the batch")
	require.Equal(t, "the device cannot be worked on", b.step(r, 17).Detail)
}

func TestTooLong(t *testing.T) {
	b := newBench(t, rollout.Kind{})
	b.fleet.Slow = true
	r := b.start(rollout.Strategy{ReturnWithin: time.Minute}, targets(3))
	b.fleet.Finish(device(0), device(1))
	r = b.pass(r, 50*time.Second)
	require.Equal(t, []counts{{rollout.Succeeded: 2, rollout.InProgress: 1}}, b.states(r))
	r = b.pass(r, 14*time.Second)
	require.Equal(t, rollout.Stopped, r.Status)
	require.Equal(t, "The device did not come back within 1m0s.", b.step(r, 2).Detail)
}

func TestDevicesThatAreAway(t *testing.T) {
	b := newBench(t, rollout.Kind{})
	b.fleet.Away(device(0), device(1), device(2))
	deadline := start.Add(time.Hour)
	r := b.start(rollout.Strategy{Waves: []rollout.Wave{{Devices: []wispwright.ID{device(0), device(5)}}}, Deadline: &deadline}, targets(10))
	require.Equal(t, []counts{{rollout.Offline: 1, rollout.Succeeded: 1}, {rollout.Offline: 2, rollout.Succeeded: 6}}, b.states(r), "nobody waits for them")
	require.Equal(t, "Waits for 3 devices that are away.", r.Reason)
	b.fleet.Return(device(1))
	require.NoError(t, b.Nudge(ctx, device(1)))
	r = b.again(r)
	require.Equal(t, rollout.Succeeded, b.step(r, 1).State)
	b.fleet.Return(device(0))
	r = b.pass(r, time.Minute)
	require.Equal(t, rollout.Succeeded, b.step(r, 0).State)
	require.Equal(t, rollout.Running, r.Status)
	r = b.pass(r, time.Hour)
	require.Equal(t, rollout.Done, r.Status)
	require.Equal(t, rollout.Expired, b.step(r, 2).State)

	b = newBench(t, rollout.Kind{})
	b.fleet.Away(device(0))
	r = b.start(rollout.Strategy{}, targets(2))
	require.Equal(t, rollout.Done, r.Status)
	require.Equal(t, "The device did not return in time.", b.step(r, 0).Detail)
}

func TestGates(t *testing.T) {
	two := rollout.Strategy{Waves: []rollout.Wave{{Count: 5, Pause: time.Minute}}}
	b := newBench(t, rollout.Kind{})
	r := b.start(two, targets(20))
	b.gate.verdict = rollout.Verdict{Worse: true, Reason: "4 of 5 devices lost their uplink"}
	r = b.pass(r, 20*time.Second)
	require.Equal(t, rollout.Stopped, r.Status)
	require.Equal(t, "monitoring: 4 of 5 devices lost their uplink", r.Reason)
	q := b.gate.asked[len(b.gate.asked)-1]
	require.Len(t, q.Devices, 5)
	require.Equal(t, start, q.Since)
	r = b.pass(r, time.Hour)
	require.Equal(t, []counts{{rollout.Succeeded: 5}, {rollout.Waiting: 15}}, b.states(r))
	_, err := b.Resume(ctx, all, r.ID, rollout.Again{})
	require.NoError(t, err)
	require.Equal(t, rollout.Stopped, b.again(r).Status, "it is as bad as before")
	_, err = b.Resume(ctx, all, r.ID, rollout.Again{IgnoreGates: true})
	require.NoError(t, err)
	r = b.pass(r, time.Minute)
	require.Equal(t, 1, r.Wave)
	require.Equal(t, rollout.Stopped, r.Status, "of the next wave the gates have a say again")

	b = newBench(t, rollout.Kind{})
	r = b.start(two, targets(20))
	b.gate.err = errors.New("no answer")
	r = b.pass(r, 10*time.Minute)
	require.Equal(t, []any{rollout.Running, 0}, []any{r.Status, r.Wave}, "who cannot say does not let it go on")
	b.gate.err = nil
	require.Equal(t, rollout.Done, b.pass(r, time.Minute).Status)

	b = newBench(t, rollout.Kind{})
	b.gate.verdict = rollout.Verdict{Worse: true}
	two.NoGates = true
	r = b.start(two, targets(20))
	require.Equal(t, rollout.Done, b.pass(r, 2*time.Minute).Status)
	require.Empty(t, b.gate.asked)
}

func TestTakenBack(t *testing.T) {
	strategy := rollout.Strategy{Waves: []rollout.Wave{{Count: 5}, {Count: 5, Pause: time.Hour}}}
	b := newBench(t, rollout.Kind{})
	r := b.start(strategy, targets(20))
	_, err := b.Rollback(ctx, all, r.ID, 2)
	require.ErrorContains(t, err, "between 0 and 1")
	_, err = b.Rollback(ctx, all, r.ID, 1)
	require.NoError(t, err)
	r = b.pass(r, 10*time.Second)
	require.Equal(t, []any{rollout.Stopped, 1, "Wave 2 was taken back."}, []any{r.Status, r.Wave, r.Reason})
	require.Equal(t, []counts{{rollout.Succeeded: 5}, {rollout.Waiting: 5}, {rollout.Waiting: 10}}, b.states(r))
	_, err = b.Resume(ctx, all, r.ID, rollout.Again{})
	require.NoError(t, err)
	require.Equal(t, counts{rollout.Succeeded: 5}, b.states(r)[1], "and done again")
	_, err = b.Rollback(ctx, all, r.ID, 0)
	require.NoError(t, err)
	r = b.pass(r, 10*time.Second)
	require.Equal(t, rollout.RolledBack, r.Status)
	require.Equal(t, []counts{{rollout.Undone: 5}, {rollout.Undone: 5}, {rollout.Dropped: 10}}, b.states(r))
	require.Equal(t, []rollout.Status{rollout.RolledBack}, b.fleet.Ends())
	undone := 0
	for n := range 20 {
		_, u := b.fleet.Begun(device(n))
		undone += u
	}
	require.Equal(t, 15, undone)

	strategy.OnStop = rollout.UndoWave
	b = newBench(t, rollout.Kind{})
	r = b.start(strategy, targets(20))
	b.gate.verdict = rollout.Verdict{Worse: true, Reason: "worse"}
	r = b.pass(r, time.Minute)
	require.Equal(t, []any{rollout.Stopped, 1, "monitoring: worse"}, []any{r.Status, r.Wave, r.Reason})
	require.Equal(t, []counts{{rollout.Succeeded: 5}, {rollout.Waiting: 5}, {rollout.Waiting: 10}}, b.states(r))
}

func TestGivenUp(t *testing.T) {
	strategy := rollout.Strategy{Waves: []rollout.Wave{{Count: 5, Confirm: true}}}
	b := newBench(t, rollout.Kind{})
	b.fleet.Slow = true
	r := b.start(strategy, targets(20))
	_, err := b.Cancel(ctx, all, r.ID)
	require.NoError(t, err)
	r = b.again(r)
	require.Equal(t, rollout.Cancelling, r.Status, "five devices work")
	b.fleet.Finish(b.fleet.Order()...)
	r = b.pass(r, 4*time.Second)
	require.Equal(t, rollout.Cancelled, r.Status)
	require.Equal(t, []counts{{rollout.Succeeded: 5}, {rollout.Dropped: 15}}, b.states(r))

	b = newBench(t, rollout.Kind{Whole: true})
	r = b.start(strategy, targets(20))
	require.Equal(t, []any{rollout.Paused, "Wave 1 is through and waits for approval."}, []any{r.Status, r.Reason})
	_, err = b.Cancel(ctx, all, r.ID)
	require.NoError(t, err)
	r = b.pass(r, 4*time.Second)
	require.Equal(t, rollout.RolledBack, r.Status)

	b = newBench(t, rollout.Kind{})
	r = b.start(strategy, targets(20))
	_, err = b.Resume(ctx, all, r.ID, rollout.Again{})
	require.NoError(t, err)
	require.Equal(t, rollout.Done, b.again(r).Status, "it was approved")
	require.NoError(t, b.Delete(ctx, all, r.ID))
	_, err = b.Get(ctx, all, r.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}

func TestSchedule(t *testing.T) {
	b := newBench(t, rollout.Kind{})
	at := start.Add(30 * time.Minute)
	list := targets(4)
	list[0].TimeZone, list[1].TimeZone = "Asia/Tokyo", "nowhere" // 21:00 there; the second has that of the strategy
	r := b.start(rollout.Strategy{Start: &at, TimeZone: "Europe/Rome", Window: &rollout.Window{Days: []time.Weekday{time.Monday}, From: "22:00", To: "04:00"}}, list)
	require.Equal(t, at, *r.NextAt)
	require.Nil(t, r.Started)
	r = b.pass(r, 29*time.Minute)
	require.Empty(t, b.fleet.Order())
	r = b.pass(r, 45*time.Minute) // 13:14, that is 22:14 in Tokyo and 14:14 in Rome
	require.Equal(t, []wispwright.ID{device(0)}, b.fleet.Order())
	r = b.pass(r, 7*time.Hour)
	require.Len(t, b.fleet.Order(), 1, "20:14 is 21:14 in Rome")
	r = b.pass(r, time.Hour)
	require.Equal(t, rollout.Done, r.Status)
}

func TestDeletedDevices(t *testing.T) {
	b := newBench(t, rollout.Kind{})
	b.fleet.Slow = true
	r := b.start(rollout.Strategy{}, targets(3))
	b.fleet.Finish(device(0), device(1))
	r = b.pass(r, 4*time.Second)
	require.Equal(t, rollout.Running, r.Status)
	require.NoError(t, b.ForgetDevices(ctx, device(2)))
	require.Equal(t, rollout.Done, b.again(r).Status, "nobody waits for a device that is gone")
}

func TestRefused(t *testing.T) {
	b := newBench(t, rollout.Kind{})
	for name, s := range map[string]rollout.Strategy{
		"strategy.waves.0":            {Waves: []rollout.Wave{{Percent: 5, Count: 3}}},
		"strategy.waves.0.percent":    {Waves: []rollout.Wave{{Percent: 101}}},
		"strategy.waves.0.pause":      {Waves: []rollout.Wave{{Pause: -1}}},
		"strategy.waves.0.devices":    {Waves: []rollout.Wave{{Devices: []wispwright.ID{device(99)}}}},
		"strategy.window.from":        {Window: &rollout.Window{From: "25:00", To: "04:00"}},
		"strategy.time_zone":          {TimeZone: "Rome"},
		"strategy.on_stop":            {OnStop: "explode"},
		"strategy.parallel":           {Parallel: -1},
		"strategy.max_failed_percent": {MaxFailedPercent: 101},
	} {
		err := b.Create(ctx, &rollout.Rollout{Kind: "test", Strategy: s}, targets(3))
		var v *wispwright.ValidationError
		require.ErrorAs(t, err, &v, name)
		require.True(t, v.Has(name), "%s: %v", name, err)
	}
	require.ErrorContains(t, b.Create(ctx, &rollout.Rollout{Kind: "other"}, targets(3)), "not a valid choice")
	require.ErrorContains(t, b.Create(ctx, &rollout.Rollout{Kind: "test"}, nil), "no devices")
	require.Error(t, b.Register(rollout.Kind{Name: "test", Driver: b.fleet}))
}
