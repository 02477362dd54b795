package subnetdivision

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"strconv"

	"go4.org/netipx"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/ipam"
)

// A rule with no networks takes addresses of the divided subnet itself: LABEL_ip1 and so on
// (spec: subnet-division §9). Their entries have the number 0.

// direct reports whether a rule takes addresses of the subnet itself.
func (r *Rule) direct() bool { return r.NumberOfSubnets == 0 }

func directKeyword(label string, ordinal int64) string {
	return label + "_ip" + strconv.FormatInt(ordinal, 10)
}

// checkDirect holds a rule without networks against the subnet whose addresses it takes.
func checkDirect(r *Rule, master *ipam.Subnet) error {
	switch {
	case r.NumberOfIPs < 1:
		return wispwright.Invalid("number_of_ips", "Ensure this value is greater than or equal to 1.")
	case !master.OrganizationID.IsZero() && master.OrganizationID != r.OrganizationID:
		return wispwright.Invalid("organization", "Organization should be same as the subnet")
	case r.NumberOfIPs > mostIPs:
		return wispwright.Invalid("number_of_ips", fmt.Sprintf("A device gets %d addresses at most.", mostIPs))
	case ipam.HostCount(master.Subnet).Cmp(big.NewInt(r.NumberOfIPs)) < 0:
		return wispwright.Invalid("number_of_ips", fmt.Sprintf("The subnet %s cannot accommodate %d IP Addresses.", master.Subnet, r.NumberOfIPs))
	}
	r.Size = int64(master.Subnet.Bits()) // there is no other
	return nil
}

// hosts are the addresses of a subnet that nobody has: not recorded, and in no network that
// lies in it.
type hosts struct {
	// room is how many there are.
	room *big.Int
	// first are the first of them.
	first []netip.Addr
}

// hostsOf looks for the first free addresses of a subnet, and reads all that are recorded
// in it.
func (c *core) hostsOf(ctx context.Context, master *ipam.Subnet, want int64) (*hosts, error) {
	children, err := c.ipam.Subnets.List(ctx, wispwright.ScopeAll(), ipam.SubnetFilter{MasterSubnetID: master.ID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("networks of %s: %w", master.Subnet, err)
	}
	recorded, err := c.ipam.Addresses.List(ctx, wispwright.ScopeAll(), ipam.AddressFilter{SubnetID: master.ID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("addresses of %s: %w", master.Subnet, err)
	}
	var set netipx.IPSetBuilder
	set.AddRange(ipam.HostRange(master.Subnet))
	for _, n := range children.Rows {
		set.RemovePrefix(n.Subnet)
	}
	for _, a := range recorded.Rows {
		set.Remove(a.IPAddress)
	}
	free, err := set.IPSet()
	if err != nil {
		return nil, fmt.Errorf("room of %s: %w", master.Subnet, err)
	}
	out := &hosts{room: new(big.Int)}
	for _, some := range free.Ranges() {
		out.room.Add(out.room, count(some.From(), some.To(), some.From().BitLen()))
		for a := some.From(); int64(len(out.first)) < want && a.IsValid() && a.Compare(some.To()) <= 0; a = a.Next() {
			out.first = append(out.first, a)
		}
	}
	return out, nil
}

// take gives a device addresses of the divided subnet, from one ordinal to another, fewer
// where there are no more. left is how many there were before.
func (c *core) take(ctx context.Context, r *Rule, device wispwright.ID, master *ipam.Subnet, from, to int64) (entries []*Entry, left *big.Int, err error) {
	list, left, err := c.record(ctx, master, to-from+1, describe(r.Label))
	if err != nil {
		return nil, nil, fmt.Errorf("addresses of %s: %w", master.Subnet, err)
	}
	for i, a := range list {
		k := from + int64(i)
		entries = append(entries, &Entry{ID: wispwright.NewID(), RuleID: r.ID, DeviceID: device, SubnetID: master.ID, AddressID: a.ID,
			Ordinal: k, Keyword: directKeyword(r.Label, k), Value: a.IPAddress.String(), Created: c.kit.Now()})
	}
	return entries, left, nil
}

// record takes free addresses of a subnet, at most so many.
func (c *core) record(ctx context.Context, master *ipam.Subnet, want int64, description string) (list []*ipam.Address, left *big.Int, err error) {
	if master.Nested > 0 { // what lies in networks of others is not free
		free, err := c.hostsOf(ctx, master, want)
		if err != nil {
			return nil, nil, err
		}
		for _, ip := range free.first {
			list = append(list, &ipam.Address{ID: wispwright.NewID(), IPAddress: ip, Description: description})
		}
		return list, free.room, c.ipam.Addresses.CreateMany(ctx, wispwright.ScopeAll(), master.ID, list...)
	}
	// the account of the subnet says enough, however many are recorded
	left = new(big.Int).Sub(ipam.HostCount(master.Subnet), big.NewInt(master.Used))
	if left.Sign() <= 0 {
		return nil, new(big.Int), nil
	}
	if left.IsInt64() {
		want = min(want, left.Int64())
	}
	descriptions := make([]string, want)
	for i := range descriptions {
		descriptions[i] = description
	}
	list, err = c.ipam.Addresses.RequestMany(ctx, wispwright.ScopeAll(), master.ID, descriptions...)
	return list, left, err
}

// giveDirect gives a device the addresses of a rule without networks.
func (c *core) giveDirect(ctx context.Context, r *Rule, device *controller.Device, master *ipam.Subnet) ([]*Entry, error) {
	all, before, err := c.take(ctx, r, device.ID, master, 1, r.NumberOfIPs)
	if err != nil {
		return nil, err
	}
	if int64(len(all)) < r.NumberOfIPs {
		c.exhausted(ctx, r, device, master)
	}
	c.warn(ctx, Scarcity{Rule: r, Device: device, Master: master}, r.NumberOfIPs, before, new(big.Int).Sub(before, big.NewInt(int64(len(all)))))
	if err := c.stores.Entries.InsertMany(ctx, all); err != nil {
		return nil, err
	}
	return all, c.top.Provisioned.Fire(ctx, Provisioned{r, device, all})
}

// adaptDirect makes what a device has of a rule without networks what the rule says now.
func (c *core) adaptDirect(ctx context.Context, r *Rule, device wispwright.ID) error {
	found, err := c.stores.Entries.List(ctx, wispwright.ScopeAll(), EntryFilter{RuleID: r.ID, DeviceID: device}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	last, changed := int64(0), false
	for _, e := range found.Rows {
		last = max(last, e.Ordinal)
		keyword := directKeyword(r.Label, e.Ordinal)
		if e.Keyword == keyword {
			continue
		}
		changed = true
		if _, err := c.stores.Entries.Update(ctx, wispwright.ScopeAll(), e.ID, func(e *Entry) error { e.Keyword = keyword; return nil }); err != nil {
			return err
		}
		_, err := c.ipam.Addresses.Update(ctx, wispwright.ScopeAll(), e.AddressID, func(a *ipam.Address) error { a.Description = describe(r.Label); return nil })
		if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return err
		}
	}
	if last < r.NumberOfIPs {
		master, err := c.ipam.Subnets.Get(ctx, wispwright.ScopeAll(), r.MasterSubnetID)
		if err != nil {
			return err
		}
		more, _, err := c.take(ctx, r, device, master, last+1, r.NumberOfIPs)
		if err != nil {
			return err
		}
		if err := c.stores.Entries.InsertMany(ctx, more); err != nil {
			return err
		}
		changed = changed || len(more) > 0
	}
	if !changed {
		return nil
	}
	return c.ctl.Devices.Renew(ctx, "subnet division rule "+r.Label+" changed", device)
}

// takeBackDirect removes addresses that devices have of a subnet itself; those in networks
// of their own go with these.
func (c *core) takeBackDirect(ctx context.Context, f EntryFilter) error {
	yes := true
	f.Direct = &yes
	found, err := c.stores.Entries.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, e := range found.Rows {
		// one that is gone would undo the transaction
		if _, err := c.ipam.Addresses.Get(ctx, wispwright.ScopeAll(), e.AddressID); errors.Is(err, wispwright.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		if err := c.ipam.Addresses.Delete(ctx, wispwright.ScopeAll(), e.AddressID); err != nil {
			return fmt.Errorf("address %s: %w", e.Value, err)
		}
	}
	return nil // the entries went with the addresses
}

// addressesDeleting removes the entries of addresses that are deleted, whoever does so.
func (c *core) addressesDeleting(ctx context.Context, list ...*ipam.Address) error {
	gone := make([]wispwright.ID, len(list))
	for i, a := range list {
		gone[i] = a.ID
	}
	return c.forget(ctx, gone, func(ids []wispwright.ID) EntryFilter { return EntryFilter{AddressIDs: wispwright.Only(ids...)} })
}

// foreseeDirect says which addresses the next device gets, and for how many there is room.
func (c *core) foreseeDirect(ctx context.Context, r *Rule, master *ipam.Subnet) (*Forecast, error) {
	free, err := c.hostsOf(ctx, master, min(r.NumberOfIPs, foreseen))
	if err != nil {
		return nil, err
	}
	out := &Forecast{Room: new(big.Int).Quo(free.room, big.NewInt(r.NumberOfIPs))}
	for i, ip := range free.first {
		out.Networks = append(out.Networks, Network{Keyword: directKeyword(r.Label, int64(i)+1), Network: netip.PrefixFrom(ip, ip.BitLen()), First: ip, Last: ip})
	}
	return out, nil
}

// prefixLength is that of a subnet, as a text; known are those that were asked for before.
func (c *core) prefixLength(ctx context.Context, subnet wispwright.ID, known map[wispwright.ID]string) (string, error) {
	if text, ok := known[subnet]; ok {
		return text, nil
	}
	n, err := c.ipam.Subnets.Get(ctx, wispwright.ScopeAll(), subnet)
	if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		return "", err
	}
	if err == nil {
		known[subnet] = strconv.Itoa(n.Subnet.Bits())
	}
	return known[subnet], nil
}
