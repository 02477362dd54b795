package rollout

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
)

// act stores what was seen and does what follows from it, with the rollout's row
// held. It may run more than once; again asks for another turn at once.
func (t *turn) act(ctx context.Context, r *Rollout) (again bool, err error) {
	if len(t.changed) > 0 {
		if err := t.s.stores.Steps.Save(ctx, t.changed); err != nil {
			return false, err
		}
	}
	r.NextAt, r.Gated = nil, t.r.Gated
	running := t.counts.sum(-1, InProgress)
	switch r.Status {
	case Running:
		return t.run(ctx, r)
	case RollingBack:
		return t.undo(ctx, r)
	case Cancelling:
		if running == 0 {
			return false, t.end(ctx, r, Cancelled)
		}
	}
	if running > 0 {
		t.wake(r, t.s.o.Tick)
	}
	return false, nil
}

// wake makes the next turn due after a while, unless it is sooner.
func (t *turn) wake(r *Rollout, after time.Duration) { t.wakeAt(r, t.now.Add(after)) }

func (t *turn) wakeAt(r *Rollout, at time.Time) {
	if r.NextAt == nil || at.Before(*r.NextAt) {
		r.NextAt = &at
	}
}

// run goes on with the present wave.
func (t *turn) run(ctx context.Context, r *Rollout) (again bool, err error) {
	if t.early() {
		t.wakeAt(r, *r.Strategy.Start)
		return false, nil
	}
	reason := t.tooManyFailed()
	if t.verdict != "" {
		reason = t.verdict
	}
	if reason != "" {
		return t.stop(ctx, r, reason)
	}
	r.Reason = t.silent
	counts := t.counts.copy()
	if len(t.next) > 0 {
		if r.WaveStarted == nil {
			r.WaveStarted = &t.now
		}
		if r.Started == nil {
			r.Started = &t.now
		}
		if err := t.carry(ctx, t.next, InProgress, t.driver.Begin, counts); err != nil {
			return false, err
		}
	}
	if counts.sum(r.Wave, Waiting, InProgress) > 0 {
		r.WaveEnded = nil
		t.wake(r, t.s.o.Tick)
		return t.full, nil
	}
	return t.over(ctx, r, counts)
}

func (t tallied) copy() tallied {
	out := tallied{}
	for wave, by := range t {
		out[wave] = map[State]int{}
		for s, n := range by {
			out[wave][s] = n
		}
	}
	return out
}

// carry hands steps to the driver and stores what became of them.
func (t *turn) carry(ctx context.Context, steps []*Step, as State, do func(context.Context, *Rollout, ...*Step) error, counts tallied) error {
	list, ids, was := make([]*Step, len(steps)), make([]wispwright.ID, len(steps)), states(steps)
	for i, step := range steps {
		o := *step
		if o.State, o.Detail = as, ""; as == InProgress {
			o.Begun = &t.now
		}
		list[i], ids[i] = &o, o.ID
	}
	if err := do(ctx, t.r, list...); err != nil {
		return &beginError{ids, err}
	}
	for i, step := range list {
		t.seal(step)
		counts.move(step.Wave, was[i], step.State)
	}
	return t.s.stores.Steps.Save(ctx, list)
}

// over ends a wave: after its pause, when nothing speaks against it, the next one
// begins.
func (t *turn) over(ctx context.Context, r *Rollout, counts tallied) (again bool, err error) {
	if r.WaveEnded == nil {
		r.WaveEnded = &t.now
	}
	spec := r.Strategy.wave(r.Wave)
	begun := counts.wave(r.Wave)[Succeeded]+counts.wave(r.Wave)[Failed] > 0
	if until := r.WaveEnded.Add(spec.Pause); begun && t.now.Before(until) {
		t.wakeAt(r, until)
		if t.gated() {
			t.wake(r, t.s.o.GateEvery)
		}
		return false, nil
	}
	if begun && t.gated() {
		switch {
		case t.silent != "":
			t.wake(r, t.s.o.GateEvery)
			return false, nil
		case !t.final: // they are asked in the next turn
			t.wake(r, 0)
			return true, nil
		}
	}
	if spec.Confirm && !r.Approved {
		r.Status, r.Reason = Paused, fmt.Sprintf("Wave %d is through and waits for approval.", r.Wave+1)
		return false, nil
	}
	if r.Wave+1 < r.Waves {
		t.enter(r, r.Wave+1)
		t.wake(r, 0)
		return true, nil
	}
	if away := counts.sum(-1, Offline); away > 0 {
		if d := r.Strategy.Deadline; d != nil && t.now.Before(*d) {
			r.Reason = fmt.Sprintf("Waits for %d devices that are away.", away)
			t.wake(r, max(t.s.o.Tick, t.s.o.GateEvery))
			t.wakeAt(r, *d)
			return false, nil
		}
		if _, err := t.s.stores.Steps.Move(ctx, r.ID, 0, []State{Offline}, Expired, notReturned, t.now); err != nil {
			return false, err
		}
	}
	r.Reason = ""
	return false, t.end(ctx, r, Done)
}

// enter makes a wave the present one.
func (t *turn) enter(r *Rollout, wave int) {
	r.Wave, r.WaveStarted, r.WaveEnded, r.Gated = wave, nil, nil, nil
	r.Tolerated, r.GateOff, r.Approved = 0, false, false
}

func (t *turn) end(ctx context.Context, r *Rollout, status Status) error {
	r.Status, r.Ended, r.NextAt = status, &t.now, nil
	return t.driver.Ended(ctx, r)
}

// stop ends the present wave because of what came of it.
func (t *turn) stop(ctx context.Context, r *Rollout, reason string) (again bool, err error) {
	switch r.Strategy.OnStop {
	case UndoWave:
		err = t.s.back(ctx, r, r.Wave, reason)
	case UndoAll:
		err = t.s.back(ctx, r, 0, reason)
	default:
		r.Status, r.Reason = Stopped, cut(reason)
		if t.counts.sum(-1, InProgress) > 0 {
			t.wake(r, t.s.o.Tick)
		}
		return false, nil
	}
	t.wake(r, 0)
	return true, err
}

// undo takes back the next steps.
func (t *turn) undo(ctx context.Context, r *Rollout) (again bool, err error) {
	page, err := t.s.stores.Steps.List(ctx, wispwright.ScopeAll(), StepFilter{RolloutID: r.ID, State: ToUndo}, wispwright.Page{
		Limit: t.limit, NoTotal: true, Order: []wispwright.Order{{Field: "Wave", Descending: true}, {Field: "Rank", Descending: true}},
	})
	if err != nil {
		return false, err
	}
	counts := t.counts.copy()
	var steps, given []*Step
	for _, step := range page.Rows {
		if why := t.blamed[step.ID]; why != "" {
			step.Fail(why)
			t.seal(step)
			counts.move(step.Wave, ToUndo, Failed)
			given = append(given, step)
		} else {
			steps = append(steps, step)
		}
	}
	if len(given) > 0 {
		if err := t.s.stores.Steps.Save(ctx, given); err != nil {
			return false, err
		}
	}
	if len(steps) > 0 {
		if err := t.carry(ctx, steps, Undoing, t.driver.Undo, counts); err != nil {
			return false, err
		}
	}
	t.wake(r, t.s.o.Tick)
	if counts.sum(-1, ToUndo) > 0 {
		return true, nil
	}
	if counts.sum(-1, Undoing) > 0 {
		return false, nil
	}
	if r.RollbackFrom == 0 {
		return false, t.end(ctx, r, RolledBack)
	}
	if _, err := t.s.stores.Steps.Move(ctx, r.ID, r.RollbackFrom, []State{Undone}, Waiting, "", t.now); err != nil {
		return false, err
	}
	t.enter(r, r.RollbackFrom)
	if r.Status, r.NextAt = Stopped, nil; r.Reason == "" {
		r.Reason = fmt.Sprintf("Wave %d was taken back.", r.RollbackFrom+1)
	}
	return false, nil
}
