package vpn

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/ahead"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/netjsonconfig"
)

// Addressing gives new clients their addresses in the place of the server's
// subnet, such as those of a network that is divided among devices.
type Addressing interface {
	// Give returns the address of a device that becomes a client, in the transaction
	// in which it does; mine is false where the server's subnet gives it as usual. An
	// address without a value means that there is none left.
	Give(ctx context.Context, s *Server, d *controller.Device) (a Address, mine bool, err error)
}

// Options change how the concern works; nil and zero fields mean the defaults.
type Options struct {
	// Types are the kinds of servers. Default: DefaultTypes.
	Types []*Type
	// Addressing gives addresses. Default: the servers' subnets do.
	Addressing []Addressing
	// Jobs runs what follows from changes. Default: it is done after the commit,
	// before the causing call returns, which is meant for examples and tests.
	Jobs Jobs
	// Bus connects the nodes' caches. Default: this node is alone.
	Bus wispwright.Bus
	// Client makes requests to webhooks and ZeroTier controllers. Default: one
	// that gives up after 5 s and follows no redirect.
	Client *http.Client
	// CertPath is where certificates go on devices (setting CERT_PATH). Default:
	// /etc/x509.
	CertPath string
	// CommonNameFormat is the beginning of the common names of clients
	// (setting COMMON_NAME_FORMAT). Default: {mac_address}-{name}.
	CommonNameFormat string
	// Context are the global variables. Default: none.
	Context map[string]any
	// CachedArchives is how many rendered servers are kept in memory. Default: 200.
	CachedArchives int
	// CacheFor is how long this node believes what it knows of a server when no
	// notification came. Default: 10 s.
	CacheFor time.Duration
	// SeenEvery is how exactly it is noted when the host of a server asked.
	// Default: 1 minute.
	SeenEvery time.Duration
	// LookEvery is how often it is looked for a host that waits whether there is
	// something new. Default: 1 s.
	LookEvery time.Duration
	// NewIdentity makes the identities of ZeroTier clients. Default: NewIdentity.
	NewIdentity func() (wispwright.Secret, error)
	// Repack packs archives as OpenWISP does, so that hosts of servers that came from
	// there see nothing new; package server/repack has it. Default: they stay as they are.
	Repack func(archive []byte) ([]byte, error)
	// Log hears of what cannot be returned to anybody. Default: slog.Default().
	Log *slog.Logger
}

func (o *Options) complete() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if len(c.Types) == 0 {
		c.Types = DefaultTypes()
	}
	if c.Client == nil {
		c.Client = &http.Client{Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if c.CertPath == "" {
		c.CertPath = "/etc/x509"
	}
	if c.CommonNameFormat == "" {
		c.CommonNameFormat = defaultCommonName
	}
	if c.CachedArchives <= 0 {
		c.CachedArchives = 200
	}
	if c.CacheFor <= 0 {
		c.CacheFor = 10 * time.Second
	}
	if c.SeenEvery <= 0 {
		c.SeenEvery = time.Minute
	}
	if c.LookEvery <= 0 {
		c.LookEvery = time.Second
	}
	if c.NewIdentity == nil {
		c.NewIdentity = NewIdentity
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// VPN is the concern. Make it with New.
type VPN struct {
	// Servers are the VPN servers.
	Servers *Servers
	// Clients are the devices at them.
	Clients *Clients
	// Agents answers the hosts of servers.
	Agents *Agents
	// Exhausted is published after devices became clients without an address, as
	// none was free.
	Exhausted event.Topic[Exhaustion]
	// Trouble is published after a webhook or a ZeroTier controller began to fail, or
	// answered again.
	Trouble event.Topic[TroubleChange]
	// Reported is published after the host of a server said how it fares.
	Reported event.Topic[StatusChange]

	*core
}

// Exhaustion tells of a subnet without a free address.
type Exhaustion struct {
	// Server is the VPN server, Device the device that got none.
	Server *Server
	Device *controller.Device
}

// TroubleChange tells that something of a server began to fail, or works again.
type TroubleChange struct {
	// Server is the VPN server.
	Server *Server
	// Reason says what is wrong; empty: it works again.
	Reason string
}

// core is what the services share.
type core struct {
	Options
	kit           *entity.Base
	stores        Stores
	ctl           *controller.Controller
	organizations controller.Organizations
	pki           PKI
	ipam          IPAM
	renderer      render.Renderer
	byPath        map[string]*Type
	jobs          Jobs
	zerotier      *zeroTier
	top           *VPN
	// polls and archives answer the hosts of servers
	polls    *cache.Cache[wispwright.ID, *poll]
	archives *cache.Cache[wispwright.ID, *archive]
	// stopping ends what hosts wait for
	stopping <-chan struct{}
}

// Needs is what the concern stands on; all is required.
type Needs struct {
	// Controller has the devices and templates.
	Controller *controller.Controller
	// Organizations are the tenants.
	Organizations controller.Organizations
	// PKI gives certificates.
	PKI PKI
	// IPAM gives addresses.
	IPAM IPAM
}

// New makes the concern over stores of the base's transactor and attaches it to the
// controller.
func New(base *entity.Base, stores Stores, n Needs, o *Options) (*VPN, error) {
	if base == nil || base.Tx == nil || base.Tenants == nil || n.Controller == nil || n.Organizations == nil || n.PKI == nil || n.IPAM == nil {
		return nil, errors.New("vpn: a transactor, tenants and all of Needs are required")
	}
	if err := store.Complete("vpn", stores); err != nil {
		return nil, err
	}
	own := *base
	own.Tx = ahead.Over(base.Tx)
	base = &own
	c := &core{Options: o.complete(), kit: base, stores: stores, ctl: n.Controller, organizations: n.Organizations, pki: n.PKI, ipam: n.IPAM, byPath: map[string]*Type{}}
	if err := checkTypes(c.Types); err != nil {
		return nil, err
	}
	var backends []*netjsonconfig.Backend
	for _, t := range c.Types {
		c.byPath[t.Path()] = t
		backends = append(backends, t.Backend)
	}
	c.renderer = render.New(&render.Options{Backends: backends})
	c.zerotier = &zeroTier{c.Client}
	c.polls = cache.New[wispwright.ID, *poll]("vpn.polls", cache.Options{Bus: c.Bus, TTL: c.CacheFor, Clock: base.Clock})
	c.archives = cache.New[wispwright.ID, *archive]("vpn.archives", cache.Options{Bus: c.Bus, TTL: archivesFor, Size: c.CachedArchives, Clock: base.Clock})
	v := &VPN{core: c}
	c.top = v
	v.Servers, v.Clients, v.Agents = newServers(c), &Clients{core: c}, &Agents{core: c}
	if c.jobs = c.Options.Jobs; c.jobs == nil {
		c.jobs = &inline{v}
	}
	n.Controller.AttachVPNs(c)
	n.Controller.Devices.Deleting.Subscribe("vpn: clients of deleted devices", c.devicesDeleting)
	n.Controller.Devices.Saved.Subscribe("vpn: clients of devices that move to another organization", c.devicesSaved)
	return v, nil
}

// AddAddressing adds what gives addresses. Call it before anything is served.
func (v *VPN) AddAddressing(a Addressing) { v.core.Addressing = append(v.core.Addressing, a) }

// Start listens for what other nodes tell of, until the context ends.
func (v *VPN) Start(ctx context.Context) error {
	v.stopping = ctx.Done()
	return errors.Join(v.polls.Listen(ctx), v.archives.Listen(ctx))
}

// Forget drops what nodes remember of servers, after an organization was switched on
// or off.
func (v *VPN) Forget(ctx context.Context) error { return v.polls.Purge(ctx) }

// Kinds are the types of servers, in the order of forms. The slice must not be
// changed.
func (v *VPN) Kinds() []*Type { return v.Types }

// Events lists the events of the concern, with OpenWISP's signals of the same
// meaning.
func (v *VPN) Events() []event.Listed {
	return append(v.Servers.Listed("Vpn"),
		v.Servers.Modified.Listed("vpn.Servers.Modified", "vpn_server_modified"),
		v.Clients.Created.Listed("vpn.Clients.Created", "post_save(VpnClient)"),
		v.Clients.Deleting.Listed("vpn.Clients.Deleting", "pre_delete(VpnClient)"),
		v.Clients.PeersChanged.Listed("vpn.Clients.PeersChanged", "vpn_peers_changed"),
		v.Agents.Requested.Listed("vpn.Agents.Requested", "checksum_requested, config_download_requested"),
		v.Exhausted.Listed("vpn.Exhausted", ""),
		v.Trouble.Listed("vpn.Trouble", ""),
		v.Reported.Listed("vpn.Reported", ""))
}

// devicesSaved moves clients along with their device.
func (c *core) devicesSaved(ctx context.Context, changes ...entity.Change[controller.Device]) error {
	for _, ch := range changes {
		if ch.Before != nil && ch.After != nil && ch.Before.OrganizationID != ch.After.OrganizationID {
			if err := c.stores.Clients.Move(ctx, ch.After.ID, ch.After.OrganizationID); err != nil {
				return err
			}
		}
	}
	return nil
}
