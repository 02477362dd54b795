package server

import (
	"context"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
)

const connectionKind = "connection.deviceconnection"

// Kinds implements WithKinds.
func (c *ConnectionConcern) Kinds() []Kind {
	return []Kind{
		NewKind(KindOptions[connection.Credentials]{Kind: "connection.credentials", Event: "credentials", Label: "Credentials", Changed: &c.Credentials.Changed,
			Subject: func(o *connection.Credentials) Subject { return Subject{o.OrganizationID, o.ID.String(), o.Name, nil} }}),
		NewKind(KindOptions[connection.DeviceConnection]{Kind: connectionKind, Event: "connection", Label: "Connection", Changed: c.Connections.Changed(),
			Subject: func(o *connection.DeviceConnection) Subject {
				return Subject{o.OrganizationID, o.ID.String(), "", map[string]any{"device": o.DeviceID.String()}}
			},
			Describe: c.describe}),
	}
}

// describe describes device connections to people: they are called as their
// credentials are, and shown on the page of their device.
func (c *ConnectionConcern) describe(ctx context.Context, keys []string) (map[string]notifications.Object, error) {
	var ids []wispwright.ID
	for _, key := range keys {
		if id, err := wispwright.ParseID(key); err == nil {
			ids = append(ids, id)
		}
	}
	found, names, err := c.Connections.Named(ctx, ids...)
	out := make(map[string]notifications.Object, len(found))
	for _, o := range found {
		out[o.ID.String()] = notifications.Object{Label: names[o.ID], OrganizationID: o.OrganizationID, Path: pageOf("config", "device", o.DeviceID) + "#deviceconnection_set-group"}
	}
	return out, err
}

// NotificationTypes implements WithNotifications (spec: notifications §3.2).
func (c *ConnectionConcern) NotificationTypes() []notifications.Type {
	one := func(name, label, headline, verb string, level notifications.Level) notifications.Type {
		return notifications.Type{
			Name: name, Label: label, Level: level, Verb: verb, Models: []string{deviceKind}, TargetSuffix: "#deviceconnection_set-group",
			Subject: "[{site.name}] " + headline + ": Connection to device {notification.target}",
			Message: "{credentials} connection to device [{notification.target}]({notification.target_link}) is {notification.verb}. {failure_reason}",
		}
	}
	return []notifications.Type{
		one("connection_is_not_working", "Device Connection PROBLEM", "PROBLEM", "not working", notifications.Error),
		one("connection_is_working", "Device Connection RECOVERY", "RECOVERY", "working", notifications.Info),
	}
}

// WebhookEvents implements WithNotifications: there are none beside.
func (c *ConnectionConcern) WebhookEvents() []webhooks.Event { return nil }

// Notify implements WithNotifications: people are told of connections that
// ceased to work, or work again. A first attempt that works is no news (spec:
// connection §9).
func (c *ConnectionConcern) Notify(n *NotificationsConcern) []Wire {
	ignored := c.Config.IgnoredReasons
	tell := func(ctx context.Context, list ...connection.WorkingChange) error {
		var events []notifications.Event
		for _, w := range list {
			works := w.Connection.IsWorking != nil && *w.Connection.IsWorking
			if works && w.Before == nil || quiet(ignored, w.Connection.FailureReason) || quiet(ignored, w.OldFailureReason) {
				continue
			}
			e := notifications.Event{Type: "connection_is_not_working", Target: deviceRef(w.Connection.DeviceID),
				Actor: notifications.Ref{Kind: connectionKind, ID: w.Connection.ID.String()},
				Data:  map[string]any{"credentials": w.Credentials, "failure_reason": w.Connection.FailureReason}}
			if works {
				e.Type = "connection_is_working"
			}
			events = append(events, e)
		}
		return n.Post(ctx, events...)
	}
	return []Wire{{"connection.Connections.WorkingChanged", "notifications: connection_is_not_working, connection_is_working", hook(c.Connections.WorkingChanged.Within, tell)}}
}

func quiet(ignored []string, reason string) bool {
	for _, text := range ignored {
		if text != "" && strings.Contains(reason, text) {
			return true
		}
	}
	return false
}
