package connection

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
)

// Stores are where the concern keeps its rows. All are required and belong to
// one Transactor, which is also the controller's.
type Stores struct {
	// Credentials keeps credentials. Its unique rule is UniqueCredentials.
	Credentials wispwright.Repo[Credentials, CredentialsFilter]
	// Connections keeps device connections.
	Connections DeviceConnectionStore
	// Commands keeps commands.
	Commands CommandStore
	// Batches keeps batches.
	Batches wispwright.Repo[Batch, BatchFilter]
	// Pushes keeps pushes.
	Pushes PushStore
}

// Options change how the concern works; nil and zero fields mean the defaults.
type Options struct {
	// Commands are what people may run. Default: DefaultCommands, for everybody.
	Commands *CommandTypes
	// Jobs runs what waits for devices. Default: it is run after the commit,
	// before the causing call returns, which is meant for examples and tests.
	Jobs Jobs
	// Bus connects the nodes' caches. Default: this node is alone.
	Bus wispwright.Bus
	// AlsoLastIP also tries the address that a device was last seen at
	// (setting MANAGEMENT_IP_ONLY off).
	AlsoLastIP bool
	// CanPush decides whether a device that does not have its configuration is
	// told. Default: yes (setting UPDATE_CONFIG_MODEL).
	CanPush func(ctx context.Context, d *controller.Detail) (bool, error)
	// PinHostKeys remembers what a device proved itself with when it was reached
	// first, and refuses another later.
	PinHostKeys bool
	// DialTimeout ends the attempt to reach a device. Default: 90 s.
	DialTimeout time.Duration
	// CommandTimeout ends a command (setting SSH_COMMAND_TIMEOUT). Default: 30 s.
	CommandTimeout time.Duration
	// OutputLimit is how many bytes of a command's output are kept.
	// Default: 256 KiB.
	OutputLimit int
	// PushDelay is how long a push waits for further changes. Default: 3 s.
	// Negative: not at all.
	PushDelay time.Duration
	// PushAttempts is how often a device is tried to be told. Default: 8.
	PushAttempts int
	// PushBackoff is the pause after the first failed attempt, which doubles
	// each time up to an hour. Default: 30 s.
	PushBackoff time.Duration
	// Parallel is how many commands of a batch run at once where it does not
	// say. Default: 20.
	Parallel int
	// Groups finds the organization of a group of devices for batches. Default:
	// there are no groups.
	Groups func(ctx context.Context, scope wispwright.Scope, group wispwright.ID) (organization wispwright.ID, err error)
	// Locations finds the devices of a location for batches. Default: there are
	// no locations.
	Locations func(ctx context.Context, scope wispwright.Scope, location wispwright.ID) (organization wispwright.ID, devices []wispwright.ID, err error)
	// Log hears of what cannot be returned to anybody. Default: slog.Default().
	Log *slog.Logger
}

func (o *Options) complete() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Commands == nil {
		var err error
		if c.Commands, err = NewCommandTypes(DefaultCommands(), nil); err != nil {
			return c, err
		}
	}
	if c.CanPush == nil {
		c.CanPush = func(context.Context, *controller.Detail) (bool, error) { return true, nil }
	}
	if c.Locations == nil {
		c.Locations = func(context.Context, wispwright.Scope, wispwright.ID) (wispwright.ID, []wispwright.ID, error) {
			return wispwright.ID{}, nil, wispwright.ErrNotFound
		}
	}
	if c.Groups == nil {
		c.Groups = func(context.Context, wispwright.Scope, wispwright.ID) (wispwright.ID, error) {
			return wispwright.ID{}, wispwright.ErrNotFound
		}
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	orDefault(&c.DialTimeout, 90*time.Second)
	orDefault(&c.CommandTimeout, 30*time.Second)
	orDefault(&c.OutputLimit, 256<<10)
	orDefault(&c.PushAttempts, 8)
	orDefault(&c.PushBackoff, 30*time.Second)
	orDefault(&c.Parallel, 20)
	if c.PushDelay == 0 {
		c.PushDelay = 3 * time.Second
	}
	return c, nil
}

func orDefault[N int | time.Duration](v *N, d N) {
	if *v <= 0 {
		*v = d
	}
}

// Connection is the concern: its services over one set of stores.
type Connection struct {
	// Credentials are the access credentials.
	Credentials *entity.Service[wispwright.ID, Credentials, CredentialsFilter]
	// Connections let the server into devices.
	Connections *Connections
	// Commands are what people run on devices.
	Commands *Commands
	// Batches are commands for many devices.
	Batches *Batches
	// Pushes tell devices of their configuration.
	Pushes *Pushes
	// Registry holds connectors and strategies.
	Registry *Registry

	*core
}

// core is what the services share.
type core struct {
	Options
	kit      *entity.Base
	stores   Stores
	devices  *controller.Devices
	registry *Registry
	jobs     Jobs
	// added are the credentials that new configurations of an organization get
	added *cache.Cache[wispwright.ID, []*Credentials]
}

// New makes the concern over stores of the base's transactor and over the
// devices of a controller.
func New(base *entity.Base, stores Stores, c *controller.Controller, r *Registry, o *Options) (*Connection, error) {
	if base == nil || base.Tx == nil || base.Tenants == nil || c == nil || r == nil {
		return nil, errors.New("connection: a transactor, tenants, a controller and a registry are required")
	}
	if err := store.Complete("connection", stores); err != nil {
		return nil, err
	}
	options, err := o.complete()
	if err != nil {
		return nil, err
	}
	k := &core{Options: options, kit: base, stores: stores, devices: c.Devices, registry: r}
	k.added = cache.New[wispwright.ID, []*Credentials]("connection.added", cache.Options{Bus: options.Bus, TTL: addedFor, Clock: base.Clock})
	out := &Connection{Registry: r, core: k}
	out.Credentials = newCredentials(k)
	out.Connections = newConnections(k)
	out.Pushes = &Pushes{core: k, connections: out.Connections}
	out.Commands = &Commands{core: k, connections: out.Connections}
	out.Batches = newBatches(k, out.Commands)
	out.Commands.batches = out.Batches
	if k.jobs = options.Jobs; k.jobs == nil {
		k.jobs = &inline{out}
	}
	out.attach(c)
	return out, nil
}

// Types are what people may run.
func (c *Connection) Types() *CommandTypes { return c.core.Options.Commands }

// Start listens for what other nodes tell of, until the context ends.
func (c *Connection) Start(ctx context.Context) error { return c.added.Listen(ctx) }

// Events lists the events of the concern, with OpenWISP's signals of the same
// meaning.
func (c *Connection) Events() []event.Listed {
	out := c.Credentials.Listed("Credentials")
	out = append(out, c.Connections.entities.Listed("DeviceConnection")...)
	return append(out,
		c.Connections.WorkingChanged.Listed("connection.Connections.WorkingChanged", "is_working_changed"),
		c.Connections.Tried.Listed("connection.Connections.Tried", ""),
		c.Pushes.Attempted.Listed("connection.Pushes.Attempted", ""),
		c.Commands.Changed.Listed("connection.Commands.Changed", "post_save(Command)"),
		c.Batches.Changed.Listed("connection.Batches.Changed", "post_save(BatchCommand)"))
}

// attach subscribes to what happens to devices.
func (c *Connection) attach(ctl *controller.Controller) {
	ctl.Devices.Configured.Subscribe("connection: credentials that are added by themselves", c.Connections.configured)
	ctl.Devices.Modifying.Subscribe("connection: pushes", c.Pushes.modifying)
	ctl.Devices.Saved.Subscribe("connection: devices that move to another organization", c.Connections.moved)
	ctl.Devices.Deleting.Subscribe("connection: what belongs to deleted devices", c.forgetDevices)
}

// forgetDevices removes what belongs to devices.
func (c *Connection) forgetDevices(ctx context.Context, devices ...*controller.Device) error {
	ids := make([]wispwright.ID, len(devices))
	for i, d := range devices {
		ids[i] = d.ID
	}
	if err := c.stores.Commands.ForgetDevices(ctx, ids...); err != nil {
		return err
	}
	if err := c.stores.Pushes.ForgetDevices(ctx, ids...); err != nil {
		return err
	}
	_, err := c.Connections.entities.DeleteAll(ctx, wispwright.ScopeAll(), DeviceConnectionFilter{DeviceIDs: wispwright.Only(ids...)})
	return err
}
