package webhooks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
)

// Options change what New makes.
type Options struct {
	// Events are what can be subscribed to. Required.
	Events []Event
	// Source says which installation events are of: its address.
	Source string
	// Send orders the sending of deliveries: it inserts jobs in the context's
	// transaction that call Service.Send. Default: nothing is sent.
	Send func(ctx context.Context, deliveries ...wispwright.ID) error
	// Paused is told, in its transaction, of a webhook that was given up.
	// Default: nobody is.
	Paused func(ctx context.Context, w *Webhook) error
	// Bus tells the other nodes of changes. Default: this node is alone.
	Bus wispwright.Bus
	// Allowed are networks that may be sent to although they are private, such as
	// that of a chat server in the house. Default: none.
	Allowed []netip.Prefix
	// Agent is the header User-Agent. Default: "Wispwright".
	Agent string
	// Timeout bounds a request, its answer included. Default: 15 s.
	Timeout time.Duration
	// Backoff are the pauses between attempts; after the last one a delivery is
	// given up. Default: DefaultBackoff.
	Backoff []time.Duration
	// PauseAfter is how many requests fail one after the other until a webhook is
	// paused, and PauseTime how long it must have gone on: a receiver that is
	// started anew while much happens loses nothing. Default: 50, 1 h.
	PauseAfter int
	PauseTime  time.Duration
	// MostWaiting is how many deliveries wait for one webhook; what happens
	// beyond that is not told to it. Default: 10,000.
	MostWaiting int
	// AtOnce is how many requests to one webhook are under way on a node, so that
	// one that hangs does not hold up others. Default: 4.
	AtOnce int
	// Log hears of what people should look at. Default: slog.Default.
	Log *slog.Logger
}

// DefaultBackoff takes about a day.
func DefaultBackoff() []time.Duration {
	return []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 8 * time.Hour}
}

func (o *Options) complete() {
	if o.Send == nil {
		o.Send = func(context.Context, ...wispwright.ID) error { return nil }
	}
	if o.Paused == nil {
		o.Paused = func(context.Context, *Webhook) error { return nil }
	}
	if o.Agent == "" {
		o.Agent = "Wispwright"
	}
	if o.Timeout <= 0 {
		o.Timeout = 15 * time.Second
	}
	if len(o.Backoff) == 0 {
		o.Backoff = DefaultBackoff()
	}
	if o.PauseAfter <= 0 {
		o.PauseAfter = 50
	}
	if o.PauseTime <= 0 {
		o.PauseTime = time.Hour
	}
	if o.MostWaiting <= 0 {
		o.MostWaiting = 10_000
	}
	if o.AtOnce <= 0 {
		o.AtOnce = 4
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
}

// Event is something that can be subscribed to.
type Event struct {
	// Name is what webhooks subscribe to: "device.registered".
	Name string
	// Label names it to people.
	Label string
}

// TestEvent is what Test sends; every webhook takes it.
const TestEvent = "webhook.test"

// Service is the concern.
type Service struct {
	*entity.Service[wispwright.ID, Webhook, Filter]
	// Delivered is published with deliveries that were stored, sent or given up.
	Delivered event.Topic[*Delivery]

	base    *entity.Base
	stores  Stores
	options Options
	events  []Event
	sender  *sender
	wanting wanting
}

// New makes the service over stores of the base's transactor. Start must be
// called before it is used.
func New(base *entity.Base, stores Stores, o Options) (*Service, error) {
	switch {
	case base == nil || base.Tx == nil:
		return nil, errors.New("webhooks: a transactor is required")
	case stores.Webhooks == nil || stores.Deliveries == nil:
		return nil, errors.New("webhooks: all stores are required")
	}
	known := map[string]bool{Everything: true, TestEvent: true}
	for _, e := range o.Events {
		if e.Name == "" || known[e.Name] {
			return nil, fmt.Errorf("webhooks: an event without a name of its own: %q", e.Name)
		}
		known[e.Name] = true
	}
	o.complete()
	s := &Service{base: base, stores: stores, options: o, events: slices.Clone(o.Events), sender: newSender(&o)}
	slices.SortFunc(s.events, func(a, b Event) int { return strings.Compare(a.Name, b.Name) })
	s.Service = entity.New(base, stores.Webhooks, entity.Kind[wispwright.ID, Webhook]{
		Name: "webhooks.Webhooks", Model: "openwisp_notifications.webhook", Hidden: []string{"Failures", "FailingSince"},
		Validate: s.validate, Stored: s.stored,
		Unique: map[string]error{"webhook_name": wispwright.Invalid("name", "webhook with this name already exists.")},
	})
	return s, nil
}

// Events are what can be subscribed to, by name.
func (s *Service) Events() []Event { return slices.Clone(s.events) }

// stored reads anew which webhooks there are, and deletes the deliveries of a
// deleted one.
func (s *Service) stored(ctx context.Context, changes ...entity.Change[Webhook]) error {
	if err := s.changed(ctx); err != nil {
		return err
	}
	for _, c := range changes {
		var err error
		switch {
		case c.After == nil:
			err = s.stores.Deliveries.ForgetWebhook(ctx, c.Before.ID)
		case c.Before != nil && c.Before.Enabled && !c.After.Enabled:
			err = s.stores.Deliveries.GiveUp(ctx, c.After.ID, "The webhook was turned off.", s.base.Now())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Post tells the webhooks that want them of events, in the context's
// transaction or one of its own. Without such a webhook it costs nothing.
func (s *Service) Post(ctx context.Context, messages ...Message) error {
	var deliveries []*Delivery
	full := map[wispwright.ID]bool{}
	for i := range messages {
		m := &messages[i]
		if m.ID.IsZero() {
			m.ID = wispwright.NewID()
		}
		if m.Time.IsZero() {
			m.Time = s.base.Now()
		}
		hooks, err := s.wants(ctx, m.Name, m.OrganizationID)
		if err != nil {
			return fmt.Errorf("webhooks.Post: %w", err)
		}
		for _, w := range hooks {
			d, err := s.delivery(w, m)
			if err != nil {
				return fmt.Errorf("webhooks.Post: %w", err)
			}
			deliveries = append(deliveries, d)
		}
	}
	if len(deliveries) == 0 {
		return nil
	}
	return s.base.Do(ctx, "webhooks.Post", func(ctx context.Context) error {
		var room []*Delivery
		left := map[wispwright.ID]int{}
		for _, d := range deliveries {
			if _, known := left[d.WebhookID]; !known {
				n, err := s.room(ctx, d.WebhookID)
				if err != nil {
					return err
				}
				left[d.WebhookID] = n
			}
			if left[d.WebhookID] == gone {
				continue
			}
			if left[d.WebhookID]--; left[d.WebhookID] < 0 {
				full[d.WebhookID] = true
				continue
			}
			room = append(room, d)
		}
		for w := range full {
			s.options.Log.WarnContext(ctx, "a webhook is not told of events: too many wait for it", "webhook", w.String(), "most", s.options.MostWaiting)
		}
		return s.store(ctx, room...)
	})
}

// gone is the room of a webhook that was deleted or turned off, by this
// transaction or a moment ago.
const gone = -1 << 30

// room is how many deliveries may be added to those that wait for a webhook.
func (s *Service) room(ctx context.Context, id wispwright.ID) (int, error) {
	w, err := s.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && (!w.Enabled || w.Paused != nil) {
		return gone, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := s.stores.Deliveries.WaitingFor(ctx, id, s.options.MostWaiting)
	return s.options.MostWaiting - n, err
}

// store keeps deliveries and orders that they are sent.
func (s *Service) store(ctx context.Context, deliveries ...*Delivery) error {
	if len(deliveries) == 0 {
		return nil
	}
	if err := s.stores.Deliveries.InsertMany(ctx, deliveries); err != nil {
		return err
	}
	ids := make([]wispwright.ID, 0, len(deliveries))
	for _, d := range deliveries {
		ids = append(ids, d.ID)
	}
	s.Delivered.Publish(ctx, deliveries...)
	return s.options.Send(ctx, ids...)
}

func (s *Service) delivery(w *Webhook, m *Message) (*Delivery, error) {
	text, err := encode(m)
	if err != nil {
		return nil, err
	}
	now := s.base.Now()
	return &Delivery{ID: wispwright.NewID(), WebhookID: w.ID, OrganizationID: w.OrganizationID, EventID: m.ID, Event: m.Name, Message: text,
		State: Waiting, NextAt: &now, Created: now}, nil
}

// Deliveries are those of a webhook, newest first.
func (s *Service) Deliveries(ctx context.Context, scope wispwright.Scope, f DeliveryFilter, page wispwright.Page) (wispwright.Items[Delivery], error) {
	return s.stores.Deliveries.List(ctx, scope, f, page)
}

// Delivery is one of them. Errors: ErrNotFound.
func (s *Service) Delivery(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Delivery, error) {
	return s.stores.Deliveries.Get(ctx, scope, id)
}

// Test sends a test event to a webhook, also to one that is turned off or
// paused. Errors: ErrNotFound.
func (s *Service) Test(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (d *Delivery, err error) {
	err = s.base.Do(ctx, "webhooks.Test", func(ctx context.Context) error {
		w, err := s.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		d, err = s.delivery(w, &Message{ID: wispwright.NewID(), Name: TestEvent, OrganizationID: w.OrganizationID, Time: s.base.Now(), Level: "info",
			Title: "Test of the webhook " + w.Name, Text: "Somebody asked for this message; nothing has happened.", URL: s.options.Source})
		if err != nil {
			return err
		}
		return s.ask(ctx, d)
	})
	return d, err
}

// Redeliver sends the event of a delivery once more, as a delivery of its own.
// Errors: ErrNotFound.
func (s *Service) Redeliver(ctx context.Context, scope wispwright.Scope, webhook, id wispwright.ID) (d *Delivery, err error) {
	err = s.base.Do(ctx, "webhooks.Redeliver", func(ctx context.Context) error {
		old, err := s.Delivery(ctx, scope, id)
		if err == nil && old.WebhookID != webhook {
			err = wispwright.ErrNotFound
		}
		if err != nil {
			return err
		}
		now := s.base.Now()
		d = &Delivery{ID: wispwright.NewID(), WebhookID: old.WebhookID, OrganizationID: old.OrganizationID, EventID: old.EventID, Event: old.Event, Message: old.Message,
			State: Waiting, NextAt: &now, Created: now}
		return s.ask(ctx, d)
	})
	return d, err
}

// ask keeps a delivery that somebody asked for, unless too many wait already.
func (s *Service) ask(ctx context.Context, d *Delivery) error {
	n, err := s.stores.Deliveries.WaitingFor(ctx, d.WebhookID, s.options.MostWaiting)
	if err != nil {
		return err
	}
	if n >= s.options.MostWaiting {
		return wispwright.Invalid("", fmt.Sprintf("%d events wait for this webhook already.", n))
	}
	return s.store(ctx, d)
}

// Resume ends the pause of a webhook, which is told of events again from now on.
// One that is not paused stays as it is. Errors: ErrNotFound.
func (s *Service) Resume(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Webhook, error) {
	return s.Update(ctx, scope, id, func(w *Webhook) error {
		if w.Paused != nil {
			w.resume()
		}
		return nil
	})
}

// resume forgets what failed.
func (w *Webhook) resume() {
	w.Paused, w.PauseReason, w.Failures, w.FailingSince = nil, "", 0, nil
}

// rotationTime is how long an old secret still signs.
const rotationTime = 24 * time.Hour

// Rotate gives a webhook a new secret and returns it; requests are signed with
// the old one too for a day. Errors: ErrNotFound.
func (s *Service) Rotate(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Webhook, error) {
	fresh := NewSecret()
	return s.Update(ctx, scope, id, func(w *Webhook) error {
		until := s.base.Now().Add(rotationTime)
		w.Secret, w.OldSecret, w.OldSecretUntil = fresh, w.Secret, &until
		return nil
	})
}

// cleanBatch is how many rows one statement of Clean deletes.
const cleanBatch = 5000

// Clean deletes deliveries of events older than an age, whatever became of
// them, and all but the newest keep finished ones of each webhook. It returns how many there were.
func (s *Service) Clean(ctx context.Context, age time.Duration, keep int) (total int, err error) {
	for age > 0 {
		n, err := s.stores.Deliveries.Forget(ctx, s.base.Now().Add(-age), cleanBatch)
		if total += n; err != nil {
			return total, fmt.Errorf("webhooks.Clean: %w", err)
		}
		if n < cleanBatch {
			break
		}
	}
	if keep > 0 {
		n, err := s.stores.Deliveries.Thin(ctx, keep)
		if total += n; err != nil {
			return total, fmt.Errorf("webhooks.Clean: %w", err)
		}
	}
	return total, nil
}
