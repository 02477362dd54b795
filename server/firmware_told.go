package server

import (
	"context"

	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
)

const (
	upgradeKind     = "firmware_upgrader.upgradeoperation"
	massUpgradeKind = "firmware_upgrader.batchupgradeoperation"
)

// Kinds implements WithKinds.
func (c *FirmwareConcern) Kinds() []Kind {
	return []Kind{
		NewKind(KindOptions[firmware.Category]{Kind: "firmware_upgrader.category", Event: "firmware_category", Label: "Firmware category", Changed: &c.Categories.Changed,
			Subject: func(o *firmware.Category) Subject {
				return Subject{o.OrganizationID, o.ID.String(), o.Name, nil}
			}}),
		NewKind(KindOptions[firmware.Build]{Kind: "firmware_upgrader.build", Event: "firmware_build", Label: "Firmware build", Changed: &c.Builds.Changed,
			Subject: func(o *firmware.Build) Subject {
				return Subject{o.OrganizationID, o.ID.String(), o.Version, map[string]any{"category": o.CategoryID.String(), "os": o.System()}}
			}}),
		NewKind(KindOptions[firmware.Image]{Kind: "firmware_upgrader.firmwareimage", Event: "firmware_image", Label: "Firmware image", Changed: &c.Images.Changed,
			Subject: func(o *firmware.Image) Subject {
				return Subject{o.OrganizationID, o.ID.String(), o.Type, map[string]any{"build": o.BuildID.String()}}
			}}),
		NewKind(KindOptions[firmware.DeviceFirmware]{Kind: "firmware_upgrader.devicefirmware", Changed: &c.Devices.Changed,
			Subject: func(o *firmware.DeviceFirmware) Subject {
				return Subject{o.OrganizationID, o.ID.String(), "", nil}
			}}),
	}
}

// live tells pages that watch of upgrades.
func (c *FirmwareConcern) live(h *Host) {
	h.Watchable(upgradeKind, massUpgradeKind)
	c.Operations.Changed.Subscribe("live: "+upgradeKind, func(ctx context.Context, list ...firmware.OperationChange) {
		for _, change := range list {
			h.Changed(ctx, upgradeKind, change.Operation.OrganizationID, change.Operation.ID.String())
		}
	})
	c.Batches.Changed.Subscribe("live: "+massUpgradeKind, func(ctx context.Context, list ...firmware.BatchChange) {
		for _, change := range list {
			if !change.Batch.OrganizationID.IsZero() { // those of shared builds are the superusers', and not everybody's
				h.Changed(ctx, massUpgradeKind, change.Batch.OrganizationID, change.Batch.ID.String())
			}
		}
	})
}

// NotificationTypes implements WithNotifications.
func (c *FirmwareConcern) NotificationTypes() []notifications.Type {
	const device = "[{notification.target}]({notification.target_link})"
	return []notifications.Type{
		{Name: "firmware_upgrade_failed", Label: "Firmware upgrade PROBLEM", Level: notifications.Error, Verb: "failed", Models: []string{deviceKind},
			Subject: "[{site.name}] PROBLEM: the firmware upgrade of {notification.target} {notification.verb}",
			Message: "The firmware upgrade of " + device + " {notification.verb}: {reason}"},
		{Name: "firmware_batch_ended", Label: "Mass firmware upgrade", Level: notifications.Info, Verb: "ended", Models: []string{"firmware_upgrader.build"},
			Subject: "[{site.name}] The mass upgrade to {notification.target} {notification.verb}: {outcome}",
			Message: "The mass upgrade to {notification.target} {notification.verb}: {outcome}."},
		{Name: "pending_upgrade_reminder", Label: "Pending upgrades", Level: notifications.Info, Verb: "waits", Models: []string{"firmware_upgrader.build"},
			Subject: "[{site.name}] The mass upgrade to {notification.target} {notification.verb} for devices",
			Message: "The mass upgrade to {notification.target} still {notification.verb} for devices that cannot be reached."},
	}
}

// WebhookEvents implements WithNotifications: there are none beside.
func (c *FirmwareConcern) WebhookEvents() []webhooks.Event { return nil }

// Notify implements WithNotifications: people are told of single upgrades that
// failed, and of mass upgrades when they end: not of each of their devices.
func (c *FirmwareConcern) Notify(n *NotificationsConcern) []Wire {
	build := func(b *firmware.Batch) notifications.Ref {
		return notifications.Ref{Kind: "firmware_upgrader.build", ID: b.BuildID.String()}
	}
	return []Wire{
		{"firmware.Operations.Changed", "notifications: firmware_upgrade_failed", hook(c.Operations.Changed.Within, func(ctx context.Context, list ...firmware.OperationChange) error {
			var events []notifications.Event
			for _, change := range list {
				if o := change.Operation; change.Ended() && o.BatchID.IsZero() && (o.Status == firmware.Failed || o.Status == firmware.Aborted) {
					events = append(events, notifications.Event{Type: "firmware_upgrade_failed", Target: deviceRef(o.DeviceID), Actor: deviceRef(o.DeviceID), Data: map[string]any{"reason": o.LastLine()}})
				}
			}
			return n.Post(ctx, events...)
		})},
		{"firmware.Batches.Changed", "notifications: firmware_batch_ended", hook(c.Batches.Changed.Within, func(ctx context.Context, list ...firmware.BatchChange) error {
			var events []notifications.Event
			for _, change := range list {
				if change.Ended() && change.Batch.Status != firmware.Cancelled {
					events = append(events, notifications.Event{Type: "firmware_batch_ended", Target: build(&change.Batch), Actor: build(&change.Batch), Data: map[string]any{"outcome": change.Outcome()}})
				}
			}
			return n.Post(ctx, events...)
		})},
		{"firmware.Batches.Reminded", "notifications: pending_upgrade_reminder", hook(c.Batches.Reminded.Within, func(ctx context.Context, list ...firmware.Batch) error {
			var events []notifications.Event
			for i := range list {
				events = append(events, notifications.Event{Type: "pending_upgrade_reminder", Target: build(&list[i]), Actor: build(&list[i])})
			}
			return n.Post(ctx, events...)
		})},
	}
}
