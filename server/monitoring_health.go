package server

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/monitoring/health/healthsql"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/tenancy"
)

// statusKind is what pages watch that show how devices are.
const statusKind = "device_monitoring.devicemonitoring"

// mountHealth makes what says how devices are.
func (c *MonitoringConcern) mountHealth(h *Host, metrics monitoring.MetricStore) error {
	stores, err := healthsql.New(h.DB(), metrics)
	if err != nil {
		return err
	}
	t := c.Controller.Tenancy.Tenancy
	base := &entity.Base{Tx: h.DB(), Recorder: t.Trail, Tenants: t.Organizations}
	options := c.Config.health()
	options.Bus, options.Log, options.Quiet = h.DB(), h.Log(), c.quiet
	if c.Topology != nil {
		options.Uplinks = (&uplinks{topology: c.Topology}).some
	}
	if c.TuneHealth != nil {
		c.TuneHealth(options)
	}
	if c.Health, err = health.New(base, stores, c.Registry(), assessed{c.Controller.Devices}, options); err != nil {
		return err
	}
	c.Collector.Made.Subscribe("health: alert settings of new metrics", c.Health.Made)
	c.Collector.Written.Subscribe("health: thresholds", func(ctx context.Context, writes ...monitoring.Write) {
		// what could not be assessed is assessed with the next values
		if err := c.Health.Assess(context.WithoutCancel(ctx), writes...); err != nil {
			h.Log().ErrorContext(ctx, "devices could not be assessed", "error", err)
		}
	})
	h.Watchable(statusKind)
	c.Health.Changed.Subscribe("live: "+statusKind, func(ctx context.Context, list ...health.StatusChange) {
		for _, one := range list {
			h.Changed(ctx, statusKind, one.OrganizationID, one.DeviceID.String())
		}
	})
	if err := c.offline(h); err != nil {
		return err
	}
	h.wire(c.healthWiring(h)...)
	return c.Health.Start(h.Lifetime())
}

// healthFilters are filters of the list of devices: by how they are, and by what is not well
// (additions M-4).
func healthFilters() []rest.Filter[controller.DeviceFilter] {
	relate := func(f *controller.DeviceFilter, name string, value any) {
		if f.Related == nil {
			f.Related = map[string]any{}
		}
		f.Related[name] = value
	}
	var words []string
	for _, s := range health.Statuses() {
		words = append(words, string(s))
	}
	return []rest.Filter[controller.DeviceFilter]{
		rest.FilterChoice("monitoring__status", words, func(f *controller.DeviceFilter, v string) { relate(f, healthsql.WithStatus, v) }),
		rest.FilterText("unhealthy_metric", func(f *controller.DeviceFilter, v string) { relate(f, healthsql.WithIllMetric, v) }),
	}
}

// quiet: a configuration in error is told of by configuration management.
func (c *MonitoringConcern) quiet(ctx context.Context, device wispwright.ID, kind string) (bool, error) {
	if kind != "config_applied" {
		return false, nil
	}
	d, err := c.Controller.Devices.Get(ctx, everyone(), device)
	if err != nil {
		return false, err
	}
	return d.Config != nil && d.Config.Status == controller.StatusError, nil
}

// assessed are the devices whose health is assessed.
type assessed struct{ devices *controller.Devices }

// Some implements health.Devices.
func (a assessed) Some(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]*health.Device, error) {
	found, err := a.devices.List(ctx, everyone(), controller.DeviceFilter{IDs: wispwright.Only(ids...)}, unpaged)
	if err != nil {
		return nil, err
	}
	out := make(map[wispwright.ID]*health.Device, len(found.Rows))
	for _, d := range found.Rows {
		out[d.Device.ID] = &health.Device{ID: d.Device.ID, OrganizationID: d.Device.OrganizationID, GroupID: d.Device.GroupID, Name: d.Device.Name, Deactivated: d.Device.IsDeactivated}
	}
	return out, nil
}

// outOfReach are devices that cannot be reached.
type outOfReach struct {
	// Addresses have their management addresses cleared, Sessions their WiFi sessions closed.
	Addresses, Sessions []wispwright.ID
}

// offline does what follows when devices cannot be reached any more, in the background.
func (c *MonitoringConcern) offline(h *Host) error {
	kind := jobs.Kind[outOfReach]{Name: "monitoring.offline", Queue: "monitoring", Timeout: 10 * time.Minute}
	h.Jobs().Add(kind.Handle(func(ctx context.Context, g outOfReach) error {
		for _, id := range g.Sessions {
			if err := c.Sessions.Close(ctx, id); err != nil {
				return err
			}
		}
		return c.clearAddresses(ctx, g.Addresses...)
	}))
	c.Health.Changed.Within("monitoring: management addresses of devices out of reach", func(ctx context.Context, list ...health.StatusChange) error {
		var g outOfReach
		for _, one := range list {
			if one.Status == health.Critical && c.Config.ClearManagementIP {
				g.Addresses = append(g.Addresses, one.DeviceID)
			}
		}
		if len(g.Addresses) == 0 {
			return nil
		}
		return kind.Insert(ctx, h.Jobs(), g)
	})
	c.Health.Crossed.Within("monitoring: WiFi sessions of devices out of reach", func(ctx context.Context, list ...health.Crossing) error {
		var g outOfReach
		for _, one := range list {
			if one.ToleranceCrossed && !one.First && one.Critical && one.Metric.IsHealthyTolerant != nil && !*one.Metric.IsHealthyTolerant {
				g.Sessions = append(g.Sessions, one.Device.ID)
			}
		}
		if len(g.Sessions) == 0 {
			return nil
		}
		return kind.Insert(ctx, h.Jobs(), g)
	})
	off := jobs.Kind[wispwright.ID]{Name: "monitoring.organization_off", Queue: "monitoring", Timeout: 10 * time.Minute}
	h.Jobs().Add(off.Handle(func(ctx context.Context, organization wispwright.ID) error {
		return c.organizationOff(ctx, organization)
	}))
	c.Controller.Tenancy.Organizations.Changed.Within("monitoring: devices of organizations that were switched off", func(ctx context.Context, list ...entity.Change[tenancy.Organization]) error {
		for _, o := range list {
			if o.Before != nil && o.After != nil && o.Before.IsActive && !o.After.IsActive {
				if err := off.Insert(ctx, h.Jobs(), o.After.ID); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return c.reviewing(h)
}

// reviewing looks again at what was held back.
func (c *MonitoringConcern) reviewing(h *Host) error {
	review, err := jobs.Kind[struct{}]{Name: "monitoring.review", Timeout: 5 * time.Minute}.Every(15*time.Second, struct{}{}, func(ctx context.Context, _ struct{}) error {
		return c.Health.Incidents.Review(ctx)
	})
	if err != nil {
		return fmt.Errorf("review of incidents: %w", err)
	}
	h.Jobs().AddPeriodic(review)
	return nil
}

// unreachable reports whether a device was asked and did not answer.
func (c *MonitoringConcern) unreachable(ctx context.Context, device wispwright.ID) (bool, error) {
	failing, err := c.Health.Failing(ctx, device)
	for _, f := range failing {
		if f.Metric.Configuration == "ping" {
			return true, err
		}
	}
	return false, err
}

// clearAddresses forgets management addresses, which may be somebody else's by now.
func (c *MonitoringConcern) clearAddresses(ctx context.Context, ids ...wispwright.ID) error {
	statuses, err := c.Health.StatusOf(ctx, ids...)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if s := statuses[id]; s == nil || s.Status == health.OK || s.Status == health.Problem {
			continue // it is back
		}
		lost, err := c.unreachable(ctx, id)
		if err != nil {
			return err
		}
		if !lost { // it sends nothing, which says nothing of its address
			continue
		}
		d, err := c.Controller.Devices.Get(ctx, everyone(), id)
		if err == nil && d.Device.ManagementIP.IsValid() {
			ctx := entity.WithCause(ctx, "the device cannot be reached")
			_, err = c.Controller.Devices.Update(ctx, everyone(), id, func(d *controller.Detail) error {
				d.Device.ManagementIP = netip.Addr{}
				return nil
			})
		}
		if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return err
		}
	}
	return nil
}

// organizationOff makes the devices of an organization unknown that was switched off.
func (c *MonitoringConcern) organizationOff(ctx context.Context, organization wispwright.ID) error {
	no := false
	found, err := c.Controller.Devices.List(ctx, everyone(), controller.DeviceFilter{OrganizationID: organization, IsDeactivated: &no}, unpaged)
	if err != nil {
		return err
	}
	ids := make([]wispwright.ID, len(found.Rows))
	for i, d := range found.Rows {
		ids[i] = d.Device.ID
	}
	const step = 200
	for len(ids) > 0 {
		some := ids[:min(step, len(ids))]
		ids = ids[len(some):]
		if err := c.Health.Reset(ctx, health.Unknown, some...); err != nil {
			return err
		}
		if err := c.clearAddresses(ctx, some...); err != nil {
			return err
		}
	}
	return nil
}

// healthWiring is what follows from changes of devices.
func (c *MonitoringConcern) healthWiring(*Host) []Wire {
	devices := c.Controller.Devices
	return []Wire{
		{"controller.Devices.Deleting", "health: of devices", hook(devices.Deleting.Subscribe, func(ctx context.Context, list ...*controller.Device) error {
			ids := make([]wispwright.ID, len(list))
			for i, d := range list {
				ids[i] = d.ID
			}
			return c.Health.ForgetDevices(ctx, ids...)
		})},
		{"controller.Devices.Saved", "health: devices that change", hook(devices.Saved.Subscribe, func(ctx context.Context, list ...entity.Change[controller.Device]) error {
			for _, d := range list {
				if d.Before == nil || d.After == nil {
					continue
				}
				if err := c.deviceChanged(ctx, d.Before, d.After); err != nil {
					return err
				}
			}
			return nil
		})},
	}
}

func (c *MonitoringConcern) deviceChanged(ctx context.Context, before, after *controller.Device) error {
	if before.OrganizationID != after.OrganizationID {
		if err := c.Health.MoveDevice(ctx, after.ID, after.OrganizationID); err != nil {
			return err
		}
	}
	switch {
	case before.IsDeactivated && !after.IsDeactivated:
		return c.Health.Reset(ctx, health.Unknown, after.ID)
	case !before.IsDeactivated && after.IsDeactivated:
		return c.Health.Reset(ctx, health.Deactivated, after.ID)
	case before.GroupID != after.GroupID || before.Name != after.Name:
		return c.Health.Forget(ctx, after.ID)
	}
	return nil
}

// statuses are how devices are, in words.
func (c *MonitoringConcern) statuses(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]string, error) {
	found, err := c.Health.StatusOf(ctx, devices...)
	if err != nil {
		return nil, err
	}
	out := make(map[wispwright.ID]string, len(found))
	for id, s := range found {
		out[id] = string(s.Status)
	}
	return out, nil
}
