package server

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/netdiff"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/topology"
	"github.com/wispwright/wispwright/topology/topologyhttp"
	"github.com/wispwright/wispwright/topology/topologysql"
	"github.com/wispwright/wispwright/topology/wifimesh"
)

// TopologyConcern keeps networks as graphs. Make it with NewTopology.
type TopologyConcern struct {
	// Config is the section topology of the configuration.
	Config TopologyConfig
	// Tenancy has the organizations and the history; it is required.
	Tenancy *TenancyConcern
	// Controller has the devices that nodes can be. Without it they are none.
	Controller *ControllerConcern
	// Geo knows where the devices are that nodes are. Without it there is no
	// geographic view.
	Geo *GeoConcern
	// Formats are further ones to read topologies from, such as a vendor's.
	Formats []*netdiff.Format
	// Matchers find the devices that nodes are, by the name of the format; they take
	// the place of the product's.
	Matchers map[string]topology.Matcher
	// DeviceReports are the devices of an organization; those that reported since a time and have a text in their
	// report come with it. Default: what monitoring has, where there is such a concern.
	DeviceReports func(ctx context.Context, organization wispwright.ID, since time.Time, mark string) ([]wifimesh.Report, error)

	// Service is made by Mount.
	*topology.Service

	fetches jobs.Kind[wispwright.ID]
	host    *Host
}

var (
	_ WithModels   = (*TopologyConcern)(nil)
	_ WithSettings = (*TopologyConcern)(nil)
	_ WithEvents   = (*TopologyConcern)(nil)
	_ WithCommands = (*TopologyConcern)(nil)

	_ WithKinds         = (*TopologyConcern)(nil)
	_ WithNotifications = (*TopologyConcern)(nil)
)

// NewTopology returns the concern with its default settings, over the devices of
// c, which may be nil.
func NewTopology(t *TenancyConcern, c *ControllerConcern) *TopologyConcern {
	return &TopologyConcern{
		Config: defaultTopologyConfig(), Tenancy: t, Controller: c,
		fetches: jobs.Kind[wispwright.ID]{Name: "topology.fetch", Timeout: 5 * time.Minute, Attempts: 1, Queue: "topology", Key: func(id wispwright.ID) string { return id.String() }},
	}
}

// Name implements Concern.
func (c *TopologyConcern) Name() string { return "topology" }

// Migrations implements Concern.
func (c *TopologyConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{topologysql.Migrations()}
}

// Models implements WithModels.
func (c *TopologyConcern) Models() []wispwright.Model { return topology.Models() }

// Events implements WithEvents.
func (c *TopologyConcern) Events() []event.Listed { return c.Service.Events() }

// Section implements WithSettings.
func (c *TopologyConcern) Section() Section {
	defaults := defaultTopologyConfig()
	return Section{&c.Config, &defaults}
}

// Mount implements Concern.
func (c *TopologyConcern) Mount(_ context.Context, h *Host) error {
	if c.Service != nil {
		return errors.New("it is mounted already")
	}
	if err := h.Mounted(c.Tenancy); err != nil {
		return err
	}
	if c.Controller != nil {
		if err := h.Mounted(c.Controller); err != nil {
			return err
		}
	}
	stores, err := topologysql.New(h.DB())
	if err != nil {
		return err
	}
	options, err := c.options(h)
	if err != nil {
		return err
	}
	base := &entity.Base{Tx: h.DB(), Recorder: c.Tenancy.Trail, Tenants: c.Tenancy.Organizations}
	if c.Service, err = topology.New(base, stores, options); err != nil {
		return err
	}
	wire, err := topologyhttp.New(c.Service, &topologyhttp.Options{
		Public: !c.Config.AuthRequired, HideKeys: c.Config.HideKeys, BaseURL: c.Config.BaseURL, BodyLimit: c.Config.MaxBytes, Places: c.places,
	})
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	h.Live(topologyhttp.SocketPath, wire.Topic())
	wire.Tell(h.Lifetime(), h.Hub())
	h.Handle("/topology/", c.pages(h), "/topology/")
	c.host = h
	c.live(h)
	if c.Controller != nil {
		h.wire(c.wiring()...)
	}
	return c.work(h)
}

func (c *TopologyConcern) options(h *Host) (*topology.Options, error) {
	formats := netdiff.Formats()
	for _, f := range c.Formats {
		if err := formats.Register(f); err != nil {
			return nil, err
		}
	}
	guard, err := newGuard(c.Config.FetchNetworks, c.Config.Timeout)
	if err != nil {
		return nil, fmt.Errorf("topology.fetch_networks: %w", err)
	}
	o := &topology.Options{
		Formats: formats, Dial: guard.dial, RefuseURL: guard.refuse, Timeout: c.Config.Timeout, MaxBytes: c.Config.MaxBytes, MaxObjects: c.Config.MaxObjects, Log: h.Log(),
		Matchers: map[string]topology.Matcher{},
	}
	if c.Controller != nil {
		d := topologyDevices{c.Controller.Controller}
		o.Devices = d
		o.Matchers["netdiff.NetJsonParser"] = topology.MatchMACs(d.byMAC)
	}
	for format, m := range c.tunnelMatchers(h) {
		o.Matchers[format] = m
	}
	for format, m := range c.Matchers {
		o.Matchers[format] = m
	}
	return o, nil
}

// work fetches, keeps days and removes what is old. Each topology is a job of its
// own with its id as key: one node does it at once.
func (c *TopologyConcern) work(h *Host) error {
	h.Jobs().Add(c.fetches.Handle(func(ctx context.Context, id wispwright.ID) error {
		ctx = wispwright.WithCaller(ctx, wispwright.System("topology.fetch"))
		if _, err := c.Fetch(ctx, id); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			h.Log().Warn("a topology cannot be fetched", "topology", id, "error", err) // and the next round tries again
		}
		return nil
	}))
	var meshes, lldp time.Duration
	if c.Config.WifiMesh {
		meshes = c.Config.WifiMeshInterval
	}
	if c.Config.LLDP {
		lldp = c.Config.LLDPInterval
	}
	for name, job := range map[string]struct {
		every time.Duration
		do    func(ctx context.Context) error
	}{
		"topology.meshes": {meshes, func(ctx context.Context) error {
			return c.updateMeshes(wispwright.WithCaller(ctx, wispwright.System("topology.meshes")), nil)
		}},
		"topology.lldp": {lldp, func(ctx context.Context) error {
			return c.updateCables(wispwright.WithCaller(ctx, wispwright.System("topology.lldp")), nil)
		}},
		"topology.update": {c.Config.UpdateInterval, c.orderFetches},
		"topology.save":   {c.Config.SnapshotInterval, func(ctx context.Context) error { _, err := c.saveAll(ctx, "", nil); return err }},
	} {
		if job.every <= 0 {
			continue
		}
		periodic, err := jobs.Kind[struct{}]{Name: name, Timeout: 10 * time.Minute}.Every(job.every, struct{}{}, func(ctx context.Context, _ struct{}) error { return job.do(ctx) })
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		h.Jobs().AddPeriodic(periodic)
	}
	h.Daily("topology.clean", func(ctx context.Context) error {
		ctx = wispwright.WithCaller(ctx, wispwright.System("topology.clean"))
		_, expired := c.Expire(ctx, c.Config.expiry())
		_, related := c.RelateAll(ctx, true)
		return errors.Join(expired, related)
	})
	return nil
}

// orderFetches orders a job for each topology that is fetched.
func (c *TopologyConcern) orderFetches(ctx context.Context) error {
	list, err := c.fetched(ctx, "")
	if err != nil {
		return err
	}
	ids := make([]wispwright.ID, len(list))
	for i, t := range list {
		ids[i] = t.ID
	}
	return c.fetches.Insert(ctx, c.host.Jobs(), ids...)
}

// fetched are the topologies that are fetched, with a part of the label.
func (c *TopologyConcern) fetched(ctx context.Context, label string) ([]*topology.Topology, error) {
	yes := true
	list, err := c.Topologies.List(ctx, everyone(), topology.TopologyFilter{Strategy: topology.Fetch, Published: &yes, LabelContains: label}, unpaged)
	return list.Rows, err
}

// saveAll keeps the day of all published topologies with a part of the label; told
// hears of each.
func (c *TopologyConcern) saveAll(ctx context.Context, label string, told func(*topology.Topology, error)) (int, error) {
	yes := true
	list, err := c.Topologies.List(ctx, everyone(), topology.TopologyFilter{Published: &yes, LabelContains: label}, unpaged)
	if err != nil {
		return 0, err
	}
	saved := 0
	var failed error
	for _, t := range list.Rows {
		err := c.SaveSnapshot(ctx, t)
		if errors.Is(err, wispwright.ErrNotFound) {
			continue // deleted meanwhile
		}
		if told != nil {
			told(t, err)
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("topology %s: %w", t.ID, err))
			continue
		}
		saved++
	}
	return saved, failed
}

// topologyDevices are the devices that nodes can be.
type topologyDevices struct{ c *controller.Controller }

// Named implements topology.Devices.
func (d topologyDevices) Named(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]topology.Device, error) {
	found, err := d.c.Devices.List(ctx, everyone(), controller.DeviceFilter{IDs: wispwright.Only(ids...)}, unpaged)
	out := make(map[wispwright.ID]topology.Device, len(found.Rows))
	for _, o := range found.Rows {
		out[o.Device.ID] = topologyDevice(o.Device)
	}
	return out, err
}

func topologyDevice(d *controller.Device) topology.Device {
	return topology.Device{ID: d.ID, OrganizationID: d.OrganizationID, Name: d.Name}
}

// byMAC finds devices by their MAC addresses.
func (d topologyDevices) byMAC(ctx context.Context, organization wispwright.ID, macs []string) (map[string]topology.Device, error) {
	out := map[string]topology.Device{}
	for _, mac := range macs {
		found, err := d.c.Devices.List(ctx, everyone(), controller.DeviceFilter{OrganizationID: organization, MACAddress: mac}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return nil, err
		}
		for _, o := range found.Rows {
			out[mac] = topologyDevice(o.Device)
		}
	}
	return out, nil
}

// wiring is what follows from devices.
func (c *TopologyConcern) wiring() []Wire {
	devices := c.Controller.Devices
	return []Wire{
		{"controller.Devices.Deleting", "topology: nodes that were a device", hook(devices.Deleting.Subscribe, func(ctx context.Context, list ...*controller.Device) error {
			ids := make([]wispwright.ID, len(list))
			for i, d := range list {
				ids[i] = d.ID
			}
			return c.ForgetDevices(ctx, ids...)
		})},
		{"controller.Devices.Saved", "topology: nodes of a device that is moved", hook(devices.Saved.Subscribe, func(ctx context.Context, list ...entity.Change[controller.Device]) error {
			for _, d := range list {
				if d.Before == nil || d.After == nil || d.Before.OrganizationID == d.After.OrganizationID {
					continue
				}
				if err := c.MoveDevice(ctx, topologyDevice(d.After)); err != nil {
					return err
				}
			}
			return nil
		})},
		{"topology.LinkStatusChanged", "controller: management addresses of OpenVPN's clients", func(name string) error {
			c.LinkStatusChanged.Subscribe(name, c.followTunnels)
			return nil
		}},
	}
}

// followTunnels keeps the management addresses of devices by whether their tunnel
// is up (spec: topology §6).
func (c *TopologyConcern) followTunnels(ctx context.Context, list ...topology.StatusChange) {
	for _, change := range list {
		if change.Topology.Parser != "netdiff.OpenvpnParser" {
			continue
		}
		for _, l := range change.Links {
			for _, id := range []wispwright.ID{l.SourceID, l.TargetID} {
				n := change.Nodes[id]
				if n == nil || n.DeviceID.IsZero() {
					continue
				}
				var address netip.Addr
				if l.Status == topology.Up {
					var err error
					if address, err = n.SecondAddress(); err != nil {
						c.host.Log().Warn(err.Error()+" raised while processing addresses: "+strings.Trim(string(n.Addresses), "[]"), "node", n.ID)
						continue
					}
				}
				if err := c.Controller.Agents.SetManagementIP(ctx, n.DeviceID, address); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
					c.host.Log().Error("the management address of a device cannot follow its tunnel", "device", n.DeviceID, "error", err)
				}
			}
		}
	}
}
