package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
)

// Work does turns of a rollout until it has to wait for something. It may be
// called again after an error or a crash, and goes on where things stand.
func (s *Service) Work(ctx context.Context, id wispwright.ID) error {
	limit, blamed := s.o.Batch, map[wispwright.ID]string{}
	for {
		again, err := s.turn(ctx, id, limit, blamed)
		var refused *beginError
		switch {
		case errors.As(err, &refused) && !errors.Is(err, wispwright.ErrUnavailable) && ctx.Err() == nil:
			if len(refused.steps) == 1 {
				blamed[refused.steps[0]] = refused.cause.Error()
				limit = s.o.Batch
			} else {
				limit = 1
			}
			continue
		case err != nil:
			return err
		case !again || ctx.Err() != nil:
			return ctx.Err()
		}
	}
}

// beginError says which steps were tried when a driver failed.
type beginError struct {
	steps []wispwright.ID
	cause error
}

func (e *beginError) Error() string { return e.cause.Error() }
func (e *beginError) Unwrap() error { return e.cause }

// turn is one step forward: what is asked of others before the transaction, and
// what is done in it.
type turn struct {
	s      *Service
	r      *Rollout
	driver Driver
	now    time.Time
	limit  int
	blamed map[wispwright.ID]string
	// changed are steps that came to another state, as they are to be stored
	changed []*Step
	counts  tallied
	// next are the steps to begin
	next []*Step
	// full: there may be more of them
	full bool
	// verdict is what a gate says against the wave; silent: why one could not be asked
	verdict string
	final   bool
	silent  string
}

func (s *Service) turn(ctx context.Context, id wispwright.ID, limit int, blamed map[wispwright.ID]string) (again bool, err error) {
	r, err := s.stores.Rollouts.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && r.Status.Ended() {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	kind, ok := s.kinds[r.Kind]
	if !ok {
		s.o.Log.ErrorContext(ctx, "nobody carries out this kind of rollout", "kind", r.Kind, "rollout", id)
		return false, nil
	}
	t := &turn{s: s, r: r, driver: kind.Driver, now: s.kit.Now(), limit: limit, blamed: blamed}
	if err := t.look(ctx); err != nil {
		return false, fmt.Errorf("rollout %s: %w", id, err)
	}
	err = s.kit.Do(ctx, "rollout.Work", func(ctx context.Context) error {
		var before Rollout
		after, err := s.stores.Rollouts.Update(ctx, wispwright.ScopeAll(), id, func(now *Rollout) error {
			before = *now
			if again = true; now.Turn != r.Turn { // somebody was faster
				return nil
			}
			var err error
			again, err = t.act(ctx, now)
			now.Turn, now.Modified = now.Turn+1, t.now
			return err
		})
		if err != nil {
			return err
		}
		if before.Status != after.Status {
			if err := s.record(ctx, "change", &before, after); err != nil {
				return err
			}
		}
		if before.Turn != after.Turn {
			s.told(ctx, &before, after)
		}
		return nil
	})
	return again, err
}

// look asks the driver and the gates how things are.
func (t *turn) look(ctx context.Context) error {
	counts, err := t.s.stores.Steps.Counts(ctx, wispwright.ScopeAll(), t.r.ID)
	if err != nil {
		return err
	}
	t.counts = tally(counts)
	if t.counts.sum(-1, InProgress, Undoing) > 0 {
		if err := t.follow(ctx); err != nil {
			return err
		}
	}
	if t.r.Status != Running || t.early() {
		return nil
	}
	if t.counts.sum(-1, Offline) > 0 {
		if err := t.welcome(ctx); err != nil {
			return err
		}
	}
	if err := t.ask(ctx); err != nil || t.verdict != "" || t.tooManyFailed() != "" {
		return err
	}
	return t.choose(ctx)
}

// early reports whether the schedule has not come yet.
func (t *turn) early() bool { return t.r.Strategy.Start != nil && t.r.Strategy.Start.After(t.now) }

// pages reads steps in the order of their ids.
func (t *turn) pages(ctx context.Context, fn func(list []*Step) error, states ...State) error {
	f := StepFilter{RolloutID: t.r.ID, States: wispwright.Only(states...)}
	const size = 500
	for {
		page, err := t.s.stores.Steps.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: size, NoTotal: true, Order: []wispwright.Order{{Field: "ID"}}})
		if err != nil || len(page.Rows) == 0 {
			return err
		}
		if err := fn(page.Rows); err != nil || len(page.Rows) < size {
			return err
		}
		f.After = page.Rows[size-1].ID
	}
}

// follow asks how far begun steps are, and fails those that took too long.
func (t *turn) follow(ctx context.Context) error {
	return t.pages(ctx, func(list []*Step) error {
		was := states(list)
		if err := t.driver.Follow(ctx, t.r, list...); err != nil {
			return err
		}
		for i, step := range list {
			if within := t.r.Strategy.ReturnWithin; step.State == InProgress && within > 0 && step.Begun != nil && t.now.Sub(*step.Begun) > within {
				step.Fail(fmt.Sprintf("The device did not come back within %s.", within))
			}
			t.move(step, was[i])
		}
		return nil
	}, InProgress, Undoing)
}

func states(list []*Step) []State {
	out := make([]State, len(list))
	for i, s := range list {
		out[i] = s.State
	}
	return out
}

// move notes a step that came to another state.
func (t *turn) move(step *Step, was State) {
	if step.State == was {
		return
	}
	t.seal(step)
	t.changed = append(t.changed, step)
	t.counts.move(step.Wave, was, step.State)
}

// seal sets the times of a step by its state.
func (t *turn) seal(step *Step) {
	step.Detail, step.Modified = cut(step.Detail), t.now
	switch step.State {
	case Waiting, Offline:
		step.Begun, step.Ended = nil, nil
	case InProgress, ToUndo, Undoing:
		step.Ended = nil
	default:
		now := t.now
		step.Ended = &now
	}
}

func (t tallied) move(wave int, from, to State) {
	t[wave][from]--
	t[wave][to]++
}

// welcome takes up devices that have returned, and gives up those that did not
// before the deadline.
func (t *turn) welcome(ctx context.Context) error {
	over := t.r.Strategy.Deadline != nil && t.now.After(*t.r.Strategy.Deadline)
	return t.pages(ctx, func(list []*Step) error {
		online, err := t.online(ctx, list)
		if err != nil {
			return err
		}
		for _, step := range list {
			switch {
			case online[step.DeviceID]:
				step.State, step.Detail, t.full = Waiting, "", true
			case over:
				step.State, step.Detail = Expired, notReturned
			default:
				continue
			}
			t.move(step, Offline)
		}
		return nil
	}, Offline)
}

const notReturned = "The device did not return in time."

func (t *turn) online(ctx context.Context, list []*Step) (map[wispwright.ID]bool, error) {
	ids := make([]wispwright.ID, len(list))
	for i, step := range list {
		ids[i] = step.DeviceID
	}
	return t.driver.Online(ctx, t.r, ids...)
}

// tooManyFailed says that more devices of the wave failed than are accepted.
func (t *turn) tooManyFailed() string {
	failed, allowed := t.counts.wave(t.r.Wave)[Failed], t.r.Strategy.allowed(t.counts.size(t.r.Wave))
	if failed-t.r.Tolerated <= allowed {
		return ""
	}
	return fmt.Sprintf("%d of %d devices of the wave failed, %d would be accepted.", failed, t.counts.size(t.r.Wave), allowed)
}

// through reports whether the present wave is over but for its pause.
func (t *turn) through() bool { return t.counts.sum(t.r.Wave, Waiting, InProgress) == 0 }

// ask asks the gates about the present wave, when it is time to.
func (t *turn) ask(ctx context.Context) error {
	r := t.r
	if !t.gated() || r.WaveStarted == nil {
		return nil
	}
	t.final = r.WaveEnded != nil && t.through() && !t.now.Before(r.WaveEnded.Add(r.Strategy.wave(r.Wave).Pause))
	if !t.final && r.Gated != nil && t.now.Sub(*r.Gated) < t.s.o.GateEvery {
		return nil
	}
	q := Question{Rollout: r, Wave: r.Wave, Since: *r.WaveStarted, Final: t.final}
	wave := r.Wave
	f := StepFilter{RolloutID: r.ID, Wave: &wave, States: wispwright.Only(InProgress, Succeeded, Failed)}
	begun, err := t.s.stores.Steps.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{NoTotal: true})
	if err != nil || len(begun.Rows) == 0 {
		return err
	}
	for _, step := range begun.Rows {
		q.Devices = append(q.Devices, step.DeviceID)
	}
	for _, g := range t.s.gates {
		v, err := g.Check(ctx, q)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			if t.silent = cut(g.Name() + " cannot say whether devices are worse than before: " + err.Error()); t.silent != r.Reason {
				t.s.o.Log.WarnContext(ctx, "a gate could not be asked; the rollout waits", "gate", g.Name(), "rollout", r.ID, "error", err)
			}
		case v.Worse:
			t.verdict = g.Name() + ": " + v.Reason
			return nil
		}
	}
	now := t.now
	r.Gated = &now
	return nil
}

// gated reports whether gates have a say in the present wave.
func (t *turn) gated() bool {
	return len(t.s.gates) > 0 && !t.r.Strategy.NoGates && !t.r.GateOff
}

// choose finds the steps that come next.
func (t *turn) choose(ctx context.Context) error {
	parallel := t.r.Strategy.Parallel
	if parallel <= 0 {
		parallel = t.s.o.Parallel
	}
	want := min(t.limit, parallel-t.counts.sum(-1, InProgress))
	if want <= 0 || t.counts.sum(t.r.Wave, Waiting) == 0 {
		return nil
	}
	c := Candidates{RolloutID: t.r.ID, Wave: t.r.Wave}
	if t.r.Strategy.Window != nil {
		zones, err := t.s.stores.Steps.Zones(ctx, t.r.ID)
		if err != nil {
			return err
		}
		c.NotZones = slices.DeleteFunc(zones, func(z string) bool { return t.r.Strategy.open(t.now, z) })
	}
	busy, err := t.busy(ctx)
	if err != nil {
		return err
	}
	for site, n := range busy {
		if t.r.Strategy.PerSite > 0 && n >= t.r.Strategy.PerSite {
			c.NotSites = append(c.NotSites, site)
		}
	}
	return t.pick(ctx, c, busy, want)
}

// busy is how many devices of each site are worked on.
func (t *turn) busy(ctx context.Context) (map[string]int, error) {
	if t.r.Strategy.PerSite <= 0 {
		return map[string]int{}, nil
	}
	busy, err := t.s.stores.Steps.Busy(ctx, t.r.ID)
	for _, step := range t.changed {
		if step.Site != "" && step.Begun != nil && step.State != InProgress && busy[step.Site] > 0 {
			busy[step.Site]--
		}
	}
	return busy, err
}

// mostSeen is how many candidates one turn looks at.
const mostSeen = 1000

// pick takes candidates until there are as many as wanted, or no more. Devices
// that turn out to be away are noted, and looked for again when they return.
func (t *turn) pick(ctx context.Context, c Candidates, busy map[string]int, want int) error {
	seen := map[wispwright.ID]bool{}
	for len(t.next) < want {
		c.Limit = len(seen) + t.limit
		list, err := t.s.stores.Steps.Next(ctx, c)
		if err != nil {
			return err
		}
		fresh := slices.DeleteFunc(list, func(step *Step) bool { return seen[step.ID] })
		if len(fresh) == 0 {
			return nil
		}
		if len(seen) > mostSeen { // so many are away: what was seen is stored first
			break
		}
		online, err := t.online(ctx, fresh)
		if err != nil {
			return err
		}
		for _, step := range fresh {
			if len(t.next) == want {
				t.full = true
				return nil
			}
			seen[step.ID] = true
			switch per := t.r.Strategy.PerSite; {
			case t.blamed[step.ID] != "":
				step.Fail(t.blamed[step.ID])
				t.move(step, Waiting)
			case !online[step.DeviceID]:
				step.State = Offline
				t.move(step, Waiting)
			case per > 0 && step.Site != "" && busy[step.Site] >= per:
				if !slices.Contains(c.NotSites, step.Site) {
					c.NotSites = append(c.NotSites, step.Site)
				}
			default:
				busy[step.Site]++
				t.next = append(t.next, step)
			}
		}
	}
	t.full = true
	return nil
}
