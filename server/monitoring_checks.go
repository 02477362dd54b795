package server

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/check"
	"github.com/wispwright/wispwright/monitoring/check/checkhttp"
	"github.com/wispwright/wispwright/monitoring/check/checksql"
	"github.com/wispwright/wispwright/monitoring/health"
)

// mountChecks makes what asks devices how they are.
func (c *MonitoringConcern) mountChecks(h *Host) error {
	store, err := checksql.New(h.DB())
	if err != nil {
		return err
	}
	s := &c.Config
	settings := check.Settings{
		Ping: s.AutoPing, ConfigApplied: s.AutoConfigCheck, DataCollected: s.AutoDataCollected, AlsoLastIP: !s.ManagementIPOnly, ConfigInterval: s.ConfigCheckInterval,
		DataInterval: s.DataCollectedInterval, Every: s.CheckEvery, LastDocument: c.LastTold,
		WiFiClients: s.AutoWiFiClients, WiFiMaxInterval: s.WiFiMaxInterval, WiFiMinInterval: s.WiFiMinInterval,
	}
	more, err := c.reachingTypes(&settings, store)
	if err != nil {
		return err
	}
	registry, err := check.NewRegistry(slices.Concat(check.Types(settings), more, c.CheckTypes)...)
	if err != nil {
		return err
	}
	t := c.Controller.Tenancy.Tenancy
	base := &entity.Base{Tx: h.DB(), Recorder: t.Trail, Tenants: t.Organizations}
	if c.Checks, err = check.New(base, store, registry, checked{c}, c.Collector, &check.Options{Log: h.Log()}); err != nil {
		return err
	}
	checkhttp.Mount(h.API(), c.Checks, c.Controller.Devices)
	h.wire(c.checkWiring()...)
	c.recoveries()
	h.AtStart(func(ctx context.Context) error {
		// devices that were there before there were checks
		return h.WhenChanged(ctx, "monitoring.checks", "1", c.adoptAll)
	})
	h.AtStart(func(context.Context) error {
		if !h.Config().Jobs.Off && s.Checks {
			go c.runChecks(h)
		}
		return nil
	})
	return nil
}

// runChecks runs what is due, until the server stops.
func (c *MonitoringConcern) runChecks(h *Host) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-h.Lifetime().Done():
			return
		case <-tick.C:
		}
		if _, err := c.Checks.Run(h.Lifetime()); err != nil && h.Lifetime().Err() == nil {
			h.Log().Warn("checks could not be taken up; it is tried again", "error", err)
		}
	}
}

// adoptAll gives all devices their checks.
func (c *MonitoringConcern) adoptAll(ctx context.Context) error {
	found, err := c.Controller.Devices.List(ctx, everyone(), controller.DeviceFilter{}, unpaged)
	if err != nil {
		return err
	}
	list := make([]*monitoring.Device, 0, len(found.Rows))
	for _, d := range found.Rows {
		have, err := c.Checks.List(ctx, everyone(), check.Filter{DeviceID: d.Device.ID}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return err
		}
		if len(have.Rows) == 0 {
			list = append(list, &monitoring.Device{ID: d.Device.ID, OrganizationID: d.Device.OrganizationID})
		}
	}
	return c.Checks.Adopt(ctx, list...)
}

// checkWiring is what follows from changes of devices.
func (c *MonitoringConcern) checkWiring() []Wire {
	devices := c.Controller.Devices
	return []Wire{
		{"controller.Devices.Deleting", "checks: of devices", hook(devices.Deleting.Subscribe, func(ctx context.Context, list ...*controller.Device) error {
			ids := make([]wispwright.ID, len(list))
			for i, d := range list {
				ids[i] = d.ID
			}
			return c.Checks.Forget(ctx, ids...)
		})},
		{"controller.Devices.Saved", "checks: of new devices, and of those that move", hook(devices.Saved.Subscribe, func(ctx context.Context, list ...entity.Change[controller.Device]) error {
			var fresh []*monitoring.Device
			for _, d := range list {
				switch {
				case d.After == nil:
				case d.Before == nil:
					fresh = append(fresh, &monitoring.Device{ID: d.After.ID, OrganizationID: d.After.OrganizationID})
				case d.Before.OrganizationID != d.After.OrganizationID:
					if err := c.Checks.MoveDevice(ctx, d.After.ID, d.After.OrganizationID); err != nil {
						return err
					}
				}
			}
			return c.Checks.Adopt(ctx, fresh...)
		})},
	}
}

// recoveries checks devices at once that were out of reach and are heard of again, and those that
// somebody doubts (spec: monitoring §14).
func (c *MonitoringConcern) recoveries() {
	var mu sync.Mutex
	critical := map[wispwright.ID]bool{}
	kinds := []string{"ping", "data_collected"}
	hasten := func(ctx context.Context, ids ...wispwright.ID) {
		if err := c.Checks.Hasten(context.WithoutCancel(ctx), kinds, ids...); err != nil {
			c.log.WarnContext(ctx, "checks of devices that are back could not be hastened", "error", err)
		}
	}
	c.Health.Changed.Subscribe("checks: devices out of reach", func(_ context.Context, list ...health.StatusChange) {
		mu.Lock()
		defer mu.Unlock()
		for _, one := range list {
			if delete(critical, one.DeviceID); one.Status == health.Critical {
				critical[one.DeviceID] = true
			}
		}
	})
	c.Health.Doubted.Subscribe("checks: devices that are doubted", func(ctx context.Context, list ...wispwright.ID) { hasten(ctx, list...) })
	if !c.Config.RecoveryDetection {
		return
	}
	heard := func(ctx context.Context, id wispwright.ID) {
		mu.Lock()
		is := critical[id]
		mu.Unlock()
		if is {
			hasten(ctx, id)
		}
	}
	c.Controller.Agents.Requested.Subscribe("checks: devices that are back", func(ctx context.Context, list ...protocol.Requested) {
		for _, r := range list {
			heard(ctx, r.DeviceID)
		}
	})
	c.Collector.Received.Subscribe("checks: devices that are back", func(ctx context.Context, list ...monitoring.Received) {
		for _, r := range list {
			heard(ctx, r.Device.ID)
		}
	})
}

// checked are the devices that are checked.
type checked struct{ c *MonitoringConcern }

// Some implements check.Devices.
func (f checked) Some(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]*check.Device, error) {
	found, err := f.c.Controller.Devices.List(ctx, everyone(), controller.DeviceFilter{IDs: wispwright.Only(ids...)}, unpaged)
	if err != nil {
		return nil, err
	}
	statuses, err := f.c.Health.StatusOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	pinged, err := f.pinged(ctx, found.Rows)
	if err != nil {
		return nil, err
	}
	active := map[wispwright.ID]bool{}
	out := make(map[wispwright.ID]*check.Device, len(found.Rows))
	for _, row := range found.Rows {
		d := row.Device
		is, known := active[d.OrganizationID]
		if !known {
			if is, err = (tenants{f.c.Controller.Tenancy.Organizations}).Active(ctx, d.OrganizationID); err != nil {
				return nil, err
			}
			active[d.OrganizationID] = is
		}
		one := &check.Device{Device: monitoring.Device{ID: d.ID, OrganizationID: d.OrganizationID, Name: d.Name}, ManagementIP: d.ManagementIP, LastIP: d.LastIP, Modified: d.Modified,
			Status: string(health.Unknown), Pinged: pinged[d.ID.String()], Off: d.IsDeactivated || !is}
		if s := statuses[d.ID]; s != nil {
			one.Status = string(s.Status)
		}
		if row.Config != nil {
			one.Config = string(row.Config.Status)
			if row.Config.Modified.After(one.Modified) {
				one.Modified = row.Config.Modified
			}
		}
		out[d.ID] = one
	}
	return out, nil
}

// pinged are those of the devices without a management address that were pinged before.
func (f checked) pinged(ctx context.Context, devices []*controller.Detail) (map[string]bool, error) {
	var ids []string
	for _, d := range devices {
		if !d.Device.ManagementIP.IsValid() {
			ids = append(ids, d.Device.ID.String())
		}
	}
	out := map[string]bool{}
	if len(ids) == 0 {
		return out, nil
	}
	metrics, err := f.c.MetricsOf(ctx, everyone(), monitoring.MetricFilter{ContentType: monitoring.DeviceType, ObjectIDs: wispwright.Only(ids...), Configuration: "ping"})
	for _, m := range metrics {
		out[m.ObjectID] = true
	}
	return out, err
}
