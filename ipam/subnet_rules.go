package ipam

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"go4.org/netipx"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// What clients know subnets to be refused with (spec: ipam §1.2).
const (
	assignedInternally = "This subnet is already assigned for internal usage in the system."
	assignedElsewhere  = "This subnet is already assigned to another organization."
	overlapsElsewhere  = "Subnet overlaps with a subnet of another organization."
	otherOrganization  = "Please ensure that the organization of this subnet and the organization of the related subnet match."
	invalidMaster      = "Invalid master subnet."
)

// validate looks at the subnet alone.
func (s *Subnets) validate(_ context.Context, c entity.Change[Subnet]) error {
	n := c.After
	var v wispwright.ValidationError
	valid.Text(&v, "name", n.Name, valid.Required, valid.Max(100))
	if n.Subnet.IsValid() {
		n.Subnet = n.Subnet.Masked()
	} else {
		v.Add("subnet", "This field cannot be null.")
	}
	valid.Text(&v, "description", n.Description, valid.Max(100))
	from := c.Before
	if from == nil {
		from = &Subnet{}
	}
	n.keepUse(from)
	return v.Err()
}

// check holds a subnet against the others, in the order of the specification
// (ipam §1.2): the first fault counts.
func (s *Subnets) check(ctx context.Context, c entity.Change[Subnet]) error {
	n, before := c.After, c.Before
	if n == nil {
		return nil
	}
	if before != nil {
		n.keepUse(before)
		if before.Subnet == n.Subnet && before.OrganizationID == n.OrganizationID && before.MasterSubnetID == n.MasterSubnetID {
			return nil
		}
	}
	master, err := s.master(ctx, n)
	if err != nil {
		return err
	}
	everybody := n.Shared() || master != nil && master.Shared() || before != nil && before.OrganizationID != n.OrganizationID
	turn := n.OrganizationID
	if everybody {
		turn = wispwright.ID{}
	}
	if err := s.stores.Subnets.Serialize(ctx, turn); err != nil {
		return err
	}
	if master, err = s.master(ctx, n); err != nil { // it may have changed before the turn came
		return err
	}
	if err := s.checkIdentical(ctx, n, master); err != nil {
		return err
	}
	if err := s.checkOverlap(ctx, n, master); err != nil {
		return err
	}
	if err := checkMaster(n, master); err != nil || before == nil {
		return err
	}
	if err := s.checkNested(ctx, before, n); err != nil {
		return err
	}
	return s.checkAddresses(ctx, before, n)
}

// master returns the subnet that n lies in, or nil.
func (s *Subnets) master(ctx context.Context, n *Subnet) (*Subnet, error) {
	if n.MasterSubnetID.IsZero() {
		return nil, nil
	}
	m, err := s.stores.Subnets.Get(ctx, wispwright.ScopeAll(), n.MasterSubnetID)
	if err != nil {
		return nil, valid.Reference(err, "master_subnet", n.MasterSubnetID)
	}
	return m, nil
}

// checkIdentical holds the rules about one network stored twice, and that of the
// master's organization, which stands between them.
func (s *Subnets) checkIdentical(ctx context.Context, n, master *Subnet) error {
	same, err := s.stores.Subnets.List(ctx, wispwright.ScopeAll(), SubnetFilter{Subnet: n.Subnet}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	others, shared := 0, false
	for _, o := range same.Rows {
		switch {
		case o.ID == n.ID:
			continue
		case !n.Shared() && o.OrganizationID == n.OrganizationID:
			return s.Kind().Explain(&wispwright.ConflictError{Unique: UniqueSubnet})
		}
		others, shared = others+1, shared || o.Shared()
	}
	switch {
	case shared:
		return wispwright.Invalid("subnet", assignedInternally)
	case n.Shared() && others > 0:
		return wispwright.Invalid("subnet", assignedElsewhere)
	case master != nil && !master.Shared() && master.OrganizationID != n.OrganizationID:
		return wispwright.Invalid("master_subnet", otherOrganization)
	case master != nil && master.Shared() && others > 0:
		return wispwright.Invalid("subnet", assignedElsewhere)
	}
	return nil
}

// checkOverlap refuses a network that shares addresses with another one, its
// ancestors and descendants apart. What contains it is looked for by name, what
// it contains is one piece of the order of networks.
func (s *Subnets) checkOverlap(ctx context.Context, n, master *Subnet) error {
	scope, message := wispwright.ScopeOf(n.OrganizationID).WithShared(), ""
	if n.Shared() || master != nil && master.Shared() {
		scope, message = wispwright.ScopeAll(), overlapsElsewhere
	}
	ancestors, err := s.Ancestors(ctx, wispwright.ScopeAll(), n)
	if err != nil {
		return err
	}
	related := map[wispwright.ID]bool{n.ID: true}
	for _, a := range ancestors {
		related[a.ID] = true
	}
	var descendants map[wispwright.ID]bool // read when there is somebody to know it of
	look := func(o *Subnet) (err error) {
		if related[o.ID] {
			return nil
		}
		if descendants == nil {
			if descendants, err = s.descendantIDs(ctx, n.ID); err != nil {
				return err
			}
		}
		switch {
		case descendants[o.ID]:
			return nil
		case message == "":
			return wispwright.Invalid("subnet", fmt.Sprintf("Subnet overlaps with %s.", o.Subnet))
		}
		return wispwright.Invalid("subnet", message)
	}
	if above := Supernets(n.Subnet); len(above) > 1 {
		around, err := s.stores.Subnets.List(ctx, scope, SubnetFilter{Subnets: wispwright.Only(above[:len(above)-1]...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, o := range around.Rows {
			if err := look(o); err != nil {
				return err
			}
		}
	}
	for offset := 0; ; offset += perQuestion {
		inside, err := s.stores.Subnets.List(ctx, scope, SubnetFilter{SubnetWithin: n.Subnet}, wispwright.Page{Offset: offset, Limit: perQuestion, NoTotal: true})
		if err != nil {
			return err
		}
		for _, o := range inside.Rows {
			if o.Subnet == n.Subnet {
				continue
			}
			if err := look(o); err != nil {
				return err
			}
		}
		if len(inside.Rows) < perQuestion {
			return nil
		}
	}
}

func (s *Subnets) descendantIDs(ctx context.Context, id wispwright.ID) (map[wispwright.ID]bool, error) {
	all, err := s.Descendants(ctx, id)
	if err != nil {
		return nil, err
	}
	ids := make(map[wispwright.ID]bool, len(all))
	for _, d := range all {
		ids[d.ID] = true
	}
	return ids, nil
}

// checkMaster holds a subnet against the one it lies in. What is no master of
// itself and smaller than its master cannot stand in a circle.
func checkMaster(n, master *Subnet) error {
	switch {
	case master == nil:
		return nil
	case master.ID == n.ID:
		return wispwright.Invalid("master_subnet", invalidMaster)
	case master.Subnet.Addr().Is4() != n.Subnet.Addr().Is4():
		return wispwright.Invalid("master_subnet", fmt.Sprintf("IP version mismatch: Subnet %s is %s, but Master Subnet %s is %s.",
			n.Subnet, version(n.Subnet), master.Subnet, version(master.Subnet)))
	case !within(n.Subnet, master.Subnet) || n.Subnet == master.Subnet:
		return wispwright.Invalid("master_subnet", invalidMaster)
	}
	return nil
}

func version(p netip.Prefix) string {
	if p.Addr().Is4() {
		return "IPv4"
	}
	return "IPv6"
}

// checkNested keeps a changed subnet around what is nested in it.
func (s *Subnets) checkNested(ctx context.Context, before, n *Subnet) error {
	if before.Subnet == n.Subnet && before.OrganizationID == n.OrganizationID {
		return nil
	}
	nested, err := s.stores.Subnets.List(ctx, wispwright.ScopeAll(), SubnetFilter{MasterSubnetID: n.ID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	n.Allotted = 0
	for _, d := range nested.Rows {
		switch {
		case !within(d.Subnet, n.Subnet) || d.Subnet == n.Subnet:
			return wispwright.Invalid("master_subnet", invalidMaster)
		case !n.Shared() && d.OrganizationID != n.OrganizationID:
			return wispwright.Invalid("organization", otherOrganization)
		}
		n.Allotted += part(d.Subnet, n.Subnet)
	}
	return nil
}

// checkAddresses keeps a changed subnet around its addresses, and makes them
// follow it.
func (s *Subnets) checkAddresses(ctx context.Context, before, n *Subnet) error {
	if before.OrganizationID != n.OrganizationID {
		if err := s.stores.Addresses.Move(ctx, n.ID, n.OrganizationID); err != nil {
			return err
		}
	}
	if before.Subnet == n.Subnet {
		return nil
	}
	whole := netipx.RangeOfPrefix(n.Subnet)
	outside := []AddressFilter{{SubnetID: n.ID, IPAddressBefore: whole.From()}}
	if beyond := whole.To().Next(); beyond.IsValid() {
		outside = append(outside, AddressFilter{SubnetID: n.ID, IPAddressFrom: beyond})
	}
	for _, f := range outside {
		found, err := s.stores.Addresses.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return err
		}
		if len(found.Rows) > 0 {
			return wispwright.Invalid("subnet", fmt.Sprintf("The address %s of this subnet would not belong to it any more.", found.Rows[0].IPAddress))
		}
	}
	n.Fullness, n.FreeFrom, n.Holes = share(n.Used, n.Subnet), netip.Addr{}, 0
	return s.stores.Holes.Clear(ctx, n.ID)
}

// isNotFound reports that an object does not exist, or not for the caller.
func isNotFound(err error) bool { return errors.Is(err, wispwright.ErrNotFound) }
