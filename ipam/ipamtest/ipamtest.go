// Package ipamtest checks that a storage keeps everything the concern ipam
// relies on. Any implementation of its stores must pass Run.
package ipamtest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/storetest"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores ipam.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("subnets", func(t *testing.T) { RunSubnets(t, h) })
	t.Run("addresses", func(t *testing.T) { RunAddresses(t, h) })
	t.Run("holes", func(t *testing.T) { RunHoles(t, h) })
	t.Run("rules", func(t *testing.T) { RunRules(t, h) })
	t.Run("account", func(t *testing.T) { RunAccount(t, h) })
	t.Run("concurrency", func(t *testing.T) { RunConcurrency(t, h) })
}

// at is a moment with more digits than are stored.
func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xab, 0x40, byte(n>>8), byte(n)
	return out
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

func prefix(text string) netip.Prefix { return netip.MustParsePrefix(text) }

func addr(text string) netip.Addr { return netip.MustParseAddr(text) }

// New makes the concern over a storage, for programs without organizations.
func New(t testing.TB, s Storage) *ipam.IPAM {
	t.Helper()
	m, err := ipam.New(&entity.Base{Tx: s.Tx, Tenants: entity.NoTenants{}}, s.Stores, nil)
	require.NoError(t, err)
	return m
}

// networks are ones whose order as texts is not that of their values.
func networks() []string {
	return []string{"9.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.0.0.9/32", "fd00::/64", "10.0.1.0/24", "fd00::9:0/112"}
}

func subnet(n, organization int) *ipam.Subnet {
	p := netip.PrefixFrom(netip.AddrFrom4([4]byte{172, byte(n >> 8), byte(n), 0}), 24)
	if known := networks(); n < len(known) {
		p = prefix(known[n])
	}
	return &ipam.Subnet{
		ID: id(1000 + n), OrganizationID: id(1 + organization), Name: fmt.Sprintf("net %d", n), Subnet: p, Description: fmt.Sprintf("näher %d", n),
		Created: at(n), Modified: at(n + 1), Used: int64(n), Fullness: float64(n) / 64, Nested: int64(n % 3), Allotted: float64(n) / 128, FreeFrom: p.Addr(), Highest: p.Addr().Next(), Holes: int64(n),
	}
}

// RunSubnets checks the store of subnets.
func RunSubnets(t *testing.T, h Harness) {
	ctx := context.Background()
	type filter = ipam.SubnetFilter
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		yes := true
		inside := prefix("10.0.0.0/23")
		storetest.RunRepo[wispwright.ID, ipam.Subnet, filter](t, s.Stores.Subnets, storetest.Sample[wispwright.ID, ipam.Subnet, filter]{
			Tx: s.Tx, New: subnet, Key: func(n *ipam.Subnet) wispwright.ID { return n.ID },
			Mutate: func(n *ipam.Subnet) { n.Name += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)},
			Orders: []string{"Subnet", "Name", "Created", "Modified", "Used", "Fullness"},
			Orphan: func(n int) *ipam.Subnet { o := subnet(n, 0); o.MasterSubnetID = id(9998); return o },
			Search: &storetest.Search[ipam.Subnet, filter]{Put: func(n *ipam.Subnet, text string) { n.Description = text }, Filter: func(text string) filter { return filter{Search: text} }},
			Uniques: map[string]func(*ipam.Subnet) *ipam.Subnet{
				ipam.UniqueSubnet: func(first *ipam.Subnet) *ipam.Subnet { second := *first; second.ID = id(3999); return &second },
			},
			Filters: map[string]storetest.Filter[ipam.Subnet, filter]{
				"organization": {Filter: filter{OrganizationID: id(2)}, Selects: func(n *ipam.Subnet) bool { return n.OrganizationID == id(2) }},
				"network":      {Filter: filter{Subnet: prefix("10.0.0.0/24")}, Selects: func(n *ipam.Subnet) bool { return n.Subnet == prefix("10.0.0.0/24") }},
				"supernets":    {Filter: filter{Subnets: wispwright.Only(ipam.Supernets(prefix("10.0.0.9/32"))...)}, Selects: func(n *ipam.Subnet) bool { return n.Subnet.Contains(addr("10.0.0.9")) }},
				"within":       {Filter: filter{SubnetWithin: inside}, Selects: func(n *ipam.Subnet) bool { return n.Subnet.Bits() >= 23 && inside.Contains(n.Subnet.Addr()) }},
				"none":         {Filter: filter{MasterSubnetIDs: wispwright.Only[wispwright.ID]()}, Selects: func(*ipam.Subnet) bool { return false }},
				"roots":        {Filter: filter{Root: &yes}, Selects: func(*ipam.Subnet) bool { return true }},
			},
		})
	})
	t.Run("shared ones and masters", func(t *testing.T) {
		s := h(t)
		master, nested, shared := subnet(1, 0), subnet(2, 0), subnet(0, 0)
		nested.MasterSubnetID, shared.OrganizationID = master.ID, wispwright.ID{}
		twin := *shared
		twin.ID = id(77)
		require.NoError(t, s.Tx.InTx(ctx, func(ctx context.Context) error {
			for _, organization := range []wispwright.ID{id(1), id(2), {}} {
				if err := s.Stores.Subnets.Serialize(ctx, organization); err != nil {
					return err
				}
			}
			for _, n := range []*ipam.Subnet{master, nested, shared, &twin} {
				if err := s.Stores.Subnets.Insert(ctx, n); err != nil {
					return err
				}
			}
			return nil
		}))
		no := false
		for name, want := range map[string]struct {
			scope wispwright.Scope
			filter
			n int
		}{
			"nested":      {all(), filter{Root: &no}, 1},
			"of a master": {all(), filter{MasterSubnetID: master.ID}, 1},
			"of masters":  {all(), filter{MasterSubnetIDs: wispwright.Only(master.ID, id(9))}, 1},
			"own":         {wispwright.ScopeOf(id(1)), filter{}, 2},
			"and shared":  {wispwright.ScopeOf(id(1)).WithShared(), filter{}, 4},
			"others":      {wispwright.ScopeOf(id(2)), filter{}, 0},
		} {
			items, err := s.Stores.Subnets.List(ctx, want.scope, want.filter, wispwright.Page{})
			require.NoError(t, err)
			require.Len(t, items.Rows, want.n, name)
		}
		a := address(1, 0)
		a.SubnetID = master.ID
		require.NoError(t, s.Stores.Addresses.Insert(ctx, a))
		require.NoError(t, s.Stores.Holes.Add(ctx, master.ID, addr("10.0.0.1")))
		require.NoError(t, s.Stores.Subnets.Delete(ctx, all(), master.ID))
		left, err := s.Stores.Subnets.Get(ctx, all(), nested.ID)
		require.NoError(t, err, "what is nested stays")
		require.True(t, left.MasterSubnetID.IsZero(), "and has no master")
		_, err = s.Stores.Addresses.Get(ctx, all(), a.ID)
		require.ErrorIs(t, err, wispwright.ErrNotFound, "addresses go with their subnet")
		_, err = s.Stores.Holes.First(ctx, master.ID)
		require.ErrorIs(t, err, wispwright.ErrNotFound, "holes too")
	})
}

func address(n, organization int) *ipam.Address {
	return &ipam.Address{ID: id(2000 + n), OrganizationID: id(1 + organization), SubnetID: id(1001), IPAddress: netip.AddrFrom4([4]byte{10, 0, byte(n % 3), byte(n)}),
		Description: fmt.Sprintf("host %d", n), Created: at(n), Modified: at(n + 1)}
}

// withSubnet stores a subnet that addresses can refer to.
func withSubnet(t *testing.T, s Storage) *ipam.Subnet {
	n := subnet(1, 0)
	require.NoError(t, s.Stores.Subnets.Insert(context.Background(), n))
	return n
}

// RunAddresses checks the store of addresses.
func RunAddresses(t *testing.T, h Harness) {
	ctx := context.Background()
	type filter = ipam.AddressFilter
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		withSubnet(t, s)
		some := prefix("10.0.1.0/24")
		storetest.RunRepo[wispwright.ID, ipam.Address, filter](t, s.Stores.Addresses, storetest.Sample[wispwright.ID, ipam.Address, filter]{
			Tx: s.Tx, New: address, Key: func(a *ipam.Address) wispwright.ID { return a.ID },
			Mutate: func(a *ipam.Address) { a.Description += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)},
			Orders: []string{"IPAddress", "Description", "Created", "Modified"},
			Orphan: func(n int) *ipam.Address { o := address(n, 0); o.SubnetID = id(9998); return o },
			Search: &storetest.Search[ipam.Address, filter]{Put: func(a *ipam.Address, text string) { a.Description = text }, Filter: func(text string) filter { return filter{Search: text} }},
			Uniques: map[string]func(*ipam.Address) *ipam.Address{
				ipam.UniqueAddress: func(first *ipam.Address) *ipam.Address { second := *first; second.ID = id(3999); return &second },
			},
			Filters: map[string]storetest.Filter[ipam.Address, filter]{
				"subnet":  {Filter: filter{SubnetID: id(1001)}, Selects: func(*ipam.Address) bool { return true }},
				"subnets": {Filter: filter{SubnetIDs: wispwright.Only(id(1002))}, Selects: func(*ipam.Address) bool { return false }},
				"address": {Filter: filter{IPAddress: addr("10.0.2.2")}, Selects: func(a *ipam.Address) bool { return a.IPAddress == addr("10.0.2.2") }},
				"network": {Filter: filter{IPAddressWithin: some}, Selects: func(a *ipam.Address) bool { return some.Contains(a.IPAddress) }},
				"from":    {Filter: filter{IPAddressFrom: addr("10.0.1.4")}, Selects: func(a *ipam.Address) bool { return !a.IPAddress.Less(addr("10.0.1.4")) }},
				"before":  {Filter: filter{IPAddressBefore: addr("10.0.1.4")}, Selects: func(a *ipam.Address) bool { return a.IPAddress.Less(addr("10.0.1.4")) }},
			},
		})
	})
	t.Run("many", func(t *testing.T) {
		s := h(t)
		n := withSubnet(t, s)
		require.NoError(t, s.Stores.Addresses.InsertMany(ctx, []*ipam.Address{address(1, 0), address(2, 0)}))
		require.NoError(t, s.Stores.Addresses.InsertMany(ctx, nil))
		err := s.Stores.Addresses.InsertMany(ctx, []*ipam.Address{address(3, 0), func() *ipam.Address { a := address(1, 0); a.ID = id(5); return a }()})
		var conflict *wispwright.ConflictError
		require.ErrorAs(t, err, &conflict)
		require.Equal(t, ipam.UniqueAddress, conflict.Unique)
		_, err = s.Stores.Addresses.Get(ctx, all(), id(2003))
		require.ErrorIs(t, err, wispwright.ErrNotFound, "all or none")

		require.NoError(t, s.Stores.Addresses.Move(ctx, n.ID, id(2)))
		moved, err := s.Stores.Addresses.List(ctx, wispwright.ScopeOf(id(2)), filter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, moved.Rows, 2)
		require.NoError(t, s.Stores.Addresses.Move(ctx, n.ID, wispwright.ID{}))
		moved, err = s.Stores.Addresses.List(ctx, wispwright.ScopeOf(id(3)).WithShared(), filter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, moved.Rows, 2)
		require.NoError(t, s.Stores.Addresses.DeleteOf(ctx))
		require.NoError(t, s.Stores.Addresses.DeleteOf(ctx, id(4)))
		left, err := s.Stores.Addresses.List(ctx, all(), filter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, left.Rows, 2)
		require.NoError(t, s.Stores.Addresses.DeleteOf(ctx, id(4), n.ID))
		left, err = s.Stores.Addresses.List(ctx, all(), filter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Empty(t, left.Rows)
	})
}

var errWanted = errors.New("wanted")

// RunHoles checks the store of holes.
func RunHoles(t *testing.T, h Harness) {
	ctx := context.Background()
	s := h(t)
	n := withSubnet(t, s)
	other := subnet(2, 0)
	require.NoError(t, s.Stores.Subnets.Insert(ctx, other))
	holes := s.Stores.Holes
	_, err := holes.First(ctx, n.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	require.NoError(t, holes.Add(ctx, n.ID))
	require.NoError(t, holes.Add(ctx, n.ID, addr("10.0.0.100"), addr("10.0.0.9"), addr("10.0.0.20")))
	require.NoError(t, holes.Add(ctx, other.ID, addr("10.0.0.1")))
	first := func(of wispwright.ID) string {
		a, err := holes.First(ctx, of)
		if errors.Is(err, wispwright.ErrNotFound) {
			return "none"
		}
		require.NoError(t, err)
		return a.String()
	}
	require.Equal(t, "10.0.0.9", first(n.ID), "by value, not by text")
	removed, err := holes.Remove(ctx, n.ID, addr("10.0.0.9"), addr("10.0.0.1"))
	require.NoError(t, err)
	require.Equal(t, 1, removed)
	require.Equal(t, "10.0.0.20", first(n.ID))
	require.Equal(t, "10.0.0.1", first(other.ID), "another subnet's")
	require.ErrorIs(t, s.Tx.InTx(ctx, func(ctx context.Context) error {
		_, err := holes.Remove(ctx, n.ID, addr("10.0.0.20"))
		require.NoError(t, err)
		require.NoError(t, holes.Add(ctx, n.ID, addr("10.0.0.2")))
		return errWanted
	}), errWanted)
	require.Equal(t, "10.0.0.20", first(n.ID), "undone with its transaction")
	require.NoError(t, holes.Clear(ctx, n.ID))
	require.Equal(t, "none", first(n.ID))
	require.Equal(t, "10.0.0.1", first(other.ID))
	require.NoError(t, holes.Clear(ctx))
}
