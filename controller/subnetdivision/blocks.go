package subnetdivision

import (
	"context"
	"fmt"
	"math/big"
	"net/netip"

	"go4.org/netipx"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
)

// blocks are the free blocks of a subnet, of one size and aligned to it, in the order in
// which devices get them: those behind the highest network, and before them, where that is
// wanted, those that were given back.
type blocks struct {
	size  int
	until netip.Addr
	// from is the first one behind the highest network; not there where ok is false
	from netip.Prefix
	ok   bool
	// gaps are ranges before it that no network has
	gaps []netipx.IPRange
}

// next takes the next block; not ok where there is none.
func (b *blocks) next() (netip.Prefix, bool) {
	for len(b.gaps) > 0 {
		block, ok := aligned(b.gaps[0].From(), b.size)
		if ok && block.Addr().Compare(b.gaps[0].To()) <= 0 && netipx.PrefixLastIP(block).Compare(b.gaps[0].To()) <= 0 {
			if after := netipx.PrefixLastIP(block).Next(); after.IsValid() && after.Compare(b.gaps[0].To()) <= 0 {
				b.gaps[0] = netipx.IPRangeFrom(after, b.gaps[0].To())
			} else {
				b.gaps = b.gaps[1:]
			}
			return block, true
		}
		b.gaps = b.gaps[1:]
	}
	if !b.ok || b.from.Addr().Compare(b.until) > 0 {
		return netip.Prefix{}, false
	}
	block := b.from
	b.from, b.ok = following(block, b.size)
	return block, true
}

// room is how many blocks there are.
func (b *blocks) room() *big.Int {
	out := new(big.Int)
	if b.ok && b.from.Addr().Compare(b.until) <= 0 {
		out = count(b.from.Addr(), b.until, b.size)
	}
	for _, gap := range b.gaps {
		if block, ok := aligned(gap.From(), b.size); ok && block.Addr().Compare(gap.To()) <= 0 {
			out.Add(out, count(block.Addr(), gap.To(), b.size))
		}
	}
	return out
}

// count is how many blocks of a size lie between an address that one begins with and
// another.
func count(from, to netip.Addr, size int) *big.Int {
	number := func(a netip.Addr) *big.Int { return new(big.Int).SetBytes(a.AsSlice()) }
	n := new(big.Int).Sub(number(to), number(from))
	n.Add(n, big.NewInt(1))
	return n.Rsh(n, uint(from.BitLen()-size)) //nolint:gosec // a prefix is never longer than its address
}

// aligned is the first block of a size that begins at an address or behind it.
func aligned(at netip.Addr, size int) (netip.Prefix, bool) {
	block := netip.PrefixFrom(at, size).Masked()
	if block.Addr() == at {
		return block, true
	}
	if at = netipx.PrefixLastIP(block).Next(); !at.IsValid() {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(at, size), true
}

// following is the first block of a size that begins behind a network; not ok at the end
// of all addresses.
func following(p netip.Prefix, size int) (netip.Prefix, bool) {
	at := netipx.PrefixLastIP(p).Next()
	if !at.IsValid() {
		return netip.Prefix{}, false
	}
	return aligned(at, size)
}

// free returns the blocks that a rule may give. Without a network in the subnet the first
// block is left out, which is reserved.
func (c *core) free(ctx context.Context, r *Rule, master *ipam.Subnet) (*blocks, error) {
	highest, err := c.highest(ctx, master)
	if err != nil {
		return nil, err
	}
	b := &blocks{size: int(r.Size), until: netipx.PrefixLastIP(master.Subnet)}
	if highest == nil {
		b.from, b.ok = following(reserved(r, master), b.size)
		return b, nil
	}
	b.from, b.ok = following(highest.Subnet, b.size)
	if !c.Reuse {
		return b, nil
	}
	children, err := c.ipam.Subnets.List(ctx, wispwright.ScopeAll(), ipam.SubnetFilter{MasterSubnetID: master.ID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("networks of %s: %w", master.Subnet, err)
	}
	var set netipx.IPSetBuilder
	set.AddRange(netipx.IPRangeFrom(master.Subnet.Addr(), netipx.PrefixLastIP(highest.Subnet)))
	for _, n := range children.Rows {
		set.RemovePrefix(n.Subnet)
	}
	// addresses of the subnet's own are somebody's too
	taken, err := c.ipam.Addresses.List(ctx, wispwright.ScopeAll(), ipam.AddressFilter{SubnetID: master.ID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("addresses of %s: %w", master.Subnet, err)
	}
	for _, a := range taken.Rows {
		set.Remove(a.IPAddress)
	}
	gaps, err := set.IPSet()
	if err != nil {
		return nil, fmt.Errorf("gaps of %s: %w", master.Subnet, err)
	}
	b.gaps = gaps.Ranges()
	return b, nil
}
