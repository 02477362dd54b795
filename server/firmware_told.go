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
	buildKind       = "firmware_upgrader.build"
)

// Kinds implements WithKinds.
func (c *FirmwareConcern) Kinds() []Kind {
	return []Kind{
		NewKind(KindOptions[firmware.Category]{Kind: "firmware_upgrader.category", Event: "firmware_category", Label: "Firmware category", Changed: &c.Categories.Changed,
			Subject: func(o *firmware.Category) Subject {
				return Subject{o.OrganizationID, o.ID.String(), o.Name, nil}
			}}),
		NewKind(KindOptions[firmware.Build]{Kind: buildKind, Describe: c.describeBuilds, Event: "firmware_build", Label: "Firmware build", Changed: &c.Builds.Changed,
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
		described(massUpgradeKind, c.describeBatches), described(upgradeKind, c.describeOperations),
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
	const target = "[{notification.target}]({notification.target_link})"
	return []notifications.Type{
		{Name: "firmware_upgrade_failed", Label: "Firmware upgrade PROBLEM", Level: notifications.Error, Verb: "failed", Models: []string{deviceKind},
			Subject: "[{site.name}] PROBLEM: the firmware upgrade of {notification.target} {notification.verb}",
			Message: "The [firmware upgrade]({notification.action_link}) of " + target + " {notification.verb}: {reason}"},
		{Name: "persistent_upgrade_failed", Label: "Persistent firmware upgrade PROBLEM", Level: notifications.Error, Verb: "failed", Models: []string{deviceKind},
			Subject: "[{site.name}] PROBLEM: the firmware upgrade that waited for {notification.target} {notification.verb}",
			Message: "The [firmware upgrade]({notification.action_link}) that waited for " + target + " {notification.verb}: {reason}"},
		{Name: "firmware_batch_ended", Label: "Mass firmware upgrade", Level: notifications.Info, Verb: "ended", Models: []string{massUpgradeKind},
			Subject: "[{site.name}] The mass upgrade to {notification.target} {notification.verb}: {outcome}",
			Message: "The mass upgrade to " + target + " {notification.verb}: {outcome}."},
		{Name: "pending_upgrade_reminder", Label: "Pending upgrades", Level: notifications.Info, Verb: "waits", Models: []string{massUpgradeKind},
			Subject: "[{site.name}] The mass upgrade to {notification.target} {notification.verb} for devices",
			Message: "The mass upgrade to " + target + " still {notification.verb} for devices that cannot be reached."},
	}
}

// WebhookEvents implements WithNotifications: there are none beside.
func (c *FirmwareConcern) WebhookEvents() []webhooks.Event { return nil }

// Notify implements WithNotifications: people are told of single upgrades that
// failed, and of mass upgrades when they end: not of each of their devices.
func (c *FirmwareConcern) Notify(n *NotificationsConcern) []Wire {
	batch := func(b *firmware.Batch) notifications.Ref {
		return notifications.Ref{Kind: massUpgradeKind, ID: b.ID.String()}
	}
	return []Wire{
		{"firmware.Operations.Changed", "notifications: firmware_upgrade_failed, persistent_upgrade_failed", hook(c.Operations.Changed.Within, func(ctx context.Context, list ...firmware.OperationChange) error {
			var events []notifications.Event
			for _, change := range list {
				o := change.Operation
				if name := failureType(change); name != "" {
					events = append(events, notifications.Event{Type: name, Target: deviceRef(o.DeviceID), Actor: deviceRef(o.DeviceID), Action: notifications.Ref{Kind: upgradeKind, ID: o.ID.String()},
						Data: map[string]any{"reason": o.LastLine()}})
				}
			}
			return n.Post(ctx, events...)
		})},
		{"firmware.Batches.Changed", "notifications: firmware_batch_ended", hook(c.Batches.Changed.Within, func(ctx context.Context, list ...firmware.BatchChange) error {
			var events []notifications.Event
			for _, change := range list {
				if change.Ended() && change.Batch.Status != firmware.Cancelled {
					events = append(events, notifications.Event{Type: "firmware_batch_ended", Target: batch(&change.Batch), Actor: batch(&change.Batch), Data: map[string]any{"outcome": change.Outcome()}})
				}
			}
			return n.Post(ctx, events...)
		})},
		{"firmware.Batches.Reminded", "notifications: pending_upgrade_reminder", hook(c.Batches.Reminded.Within, func(ctx context.Context, list ...firmware.Batch) error {
			var events []notifications.Event
			for i := range list {
				events = append(events, notifications.Event{Type: "pending_upgrade_reminder", Target: batch(&list[i]), Actor: batch(&list[i])})
			}
			return n.Post(ctx, events...)
		})},
		{"firmware.Batches.Deleted", "notifications: what was said of it", hook(c.Batches.Deleted.Within, func(ctx context.Context, list ...firmware.Batch) error {
			refs := make([]notifications.Ref, len(list))
			for i := range list {
				refs[i] = batch(&list[i])
			}
			return n.ForgetObjects(ctx, refs...)
		})},
	}
}

// failureType is what people are told of an upgrade that ended now; "" for nothing:
// of those of a mass upgrade only one that had waited for its device, perhaps for
// weeks.
func failureType(c firmware.OperationChange) string {
	o := &c.Operation
	switch {
	case !c.Ended():
	case o.Status == firmware.Failed && o.IsPersistent && o.RetryCount > 0:
		return "persistent_upgrade_failed"
	case o.BatchID.IsZero() && (o.Status == firmware.Failed || o.Status == firmware.Aborted):
		return "firmware_upgrade_failed"
	}
	return ""
}
