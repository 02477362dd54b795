package firmware

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/rollout"
)

// rolloutKind is what rollouts of builds are called.
const rolloutKind = "firmware.upgrade"

// Site is where a device is, as far as waves care.
type Site struct {
	// Name is what devices share that must not all be upgraded at once: a location, an
	// uplink. Empty: none.
	Name string
	// TimeZone is that of the site, such as Europe/Rome; empty: that of the strategy.
	TimeZone string
}

// waves carries builds to devices in the waves of the engine. Operations are made
// when their batch begins; a step of the engine lets one of them run.
type waves struct{ s *Service }

var _ rollout.Driver = (*waves)(nil)

// memo is what is needed to take a step back.
type memo struct {
	// Image is what the device had, zero when that was not known; Installed whether
	// it ran it.
	Image     wispwright.ID `json:"image"`
	Installed bool          `json:"installed"`
	// Undo is the operation that brings Image back.
	Undo wispwright.ID `json:"undo"`
	// Undone: the step was taken back, whatever its operation came to before.
	Undone bool `json:"undone"`
}

// check says what is wrong with the strategy of a batch for the devices that it
// would reach, as a *wispwright.ValidationError for "strategy".
func (w *waves) check(o *Batch, targets []Target) error {
	var v wispwright.ValidationError
	if w.s.options.Rollouts == nil {
		v.Add("strategy", "Upgrades in waves are not available here.")
		return &v
	}
	if err := v.Merge("strategy", o.Strategy.Check()); err != nil || v.Err() != nil {
		return errors.Join(err, v.Err())
	}
	list := make([]rollout.Target, len(targets))
	for i, t := range targets {
		list[i] = rollout.Target{DeviceID: t.Device.ID}
	}
	if _, err := o.Strategy.Assign(wispwright.NewID(), list); err != nil {
		if err := v.Merge("strategy", err); err != nil {
			return err
		}
	}
	return v.Err()
}

// create begins the waves of a batch, in the transaction that makes its operations.
func (w *waves) create(ctx context.Context, o *Batch, targets []Target) error {
	ids := make([]wispwright.ID, len(targets))
	for i, t := range targets {
		ids[i] = t.Device.ID
	}
	sites := map[wispwright.ID]Site{}
	if w.s.options.Sites != nil {
		var err error
		if sites, err = w.s.options.Sites(ctx, ids...); err != nil {
			return fmt.Errorf("where devices are: %w", err)
		}
	}
	list := make([]rollout.Target, len(targets))
	for i, t := range targets {
		site := sites[t.Device.ID]
		list[i] = rollout.Target{DeviceID: t.Device.ID, OrganizationID: t.Device.OrganizationID, Name: t.Device.Name, Site: site.Name, TimeZone: site.TimeZone}
	}
	build, err := w.s.stores.Builds.Get(ctx, wispwright.ScopeAll(), o.BuildID)
	if err != nil {
		return err
	}
	category, err := w.s.stores.Categories.Get(ctx, wispwright.ScopeAll(), build.CategoryID)
	if err != nil {
		return err
	}
	strategy := *o.Strategy
	if strategy.Parallel == 0 {
		strategy.Parallel = o.Parallel
	}
	r := &rollout.Rollout{OrganizationID: o.OrganizationID, Kind: rolloutKind, SubjectID: o.ID, Label: category.Name + " " + build.Version, Strategy: strategy}
	if o.Actor != "" { // the person who wanted it, not the job that begins it
		ctx = wispwright.WithCaller(ctx, &wispwright.Caller{ID: o.ActorID, Name: o.Actor, Superuser: true, Method: "system"})
	}
	if err := w.s.options.Rollouts.Create(ctx, r, list); err != nil {
		return err
	}
	o.RolloutID = r.ID
	return nil
}

// operations are those of a batch for the devices of steps, by device.
func (w *waves) operations(ctx context.Context, batch wispwright.ID, devices ...wispwright.ID) (map[wispwright.ID]*Operation, error) {
	list, err := w.s.stores.Operations.List(ctx, wispwright.ScopeAll(), OperationFilter{BatchID: batch, DeviceIDs: wispwright.Only(devices...)}, unpaged())
	if err != nil {
		return nil, err
	}
	out := make(map[wispwright.ID]*Operation, len(list.Rows))
	for _, op := range list.Rows {
		out[op.DeviceID] = op
	}
	return out, nil
}

func devicesOf(steps []*rollout.Step) []wispwright.ID {
	out := make([]wispwright.ID, len(steps))
	for i, step := range steps {
		out[i] = step.DeviceID
	}
	return out
}

// Online implements rollout.Driver. A device whose operation is pending returns when
// that runs again by itself.
func (w *waves) Online(ctx context.Context, r *rollout.Rollout, devices ...wispwright.ID) (map[wispwright.ID]bool, error) {
	operations, err := w.operations(ctx, r.SubjectID, devices...)
	if err != nil {
		return nil, err
	}
	out := make(map[wispwright.ID]bool, len(devices))
	var ask []wispwright.ID
	for _, id := range devices {
		switch op := operations[id]; {
		case op == nil, op.Status.Ended(): // Begin says what that means
			out[id] = true
		case op.Status == Pending:
			out[id] = false
		case op.Queued != nil:
			out[id] = true
		default:
			ask = append(ask, id)
		}
	}
	if w.s.options.Online == nil || len(ask) == 0 {
		for _, id := range ask {
			out[id] = true
		}
		return out, nil
	}
	found, err := w.s.options.Online(ctx, ask...)
	for _, id := range ask {
		out[id] = found[id]
	}
	return out, err
}

const notBegun = "The device was not upgraded before: its operation was cancelled."

// Begin implements rollout.Driver: the operations of the devices get their turn.
func (w *waves) Begin(ctx context.Context, r *rollout.Rollout, steps ...*rollout.Step) error {
	operations, err := w.operations(ctx, r.SubjectID, devicesOf(steps)...)
	if err != nil {
		return err
	}
	have, err := w.s.stores.Devices.List(ctx, wispwright.ScopeAll(), DeviceFirmwareFilter{DeviceIDs: wispwright.Only(devicesOf(steps)...)}, unpaged())
	if err != nil {
		return err
	}
	known := make(map[wispwright.ID]*DeviceFirmware, len(have.Rows))
	for _, row := range have.Rows {
		known[row.DeviceID] = row
	}
	var ready []*Operation
	for _, step := range steps {
		op := operations[step.DeviceID]
		m, err := memoOf(step)
		switch {
		case err != nil:
			return err
		case op == nil:
			step.State, step.Detail = rollout.Skipped, deletedDevice
			continue
		case m.Undone: // it comes once more
		case op.Status == Success:
			step.State = rollout.Succeeded
			continue
		case op.Status == Cancelled:
			step.State, step.Detail = rollout.Skipped, notBegun
			continue
		}
		if m.Undone || step.Memo.IsEmpty() { // what it had before the first attempt counts
			m = memo{}
			if row := known[step.DeviceID]; row != nil {
				m.Image, m.Installed = row.ImageID, row.Installed
			}
			if err := m.keep(step); err != nil {
				return err
			}
		}
		if op.Queued == nil || op.Status.Ended() {
			ready = append(ready, op)
		}
	}
	return w.s.Batches.release(ctx, ready)
}

// memoOf is what was kept with a step.
func memoOf(step *rollout.Step) (m memo, err error) {
	if step.Memo.IsEmpty() {
		return m, nil
	}
	if err := json.Unmarshal([]byte(step.Memo), &m); err != nil {
		return m, fmt.Errorf("what device %s had: %w", step.DeviceID, err)
	}
	return m, nil
}

func (m memo) keep(step *rollout.Step) error {
	text, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("note what device %s has: %w", step.DeviceID, err)
	}
	step.Memo = wispwright.JSON(text)
	return nil
}

// Follow implements rollout.Driver.
func (w *waves) Follow(ctx context.Context, r *rollout.Rollout, steps ...*rollout.Step) error {
	operations, err := w.operations(ctx, r.SubjectID, devicesOf(steps)...)
	if err != nil {
		return err
	}
	for _, step := range steps {
		if step.State == rollout.Undoing {
			if err := w.followUndo(ctx, step); err != nil {
				return err
			}
			continue
		}
		switch op := operations[step.DeviceID]; {
		case op == nil:
			step.State, step.Detail = rollout.Skipped, deletedDevice
		case op.Status == Success:
			step.State = rollout.Succeeded
		case op.Status == Cancelled:
			step.State, step.Detail = rollout.Skipped, cancelledByUser
		case op.Status == Pending:
			step.State, step.Detail = rollout.Offline, op.LastLine()
		case op.Status.Ended():
			step.Fail(op.LastLine())
		}
	}
	return nil
}

// followUndo says how far the way back is.
func (w *waves) followUndo(ctx context.Context, step *rollout.Step) error {
	m, err := memoOf(step)
	if err != nil || m.Undo.IsZero() {
		step.State = rollout.Undone
		return err
	}
	op, err := w.s.stores.Operations.Get(ctx, wispwright.ScopeAll(), m.Undo)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		step.State = rollout.Undone // with its device
	case err != nil:
		return err
	case op.Status == Success:
		step.State = rollout.Undone
	case op.Status.Ended():
		step.Fail("The way back: " + op.LastLine())
	}
	return nil
}

// The details of steps that are taken back.
const (
	unknownBefore = "What the device had before is not known; it keeps the image."
	beingFlashed  = "The device was being flashed when this was taken back; it gets the image."
)

// Undo implements rollout.Driver: devices that were flashed get what they had
// before, the others keep it.
func (w *waves) Undo(ctx context.Context, r *rollout.Rollout, steps ...*rollout.Step) error {
	operations, err := w.operations(ctx, r.SubjectID, devicesOf(steps)...)
	if err != nil {
		return err
	}
	for _, step := range steps {
		m, err := memoOf(step)
		if err != nil {
			return err
		}
		m.Undo, m.Undone = wispwright.ID{}, true
		if err := m.keep(step); err != nil {
			return err
		}
		op := operations[step.DeviceID]
		switch {
		case op == nil:
			step.State = rollout.Undone
		case !op.Status.Ended() && op.Flashed:
			step.Fail(beingFlashed)
		case !op.Flashed && op.Status != Success:
			err = w.keepBefore(ctx, step, op, m)
		case m.Image.IsZero():
			step.Fail(unknownBefore)
		case m.Image == op.ImageID:
			step.State = rollout.Undone
		default:
			err = w.bringBack(ctx, step, op, m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keepBefore ends an operation that changed nothing on its device.
func (w *waves) keepBefore(ctx context.Context, step *rollout.Step, op *Operation, m memo) error {
	if !op.Status.Ended() {
		var conflict *ConflictError
		if _, err := w.s.Operations.Cancel(ctx, wispwright.ScopeAll(), op.ID); errors.As(err, &conflict) {
			step.Fail(beingFlashed)
			return nil
		} else if err != nil {
			return err
		}
	}
	step.State = rollout.Undone
	row, err := w.s.Devices.Of(ctx, wispwright.ScopeAll(), step.DeviceID)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return nil
	case err != nil:
		return err
	case row.ImageID != op.ImageID:
		return nil // somebody chose another one meanwhile
	case m.Image.IsZero():
		return w.s.Devices.Delete(ctx, wispwright.ScopeAll(), row.ID)
	}
	if _, err := w.s.stores.Images.Get(ctx, wispwright.ScopeAll(), m.Image); errors.Is(err, wispwright.ErrNotFound) {
		return w.s.Devices.Delete(ctx, wispwright.ScopeAll(), row.ID)
	} else if err != nil {
		return err
	}
	_, err = w.s.Devices.Update(ctx, wispwright.ScopeAll(), row.ID, func(d *DeviceFirmware) error { d.ImageID, d.Installed = m.Image, m.Installed; return nil })
	return err
}

// bringBack begins the operation that gives a device what it had.
func (w *waves) bringBack(ctx context.Context, step *rollout.Step, op *Operation, m memo) error {
	_, back, _, err := w.s.Devices.Set(ctx, wispwright.ScopeAll(), step.DeviceID, Choice{ImageID: m.Image, Options: op.Options, Persistent: op.IsPersistent})
	var invalid *wispwright.ValidationError
	var forbidden *wispwright.ForbiddenError
	switch {
	case errors.As(err, &invalid), errors.As(err, &forbidden), errors.Is(err, wispwright.ErrNotFound):
		step.Fail("The way back: " + err.Error())
		return nil
	case err != nil:
		return err
	case back == nil: // it has it already
		step.State = rollout.Undone
		return nil
	}
	m.Undo = back.ID
	return m.keep(step)
}

// Ended implements rollout.Driver: what is left of the batch ends too.
func (w *waves) Ended(ctx context.Context, r *rollout.Rollout) error {
	return w.s.options.Jobs.Enqueue(ctx, Job{JobBatch, r.SubjectID})
}

// end ends what a rollout that is over left of its batch. Devices that did not
// return failed; what was given up was cancelled.
func (w *waves) end(ctx context.Context, o *Batch, as rollout.Status) error {
	left := OperationFilter{BatchID: o.ID, Statuses: wispwright.Only(InProgress, Pending), Flashed: new(bool)}
	for {
		list, err := w.s.stores.Operations.List(ctx, wispwright.ScopeAll(), left, wispwright.Page{Limit: atOnce, NoTotal: true})
		if err != nil {
			return err
		}
		if len(list.Rows) == 0 {
			return nil
		}
		err = w.s.base.Do(ctx, "firmware.Batches.end", func(ctx context.Context) error {
			for _, op := range list.Rows {
				_, err := w.s.Operations.update(ctx, wispwright.ScopeAll(), op.ID, func(op *Operation) error {
					if op.Status.Ended() || op.Flashed {
						return nil
					}
					op.Status, op.NextRetryAt = Cancelled, nil
					line := cancelledByUser
					if as == rollout.Done {
						op.Status, line = Failed, notReturned
					}
					op.log(line)
					return nil
				})
				if err := gone(err); err != nil {
					return err
				}
				if err := w.s.options.Jobs.Enqueue(ctx, Job{JobUpgrade, op.ID}); err != nil { // lets go of its device
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

const notReturned = "The device did not return in time."
