package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/channel"
	"github.com/wispwright/wispwright/controller/connection/connectionhttp"
	"github.com/wispwright/wispwright/controller/connection/connectionsql"
	"github.com/wispwright/wispwright/controller/connection/snmp"
	"github.com/wispwright/wispwright/controller/connection/ssh"
	"github.com/wispwright/wispwright/controller/connection/terminal"
	"github.com/wispwright/wispwright/controller/controllerhttp"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
)

// ConnectionConcern reaches devices: it tells them of their configuration and
// runs commands on them. Make it with NewConnection.
type ConnectionConcern struct {
	// Config is the section connection of the configuration.
	Config ConnectionConfig
	// Controller has the devices; it is required.
	Controller *ControllerConcern
	// Tenants are the organizations. Default: those of the controller's Tenancy,
	// or, without that, any there may be.
	Tenants entity.Tenants
	// Recorder keeps the history of objects. Default: as of the controller.
	Recorder wispwright.Recorder
	// Connectors are further ways to reach devices; one of an identifier that there
	// is already takes the place of that.
	Connectors []connection.ConnectorType
	// Strategies are further ways to tell devices of their configuration.
	Strategies []connection.Strategy
	// CommandTypes are further types of commands.
	CommandTypes []connection.CommandType
	// Tune changes the options of the concern before it is made. Default: they are
	// as Config says.
	Tune func(*connection.Options)

	// Connection is made by Mount.
	*connection.Connection

	hub       *channel.Hub
	terminals *terminal.Terminals
}

var (
	_ WithModels   = (*ConnectionConcern)(nil)
	_ WithSettings = (*ConnectionConcern)(nil)
	_ WithEvents   = (*ConnectionConcern)(nil)

	_ WithKinds         = (*ConnectionConcern)(nil)
	_ WithNotifications = (*ConnectionConcern)(nil)
)

// NewConnection returns the concern with its default settings, over the devices
// of c.
func NewConnection(c *ControllerConcern) *ConnectionConcern {
	return &ConnectionConcern{Config: DefaultConnectionConfig(), Controller: c}
}

// Name implements Concern.
func (c *ConnectionConcern) Name() string { return "connection" }

// Migrations implements Concern.
func (c *ConnectionConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{connectionsql.Migrations()}
}

// Models implements WithModels.
func (c *ConnectionConcern) Models() []wispwright.Model { return connection.Models() }

// Events implements WithEvents.
func (c *ConnectionConcern) Events() []event.Listed {
	return append(append(c.Connection.Events(), c.terminals.Events()...), c.hub.Contested.Listed("channel.Hub.Contested", ""))
}

// Section implements WithSettings.
func (c *ConnectionConcern) Section() Section {
	defaults := DefaultConnectionConfig()
	return Section{&c.Config, &defaults}
}

// Mount implements Concern.
func (c *ConnectionConcern) Mount(ctx context.Context, h *Host) error {
	if c.Connection != nil {
		return errors.New("it is mounted already")
	}
	if err := h.Mounted(c.Controller); err != nil {
		return err
	}
	stores, err := connectionsql.New(h.DB())
	if err != nil {
		return err
	}
	channels, err := connectionsql.NewChannels(h.DB())
	if err != nil {
		return err
	}
	if err := c.openHub(ctx, h, channels); err != nil {
		return err
	}
	registry, err := c.registry()
	if err != nil {
		return err
	}
	queue := newDeviceQueue(h.Jobs(), &c.Config)
	options, err := c.options(h, queue)
	if err != nil {
		return err
	}
	if c.Connection, err = connection.New(c.base(h), stores, c.Controller.Controller, registry, options); err != nil {
		return err
	}
	queue.add(c.Work)
	if err := c.openTerminals(h); err != nil {
		return err
	}
	if err := c.mountHTTP(h, channels); err != nil {
		return err
	}
	c.mountChannels(h)
	c.live(h)
	if err := c.background(h); err != nil {
		return err
	}
	return c.Start(h.Lifetime())
}

// base is what the services stand on.
func (c *ConnectionConcern) base(h *Host) *entity.Base {
	b := &entity.Base{Tx: h.DB(), Recorder: c.Recorder, Tenants: c.Tenants}
	t := c.Controller.Tenancy
	switch {
	case b.Tenants != nil:
	case t != nil:
		b.Tenants = t.Organizations
	default:
		b.Tenants = entity.NoTenants{}
	}
	if b.Recorder == nil {
		if b.Recorder = c.Controller.Recorder; b.Recorder == nil && t != nil {
			b.Recorder = t.Trail
		}
	}
	return b
}

// registry holds what devices are reached by.
func (c *ConnectionConcern) registry() (*connection.Registry, error) {
	refuse, err := c.Config.refuse()
	if err != nil {
		return nil, err
	}
	mapping, err := c.Config.mapping()
	if err != nil {
		return nil, err
	}
	s := &c.Config
	connectors := []connection.ConnectorType{ssh.Type(&ssh.Connector{
		ConnectTimeout: s.ConnectTimeout, BannerTimeout: s.BannerTimeout, AuthTimeout: s.AuthTimeout, RefuseLegacy: !s.LegacyAlgorithms, Refuse: refuse,
	})}
	connectors = append(connectors, snmp.Types(&snmp.Connector{Refuse: refuse})...)
	if s.Channels {
		connectors = append(connectors, channel.Type(c.hub))
	}
	for _, t := range c.Connectors {
		if i := slices.IndexFunc(connectors, func(o connection.ConnectorType) bool { return o.ID == t.ID }); i >= 0 {
			connectors[i] = t
		} else {
			connectors = append(connectors, t)
		}
	}
	return connection.NewRegistry(connectors, append(connection.DefaultStrategies(), c.Strategies...), mapping)
}

func (c *ConnectionConcern) options(h *Host, queue connection.Jobs) (*connection.Options, error) {
	s := &c.Config
	own, err := s.commands()
	if err != nil {
		return nil, fmt.Errorf("connection.user_commands: %w", err)
	}
	enabled, err := s.enabled()
	if err != nil {
		return nil, fmt.Errorf("connection.organization_enabled_commands: %w", err)
	}
	types, err := connection.NewCommandTypes(append(append(connection.DefaultCommands(), own...), c.CommandTypes...), enabled)
	if err != nil {
		return nil, err
	}
	o := &connection.Options{
		Commands: types, Jobs: queue, Bus: h.DB(), AlsoLastIP: !s.ManagementIPOnly, PinHostKeys: s.PinHostKeys, CommandTimeout: s.CommandTimeout,
		OutputLimit: s.OutputLimit, PushDelay: s.PushDelay, PushAttempts: s.PushAttempts, PushBackoff: s.PushBackoff, Parallel: s.Parallel, Log: h.Log(),
		DialTimeout: s.ConnectTimeout + s.BannerTimeout + s.AuthTimeout + 10*time.Second,
		Groups: func(ctx context.Context, scope wispwright.Scope, group wispwright.ID) (wispwright.ID, error) {
			g, err := c.Controller.Groups.Get(ctx, scope, group)
			if err != nil {
				return wispwright.ID{}, err
			}
			return g.OrganizationID, nil
		},
	}
	if s.PushDelay == 0 {
		o.PushDelay = -1
	}
	o.Locations = func(ctx context.Context, scope wispwright.Scope, location wispwright.ID) (wispwright.ID, []wispwright.ID, error) {
		return locationOf(ctx, h, scope, location)
	}
	if c.Tune != nil {
		c.Tune(o)
	}
	return o, nil
}

// mountHTTP adds endpoints, schemas and sockets.
func (c *ConnectionConcern) mountHTTP(h *Host, channels channel.Store) error {
	devices, err := controllerhttp.New(c.Controller.Controller, &controllerhttp.Options{DeviceFilters: c.Controller.DeviceFilters})
	if err != nil {
		return err
	}
	wire, err := connectionhttp.New(c.Connection, c.Controller.Devices, &connectionhttp.Options{
		NoSecrets: c.Config.Secrets == "never", DeviceFilters: devices.DeviceFilters(), Fingerprint: ssh.Fingerprint, Channels: channels, Terminals: c.terminals,
	})
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	// OpenWISP has its schemas among the pages of the admin
	schemas := wire.Schemas(h.API(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.server.front.admin.ServeHTTP(w, r) }))
	h.Handle(connectionhttp.CredentialsSchemas, schemas, connectionhttp.CredentialsSchemas)
	h.Handle(connectionhttp.CommandSchemas, schemas, connectionhttp.CommandSchemas)
	h.Live(connectionhttp.CommandSocket, wire.CommandTopic())
	h.Live(connectionhttp.BatchSocket, wire.BatchTopic())
	wire.Tell(h.Hub())
	h.Handle(connectionhttp.TerminalSocket, wire.Terminals(&connectionhttp.Sockets{Caller: h.API().Caller, Origins: h.Config().HTTP.Origins, Lifetime: h.Lifetime()}), connectionhttp.TerminalSocket)
	return nil
}

// live tells pages that watch connections what became of attempts and pushes.
func (c *ConnectionConcern) live(h *Host) {
	c.Connections.Tried.Subscribe("live: "+connectionKind, func(ctx context.Context, list ...connection.DeviceConnection) {
		for _, o := range list {
			h.Changed(ctx, connectionKind, o.OrganizationID, o.ID.String())
		}
	})
	c.Pushes.Attempted.Subscribe("live: "+connectionKind, func(ctx context.Context, list ...connection.Attempted) {
		for _, a := range list {
			if !a.OrganizationID.IsZero() {
				h.Changed(ctx, connectionKind, a.OrganizationID, a.Push.ConnectionID.String())
			}
		}
	})
}

const (
	// resumeEvery is how often devices are looked for whose next push is due.
	resumeEvery = 5 * time.Second
	// resumedAtOnce is how many of them are taken up at a time.
	resumedAtOnce = 1000
)

// background does what is done again and again.
func (c *ConnectionConcern) background(h *Host) error {
	again, err := jobs.Kind[struct{}]{Name: "connection.auto_add_again"}.Every(time.Hour, struct{}{}, func(ctx context.Context, _ struct{}) error { return c.Connections.AddAgain(ctx) })
	if err != nil {
		return fmt.Errorf("credentials that are added by themselves: %w", err)
	}
	h.Jobs().AddPeriodic(again)
	h.Daily("connection.clean", func(ctx context.Context) error {
		if c.Config.CommandAge <= 0 {
			return nil
		}
		_, err := c.Clean(ctx, c.Config.CommandAge)
		return err
	})
	h.AtStart(func(context.Context) error {
		if !h.Config().Jobs.Off {
			go c.resume(h.Lifetime(), h)
		}
		return nil
	})
	return nil
}

// Clean deletes finished commands and mass commands that are old enough.
func (c *ConnectionConcern) Clean(ctx context.Context, age time.Duration) (int, error) {
	return c.Connection.Commands.Clean(ctx, age)
}

// resume takes pushes up again that are due, until the server stops.
func (c *ConnectionConcern) resume(ctx context.Context, h *Host) {
	tick := time.NewTicker(resumeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := c.Pushes.Resume(ctx, resumedAtOnce); err != nil && ctx.Err() == nil {
			h.Log().Warn("pushes that are due could not be taken up; it is tried again", "error", err)
		}
	}
}

// deviceQueue are the jobs that wait for devices: pushes and commands in queues
// of their own, so that neither holds up the other, and all else behind both.
type deviceQueue struct {
	queue *jobs.Queue
	kinds map[connection.JobKind]jobs.Kind[connection.Job]
}

func newDeviceQueue(q *jobs.Queue, c *ConnectionConfig) *deviceQueue {
	kind := func(k connection.JobKind, queue string, workers int, timeout time.Duration) jobs.Kind[connection.Job] {
		return jobs.Kind[connection.Job]{Name: "connection." + string(k), Queue: queue, Workers: workers, Timeout: timeout, Key: func(j connection.Job) string { return j.ID.String() }}
	}
	// a device may have several connections, each with several addresses
	reaching := 5 * (c.ConnectTimeout + c.BannerTimeout + c.AuthTimeout)
	return &deviceQueue{q, map[connection.JobKind]jobs.Kind[connection.Job]{
		connection.JobPush:    kind(connection.JobPush, "pushes", c.Workers, reaching+3*c.CommandTimeout+time.Minute),
		connection.JobCommand: kind(connection.JobCommand, "commands", c.Workers, reaching+c.CommandTimeout*6/5+time.Minute),
		connection.JobTest:    kind(connection.JobTest, "commands", c.Workers, reaching+c.CommandTimeout+time.Minute),
		connection.JobBatch:   kind(connection.JobBatch, "connection", 0, 5*time.Minute),
		connection.JobAutoAdd: kind(connection.JobAutoAdd, "connection", 0, time.Hour),
	}}
}

// add says who does the jobs.
func (q *deviceQueue) add(work func(ctx context.Context, job connection.Job) error) {
	for _, kind := range q.kinds {
		q.queue.Add(kind.Handle(func(ctx context.Context, job connection.Job) error {
			err := work(ctx, job)
			if later := (*connection.LaterError)(nil); errors.As(err, &later) {
				return jobs.Later(later.After)
			}
			return err
		}))
	}
}

// Enqueue implements connection.Jobs.
func (q *deviceQueue) Enqueue(ctx context.Context, list ...connection.Job) error {
	by := map[connection.JobKind][]connection.Job{}
	for _, j := range list {
		by[j.Kind] = append(by[j.Kind], j)
	}
	// one order for all: two transactions must not wait for each other
	for _, k := range []connection.JobKind{connection.JobAutoAdd, connection.JobBatch, connection.JobCommand, connection.JobPush, connection.JobTest} {
		if len(by[k]) == 0 {
			continue
		}
		if err := q.kinds[k].Insert(ctx, q.queue, by[k]...); err != nil {
			return err
		}
	}
	return nil
}

// Complete implements connection.Jobs.
func (q *deviceQueue) Complete(ctx context.Context, effect func(ctx context.Context) error) error {
	return jobs.Complete(ctx, effect)
}
