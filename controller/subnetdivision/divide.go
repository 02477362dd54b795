package subnetdivision

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go4.org/netipx"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/ipam"
)

// Give gives a device the networks of a rule, in the context's transaction; those it
// has already stay, and nothing is given twice. Where the subnet is full it gets what
// there is. It returns what the device has of the rule.
func (d *Divisions) Give(ctx context.Context, rule wispwright.ID, device *controller.Device) ([]*Entry, error) {
	r, err := d.stores.Rules.Get(ctx, wispwright.ScopeAll(), rule)
	if err != nil {
		return nil, err
	}
	return d.core.give(ctx, r, device)
}

// give is Give. A transaction that divides a subnet holds its rules, so that two never find the same
// block.
func (c *core) give(ctx context.Context, r *Rule, device *controller.Device) ([]*Entry, error) {
	held, err := c.stores.Rules.Hold(ctx, r.MasterSubnetID)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(held, func(o *Rule) bool { return o.ID == r.ID })
	if i < 0 {
		return nil, nil // it was deleted meanwhile
	}
	r = held[i]
	have, err := c.stores.Entries.List(ctx, wispwright.ScopeAll(), EntryFilter{RuleID: r.ID, DeviceID: device.ID}, wispwright.Page{NoTotal: true})
	if err != nil || len(have.Rows) > 0 {
		return have.Rows, err
	}
	master, err := c.ipam.Subnets.Get(ctx, wispwright.ScopeAll(), r.MasterSubnetID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if r.direct() {
		return c.giveDirect(ctx, r, device, master)
	}
	free, err := c.begin(ctx, r, master)
	if err != nil {
		return nil, err
	}
	before := free.room()
	var all []*Entry
	for n := int64(1); n <= r.NumberOfSubnets; n++ {
		block, ok := free.next()
		if !ok {
			c.exhausted(ctx, r, device, master)
			break
		}
		entries, err := c.makeSubnet(ctx, r, device, block, n)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	c.warn(ctx, Scarcity{Rule: r, Device: device, Master: master}, r.NumberOfSubnets, before, free.room())
	if err := c.stores.Entries.InsertMany(ctx, all); err != nil {
		return nil, err
	}
	return all, c.top.Provisioned.Fire(ctx, Provisioned{r, device, all})
}

// exhausted tells of a subnet that has not enough for a device.
func (c *core) exhausted(ctx context.Context, r *Rule, device *controller.Device, master *ipam.Subnet) {
	c.Log.WarnContext(ctx, "Cannot create more subnets of "+master.Name, "subnet", master.Subnet.String(), "device", device.ID.String())
	c.top.Exhausted.Publish(ctx, Exhaustion{r, device, master})
}

// warn tells of a subnet when it becomes scarce; a device takes of it so much at a time.
func (c *core) warn(ctx context.Context, s Scarcity, each int64, before, after *big.Int) {
	if c.WarnBelow < 0 {
		return
	}
	per, limit := big.NewInt(each), big.NewInt(c.WarnBelow)
	left := new(big.Int).Quo(after, per)
	if new(big.Int).Quo(before, per).Cmp(limit) > 0 && left.Cmp(limit) <= 0 {
		s.Room = left.Int64()
		c.top.Scarce.Publish(ctx, s)
	}
}

// highest is the highest network in a subnet; nil for none.
func (c *core) highest(ctx context.Context, master *ipam.Subnet) (*ipam.Subnet, error) {
	found, err := c.ipam.Subnets.List(ctx, wispwright.ScopeAll(), ipam.SubnetFilter{MasterSubnetID: master.ID},
		wispwright.Page{Limit: 1, NoTotal: true, Order: []wispwright.Order{{Field: "Subnet", Descending: true}}})
	if err != nil || len(found.Rows) == 0 {
		return nil, err
	}
	return found.Rows[0], nil
}

// reserved is the first block of a subnet, which no device gets.
func reserved(r *Rule, master *ipam.Subnet) netip.Prefix {
	return netip.PrefixFrom(master.Subnet.Addr(), int(r.Size))
}

// begin returns the blocks of a rule, and makes the reserved one where there is none yet
// (spec: subnet-division §3).
func (c *core) begin(ctx context.Context, r *Rule, master *ipam.Subnet) (*blocks, error) {
	b, err := c.free(ctx, r, master)
	if err != nil {
		return nil, err
	}
	switch highest, err := c.highest(ctx, master); {
	case err != nil:
		return nil, err
	case highest == nil:
		first := reserved(r, master)
		err = c.ipam.Subnets.Create(ctx, &ipam.Subnet{Name: "Reserved Subnet " + first.String(), Subnet: first, Description: "Automatically generated reserved subnet.",
			OrganizationID: master.OrganizationID, MasterSubnetID: master.ID})
		if err != nil {
			return nil, fmt.Errorf("reserved subnet: %w", err)
		}
	}
	return b, nil
}

// makeSubnet makes one network of a device with its addresses.
func (c *core) makeSubnet(ctx context.Context, r *Rule, device *controller.Device, network netip.Prefix, number int64) ([]*Entry, error) {
	n := &ipam.Subnet{Name: subnetKeyword(r.Label, number), Subnet: network, Description: describe(r.Label), OrganizationID: r.OrganizationID, MasterSubnetID: r.MasterSubnetID}
	if err := c.ipam.Subnets.Create(ctx, n); err != nil {
		return nil, fmt.Errorf("subnet %s: %w", network, err)
	}
	entries := []*Entry{{ID: wispwright.NewID(), RuleID: r.ID, DeviceID: device.ID, SubnetID: n.ID, Number: number, Keyword: n.Name, Value: network.String(), Created: c.kit.Now()}}
	more, err := c.addresses(ctx, r, entries[0], ordinals(network, r.NumberOfIPs), 1, r.NumberOfIPs)
	return append(entries, more...), err
}

// ordinals is the offset of the first address that is taken of so many: the network's own
// is left out, unless all are taken.
func ordinals(network netip.Prefix, n int64) int64 {
	if block := netipx.RangeOfPrefix(network); offset(block.From(), n) == block.To().Next() {
		return 0
	}
	return 1
}

// addresses takes addresses of a network, from one ordinal to another; the first one of
// the network has the offset first.
func (c *core) addresses(ctx context.Context, r *Rule, of *Entry, first, from, to int64) ([]*Entry, error) {
	network := of.network()
	var entries []*Entry
	var list []*ipam.Address
	for k := from; k <= to; k++ {
		ip := offset(network.Addr(), first+k-1)
		if !ip.IsValid() || !network.Contains(ip) {
			ip = network.Addr() // the last address of a full block (spec: subnet-division §5)
		}
		list = append(list, &ipam.Address{ID: wispwright.NewID(), IPAddress: ip})
		entries = append(entries, &Entry{ID: wispwright.NewID(), RuleID: r.ID, DeviceID: of.DeviceID, SubnetID: of.SubnetID, AddressID: list[len(list)-1].ID,
			Number: of.Number, Ordinal: k, Keyword: addressKeyword(r.Label, of.Number, k), Value: ip.String(), Created: c.kit.Now()})
	}
	if err := c.ipam.Addresses.CreateMany(ctx, wispwright.ScopeAll(), of.SubnetID, list...); err != nil {
		return nil, fmt.Errorf("addresses of %s: %w", network, err)
	}
	return entries, nil
}

// offset is the address so many behind one; invalid where there is none.
func offset(a netip.Addr, n int64) netip.Addr {
	out, ok := ipam.Step(a, n)
	if !ok {
		return netip.Addr{}
	}
	return out
}

func subnetKeyword(label string, number int64) string {
	return label + "_subnet" + strconv.FormatInt(number, 10)
}

func addressKeyword(label string, number, ordinal int64) string {
	return subnetKeyword(label, number) + "_ip" + strconv.FormatInt(ordinal, 10)
}

func describe(label string) string { return "Automatically generated using " + label + " rule." }

// TakeBack removes the networks that a device has of some rules, in the context's
// transaction; without rules, of all.
func (d *Divisions) TakeBack(ctx context.Context, device wispwright.ID, rules ...wispwright.ID) error {
	f := EntryFilter{DeviceID: device}
	if len(rules) > 0 {
		f.RuleIDs = wispwright.Only(rules...)
	}
	return d.core.takeBack(ctx, f)
}

// takeBack removes networks with their addresses and entries.
func (c *core) takeBack(ctx context.Context, f EntryFilter) error {
	yes, networks := true, f
	networks.Networks = &yes
	found, err := c.stores.Entries.List(ctx, wispwright.ScopeAll(), networks, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, e := range found.Rows {
		// one that is gone would undo the transaction
		if _, err := c.ipam.Subnets.Get(ctx, wispwright.ScopeAll(), e.SubnetID); errors.Is(err, wispwright.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		if err := c.ipam.Subnets.Delete(ctx, wispwright.ScopeAll(), e.SubnetID); err != nil {
			return fmt.Errorf("network %s: %w", e.Value, err)
		}
	}
	return c.takeBackDirect(ctx, f) // the entries went with the subnets
}

// Variables implements controller.ContextProvider: each network and each address of a
// device, and the prefix length of each rule (spec: subnet-division §4).
func (c *core) Variables(ctx context.Context, devices []*controller.Device) (map[wispwright.ID]map[string]any, error) {
	ids, lengths := make([]wispwright.ID, len(devices)), map[wispwright.ID]string{}
	for i, d := range devices {
		ids[i] = d.ID
	}
	out := map[wispwright.ID]map[string]any{}
	for some := range slices.Chunk(ids, perQuestion) {
		found, err := c.stores.Entries.List(ctx, wispwright.ScopeAll(), EntryFilter{DeviceIDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		for _, e := range found.Rows {
			vars := out[e.DeviceID]
			if vars == nil {
				vars = map[string]any{}
				out[e.DeviceID] = vars
			}
			vars[e.Keyword] = e.Value
			if p := e.network(); e.Ordinal == 0 && p.IsValid() {
				vars[strings.TrimSuffix(e.Keyword, subnetKeyword("", e.Number))+"_prefixlen"] = strconv.Itoa(p.Bits())
			}
			if e.Number == 0 && e.Ordinal == 1 {
				length, err := c.prefixLength(ctx, e.SubnetID, lengths)
				if err != nil {
					return nil, err
				}
				vars[strings.TrimSuffix(e.Keyword, directKeyword("", 1))+"_prefixlen"] = length
			}
		}
	}
	return out, nil
}

// perQuestion is how many ids one question to a storage names.
const perQuestion = 500
