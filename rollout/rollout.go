package rollout

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Status is how a rollout stands as a whole.
type Status string

// The statuses of rollouts.
const (
	// Running goes on by itself, now or when its schedule says so.
	Running Status = "running"
	// Paused waits for people.
	Paused Status = "paused"
	// Stopped was stopped by a gate or by failures; Rollout.Reason says which.
	Stopped Status = "stopped"
	// Cancelling begins nothing any more and waits for what runs.
	Cancelling Status = "cancelling"
	// RollingBack takes steps back.
	RollingBack Status = "rolling_back"
	// Done went through all waves.
	Done Status = "done"
	// Cancelled was given up; what was done stays.
	Cancelled Status = "cancelled"
	// RolledBack was taken back as a whole.
	RolledBack Status = "rolled_back"
)

// Ended reports whether nothing happens any more.
func (s Status) Ended() bool { return s == Done || s == Cancelled || s == RolledBack }

// Statuses are all statuses, in the order of a rollout's life.
func Statuses() []Status {
	return []Status{Running, Paused, Stopped, Cancelling, RollingBack, Done, Cancelled, RolledBack}
}

// Rollout is one change on its way to many devices.
type Rollout struct {
	// ID identifies the rollout.
	ID wispwright.ID
	// OrganizationID is the tenant; zero for one over several organizations, which
	// only superusers may see.
	OrganizationID wispwright.ID
	// Kind names what is rolled out, and with it the Driver.
	Kind string
	// SubjectID is what is rolled out, as its Kind understands it: a plan, a build.
	SubjectID wispwright.ID
	// Label says what it is for people, at most 128 characters.
	Label string
	// Status is how it stands, Reason why, when that is not plain.
	Status Status
	Reason string
	// Strategy says which devices come when.
	Strategy Strategy
	// Waves is how many waves there are, Total how many devices.
	Waves, Total int
	// Wave is the present one, counted from 0.
	Wave int
	// WaveStarted is when the present wave began, WaveEnded when its last device
	// was through; the pause after it counts from then.
	WaveStarted, WaveEnded *time.Time
	// Tolerated is how many failures of the present wave somebody accepted.
	Tolerated int
	// GateOff: somebody accepted what the gates say, for the present wave.
	GateOff bool
	// Approved: somebody approved the end of the present wave.
	Approved bool
	// Gated is when the gates were asked last.
	Gated *time.Time
	// RollbackFrom is the first wave that is taken back while Status is RollingBack.
	RollbackFrom int
	// NextAt is when the next turn is due at the latest, nil after the end.
	NextAt *time.Time
	// Turn counts what happened to it; who read an older one must read anew.
	Turn int64
	// ActorID and Actor are who started it.
	ActorID wispwright.ID
	Actor   string
	// Created is when it was made, Modified when it changed last.
	Created, Modified time.Time
	// Started is when the first device was begun, Ended when all was over.
	Started, Ended *time.Time
}

// Shape is how storages keep rollouts.
func (Rollout) Shape() store.Shape {
	return store.Shape{Table: "rollout", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"Label"}, Documents: []string{"Strategy"}}
}

// RolloutFilter selects rollouts; zero fields select all.
type RolloutFilter struct {
	// IDs limits to some rollouts.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// Kind limits to one kind, SubjectID to what is rolled out.
	Kind      string
	SubjectID wispwright.ID
	// Status limits to one status.
	Status Status
	// NextAtBefore limits to those that are due before a moment.
	NextAtBefore time.Time
	// Search finds a text in the label.
	Search string
}

// State is how far the step of one device is.
type State string

// The states of steps.
const (
	// Waiting waits for its turn.
	Waiting State = "waiting"
	// Offline waits for its device to return.
	Offline State = "offline"
	// InProgress was begun; the Driver says when it ends.
	InProgress State = "running"
	// Succeeded is done.
	Succeeded State = "done"
	// Failed did not work; Step.Detail says why.
	Failed State = "failed"
	// Skipped needed nothing.
	Skipped State = "skipped"
	// Expired is that of a device that did not return before the deadline.
	Expired State = "expired"
	// Dropped was not begun before the rollout was given up.
	Dropped State = "cancelled"
	// ToUndo is to be taken back.
	ToUndo State = "to_undo"
	// Undoing is being taken back; the Driver says when it ends.
	Undoing State = "undoing"
	// Undone was taken back.
	Undone State = "undone"
)

// Open reports whether something is to come.
func (s State) Open() bool {
	return s == Waiting || s == Offline || s == InProgress || s == ToUndo || s == Undoing
}

// States are all states, in the order of a step's life.
func States() []State {
	return []State{Waiting, Offline, InProgress, Succeeded, Failed, Skipped, Expired, Dropped, ToUndo, Undoing, Undone}
}

// Step is what one device has to do with a rollout.
type Step struct {
	// ID identifies the step.
	ID wispwright.ID
	// RolloutID is the rollout; a device has one step in it.
	RolloutID wispwright.ID
	// DeviceID is the device, OrganizationID its organization, Name its name then.
	DeviceID, OrganizationID wispwright.ID
	Name                     string
	// Wave is the wave, Rank the place in it.
	Wave, Rank int
	// Site is what the device shares with others that must not all be worked on at
	// once, such as an uplink or a location; empty for none.
	Site string
	// TimeZone is that of the device's site; empty for the strategy's.
	TimeZone string
	// State is how far it is, Detail what there is to say about it.
	State  State
	Detail string
	// Memo is the driver's, such as what it needs to take the step back.
	Memo wispwright.JSON
	// Begun is when it was begun, Ended when it ended.
	Begun, Ended *time.Time
	// Modified is when it changed last.
	Modified time.Time
}

// Shape is how storages keep steps.
func (Step) Shape() store.Shape {
	return store.Shape{
		Table: "rollout_step", Org: "OrganizationID", Order: []wispwright.Order{{Field: "Wave"}, {Field: "Rank"}}, Search: []string{"Name", "Detail"},
		Unique:  []store.Unique{{Name: UniqueStep, Fields: []string{"RolloutID", "DeviceID"}}},
		Parents: []store.Parent{{Field: "RolloutID", Table: "rollout"}},
	}
}

// UniqueStep is the rule that a device has one step in a rollout.
const UniqueStep = "rollout_step_device"

// Fail notes that a step did not work, and why.
func (s *Step) Fail(detail string) { s.State, s.Detail = Failed, detail }

// StepFilter selects steps; zero fields select all.
type StepFilter struct {
	// RolloutID limits to one rollout, DeviceID to one device.
	RolloutID, DeviceID wispwright.ID
	// Wave limits to one wave.
	Wave *int
	// State limits to one state, States to some.
	State  State
	States wispwright.Among[State]
	// Site limits to one site.
	Site string
	// After limits to steps with a greater id.
	After wispwright.ID
	// Search finds a text in name or detail.
	Search string
}
