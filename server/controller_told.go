package server

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
)

const deviceKind = "config.device"

// Kinds implements WithKinds.
func (c *ControllerConcern) Kinds() []Kind {
	return []Kind{
		NewKind(KindOptions[controller.Device]{Kind: deviceKind, Event: "device", Label: "Device", Changed: &c.Devices.Changed,
			Subject: func(d *controller.Device) Subject {
				return Subject{d.OrganizationID, d.ID.String(), d.Name, map[string]any{"mac_address": d.MACAddress, "model": d.Model, "os": d.OS}}
			},
			Find: ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) (devices []*controller.Device, err error) {
				found, err := c.Devices.List(ctx, everyone(), controller.DeviceFilter{IDs: ids}, unpaged)
				for _, d := range found.Rows {
					devices = append(devices, d.Device)
				}
				return devices, err
			})}),
		NewKind(KindOptions[controller.Template]{Kind: "config.template", Event: "template", Label: "Template", Changed: &c.Templates.Changed,
			Subject: func(t *controller.Template) Subject { return Subject{t.OrganizationID, t.ID.String(), t.Name, nil} },
			Find: ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) ([]*controller.Template, error) {
				found, err := c.Templates.List(ctx, everyone(), controller.TemplateFilter{IDs: ids}, unpaged)
				return found.Rows, err
			})}),
		NewKind(KindOptions[controller.Group]{Kind: "config.devicegroup", Event: "group", Label: "Device group", Changed: &c.Groups.Changed,
			Subject: func(g *controller.Group) Subject { return Subject{g.OrganizationID, g.ID.String(), g.Name, nil} },
			Find: ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) ([]*controller.Group, error) {
				found, err := c.Groups.List(ctx, everyone(), controller.GroupFilter{IDs: ids}, unpaged)
				return found.Rows, err
			})}),
	}
}

// NotificationTypes implements WithNotifications.
func (c *ControllerConcern) NotificationTypes() []notifications.Type {
	models := []string{deviceKind, "config.config"}
	const target = "[{notification.target}]({notification.target_link})"
	return []notifications.Type{
		{Name: "config_error", Label: "Configuration ERROR", Level: notifications.Error, Verb: "encountered an error", Models: models, TargetSuffix: "#config-group",
			Subject: `[{site.name}] ERROR: "{notification.target}" configuration {notification.verb}`,
			Message: "The configuration of " + target + " has {notification.verb}. The last working configuration has been restored from a backup present on the filesystem of the device."},
		{Name: "device_registered", Label: "Device Registration", Level: notifications.Success, Verb: "registered successfully", Models: models,
			Subject: `[{site.name}] SUCCESS: "{notification.target}" {notification.verb}`,
			Message: "{condition} device " + target + " has {notification.verb}."},
		{Name: waitsType, Label: "Device waits for approval", Level: notifications.Info, Verb: "waits for approval", Models: []string{"openwisp_users.organization"},
			Subject: `[{site.name}] INFO: device {name} {notification.verb}`,
			Message: "The device {name} ({mac_address}) {notification.verb} in the organization " + target + ": see the devices that wait."},
		{Name: "config_not_renewed", Label: "Configuration Renewal PROBLEM", Level: notifications.Warning, Verb: "could not be renewed", Models: models, TargetSuffix: "#config-group",
			Subject: `[{site.name}] PROBLEM: configuration of "{notification.target}" {notification.verb}`,
			Message: "The configuration of " + target + " {notification.verb} after a change; the device keeps the one before. {reason}"},
		{Name: "config_renewed", Label: "Configuration Renewal RECOVERY", Level: notifications.Info, Verb: "is up to date again", Models: models, TargetSuffix: "#config-group",
			Subject: `[{site.name}] RECOVERY: configuration of "{notification.target}" {notification.verb}`,
			Message: "The configuration of " + target + " {notification.verb}."},
	}
}

func deviceRef(id wispwright.ID) notifications.Ref {
	return notifications.Ref{Kind: deviceKind, ID: id.String()}
}

type statusEvent struct {
	status             controller.Status
	name, label, level string
}

func statuses() []statusEvent {
	return []statusEvent{
		{controller.StatusModified, "modified", "Configuration modified", "info"},
		{controller.StatusApplied, "applied", "Configuration applied", "success"},
		{controller.StatusError, "failed", "Configuration failed", "error"},
		{controller.StatusDeactivating, "deactivating", "Device deactivating", "info"},
		{controller.StatusDeactivated, "deactivated", "Device deactivated", "info"},
	}
}

// WebhookEvents implements WithNotifications.
func (c *ControllerConcern) WebhookEvents() []webhooks.Event {
	events := []webhooks.Event{
		{Name: "device.registered", Label: "Device registered"},
		{Name: "device.waits", Label: "Device waits for approval"},
		{Name: "configuration.not_renewed", Label: "Configuration could not be renewed"},
		{Name: "configuration.renewed", Label: "Configuration is up to date again"},
	}
	for _, status := range statuses() {
		events = append(events, webhooks.Event{Name: "configuration." + status.name, Label: status.label})
	}
	return events
}

// Notify implements WithNotifications.
func (c *ControllerConcern) Notify(n *NotificationsConcern) []Wire {
	c.offer(n)
	return append(append(c.whoisWires(n), c.approvalWires(n)...), []Wire{
		{"controller.Agents.Registered", "notifications: device_registered", hook(c.Agents.Registered.Within, func(ctx context.Context, list ...controller.Registered) error {
			return n.Post(ctx, registered(list)...)
		})},
		{"controller.Devices.StatusChanged", "notifications: config_error", hook(c.Devices.StatusChanged.Within, func(ctx context.Context, list ...controller.StatusChange) error {
			return n.Post(ctx, failed(list)...)
		})},
		{"controller.Devices.Renewal", "notifications: config_not_renewed, config_renewed", hook(c.Devices.Renewal.Within, func(ctx context.Context, list ...controller.Renewal) error {
			return n.Post(ctx, renewed(list)...)
		})},
	}...)
}

// registered tells of devices that registered.
func registered(list []controller.Registered) (events []notifications.Event) {
	for _, r := range list {
		condition := "A new"
		if !r.IsNew {
			condition = "The existing"
		}
		device := deviceRef(r.Device.ID)
		events = append(events, notifications.Event{Type: "device_registered", Actor: device, Target: device, Data: map[string]any{"condition": condition}})
	}
	return events
}

// failed tells of configurations that are in error.
func failed(list []controller.StatusChange) (events []notifications.Event) {
	for _, c := range list {
		if c.After == controller.StatusError {
			// without the reason, which clients know only from the device
			events = append(events, notifications.Event{Type: "config_error", Actor: notifications.Ref{Kind: "config.config", ID: c.ConfigID.String()}, Target: deviceRef(c.DeviceID)})
		}
	}
	return events
}

// renewed tells of configurations that cannot be rendered any more, and of
// those that can again.
func renewed(list []controller.Renewal) (events []notifications.Event) {
	for _, r := range list {
		e := notifications.Event{Type: "config_renewed", Actor: deviceRef(r.DeviceID), Target: deviceRef(r.DeviceID)}
		if r.Reason != "" {
			e.Type, e.Data = "config_not_renewed", map[string]any{"reason": r.Reason}
		}
		events = append(events, e)
	}
	return events
}

// offer tells webhooks of configurations and registrations.
func (c *ControllerConcern) offer(n *NotificationsConcern) {
	Offer(n, &c.Agents.Registered, func(_ context.Context, r controller.Registered) []webhooks.Message {
		m := n.Message(deviceKind, Subject{OrganizationID: r.Device.OrganizationID, ID: r.Device.ID.String(), Name: r.Device.Name}, "device.registered", "success", "Device "+quoted(r.Device.Name)+"registered")
		m.Data["is_new"] = r.IsNew
		return []webhooks.Message{m}
	})
	Offer(n, &c.Devices.StatusChanged, func(_ context.Context, s controller.StatusChange) []webhooks.Message {
		for _, status := range statuses() {
			if status.status != s.After {
				continue
			}
			m := n.Message(deviceKind, Subject{OrganizationID: s.OrganizationID, ID: s.DeviceID.String(), Name: s.Name}, "configuration."+status.name, status.level, status.label+": "+s.Name)
			m.Text = s.ErrorReason
			m.Data["before"], m.Data["after"] = string(s.Before), string(s.After)
			if s.ErrorReason != "" {
				m.Data["error_reason"] = s.ErrorReason
			}
			return []webhooks.Message{m}
		}
		return nil
	})
	Offer(n, &c.Devices.Renewal, func(_ context.Context, r controller.Renewal) []webhooks.Message {
		name, level, title := "configuration.renewed", "success", "Configuration is up to date again: "
		if r.Reason != "" {
			name, level, title = "configuration.not_renewed", "warning", "Configuration could not be renewed: "
		}
		m := n.Message(deviceKind, Subject{OrganizationID: r.OrganizationID, ID: r.DeviceID.String(), Name: r.Name}, name, level, title+r.Name)
		m.Text = r.Reason
		m.Data["since"] = r.Since
		return []webhooks.Message{m}
	})
}
