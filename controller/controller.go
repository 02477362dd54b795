package controller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/kit/ahead"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
)

// Stores are everything the concern keeps. All are required and belong to one
// Transactor, which is also tenancy's.
type Stores struct {
	// Devices keeps devices.
	Devices DeviceStore
	// Configs keeps their configurations.
	Configs ConfigStore
	// Templates keeps templates and their revisions.
	Templates TemplateStore
	// Groups keeps groups of devices.
	Groups GroupStore
	// Settings keeps what organizations decide.
	Settings SettingsStore
	// Versions keeps the history of configurations.
	Versions VersionStore
	// Variables keeps the values of secret variables.
	Variables variable.Store
}

// Organizations is what the concern asks about tenants; tenancy.Organizations
// answers it. One that is an entity.Tenants too is held while it gets its settings.
type Organizations interface {
	// Tenant returns an organization, or wispwright.ErrNotFound.
	Tenant(ctx context.Context, id wispwright.ID) (*entity.Tenant, error)
}

// OrganizationEvents tells what happens to organizations, inside the
// transaction that causes it; tenancy.Organizations does.
type OrganizationEvents interface {
	// OnCreate calls fn for each new organization.
	OnCreate(name string, fn func(ctx context.Context, id wispwright.ID) error)
	// OnDelete calls fn for an organization that is about to be removed.
	OnDelete(name string, fn func(ctx context.Context, id wispwright.ID) error)
	// OnChange calls fn for an organization that is created, changed or deleted.
	OnChange(name string, fn func(ctx context.Context, id wispwright.ID) error)
}

// ContextProvider contributes variables to devices, with a precedence between
// the predefined variables and those of the organization
// (spec: controller-config §5, §17).
type ContextProvider interface {
	// Variables returns the variables of each device by its id. It may be
	// called inside a transaction and must not keep the devices.
	Variables(ctx context.Context, devices []*Device) (map[wispwright.ID]map[string]any, error)
}

// Options change how the concern works; nil and zero fields mean the defaults,
// which are those of the specification (controller-config §16).
type Options struct {
	// Jobs queues the work that follows from changes. Default: it is done
	// after the commit, before the changing call returns, which is meant for
	// examples and tests.
	Jobs Jobs
	// Recorder keeps the history of objects. Default: none is kept.
	Recorder wispwright.Recorder
	// Bus connects the nodes' caches. Default: this node is alone.
	Bus wispwright.Bus
	// Providers contribute variables. Default: none.
	Providers []ContextProvider
	// Context are the global variables. Default: none.
	Context map[string]any
	// GroupSchema is the JSON Schema of the metadata of groups (DEVICE_GROUP_SCHEMA).
	// Default: any object.
	GroupSchema wispwright.JSON
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
	// Log hears of what cannot be returned to anybody. Default: slog.Default().
	Log *slog.Logger

	// DisableRegistration refuses every registration.
	DisableRegistration bool
	// RandomKeys gives devices random keys instead of those that follow from
	// MAC address (or hardware id) and secret, and ignores the keys that
	// registering devices bring (CONSISTENT_REGISTRATION off).
	RandomKeys bool
	// AcceptDeactivated answers deactivated devices that register as if they
	// were active, as OpenWISP did up to 24.11. Default: they are refused
	// (protocol.ErrDeactivated), and nothing of them changes.
	AcceptDeactivated bool
	// DisableSelfCreation lets only known devices register.
	DisableSelfCreation bool
	// RefuseKnown refuses a device that registers with a key nobody has while
	// its MAC address or hardware id is known. Default: when the key is the
	// consistent one of that address (or id) and the secret, it takes the record
	// over, in the secret's organization, and the record gets the new key: that
	// is how a reset device comes back after the secret was changed. Everybody
	// with the secret can compute consistent keys anyway.
	RefuseKnown bool
	// AllowDuplicateNames lets devices of an organization share a name.
	AllowDuplicateNames bool
	// HardwareIDEnabled makes the hardware id required, the base of keys and a
	// variable.
	HardwareIDEnabled bool
	// SeparateManagementNetworks keeps the addresses of different
	// organizations apart, instead of taking an address from any other device.
	SeparateManagementNetworks bool

	// Repack packs an archive as OpenWISP does, for devices that came from there; package
	// server/repack has it. Default: they are answered archives of our own, and apply
	// them once.
	Repack func(archive []byte) ([]byte, error)

	// SilentAfter is how long after its last request a device counts as silent.
	// Default: 6 minutes, which are three polls as agents make them.
	SilentAfter time.Duration

	// CacheFor is how long this node believes what it read of a device or an
	// organization when no notification came. Default: 10 s.
	CacheFor time.Duration
	// CachedDevices is how many devices are kept in memory, about 400 bytes
	// each. Default: 100,000.
	CachedDevices int
	// CachedArchives is how many bytes of archives are kept in memory.
	// Default: 32 MiB.
	CachedArchives int
}

func (o *Options) withDefaults() Options {
	var out Options
	if o != nil {
		out = *o
	}
	if out.Recorder == nil {
		out.Recorder = wispwright.NoRecorder{}
	}
	if out.GroupSchema == "" {
		out.GroupSchema = defaultGroupSchema
	}
	if out.Clock == nil {
		out.Clock = time.Now
	}
	if out.Log == nil {
		out.Log = slog.Default()
	}
	if out.SilentAfter <= 0 {
		out.SilentAfter = 6 * time.Minute
	}
	if out.CacheFor <= 0 {
		out.CacheFor = 10 * time.Second
	}
	if out.CachedDevices <= 0 {
		out.CachedDevices = 100_000
	}
	if out.CachedArchives <= 0 {
		out.CachedArchives = 32 << 20
	}
	return out
}

// Controller is the concern: its services over one set of stores.
type Controller struct {
	// Devices are the devices with their configurations.
	Devices *Devices
	// Agents answers what runs on the devices.
	Agents *Agents
	// Templates are the templates.
	Templates *Templates
	// Groups are the groups of devices.
	Groups *Groups
	// Settings are what organizations decide.
	Settings *OrganizationSettings
	// Versions are the history of configurations.
	Versions *Versions

	fleet *fleet
}

// New returns the concern over its stores. organizations is usually the
// service of tenancy; call Attach with it too, so that both stay in step.
func New(tx wispwright.Transactor, stores Stores, renderer render.Renderer, organizations Organizations, o *Options) (*Controller, error) {
	if tx == nil || renderer == nil || organizations == nil {
		return nil, errors.New("controller: transactor, renderer and organizations are required")
	}
	if err := store.Complete("controller", stores); err != nil {
		return nil, err
	}
	if len(renderer.Backends()) == 0 {
		return nil, errors.New("controller: the renderer has no backends")
	}
	b := newBase(ahead.Over(tx), stores, o.withDefaults())
	f := newFleet(newConfigs(newTenants(b, organizations), renderer))
	groups, err := newGroups(f)
	if err != nil {
		return nil, err
	}
	out := &Controller{
		Devices: f.devices, Agents: newAgents(f), Templates: newTemplates(f), Groups: groups, Settings: newOrganizationSettings(f),
		Versions: &Versions{configs: f.configs}, fleet: f,
	}
	if b.jobs = b.Options.Jobs; b.jobs == nil {
		b.jobs = &inline{out}
	}
	return out, nil
}

// Attach subscribes to what happens to organizations: each gets its settings,
// and takes its devices, templates and settings along when it is deleted.
func (c *Controller) Attach(o OrganizationEvents) {
	o.OnCreate("controller: settings of a new organization", c.Settings.organizationCreated)
	c.attachEmptying(o)
	o.OnDelete("controller: devices and templates of a deleted organization", c.removeOrganization)
	o.OnChange("controller: forget the cached organization", func(ctx context.Context, _ wispwright.ID) error {
		return c.fleet.forgetTenants(ctx)
	})
}

// Start listens for what other nodes tell of, until the context ends.
func (c *Controller) Start(ctx context.Context) error {
	if err := errors.Join(c.fleet.listen(ctx), c.fleet.polls.Listen(ctx)); err != nil {
		return fmt.Errorf("controller: %w", err)
	}
	return nil
}

// Forget drops what this node remembers of devices, as the services do when
// they change one: for programs that change the stored rows by other means.
func (c *Controller) Forget(devices ...wispwright.ID) { c.fleet.polls.Forget(devices...) }

// Backends returns the backends devices and templates may choose, the default
// one first. The slice must not be changed.
func (c *Controller) Backends() []render.Backend { return c.fleet.backends }
