package server

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
)

const vpnKind = "config.vpn"

// Kinds implements WithKinds.
func (c *VPNConcern) Kinds() []Kind {
	return []Kind{NewKind(KindOptions[vpn.Server]{Kind: vpnKind, Event: "vpn", Label: "VPN server", Changed: &c.Servers.Changed,
		Subject: func(s *vpn.Server) Subject {
			return Subject{s.OrganizationID, s.ID.String(), s.Name, map[string]any{"host": s.Host, "backend": s.Backend}}
		},
		Find: ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) ([]*vpn.Server, error) {
			found, err := c.Servers.List(ctx, everyone(), vpn.ServerFilter{IDs: ids}, unpaged)
			return found.Rows, err
		})})}
}

// NotificationTypes implements WithNotifications: what is told has its own text.
func (c *VPNConcern) NotificationTypes() []notifications.Type { return nil }

// WebhookEvents implements WithNotifications: there are none beside.
func (c *VPNConcern) WebhookEvents() []webhooks.Event { return nil }

func vpnRef(id wispwright.ID) notifications.Ref {
	return notifications.Ref{Kind: vpnKind, ID: id.String()}
}

// Notify implements WithNotifications: people are told of webhooks and controllers
// that fail, and of subnets that are full (additions: C-13).
func (c *VPNConcern) Notify(n *NotificationsConcern) []Wire {
	const target = "[{notification.target}]({notification.target_link})"
	return append(c.certificateTold(n), []Wire{
		{"vpn.Trouble", "notifications: generic_message", hook(c.Trouble.Within, func(ctx context.Context, list ...vpn.TroubleChange) error {
			events := make([]notifications.Event, 0, len(list))
			for _, t := range list {
				e := notifications.Event{Type: notifications.GenericMessage, Level: notifications.Success, Actor: vpnRef(t.Server.ID), Target: vpnRef(t.Server.ID),
					Data: map[string]any{"message": "The VPN server " + target + " could be told of changes again."}}
				if t.Reason != "" {
					e.Level, e.Description = notifications.Error, "{reason}"
					e.Data = map[string]any{"message": "The VPN server " + target + " could not be told of changes.", "reason": t.Reason}
				}
				events = append(events, e)
			}
			return n.Post(ctx, events...)
		})},
		{"vpn.Exhausted", "notifications: generic_message", hook(c.Exhausted.Within, func(ctx context.Context, list ...vpn.Exhaustion) error {
			var events []notifications.Event
			for _, x := range list {
				events = append(events, notifications.Event{Type: notifications.GenericMessage, Level: notifications.Error, Actor: vpnRef(x.Server.ID), Target: deviceRef(x.Device.ID),
					Data: map[string]any{"message": "There is no free address for " + target + " in the subnet {subnet} of the VPN server {server}.", "subnet": x.Server.Subnet.String(), "server": x.Server.Name}})
			}
			return n.Post(ctx, events...)
		})},
	}...)
}
