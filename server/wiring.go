package server

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/tenancy"
)

// Wire is one line of the wiring: an event and its subscriber. What a
// concern subscribes to of its own accord is named in docs/events.md only.
type Wire struct {
	// Event names what is heard, Subscriber who hears it and what for.
	Event, Subscriber string
	// Connect subscribes under the name.
	Connect func(name string) error
}

// wiring is what configuration management hears of organizations; without the
// product's accounts nothing.
func (c *ControllerConcern) wiring() []Wire {
	if c.Tenancy == nil {
		return nil
	}
	return []Wire{
		{"tenancy.Organizations", "controller: settings, devices and templates of organizations", func(string) error {
			c.Attach(c.Tenancy.Organizations)
			return nil
		}},
	}
}

// wiring is what goes with users and organizations.
func (n *NotificationsConcern) wiring() []Wire {
	t := n.Tenancy.Tenancy
	return []Wire{
		{"tenancy.Users.Deleting", "notifications: what users were told", hook(t.Users.Deleting.Subscribe, func(ctx context.Context, users ...*tenancy.User) error {
			for _, u := range users {
				if err := n.ForgetUser(ctx, u.ID); err != nil {
					return err
				}
			}
			return nil
		})},
		{"tenancy.Organizations.Deleting", "notifications: what organizations chose", func(name string) error {
			t.Organizations.OnDelete(name, n.ForgetOrganization)
			return nil
		}},
	}
}

// hook subscribes a function to a Hook, or within the transactions of a Topic.
func hook[E any](subscribe func(string, func(context.Context, ...E) error), fn func(context.Context, ...E) error) func(string) error {
	return func(name string) error {
		subscribe(name, fn)
		return nil
	}
}

// connect makes every subscription of the wiring.
func (s *Server) connect() error {
	for _, w := range s.host.wires {
		if err := w.Connect(w.Subscriber); err != nil {
			return fmt.Errorf("%s → %s: %w", w.Event, w.Subscriber, err)
		}
	}
	return nil
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
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("print events: %w", err)
	}
	return nil
}

// wiring takes devices off the map that are deleted, or that went to another
// organization.
func (c *GeoConcern) wiring() []Wire {
	d := c.Controller.Devices
	return []Wire{
		{"controller.Devices.Deleting", "geo: where devices are", hook(d.Deleting.Subscribe, func(ctx context.Context, devices ...*controller.Device) error {
			ids := make([]wispwright.ID, len(devices))
			for i, one := range devices {
				ids[i] = one.ID
			}
			return c.DeviceLocations.Forget(ctx, ids...)
		})},
		{"controller.Devices.Saved", "geo: devices of another organization", hook(d.Saved.Subscribe, func(ctx context.Context, list ...entity.Change[controller.Device]) error {
			var ids []wispwright.ID
			for _, one := range list {
				if one.Before != nil && one.After != nil && one.Before.OrganizationID != one.After.OrganizationID {
					ids = append(ids, one.After.ID)
				}
			}
			return c.DeviceLocations.Forget(ctx, ids...)
		})},
	}
}
