package ipam

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Addresses is the service of addresses, in the order of their values.
type Addresses struct {
	*entity.Service[wispwright.ID, Address, AddressFilter]
	base   *entity.Base
	stores Stores
}

func newAddresses(base *entity.Base, stores Stores) *Addresses {
	s := &Addresses{base: base, stores: stores}
	s.Service = entity.New(base, stores.Addresses, entity.Kind[wispwright.ID, Address]{
		Name: "ipam.Addresses", Model: "openwisp_ipam.ipaddress", Label: func(a *Address) string { return a.IPAddress.String() },
		Hidden:   []string{"OrganizationID"},
		Validate: s.validate, Check: s.check, Stored: s.stored,
		Unique: map[string]error{UniqueAddress: wispwright.Invalid("ip_address", addressUsed)},
	})
	return s
}

// What clients know addresses to be refused with (spec: ipam §1.3).
const (
	addressOutside = "IP address does not belong to the subnet"
	addressUsed    = "IP address already used."
)

func (s *Addresses) validate(_ context.Context, c entity.Change[Address]) error {
	a := c.After
	var v wispwright.ValidationError
	if !a.IPAddress.IsValid() || a.IPAddress.Zone() != "" {
		v.Add("ip_address", valid.NoIP)
	}
	valid.Text(&v, "description", a.Description, valid.Max(100))
	if a.SubnetID.IsZero() {
		v.Add("subnet", "This field cannot be null.")
	}
	a.OrganizationID = wispwright.ID{} // it is the subnet's, see check
	return v.Err()
}

// check puts an address into its subnet's account. The subnet's row is held from
// here on, so that nobody takes the same address.
func (s *Addresses) check(ctx context.Context, c entity.Change[Address]) error {
	a, before := c.After, c.Before
	switch {
	case a == nil:
		return nil
	case before == nil:
		return s.take(ctx, a)
	case before.SubnetID == a.SubnetID && before.IPAddress == a.IPAddress:
		a.OrganizationID = before.OrganizationID
		return nil
	case bytesLess(before.SubnetID, a.SubnetID): // in one order for all that hold both
		if err := s.give(ctx, before.SubnetID, before.IPAddress); err != nil {
			return err
		}
		return s.take(ctx, a)
	}
	if err := s.take(ctx, a); err != nil {
		return err
	}
	return s.give(ctx, before.SubnetID, before.IPAddress)
}

func bytesLess(a, b wispwright.ID) bool { return slices.Compare(a[:], b[:]) < 0 }

// take counts an address that is about to be stored.
func (s *Addresses) take(ctx context.Context, a *Address) error {
	n, err := s.stores.Subnets.Update(ctx, wispwright.ScopeAll(), a.SubnetID, func(n *Subnet) error {
		if !n.Subnet.Contains(a.IPAddress) {
			return wispwright.Invalid("ip_address", addressOutside)
		}
		return s.occupy(ctx, n, a.IPAddress)
	})
	if err != nil {
		return valid.Reference(err, "subnet", a.SubnetID)
	}
	a.OrganizationID = n.OrganizationID
	return nil
}

// give counts addresses that are not in the subnet any more.
func (s *Addresses) give(ctx context.Context, subnet wispwright.ID, addresses ...netip.Addr) error {
	_, err := s.stores.Subnets.Update(ctx, wispwright.ScopeAll(), subnet, func(n *Subnet) error {
		n.Used = max(0, n.Used-int64(len(addresses)))
		n.Fullness = share(n.Used, n.Subnet)
		if n.Used == 0 {
			n.FreeFrom, n.Highest, n.Holes = netip.Addr{}, netip.Addr{}, 0
			return s.stores.Holes.Clear(ctx, n.ID)
		}
		below := passed(n, addresses)
		n.Holes += int64(len(below))
		return s.stores.Holes.Add(ctx, n.ID, below...)
	})
	return err
}

// occupy counts addresses of a subnet that are about to be stored, in ascending
// order.
func (s *Addresses) occupy(ctx context.Context, n *Subnet, addresses ...netip.Addr) error {
	n.Used += int64(len(addresses))
	n.Fullness = share(n.Used, n.Subnet)
	if below := passed(n, addresses); len(below) > 0 && n.Holes > 0 {
		filled, err := s.stores.Holes.Remove(ctx, n.ID, below...)
		if err != nil {
			return err
		}
		n.Holes -= int64(filled)
	}
	if len(addresses) > 0 && n.Highest.Less(addresses[len(addresses)-1]) {
		n.Highest = addresses[len(addresses)-1]
	}
	hosts := HostRange(n.Subnet)
	for _, a := range addresses {
		if next := a.Next(); a == freeFrom(n) && hosts.Contains(a) && next.IsValid() {
			n.FreeFrom = next
		}
	}
	return nil
}

// freeFrom is the host before which all are recorded or holes.
func freeFrom(n *Subnet) netip.Addr {
	if n.FreeFrom.IsValid() {
		return n.FreeFrom
	}
	return HostRange(n.Subnet).From()
}

// passed returns those hosts among addresses that lie before FreeFrom.
func passed(n *Subnet, addresses []netip.Addr) (below []netip.Addr) {
	hosts, free := HostRange(n.Subnet), freeFrom(n)
	for _, a := range addresses {
		if hosts.Contains(a) && a.Less(free) {
			below = append(below, a)
		}
	}
	return below
}

// stored counts what was deleted, alone or by the hundred.
func (s *Addresses) stored(ctx context.Context, changes ...entity.Change[Address]) error {
	gone := map[wispwright.ID][]netip.Addr{}
	for _, c := range changes {
		if c.After == nil {
			gone[c.Before.SubnetID] = append(gone[c.Before.SubnetID], c.Before.IPAddress)
		}
	}
	ids := make([]wispwright.ID, 0, len(gone))
	for id := range gone {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b wispwright.ID) int { return slices.Compare(a[:], b[:]) })
	for _, id := range ids {
		if _, err := s.stores.Subnets.Get(ctx, wispwright.ScopeAll(), id); isNotFound(err) {
			continue
		} else if err != nil {
			return err
		}
		if err := s.give(ctx, id, gone[id]...); err != nil {
			return err
		}
	}
	return nil
}

// recordedOneByOne is up to how many addresses that are stored together the
// history names each.
const recordedOneByOne = 20

// CreateMany records addresses in a subnet within the scope, all or none; they
// hold the outcome. It joins the context's transaction, and holds the subnet
// until that ends. Of many the history tells the number only.
func (s *Addresses) CreateMany(ctx context.Context, scope wispwright.Scope, subnet wispwright.ID, addresses ...*Address) error {
	if len(addresses) == 0 {
		return nil
	}
	return s.base.Do(ctx, "ipam.Addresses.CreateMany", func(ctx context.Context) error {
		n, err := s.stores.Subnets.Update(ctx, scope, subnet, func(n *Subnet) error {
			ips := make([]netip.Addr, len(addresses))
			for i, a := range addresses {
				a.SubnetID = subnet
				if err := s.validate(ctx, entity.Change[Address]{After: a}); err != nil {
					return err
				}
				if !n.Subnet.Contains(a.IPAddress) {
					return wispwright.Invalid("ip_address", addressOutside)
				}
				ips[i] = a.IPAddress
			}
			slices.SortFunc(ips, netip.Addr.Compare)
			return s.occupy(ctx, n, ips...)
		})
		if err != nil {
			return valid.Reference(err, "subnet", subnet)
		}
		return s.insert(ctx, n, "import", addresses...)
	})
}

// insert stores addresses that were counted already.
func (s *Addresses) insert(ctx context.Context, n *Subnet, action string, addresses ...*Address) error {
	now := s.base.Now()
	changes := make([]entity.Change[Address], len(addresses))
	for i, a := range addresses {
		if a.ID.IsZero() {
			a.ID = wispwright.NewID()
		}
		a.SubnetID, a.OrganizationID, a.Created, a.Modified = n.ID, n.OrganizationID, now, now
		changes[i].After = a
	}
	var err error
	if len(addresses) == 1 {
		err = s.stores.Addresses.Insert(ctx, addresses[0])
	} else {
		err = s.stores.Addresses.InsertMany(ctx, addresses)
	}
	if err != nil {
		return s.Kind().Explain(err)
	}
	if len(addresses) <= recordedOneByOne {
		err = s.Note(ctx, changes...)
	} else {
		err = s.base.Record(ctx, wispwright.Change{
			Kind: "openwisp_ipam.subnet", ObjectID: n.ID.String(), Label: n.String(), OrganizationID: n.OrganizationID, Action: action,
			Fields: []wispwright.FieldChange{{Field: "Addresses", New: len(addresses)}},
		})
		s.Changed.Publish(ctx, changes...)
	}
	return cmp.Or(err, s.Saved.Fire(ctx, changes...))
}
