package ipam

import (
	"context"
	"net/netip"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
)

// Next returns the first host of a subnet within the scope that is not recorded
// in it, or ErrExhausted. Addresses of nested subnets do not count
// (spec: ipam §1.4).
func (s *Addresses) Next(ctx context.Context, scope wispwright.Scope, subnet wispwright.ID) (netip.Addr, error) {
	n, err := s.stores.Subnets.Get(ctx, scope, subnet)
	if err != nil {
		return netip.Addr{}, err
	}
	found, err := s.free(ctx, n, 1)
	if err != nil {
		return netip.Addr{}, err
	}
	return found[0], nil
}

// Request records the next available address of a subnet within the scope and
// returns it. No other caller gets the same one. When there is none, the error is
// ErrExhausted and nothing was changed.
func (s *Addresses) Request(ctx context.Context, scope wispwright.Scope, subnet wispwright.ID, description string) (*Address, error) {
	all, err := s.RequestMany(ctx, scope, subnet, description)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// RequestMany is Request for as many addresses as there are descriptions: all of
// them or none. It joins the context's transaction, and holds the subnet until
// that ends.
func (s *Addresses) RequestMany(ctx context.Context, scope wispwright.Scope, subnet wispwright.ID, descriptions ...string) (out []*Address, err error) {
	err = s.base.Do(ctx, "ipam.Addresses.Request", func(ctx context.Context) error {
		out = make([]*Address, len(descriptions))
		n, err := s.stores.Subnets.Update(ctx, scope, subnet, func(n *Subnet) error {
			if len(descriptions) == 0 {
				return nil
			}
			found, err := s.free(ctx, n, len(descriptions))
			if err != nil {
				return err
			}
			for i, ip := range found {
				out[i] = &Address{SubnetID: subnet, IPAddress: ip, Description: descriptions[i]}
				if err := s.validate(ctx, entity.Change[Address]{After: out[i]}); err != nil {
					return err
				}
			}
			if err := s.occupy(ctx, n, found...); err != nil {
				return err
			}
			// all before the last one are recorded by now
			if last := found[len(found)-1]; !last.Less(freeFrom(n)) {
				n.FreeFrom = last
				if next := last.Next(); next.IsValid() {
					n.FreeFrom = next
				}
			}
			return nil
		})
		if err != nil || len(out) == 0 {
			return err
		}
		return s.insert(ctx, n, "request", out...)
	})
	return out, err
}

// The pages in which what is recorded behind FreeFrom is read: usually nothing.
const (
	firstLook = 16
	laterLook = 1024
)

// free returns the first count free hosts: holes, and then those from FreeFrom
// on that are not recorded.
func (s *Addresses) free(ctx context.Context, n *Subnet, count int) ([]netip.Addr, error) {
	var out []netip.Addr
	if n.Holes > 0 {
		if count == 1 {
			first, err := s.stores.Holes.First(ctx, n.ID)
			if err == nil {
				return []netip.Addr{first}, nil
			}
			if !isNotFound(err) {
				return nil, err
			}
		} else {
			// many at once are worth reading what is recorded
			from := *n
			from.Holes, from.FreeFrom = 0, netip.Addr{}
			n = &from
		}
	}
	last := HostRange(n.Subnet).To()
	at, look := freeFrom(n), firstLook
	rest := func() ([]netip.Addr, error) {
		for ; at.IsValid() && !last.Less(at); at = at.Next() {
			if out = append(out, at); len(out) == count {
				return out, nil
			}
		}
		return nil, ErrExhausted
	}
	for {
		if !at.IsValid() || last.Less(at) {
			return nil, ErrExhausted
		}
		if n.Highest.Less(at) { // nothing is recorded from here on
			return rest()
		}
		recorded, err := s.stores.Addresses.List(ctx, wispwright.ScopeAll(), AddressFilter{SubnetID: n.ID, IPAddressFrom: at},
			wispwright.Page{Limit: look, NoTotal: true, Order: []wispwright.Order{{Field: "IPAddress"}}})
		if err != nil {
			return nil, err
		}
		full := len(recorded.Rows) == look
		look = laterLook
		for _, a := range recorded.Rows {
			for ; at.IsValid() && at.Less(a.IPAddress) && !last.Less(at); at = at.Next() {
				if out = append(out, at); len(out) == count {
					return out, nil
				}
			}
			if at == a.IPAddress {
				at = at.Next()
			}
		}
		if full {
			continue
		}
		return rest()
	}
}
