package server

import (
	"fmt"
	"io"
	"strings"
)

// wire is one line of the wiring: an event and its subscriber. What a
// concern subscribes to of its own accord is named in docs/events.md only.
type wire struct {
	event, subscriber string
	connect           func(name string) error
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
