package openwrt

import (
	"net"
	"strconv"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// addressBlock is what one interface section says about addresses.
type addressBlock struct {
	proto string
	// settings are a section without name and type.
	settings njc.Section
}

// addressBlocks sorts an interface's addresses into blocks (§8.5): all static
// ones are the first, every other one its own.
func addressBlocks(o *ordered.Object, typ string) ([]addressBlock, *njc.ValidationError) {
	addresses := value.Objects(o, "addresses")
	if typ == "wireguard" {
		return []addressBlock{wireguardBlock(addresses)}, nil
	}
	if len(addresses) == 0 {
		if typ == "wireless" {
			return nil, nil
		}
		return []addressBlock{{proto: "none"}}, nil
	}
	var (
		static     addressBlock
		others     []addressBlock
		ip4, ip6   []any
		host, mask string
	)
	for i, a := range addresses {
		proto, family := value.Str(a, "proto"), value.Str(a, "family")
		if proto != "static" {
			if family == "ipv6" && proto == "dhcp" {
				proto = "dhcpv6"
			}
			b := addressBlock{proto: proto}
			carry(&b, a)
			others = append(others, b)
			continue
		}
		bits, ok := value.Int(value.Of(a, "mask"))
		most := 32
		if family == "ipv6" {
			most = 128
		}
		if !ok || bits < 0 || bits > most {
			return nil, njc.Invalid("the mask must be a number of bits up to "+strconv.Itoa(most), "addresses", i, "mask")
		}
		static.proto = "static"
		prefixed := value.Str(a, "address") + "/" + strconv.Itoa(bits)
		if family == "ipv6" {
			ip6 = append(ip6, prefixed)
		} else {
			host, mask = value.Str(a, "address"), dotted(bits)
			ip4 = append(ip4, prefixed)
		}
		carry(&static, a)
	}
	ip4, ip6 = unique(ip4), unique(ip6)
	switch len(ip4) {
	case 0:
	case 1:
		static.settings.Set("ipaddr", host)
		static.settings.Set("netmask", mask)
	default:
		static.settings.Set("ipaddr", ip4)
	}
	switch len(ip6) {
	case 0:
	case 1:
		static.settings.Set("ip6addr", ip6[0])
	default:
		static.settings.Set("ip6addr", ip6)
	}
	if static.proto == "" {
		return others, nil
	}
	return append([]addressBlock{static}, others...), nil
}

// carry copies the settings of an address that have no meaning of their own.
func carry(b *addressBlock, a *ordered.Object) {
	for key, v := range a.All() {
		switch key {
		case "proto", "family", "address", "mask", "gateway":
		default:
			b.settings.Set(key, v)
		}
	}
}

// wireguardBlock lists the addresses of a WireGuard interface.
func wireguardBlock(addresses []*ordered.Object) addressBlock {
	var list []any
	for _, a := range addresses {
		text := value.Str(a, "address")
		if mask := memberText(a, "mask"); mask != "" {
			text += "/" + mask
		}
		list = append(list, text)
	}
	return addressBlock{proto: "wireguard", settings: njc.Section{Options: []njc.Option{{Key: "addresses", Value: list}}}}
}

// gateways puts the addresses' gateways on the interface.
func gateways(s *njc.Section, o *ordered.Object) {
	for _, a := range value.Objects(o, "addresses") {
		v := value.Of(a, "gateway")
		if value.Empty(v) {
			continue
		}
		if value.Str(a, "family") == "ipv6" {
			s.Set("ip6gw", v)
		} else {
			s.Set("gateway", v)
		}
	}
}

// dotted spells the netmask of a prefix length.
func dotted(bits int) string { return net.IP(net.CIDRMask(bits, 32)).String() }
