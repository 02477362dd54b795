package subnetdivision

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
)

// The identifiers of the product's types (spec: subnet-division §2).
const (
	DeviceType = "openwisp_controller.subnet_division.rule_types.device.DeviceSubnetDivisionRuleType"
	VPNType    = "openwisp_controller.subnet_division.rule_types.vpn.VpnSubnetDivisionRuleType"
)

// Type is a kind of rules: when devices get their networks. Programs may add their
// own and call Divisions.Give and Divisions.TakeBack themselves.
type Type struct {
	// ID is the identifier on the wire, Label is for people.
	ID, Label string
	// AtConfiguration gives networks to devices with their first configuration.
	AtConfiguration bool
	// AtVPN gives them to devices that become clients of a VPN server in the master
	// subnet, and takes them back when they are clients no more.
	AtVPN bool
	// Existing returns the devices that a new rule gives networks to. Default: those of
	// the two ways above, none without them.
	Existing func(ctx context.Context, r *Rule) ([]*controller.Device, error)
}

// DefaultTypes are the product's.
func DefaultTypes() []Type {
	return []Type{{ID: DeviceType, Label: "Device", AtConfiguration: true}, {ID: VPNType, Label: "VPN", AtVPN: true}}
}

// Options change how the concern works; nil and zero fields mean the defaults.
type Options struct {
	// Types are the kinds of rules. Default: DefaultTypes.
	Types []Type
	// Reuse gives blocks again that deleted devices left behind, before those behind the
	// highest network. Default: blocks follow each other, as in OpenWISP.
	Reuse bool
	// Direct allows rules without networks, whose addresses are taken of the divided subnet
	// itself. Default: they are refused, as OpenWISP does.
	Direct bool
	// WarnBelow is for how many further devices a subnet has room when Scarce tells of it.
	// Default: 10; negative: never.
	WarnBelow int64
	// Jobs runs what follows from changes. Default: it is done after the commit, before
	// the causing call returns, which is meant for examples and tests.
	Jobs Jobs
	// Bus connects the nodes' caches. Default: this node is alone.
	Bus wispwright.Bus
	// Log hears of what cannot be returned to anybody. Default: slog.Default().
	Log *slog.Logger
}

// Divisions is the concern. Make it with New.
type Divisions struct {
	// Rules are the rules.
	Rules *Rules
	// Provisioned is fired inside the transaction that gave a device networks.
	Provisioned event.Hook[Provisioned]
	// Exhausted is published after a device got fewer networks than its rule says.
	Exhausted event.Topic[Exhaustion]
	// Scarce is published after a device got networks and room is left for no more than
	// Options.WarnBelow further ones: once, when it becomes so.
	Scarce event.Topic[Scarcity]

	*core
}

// Provisioned is what a device got because of a rule.
type Provisioned struct {
	// Rule is the rule, Device the device.
	Rule   *Rule
	Device *controller.Device
	// Entries are the networks and addresses; none where the subnet was full.
	Entries []*Entry
}

// Exhaustion tells of a subnet without room.
type Exhaustion struct {
	// Rule is the rule, Device the device that got too little, Master the subnet.
	Rule   *Rule
	Device *controller.Device
	Master *ipam.Subnet
}

// Scarcity tells of a subnet that is nearly full.
type Scarcity struct {
	// Rule is the rule, Device the one that got the last networks, Master the subnet.
	Rule   *Rule
	Device *controller.Device
	Master *ipam.Subnet
	// Room is for how many further devices there is room.
	Room int64
}

type core struct {
	Options
	kit    *entity.Base
	stores Stores
	ctl    *controller.Controller
	vpn    *vpn.VPN
	ipam   *ipam.IPAM
	jobs   Jobs
	top    *Divisions
	// known are the rules of organizations: most have none
	known *cache.Cache[wispwright.ID, []*Rule]
}

// New makes the concern over stores of the base's transactor and attaches it to the
// controller, the addresses and, unless that is nil, the VPN servers.
func New(base *entity.Base, stores Stores, c *controller.Controller, m *ipam.IPAM, v *vpn.VPN, o *Options) (*Divisions, error) {
	if base == nil || base.Tx == nil || base.Tenants == nil || c == nil || m == nil {
		return nil, errors.New("subnetdivision: a transactor, tenants, a controller and an IPAM are required")
	}
	if err := store.Complete("subnetdivision", stores); err != nil {
		return nil, err
	}
	k := &core{kit: base, stores: stores, ctl: c, vpn: v, ipam: m}
	if o != nil {
		k.Options = *o
	}
	if k.Types == nil {
		k.Types = DefaultTypes()
	}
	if k.WarnBelow == 0 {
		k.WarnBelow = 10
	}
	for i, t := range k.Types {
		if t.ID == "" || t.Label == "" {
			return nil, errors.New("subnetdivision: a type needs an identifier and a label")
		}
		if slices.ContainsFunc(k.Types[:i], func(o Type) bool { return o.ID == t.ID }) {
			return nil, fmt.Errorf("subnetdivision: the type %s is there twice", t.ID)
		}
	}
	if k.Log == nil {
		k.Log = slog.Default()
	}
	k.known = cache.New[wispwright.ID, []*Rule]("subnetdivision.rules", cache.Options{Bus: k.Bus, TTL: 10 * time.Second, Clock: base.Clock})
	d := &Divisions{core: k}
	k.top = d
	d.Rules = newRules(k)
	if k.jobs = k.Options.Jobs; k.jobs == nil {
		k.jobs = &inline{d}
	}
	c.Extend(k, k)
	c.Devices.Deleting.Subscribe("subnetdivision: networks of deleted devices", k.devicesDeleting)
	c.Devices.Saved.Subscribe("subnetdivision: networks of devices that move to another organization", k.devicesSaved)
	m.Subnets.Saved.Subscribe("subnetdivision: networks that rules made", k.subnetsSaved)
	m.Addresses.Saved.Subscribe("subnetdivision: addresses that rules made", k.addressesSaved)
	m.Addresses.Deleting.Subscribe("subnetdivision: entries of deleted addresses", k.addressesDeleting)
	m.Subnets.Deleting.Subscribe("subnetdivision: rules and entries of deleted subnets", k.subnetsDeleting)
	if v != nil {
		v.AddAddressing(k)
		v.Clients.Deleting.Subscribe("subnetdivision: networks of VPN clients", k.clientsDeleting)
	}
	return d, nil
}

// Start listens for what other nodes tell of, until the context ends.
func (d *Divisions) Start(ctx context.Context) error { return d.known.Listen(ctx) }

// Kinds are the types of rules, in the order of forms.
func (d *Divisions) Kinds() []Type { return d.Types }

// Entries returns a page of what devices got, in the order of devices.
func (d *Divisions) Entries(ctx context.Context, f EntryFilter, p wispwright.Page) (wispwright.Items[Entry], error) {
	return d.stores.Entries.List(ctx, wispwright.ScopeAll(), f, p)
}

// Events lists the events of the concern, with OpenWISP's signals of the same meaning.
func (d *Divisions) Events() []event.Listed {
	return append(d.Rules.Listed("SubnetDivisionRule"),
		d.Provisioned.Listed("subnetdivision.Provisioned", "subnet_provisioned"),
		d.Exhausted.Listed("subnetdivision.Exhausted", ""), d.Scarce.Listed("subnetdivision.Scarce", ""))
}

// Models are the kinds of objects permissions exist for, with what the default groups
// may do (spec: subnet-division §1).
func Models() []wispwright.Model {
	return []wispwright.Model{{App: "subnet_division", Name: "subnetdivisionrule", Label: "Subnet division rule", Operator: "V", Administrator: "ACDV"}}
}

func (c *core) typeOf(id string) *Type {
	for i := range c.Types {
		if c.Types[i].ID == id {
			return &c.Types[i]
		}
	}
	return nil
}

// rulesOf returns the rules of an organization. In a transaction they are those of the
// last commit: a transaction that divides holds them anew.
func (c *core) rulesOf(ctx context.Context, organization wispwright.ID) ([]*Rule, error) {
	if rules, ok := c.known.Get(organization); ok {
		return rules, nil
	}
	return c.known.Load(ctx, organization, func(ctx context.Context) ([]*Rule, error) {
		found, err := c.stores.Rules.List(ctx, wispwright.ScopeAll(), RuleFilter{OrganizationID: organization}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Created"}, {Field: "ID"}}})
		return found.Rows, err
	})
}
