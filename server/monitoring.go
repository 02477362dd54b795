package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/check"
	"github.com/wispwright/wispwright/monitoring/check/checksql"
	"github.com/wispwright/wispwright/monitoring/custom"
	"github.com/wispwright/wispwright/monitoring/custom/customsql"
	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/monitoring/health/healthsql"
	"github.com/wispwright/wispwright/monitoring/monitoringhttp"
	"github.com/wispwright/wispwright/monitoring/monitoringsql"
	"github.com/wispwright/wispwright/monitoring/oui"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/sqlts"
	"github.com/wispwright/wispwright/tenancy"
)

// MonitoringConcern takes in what devices measure, and draws it. Make it with
// NewMonitoring.
type MonitoringConcern struct {
	// Config is the section monitoring of the configuration.
	Config MonitoringConfig
	// Controller has the devices; it is required, with its Tenancy.
	Controller *ControllerConcern
	// Geo knows where devices are. Default: nobody does.
	Geo *GeoConcern
	// Series is the time-series store. Default: the embedded one, as Config says.
	Series timeseries.Store
	// Metrics has the kinds of metrics and charts. Default: those of the product, with the
	// thresholds of Config.
	Metrics *monitoring.Registry
	// Places tell where devices are. Default: unknown.
	Places func(ctx context.Context, device wispwright.ID) (location, floorplan wispwright.ID, err error)
	// Tune changes the options of the concern before it is made.
	Tune func(*monitoring.Options)
	// TuneHealth changes those of health.
	TuneHealth func(*health.Options)

	// Monitoring is made by Mount.
	*monitoring.Monitoring
	// Health says how devices are; it is made by Mount.
	Health *health.Health
	// CheckTypes are further types of checks.
	CheckTypes []check.Type
	// Connection reaches devices, for checks that run commands or read over SNMP. Default: there are no
	// such checks.
	Connection *ConnectionConcern
	// Topology knows through which devices others are reached. Default: nobody does, but for what people
	// say.
	Topology *TopologyConcern
	// Rollout has the waves that stop when devices are worse than before. Default: none ask.
	Rollout *RolloutConcern
	// Checks ask devices how they are; it is made by Mount.
	Checks *check.Checks

	custom  *custom.Custom
	log     *slog.Logger
	whereIs func(ctx context.Context, device wispwright.ID) (location, floorplan wispwright.ID, err error) // nil: unknown
	// store is where points are kept, and open opens another by its address; both are
	// made by Mount.
	store timeseries.Store
	open  func(ctx context.Context, address string) (timeseries.Store, error)
}

var (
	_ WithModels     = (*MonitoringConcern)(nil)
	_ WithSettings   = (*MonitoringConcern)(nil)
	_ WithEvents     = (*MonitoringConcern)(nil)
	_ WithFirstStart = (*MonitoringConcern)(nil)

	_ WithKinds         = (*MonitoringConcern)(nil)
	_ WithNotifications = (*MonitoringConcern)(nil)
)

// NewMonitoring returns the concern with its default settings, over the devices of c,
// which are then filtered by how they are too.
func NewMonitoring(c *ControllerConcern) *MonitoringConcern {
	c.Related = append(c.Related, healthsql.Related)
	c.DeviceFilters = append(c.DeviceFilters, healthFilters()...)
	return &MonitoringConcern{Config: defaultMonitoringConfig(), Controller: c}
}

// Name implements Concern.
func (c *MonitoringConcern) Name() string { return "monitoring" }

// Migrations implements Concern.
func (c *MonitoringConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{monitoringsql.Migrations(), healthsql.Migrations(), checksql.Migrations(), customsql.Migrations()}
}

// Models implements WithModels.
func (c *MonitoringConcern) Models() []wispwright.Model {
	return slices.Concat(monitoring.Models(), health.Models(), check.Models(), custom.Models())
}

// Events implements WithEvents.
func (c *MonitoringConcern) Events() []event.Listed {
	return slices.Concat(c.Monitoring.Events(), c.Health.Events(), c.Checks.Listed("Check"), c.custom.Listed(""))
}

// Section implements WithSettings.
func (c *MonitoringConcern) Section() Section {
	defaults := defaultMonitoringConfig()
	return Section{&c.Config, &defaults}
}

// FirstStart implements WithFirstStart: it makes the metrics of the whole network.
func (c *MonitoringConcern) FirstStart(ctx context.Context) (*FirstAccount, error) {
	return nil, c.Install(ctx)
}

// Mount implements Concern.
func (c *MonitoringConcern) Mount(ctx context.Context, h *Host) error {
	if c.Monitoring != nil {
		return errors.New("it is mounted already")
	}
	if err := h.Mounted(c.Controller); err != nil {
		return err
	}
	if err := h.Mounted(c.Controller.Tenancy); err != nil {
		return err
	}
	c.log = h.Log()
	stores, err := monitoringsql.New(h.DB())
	if err != nil {
		return err
	}
	series, err := c.series(ctx, h)
	if err != nil {
		return err
	}
	options, err := c.options(h)
	if err != nil {
		return err
	}
	if options.Spool == nil {
		if options.Spool, err = c.openSpool(h); err != nil {
			return err
		}
	}
	if c.Monitoring, err = monitoring.New(h.DB(), stores, series, options); err != nil {
		return err
	}
	if err := c.mountHealth(h, stores.Metrics); err != nil {
		return err
	}
	if err := c.mountCustom(h); err != nil {
		return err
	}
	if err := c.besides(h); err != nil {
		return err
	}
	wireOptions := c.wire()
	c.places(h.API(), wireOptions)
	c.whereIs = wireOptions.Places
	wire, err := monitoringhttp.New(c.Monitoring, c.Controller.Devices, c.Controller.Agents, tenants{c.Controller.Tenancy.Organizations}, wireOptions)
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	if err := c.mountChecks(h); err != nil {
		return err
	}
	if err := c.mountHealthHTTP(h); err != nil {
		return err
	}
	c.live(h)
	h.wire(c.wiring()...)
	h.AtStart(func(ctx context.Context) error { return c.Install(ctx) })
	h.AtStart(func(context.Context) error {
		go c.upkeep(h)
		if options.Spool != nil {
			go c.replay(h, options.Spool)
		}
		return nil
	})
	h.Daily("monitoring.clean", func(ctx context.Context) error {
		if c.Config.WifiSessionAge == 0 {
			return nil
		}
		_, _, err := c.Sessions.Clean(ctx, c.Config.WifiSessionAge)
		return err
	})
	return nil
}

// besides are the concerns that it works with where they are.
func (c *MonitoringConcern) besides(h *Host) error {
	if c.Rollout != nil {
		if err := h.Mounted(c.Rollout); err != nil {
			return err
		}
		c.Rollout.AddGate(c.Gate())
	}
	if c.Topology != nil && c.Topology.DeviceReports == nil {
		c.Topology.DeviceReports = c.deviceReports
	}
	if c.Connection != nil {
		if err := h.Mounted(c.Connection); err != nil {
			return err
		}
	}
	if c.Geo != nil {
		return h.Mounted(c.Geo)
	}
	return nil
}

// embedded opens the time-series store in the main PostgreSQL database or in a
// database of its own, by the address of that or "".
func (c *MonitoringConcern) embedded(ctx context.Context, h *Host, address string) (timeseries.Store, error) {
	db, own := h.DB(), false
	if address != "" || db.Dialect() == sqlstore.SQLite {
		var err error
		name := cmp.Or(address, filepath.Join(h.Config().Data, "timeseries.db"))
		if db, err = sqlstore.Open(ctx, name, &sqlstore.Options{Log: h.Log(), MemoryMap: 1 << 31}); err != nil {
			return nil, fmt.Errorf("open the time series: %w", err)
		}
		own = true
	}
	shut := func(err error) error {
		if own {
			err = errors.Join(err, db.Close())
		}
		return err
	}
	if err := db.Migrate(ctx, sqlts.Migrations()); err != nil {
		return nil, shut(err)
	}
	store, err := sqlts.New(db, &sqlts.Options{Keep: c.Config.Retention, KeepShort: c.Config.ShortRetention})
	if err != nil {
		return nil, shut(err)
	}
	h.AtStop(func(context.Context) error { return shut(nil) })
	return store, nil
}

func (c *MonitoringConcern) options(h *Host) (*monitoring.Options, error) {
	registry := c.Metrics
	if registry == nil {
		registry = monitoring.NewRegistry()
		for _, text := range c.Config.Thresholds {
			if err := choose(registry, text); err != nil {
				return nil, err
			}
		}
	}
	o := &monitoring.Options{Registry: registry, AutoCharts: c.Config.AutoCharts, NoSessions: !c.Config.WifiSessions, ArrivalOrder: c.Config.ArrivalOrder, Log: h.Log()}
	if o.AutoCharts == nil {
		o.AutoCharts = []string{}
	}
	if c.Config.MACVendors {
		o.Vendors = oui.New()
	}
	o.Declared = c.declared
	if c.Tune != nil {
		c.Tune(o)
	}
	return o, nil
}

func (c *MonitoringConcern) wire() *monitoringhttp.Options {
	zone, err := time.LoadLocation(c.Config.TimeZone)
	if err != nil {
		zone = time.UTC // Check has told
	}
	return &monitoringhttp.Options{DefaultTime: c.Config.DefaultChartTime, Zone: zone, DocumentLimit: c.Config.DocumentLimit, Places: c.Places,
		Statuses: c.statuses, StatusCondition: healthsql.WithStatus,
		TrafficInterfaces: map[string][]string{monitoringhttp.AllOrganizations: c.Config.TrafficInterfaces}}
}

// dataKind is what pages watch that show what a device measured.
const dataKind = "device_monitoring.devicedata"

// live tells pages of new documents.
func (c *MonitoringConcern) live(h *Host) {
	h.Watchable(dataKind)
	c.Collector.Received.Subscribe("live: "+dataKind, func(ctx context.Context, list ...monitoring.Received) {
		for _, r := range list {
			h.Changed(ctx, dataKind, r.Device.OrganizationID, r.Device.ID.String())
		}
	})
}

// wiring is what follows from changes of devices.
func (c *MonitoringConcern) wiring() []Wire {
	devices := c.Controller.Devices
	return []Wire{
		{"controller.Devices.Deleting", "monitoring: metrics, charts, sessions and series of devices", hook(devices.Deleting.Subscribe, func(ctx context.Context, list ...*controller.Device) error {
			ids := make([]wispwright.ID, len(list))
			for i, d := range list {
				ids[i] = d.ID
			}
			return c.ForgetDevices(ctx, ids...)
		})},
		{"controller.Devices.Saved", "monitoring: devices that change their organization", hook(devices.Saved.Subscribe, func(ctx context.Context, list ...entity.Change[controller.Device]) error {
			for _, d := range list {
				if d.Before == nil || d.After == nil || d.Before.OrganizationID == d.After.OrganizationID {
					continue
				}
				if err := c.MoveDevice(ctx, d.After.ID, d.After.OrganizationID); err != nil {
					return err
				}
			}
			return nil
		})},
	}
}

// upkeep keeps the house of the time series each minute, until the server stops.
func (c *MonitoringConcern) upkeep(h *Host) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-h.Lifetime().Done():
			return
		case <-tick.C:
		}
		if err := c.Maintain(h.Lifetime()); err != nil && h.Lifetime().Err() == nil {
			h.Log().Error("the time series could not be maintained", "error", err)
		}
	}
}

// tenants are the organizations that charts are of.
type tenants struct{ *tenancy.Organizations }

// Names implements monitoringhttp.Organizations.
func (t tenants) Names(ctx context.Context, scope wispwright.Scope) ([]monitoringhttp.Organization, error) {
	yes := true
	found, err := t.List(ctx, scope, tenancy.OrganizationFilter{IsActive: &yes}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Name"}}})
	if err != nil {
		return nil, err
	}
	out := make([]monitoringhttp.Organization, len(found.Rows))
	for i, o := range found.Rows {
		out[i] = monitoringhttp.Organization{ID: o.ID, Slug: o.Slug, Name: o.Name}
	}
	return out, nil
}

// Active implements monitoringhttp.Organizations.
func (t tenants) Active(ctx context.Context, id wispwright.ID) (bool, error) {
	o, err := t.Tenant(ctx, id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return o.IsActive, nil
}
