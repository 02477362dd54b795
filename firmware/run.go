package firmware

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
)

// The lines of logs that the service writes (spec: firmware §3; additions F-9,
// F-11).
const (
	anotherRuns     = "Another upgrade operation is in progress, aborting..."
	deactivatedLine = "Upgrade aborted because the device has been deactivated."
	deletedDevice   = "The device was deleted."
	imageGone       = "The image was deleted."
	timedOut        = "Operation timed out."
	retriedSoon     = "The upgrade operation will be retried soon."
	staysPending    = "The device cannot be upgraded now. The operation stays pending and will be tried again."
)

// work tries an operation. What it finds stored is the truth: it may have been
// begun, or ended, by a process that is no more.
func (o *Operations) work(ctx context.Context, id wispwright.ID) error {
	op, err := o.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		o.s.options.Log.WarnContext(ctx, "an upgrade operation is not there any more", "operation", id)
		return nil
	}
	if err != nil {
		return err
	}
	now := o.s.base.Now()
	switch {
	case op.Status.Ended() && op.Claimed:
		_, err = o.update(ctx, wispwright.ScopeAll(), id, func(op *Operation) error { op.Claimed = false; return nil })
		return gone(err)
	case op.Status.Ended(), op.Queued == nil:
		return nil
	case op.NextRetryAt != nil && op.NextRetryAt.After(now) && op.Status == Pending:
		return nil // it is called when its time comes
	case op.NextRetryAt != nil && op.NextRetryAt.After(now):
		return &LaterError{op.NextRetryAt.Sub(now)}
	}
	wasPending := op.Status == Pending
	op, err = o.claim(ctx, id)
	if err != nil || op == nil {
		return gone(err)
	}
	return gone(o.attempt(ctx, op, wasPending))
}

// gone makes nothing of an operation that was deleted meanwhile.
func gone(err error) error {
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	return err
}

// errEnded: it ended before it could be claimed.
var errEnded = errors.New("ended meanwhile")

// claim takes the device for an operation; nil when another has it, which ends this
// one, or when it ended meanwhile.
func (o *Operations) claim(ctx context.Context, id wispwright.ID) (*Operation, error) {
	op, err := o.update(ctx, wispwright.ScopeAll(), id, func(op *Operation) error {
		if op.Status.Ended() {
			return errEnded
		}
		op.Claimed, op.Status, op.NextRetryAt = true, InProgress, nil
		op.Epoch++
		return nil
	})
	var conflict *wispwright.ConflictError
	switch {
	case errors.Is(err, errEnded):
		return nil, nil
	case errors.As(err, &conflict) && conflict.Unique == UniqueClaim:
		return nil, o.finish(ctx, &Operation{ID: id}, ending{status: Aborted, line: anotherRuns})
	}
	return op, err
}

// attempt runs the upgrader once and stores what it came to.
func (o *Operations) attempt(ctx context.Context, op *Operation, wasPending bool) error {
	err := o.try(ctx, op, wasPending)
	if errors.Is(err, errSuperseded) {
		return &LaterError{time.Minute} // if the other one does not see it through, somebody must
	}
	return err
}

// try is attempt; another process that has the operation meanwhile is errSuperseded.
func (o *Operations) try(ctx context.Context, op *Operation, wasPending bool) error {
	t, end, err := o.task(ctx, op, wasPending)
	if err != nil {
		return err
	}
	finish := func(e ending) error { return o.finish(ctx, op, e) }
	if end != nil {
		return finish(*end)
	}
	limited, cancel := context.WithTimeout(ctx, o.s.options.Timeout)
	defer cancel()
	err = t.upgrader.Upgrader.Upgrade(limited, t)
	if t.internal != nil && ctx.Err() == nil && limited.Err() == nil {
		return t.internal // the storage's fault, not the device's: it is tried again
	}
	var recoverable *RecoverableError
	var lost *LostError
	var unreachable *UnreachableError
	switch {
	case ctx.Err() != nil:
		return ctx.Err() // the server stops; the operation goes on with another
	case errors.Is(err, errSuperseded):
		return err
	case err == nil, errors.Is(err, ErrNotNeeded):
		return finish(ending{status: Success, installed: true})
	case errors.Is(err, ErrCancelled):
		return finish(ending{status: Cancelled})
	case limited.Err() != nil:
		return finish(ending{status: Failed, line: timedOut})
	case errors.Is(err, ErrAborted):
		return finish(ending{status: Aborted})
	case errors.As(err, &lost):
		if err := o.s.options.Reacher.Broken(ctx, op.DeviceID, lost.Reason); err != nil {
			return err
		}
		return finish(ending{status: Failed, installed: true, line: lost.Reason})
	case errors.As(err, &unreachable) && len(unreachable.Attempts) > 0:
		return o.retry(ctx, op, unreachable.Error(), false)
	case errors.As(err, &recoverable):
		return o.retry(ctx, op, recoverable.Cause, recoverable.NotFlashed)
	}
	return finish(ending{status: Failed, line: err.Error()})
}

// ending is what an operation ends with.
type ending struct {
	status    Status
	installed bool
	line      string
}

// finish ends an operation; one that was cancelled only lets go of its device. An
// attempt that another one came after ends nothing.
func (o *Operations) finish(ctx context.Context, attempt *Operation, e ending) error {
	id := attempt.ID
	return o.s.base.Do(context.WithoutCancel(ctx), "firmware.Operations.finish", func(ctx context.Context) error {
		ended := false
		op, err := o.update(ctx, wispwright.ScopeAll(), id, func(op *Operation) error {
			if attempt.Epoch != 0 && op.Epoch != attempt.Epoch {
				return errSuperseded
			}
			op.Claimed, op.NextRetryAt = false, nil
			if ended = op.Status.Ended(); ended {
				return nil
			}
			op.Status = e.status
			if e.line != "" {
				op.log(e.line)
			}
			if e.status == Success {
				op.Progress = 100
			}
			return nil
		})
		if err != nil || ended || !e.installed || op.ImageID.IsZero() {
			return err
		}
		row, err := o.s.Devices.Of(ctx, wispwright.ScopeAll(), op.DeviceID)
		if err != nil {
			return gone(err)
		}
		if row.ImageID != op.ImageID {
			return nil // somebody chose another one meanwhile
		}
		_, err = o.s.Devices.Update(ctx, wispwright.ScopeAll(), row.ID, func(d *DeviceFirmware) error { d.Installed = true; return nil })
		return err
	})
}

// retry says when an operation that failed for a while is tried again, if it is. One
// that is known not to have flashed begins anew then.
func (o *Operations) retry(ctx context.Context, attempt *Operation, cause string, notFlashed bool) error {
	s := &o.s.options
	after, err := o.update(context.WithoutCancel(ctx), wispwright.ScopeAll(), attempt.ID, func(op *Operation) error {
		if op.Epoch != attempt.Epoch {
			return errSuperseded
		}
		now := o.s.base.Now()
		if notFlashed {
			op.Flashed, op.Progress = false, 0
		}
		switch {
		case op.Status != InProgress:
			op.Claimed = false
		case op.Attempts < s.Retries:
			at := now.Add(o.pause(op.Attempts))
			op.Attempts, op.NextRetryAt = op.Attempts+1, &at
			op.log("Detected a recoverable failure: " + cause + ".\n")
			op.log(retriedSoon)
		case op.IsPersistent:
			op.RetryCount++
			at := now.Add(o.longPause(op.RetryCount))
			op.Status, op.Attempts, op.NextRetryAt = Pending, 0, &at
			op.log("Detected a recoverable failure: " + cause + ".\n")
			op.log(staysPending)
		default:
			op.Status, op.Claimed, op.NextRetryAt = Failed, false, nil
			op.log("Max retries exceeded. Upgrade failed: " + cause + ".")
		}
		return nil
	})
	if err != nil || after.Status != InProgress {
		return err
	}
	return &LaterError{max(after.NextRetryAt.Sub(o.s.base.Now()), 0)}
}

// pause is how long is waited before a retry, of which there were so many before.
func (o *Operations) pause(before int) time.Duration {
	s := &o.s.options
	most := s.MostBackoff
	if before < 20 {
		most = min(most, s.Backoff<<before)
	}
	if s.NoJitter {
		return most
	}
	return time.Duration(s.Random() * float64(most))
}

// longPause is how long an operation is pending for the nth time.
func (o *Operations) longPause(n int) time.Duration {
	s := &o.s.options
	d := float64(s.PendingDelay)
	for range n - 1 {
		if d *= s.PendingFactor; d >= float64(s.MostPendingDelay) {
			break
		}
	}
	d = min(d, float64(s.MostPendingDelay))
	return time.Duration(d * (1 + s.PendingJitter*(2*s.Random()-1)))
}
