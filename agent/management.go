package agent

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Addresses returns the addresses of a Linux interface; none when it does not
// exist.
type Addresses func(iface string) []netip.Addr

// KernelAddresses asks the kernel.
func KernelAddresses(iface string) []netip.Addr {
	i, err := net.InterfaceByName(iface)
	if err != nil {
		return nil // an interface that is not there yet
	}
	all, err := i.Addrs()
	if err != nil {
		return nil // it has just gone
	}
	var out []netip.Addr
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			out = append(out, p.Addr().Unmap())
		}
	}
	return out
}

// managementAddress returns the address of a network by its UCI or Linux name
// (§6.7, §10): the first IPv4 address, else the first IPv6 address that other
// machines can use. It returns "" when there is none.
func managementAddress(t *Tree, name string, addresses Addresses) string {
	for _, iface := range managementInterfaces(t, name) {
		var v6 netip.Addr
		for _, a := range addresses(iface) {
			switch {
			case a.Is4():
				return a.String()
			case !v6.IsValid() && !a.IsLinkLocalUnicast():
				v6 = a
			}
		}
		if v6.IsValid() {
			return v6.WithZone("").String()
		}
	}
	return ""
}

// managementInterfaces returns the Linux interfaces a network may be on, the
// most likely one first.
func managementInterfaces(t *Tree, name string) []string {
	var names []string
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	p := readPackage(t, "network")
	if p == nil {
		return []string{name}
	}
	network := name
	for range 8 { // an alias may name another one, and even itself
		s := p.Section(network)
		if s == nil {
			break
		}
		if s.Get("type") == "bridge" {
			add("br-" + network)
			break
		}
		// interfaces made by a protocol have its name before their own, whatever
		// they are made on: "pppoe-wan", "6in4-wan"
		if proto := s.Get("proto"); proto != "" {
			add(proto + "-" + network)
		}
		under := cmp.Or(firstWord(s.Get("device")), firstWord(s.Get("ifname")))
		other, alias := strings.CutPrefix(under, "@")
		add(other)
		if !alias {
			break
		}
		network = other
	}
	add(name)
	return names
}

func firstWord(s string) string {
	if words := strings.Fields(s); len(words) > 0 {
		return words[0]
	}
	return ""
}
