package firmware

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/rollout"
)

// Batches is the service of mass upgrades.
type Batches struct {
	// Changed tells of batches that were made, went on, or ended.
	Changed event.Topic[BatchChange]
	// Reminded tells of persistent batches whose devices cannot be reached for long.
	Reminded event.Topic[Batch]
	// Deleted tells of batches that are there no more, also with their builds.
	Deleted event.Topic[Batch]

	s     *Service
	waves *waves
}

// BatchChange is what happened to a batch.
type BatchChange struct {
	// Batch is the batch as it is now, Counts are its operations.
	Batch  Batch
	Counts Counts
	// Before is what it was; "" when it is new.
	Before Status
}

// Ended reports whether it ended by this change.
func (c BatchChange) Ended() bool { return c.Batch.Status.Ended() && !c.Before.Ended() }

// Outcome says in words what became of the operations: "3 succeeded, 1 failed".
func (c BatchChange) Outcome() string {
	var parts []string
	for _, o := range []struct {
		status Status
		word   string
	}{{Success, "succeeded"}, {Failed, "failed"}, {Aborted, "aborted"}, {Cancelled, "cancelled"}} {
		if n := c.Counts.By[o.status]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o.word))
		}
	}
	if len(parts) == 0 {
		return "there was nothing to do"
	}
	return strings.Join(parts, ", ")
}

func newBatches(s *Service) *Batches {
	b := &Batches{s: s, waves: &waves{s}}
	s.Builds.Deleting.Subscribe("firmware: mass upgrades to deleted builds", func(ctx context.Context, list ...*Build) error {
		for _, build := range list {
			some, err := s.stores.Batches.List(ctx, wispwright.ScopeAll(), BatchFilter{BuildID: build.ID}, unpaged())
			if err != nil {
				return err
			}
			for _, o := range some.Rows {
				b.Deleted.Publish(ctx, *o)
			}
		}
		return nil
	})
	return b
}

// Get returns a batch.
func (b *Batches) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Batch, error) {
	return b.s.stores.Batches.Get(ctx, scope, id)
}

// List returns a page of batches, newest first.
func (b *Batches) List(ctx context.Context, scope wispwright.Scope, f BatchFilter, p wispwright.Page) (wispwright.Items[Batch], error) {
	return b.s.stores.Batches.List(ctx, scope, f, p)
}

// Count counts the operations of batches.
func (b *Batches) Count(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]Counts, error) {
	return b.s.stores.Operations.Count(ctx, ids...)
}

// ErrNoDevices says that a group, a location or a list leaves no device to upgrade
// (additions F-4).
var ErrNoDevices = errors.New("No devices found matching the specified filters. Please adjust your group and/or location filters.") //nolint:staticcheck // clients know the sentence

// mostParallel bounds how many operations of a batch are at work at once.
const mostParallel = 1000

// Launch stores a batch that begins at once, or at its time. The caller sets BuildID,
// Options, GroupID, LocationID, Devices, IsPersistent, Firmwareless, ScheduledAt,
// Parallel and Strategy. Faults: those of Plan, ErrNoDevices, and
// wispwright.ValidationError for "upgrade_options", "scheduled_at", "parallel" and
// "strategy".
func (b *Batches) Launch(ctx context.Context, scope wispwright.Scope, o *Batch) error {
	plan, err := b.Plan(ctx, scope, o)
	if err != nil {
		return err
	}
	if o.Options == "" {
		o.Options = "{}"
	}
	var v wispwright.ValidationError
	if err := v.Merge("", b.s.options.Upgraders.check(plan.Upgrader, o.Options)); err != nil {
		return err
	}
	now := b.s.base.Now()
	switch at := o.ScheduledAt; {
	case at == nil:
	case at.Before(now.Add(b.s.options.ScheduleSoonest)):
		v.Add("scheduled_at", fmt.Sprintf("The upgrade must be scheduled at least %d minutes ahead.", int(b.s.options.ScheduleSoonest.Minutes())))
	case at.After(now.Add(b.s.options.ScheduleLatest)):
		v.Add("scheduled_at", fmt.Sprintf("The upgrade must be scheduled at most %d days ahead.", int(b.s.options.ScheduleLatest.Hours()/24)))
	}
	if o.Parallel < 0 || o.Parallel > mostParallel {
		v.Add("parallel", fmt.Sprintf("Ensure this value is between 0 and %d.", mostParallel))
	}
	wanted := o.wanted(plan)
	if o.Strategy != nil {
		if err := v.Merge("", b.waves.check(o, wanted)); err != nil {
			return err
		}
		o.IsPersistent = o.IsPersistent || o.Strategy.Deadline != nil
	}
	if err := v.Err(); err != nil {
		return err
	}
	if narrowed := o.Strategy != nil || !o.GroupID.IsZero() || !o.LocationID.IsZero() || len(o.Devices) > 0; narrowed && len(wanted) == 0 {
		return ErrNoDevices
	}
	build, err := b.s.stores.Builds.Get(ctx, scope, o.BuildID)
	if err != nil {
		return err
	}
	o.ID, o.OrganizationID, o.Status, o.Skipped, o.Created, o.Modified = wispwright.NewID(), build.OrganizationID, Idle, map[wispwright.ID]string{}, now, now
	if o.RolloutID = (wispwright.ID{}); o.ScheduledAt != nil {
		o.Status = Scheduled
	}
	if c := wispwright.CallerFrom(ctx); c != nil {
		o.ActorID, o.Actor = c.ID, c.Name
	}
	if o.Parallel == 0 {
		o.Parallel = b.s.options.Parallel
	}
	return b.s.base.Do(ctx, "firmware.Batches.Launch", func(ctx context.Context) error {
		if err := b.s.stores.Batches.Insert(ctx, o); err != nil {
			return err
		}
		if err := b.s.base.Record(ctx, wispwright.Change{
			Kind: "firmware_upgrader.batchupgradeoperation", ObjectID: o.ID.String(), Label: build.Version, OrganizationID: o.OrganizationID, Action: "add",
			Fields: []wispwright.FieldChange{{Field: "BuildID", New: o.BuildID.String()}, {Field: "Options", New: string(o.Options)}},
		}); err != nil {
			return err
		}
		b.Changed.Publish(ctx, BatchChange{Batch: *o})
		if o.Status == Scheduled {
			return nil // Resume begins it
		}
		return b.s.options.Jobs.Enqueue(ctx, Job{JobBatch, o.ID})
	})
}

// wanted are the targets of a plan that a batch reaches.
func (o *Batch) wanted(p *Plan) (out []Target) {
	for _, t := range p.Chosen() {
		if t.Firmware != nil || o.Firmwareless {
			out = append(out, t)
		}
	}
	return out
}

// atOnce is how many operations are let go, or stored, in one transaction.
const atOnce = 200

// work begins a batch, lets its next operations run, and says how far it is. It runs
// after each operation that ends; never two run for one batch at a time, since each
// holds the batch's row.
func (b *Batches) work(ctx context.Context, id wispwright.ID) error {
	o, err := b.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return gone(err)
	}
	if o.Status == Idle || o.Status == Scheduled && !o.ScheduledAt.After(b.s.base.Now()) {
		if err := b.begin(ctx, o); err != nil {
			return gone(err)
		}
	} else if o.Status != InProgress {
		return nil
	}
	led, takenBack, err := b.led(ctx, id)
	if err != nil {
		return gone(err)
	}
	for more := true; more; {
		err := b.change(ctx, id, func(ctx context.Context, o *Batch, counts *Counts) (err error) {
			if led || o.Status != InProgress {
				more = false
				return nil
			}
			more, err = b.turn(ctx, o, counts)
			if takenBack && o.Status.Ended() {
				o.Status, o.Problem = Cancelled, "It was taken back."
			}
			return err
		})
		if err != nil {
			return gone(err)
		}
	}
	return nil
}

// led reports whether the engine of waves says when operations of a batch run. It
// ends what a rollout that is over left, and says whether that was taken back.
func (b *Batches) led(ctx context.Context, id wispwright.ID) (led, takenBack bool, err error) {
	o, err := b.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil || o.RolloutID.IsZero() || b.s.options.Rollouts == nil {
		return false, false, err
	}
	r, err := b.s.options.Rollouts.Get(ctx, wispwright.ScopeAll(), o.RolloutID)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return false, false, b.waves.end(ctx, o, rollout.Cancelled)
	case err != nil:
		return false, false, err
	case !r.Status.Ended():
		return true, false, nil
	}
	return false, r.Status == rollout.RolledBack, b.waves.end(ctx, o, r.Status)
}

// change holds a batch, does something with it, and tells of it.
func (b *Batches) change(ctx context.Context, id wispwright.ID, fn func(ctx context.Context, o *Batch, counts *Counts) error) error {
	return b.s.base.Do(ctx, "firmware.Batches.work", func(ctx context.Context) error {
		var before Status
		var counts Counts
		after, err := b.s.stores.Batches.Update(ctx, wispwright.ScopeAll(), id, func(o *Batch) error {
			before = o.Status
			all, err := b.Count(ctx, id)
			if err != nil {
				return err
			}
			counts = all[id]
			return fn(ctx, o, &counts)
		})
		if err != nil {
			return err
		}
		b.Changed.Publish(ctx, BatchChange{*after, counts, before})
		return nil
	})
}

// begin makes the operations of a batch. One that was begun by a process that is no
// more gets those that are missing.
func (b *Batches) begin(ctx context.Context, o *Batch) error {
	plan, err := b.Plan(ctx, wispwright.ScopeAll(), o)
	if err == nil {
		err = b.make(ctx, o.ID, plan)
	}
	var invalid *wispwright.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	// the group or the location was deleted, or a canary is not affected any more
	return b.change(ctx, o.ID, func(_ context.Context, o *Batch, _ *Counts) error {
		if o.Status == Idle || o.Status == Scheduled {
			o.Status, o.Problem, o.Modified = Failed, err.Error(), b.s.base.Now()
		}
		return nil
	})
}

// make stores the operations of a plan, and begins the waves that carry them out.
func (b *Batches) make(ctx context.Context, id wispwright.ID, plan *Plan) error {
	now := b.s.base.Now()
	return b.change(ctx, id, func(ctx context.Context, o *Batch, counts *Counts) error {
		if o.Status != Idle && o.Status != Scheduled {
			return nil // somebody was faster, or cancelled it
		}
		var operations []*Operation
		wanted := o.wanted(plan)
		for _, t := range wanted {
			operations = append(operations, &Operation{ID: wispwright.NewID(), OrganizationID: t.Device.OrganizationID, DeviceID: t.Device.ID, ImageID: t.Image.ID,
				BatchID: o.ID, Status: InProgress, Options: o.Options, IsPersistent: o.IsPersistent, State: "{}", Created: now, Modified: now})
		}
		if err := b.s.stores.Operations.InsertMany(ctx, operations); err != nil {
			return err
		}
		o.Status, o.Skipped, o.Modified = InProgress, plan.Skipped(), now
		if o.Strategy != nil && len(operations) > 0 {
			if err := b.waves.create(ctx, o, wanted); err != nil {
				return err
			}
		}
		*counts = Counts{Total: len(operations), Waiting: len(operations), By: map[Status]int{InProgress: len(operations)}}
		return nil
	})
}

// turn does one step of a batch; more asks for another.
func (b *Batches) turn(ctx context.Context, o *Batch, counts *Counts) (more bool, err error) {
	if o.Status != InProgress {
		return false, nil
	}
	if free := min(o.Parallel-counts.Running(), counts.Waiting); free > 0 {
		n := min(free, atOnce)
		if n, err = b.next(ctx, o, n); err != nil {
			return false, err
		}
		counts.Waiting -= n
		more = n > 0 && n < free
	}
	if status := counts.status(); status != o.Status {
		o.Status, o.Modified = status, b.s.base.Now()
	}
	return more, nil
}

// next lets waiting operations run: from here on their devices are said to get the
// image.
func (b *Batches) next(ctx context.Context, o *Batch, n int) (int, error) {
	waiting := true
	list, err := b.s.stores.Operations.List(ctx, wispwright.ScopeAll(), OperationFilter{BatchID: o.ID, Status: InProgress, Waiting: &waiting},
		wispwright.Page{Limit: n, NoTotal: true, Order: []wispwright.Order{{Field: "ID"}}})
	if err != nil {
		return 0, err
	}
	return len(list.Rows), b.release(ctx, list.Rows)
}

const triedAgain = "The upgrade is tried again."

// release lets operations run; those that have ended begin anew.
func (b *Batches) release(ctx context.Context, operations []*Operation) error {
	now := b.s.base.Now()
	var rows []*DeviceFirmware
	var jobs []Job
	for _, op := range operations {
		if !op.ImageID.IsZero() {
			rows = append(rows, &DeviceFirmware{ID: wispwright.NewID(), OrganizationID: op.OrganizationID, DeviceID: op.DeviceID, ImageID: op.ImageID, Created: now, Modified: now})
		}
		if _, err := b.s.Operations.update(ctx, wispwright.ScopeAll(), op.ID, func(op *Operation) error {
			switch {
			case op.Status == InProgress && op.Queued == nil:
				op.Queued = &now
			case op.Status.Ended():
				op.Status, op.Queued, op.NextRetryAt, op.Attempts, op.Progress, op.Flashed, op.State = InProgress, &now, nil, 0, 0, false, "{}"
				op.log(triedAgain)
			}
			return nil
		}); err != nil {
			return err
		}
		jobs = append(jobs, Job{JobUpgrade, op.ID})
	}
	if err := b.s.stores.Devices.Put(ctx, rows); err != nil {
		return err
	}
	return b.s.options.Jobs.Enqueue(ctx, jobs...)
}

// Cancel ends a batch within the scope: what waits or is pending does not begin any
// more, what flashes goes on. Errors: *ConflictError, wispwright.ErrNotFound.
func (b *Batches) Cancel(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Batch, error) {
	o, err := b.Get(ctx, scope, id)
	switch {
	case err != nil:
		return nil, err
	case o.Status.Ended():
		return nil, &ConflictError{"Cannot cancel batch with status: " + string(o.Status)}
	case o.Status != InProgress:
		err := b.change(ctx, id, func(_ context.Context, o *Batch, _ *Counts) error {
			if o.Status == Idle || o.Status == Scheduled {
				o.Status, o.Modified = Cancelled, b.s.base.Now()
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	case !o.RolloutID.IsZero() && b.s.options.Rollouts != nil:
		var not *rollout.NotNowError
		if _, err := b.s.options.Rollouts.Cancel(ctx, wispwright.ScopeAll(), o.RolloutID); err != nil && !errors.As(err, &not) && !errors.Is(err, wispwright.ErrNotFound) {
			return nil, err
		}
	}
	for {
		n, err := b.cancelSome(ctx, id)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return b.Get(ctx, scope, id)
		}
	}
}

func (b *Batches) cancelSome(ctx context.Context, id wispwright.ID) (n int, err error) {
	notFlashed := OperationFilter{BatchID: id, Statuses: wispwright.Only(InProgress, Pending), Flashed: new(bool)}
	list, err := b.s.stores.Operations.List(ctx, wispwright.ScopeAll(), notFlashed, wispwright.Page{Limit: atOnce, NoTotal: true})
	if err != nil {
		return 0, err
	}
	for _, op := range list.Rows {
		_, err := b.s.Operations.Cancel(ctx, wispwright.ScopeAll(), op.ID)
		var conflict *ConflictError
		if err != nil && !errors.As(err, &conflict) && !errors.Is(err, wispwright.ErrNotFound) {
			return n, err
		}
		n++
	}
	return n, nil
}

// Delete removes a batch that has ended, with its operations (additions F-11).
// Errors: *ConflictError, wispwright.ErrNotFound.
func (b *Batches) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return b.s.base.Do(ctx, "firmware.Batches.Delete", func(ctx context.Context) error {
		o, err := b.s.stores.Batches.Update(ctx, scope, id, func(o *Batch) error {
			if !o.Status.Ended() {
				return &ConflictError{"The batch has not ended yet."}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := b.s.base.Record(ctx, wispwright.Change{Kind: "firmware_upgrader.batchupgradeoperation", ObjectID: id.String(), OrganizationID: o.OrganizationID, Action: "delete"}); err != nil {
			return err
		}
		if err := b.s.stores.Batches.Delete(ctx, scope, id); err != nil {
			return err
		}
		b.Deleted.Publish(ctx, *o)
		return nil
	})
}

// Resume lets batches go on whose job was lost, and begins those whose time has
// come.
func (b *Batches) Resume(ctx context.Context) error {
	now := b.s.base.Now().Add(time.Microsecond)
	for _, f := range []BatchFilter{{Status: Scheduled, ScheduledAtBefore: now}, {Statuses: wispwright.Only(Idle, InProgress)}} {
		list, err := b.List(ctx, wispwright.ScopeAll(), f, unpaged())
		if err != nil {
			return fmt.Errorf("firmware.Batches.Resume: %w", err)
		}
		var jobs []Job
		for _, o := range list.Rows {
			jobs = append(jobs, Job{JobBatch, o.ID})
		}
		if err := b.s.base.Do(ctx, "firmware.Batches.Resume", func(ctx context.Context) error { return b.s.options.Jobs.Enqueue(ctx, jobs...) }); err != nil {
			return err
		}
	}
	return nil
}

// Remind tells of persistent batches with pending devices, each now and then.
func (b *Batches) Remind(ctx context.Context) error {
	yes := true
	list, err := b.List(ctx, wispwright.ScopeAll(), BatchFilter{Status: InProgress, IsPersistent: &yes}, unpaged())
	if err != nil {
		return err
	}
	for _, o := range list.Rows {
		since := o.Created
		if o.LastReminderAt != nil {
			since = *o.LastReminderAt
		}
		counts, err := b.Count(ctx, o.ID)
		if err != nil {
			return err
		}
		now := b.s.base.Now()
		if counts[o.ID].By[Pending] == 0 || now.Sub(since) < b.s.options.ReminderPeriod {
			continue
		}
		err = b.s.base.Do(ctx, "firmware.Batches.Remind", func(ctx context.Context) error {
			after, err := b.s.stores.Batches.Update(ctx, wispwright.ScopeAll(), o.ID, func(o *Batch) error { o.LastReminderAt = &now; return nil })
			if err != nil {
				return err
			}
			b.Reminded.Publish(ctx, *after)
			return nil
		})
		if err != nil {
			return gone(err)
		}
	}
	return nil
}
