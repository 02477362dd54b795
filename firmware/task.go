package firmware

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
)

// task is an operation while an upgrader works on it.
type task struct {
	s        *Service
	op       *Operation
	image    *Image
	system   string
	upgrader *UpgraderType
	// internal is a fault of the storage, which is not the device's.
	internal error
}

// task prepares an attempt, or says how the operation ends without one.
func (o *Operations) task(ctx context.Context, op *Operation, wasPending bool) (*task, *ending, error) {
	d, err := o.s.fleet.Device(ctx, wispwright.ScopeAll(), op.DeviceID)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return nil, &ending{status: Aborted, line: deletedDevice}, nil
	case err != nil:
		return nil, nil, err
	case d.Deactivated && !op.Flashed && wasPending:
		return nil, &ending{status: Failed, line: deactivatedLine}, nil
	case d.Deactivated && !op.Flashed:
		return nil, &ending{status: Aborted, line: deactivatedLine}, nil
	}
	t := &task{s: o.s, op: op}
	if !op.ImageID.IsZero() {
		if t.image, err = o.s.stores.Images.Get(ctx, wispwright.ScopeAll(), op.ImageID); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return nil, nil, err
		}
	}
	switch {
	case t.image == nil && op.Flashed:
		t.image = &Image{} // the device has it, or not: that is still to be found out
	case t.image == nil:
		return nil, &ending{status: Failed, line: imageGone}, nil
	default:
		build, err := o.s.stores.Builds.Get(ctx, wispwright.ScopeAll(), t.image.BuildID)
		if err != nil {
			return nil, nil, err
		}
		if t.system = build.System(); t.system == "" {
			t.system = t.image.Metadata.System()
		}
	}
	var connected bool
	if t.upgrader, connected, err = o.s.Upgrader(ctx, op.DeviceID); err != nil {
		return nil, nil, err
	}
	switch {
	case !connected:
		return nil, &ending{status: Failed, line: noConnection}, nil
	case t.upgrader == nil:
		return nil, &ending{status: Failed, line: "No upgrader is known for the connections of the device."}, nil
	}
	return t, nil, nil
}

// Device implements Task.
func (t *task) Device(ctx context.Context) (*Device, error) {
	return t.s.fleet.Device(ctx, wispwright.ScopeAll(), t.op.DeviceID)
}

// Image implements Task.
func (t *task) Image() (*Image, string) { return t.image, t.system }

// Open implements Task.
func (t *task) Open(ctx context.Context) (io.ReadSeekCloser, error) {
	r, err := t.s.Images.Open(ctx, t.image)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return nil, errors.New("The file of the image is not there any more.") //nolint:staticcheck // a line for people
	case errors.Is(err, wispwright.ErrUnavailable):
		t.s.options.Log.WarnContext(ctx, "the file of an image cannot be read", "image", t.image.ID, "error", err)
		return nil, &RecoverableError{Cause: "The file of the image cannot be read now"}
	}
	return r, err
}

// Link implements Task.
func (t *task) Link() string {
	if t.s.options.Link == nil || t.image.ID.IsZero() {
		return ""
	}
	return t.s.options.Link(t.image)
}

// Options implements Task.
func (t *task) Options() wispwright.JSON { return t.op.Options }

// Connect implements Task.
func (t *task) Connect(ctx context.Context, logged bool) (connection.Session, error) {
	session, err := t.s.options.Reacher.Open(ctx, t.op.DeviceID)
	var unreachable *UnreachableError
	if errors.As(err, &unreachable) && logged {
		for _, a := range unreachable.Attempts {
			if err := t.Log(ctx, fmt.Sprintf("Failed to connect with device using %s. Error: %s", a.Credentials, a.Reason)); err != nil {
				return nil, err
			}
		}
	}
	return session, err
}

// change stores something of the operation, unless somebody cancelled it.
func (t *task) change(ctx context.Context, fn func(*Operation)) error {
	after, err := t.s.Operations.update(context.WithoutCancel(ctx), wispwright.ScopeAll(), t.op.ID, func(op *Operation) error {
		switch {
		case op.Epoch != t.op.Epoch:
			return errSuperseded
		case op.Status != InProgress:
			return ErrCancelled
		}
		fn(op)
		return nil
	})
	switch {
	case errors.Is(err, errSuperseded):
		return errSuperseded
	case errors.Is(err, wispwright.ErrNotFound), errors.Is(err, ErrCancelled):
		return ErrCancelled
	case err != nil:
		t.internal = err
		return err
	}
	t.op = after
	return ctx.Err()
}

// Log implements Task. What is said after a cancellation is kept too.
func (t *task) Log(ctx context.Context, lines ...string) error {
	after, err := t.s.Operations.update(context.WithoutCancel(ctx), wispwright.ScopeAll(), t.op.ID, func(op *Operation) error {
		if op.Epoch != t.op.Epoch {
			return errSuperseded
		}
		for _, line := range lines {
			op.log(line)
		}
		return nil
	})
	switch {
	case errors.Is(err, errSuperseded):
		return errSuperseded
	case errors.Is(err, wispwright.ErrNotFound):
		return ErrCancelled
	case err != nil:
		t.internal = err
		return err
	}
	t.op = after
	return nil
}

// Step implements Task.
func (t *task) Step(ctx context.Context, progress int) error {
	return t.change(ctx, func(op *Operation) { op.Progress = max(op.Progress, progress) })
}

// Remember implements Task.
func (t *task) Remember(ctx context.Context, state any) error {
	raw, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return t.change(ctx, func(op *Operation) { op.State = wispwright.JSON(raw) })
}

// State implements Task.
func (t *task) State() wispwright.JSON {
	if t.op.State == "{}" {
		return ""
	}
	return t.op.State
}

// Flash implements Task.
func (t *task) Flash(ctx context.Context, progress int, state any) error {
	raw, err := json.Marshal(state)
	if err != nil {
		return err
	}
	superseded := false
	if err := t.change(ctx, func(op *Operation) {
		if superseded = op.Flashed; !superseded {
			op.Flashed, op.Progress, op.State = true, max(op.Progress, progress), wispwright.JSON(raw)
		}
	}); err != nil {
		return err
	}
	if superseded {
		return errSuperseded
	}
	return nil
}

// errSuperseded: another process took this attempt for dead and works on the device.
var errSuperseded = errors.New("firmware: another process works on the device")

// Flashed implements Task.
func (t *task) Flashed() bool { return t.op.Flashed }
