package server

import (
	"context"
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/ipam/ipamhttp"
	"github.com/wispwright/wispwright/ipam/ipamsql"
	"github.com/wispwright/wispwright/ipam/xlsx"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
)

// IPAMConcern keeps account of networks and addresses. Make it with NewIPAM.
type IPAMConcern struct {
	// Config is the section ipam of the configuration.
	Config IPAMConfig
	// Tenancy has the organizations and the history; it is required.
	Tenancy *TenancyConcern
	// Formats are the kinds of files beside CSV. Default: XLSX.
	Formats []ipam.Format

	// generated are subnets and addresses that are not written to files of data, since they
	// are made again; SubnetDivisionConcern sets it
	generated func(ctx context.Context) (map[wispwright.ID]bool, error)
	// what else its lists are asked for, and tell; SubnetDivisionConcern sets it too
	related        []ipamsql.Related
	subnetFilters  []rest.Filter[ipam.SubnetFilter]
	addressFilters []rest.Filter[ipam.AddressFilter]
	of             func(context.Context, wispwright.Scope, []wispwright.ID) (map[wispwright.ID]ipamhttp.Of, error)

	// IPAM is made by Mount.
	*ipam.IPAM
}

var (
	_ WithModels   = (*IPAMConcern)(nil)
	_ WithSettings = (*IPAMConcern)(nil)
	_ WithEvents   = (*IPAMConcern)(nil)
	_ WithCommands = (*IPAMConcern)(nil)
	_ WithData     = (*IPAMConcern)(nil)
	_ WithKinds    = (*IPAMConcern)(nil)
)

// NewIPAM returns the concern with its default settings.
func NewIPAM(t *TenancyConcern) *IPAMConcern {
	return &IPAMConcern{Config: defaultIPAMConfig(), Tenancy: t, Formats: []ipam.Format{xlsx.Format{}}}
}

// Name implements Concern.
func (c *IPAMConcern) Name() string { return "ipam" }

// Migrations implements Concern.
func (c *IPAMConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{ipamsql.Migrations()}
}

// Models implements WithModels.
func (c *IPAMConcern) Models() []wispwright.Model { return ipam.Models() }

// Events implements WithEvents.
func (c *IPAMConcern) Events() []event.Listed { return c.IPAM.Events() }

// Kinds implements WithKinds.
func (c *IPAMConcern) Kinds() []Kind {
	return []Kind{
		NewKind(KindOptions[ipam.Subnet]{Kind: "openwisp_ipam.subnet", Event: "subnet", Label: "Subnet", Changed: &c.Subnets.Changed,
			Subject: func(n *ipam.Subnet) Subject {
				return Subject{n.OrganizationID, n.ID.String(), n.Name, map[string]any{"subnet": n.Subnet.String()}}
			},
			Find: ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) ([]*ipam.Subnet, error) {
				found, err := c.Subnets.List(ctx, everyone(), ipam.SubnetFilter{IDs: ids}, unpaged)
				return found.Rows, err
			})}),
		NewKind(KindOptions[ipam.Address]{Kind: "openwisp_ipam.ipaddress", Event: "ip_address", Label: "IP address", Changed: &c.Addresses.Changed,
			Subject: func(a *ipam.Address) Subject {
				return Subject{a.OrganizationID, a.ID.String(), a.IPAddress.String(), map[string]any{"subnet": a.SubnetID.String(), "description": a.Description}}
			},
			Find: ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) ([]*ipam.Address, error) {
				found, err := c.Addresses.List(ctx, everyone(), ipam.AddressFilter{IDs: ids}, unpaged)
				return found.Rows, err
			})}),
	}
}

// Section implements WithSettings.
func (c *IPAMConcern) Section() Section {
	defaults := defaultIPAMConfig()
	return Section{&c.Config, &defaults}
}

// Mount implements Concern.
func (c *IPAMConcern) Mount(_ context.Context, h *Host) error {
	if c.IPAM != nil {
		return errors.New("it is mounted already")
	}
	if err := h.Mounted(c.Tenancy); err != nil {
		return err
	}
	stores, err := ipamsql.New(h.DB(), c.related...)
	if err != nil {
		return err
	}
	t := c.Tenancy.Tenancy
	base := &entity.Base{Tx: h.DB(), Recorder: t.Trail, Tenants: t.Organizations}
	if c.IPAM, err = ipam.New(base, stores, &ipam.Options{Organizations: directory{t.Organizations}, Formats: c.Formats}); err != nil {
		return err
	}
	wire, err := ipamhttp.New(c.IPAM, &ipamhttp.Options{Rate: c.Config.Rate, ImportLimit: c.Config.ImportLimit,
		SubnetFilters: c.subnetFilters, AddressFilters: c.addressFilters, HideGenerated: c.Config.HideGenerated && c.of != nil, Of: c.of})
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	return nil
}

// directory finds the organizations of files.
type directory struct{ *tenancy.Organizations }

// BySlug implements ipam.Organizations.
func (d directory) BySlug(ctx context.Context, slug string) (ipam.Organization, error) {
	o, err := d.Organizations.BySlug(ctx, wispwright.ScopeAll(), slug)
	if err != nil {
		return ipam.Organization{}, err
	}
	return ipam.Organization{ID: o.ID, Slug: o.Slug, IsActive: o.IsActive}, nil
}

// Get implements ipam.Organizations.
func (d directory) Get(ctx context.Context, id wispwright.ID) (ipam.Organization, error) {
	o, err := d.Organizations.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return ipam.Organization{}, err
	}
	return ipam.Organization{ID: o.ID, Slug: o.Slug, IsActive: o.IsActive}, nil
}
