package rollout

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
)

// Count is how many steps of a wave are in a state.
type Count struct {
	Wave  int
	State State
	N     int
}

// Candidates selects the steps that come next.
type Candidates struct {
	// RolloutID is the rollout, Wave the last wave that may be begun.
	RolloutID wispwright.ID
	Wave      int
	// NotSites and NotZones are sites and time zones that may not be begun now.
	NotSites, NotZones []string
	// Limit is how many are wanted.
	Limit int
}

// RolloutStore keeps rollouts.
type RolloutStore interface {
	wispwright.Repo[Rollout, RolloutFilter]
}

// StepStore keeps steps.
type StepStore interface {
	wispwright.Repo[Step, StepFilter]
	// InsertMany stores new steps.
	InsertMany(ctx context.Context, steps []*Step) error
	// Save stores what changes of steps: State, Detail, Memo, Begun, Ended, Modified.
	Save(ctx context.Context, steps []*Step) error
	// Counts counts the steps of a rollout by wave and state, within a scope.
	Counts(ctx context.Context, scope wispwright.Scope, rollout wispwright.ID) ([]Count, error)
	// Busy is how many steps of each site are InProgress, without the site "".
	Busy(ctx context.Context, rollout wispwright.ID) (map[string]int, error)
	// Zones are the time zones of steps that are Waiting.
	Zones(ctx context.Context, rollout wispwright.ID) ([]string, error)
	// Next are steps that are Waiting, by wave and rank.
	Next(ctx context.Context, c Candidates) ([]*Step, error)
	// Move brings all steps of a rollout, from a wave on, from some states into
	// another, with a detail, and returns how many. Begun and Ended become nil when the
	// state is Waiting.
	Move(ctx context.Context, rollout wispwright.ID, wave int, from []State, to State, detail string, now time.Time) (int, error)
	// Forget removes the steps of devices and returns the rollouts they belonged to.
	Forget(ctx context.Context, devices ...wispwright.ID) ([]wispwright.ID, error)
	// Active are the rollouts that have steps of devices that are InProgress, Offline
	// or Undoing.
	Active(ctx context.Context, devices ...wispwright.ID) ([]wispwright.ID, error)
}

// Stores is what the engine keeps. Both are required and belong to one
// Transactor.
type Stores struct {
	// Rollouts keeps rollouts.
	Rollouts RolloutStore
	// Steps keeps the steps of devices.
	Steps StepStore
}
