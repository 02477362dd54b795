package firmware

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
)

// Operations is the service of upgrade operations. Devices.Set and Batches make
// them.
type Operations struct {
	// Changed tells of operations that were made, went on or ended.
	Changed event.Topic[OperationChange]
	// Logged tells of lines that were added to logs.
	Logged event.Topic[LogLine]

	s *Service
}

// OperationChange is what happened to an operation.
type OperationChange struct {
	// Operation is the operation as it is now.
	Operation Operation
	// Before is what it was; "" when it is new.
	Before Status
}

// Ended reports whether it ended by this change.
func (c OperationChange) Ended() bool { return c.Operation.Status.Ended() && !c.Before.Ended() }

// LogLine is a line that was added to the log of an operation.
type LogLine struct {
	// OperationID and DeviceID are whose it is.
	OperationID, DeviceID wispwright.ID
	// Line is without its end.
	Line string
}

func newOperations(s *Service) *Operations {
	o := &Operations{s: s}
	s.base.Tenants.OnDelete("firmware.Operations of a deleted organization", func(ctx context.Context, organization wispwright.ID) error {
		for {
			some, err := s.stores.Operations.List(ctx, wispwright.ScopeOf(organization), OperationFilter{}, wispwright.Page{Limit: 200, NoTotal: true})
			if err != nil || len(some.Rows) == 0 {
				return err
			}
			for _, op := range some.Rows {
				if err := s.stores.Operations.Delete(ctx, wispwright.ScopeAll(), op.ID); err != nil {
					return err
				}
			}
		}
	})
	return o
}

// Get returns an operation.
func (o *Operations) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Operation, error) {
	return o.s.stores.Operations.Get(ctx, scope, id)
}

// List returns a page of operations, newest first.
func (o *Operations) List(ctx context.Context, scope wispwright.Scope, f OperationFilter, p wispwright.Page) (wispwright.Items[Operation], error) {
	return o.s.stores.Operations.List(ctx, scope, f, p)
}

// begin stores a single operation that runs at once.
func (o *Operations) begin(ctx context.Context, op *Operation) error {
	now := o.s.base.Now()
	op.ID, op.Status, op.State, op.Queued, op.Created, op.Modified = wispwright.NewID(), InProgress, "{}", &now, now, now
	if err := o.s.stores.Operations.Insert(ctx, op); err != nil {
		return err
	}
	if err := o.s.base.Record(ctx, wispwright.Change{
		Kind: "firmware_upgrader.upgradeoperation", ObjectID: op.ID.String(), Label: op.DeviceID.String(), OrganizationID: op.OrganizationID, Action: "add",
		Fields: []wispwright.FieldChange{{Field: "ImageID", New: op.ImageID.String()}, {Field: "Options", New: string(op.Options)}},
	}); err != nil {
		return err
	}
	o.Changed.Publish(ctx, OperationChange{Operation: *op})
	return o.s.options.Jobs.Enqueue(ctx, Job{JobUpgrade, op.ID})
}

// update changes an operation, tells of it, and lets its batch go on when it ended.
func (o *Operations) update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*Operation) error) (after *Operation, err error) {
	err = o.s.base.Do(ctx, "firmware.Operations.Update", func(ctx context.Context) error {
		var before Operation
		after, err = o.s.stores.Operations.Update(ctx, scope, id, func(op *Operation) error {
			before = *op
			if err := change(op); err != nil {
				return err
			}
			op.Modified = o.s.base.Now()
			return nil
		})
		if err != nil {
			return err
		}
		if added := strings.TrimPrefix(after.Log, before.Log); added != "" {
			for line := range strings.SplitSeq(strings.TrimPrefix(added, "\n"), "\n") {
				o.Logged.Publish(ctx, LogLine{after.ID, after.DeviceID, line})
			}
		}
		o.Changed.Publish(ctx, OperationChange{*after, before.Status})
		if after.BatchID.IsZero() || after.Status == before.Status {
			return nil
		}
		return o.s.options.Jobs.Enqueue(ctx, Job{JobBatch, after.BatchID})
	})
	return after, err
}

// ConflictError says why an operation, or a batch, is not what somebody wants.
type ConflictError struct {
	// Reason is shown to people.
	Reason string
}

func (e *ConflictError) Error() string { return e.Reason }

const (
	cancelledByUser = "Upgrade operation has been cancelled by user"
	flashingStarted = "Cannot cancel upgrade: firmware reflashing has already started"
)

// Cancel ends an operation within the scope that did not begin to flash (additions
// F-1). Errors: *ConflictError, wispwright.ErrNotFound.
func (o *Operations) Cancel(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (after *Operation, err error) {
	err = o.s.base.Do(ctx, "firmware.Operations.Cancel", func(ctx context.Context) error {
		if after, err = o.update(ctx, scope, id, cancel); err != nil {
			return err
		}
		// the node at work looks between its steps; else this lets go of the device
		return o.s.options.Jobs.Enqueue(ctx, Job{JobUpgrade, id})
	})
	return after, err
}

func cancel(op *Operation) error {
	switch {
	case op.Status != InProgress && op.Status != Pending:
		return &ConflictError{"Cannot cancel operation with status: " + string(op.Status)}
	case op.Flashed:
		return &ConflictError{flashingStarted}
	}
	op.Status, op.NextRetryAt = Cancelled, nil
	op.log(cancelledByUser)
	return nil
}

// Repeat begins an operation that did not succeed anew. Errors: *ConflictError, and
// those of Devices.Set.
func (o *Operations) Repeat(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Operation, error) {
	old, err := o.Get(ctx, scope, id)
	switch {
	case err != nil:
		return nil, err
	case !old.Status.Ended() || old.Status == Success:
		return nil, &ConflictError{"Cannot retry operation with status: " + string(old.Status)}
	case old.ImageID.IsZero():
		return nil, &ConflictError{imageGone}
	}
	_, op, _, err := o.s.Devices.Set(ctx, scope, old.DeviceID, Choice{old.ImageID, old.Options, old.IsPersistent})
	if err == nil && op == nil {
		err = &ConflictError{"The device has the image already."}
	}
	return op, err
}

// Delete removes an operation that has ended (additions F-11). Errors:
// *ConflictError, wispwright.ErrNotFound.
func (o *Operations) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return o.s.base.Do(ctx, "firmware.Operations.Delete", func(ctx context.Context) error {
		op, err := o.s.stores.Operations.Update(ctx, scope, id, func(op *Operation) error {
			if !op.Status.Ended() || op.Claimed {
				return &ConflictError{"The operation has not ended yet."}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := o.s.base.Record(ctx, wispwright.Change{Kind: "firmware_upgrader.upgradeoperation", ObjectID: id.String(), Label: op.DeviceID.String(), OrganizationID: op.OrganizationID, Action: "delete"}); err != nil {
			return err
		}
		return o.s.stores.Operations.Delete(ctx, scope, id)
	})
}

// log adds a line.
func (op *Operation) log(line string) {
	const most = 1 << 20
	line = strings.ToValidUTF8(strings.ReplaceAll(line, "\x00", ""), "")
	if op.Log != "" {
		line = "\n" + line
	}
	if len(op.Log)+len(line) > most {
		return // a device that talks without end is not written down
	}
	op.Log += line
}

// Resume lets run what nobody runs: operations whose pause is over, and those where
// nothing happened for a while because their job was lost. It returns their number.
// Jobs that exist are not doubled.
func (o *Operations) Resume(ctx context.Context, idle time.Duration) (int, error) {
	now := o.s.base.Now()
	unfinished := wispwright.Only(InProgress, Pending)
	had, most := false, wispwright.Page{Limit: 1000, NoTotal: true}
	claimed := true
	n := 0
	for _, f := range []OperationFilter{
		{Statuses: unfinished, NextRetryAtBefore: now.Add(time.Microsecond)},
		{Status: InProgress, Waiting: &had, ModifiedBefore: now.Add(-idle)},
		{Statuses: wispwright.Only(Cancelled), Claimed: &claimed, ModifiedBefore: now.Add(-idle)},
	} {
		list, err := o.List(ctx, wispwright.ScopeAll(), f, most)
		if err != nil {
			return n, fmt.Errorf("firmware.Operations.Resume: %w", err)
		}
		var jobs []Job
		for _, op := range list.Rows {
			jobs = append(jobs, Job{JobUpgrade, op.ID})
		}
		if err := o.s.base.Do(ctx, "firmware.Operations.Resume", func(ctx context.Context) error { return o.s.options.Jobs.Enqueue(ctx, jobs...) }); err != nil {
			return n, err
		}
		n += len(jobs)
	}
	return n, nil
}

// Returned lets pending operations of devices that can be reached again run soon.
func (o *Operations) Returned(ctx context.Context, devices ...wispwright.ID) error {
	list, err := o.List(ctx, wispwright.ScopeAll(), OperationFilter{DeviceIDs: wispwright.Only(devices...), Status: Pending}, unpaged())
	if err != nil {
		return err
	}
	for _, op := range list.Rows {
		_, err := o.update(ctx, wispwright.ScopeAll(), op.ID, func(op *Operation) error {
			at := o.s.base.Now().Add(time.Duration(o.s.options.Random() * float64(o.s.options.ReturnJitter)))
			if op.Status == Pending && (op.NextRetryAt == nil || at.Before(*op.NextRetryAt)) {
				op.NextRetryAt = &at
			}
			return nil
		})
		if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return err
		}
	}
	return nil
}
