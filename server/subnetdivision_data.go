package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/subnetdivision"
	"github.com/wispwright/wispwright/ipam"
)

var _ WithData = (*SubnetDivisionConcern)(nil)

// divisionData is a rule of subnet division in files of data. It is known by its
// organization and its label, its subnet by the network. What devices got of it does not
// stand in files.
type divisionData struct {
	Organization   string `json:"organization"`
	Label          string `json:"label"`
	Type           string `json:"type"`
	MasterSubnet   string `json:"master_subnet"`
	MasterIsShared bool   `json:"master_is_shared,omitempty"`
	Subnets        int64  `json:"number_of_subnets"`
	Size           int64  `json:"size"`
	IPs            int64  `json:"number_of_ips"`
}

// divisionTypes are short names of the product's types.
var divisionTypes = map[string]string{"device": subnetdivision.DeviceType, "vpn": subnetdivision.VPNType}

// DataKeys implements WithData.
func (c *SubnetDivisionConcern) DataKeys() []string { return []string{"subnet_division_rules"} }

// LoadData implements WithData.
func (c *SubnetDivisionConcern) LoadData(_ context.Context, part map[string]json.RawMessage) (func(context.Context) error, error) {
	var rules []divisionData
	if text, ok := part["subnet_division_rules"]; ok {
		if err := strictly(text, &rules); err != nil {
			return nil, fmt.Errorf("subnet_division_rules: %w", err)
		}
	}
	return func(ctx context.Context) error {
		for i := range rules {
			if _, err := c.loadRule(ctx, &rules[i]); err != nil {
				return fmt.Errorf("subnet division rule %s: %w", rules[i].Label, err)
			}
		}
		return nil
	}, nil
}

// rule is what a description says.
func (c *SubnetDivisionConcern) rule(ctx context.Context, d *divisionData) (*subnetdivision.Rule, error) {
	organization, err := c.Tenancy.bySlug(ctx, d.Organization)
	if err != nil {
		return nil, err
	}
	if organization.IsZero() {
		return nil, wispwright.Invalid("organization", "This field is required.")
	}
	network, err := ipam.ParseNetwork(d.MasterSubnet)
	if err != nil {
		return nil, wispwright.Invalid("master_subnet", err.Error())
	}
	owner := organization
	if d.MasterIsShared {
		owner = wispwright.ID{}
	}
	master, err := c.IPAM.find(ctx, owner, network)
	if errors.Is(err, wispwright.ErrNotFound) {
		err = wispwright.Invalid("master_subnet", fmt.Sprintf("There is no subnet %s.", network))
	}
	if err != nil {
		return nil, err
	}
	r := &subnetdivision.Rule{OrganizationID: organization, Type: d.Type, MasterSubnetID: master.ID, Label: d.Label, NumberOfSubnets: d.Subnets, Size: d.Size, NumberOfIPs: d.IPs}
	if long, ok := divisionTypes[d.Type]; ok {
		r.Type = long
	}
	return r, nil
}

// loadRule makes a rule, or changes the one of that label.
func (c *SubnetDivisionConcern) loadRule(ctx context.Context, d *divisionData) (*subnetdivision.Rule, error) {
	r, err := c.rule(ctx, d)
	if err != nil {
		return nil, err
	}
	found, err := c.Rules.List(ctx, everyone(), subnetdivision.RuleFilter{OrganizationID: r.OrganizationID}, unpaged)
	if err != nil {
		return nil, err
	}
	for _, have := range found.Rows {
		if have.Label == r.Label {
			return c.Rules.Update(ctx, everyone(), have.ID, func(o *subnetdivision.Rule) error {
				o.Type, o.MasterSubnetID, o.NumberOfSubnets, o.Size, o.NumberOfIPs = r.Type, r.MasterSubnetID, r.NumberOfSubnets, r.Size, r.NumberOfIPs
				return nil
			})
		}
	}
	return r, c.Rules.Create(ctx, r)
}

// DumpData implements WithData.
func (c *SubnetDivisionConcern) DumpData(ctx context.Context) (any, error) {
	var out struct {
		Rules []divisionData `json:"subnet_division_rules"`
	}
	out.Rules = []divisionData{}
	slugs, err := c.Tenancy.slugs(ctx)
	if err != nil {
		return nil, err
	}
	found, err := c.Rules.List(ctx, everyone(), subnetdivision.RuleFilter{}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Label"}, {Field: "ID"}}})
	if err != nil {
		return nil, err
	}
	for _, r := range found.Rows {
		n, err := c.IPAM.Subnets.Get(ctx, everyone(), r.MasterSubnetID)
		if err != nil {
			return nil, err
		}
		out.Rules = append(out.Rules, divisionData{Organization: slugs[r.OrganizationID], Label: r.Label, Type: r.Type, MasterSubnet: n.Subnet.String(), MasterIsShared: n.Shared(),
			Subnets: r.NumberOfSubnets, Size: r.Size, IPs: r.NumberOfIPs})
	}
	return out, nil
}
