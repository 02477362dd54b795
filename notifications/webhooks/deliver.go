package webhooks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
)

// busyPause is when a delivery is looked at again whose webhook has enough
// requests under way.
const busyPause = 2 * time.Second

// Send makes one attempt to send a delivery. It returns how long to wait before
// the next one, 0 when there is none. A delivery that is gone, or was finished
// already, is none; two attempts after a crash in between carry the same id.
// Errors are of the storage: the job is repeated.
func (s *Service) Send(ctx context.Context, id wispwright.ID) (again time.Duration, err error) {
	d, err := s.stores.Deliveries.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && d.State != Waiting {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("webhooks.Send: %w", err)
	}
	now := s.base.Now()
	if d.NextAt != nil && d.NextAt.After(now) {
		return d.NextAt.Sub(now), nil // the clock was set back, or somebody was too early
	}
	w, err := s.Get(ctx, wispwright.ScopeAll(), d.WebhookID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return 0, nil // the delivery goes too
	}
	if err != nil {
		return 0, fmt.Errorf("webhooks.Send: %w", err)
	}
	if d.Event != TestEvent && (!w.Enabled || w.Paused != nil) {
		return 0, s.giveUp(ctx, d.ID)
	}
	var m Message
	if err := json.Unmarshal([]byte(d.Message), &m); err != nil {
		return 0, fmt.Errorf("webhooks.Send: %w", err)
	}
	if !s.sender.enter(w.ID) {
		return busyPause, nil
	}
	x := s.sender.send(ctx, w, d, &m, s.options.Source, now)
	s.sender.leave(w.ID)
	if x.err != nil && ctx.Err() != nil {
		return 0, ctx.Err() // this node stops; another one sends it
	}
	return s.note(ctx, d.ID, x)
}

// giveUp ends a delivery whose webhook is turned off.
func (s *Service) giveUp(ctx context.Context, id wispwright.ID) error {
	return s.base.Do(ctx, "webhooks.Send", func(ctx context.Context) error {
		d, err := s.stores.Deliveries.Update(ctx, wispwright.ScopeAll(), id, func(d *Delivery) error {
			now := s.base.Now()
			d.State, d.NextAt, d.Finished, d.Error = Failed, nil, &now, "The webhook is turned off or paused."
			return nil
		})
		if err != nil {
			return ignoreGone(err)
		}
		s.Delivered.Publish(ctx, d)
		return nil
	})
}

func ignoreGone(err error) error {
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	return err
}

// note stores what came of an attempt and decides about the next one.
func (s *Service) note(ctx context.Context, id wispwright.ID, x *exchange) (again time.Duration, err error) {
	err = s.base.Do(ctx, "webhooks.Send", func(ctx context.Context) error {
		now := s.base.Now()
		d, err := s.stores.Deliveries.Update(ctx, wispwright.ScopeAll(), id, func(d *Delivery) error {
			d.Attempts++
			d.Status, d.Took, d.Request, d.Answer, d.Error = x.status, x.took.Truncate(time.Microsecond), x.request, x.answer, x.reason()
			d.NextAt, again = nil, 0
			switch {
			case x.ok():
				d.State, d.Finished = Delivered, &now
			case d.Event == TestEvent, x.gone, d.Attempts > len(s.options.Backoff):
				d.State, d.Finished = Failed, &now
			default:
				again = max(s.options.Backoff[d.Attempts-1], x.after)
				next := now.Add(again)
				d.NextAt = &next
			}
			return nil
		})
		if err != nil {
			return ignoreGone(err)
		}
		s.Delivered.Publish(ctx, d)
		if d.Event == TestEvent {
			return nil // says nothing of how events fare
		}
		return s.count(ctx, d.WebhookID, x, now)
	})
	return again, err
}

// count counts failures, and pauses a webhook that has too many.
func (s *Service) count(ctx context.Context, id wispwright.ID, x *exchange, now time.Time) error {
	paused := false
	before, err := s.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil || x.ok() && before.Failures == 0 {
		return ignoreGone(err)
	}
	// past the service: this is no change that somebody made
	w, err := s.stores.Webhooks.Update(ctx, wispwright.ScopeAll(), id, func(w *Webhook) error {
		if x.ok() {
			w.Failures, w.FailingSince = 0, nil
			return nil
		}
		if w.Failures++; w.FailingSince == nil {
			w.FailingSince = &now
		}
		long := w.Failures >= s.options.PauseAfter && now.Sub(*w.FailingSince) >= s.options.PauseTime
		if paused = w.Paused == nil && (x.gone || long); paused {
			w.Paused, w.PauseReason = &now, fmt.Sprintf("%d requests failed one after the other. The last: %s", w.Failures, x.reason())
			if x.gone {
				w.PauseReason = "The receiver answered 410 Gone: it wants no more."
			}
		}
		return nil
	})
	if err != nil || !paused {
		return ignoreGone(err)
	}
	if err := s.changed(ctx); err != nil {
		return err
	}
	if err := s.stores.Deliveries.GiveUp(ctx, id, "The webhook was paused.", now); err != nil {
		return err
	}
	return s.options.Paused(ctx, w)
}
