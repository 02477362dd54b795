package ipam

import (
	"context"
	"errors"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
)

// ErrExhausted: no address is free in a subnet, or no room for a network.
var ErrExhausted = errors.New("nothing is free any more")

// Organization is what imports and exports know of one.
type Organization struct {
	// ID identifies it.
	ID wispwright.ID
	// Slug is what files call it.
	Slug string
	// IsActive is false for one that was switched off.
	IsActive bool
}

// Organizations are found for imports and exports.
type Organizations interface {
	// BySlug returns one, or wispwright.ErrNotFound.
	BySlug(ctx context.Context, slug string) (Organization, error)
	// Get returns one, or wispwright.ErrNotFound.
	Get(ctx context.Context, id wispwright.ID) (Organization, error)
}

// Options change what New makes; nil means the defaults.
type Options struct {
	// Organizations are those of files. Default: there are none, and only shared
	// subnets are imported and exported.
	Organizations Organizations
	// Formats are the kinds of files beside CSV. Default: none; package ipam/xlsx
	// has one.
	Formats []Format
}

// IPAM is the concern.
type IPAM struct {
	// Subnets are the networks.
	Subnets *Subnets
	// Addresses are what is taken in them.
	Addresses *Addresses

	organizations Organizations
	formats       []Format
}

// New makes the services over stores of the base's transactor.
func New(base *entity.Base, stores Stores, o *Options) (*IPAM, error) {
	if base == nil || base.Tx == nil {
		return nil, errors.New("ipam: a base with its transactor is required")
	}
	if err := store.Complete("ipam", stores); err != nil {
		return nil, err
	}
	if o == nil {
		o = &Options{}
	}
	m := &IPAM{organizations: o.Organizations, formats: append([]Format{CSV{}}, o.Formats...)}
	if m.organizations == nil {
		m.organizations = noOrganizations{}
	}
	m.Subnets = newSubnets(base, stores)
	m.Addresses = newAddresses(base, stores)
	return m, nil
}

// Events lists the events of the concern, with OpenWISP's signals of the same
// meaning and the subscribers.
func (m *IPAM) Events() []event.Listed {
	return slices.Concat(m.Subnets.Listed("Subnet"), m.Addresses.Listed("IpAddress"))
}

// Models are the kinds of objects permissions exist for, with what the default
// groups may do (spec: tenancy §3, ipam §4).
func Models() []wispwright.Model {
	const app = "openwisp_ipam"
	return []wispwright.Model{
		{App: app, Name: "subnet", Label: "subnet", Operator: "V", Administrator: "ACDV"},
		{App: app, Name: "ipaddress", Label: "IP address", Operator: "ACDV", Administrator: "ACDV"},
	}
}

type noOrganizations struct{}

// BySlug knows none.
func (noOrganizations) BySlug(context.Context, string) (Organization, error) {
	return Organization{}, wispwright.ErrNotFound
}

// Get knows none.
func (noOrganizations) Get(context.Context, wispwright.ID) (Organization, error) {
	return Organization{}, wispwright.ErrNotFound
}
