package server

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// wire is one line of the wiring: an event and who is told of it.
type wire struct {
	event, subscriber string
	connect           func(name string) error
}

// wiring is every subscription across concerns, one line each; docs/events.md
// is printed from it. What a concern subscribes to itself is its own affair.
func (s *Server) wiring() []wire {
	t := s.tenancy
	if t == nil {
		return nil
	}
	return []wire{
		{"tenancy.Organizations.Changed", "other nodes forget cached callers", topic(t.Organizations.Changed.Subscribe, func(ctx context.Context, _ ...tenancy.OrganizationChange) { s.tell(ctx, callersChannel) })},
		{"tenancy.Users.Changed", "other nodes forget cached callers", topic(t.Users.Changed.Subscribe, func(ctx context.Context, _ ...tenancy.UserChange) { s.tell(ctx, callersChannel) })},
		{"tenancy.Groups.Changed", "other nodes forget cached callers", topic(t.Groups.Changed.Subscribe, func(ctx context.Context, _ ...int64) { s.tell(ctx, callersChannel) })},
		{"tenancy.Memberships.Changed", "other nodes forget cached callers", topic(t.Memberships.Changed.Subscribe, func(ctx context.Context, _ ...wispwright.ID) { s.tell(ctx, callersChannel) })},
		{"tenancy.Tokens.Changed", "other nodes forget cached callers", topic(t.Tokens.Changed.Subscribe, func(ctx context.Context, _ ...wispwright.ID) { s.tell(ctx, callersChannel) })},
		{"notification wispwright_callers", "forget cached callers", s.listen(callersChannel, func(string) { t.Callers.Forget() })},
	}
}

// connect makes every subscription of the wiring.
func (s *Server) connect() error {
	for _, w := range s.wiring() {
		if err := w.connect(w.subscriber); err != nil {
			return fmt.Errorf("%s → %s: %w", w.event, w.subscriber, err)
		}
	}
	return nil
}

// callersChannel tells other nodes that what a caller may do has changed.
const callersChannel = "wispwright_callers"

// tell notifies the other nodes. A lost notification only delays what the
// caches' own expiry brings.
func (s *Server) tell(ctx context.Context, channel string) {
	if err := s.db.Notify(context.WithoutCancel(ctx), channel, "changed"); err != nil {
		s.log.WarnContext(ctx, "other nodes were not told of a change", "channel", channel, "error", err)
	}
}

// topic subscribes a function to a Topic.
func topic[E any](subscribe func(string, func(context.Context, ...E)), fn func(context.Context, ...E)) func(string) error {
	return func(name string) error {
		subscribe(name, fn)
		return nil
	}
}

// listen calls fn for every notification of other nodes.
func (s *Server) listen(channel string, fn func(payload string)) func(string) error {
	return func(string) error { return s.db.Listen(s.lifetime, channel, fn) }
}
