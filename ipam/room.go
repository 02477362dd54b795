package ipam

import (
	"context"
	"fmt"
	"net/netip"

	"go4.org/netipx"

	"github.com/wispwright/wispwright"
)

// Room returns the first networks of a length, up to limit, that a subnet within
// the scope has room for: nothing is nested there and no address recorded.
func (s *Subnets) Room(ctx context.Context, scope wispwright.Scope, id wispwright.ID, length, limit int) ([]netip.Prefix, error) {
	n, err := s.stores.Subnets.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	return s.room(ctx, n, length, limit)
}

func (s *Subnets) room(ctx context.Context, n *Subnet, length, limit int) (out []netip.Prefix, err error) {
	if least, most := n.Subnet.Bits()+1, n.Subnet.Addr().BitLen(); length < least || length > most {
		if least > most {
			return nil, wispwright.Invalid("prefix_length", "There is no smaller network than this one.")
		}
		return nil, wispwright.Invalid("prefix_length", fmt.Sprintf("Ensure this value is between %d and %d.", least, most))
	}
	err = s.gaps(ctx, n, func(gap netipx.IPRange) (more bool, err error) {
		taken := s.takenFrom(n)
		for at := gap.From(); len(out) < limit; {
			p, ok := firstAligned(at, length)
			last := netipx.PrefixLastIP(p)
			if !ok || gap.To().Less(last) {
				return true, nil
			}
			first, err := taken(ctx, p.Addr())
			if err != nil {
				return false, err
			}
			if first.IsValid() && !last.Less(first) {
				at = first.Next()
			} else {
				out = append(out, p)
				at = last.Next()
			}
			if !at.IsValid() {
				return true, nil
			}
		}
		return false, nil
	})
	return out, err
}

// firstAligned is the first network of a length at an address or behind it.
func firstAligned(at netip.Addr, length int) (netip.Prefix, bool) {
	p := netip.PrefixFrom(at, length).Masked()
	if p.Addr() == at {
		return p, true
	}
	next := netipx.PrefixLastIP(p).Next()
	return netip.PrefixFrom(next, length), next.IsValid()
}

// takenFrom returns a function for the first recorded address of a subnet from an
// address on, invalid when there is none. It is asked in ascending order, and
// reads what is recorded by pages.
func (s *Subnets) takenFrom(n *Subnet) func(ctx context.Context, at netip.Addr) (netip.Addr, error) {
	var page []*Address
	end := n.Used == 0
	return func(ctx context.Context, at netip.Addr) (netip.Addr, error) {
		for {
			for len(page) > 0 && page[0].IPAddress.Less(at) {
				page = page[1:]
			}
			if len(page) > 0 {
				return page[0].IPAddress, nil
			}
			if end || n.Highest.Less(at) {
				return netip.Addr{}, nil
			}
			found, err := s.stores.Addresses.List(ctx, wispwright.ScopeAll(), AddressFilter{SubnetID: n.ID, IPAddressFrom: at},
				wispwright.Page{Limit: laterLook, NoTotal: true, Order: []wispwright.Order{{Field: "IPAddress"}}})
			if err != nil {
				return netip.Addr{}, err
			}
			page, end = found.Rows, len(found.Rows) < laterLook
		}
	}
}

// Blocks returns the largest networks, up to limit, in which nothing is nested, in
// their order: together they are all the room there is between nested subnets.
// Recorded addresses do not count.
func (s *Subnets) Blocks(ctx context.Context, scope wispwright.Scope, id wispwright.ID, limit int) (out []netip.Prefix, err error) {
	n, err := s.stores.Subnets.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	err = s.gaps(ctx, n, func(gap netipx.IPRange) (bool, error) {
		for _, p := range gap.Prefixes() {
			if len(out) == limit {
				return false, nil
			}
			out = append(out, p)
		}
		return len(out) < limit, nil
	})
	return out, err
}

// gaps calls fn for each piece of a subnet between those nested in it, in order,
// until it wants no more. Those beside each other do not overlap, and the order
// of networks is that of their first addresses.
func (s *Subnets) gaps(ctx context.Context, n *Subnet, fn func(netipx.IPRange) (more bool, err error)) error {
	whole := netipx.RangeOfPrefix(n.Subnet)
	at := whole.From()
	const look = 2000
	for offset := 0; ; offset += look {
		nested, err := s.stores.Subnets.List(ctx, wispwright.ScopeAll(), SubnetFilter{MasterSubnetID: n.ID}, wispwright.Page{Offset: offset, Limit: look, NoTotal: true})
		if err != nil {
			return err
		}
		for _, d := range nested.Rows {
			taken := netipx.RangeOfPrefix(d.Subnet)
			if at.Less(taken.From()) {
				if more, err := fn(netipx.IPRangeFrom(at, taken.From().Prev())); err != nil || !more {
					return err
				}
			}
			if at = taken.To().Next(); !at.IsValid() {
				return nil
			}
		}
		if len(nested.Rows) < look {
			break
		}
	}
	if whole.To().Less(at) {
		return nil
	}
	_, err := fn(netipx.IPRangeFrom(at, whole.To()))
	return err
}

// RequestSubnet creates a subnet of a length where its master, within the scope,
// has room first; draft has its name and the rest. Its organization is the
// master's, or the draft's where the master is shared. No other caller gets the
// same network. When there is no room, the error is ErrExhausted and nothing was
// changed. It joins the context's transaction.
func (s *Subnets) RequestSubnet(ctx context.Context, scope wispwright.Scope, master wispwright.ID, length int, draft Subnet) (*Subnet, error) {
	var made *Subnet
	err := s.base.Do(ctx, "ipam.Subnets.RequestSubnet", func(ctx context.Context) error {
		m, err := s.stores.Subnets.Get(ctx, scope, master)
		if err != nil {
			return err
		}
		if err := s.stores.Subnets.Serialize(ctx, m.OrganizationID); err != nil {
			return err
		}
		if m, err = s.stores.Subnets.Get(ctx, scope, master); err != nil { // it may have changed before the turn came
			return err
		}
		found, err := s.room(ctx, m, length, 1)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return ErrExhausted
		}
		n := draft
		n.MasterSubnetID, n.Subnet = m.ID, found[0]
		if !m.Shared() {
			n.OrganizationID = m.OrganizationID
		}
		made = &n
		return s.Create(ctx, made)
	})
	return made, err
}
