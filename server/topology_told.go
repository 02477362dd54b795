package server

import (
	"context"
	"fmt"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
	"github.com/wispwright/wispwright/topology"
)

const topologyKind = "topology.topology"

// Kinds implements WithKinds. Of nodes and links webhooks are not told one by one:
// an update may have thousands.
func (c *TopologyConcern) Kinds() []Kind {
	return []Kind{
		NewKind(KindOptions[topology.Topology]{Kind: topologyKind, Event: "topology", Label: "Topology", Changed: &c.Topologies.Changed,
			Subject: func(t *topology.Topology) Subject {
				return Subject{t.OrganizationID, t.ID.String(), t.Label, map[string]any{"parser": t.Parser, "strategy": t.Strategy, "published": t.Published}}
			},
			Find: ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) ([]*topology.Topology, error) {
				found, err := c.Topologies.List(ctx, everyone(), topology.TopologyFilter{IDs: ids}, unpaged)
				return found.Rows, err
			})}),
		NewKind(KindOptions[topology.Node]{Kind: "topology.node", Changed: &c.Nodes.Changed,
			Subject: func(n *topology.Node) Subject { return Subject{n.OrganizationID, n.ID.String(), n.Name(), nil} }}),
		NewKind(KindOptions[topology.Link]{Kind: "topology.link", Changed: &c.Links.Changed,
			Subject: func(l *topology.Link) Subject { return Subject{l.OrganizationID, l.ID.String(), "", nil} }}),
	}
}

// live tells pages that watch of updates.
func (c *TopologyConcern) live(h *Host) {
	c.Updated.Subscribe("live: topology.topology", func(ctx context.Context, list ...topology.Update) {
		for _, u := range list {
			if u.Empty() {
				continue // a person's change, which the kinds tell of
			}
			h.Changed(ctx, topologyKind, u.OrganizationID, u.TopologyID.String())
			h.Changed(ctx, "topology.node", u.OrganizationID)
			h.Changed(ctx, "topology.link", u.OrganizationID)
		}
	})
}

// NotificationTypes implements WithNotifications.
func (c *TopologyConcern) NotificationTypes() []notifications.Type {
	const target = "[{notification.target}]({notification.target_link})"
	one := func(name, label, headline, verb string, level notifications.Level) notifications.Type {
		return notifications.Type{
			Name: name, Label: label, Level: level, Verb: verb, Models: []string{topologyKind},
			Subject: "[{site.name}] " + headline + `: "{notification.target}" {notification.verb} {links}`,
			Message: "The topology " + target + " {notification.verb} {links}.",
		}
	}
	return []notifications.Type{
		one("topology_link_down", "Topology link PROBLEM", "PROBLEM", "lost", notifications.Warning),
		one("topology_link_up", "Topology link RECOVERY", "RECOVERY", "has again", notifications.Info),
	}
}

// WebhookEvents implements WithNotifications: there are none beside.
func (c *TopologyConcern) WebhookEvents() []webhooks.Event { return nil }

// Notify implements WithNotifications: people are told of links that went up or
// down, of each topology and direction at once, for a server that stops takes all
// its links with it.
func (c *TopologyConcern) Notify(n *NotificationsConcern) []Wire {
	return []Wire{{"topology.LinkStatusChanged", "notifications: topology_link_down, topology_link_up", hook(c.LinkStatusChanged.Within, func(ctx context.Context, list ...topology.StatusChange) error {
		var events []notifications.Event
		for i := range list {
			for _, status := range []string{topology.Down, topology.Up} {
				names := linkNames(&list[i], status)
				if len(names) == 0 {
					continue
				}
				ref := notifications.Ref{Kind: topologyKind, ID: list[i].Topology.ID.String()}
				events = append(events, notifications.Event{Type: "topology_link_" + status, Actor: ref, Target: ref, Data: map[string]any{"links": linksInWords(names), "count": len(names)}})
			}
		}
		return n.Post(ctx, events...)
	})}}
}

func linkNames(c *topology.StatusChange, status string) (names []string) {
	for _, l := range c.Links {
		if l.Status == status {
			names = append(names, c.Name(l.SourceID)+" – "+c.Name(l.TargetID))
		}
	}
	return names
}

// mostLinksNamed is how many links a notification names.
const mostLinksNamed = 5

func linksInWords(names []string) string {
	switch {
	case len(names) == 1:
		return "the link " + names[0]
	case len(names) <= mostLinksNamed:
		return fmt.Sprintf("%d links: %s", len(names), strings.Join(names, ", "))
	}
	return fmt.Sprintf("%d links: %s and %d more", len(names), strings.Join(names[:mostLinksNamed], ", "), len(names)-mostLinksNamed)
}
