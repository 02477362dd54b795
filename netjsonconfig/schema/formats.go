package schema

import (
	"net/netip"
	"strconv"
	"strings"
)

// DefaultFormats returns the formats that are checked unless Options says
// otherwise (spec: netjsonconfig §5): hostname, ipv4, ipv6 and cidr.
func DefaultFormats() map[string]func(text string) bool {
	return map[string]func(string) bool{
		"hostname": IsHostname,
		"ipv4":     IsIPv4,
		"ipv6":     IsIPv6,
		"cidr":     IsCIDR,
	}
}

// IsHostname reports whether a text is a host name: a letter or digit, then 1
// to 255 letters, digits, dots and hyphens, no label longer than 63.
func IsHostname(text string) bool {
	if len(text) < 2 || len(text) > 256 || text[0] == '.' || text[0] == '-' {
		return false
	}
	label := 0
	for _, c := range []byte(text) {
		switch {
		case c == '.':
			label = 0
			continue
		case c == '-', c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		default:
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return true
}

// IsIPv4 reports whether a text is an IPv4 address without prefix.
func IsIPv4(text string) bool {
	if !addressLike(text) {
		return false
	}
	a, err := netip.ParseAddr(text)
	return err == nil && a.Is4()
}

// IsIPv6 reports whether a text is an IPv6 address without prefix and zone.
func IsIPv6(text string) bool {
	if !addressLike(text) {
		return false
	}
	a, err := netip.ParseAddr(text)
	return err == nil && a.Is6() && a.Zone() == ""
}

// addressLike refuses at once what cannot be an address, so that no error is
// built for it.
func addressLike(text string) bool {
	if len(text) < 2 || len(text) > 45 {
		return false
	}
	for _, c := range []byte(text) {
		if c != '.' && c != ':' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// IsCIDR reports whether a text is a network whose host bits are zero, with a
// prefix length or, for IPv4, a netmask. An address alone is one, too.
func IsCIDR(text string) bool {
	address, prefix, hasPrefix := strings.Cut(text, "/")
	if !IsIPv4(address) && !IsIPv6(address) {
		return false
	}
	if !hasPrefix {
		return true
	}
	a := netip.MustParseAddr(address)
	bits, ok := prefixBits(a, prefix)
	if !ok {
		return false
	}
	p, err := a.Prefix(bits)
	return err == nil && p.Addr() == a
}

// prefixBits reads a prefix length, or the netmask of an IPv4 network.
func prefixBits(a netip.Addr, prefix string) (int, bool) {
	if a.Is4() && IsIPv4(prefix) {
		mask := netip.MustParseAddr(prefix).As4()
		bits, ended := 0, false
		for _, b := range mask {
			for i := 7; i >= 0; i-- {
				switch one := b>>i&1 == 1; {
				case one && ended:
					return 0, false
				case one:
					bits++
				default:
					ended = true
				}
			}
		}
		return bits, true
	}
	if prefix == "" || len(prefix) > 3 || prefix[0] < '0' || prefix[0] > '9' {
		return 0, false
	}
	bits, err := strconv.Atoi(prefix)
	return bits, err == nil && bits <= a.BitLen()
}
