package subnetdivision

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/entity"
)

// Provision implements controller.Provisioner: devices get networks with their first
// configuration.
func (c *core) Provision(ctx context.Context, list []controller.Provision) error {
	for _, p := range list {
		if !p.New {
			continue
		}
		if err := c.giveAll(ctx, p.Device); err != nil {
			return err
		}
	}
	return nil
}

// giveAll gives a device what the rules of its organization have for devices.
func (c *core) giveAll(ctx context.Context, d *controller.Device) error {
	rules, err := c.rulesOf(ctx, d.OrganizationID)
	if err != nil {
		return err
	}
	for _, r := range inOrder(rules) {
		if t := c.typeOf(r.Type); t == nil || !t.AtConfiguration {
			continue
		}
		if _, err := c.give(ctx, r, d); err != nil {
			return err
		}
	}
	return nil
}

// inOrder are rules in the order in which their subnets are held, so that two
// transactions do not wait for each other for ever.
func inOrder(rules []*Rule) []*Rule {
	out := slices.Clone(rules)
	slices.SortStableFunc(out, func(a, b *Rule) int { return slices.Compare(a.MasterSubnetID[:], b.MasterSubnetID[:]) })
	return out
}

// Give implements vpn.Addressing: a rule for the server's subnet and the device's
// organization takes the place of the subnet (spec: subnet-division §3, 6).
func (c *core) Give(ctx context.Context, s *vpn.Server, d *controller.Device) (vpn.Address, bool, error) {
	rules, err := c.rulesOf(ctx, d.OrganizationID)
	if err != nil {
		return vpn.Address{}, false, err
	}
	var first vpn.Address
	mine := false
	for _, r := range rules {
		if t := c.typeOf(r.Type); t == nil || !t.AtVPN || r.MasterSubnetID != s.SubnetID {
			continue
		}
		entries, err := c.give(ctx, r, d)
		if err != nil {
			return vpn.Address{}, false, err
		}
		if !mine {
			first = firstAddress(entries)
		}
		mine = true
	}
	return first, mine, nil
}

// firstAddress is what a VPN client gets of its networks.
func firstAddress(entries []*Entry) vpn.Address {
	for _, e := range entries {
		if e.Number <= 1 && e.Ordinal == 1 {
			return vpn.Address{ID: e.AddressID, SubnetID: e.SubnetID, Value: parseAddr(e.Value)}
		}
	}
	return vpn.Address{}
}

// clientsDeleting takes back what clients have of rules for their server's subnet.
func (c *core) clientsDeleting(ctx context.Context, list ...*vpn.Client) error {
	for _, cl := range list {
		found, err := c.vpn.Servers.List(ctx, wispwright.ScopeAll(), vpn.ServerFilter{IDs: wispwright.Only(cl.ServerID)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		f := RuleFilter{}
		if len(found.Rows) > 0 {
			if f.MasterSubnetID = found.Rows[0].SubnetID; f.MasterSubnetID.IsZero() {
				continue
			}
		} else { // the server is gone: the network of its address tells which subnet it was
			n, err := c.masterOf(ctx, cl)
			if err != nil {
				return err
			}
			if f.MasterSubnetID = n; n.IsZero() {
				continue
			}
		}
		rules, err := c.stores.Rules.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		var ids []wispwright.ID
		for _, r := range rules.Rows {
			if t := c.typeOf(r.Type); t != nil && t.AtVPN {
				ids = append(ids, r.ID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		if err := c.takeBack(ctx, EntryFilter{DeviceID: cl.DeviceID, RuleIDs: wispwright.Only(ids...)}); err != nil {
			return err
		}
	}
	return nil
}

// masterOf is the subnet of which a client's own network is a part; zero for none.
func (c *core) masterOf(ctx context.Context, cl *vpn.Client) (wispwright.ID, error) {
	found, err := c.stores.Entries.List(ctx, wispwright.ScopeAll(), EntryFilter{DeviceID: cl.DeviceID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return wispwright.ID{}, err
	}
	for _, e := range found.Rows {
		if e.AddressID != cl.AddressID || cl.AddressID.IsZero() {
			continue
		}
		rules, err := c.stores.Rules.List(ctx, wispwright.ScopeAll(), RuleFilter{IDs: wispwright.Only(e.RuleID)}, wispwright.Page{NoTotal: true})
		if err != nil || len(rules.Rows) == 0 {
			return wispwright.ID{}, err
		}
		return rules.Rows[0].MasterSubnetID, nil
	}
	return wispwright.ID{}, nil
}

// devicesDeleting takes back what devices have.
func (c *core) devicesDeleting(ctx context.Context, devices ...*controller.Device) error {
	ids := make([]wispwright.ID, len(devices))
	for i, d := range devices {
		ids[i] = d.ID
	}
	return c.takeBack(ctx, EntryFilter{DeviceIDs: wispwright.Only(ids...)})
}

// devicesSaved takes back what a device has of its former organization, and queues what
// it gets of the new one.
func (c *core) devicesSaved(ctx context.Context, changes ...entity.Change[controller.Device]) error {
	for _, ch := range changes {
		if ch.Before == nil || ch.After == nil || ch.Before.OrganizationID == ch.After.OrganizationID {
			continue
		}
		rules, err := c.rulesOf(ctx, ch.Before.OrganizationID)
		if err != nil {
			return err
		}
		var ids []wispwright.ID
		for _, r := range rules {
			if t := c.typeOf(r.Type); t != nil && !t.AtVPN {
				ids = append(ids, r.ID)
			}
		}
		if len(ids) > 0 {
			if err := c.takeBack(ctx, EntryFilter{DeviceID: ch.After.ID, RuleIDs: wispwright.Only(ids...)}); err != nil {
				return err
			}
		}
		if err := c.jobs.Enqueue(ctx, Job{Kind: JobDevice, ID: ch.After.ID}); err != nil {
			return err
		}
	}
	return nil
}

// subnetsSaved keeps networks that rules made as they are: variables of devices say what
// they are (spec: subnet-division §7). Names and descriptions may change.
func (c *core) subnetsSaved(ctx context.Context, changes ...entity.Change[ipam.Subnet]) error {
	changed := map[wispwright.ID]string{}
	for _, ch := range changes {
		if ch.Before == nil || ch.After == nil {
			continue
		}
		switch a, b := ch.Before, ch.After; {
		case a.Subnet != b.Subnet:
			changed[b.ID] = "subnet"
		case a.MasterSubnetID != b.MasterSubnetID:
			changed[b.ID] = "master_subnet"
		case a.OrganizationID != b.OrganizationID:
			changed[b.ID] = "organization"
		}
	}
	for id, field := range changed {
		found, err := c.stores.Entries.List(ctx, wispwright.ScopeAll(), EntryFilter{SubnetIDs: wispwright.Only(id)}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return err
		}
		if len(found.Rows) > 0 {
			return wispwright.Invalid(field, generated)
		}
	}
	return nil
}

// addressesSaved keeps addresses that rules took as they are.
func (c *core) addressesSaved(ctx context.Context, changes ...entity.Change[ipam.Address]) error {
	for _, ch := range changes {
		if ch.Before == nil || ch.After == nil || ch.Before.IPAddress == ch.After.IPAddress && ch.Before.SubnetID == ch.After.SubnetID {
			continue
		}
		found, err := c.stores.Entries.List(ctx, wispwright.ScopeAll(), EntryFilter{SubnetIDs: wispwright.Only(ch.Before.SubnetID)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(found.Rows, func(e *Entry) bool { return e.AddressID == ch.Before.ID }) {
			return wispwright.Invalid("ip_address", generated)
		}
	}
	return nil
}

// generated is what changes of what rules made are refused with.
const generated = "It was made by a subnet division rule and cannot be changed."

// subnetsDeleting removes the rules of subnets that are deleted, and the entries of
// networks that are.
func (c *core) subnetsDeleting(ctx context.Context, list ...*ipam.Subnet) error {
	ids := make([]wispwright.ID, len(list))
	for i, n := range list {
		ids[i] = n.ID
	}
	for some := range slices.Chunk(ids, perQuestion) {
		if _, err := c.top.Rules.DeleteAll(ctx, wispwright.ScopeAll(), RuleFilter{MasterSubnetIDs: wispwright.Only(some...)}); err != nil {
			return err
		}
	}
	return c.forget(ctx, ids, func(some []wispwright.ID) EntryFilter { return EntryFilter{SubnetIDs: wispwright.Only(some...)} })
}

// forget removes the entries of what is gone, and renders their devices anew.
func (c *core) forget(ctx context.Context, ids []wispwright.ID, of func([]wispwright.ID) EntryFilter) error {
	for some := range slices.Chunk(ids, perQuestion) {
		found, err := c.stores.Entries.List(ctx, wispwright.ScopeAll(), of(some), wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		if len(found.Rows) == 0 {
			continue
		}
		gone := make([]wispwright.ID, len(found.Rows))
		var devices []wispwright.ID
		for i, e := range found.Rows {
			gone[i] = e.ID
			if !slices.Contains(devices, e.DeviceID) {
				devices = append(devices, e.DeviceID)
			}
		}
		if err := c.stores.Entries.DeleteMany(ctx, gone...); err != nil {
			return err
		}
		if err := c.ctl.Devices.Renew(ctx, "networks of the device were removed", devices...); err != nil {
			return err
		}
	}
	return nil
}
