package ipam

import (
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"strconv"
	"strings"

	"go4.org/netipx"
)

// ParseNetwork reads a network and masks the bits of hosts off. It takes a
// length, a netmask or a host mask behind the slash, and an address without any
// of them as the network of that address alone (spec: ipam §1.1).
func ParseNetwork(text string) (netip.Prefix, error) {
	address, length, sliced := strings.Cut(text, "/")
	a, err := netip.ParseAddr(address)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, noNetwork(text)
	}
	bits := a.BitLen()
	if sliced {
		if bits, err = networkLength(a, length); err != nil {
			return netip.Prefix{}, noNetwork(text)
		}
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}, noNetwork(text)
	}
	return p, nil
}

func noNetwork(text string) error {
	return fmt.Errorf("'%s' does not appear to be an IPv4 or IPv6 network", text)
}

// networkLength reads what stands behind the slash.
func networkLength(a netip.Addr, text string) (int, error) {
	if text != "" && strings.Trim(text, "0123456789") == "" && len(text) <= 4 {
		return strconv.Atoi(text)
	}
	mask, err := netip.ParseAddr(text)
	if err != nil || !a.Is4() || !mask.Is4() {
		return 0, strconv.ErrSyntax
	}
	m := mask.As4()
	value := uint32(m[0])<<24 | uint32(m[1])<<16 | uint32(m[2])<<8 | uint32(m[3])
	for _, v := range []uint32{value, ^value} { // a netmask, or else a host mask
		for bits := 0; bits <= 32; bits++ {
			if v == uint32(uint64(math.MaxUint32)<<(32-bits)) {
				return bits, nil
			}
		}
	}
	return 0, strconv.ErrSyntax
}

// ParseAddress reads an address of a host.
func ParseAddress(text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("'%s' does not appear to be an IPv4 or IPv6 address", text)
	}
	return a, nil
}

// HostRange are the addresses of a network that hosts are given: without network
// and broadcast address in IPv4 up to /30, without the first one in IPv6 up to
// /126, and all of smaller networks (spec: ipam §1.4).
func HostRange(p netip.Prefix) netipx.IPRange {
	whole := netipx.RangeOfPrefix(p)
	first, last := whole.From(), whole.To()
	if p.Addr().BitLen()-p.Bits() >= 2 {
		first = first.Next()
		if p.Addr().Is4() {
			last = last.Prev()
		}
	}
	return netipx.IPRangeFrom(first, last)
}

// HostCount is how many addresses HostRange has.
func HostCount(p netip.Prefix) *big.Int {
	free := p.Addr().BitLen() - p.Bits()
	n := new(big.Int).Lsh(big.NewInt(1), uint(free))
	switch {
	case free < 2:
		return n
	case p.Addr().Is4():
		return n.Sub(n, big.NewInt(2))
	}
	return n.Sub(n, big.NewInt(1))
}

// share is how much of a network's hosts a number of addresses is, from 0 to 1.
func share(used int64, p netip.Prefix) float64 {
	hosts, _ := new(big.Float).SetInt(HostCount(p)).Float64()
	return math.Min(1, float64(used)/hosts)
}

// part is how much of a network one inside it takes.
func part(inner, outer netip.Prefix) float64 { return math.Ldexp(1, outer.Bits()-inner.Bits()) }

// within reports whether a network lies in another one or equals it.
func within(inner, outer netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// Supernets are the networks that contain one, from the largest to the network
// itself: few enough to be looked for one by one.
func Supernets(p netip.Prefix) []netip.Prefix {
	out := make([]netip.Prefix, 0, p.Bits()+1)
	for bits := 0; bits <= p.Bits(); bits++ {
		out = append(out, netip.PrefixFrom(p.Addr(), bits).Masked())
	}
	return out
}

// Step is the address n behind a, or n before it when n is negative. It is not
// ok when there is none.
func Step(a netip.Addr, n int64) (netip.Addr, bool) {
	value := new(big.Int).SetBytes(a.AsSlice())
	value.Add(value, big.NewInt(n))
	if value.Sign() < 0 || value.BitLen() > a.BitLen() {
		return netip.Addr{}, false
	}
	out, ok := netip.AddrFromSlice(value.FillBytes(make([]byte, a.BitLen()/8)))
	return out, ok
}
