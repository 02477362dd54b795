package server

import (
	"context"
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/controller/subnetdivision"
	"github.com/wispwright/wispwright/controller/subnetdivision/subnetdivisionsql"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/ipam/ipamhttp"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// extendLists gives the lists of devices, subnets and addresses what rules know of them
// (spec: subnet-division §7). It is called before these are mounted.
func (c *SubnetDivisionConcern) extendLists() {
	c.IPAM.related = append(c.IPAM.related, subnetdivisionsql.Subnets(c.VPN != nil))
	c.IPAM.subnetFilters = append(c.IPAM.subnetFilters, c.subnetFilters()...)
	c.IPAM.addressFilters = append(c.IPAM.addressFilters, generatedFilter(func(f *ipam.AddressFilter) *map[string]any { return &f.Related }))
	c.IPAM.of = c.of
	c.Controller.Related = append(c.Controller.Related, func(d sqlstore.Dialect) controllersql.Related { return subnetdivisionsql.Devices(d) })
	c.Controller.DeviceFilters = append(c.Controller.DeviceFilters, rest.Filter[controller.DeviceFilter]{Name: "subnet", Help: "a network that a rule made for the device, or one that a rule divides",
		Apply: func(r *rest.Request, f *controller.DeviceFilter, v string) error {
			network, err := ipam.ParseNetwork(v)
			if err != nil {
				return wispwright.Invalid("", err.Error())
			}
			found, err := c.IPAM.Subnets.List(r.Context(), r.ReadScope(), ipam.SubnetFilter{Subnet: network}, wispwright.Page{NoTotal: true})
			if err != nil {
				return err
			}
			if len(found.Rows) == 0 {
				return rest.ErrNothing
			}
			ids := make([]wispwright.ID, len(found.Rows))
			for i, n := range found.Rows {
				ids[i] = n.ID
			}
			relate(&f.Related, subnetdivisionsql.InSubnet, ids)
			return nil
		}})
}

func relate(related *map[string]any, name string, value any) {
	if *related == nil {
		*related = map[string]any{}
	}
	(*related)[name] = value
}

// generatedFilter lists what rules made alone, or leaves it out. Any other value lists
// everything, also where the web admin hides it otherwise.
func generatedFilter[F any](related func(*F) *map[string]any) rest.Filter[F] {
	return rest.FilterBool(ipam.Generated, func(f *F, v bool) { relate(related(f), ipam.Generated, v) })
}

func (c *SubnetDivisionConcern) subnetFilters() []rest.Filter[ipam.SubnetFilter] {
	type filter = ipam.SubnetFilter
	out := []rest.Filter[filter]{
		generatedFilter(func(f *filter) *map[string]any { return &f.Related }),
		{Name: "rule_type", Apply: func(r *rest.Request, f *filter, v string) error {
			relate(&f.Related, subnetdivisionsql.Ruled, subnetdivisionsql.RuledBy{Type: v, Scope: r.ReadScope()})
			return nil
		}},
		rest.FilterText("device", func(f *filter, v string) { relate(&f.Related, subnetdivisionsql.OfDeviceNamed, v) }),
	}
	if c.VPN == nil {
		return out
	}
	known := func(r *rest.Request, id wispwright.ID) (bool, error) {
		_, err := c.VPN.Servers.Get(r.Context(), r.ReadScope(), id)
		if errors.Is(err, wispwright.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}
	return append(out, rest.FilterRelation("vpn", known, func(f *filter, v wispwright.ID) { relate(&f.Related, subnetdivisionsql.OfVPN, v) }))
}

// of says which devices subnets are of, and which are divided (spec: subnet-division §7).
func (c *SubnetDivisionConcern) of(ctx context.Context, scope wispwright.Scope, subnets []wispwright.ID) (map[wispwright.ID]ipamhttp.Of, error) {
	if c.Divisions == nil {
		return nil, nil
	}
	out := map[wispwright.ID]ipamhttp.Of{}
	rules, err := c.Rules.List(ctx, scope, subnetdivision.RuleFilter{MasterSubnetIDs: wispwright.Only(subnets...)}, unpaged)
	if err != nil {
		return nil, err
	}
	for _, r := range rules.Rows {
		out[r.MasterSubnetID] = ipamhttp.Of{Divided: true}
	}
	networks := true
	entries, err := c.Entries(ctx, subnetdivision.EntryFilter{SubnetIDs: wispwright.Only(subnets...), Networks: &networks}, unpaged)
	if err != nil || len(entries.Rows) == 0 {
		return out, err
	}
	ids := make([]wispwright.ID, len(entries.Rows))
	for i, e := range entries.Rows {
		ids[i] = e.DeviceID
	}
	devices, err := c.Controller.Devices.List(ctx, scope, controller.DeviceFilter{IDs: wispwright.Only(ids...)}, unpaged)
	if err != nil {
		return nil, err
	}
	names := make(map[wispwright.ID]string, len(devices.Rows))
	for _, d := range devices.Rows {
		names[d.Device.ID] = d.Device.Name
	}
	for _, e := range entries.Rows {
		if name, seen := names[e.DeviceID]; seen {
			of := out[e.SubnetID]
			of.DeviceID, of.DeviceName = e.DeviceID, name
			out[e.SubnetID] = of
		}
	}
	return out, nil
}
