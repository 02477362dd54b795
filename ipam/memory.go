package ipam

import (
	"context"
	"net/netip"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory. They look through all
// they have for most questions: they are for tests and small programs.
func NewMemory(m *memstore.Store) Stores {
	addresses := &memoryAddresses{memstore.NewRepo[wispwright.ID, Address, AddressFilter](m, memstore.Spec[Address]{
		Shape: AddressShape(),
		Match: map[string]func(context.Context, *Address, any) bool{"Related": func(context.Context, *Address, any) bool { return false }}, // nobody else keeps anything here
	}), m}
	holes := memoryHoles{memstore.NewMap[wispwright.ID, netip.Addr](m)}
	subnets := memstore.NewRepo[wispwright.ID, Subnet, SubnetFilter](m, memstore.Spec[Subnet]{
		Shape: SubnetShape(),
		Match: map[string]func(context.Context, *Subnet, any) bool{
			"Root":    func(_ context.Context, n *Subnet, value any) bool { return n.MasterSubnetID.IsZero() == value.(bool) },
			"Related": func(context.Context, *Subnet, any) bool { return false }, // nobody else keeps anything here
		},
	})
	return Stores{Subnets: &memorySubnets{subnets, m, addresses, holes}, Addresses: addresses, Holes: holes}
}

type memorySubnets struct {
	*memstore.Repo[wispwright.ID, Subnet, SubnetFilter]
	store     *memstore.Store
	addresses *memoryAddresses
	holes     memoryHoles
}

// Serialize implements SubnetStore: there is one transaction at a time.
func (s *memorySubnets) Serialize(context.Context, wispwright.ID) error { return nil }

// Delete also removes what the subnet has.
func (s *memorySubnets) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		nested, err := s.List(ctx, wispwright.ScopeAll(), SubnetFilter{MasterSubnetID: id}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, n := range nested.Rows {
			if _, err := s.Update(ctx, wispwright.ScopeAll(), n.ID, func(n *Subnet) error { n.MasterSubnetID = wispwright.ID{}; return nil }); err != nil {
				return err
			}
		}
		if err := s.addresses.DeleteOf(ctx, id); err != nil {
			return err
		}
		return s.holes.Clear(ctx, id)
	})
}

type memoryAddresses struct {
	*memstore.Repo[wispwright.ID, Address, AddressFilter]
	store *memstore.Store
}

// DeleteOf implements AddressStore.
func (s *memoryAddresses) DeleteOf(ctx context.Context, subnets ...wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(a *Address) bool { return slices.Contains(subnets, a.SubnetID) })
	return err
}

// Move implements AddressStore.
func (s *memoryAddresses) Move(ctx context.Context, subnet, organization wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		all, err := s.List(ctx, wispwright.ScopeAll(), AddressFilter{SubnetID: subnet}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, a := range all.Rows {
			if _, err := s.Update(ctx, wispwright.ScopeAll(), a.ID, func(a *Address) error { a.OrganizationID = organization; return nil }); err != nil {
				return err
			}
		}
		return nil
	})
}

type memoryHoles struct {
	rows *memstore.Map[wispwright.ID, netip.Addr]
}

// First implements HoleStore.
func (s memoryHoles) First(ctx context.Context, subnet wispwright.ID) (netip.Addr, error) {
	have := s.rows.Get(ctx, subnet)
	if len(have) == 0 {
		return netip.Addr{}, wispwright.ErrNotFound
	}
	return slices.MinFunc(have, netip.Addr.Compare), nil
}

// Add implements HoleStore.
func (s memoryHoles) Add(ctx context.Context, subnet wispwright.ID, addresses ...netip.Addr) error {
	return s.rows.Set(ctx, subnet, append(s.rows.Get(ctx, subnet), addresses...))
}

// Remove implements HoleStore.
func (s memoryHoles) Remove(ctx context.Context, subnet wispwright.ID, addresses ...netip.Addr) (int, error) {
	have := s.rows.Get(ctx, subnet)
	left := slices.DeleteFunc(slices.Clone(have), func(a netip.Addr) bool { return slices.Contains(addresses, a) })
	return len(have) - len(left), s.rows.Set(ctx, subnet, left)
}

// Clear implements HoleStore.
func (s memoryHoles) Clear(ctx context.Context, subnets ...wispwright.ID) error {
	for _, id := range subnets {
		if err := s.rows.Set(ctx, id, nil); err != nil {
			return err
		}
	}
	return nil
}
