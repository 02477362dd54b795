package server

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/tenancy"
)

// wire is one line of the wiring: an event and who is told of it. What a
// concern subscribes to of its own accord is named in docs/events.md only.
type wire struct {
	event, subscriber string
	connect           func(name string) error
}

// wiring is every subscription to what happens to accounts, one line each.
func (t *TenancyConcern) wiring(h *Host) []wire {
	s := h.server
	const forget = "other nodes forget cached callers"
	return []wire{
		{"tenancy.Organizations.Changed", forget, topic(t.Organizations.Changed.Subscribe, func(ctx context.Context, _ ...tenancy.OrganizationChange) { s.tell(ctx, callersChannel) })},
		{"tenancy.Users.Changed", forget, topic(t.Users.Changed.Subscribe, func(ctx context.Context, _ ...tenancy.UserChange) { s.tell(ctx, callersChannel) })},
		{"tenancy.Groups.Changed", forget, topic(t.Groups.Changed.Subscribe, func(ctx context.Context, _ ...entity.Change[tenancy.Group]) { s.tell(ctx, callersChannel) })},
		{"tenancy.Memberships.Changed", forget, topic(t.Memberships.Changed.Subscribe, func(ctx context.Context, _ ...wispwright.ID) { s.tell(ctx, callersChannel) })},
		{"tenancy.Tokens.Changed", forget, topic(t.Tokens.Changed.Subscribe, func(ctx context.Context, _ ...wispwright.ID) { s.tell(ctx, callersChannel) })},
		{"tenancy.APITokens.Changed", forget, topic(t.APITokens.Changed.Subscribe, func(ctx context.Context, _ ...wispwright.ID) { s.tell(ctx, callersChannel) })},
		{"tenancy.SecondFactors.Changed", forget, topic(t.SecondFactors.Changed.Subscribe, func(ctx context.Context, _ ...wispwright.ID) { s.tell(ctx, callersChannel) })},
		{"notification " + callersChannel, "forget cached callers", s.listen(callersChannel, func(string) { t.Callers.Forget() })},
	}
}

// wiring is what configuration management hears of organizations; without the
// product's accounts nothing.
func (c *ControllerConcern) wiring() []wire {
	if c.Tenancy == nil {
		return nil
	}
	return []wire{
		{"tenancy.Organizations", "controller: settings, devices and templates of organizations", func(string) error {
			c.Attach(c.Tenancy.Organizations)
			return nil
		}},
	}
}

// connect makes every subscription of the wiring.
func (s *Server) connect() error {
	for _, w := range s.host.wires {
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

// WriteEvents prints docs/events.md: every event with its subscribers as they
// are connected in this server.
func (s *Server) WriteEvents(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Events\n\nPrinted by a test from the wiring of the server; do not edit.\n\n" +
		"A hook runs inside the transaction and may refuse it. A topic tells of what was committed.\n\n" +
		"| event | kind | OpenWISP's signal | subscribers, in order |\n|---|---|---|---|\n")
	for _, c := range s.concerns {
		listed, ok := c.(WithEvents)
		if !ok {
			continue
		}
		for _, e := range listed.Events() {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.Name, e.Kind, e.Signal, strings.Join(e.Subscribers, " · "))
		}
	}
	for _, w := range s.host.wires {
		if strings.HasPrefix(w.event, "notification ") {
			fmt.Fprintf(&b, "| `%s` | between nodes | | %s |\n", w.event, w.subscriber)
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("print events: %w", err)
	}
	return nil
}
