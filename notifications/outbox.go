package notifications

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
)

// Posted is an event that waits to be told of.
type Posted struct {
	ID wispwright.ID
	// Event is the event, a JSON object.
	Event wispwright.JSON
	// Attempts is how often telling of it failed; it is not tried again before
	// NotBefore.
	Attempts  int
	NotBefore time.Time
	Created   time.Time
}

// OutboxStore keeps events from the transaction that caused them until they
// are told of.
type OutboxStore interface {
	// Add stores events.
	Add(ctx context.Context, events ...*Posted) error
	// Take returns up to limit events that may be told of at a time, oldest
	// first, held until the transaction ends. Those that another transaction
	// holds are left out.
	Take(ctx context.Context, now time.Time, limit int) ([]*Posted, error)
	// Defer stores Attempts and NotBefore.
	Defer(ctx context.Context, e *Posted) error
	// Remove deletes events.
	Remove(ctx context.Context, ids ...wispwright.ID) error
	// Waiting reports whether there are events that may be told of at a time.
	Waiting(ctx context.Context, now time.Time) (bool, error)
}

// Post keeps events in the context's transaction, to be told of as soon as it
// is committed: a caller that causes something waits neither for recipients nor for
// words. Drain tells. What was committed is told of once, whatever becomes of
// the process in between. Errors: ErrNotFound for an unknown type.
func (s *Service) Post(ctx context.Context, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	now := s.base.Now()
	rows := make([]*Posted, 0, len(events))
	for _, e := range events {
		if _, err := s.types.Get(e.Type); err != nil {
			return fmt.Errorf("notifications.Post: %w", err)
		}
		if e.Timestamp.IsZero() {
			e.Timestamp = now
		}
		text, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("notifications.Post: %s: %w", e.Type, err)
		}
		rows = append(rows, &Posted{ID: wispwright.NewID(), Event: wispwright.JSON(text), NotBefore: now, Created: now})
	}
	return s.base.Do(ctx, "notifications.Post", func(ctx context.Context) error {
		if err := s.stores.Outbox.Add(ctx, rows...); err != nil {
			return err
		}
		wispwright.AfterCommit(ctx, s.options.Posted)
		return nil
	})
}

const (
	// drainBatch is how many events one transaction of Drain tells of.
	drainBatch = 200
	// mostAttempts is how often telling of an event is tried, over half a day.
	mostAttempts = 15
)

// Drain tells of what was posted, until nothing is left that may be told of
// now. Several nodes may drain at once. An event that cannot be told of holds
// up no other; it is tried again later, and in the end given up and logged.
func (s *Service) Drain(ctx context.Context) error {
	for {
		n, err := s.drain(ctx, drainBatch)
		switch {
		case err != nil && (n <= 1 || ctx.Err() != nil || errors.Is(err, wispwright.ErrUnavailable)):
			return err
		case err != nil: // one of them is the reason: one by one
			for range n {
				if one, err := s.drainOne(ctx); one == 0 || err != nil {
					return err
				}
			}
		case n == 0:
			return nil
		}
	}
}

// drain tells of up to limit events in one transaction.
func (s *Service) drain(ctx context.Context, limit int) (n int, err error) {
	err = s.base.Do(ctx, "notifications.Drain", func(ctx context.Context) error {
		taken, err := s.stores.Outbox.Take(ctx, s.base.Now(), limit)
		if n = len(taken); err != nil || n == 0 {
			return err
		}
		ids := make([]wispwright.ID, 0, n)
		events := make([]Event, 0, n)
		for _, p := range taken {
			e, err := p.decode()
			if err != nil {
				return err
			}
			ids, events = append(ids, p.ID), append(events, e)
		}
		if err := s.notify(ctx, true, events...); err != nil {
			return err
		}
		return s.stores.Outbox.Remove(ctx, ids...)
	})
	return n, err
}

// drainOne tells of one event, or puts it off.
func (s *Service) drainOne(ctx context.Context) (n int, err error) {
	var failed *Posted
	err = s.base.Do(ctx, "notifications.Drain", func(ctx context.Context) error {
		taken, err := s.stores.Outbox.Take(ctx, s.base.Now(), 1)
		if n = len(taken); err != nil || n == 0 {
			return err
		}
		failed = taken[0]
		e, err := failed.decode()
		if err == nil {
			err = s.notify(ctx, true, e)
		}
		if err != nil {
			return err
		}
		return s.stores.Outbox.Remove(ctx, failed.ID)
	})
	if err == nil || failed == nil || ctx.Err() != nil || errors.Is(err, wispwright.ErrUnavailable) {
		return n, err
	}
	reason := err
	return n, s.base.Do(ctx, "notifications.Drain", func(ctx context.Context) error {
		if failed.Attempts++; failed.Attempts >= mostAttempts {
			s.options.Log.ErrorContext(ctx, "nobody was told of what happened", "event", string(failed.Event), "error", reason)
			return s.stores.Outbox.Remove(ctx, failed.ID)
		}
		s.options.Log.WarnContext(ctx, "telling of what happened failed, and is tried again", "attempt", failed.Attempts, "error", reason)
		failed.NotBefore = s.base.Now().Add(min(time.Second<<failed.Attempts, time.Hour))
		return s.stores.Outbox.Defer(ctx, failed)
	})
}

// Waiting reports whether there is something to Drain.
func (s *Service) Waiting(ctx context.Context) (bool, error) {
	return s.stores.Outbox.Waiting(ctx, s.base.Now())
}

func (p *Posted) decode() (e Event, err error) {
	d := json.NewDecoder(strings.NewReader(string(p.Event)))
	d.UseNumber() // a number stays as it was written
	if err := d.Decode(&e); err != nil {
		return e, fmt.Errorf("posted event %s: %w", p.ID, err)
	}
	return e, nil
}
