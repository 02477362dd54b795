package firmware

import (
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/rollout"
)

// Status is how far an operation or a batch is (spec: firmware §1; additions F-1,
// F-9). Idle and Scheduled are of batches, Aborted and Pending of operations only.
type Status string

// What operations and batches can be.
const (
	// Idle: it was not begun.
	Idle Status = "idle"
	// Scheduled: it begins at its time.
	Scheduled Status = "scheduled"
	// InProgress: it is at work, or waits for its turn.
	InProgress Status = "in-progress"
	// Pending: the device could not be reached and will be tried again.
	Pending Status = "pending"
	// Success: the device has the image.
	Success Status = "success"
	// Failed: it has not, or it is not known.
	Failed Status = "failed"
	// Aborted: nothing was changed on the device.
	Aborted Status = "aborted"
	// Cancelled: somebody did not want it any more.
	Cancelled Status = "cancelled"
)

// Ended reports whether nothing will happen any more.
func (s Status) Ended() bool {
	return s == Success || s == Failed || s == Aborted || s == Cancelled
}

// Operation brings an image onto a device.
type Operation struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is the device's.
	OrganizationID wispwright.ID
	// DeviceID is the device.
	DeviceID wispwright.ID
	// ImageID is the image; zero when that was deleted.
	ImageID wispwright.ID
	// BatchID is the batch it belongs to, zero for a single one.
	BatchID wispwright.ID
	// Status is how far it is.
	Status Status
	// Log is for people: lines, as they happened.
	Log string
	// Progress is from 0 to 100.
	Progress int
	// Options are what the upgrader is told: a JSON object.
	Options wispwright.JSON
	// IsPersistent keeps it pending when the device cannot be reached; it does not
	// change.
	IsPersistent bool
	// RetryCount is how often it became pending.
	RetryCount int
	// NextRetryAt is when it is tried again.
	NextRetryAt *time.Time
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time

	// What follows is the service's own.

	// Queued is when it got its turn; nil while it waits for others of its batch.
	Queued *time.Time
	// Claimed keeps other operations off the device.
	Claimed bool
	// Attempts is how often it was tried since it was pending last.
	Attempts int
	// Epoch counts the attempts that were begun: only the last one may go on, so that a
	// process which was taken for dead and is not changes nothing any more.
	Epoch int
	// Flashed says that flashing began: from there it cannot be cancelled, and is
	// never done twice.
	Flashed bool
	// State is what the upgrader remembers: a JSON object.
	State wispwright.JSON
}

// OperationFilter selects operations; the zero value all.
type OperationFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID, DeviceID, ImageID, BatchID and Status are as in Operation.
	OrganizationID, DeviceID, ImageID, BatchID wispwright.ID
	Status                                     Status
	// DeviceIDs and Statuses are some.
	DeviceIDs wispwright.Among[wispwright.ID]
	Statuses  wispwright.Among[Status]
	// IsPersistent, Claimed and Flashed are as in Operation.
	IsPersistent, Claimed, Flashed *bool
	// Waiting selects those that have their turn yet to come, or those that had it.
	Waiting *bool
	// NextRetryAtBefore selects those that are due, ModifiedBefore those where
	// nothing happened since, CreatedFrom the later ones.
	NextRetryAtBefore, ModifiedBefore, CreatedFrom time.Time
}

// The rules of operations.
const (
	// UniqueClaim: one operation at a time works on a device.
	UniqueClaim = "firmware_operation_claim"
	// uniqueTarget: a batch has one operation for each device.
	uniqueTarget = "firmware_operation_target"
)

// Shape is how storages keep operations: the newest first.
func (Operation) Shape() store.Shape {
	return store.Shape{Table: "firmware_operation", Org: "OrganizationID", Order: store.Newest("Created"),
		Unique: []store.Unique{
			{Name: UniqueClaim, Fields: []string{"DeviceID"}, When: "Claimed"},
			{Name: uniqueTarget, Fields: []string{"BatchID", "DeviceID"}},
		},
		Parents: []store.Parent{{Field: "ImageID", Table: "firmware_image"}, {Field: "BatchID", Table: "firmware_batch"}}}
}

// Batch upgrades many devices to one build.
type Batch struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is the build's; zero: that of a shared category.
	OrganizationID wispwright.ID
	// BuildID is the build.
	BuildID wispwright.ID
	// Status is how far it is.
	Status Status
	// Options are what upgraders are told: a JSON object.
	Options wispwright.JSON
	// GroupID and LocationID limit the devices; zero: all.
	GroupID, LocationID wispwright.ID
	// Devices are the only ones that are meant; empty: all.
	Devices []wispwright.ID
	// IsPersistent makes its operations persistent.
	IsPersistent bool
	// Firmwareless also takes devices of which no firmware is known.
	Firmwareless bool
	// ScheduledAt is when it begins; nil: at once.
	ScheduledAt *time.Time
	// Parallel is how many operations are at work at once.
	Parallel int
	// Strategy says in which waves devices come and what stops them; nil: as many at
	// once as Parallel says, whatever becomes of them.
	Strategy *rollout.Strategy
	// RolloutID is the rollout that carries Strategy out; zero when there is none.
	RolloutID wispwright.ID
	// ActorID and Actor are who launched it.
	ActorID wispwright.ID
	Actor   string
	// LastReminderAt is when people were reminded of pending devices last.
	LastReminderAt *time.Time
	// Problem is why it could not be begun; empty when it could.
	Problem string
	// Skipped says why devices are left out.
	Skipped map[wispwright.ID]string
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// BatchFilter selects batches; the zero value all.
type BatchFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID, BuildID, Status, GroupID and LocationID are as in Batch.
	OrganizationID, BuildID wispwright.ID
	Status                  Status
	Statuses                wispwright.Among[Status]
	GroupID, LocationID     wispwright.ID
	// IsPersistent is as in Batch.
	IsPersistent *bool
	// ScheduledAtBefore selects those that are due.
	ScheduledAtBefore time.Time
	// Created is when it was stored.
	Created time.Time
}

// Shape is how storages keep batches: the newest first.
func (Batch) Shape() store.Shape {
	return store.Shape{Table: "firmware_batch", Org: "OrganizationID", Order: store.Newest("Created"), Documents: []string{"Strategy"},
		Parents: []store.Parent{{Field: "BuildID", Table: "firmware_build"}}}
}

// Counts is how many operations a batch has of each status.
type Counts struct {
	// Total are all; Waiting those of InProgress whose turn did not come.
	Total, Waiting int
	// By is the number of each status.
	By map[Status]int
}

// Running is how many are at work.
func (c Counts) Running() int { return c.By[InProgress] - c.Waiting }

// Completed is how many have ended.
func (c Counts) Completed() int {
	return c.By[Success] + c.By[Failed] + c.By[Aborted] + c.By[Cancelled]
}

// status is what a batch of such operations is (additions F-4, F-9).
func (c Counts) status() Status {
	switch {
	case c.Completed() < c.Total:
		return InProgress
	case c.By[Failed]+c.By[Aborted] > 0:
		return Failed
	case c.By[Cancelled] > 0:
		return Cancelled
	}
	return Success
}

// LastLine is the last line of the log that is not empty.
func (op *Operation) LastLine() string {
	lines := strings.Split(op.Log, "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.TrimSpace(lines[i]) != "" {
			return lines[i]
		}
	}
	return ""
}
