package monitoring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/spool"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// ErrAway says that the time-series store failed. What was not stored can be sent again.
var ErrAway = errors.New("the time-series store is away")

// seriesError is an error of the time-series store.
type seriesError struct{ err error }

func (e *seriesError) Error() string        { return e.err.Error() }
func (e *seriesError) Unwrap() error        { return e.err }
func (e *seriesError) Is(target error) bool { return target == ErrAway }

// spool keeps a valid document that cannot be stored now because of a failure of the
// time-series store, or because others of its device wait. What cannot be kept
// either is refused, and stays with its device.
func (c *Collector) spool(ctx context.Context, s Sample, at time.Time, failure error) error {
	var series *seriesError
	if failure != nil && (s.spooled || !errors.As(failure, &series) || ctx.Err() != nil) {
		return failure
	}
	err := spool.ErrFull
	if c.Spool != nil {
		err = c.Spool.Put(ctx, spool.Record{Device: s.Device.ID, Time: at, Current: s.Current, Body: s.Body})
	}
	if err != nil {
		err = errors.Join(failure, err)
		c.Log.WarnContext(ctx, "a document can be neither stored nor kept, and stays with its device", "device", s.Device.ID, "error", err)
		return err
	}
	if failure != nil && c.spooling.CompareAndSwap(false, true) {
		c.Log.WarnContext(ctx, "the time-series store is away: documents wait in the spool", "error", failure)
	}
	return nil
}

// Replay stores what waits in the spool, in the order in which it came, until nothing does or the
// store fails. find returns a device as it is now, or wispwright.ErrNotFound, after
// which its documents are dropped.
func (c *Collector) Replay(ctx context.Context, find func(ctx context.Context, id wispwright.ID) (*Device, error)) error {
	if c.Spool == nil {
		return nil
	}
	done, dropped := 0, 0
	err := c.Spool.Drain(ctx, func(ctx context.Context, r *spool.Record) error {
		d, err := find(ctx, r.Device)
		if errors.Is(err, wispwright.ErrNotFound) {
			dropped++
			return nil
		}
		if err != nil {
			return fmt.Errorf("find the device of a document: %w", err)
		}
		err = c.Collect(ctx, Sample{Device: d, Body: r.Body, Time: r.Time, Current: r.Current, spooled: true})
		var invalid *InvalidDocumentError
		var syntax *ordered.SyntaxError
		if errors.As(err, &invalid) || errors.As(err, &syntax) { // it was valid to another version
			dropped++
			return nil
		}
		if err == nil {
			done++
		}
		return err
	})
	if err == nil {
		c.spooling.Store(false)
	}
	if done+dropped > 0 {
		c.Log.InfoContext(ctx, "documents of the spool were stored", "documents", done, "dropped", dropped)
	}
	return err
}

// LastTold returns when the latest document of a device was made that is stored or waits in
// the spool, the zero time if there is none.
func (m *Monitoring) LastTold(ctx context.Context, device wispwright.ID) (time.Time, error) {
	if m.base.Spool != nil {
		if at, ok := m.base.Spool.Newest(device); ok {
			return at, nil
		}
	}
	doc, err := m.Document(ctx, device)
	if errors.Is(err, wispwright.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return doc.Time, nil
}
