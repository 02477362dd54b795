package rollout

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
)

// NotNowError says that a rollout is not in a status in which something can be
// done with it.
type NotNowError struct {
	// Action is what was wanted, Status what the rollout is.
	Action string
	Status Status
}

func (e *NotNowError) Error() string {
	return fmt.Sprintf("A rollout that is %s cannot be %s.", words(e.Status), e.Action)
}

func words(s Status) string {
	switch s {
	case RollingBack:
		return "being rolled back"
	case RolledBack:
		return "rolled back"
	case Cancelling:
		return "being cancelled"
	}
	return string(s)
}

// decide changes a rollout by somebody's wish, with its row held.
func (s *Service) decide(ctx context.Context, scope wispwright.Scope, id wispwright.ID, operation string, change func(ctx context.Context, r *Rollout) error) (*Rollout, error) {
	var after *Rollout
	err := s.kit.Do(ctx, "rollout."+operation, func(ctx context.Context) error {
		var before Rollout
		var err error
		after, err = s.stores.Rollouts.Update(ctx, scope, id, func(r *Rollout) error {
			before = *r
			if err := change(ctx, r); err != nil {
				return err
			}
			s.touch(r)
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.record(ctx, "change", &before, after); err != nil {
			return err
		}
		s.told(ctx, &before, after)
		return s.jobs.Enqueue(ctx, id)
	})
	return after, err
}

// touch makes the next turn due at once.
func (s *Service) touch(r *Rollout) {
	now := s.kit.Now()
	r.Turn, r.Modified = r.Turn+1, now
	if r.NextAt = &now; r.Status.Ended() {
		r.NextAt = nil
	}
}

// Pause begins nothing more until Resume; what runs goes on. reason may be empty.
func (s *Service) Pause(ctx context.Context, scope wispwright.Scope, id wispwright.ID, reason string) (*Rollout, error) {
	return s.decide(ctx, scope, id, "Pause", func(_ context.Context, r *Rollout) error {
		if r.Status != Running {
			return &NotNowError{"paused", r.Status}
		}
		r.Status, r.Reason = Paused, cut(reason)
		return nil
	})
}

// Again says how a rollout that waits for people goes on.
type Again struct {
	// Retry begins the failed steps of the present wave once more; otherwise their
	// number is accepted.
	Retry bool
	// IgnoreGates goes on whatever the gates say of the present wave.
	IgnoreGates bool
}

// Resume goes on with a rollout that was paused or stopped, or approves of the
// wave that waits for it.
func (s *Service) Resume(ctx context.Context, scope wispwright.Scope, id wispwright.ID, how Again) (*Rollout, error) {
	return s.decide(ctx, scope, id, "Resume", func(ctx context.Context, r *Rollout) error {
		if r.Status != Paused && r.Status != Stopped {
			return &NotNowError{"resumed", r.Status}
		}
		if w := r.Strategy.wave(r.Wave); r.Status == Paused && w.Confirm && r.WaveEnded != nil && !s.kit.Now().Before(r.WaveEnded.Add(w.Pause)) {
			r.Approved = true
		}
		if how.Retry {
			n, err := s.stores.Steps.Move(ctx, r.ID, 0, []State{Failed}, Waiting, "", s.kit.Now())
			if err != nil {
				return err
			}
			if n > 0 {
				r.WaveEnded, r.Tolerated = nil, 0
			}
		} else {
			counts, err := s.stores.Steps.Counts(ctx, wispwright.ScopeAll(), r.ID)
			if err != nil {
				return err
			}
			r.Tolerated = tally(counts).wave(r.Wave)[Failed]
		}
		r.GateOff = r.GateOff || how.IgnoreGates
		r.Status, r.Reason, r.Gated = Running, "", nil
		return nil
	})
}

// Cancel gives a rollout up: what waits is not begun any more, what runs ends,
// what is done stays. Rollouts of a kind that is Whole are taken back instead.
func (s *Service) Cancel(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Rollout, error) {
	return s.decide(ctx, scope, id, "Cancel", func(ctx context.Context, r *Rollout) error {
		switch {
		case r.Status.Ended() || r.Status == Cancelling || r.Status == RollingBack:
			return &NotNowError{"cancelled", r.Status}
		case s.kinds[r.Kind].Whole:
			return s.back(ctx, r, 0, "")
		}
		r.Status, r.Reason = Cancelling, ""
		_, err := s.stores.Steps.Move(ctx, r.ID, 0, []State{Waiting, Offline}, Dropped, "", s.kit.Now())
		return err
	})
}

// Rollback takes back a wave and those after it: with wave 0 the whole rollout,
// which then ends; otherwise it waits before that wave.
func (s *Service) Rollback(ctx context.Context, scope wispwright.Scope, id wispwright.ID, wave int) (*Rollout, error) {
	return s.decide(ctx, scope, id, "Rollback", func(ctx context.Context, r *Rollout) error {
		switch {
		case r.Status.Ended() || r.Status == RollingBack:
			return &NotNowError{"rolled back", r.Status}
		case wave < 0 || wave > r.Wave:
			return wispwright.Invalid("wave", fmt.Sprintf("Ensure this value is between 0 and %d: the waves that have begun.", r.Wave))
		case r.Status == Cancelling && wave > 0:
			return &NotNowError{"rolled back to a wave", r.Status}
		}
		return s.back(ctx, r, wave, "")
	})
}

// back begins to take back a wave and those after it.
func (s *Service) back(ctx context.Context, r *Rollout, wave int, reason string) error {
	now := s.kit.Now()
	r.Status, r.Reason, r.RollbackFrom = RollingBack, cut(reason), wave
	if _, err := s.stores.Steps.Move(ctx, r.ID, wave, []State{InProgress, Succeeded, Failed}, ToUndo, "", now); err != nil {
		return err
	}
	if wave > 0 {
		_, err := s.stores.Steps.Move(ctx, r.ID, wave, []State{Offline, Expired}, Waiting, "", now)
		return err
	}
	_, err := s.stores.Steps.Move(ctx, r.ID, 0, []State{Waiting, Offline}, Dropped, "", now)
	return err
}

const mostDetail = 1024

// cut keeps what drivers, gates and people say within bounds.
func cut(text string) string {
	runes := []rune(text)
	if len(runes) <= mostDetail {
		return text
	}
	return string(runes[:mostDetail-1]) + "…"
}

// tallied are the steps of a rollout by wave and state.
type tallied map[int]map[State]int

func tally(counts []Count) tallied {
	out := tallied{}
	for _, c := range counts {
		if out[c.Wave] == nil {
			out[c.Wave] = map[State]int{}
		}
		out[c.Wave][c.State] += c.N
	}
	return out
}

func (t tallied) wave(n int) map[State]int { return t[n] }

// sum counts steps of the waves up to one, -1 for all, in some states.
func (t tallied) sum(last int, states ...State) (n int) {
	for wave, by := range t {
		if last >= 0 && wave > last {
			continue
		}
		for _, s := range states {
			n += by[s]
		}
	}
	return n
}

func (t tallied) size(wave int) (n int) {
	for _, c := range t[wave] {
		n += c
	}
	return n
}
