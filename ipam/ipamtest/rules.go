package ipamtest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
)

const (
	internally = "subnet: This subnet is already assigned for internal usage in the system."
	elsewhere  = "subnet: This subnet is already assigned to another organization."
	overlap    = "subnet: Subnet overlaps with a subnet of another organization."
	mismatch   = "Please ensure that the organization of this subnet and the organization of the related subnet match."
	noMaster   = "master_subnet: Invalid master subnet."
	unique     = ": Subnet with this Subnet and Organization already exists."
)

// planted are subnets by the names that rules use.
type planted struct {
	t *testing.T
	*ipam.IPAM
	by map[string]*ipam.Subnet
}

// plant stores "name network organization master", the last two by number and
// name or "-", and returns what it is refused with.
func (p *planted) plant(line string) string {
	f := strings.Fields(line)
	n := &ipam.Subnet{Name: f[0], Subnet: prefix(f[1])}
	if f[2] != "-" {
		n.OrganizationID = id(int(f[2][0] - '0'))
	}
	if f[3] != "-" {
		n.MasterSubnetID = p.by[f[3]].ID
	}
	err := p.Subnets.Create(context.Background(), n)
	if err == nil {
		p.by[f[0]] = n
	}
	return said(err)
}

// said is what a caller is told of an error.
func said(err error) string {
	var invalid *wispwright.ValidationError
	if errors.As(err, &invalid) {
		out := ""
		for _, f := range invalid.Fields {
			out += f.Path + ": " + strings.Join(f.Messages, " ")
		}
		return out
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// RunRules checks the rules of subnets (spec: ipam §1.2, §7) over a storage.
func RunRules(t *testing.T, h Harness) {
	ctx := context.Background()
	for name, steps := range map[string][][2]string{
		"an identical network": {
			{"a 10.0.0.0/24 1 -", ""}, {"b 10.0.0.0/24 1 -", unique}, {"c 10.0.0.0/24 2 -", ""},
			{"d 10.0.0.0/24 - -", elsewhere}, {"e 10.1.0.0/24 - -", ""}, {"f 10.1.0.0/24 - -", internally}, {"g 10.1.0.0/24 1 -", internally},
		},
		"overlaps": {
			{"a 10.0.0.0/16 1 -", ""}, {"b 10.0.1.0/24 1 -", "subnet: Subnet overlaps with 10.0.0.0/16."}, {"c 10.0.1.0/24 2 -", ""},
			{"d 10.0.0.0/16 2 -", "subnet: Subnet overlaps with 10.0.1.0/24."}, {"e 10.0.1.0/24 1 a", ""}, {"f 10.0.1.128/25 1 a", "subnet: Subnet overlaps with 10.0.1.0/24."},
			{"g 10.0.0.0/12 1 -", "subnet: Subnet overlaps with 10.0.0.0/16."}, {"h 10.0.2.0/24 1 a", ""}, {"i 10.0.1.0/25 1 e", ""}, {"j 10.0.1.0/26 1 i", ""},
			{"k 10.0.1.192/26 1 a", "subnet: Subnet overlaps with 10.0.1.0/24."}, {"l 10.0.3.0/24 - -", overlap},
		},
		"shared against owned": {
			{"a 10.0.0.0/16 - -", ""}, {"b 10.0.1.0/24 1 -", "subnet: Subnet overlaps with 10.0.0.0/16."}, {"c 10.0.1.0/24 1 a", ""},
			{"d 10.0.1.0/24 2 a", elsewhere}, {"e 10.0.1.0/25 2 a", overlap}, {"f 10.0.2.0/24 2 a", ""}, {"g 10.0.2.0/25 2 f", ""}, {"h 10.0.2.0/25 1 f", "master_subnet: " + mismatch},
			{"i 10.0.3.0/24 - a", ""}, {"j 10.0.3.0/25 1 i", ""},
		},
		"owned against shared": {
			{"a 10.0.0.0/24 1 -", ""}, {"b 10.0.0.0/16 - -", overlap}, {"c 10.0.0.0/25 - a", "master_subnet: " + mismatch},
		},
		"masters": {
			{"a 10.0.0.0/16 1 -", ""}, {"b 10.9.0.0/24 1 a", noMaster}, {"c fd00::/64 1 a", "master_subnet: IP version mismatch: Subnet fd00::/64 is IPv6, but Master Subnet 10.0.0.0/16 is IPv4."},
			{"d fd00::/64 1 -", ""}, {"e fd00::/80 1 d", ""}, {"f fd00::1/128 1 e", ""}, {"g 10.0.0.0/24 2 a", "master_subnet: " + mismatch},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &planted{t, New(t, h(t)), map[string]*ipam.Subnet{}}
			for _, step := range steps {
				require.Equal(t, step[1], p.plant(step[0]), step[0])
			}
		})
	}
	t.Run("changes", func(t *testing.T) { runChanges(t, h) })
	t.Run("deleting", func(t *testing.T) {
		p := grown(t, h)
		_, err := p.Addresses.Request(ctx, all(), p.by["inner"].ID, "x")
		require.NoError(t, err)
		require.NoError(t, p.Subnets.Delete(ctx, all(), p.by["root"].ID))
		left, err := p.Subnets.List(ctx, all(), ipam.SubnetFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, left.Rows, 1, "all that are nested in it")
		addresses, err := p.Addresses.List(ctx, all(), ipam.AddressFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Empty(t, addresses.Rows)
		require.ErrorIs(t, p.Subnets.Delete(ctx, wispwright.ScopeOf(id(2)), p.by["alone"].ID), wispwright.ErrNotFound)
	})
}

// grown is a tree: root 10.0.0.0/16, outer 10.0.0.0/20 in it, inner 10.0.1.0/24 in
// that, beside it 10.0.16.0/24; alone 10.9.0.0/24.
func grown(t *testing.T, h Harness) *planted {
	p := &planted{t, New(t, h(t)), map[string]*ipam.Subnet{}}
	for _, line := range []string{"root 10.0.0.0/16 1 -", "outer 10.0.0.0/20 1 root", "inner 10.0.1.0/24 1 outer", "beside 10.0.16.0/24 1 root", "alone 10.9.0.0/24 1 -"} {
		require.Empty(t, p.plant(line), line)
	}
	return p
}

// runChanges checks that what a change leads to keeps the rules.
func runChanges(t *testing.T, h Harness) {
	ctx := context.Background()
	for _, c := range []struct {
		of, want string
		change   func(p *planted, n *ipam.Subnet)
	}{
		{"root", "", func(_ *planted, n *ipam.Subnet) { n.Name = "renamed" }},
		{"root", noMaster, func(_ *planted, n *ipam.Subnet) { n.Subnet = prefix("10.0.0.0/21") }},
		{"root", "", func(_ *planted, n *ipam.Subnet) { n.Subnet = prefix("10.0.0.0/15") }},
		{"root", "subnet: Subnet overlaps with 10.9.0.0/24.", func(_ *planted, n *ipam.Subnet) { n.Subnet = prefix("10.0.0.0/8") }},
		{"root", noMaster, func(p *planted, n *ipam.Subnet) { n.MasterSubnetID = n.ID }},
		{"root", noMaster, func(p *planted, n *ipam.Subnet) { n.MasterSubnetID = p.by["inner"].ID }},
		{"root", "organization: " + mismatch, func(_ *planted, n *ipam.Subnet) { n.OrganizationID = id(2) }},
		{"root", "", func(_ *planted, n *ipam.Subnet) { n.OrganizationID = wispwright.ID{} }},
		{"outer", "subnet: Subnet overlaps with 10.0.0.0/16.", func(_ *planted, n *ipam.Subnet) { n.MasterSubnetID = wispwright.ID{} }},
		{"outer", noMaster, func(p *planted, n *ipam.Subnet) { n.Subnet = prefix("10.0.2.0/24") }},
		{"outer", "subnet: Subnet overlaps with 10.0.16.0/24.", func(p *planted, n *ipam.Subnet) { n.Subnet = prefix("10.0.0.0/17") }},
		{"outer", unique, func(p *planted, n *ipam.Subnet) { n.Subnet, n.MasterSubnetID = prefix("10.9.0.0/24"), wispwright.ID{} }},
		{"inner", "", func(p *planted, n *ipam.Subnet) { n.Subnet = prefix("10.0.2.0/23") }},
		{"inner", "master_subnet: Invalid pk \"" + id(77).String() + "\" - object does not exist.", func(p *planted, n *ipam.Subnet) { n.MasterSubnetID = id(77) }},
		{"alone", "", func(_ *planted, n *ipam.Subnet) { n.OrganizationID = id(2) }},
		{"alone", "subnet: The address 10.9.0.1 of this subnet would not belong to it any more.", func(_ *planted, n *ipam.Subnet) { n.Subnet = prefix("10.9.0.128/25") }},
		{"alone", "subnet: This field cannot be null.", func(_ *planted, n *ipam.Subnet) { n.Subnet = netip.Prefix{} }},
	} {
		p := grown(t, h)
		a, err := p.Addresses.Request(ctx, all(), p.by["alone"].ID, "")
		require.NoError(t, err)
		before, err := p.Subnets.Get(ctx, all(), p.by[c.of].ID)
		require.NoError(t, err)
		after, err := p.Subnets.Update(ctx, all(), before.ID, func(n *ipam.Subnet) error { c.change(p, n); return nil })
		require.Equal(t, c.want, said(err))
		now, err := p.Subnets.Get(ctx, all(), before.ID)
		require.NoError(t, err)
		if c.want != "" {
			require.Equal(t, before, now, "nothing was changed")
			continue
		}
		require.Equal(t, after, now)
		a, err = p.Addresses.Get(ctx, all(), a.ID)
		require.NoError(t, err)
		if c.of == "alone" {
			require.Equal(t, now.OrganizationID, a.OrganizationID, "addresses follow their subnet")
		}
		verify(t, p.IPAM)
	}
}

// verify counts everything anew and compares it with what subnets say of
// themselves.
func verify(t *testing.T, m *ipam.IPAM) {
	t.Helper()
	ctx := context.Background()
	subnets, err := m.Subnets.List(ctx, all(), ipam.SubnetFilter{}, wispwright.Page{})
	require.NoError(t, err)
	for _, n := range subnets.Rows {
		nested, err := m.Subnets.List(ctx, all(), ipam.SubnetFilter{MasterSubnetID: n.ID}, wispwright.Page{})
		require.NoError(t, err)
		require.EqualValues(t, len(nested.Rows), n.Nested, "%s: nested subnets", n)
		allotted := 0.0
		for _, d := range nested.Rows {
			allotted += 1 / float64(uint64(1)<<(d.Subnet.Bits()-n.Subnet.Bits()))
		}
		require.InDelta(t, allotted, n.Allotted, 1e-9, "%s: what is allotted", n)
		recorded, err := m.Addresses.List(ctx, all(), ipam.AddressFilter{SubnetID: n.ID}, wispwright.Page{})
		require.NoError(t, err)
		require.EqualValues(t, len(recorded.Rows), n.Used, "%s: used addresses", n)
		taken := map[netip.Addr]bool{}
		for _, a := range recorded.Rows {
			taken[a.IPAddress] = true
			require.Equal(t, n.OrganizationID, a.OrganizationID)
		}
		want := "none"
		hosts := ipam.HostRange(n.Subnet)
		for h := hosts.From(); h.IsValid() && !hosts.To().Less(h); h = h.Next() {
			if !taken[h] {
				want = h.String()
				break
			}
		}
		next, err := m.Addresses.Next(ctx, all(), n.ID)
		if errors.Is(err, ipam.ErrExhausted) {
			require.Equal(t, want, "none", "%s: next", n)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want, next.String(), "%s: next", n)
	}
}

// RunAccount checks that the account of a subnet is right whatever happens to its
// addresses.
func RunAccount(t *testing.T, h Harness) {
	ctx := context.Background()
	for _, network := range []string{"10.0.0.0/28", "10.0.0.0/30", "10.0.0.0/31", "10.0.0.1/32", "255.255.255.248/29", "fd00::/125", "fd00::/127", "fd00::1/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff8/125"} {
		t.Run(strings.ReplaceAll(network, "/", "|"), func(t *testing.T) {
			m := New(t, h(t))
			n := &ipam.Subnet{Name: "x", Subnet: prefix(network)}
			require.NoError(t, m.Subnets.Create(ctx, n))
			hosts := ipam.HostRange(n.Subnet)
			var ids []wispwright.ID
			for at := hosts.From(); at.IsValid() && !hosts.To().Less(at); at = at.Next() {
				a, err := m.Addresses.Request(ctx, all(), n.ID, "")
				require.NoError(t, err)
				require.Equal(t, at, a.IPAddress)
				ids = append(ids, a.ID)
				verify(t, m)
			}
			_, err := m.Addresses.Request(ctx, all(), n.ID, "")
			require.ErrorIs(t, err, ipam.ErrExhausted)
			verify(t, m)
			for _, i := range []int{len(ids) / 2, len(ids) - 1, 0} { // some are given back, the lowest comes first
				if len(ids) > 2 {
					require.NoError(t, m.Addresses.Delete(ctx, all(), ids[i]))
				}
			}
			verify(t, m)
			_, err = m.Addresses.DeleteAll(ctx, all(), ipam.AddressFilter{SubnetID: n.ID})
			require.NoError(t, err)
			verify(t, m)
			again, err := m.Addresses.Request(ctx, all(), n.ID, "")
			require.NoError(t, err)
			require.Equal(t, hosts.From(), again.IPAddress)
		})
	}
	t.Run("of all sorts", func(t *testing.T) {
		m := New(t, h(t))
		n, other := &ipam.Subnet{Name: "x", Subnet: prefix("10.0.0.0/27")}, &ipam.Subnet{Name: "y", Subnet: prefix("10.1.0.0/27")}
		require.NoError(t, m.Subnets.CreateMany(ctx, n, other))
		record := func(ip string) string {
			return said(m.Addresses.Create(ctx, &ipam.Address{SubnetID: n.ID, IPAddress: addr(ip)}))
		}
		for _, ip := range []string{"10.0.0.2", "10.0.0.31", "10.0.0.0", "10.0.0.30"} {
			require.Empty(t, record(ip), "network and broadcast addresses may be recorded")
			verify(t, m)
		}
		require.Equal(t, "ip_address: IP address already used.", record("10.0.0.2"))
		require.Equal(t, "ip_address: IP address does not belong to the subnet", record("10.0.0.32"))
		require.Equal(t, "ip_address: IP address does not belong to the subnet", record("fd00::1"))
		verify(t, m)
		some, err := m.Addresses.RequestMany(ctx, all(), n.ID, "a", "b", "c", "d", "e")
		require.NoError(t, err)
		require.Equal(t, "[10.0.0.1 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6]", ips(some))
		verify(t, m)
		require.NoError(t, m.Addresses.Delete(ctx, all(), some[1].ID))
		require.NoError(t, m.Addresses.Delete(ctx, all(), some[3].ID))
		verify(t, m)
		_, err = m.Addresses.Update(ctx, all(), some[0].ID, func(a *ipam.Address) error { a.IPAddress = addr("10.0.0.20"); return nil })
		require.NoError(t, err)
		verify(t, m)
		_, err = m.Addresses.Update(ctx, all(), some[0].ID, func(a *ipam.Address) error { a.IPAddress = addr("10.0.0.6"); return nil })
		require.Equal(t, "ip_address: IP address already used.", said(err))
		_, err = m.Addresses.Update(ctx, all(), some[0].ID, func(a *ipam.Address) error { a.SubnetID, a.IPAddress = other.ID, addr("10.1.0.1"); return nil })
		require.NoError(t, err)
		verify(t, m)
		_, err = m.Addresses.Update(ctx, all(), some[0].ID, func(a *ipam.Address) error { a.SubnetID, a.IPAddress = n.ID, addr("10.0.0.5"); return nil })
		require.NoError(t, err)
		verify(t, m)
		some, err = m.Addresses.RequestMany(ctx, all(), n.ID, "f", "g", "h")
		require.NoError(t, err)
		require.Equal(t, "[10.0.0.1 10.0.0.3 10.0.0.7]", ips(some))
		verify(t, m)
		require.NoError(t, m.Addresses.CreateMany(ctx, all(), n.ID, &ipam.Address{IPAddress: addr("10.0.0.9")}, &ipam.Address{IPAddress: addr("10.0.0.8")}))
		verify(t, m)
		require.Equal(t, "ip_address: IP address already used.", said(m.Addresses.CreateMany(ctx, all(), n.ID, &ipam.Address{IPAddress: addr("10.0.0.10")}, &ipam.Address{IPAddress: addr("10.0.0.8")})))
		verify(t, m)
		_, err = m.Addresses.RequestMany(ctx, all(), n.ID, make([]string, 40)...)
		require.ErrorIs(t, err, ipam.ErrExhausted)
		verify(t, m)
		_, err = m.Addresses.RequestMany(ctx, wispwright.ScopeOf(id(1)), n.ID, "x")
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	})
	t.Run("inside a caller's transaction", func(t *testing.T) {
		s := h(t)
		m := New(t, s)
		root := &ipam.Subnet{Name: "x", Subnet: prefix("10.0.0.0/16")}
		require.NoError(t, m.Subnets.Create(ctx, root))
		provision := func(ctx context.Context, fail bool) error {
			return s.Tx.InTx(ctx, func(ctx context.Context) error {
				n, err := m.Subnets.RequestSubnet(ctx, all(), root.ID, 28, ipam.Subnet{Name: "vpn", OrganizationID: id(1)})
				if err != nil {
					return err
				}
				if _, err := m.Addresses.RequestMany(ctx, all(), n.ID, "a", "b"); err != nil {
					return err
				}
				if fail {
					return errWanted
				}
				return nil
			})
		}
		require.ErrorIs(t, provision(ctx, true), errWanted)
		left, err := m.Subnets.List(ctx, all(), ipam.SubnetFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, left.Rows, 1, "nothing of what failed")
		verify(t, m)
		require.NoError(t, provision(ctx, false))
		require.NoError(t, provision(ctx, false))
		made, err := m.Subnets.List(ctx, wispwright.ScopeOf(id(1)), ipam.SubnetFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, "[vpn 10.0.0.0/28 vpn 10.0.0.16/28]", fmt.Sprint(made.Rows))
		verify(t, m)
	})
}

func ips(list []*ipam.Address) string {
	out := make([]netip.Addr, len(list))
	for i, a := range list {
		out[i] = a.IPAddress
	}
	return fmt.Sprint(out)
}
