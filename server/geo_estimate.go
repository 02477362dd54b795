package server

import (
	"context"
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/geo/estimate"
	"github.com/wispwright/wispwright/controller/geo/estimate/estimatehttp"
	"github.com/wispwright/wispwright/controller/geo/estimate/estimatesql"
	"github.com/wispwright/wispwright/controller/geo/geosql"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
	"github.com/wispwright/wispwright/server/jobs"
)

// estimatedFilter selects devices by whether their location is an estimate.
func estimatedFilter() rest.Filter[controller.DeviceFilter] {
	return rest.FilterBool("geo_is_estimated", func(f *controller.DeviceFilter, v bool) {
		if f.Related == nil {
			f.Related = map[string]any{}
		}
		f.Related[geosql.Estimated] = v
	})
}

// newEstimator returns what places devices by their public addresses.
func (c *GeoConcern) newEstimator(h *Host, base *entity.Base) (*estimate.Estimator, error) {
	if c.Config.EstimatedLocations && !c.Controller.Config.WHOISEnabled {
		return nil, errors.New("geo.estimated_locations needs controller.whois_enabled")
	}
	stores, err := estimatesql.New(h.DB())
	if err != nil {
		return nil, err
	}
	return estimate.New(base, stores, c.Controller.whois, &estimate.Options{Enabled: c.Config.EstimatedLocations, Threshold: c.Controller.Config.WHOISThreshold})
}

// mountEstimates has devices placed whose address was looked up.
func (c *GeoConcern) mountEstimates(h *Host) error {
	queue := estimateQueue{h.Jobs(), jobs.Kind[estimate.Job]{Name: "geo.estimate", Queue: "estimate", Workers: 2, Attempts: 5, Key: estimate.Job.Key}}
	h.Jobs().Add(queue.kind.Handle(c.estimator.Work))
	if err := c.estimator.Attach(c.Geo, c.Controller.whois, c.Controller.Devices, queue); err != nil {
		return err
	}
	wire, err := estimatehttp.New(c.estimator, func(ctx context.Context, id wispwright.ID) error {
		_, err := c.Controller.Tenancy.Organizations.Tenant(ctx, id)
		return err
	})
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	h.Daily("geo.estimate.clean", func(ctx context.Context) error {
		_, err := c.estimator.Clean(ctx)
		return err
	})
	return nil
}

// estimateQueue queues what is to be placed.
type estimateQueue struct {
	queue *jobs.Queue
	kind  jobs.Kind[estimate.Job]
}

// Enqueue implements estimate.Jobs.
func (q estimateQueue) Enqueue(ctx context.Context, list ...estimate.Job) error {
	return q.kind.Insert(ctx, q.queue, list...)
}

const estimatedType = "estimated_location_info"

var _ WithNotifications = (*GeoConcern)(nil)

// NotificationTypes implements WithNotifications.
func (c *GeoConcern) NotificationTypes() []notifications.Type {
	return []notifications.Type{
		{Name: estimatedType, Label: "Estimated Location INFO", Level: notifications.Info, Verb: "created", Models: []string{deviceKind, "geo.location"}, NoEmail: true, TargetSuffix: "#devicelocation-group",
			Subject: `[{site.name}] "{notification.target}": estimated location {outcome}`,
		},
	}
}

// WebhookEvents implements WithNotifications: locations and device locations are
// told of as what they are.
func (c *GeoConcern) WebhookEvents() []webhooks.Event { return nil }

// Notify implements WithNotifications.
func (c *GeoConcern) Notify(n *NotificationsConcern) []Wire {
	const target = "[{notification.target}]({notification.target_link})"
	return []Wire{{"estimate.Estimated", "notifications: estimated_location_info", hook(c.estimator.Estimated.Within, func(ctx context.Context, list ...estimate.Estimated) error {
		var events []notifications.Event
		for _, e := range list {
			one := notifications.Event{Type: estimatedType, Level: notifications.Info, Actor: deviceRef(e.Device.ID), Target: deviceRef(e.Device.ID),
				Data: map[string]any{"outcome": e.Outcome, "message": "The estimated location of " + target + " was " + e.Outcome + ": {notification.actor}."}}
			if e.Location != nil {
				one.Actor = notifications.Ref{Kind: "geo.location", ID: e.Location.ID.String()}
			} else {
				one.Level = notifications.Error
				one.Data["message"] = "The location of " + target + " cannot be estimated: devices with its address are at different locations."
			}
			events = append(events, one)
		}
		return n.Post(ctx, events...)
	})}}
}
