package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/tenancy"
)

// subnetData is a subnet in files of data; its master is known by its network.
type subnetData struct {
	Organization string        `json:"organization,omitempty"`
	Subnet       string        `json:"subnet"`
	Name         string        `json:"name"`
	Description  string        `json:"description,omitempty"`
	Master       string        `json:"master_subnet,omitempty"`
	SharedMaster bool          `json:"master_is_shared,omitempty"`
	Addresses    []addressData `json:"addresses,omitempty"`

	network, master netip.Prefix
}

type addressData struct {
	IPAddress   string `json:"ip_address"`
	Description string `json:"description,omitempty"`

	ip netip.Addr
}

// DataKeys implements WithData.
func (c *IPAMConcern) DataKeys() []string { return []string{"subnets"} }

// LoadData implements WithData. Masters stand before what is nested in them.
func (c *IPAMConcern) LoadData(_ context.Context, part map[string]json.RawMessage) (func(context.Context) error, error) {
	var subnets []subnetData
	if text, ok := part["subnets"]; ok {
		if err := strictly(text, &subnets); err != nil {
			return nil, fmt.Errorf("subnets: %w", err)
		}
	}
	for i := range subnets {
		if err := subnets[i].parse(); err != nil {
			return nil, fmt.Errorf("subnets: %w", err)
		}
	}
	return func(ctx context.Context) error {
		for i := range subnets {
			if err := c.loadSubnet(ctx, &subnets[i]); err != nil {
				return fmt.Errorf("subnet %s: %w", subnets[i].Subnet, err)
			}
		}
		return nil
	}, nil
}

func (d *subnetData) parse() (err error) {
	if d.network, err = ipam.ParseNetwork(d.Subnet); err != nil {
		return err
	}
	if d.Master != "" {
		if d.master, err = ipam.ParseNetwork(d.Master); err != nil {
			return err
		}
	}
	for i := range d.Addresses {
		if d.Addresses[i].ip, err = ipam.ParseAddress(d.Addresses[i].IPAddress); err != nil {
			return err
		}
	}
	return nil
}

// find returns the subnet of an organization with a network.
func (c *IPAMConcern) find(ctx context.Context, organization wispwright.ID, network netip.Prefix) (*ipam.Subnet, error) {
	return c.Subnets.First(ctx, ownedBy(organization), ipam.SubnetFilter{Subnet: network})
}

func (c *IPAMConcern) loadSubnet(ctx context.Context, d *subnetData) error {
	var organization, masterOf, master wispwright.ID
	if d.Organization != "" {
		o, err := c.Tenancy.Organizations.BySlug(ctx, wispwright.ScopeAll(), d.Organization)
		if err != nil {
			return fmt.Errorf("organization %s: %w", d.Organization, err)
		}
		organization = o.ID
	}
	if d.Master != "" {
		if !d.SharedMaster {
			masterOf = organization
		}
		m, err := c.find(ctx, masterOf, d.master)
		if err != nil {
			return fmt.Errorf("master %s: %w", d.Master, err)
		}
		master = m.ID
	}
	n, err := c.find(ctx, organization, d.network)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		n = &ipam.Subnet{OrganizationID: organization, Name: d.Name, Subnet: d.network, Description: d.Description, MasterSubnetID: master}
		err = c.Subnets.Create(ctx, n)
	case err == nil && (n.Name != d.Name || n.Description != d.Description || n.MasterSubnetID != master):
		_, err = c.Subnets.Update(ctx, wispwright.ScopeAll(), n.ID, func(n *ipam.Subnet) error {
			n.Name, n.Description, n.MasterSubnetID = d.Name, d.Description, master
			return nil
		})
	}
	if err != nil {
		return err
	}
	return c.loadAddresses(ctx, n, d.Addresses)
}

func (c *IPAMConcern) loadAddresses(ctx context.Context, n *ipam.Subnet, list []addressData) error {
	if len(list) == 0 {
		return nil
	}
	have, err := c.Addresses.List(ctx, wispwright.ScopeAll(), ipam.AddressFilter{SubnetID: n.ID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	known := map[netip.Addr]*ipam.Address{}
	for _, a := range have.Rows {
		known[a.IPAddress] = a
	}
	var fresh []*ipam.Address
	for _, d := range list {
		a := known[d.ip]
		switch {
		case a == nil:
			a = &ipam.Address{IPAddress: d.ip, Description: d.Description}
			known[d.ip], fresh = a, append(fresh, a)
		case a.Description != d.Description && !a.ID.IsZero():
			if _, err := c.Addresses.Update(ctx, wispwright.ScopeAll(), a.ID, func(a *ipam.Address) error { a.Description = d.Description; return nil }); err != nil {
				return err
			}
		}
	}
	return c.Addresses.CreateMany(ctx, wispwright.ScopeAll(), n.ID, fresh...)
}

// DumpData implements WithData: masters come before what is nested in them, as
// networks are sorted.
func (c *IPAMConcern) DumpData(ctx context.Context) (any, error) {
	slugs := map[wispwright.ID]string{}
	organizations, err := c.Tenancy.Organizations.List(ctx, wispwright.ScopeAll(), tenancy.OrganizationFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, o := range organizations.Rows {
		slugs[o.ID] = o.Slug
	}
	subnets, err := c.Subnets.List(ctx, wispwright.ScopeAll(), ipam.SubnetFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	addresses, err := c.Addresses.List(ctx, wispwright.ScopeAll(), ipam.AddressFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	made := map[wispwright.ID]bool{}
	if c.generated != nil {
		if made, err = c.generated(ctx); err != nil {
			return nil, err
		}
	}
	of := map[wispwright.ID][]addressData{}
	for _, a := range addresses.Rows {
		if made[a.ID] {
			continue
		}
		of[a.SubnetID] = append(of[a.SubnetID], addressData{IPAddress: a.IPAddress.String(), Description: a.Description})
	}
	byID := map[wispwright.ID]*ipam.Subnet{}
	for _, n := range subnets.Rows {
		byID[n.ID] = n
	}
	var out struct {
		Subnets []subnetData `json:"subnets"`
	}
	out.Subnets = []subnetData{}
	for _, n := range subnets.Rows {
		if made[n.ID] { // its rule makes it again, for the device that has it
			continue
		}
		d := subnetData{Organization: slugs[n.OrganizationID], Subnet: n.Subnet.String(), Name: n.Name, Description: n.Description, Addresses: of[n.ID]}
		if m := byID[n.MasterSubnetID]; m != nil {
			d.Master, d.SharedMaster = m.Subnet.String(), m.Shared() && !n.Shared()
		}
		out.Subnets = append(out.Subnets, d)
	}
	return out, nil
}
