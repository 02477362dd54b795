package server

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// wire is one line of the wiring: an event and who is told of it. What a
// concern subscribes to of its own accord is named in docs/events.md only.
type wire struct {
	event, subscriber string
	connect           func(name string) error
}

// wiring is every subscription made here, one line each.
func (s *Server) wiring() []wire {
	t := s.tenancy
	if t == nil {
		return nil
	}
	const forget = "other nodes forget cached callers"
	return []wire{
		{"tenancy.Organizations.Changed", forget, topic(t.Organizations.Changed.Subscribe, func(ctx context.Context, _ ...tenancy.OrganizationChange) { s.tell(ctx, callersChannel) })},
		{"tenancy.Users.Changed", forget, topic(t.Users.Changed.Subscribe, func(ctx context.Context, _ ...tenancy.UserChange) { s.tell(ctx, callersChannel) })},
		{"tenancy.Groups.Changed", forget, topic(t.Groups.Changed.Subscribe, func(ctx context.Context, _ ...int64) { s.tell(ctx, callersChannel) })},
		{"tenancy.Memberships.Changed", forget, topic(t.Memberships.Changed.Subscribe, func(ctx context.Context, _ ...wispwright.ID) { s.tell(ctx, callersChannel) })},
		{"tenancy.Tokens.Changed", forget, topic(t.Tokens.Changed.Subscribe, func(ctx context.Context, _ ...wispwright.ID) { s.tell(ctx, callersChannel) })},
		{"tenancy.APITokens.Changed", forget, topic(t.APITokens.Changed.Subscribe, func(ctx context.Context, _ ...wispwright.ID) { s.tell(ctx, callersChannel) })},
		{"tenancy.SecondFactors.Changed", forget, topic(t.SecondFactors.Changed.Subscribe, func(ctx context.Context, _ ...wispwright.ID) { s.tell(ctx, callersChannel) })},
		{"notification " + callersChannel, "forget cached callers", s.listen(callersChannel, func(string) { t.Callers.Forget() })},
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

// published is an event of a concern, for the printed list.
type published struct {
	name, kind, signal string
	subscribers        []string
}

// events lists every event there is, with OpenWISP's signal of the same
// meaning and whoever is subscribed.
func (s *Server) events() (list []published) {
	if t := s.tenancy; t != nil {
		list = append(list,
			published{"tenancy.Organizations.Saved", "hook", "post_save(Organization)", t.Organizations.Saved.Subscribers()},
			published{"tenancy.Organizations.Deleting", "hook", "pre_delete(Organization)", t.Organizations.Deleting.Subscribers()},
			published{"tenancy.Organizations.Changed", "topic", "organization_is_active_changed…", t.Organizations.Changed.Subscribers()},
			published{"tenancy.Users.Deleting", "hook", "pre_delete(User)", t.Users.Deleting.Subscribers()},
			published{"tenancy.Users.Changed", "topic", "post_save(User)", t.Users.Changed.Subscribers()},
			published{"tenancy.Groups.Changed", "topic", "post_save(Group)", t.Groups.Changed.Subscribers()},
			published{"tenancy.Memberships.Changed", "topic", "post_save(OrganizationUser)", t.Memberships.Changed.Subscribers()},
			published{"tenancy.Tokens.Changed", "topic", "", t.Tokens.Changed.Subscribers()},
			published{"tenancy.APITokens.Changed", "topic", "", t.APITokens.Changed.Subscribers()},
			published{"tenancy.SecondFactors.Changed", "topic", "", t.SecondFactors.Changed.Subscribers()},
		)
	}
	if c := s.controller; c != nil {
		list = append(list,
			published{"controller.Devices.Saved", "hook", "post_save(Device)", c.Devices.Saved.Subscribers()},
			published{"controller.Devices.Deleting", "hook", "pre_delete(Device)", c.Devices.Deleting.Subscribers()},
			published{"controller.Devices.Modifying", "hook", "config_modified, within the transaction", c.Devices.Modifying.Subscribers()},
			published{"controller.Devices.Changed", "topic", "device_name_changed, device_group_changed, management_ip_changed, config_activated, config_deactivated", c.Devices.Changed.Subscribers()},
			published{"controller.Devices.Modified", "topic", "config_modified", c.Devices.Modified.Subscribers()},
			published{"controller.Devices.StatusChanged", "topic", "config_status_changed, config_deactivating", c.Devices.StatusChanged.Subscribers()},
			published{"controller.Devices.Registered", "topic", "device_registered", c.Devices.Registered.Subscribers()},
			published{"controller.Templates.Saved", "hook", "post_save(Template)", c.Templates.Saved.Subscribers()},
			published{"controller.Templates.Deleting", "hook", "pre_delete(Template)", c.Templates.Deleting.Subscribers()},
			published{"controller.Templates.Changed", "topic", "post_save(Template)", c.Templates.Changed.Subscribers()},
			published{"controller.Settings.Changed", "topic", "post_save(OrganizationConfigSettings)", c.Settings.Changed.Subscribers()},
		)
	}
	return list
}

// WriteEvents prints docs/events.md: every event with its subscribers as they
// are connected in this server.
func (s *Server) WriteEvents(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Events\n\nPrinted by a test from the wiring of the server; do not edit.\n\n" +
		"A hook runs inside the transaction and may refuse it. A topic tells of what was committed.\n\n" +
		"| event | kind | OpenWISP's signal | subscribers, in order |\n|---|---|---|---|\n")
	for _, e := range s.events() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.name, e.kind, e.signal, strings.Join(e.subscribers, " · "))
	}
	for _, w := range s.wiring() {
		if strings.HasPrefix(w.event, "notification ") {
			fmt.Fprintf(&b, "| `%s` | between nodes | | %s |\n", w.event, w.subscriber)
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("print events: %w", err)
	}
	return nil
}
