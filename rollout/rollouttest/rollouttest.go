// Package rollouttest checks that a storage keeps everything the engine of
// rollouts relies on, and has a Driver over devices that are not there. Any
// implementation must pass Run.
package rollouttest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/rollout"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores rollout.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("rollouts", func(t *testing.T) { RunRollouts(t, h) })
	t.Run("steps", func(t *testing.T) { RunSteps(t, h) })
	t.Run("questions", func(t *testing.T) { RunQuestions(t, h) })
	t.Run("moves", func(t *testing.T) { RunMoves(t, h) })
}

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xab, 0x40, byte(n>>8), byte(n)
	return out
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

func pointer[T any](v T) *T { return &v }

func stored(n int) *time.Time { return pointer(at(n).Truncate(time.Microsecond)) }

func sample(n, organization int) *rollout.Rollout {
	r := &rollout.Rollout{
		ID: id(1000 + n), OrganizationID: id(organization), Kind: fmt.Sprintf("kind.%d", n%2), SubjectID: id(100 + n%3), Label: fmt.Sprintf("näher %d", n), Status: rollout.Statuses()[n%3], Reason: "why",
		Strategy: rollout.Strategy{
			Waves: []rollout.Wave{{Devices: []wispwright.ID{id(5)}, Pause: time.Minute, Confirm: true}, {Percent: 12.5}, {Count: 7}}, Parallel: 3, PerSite: 2, MaxFailed: 1,
			MaxFailedPercent: 2.5, MaxUnreachable: pointer(0), MaxProblemsPercent: pointer(12.5), ReturnWithin: time.Hour, OnStop: rollout.UndoWave, Start: stored(1), Deadline: stored(2), TimeZone: "Europe/Rome",
			Window: &rollout.Window{Days: []time.Weekday{time.Monday}, From: "22:00", To: "04:00"}, NoGates: true,
		},
		Waves: 3, Total: 40 + n, Wave: 1, WaveStarted: stored(n), WaveEnded: stored(n + 1), Tolerated: 2, GateOff: n%2 == 0, Approved: n%2 == 1, Gated: stored(n + 2), RollbackFrom: 1,
		Turn: int64(n), ActorID: id(77), Actor: "anna", Created: at(n), Modified: at(n + 1), Started: stored(n), Ended: stored(n + 9),
	}
	if n%3 != 0 {
		r.NextAt = stored(n)
	}
	return r
}

// RunRollouts checks the store of rollouts.
func RunRollouts(t *testing.T, h Harness) {
	s := h(t)
	storetest.RunRepo(t, s.Stores.Rollouts, storetest.Sample[wispwright.ID, rollout.Rollout, rollout.RolloutFilter]{
		Tx: s.Tx, New: func(n, o int) *rollout.Rollout { return sample(n, 1+o) }, Key: func(r *rollout.Rollout) wispwright.ID { return r.ID },
		Mutate: func(r *rollout.Rollout) { r.Label += "!"; r.NextAt = nil }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Label", "Created"},
		Filters: map[string]storetest.Filter[rollout.Rollout, rollout.RolloutFilter]{
			"organization": {Filter: rollout.RolloutFilter{OrganizationID: id(2)}, Selects: func(r *rollout.Rollout) bool { return r.OrganizationID == id(2) }},
			"kind":         {Filter: rollout.RolloutFilter{Kind: "kind.1"}, Selects: func(r *rollout.Rollout) bool { return r.Kind == "kind.1" }},
			"subject":      {Filter: rollout.RolloutFilter{SubjectID: id(101)}, Selects: func(r *rollout.Rollout) bool { return r.SubjectID == id(101) }},
			"status":       {Filter: rollout.RolloutFilter{Status: rollout.Paused}, Selects: func(r *rollout.Rollout) bool { return r.Status == rollout.Paused }},
			"due": {Filter: rollout.RolloutFilter{NextAtBefore: at(3)}, Selects: func(r *rollout.Rollout) bool {
				return r.NextAt != nil && r.NextAt.Before(at(3).Truncate(time.Microsecond))
			}},
		},
		Search: &storetest.Search[rollout.Rollout, rollout.RolloutFilter]{
			Put: func(r *rollout.Rollout, text string) { r.Label = text }, Filter: func(text string) rollout.RolloutFilter { return rollout.RolloutFilter{Search: text} },
		},
	})
}

func step(n, of, organization int) *rollout.Step {
	return &rollout.Step{
		ID: id(3000 + n), RolloutID: id(1000 + of), DeviceID: id(2000 + n), OrganizationID: id(organization), Name: fmt.Sprintf("gerät %d", n), Wave: n % 3, Rank: n / 3,
		Site: []string{"", "rome", "oslo"}[n%3], TimeZone: []string{"", "Europe/Rome"}[n%2], State: rollout.States()[n%4], Detail: "detail", Memo: `{"a": 1}`,
		Begun: stored(n), Ended: stored(n + 1), Modified: at(n),
	}
}

// with is a storage with two rollouts.
func with(t *testing.T, h Harness) Storage {
	t.Helper()
	s := h(t)
	for n := range 2 {
		require.NoError(t, s.Stores.Rollouts.Insert(context.Background(), sample(n, 1)))
	}
	return s
}

// RunSteps checks the store of steps as a repository.
func RunSteps(t *testing.T, h Harness) {
	s := with(t, h)
	storetest.RunRepo(t, s.Stores.Steps, storetest.Sample[wispwright.ID, rollout.Step, rollout.StepFilter]{
		Tx: s.Tx, New: func(n, o int) *rollout.Step { return step(n, n%2, 1+o) }, Key: func(o *rollout.Step) wispwright.ID { return o.ID },
		Mutate: func(o *rollout.Step) { o.Detail += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Name", "State", "Modified"},
		Uniques: map[string]func(*rollout.Step) *rollout.Step{rollout.UniqueStep: func(first *rollout.Step) *rollout.Step {
			o := *first
			o.ID = id(3900)
			return &o
		}},
		Filters: map[string]storetest.Filter[rollout.Step, rollout.StepFilter]{
			"rollout": {Filter: rollout.StepFilter{RolloutID: id(1001)}, Selects: func(o *rollout.Step) bool { return o.RolloutID == id(1001) }},
			"device":  {Filter: rollout.StepFilter{DeviceID: id(2002)}, Selects: func(o *rollout.Step) bool { return o.DeviceID == id(2002) }},
			"wave":    {Filter: rollout.StepFilter{Wave: pointer(0)}, Selects: func(o *rollout.Step) bool { return o.Wave == 0 }},
			"state":   {Filter: rollout.StepFilter{State: rollout.Offline}, Selects: func(o *rollout.Step) bool { return o.State == rollout.Offline }},
			"states": {Filter: rollout.StepFilter{States: wispwright.Only(rollout.Offline, rollout.Waiting)}, Selects: func(o *rollout.Step) bool {
				return o.State == rollout.Offline || o.State == rollout.Waiting
			}},
			"site":  {Filter: rollout.StepFilter{Site: "rome"}, Selects: func(o *rollout.Step) bool { return o.Site == "rome" }},
			"after": {Filter: rollout.StepFilter{After: id(3002)}, Selects: func(o *rollout.Step) bool { return o.ID.String() > id(3002).String() }},
		},
		Search: &storetest.Search[rollout.Step, rollout.StepFilter]{
			Put: func(o *rollout.Step, text string) { o.Name = text }, Filter: func(text string) rollout.StepFilter { return rollout.StepFilter{Search: text} },
		},
		Orphan: func(n int) *rollout.Step { return step(n, 7, 1) },
	})
	t.Run("the steps of a rollout go with it", func(t *testing.T) {
		ctx := context.Background()
		s := with(t, h)
		require.NoError(t, s.Stores.Steps.InsertMany(ctx, []*rollout.Step{step(0, 0, 1), step(1, 1, 1)}))
		require.NoError(t, s.Stores.Rollouts.Delete(ctx, all(), id(1000)))
		left, err := s.Stores.Steps.List(ctx, all(), rollout.StepFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 1, left.Total)
		require.Equal(t, id(3001), left.Rows[0].ID)
	})
}

// many is a storage with twelve steps of the first rollout, all waiting, and one
// of the second.
func many(t *testing.T, h Harness) Storage {
	t.Helper()
	s := with(t, h)
	var list []*rollout.Step
	for n := range 12 {
		o := step(n, 0, 1+n%2)
		o.State, o.Begun, o.Ended = rollout.Waiting, nil, nil
		list = append(list, o)
	}
	list = append(list, step(12, 1, 1))
	require.NoError(t, s.Stores.Steps.InsertMany(context.Background(), list))
	return s
}

func ranks(steps []*rollout.Step) (out []string) {
	for _, o := range steps {
		out = append(out, fmt.Sprintf("%d.%d", o.Wave, o.Rank))
	}
	return out
}

// RunQuestions checks what the engine asks of steps.
func RunQuestions(t *testing.T, h Harness) {
	ctx := context.Background()
	t.Run("what comes next", func(t *testing.T) {
		s := many(t, h)
		next := func(c rollout.Candidates) []string {
			c.RolloutID = id(1000)
			list, err := s.Stores.Steps.Next(ctx, c)
			require.NoError(t, err)
			return ranks(list)
		}
		require.Equal(t, []string{"0.0", "0.1", "0.2"}, next(rollout.Candidates{Wave: 0, Limit: 3}))
		require.Equal(t, []string{"0.0", "0.1", "0.2", "0.3", "1.0"}, next(rollout.Candidates{Wave: 1, Limit: 5}))
		require.Equal(t, []string{"0.0", "0.1", "0.2", "0.3"}, next(rollout.Candidates{Wave: 0, Limit: 50}), "later waves wait")
		require.Equal(t, []string{"2.0", "2.1", "2.2", "2.3"}, next(rollout.Candidates{Wave: 2, Limit: 50, NotSites: []string{"", "rome"}}))
		require.Equal(t, []string{"0.1", "0.3", "1.0", "1.2"}, next(rollout.Candidates{Wave: 1, Limit: 50, NotZones: []string{""}}))
	})
	t.Run("counts", func(t *testing.T) {
		s := many(t, h)
		done := step(0, 0, 1)
		done.State = rollout.Succeeded
		running := step(1, 0, 2)
		running.State, running.Site = rollout.InProgress, "rome"
		require.NoError(t, s.Stores.Steps.Save(ctx, []*rollout.Step{done, running}))
		counts, err := s.Stores.Steps.Counts(ctx, all(), id(1000))
		require.NoError(t, err)
		require.ElementsMatch(t, []rollout.Count{{Wave: 0, State: rollout.Succeeded, N: 1}, {Wave: 0, State: rollout.Waiting, N: 3}, {Wave: 1, State: rollout.InProgress, N: 1}, {Wave: 1, State: rollout.Waiting, N: 3}, {Wave: 2, State: rollout.Waiting, N: 4}}, counts)
		counts, err = s.Stores.Steps.Counts(ctx, wispwright.ScopeOf(id(1)), id(1000))
		require.NoError(t, err)
		n := 0
		for _, c := range counts {
			n += c.N
		}
		require.Equal(t, 6, n, "those of one organization")
		busy, err := s.Stores.Steps.Busy(ctx, id(1000))
		require.NoError(t, err)
		require.Equal(t, map[string]int{"rome": 1}, busy)
		zones, err := s.Stores.Steps.Zones(ctx, id(1000))
		require.NoError(t, err)
		require.Equal(t, []string{"", "Europe/Rome"}, zones)
	})
	t.Run("devices", func(t *testing.T) {
		s := many(t, h)
		away := step(4, 0, 1)
		away.State = rollout.Offline
		require.NoError(t, s.Stores.Steps.Save(ctx, []*rollout.Step{away}))
		active, err := s.Stores.Steps.Active(ctx, id(2004), id(2005))
		require.NoError(t, err)
		require.Equal(t, []wispwright.ID{id(1000)}, active)
		active, err = s.Stores.Steps.Active(ctx, id(2005), id(2012))
		require.NoError(t, err)
		require.Empty(t, active, "what waits for its turn waits for nothing of the device")
		of, err := s.Stores.Steps.Forget(ctx, id(2004), id(2012), id(7777))
		require.NoError(t, err)
		require.Equal(t, []wispwright.ID{id(1000), id(1001)}, of)
		left, err := s.Stores.Steps.List(ctx, all(), rollout.StepFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 11, left.Total)
	})
}

// RunMoves checks how steps come from one state to another.
func RunMoves(t *testing.T, h Harness) {
	ctx := context.Background()
	t.Run("saved", func(t *testing.T) {
		s := many(t, h)
		o, err := s.Stores.Steps.Get(ctx, all(), id(3003))
		require.NoError(t, err)
		want := *o
		want.State, want.Detail, want.Memo, want.Begun, want.Ended, want.Modified = rollout.Failed, "broken", `{"b": 2}`, stored(50), stored(51), at(52).Truncate(time.Microsecond)
		sent := want
		sent.Name, sent.Wave, sent.Site = "another", 9, "elsewhere"
		require.NoError(t, s.Stores.Steps.Save(ctx, []*rollout.Step{&sent}))
		o, err = s.Stores.Steps.Get(ctx, all(), id(3003))
		require.NoError(t, err)
		require.Equal(t, &want, o, "only what changes is stored")
	})
	t.Run("all at once", func(t *testing.T) {
		s := many(t, h)
		var list []*rollout.Step
		for n := range 6 {
			o := step(n, 0, 1)
			o.State, o.Begun, o.Ended = rollout.Succeeded, stored(1), stored(2)
			list = append(list, o)
		}
		require.NoError(t, s.Stores.Steps.Save(ctx, list))
		n, err := s.Stores.Steps.Move(ctx, id(1000), 1, []rollout.State{rollout.Succeeded, rollout.Failed}, rollout.ToUndo, "taken back", at(60))
		require.NoError(t, err)
		require.Equal(t, 4, n)
		found, err := s.Stores.Steps.List(ctx, all(), rollout.StepFilter{State: rollout.ToUndo}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, []string{"1.0", "1.1", "2.0", "2.1"}, ranks(found.Rows))
		require.Equal(t, "taken back", found.Rows[0].Detail)
		require.Equal(t, stored(1), found.Rows[0].Begun, "times stay")
		n, err = s.Stores.Steps.Move(ctx, id(1000), 0, []rollout.State{rollout.ToUndo}, rollout.Waiting, "", at(61))
		require.NoError(t, err)
		require.Equal(t, 4, n)
		o, err := s.Stores.Steps.Get(ctx, all(), id(3001))
		require.NoError(t, err)
		require.Nil(t, o.Begun)
		require.Nil(t, o.Ended)
		require.Equal(t, rollout.Waiting, o.State)
	})
}
