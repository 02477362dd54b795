package rollout

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
)

// Driver does what a kind of rollout means for devices. Steps are handed over as
// the engine knows them; a driver changes their State, Detail and Memo and
// nothing else.
type Driver interface {
	// Online says which of some devices can be worked on now.
	Online(ctx context.Context, r *Rollout, devices ...wispwright.ID) (map[wispwright.ID]bool, error)
	// Begin carries out steps. It runs inside the transaction that notes them as
	// begun, and may run again when that is repeated: what it writes to the
	// database, rows and jobs, happens once for each step; what it wants to do
	// outside it leaves to a job it inserts. Steps come with the state InProgress; the
	// driver may end them at once: Succeeded, Failed (Step.Fail), Skipped, or send
	// them back to wait with Offline. An error undoes all of them; the engine then
	// tries them one by one, and fails the one to blame.
	Begin(ctx context.Context, r *Rollout, steps ...*Step) error
	// Follow says how far steps are that were begun or are being taken back: it ends
	// those with the state InProgress with Succeeded, Failed or Skipped, or sends them
	// back to wait with Offline, ends those with Undoing with Undone or Failed, and
	// leaves the others. It changes nothing else.
	Follow(ctx context.Context, r *Rollout, steps ...*Step) error
	// Undo takes steps back, inside the transaction that notes it, under the rules of
	// Begin. Steps come with the state Undoing; the driver may end them at once with
	// Undone.
	Undo(ctx context.Context, r *Rollout, steps ...*Step) error
	// Ended is told inside the transaction in which a rollout ends as Done, Cancelled or
	// RolledBack.
	Ended(ctx context.Context, r *Rollout) error
}

// Kind is a kind of rollout.
type Kind struct {
	// Name identifies the kind: "config.plan".
	Name string
	// Label is its name for people.
	Label string
	// Driver does the work.
	Driver Driver
	// Whole: it is done on all devices or on none. Giving up takes back what was
	// done.
	Whole bool
}

// Question asks a Gate about the devices of a wave.
type Question struct {
	// Rollout is the rollout, Wave the wave.
	Rollout *Rollout
	Wave    int
	// Devices are those of the wave that were begun.
	Devices []wispwright.ID
	// Since is when the first of them was begun: what was before is "before".
	Since time.Time
	// Final: the wave is over, and the next one begins when nothing is wrong.
	Final bool
}

// Verdict is a gate's answer.
type Verdict struct {
	// Worse stops the wave.
	Worse bool
	// Reason says what is worse, for people: "12 of 40 devices lost their uplink".
	Reason string
}

// Gate says whether devices are worse than before.
type Gate interface {
	// Name is what people call the gate: "monitoring".
	Name() string
	// Check answers a question. After an error it is asked again, and the rollout
	// waits.
	Check(ctx context.Context, q Question) (Verdict, error)
}

// Jobs queues the turns of rollouts: the queue calls Service.Work for each id
// after the commit, again when it returns an error, never twice at once for one
// id, and once more when it was asked for while it ran.
type Jobs interface {
	Enqueue(ctx context.Context, rollouts ...wispwright.ID) error
}
