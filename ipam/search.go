package ipam

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
)

// SearchedNetwork reads what people type to find an address or a network: one of
// them as a whole, or the beginning of an address up to a dot or a colon, such as
// "10.0." or "fd00:12:", which stands for the network of all that begin with it.
// It is not ok for any other text.
func SearchedNetwork(text string) (netip.Prefix, bool) {
	text = strings.TrimSpace(text)
	if p, err := ParseNetwork(text); err == nil {
		return p, true
	}
	if parts := strings.Split(strings.TrimSuffix(text, "."), "."); strings.Contains(text, ".") && len(parts) < 4 {
		a := [4]byte{}
		for i, part := range parts {
			n, err := strconv.ParseUint(part, 10, 8)
			if err != nil {
				return netip.Prefix{}, false
			}
			a[i] = byte(n)
		}
		return netip.PrefixFrom(netip.AddrFrom4(a), 8*len(parts)), true
	}
	groups, colon := strings.CutSuffix(text, ":")
	groups = strings.TrimSuffix(groups, ":")
	if !colon || groups == "" || strings.Contains(groups, "::") || strings.Count(groups, ":") > 6 {
		return netip.Prefix{}, false
	}
	a, err := netip.ParseAddr(groups + "::")
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, 16*(strings.Count(groups, ":")+1)), true
}

// SearchSubnets makes a filter find what people type: the subnets that contain an
// address or a network, those that begin like a part of an address, or else those
// whose name or description has the text.
func SearchSubnets(f *SubnetFilter, text string) {
	p, ok := SearchedNetwork(text)
	switch {
	case !ok:
		f.Search = text
	case strings.HasSuffix(strings.TrimSpace(text), ".") || strings.HasSuffix(strings.TrimSpace(text), ":") || strings.Count(text, ".") < 3 && !strings.Contains(text, ":"):
		f.SubnetWithin = p
	default:
		f.Subnets = wispwright.Only(Supernets(p)...)
	}
}

// SearchAddresses makes a filter find what people type: an address, those of a
// network or that begin like a part of an address, or else those whose description
// has the text.
func SearchAddresses(f *AddressFilter, text string) {
	if p, ok := SearchedNetwork(text); ok {
		f.IPAddressWithin = p
		return
	}
	f.Search = text
}
