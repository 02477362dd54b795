package server

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
	"github.com/wispwright/wispwright/radius/enrol"
)

const radiusBatchKind = radiusApp + "radiusbatch"

// Kinds implements WithKinds.
func (c *RadiusConcern) Kinds() []Kind {
	return []Kind{NewKind(KindOptions[enrol.Batch]{Kind: radiusBatchKind, Event: "radius_batch", Label: "Batch of users", Changed: &c.Enrolment.Batches.Changed,
		Subject: func(b *enrol.Batch) Subject {
			return Subject{b.OrganizationID, b.ID.String(), b.Name, map[string]any{"strategy": b.Strategy, "status": b.Status}}
		},
		Find: ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) ([]*enrol.Batch, error) {
			found, err := c.Enrolment.Batches.List(ctx, everyone(), enrol.BatchFilter{IDs: ids}, unpaged)
			return found.Rows, err
		})})}
}

// NotificationTypes implements WithNotifications: what is told has its own text.
func (c *RadiusConcern) NotificationTypes() []notifications.Type { return nil }

// WebhookEvents implements WithNotifications: there are none beside.
func (c *RadiusConcern) WebhookEvents() []webhooks.Event { return nil }

// Notify implements WithNotifications: people are told when a batch of users that was
// made in the background has ended (additions: R-3).
func (c *RadiusConcern) Notify(n *NotificationsConcern) []Wire {
	return []Wire{{"enrol.Batches.Ended", "notifications: generic_message", hook(c.Enrolment.Batches.Ended.Within, func(ctx context.Context, list ...*enrol.Batch) error {
		events := make([]notifications.Event, 0, len(list))
		for _, b := range list {
			ref := notifications.Ref{Kind: radiusBatchKind, ID: b.ID.String()}
			e := notifications.Event{Type: notifications.GenericMessage, Level: notifications.Success, Target: ref, Description: "The users of the batch {batch} have been created.",
				Data: map[string]any{"batch": b.Name, "message": "The batch creation operation for [{notification.target}]({notification.target_link}) has been completed successfully."}}
			if b.Status == enrol.Failed {
				e.Level, e.Description = notifications.Error, "No users of the batch {batch} have been created."
				e.Data["message"] = "The batch creation operation for [{notification.target}]({notification.target_link}) failed. Nobody was created."
			}
			events = append(events, e)
		}
		return n.Post(ctx, events...)
	})}}
}
