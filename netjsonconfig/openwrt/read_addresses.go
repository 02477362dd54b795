package openwrt

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// addresses undoes addressBlocks: DHCP first, then IPv4, then IPv6 (§9).
func (w *interfaceReader) addresses(o *ordered.Object, proto string) {
	switch proto {
	case "wireguard":
		return
	case "dhcp", "dhcpv6":
		// An address left over is the one to ask the server for, and no second
		// interface; the mask comes from the server.
		family := "ipv4"
		if proto == "dhcpv6" {
			family = "ipv6"
		}
		o.Set("addresses", []any{pair("proto", "dhcp", "family", family)})
		o.Delete("netmask")
		return
	case "none":
		return // what is left over has no effect
	}
	var list []any
	gateway, gateway6 := takeText(o, "gateway"), takeText(o, "ip6gw")
	netmask := takeText(o, "netmask")
	bits := 32
	if n, err := maskLength(netmask); err == nil {
		bits = n // of every address that has no prefix of its own
	}
	for _, text := range unique(words(take(o, "ipaddr"))) {
		list = appendAddress(list, value.Text(text), "ipv4", bits, &gateway)
	}
	for _, text := range unique(words(take(o, "ip6addr"))) {
		list = appendAddress(list, value.Text(text), "ipv6", 128, &gateway6)
	}
	if gateway != "" {
		o.Set("gateway", gateway)
	}
	if gateway6 != "" {
		o.Set("ip6gw", gateway6)
	}
	if len(list) > 0 {
		o.Set("addresses", list)
	}
}

// unique leaves out what comes again.
func unique(list []any) []any {
	if len(list) < 2 {
		return list
	}
	known := make(map[any]bool, len(list))
	return slices.DeleteFunc(list, func(v any) bool {
		again := known[v]
		known[v] = true
		return again
	})
}

// appendAddress appends a static address. The gateway moves to it when the
// address's network holds it.
func appendAddress(list []any, text, family string, bits int, gateway *string) []any {
	host, length, ok := strings.Cut(text, "/")
	if host == "" {
		return list
	}
	addr, err := netip.ParseAddr(host)
	if ok && err == nil {
		if n, err := prefixLength(length, addr); err == nil {
			bits = n
		}
	}
	a := pair("address", host, "mask", ordered.Number(strconv.Itoa(bits)))
	a.Set("proto", "static")
	a.Set("family", family)
	if *gateway != "" && err == nil {
		via, gerr := netip.ParseAddr(*gateway)
		network, perr := addr.Prefix(bits)
		if gerr == nil && perr == nil && network.Contains(via) {
			a.Set("gateway", *gateway)
			*gateway = ""
		}
	}
	return append(list, a)
}

// wireguardAddresses splits the addresses of a WireGuard interface.
func wireguardAddresses(o *ordered.Object) {
	v := take(o, "addresses")
	if v == nil {
		return
	}
	var list []any
	for _, text := range words(v) {
		host, length, ok := strings.Cut(value.Text(text), "/")
		a := pair("proto", "static", "family", "ipv4")
		if strings.Contains(host, ":") {
			a.Set("family", "ipv6")
		}
		a.Set("address", host)
		switch {
		case ok:
			a.Set("mask", toInt(length))
		case strings.Contains(host, ":"):
			a.Set("mask", ordered.Number("128"))
		default:
			a.Set("mask", ordered.Number("32"))
		}
		list = append(list, a)
	}
	if len(list) > 0 {
		o.Set("addresses", list)
	}
}

// pair is an object of two members.
func pair(key1 string, value1 any, key2 string, value2 any) *ordered.Object {
	o := new(ordered.Object)
	o.Set(key1, value1)
	o.Set(key2, value2)
	return o
}
