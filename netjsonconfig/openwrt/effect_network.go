package openwrt

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
)

// networkEffects works out what package network does. The older syntax, where
// interface sections describe bridges and devices, and the newer one with
// device sections come out alike.
func networkEffects(e *effects, p *njc.Package) {
	devices := map[string]*effect{}
	filtered := map[string]bool{}
	for _, s := range p.Sections {
		switch s.Type {
		case "bridge-vlan":
			filtered[s.Text("device")] = true
		case "device":
			x := newEffect(p.Name, s)
			name := x.text("name")
			delete(x.options, "name")
			x.key = "network.device." + name
			if name != "" && devices[name] == nil {
				devices[name] = x
			}
			x.pure = len(x.options) == 0
			e.add(x)
		}
	}
	for _, s := range p.Sections {
		x := newEffect(p.Name, s)
		switch {
		case s.Type == "device", s.Type == "", s.Type[0] == '#':
			continue
		case s.Type == "interface":
			x.logical(e, devices)
		case s.Type == "bridge-vlan":
			x.key = "network.bridge-vlan." + x.text("device") + "." + x.text("vlan")
			x.ports()
		case s.Type == "route" || s.Type == "route6":
			x.route()
		case s.Type == "switch":
			x.zero("reset", "enable_vlan")
			if x.text("name") == s.Name {
				delete(x.options, "name")
			}
		case s.Type == "switch_vlan":
			if x.text("vid") == x.text("vlan") {
				delete(x.options, "vid")
			}
		case strings.HasPrefix(s.Type, "wireguard_"):
			x.key = "network." + s.Type + "." + x.text("public_key")
		}
		e.add(x)
	}
	for name, x := range devices {
		x.device(name, filtered[name])
	}
}

// zero leaves out options that are off, as they are without being set.
func (x *effect) zero(keys ...string) {
	for _, key := range keys {
		if x.text(key) == "0" {
			delete(x.options, key)
		}
	}
}

// move hands an option to another effect, which remembers where it came from.
func (x *effect) move(key string, to *effect, as string) {
	v, ok := x.options[key]
	if !ok {
		return
	}
	if _, has := to.options[as]; has {
		return // a section of the device says it, too
	}
	delete(x.options, key)
	v.from = x.section
	to.options[as] = v
}

// logical is an interface section.
func (x *effect) logical(e *effects, devices map[string]*effect) {
	device := func(name string) *effect {
		d := devices[name]
		if d == nil {
			d = &effect{pkg: x.pkg, key: "network.device." + name, section: x.section, options: map[string]setting{}, pure: true}
			devices[name] = d
			e.add(d)
		}
		return d
	}
	if x.text("type") == "bridge" {
		name := "br-" + x.section.Name
		d := device(name)
		x.move("type", d, "type")
		x.move("ifname", d, "ports")
		for key := range x.options {
			if isBridging(key) {
				x.move(key, d, key)
			}
		}
		delete(x.options, "bridge_empty")
		x.options["device"] = setting{values: []string{name}}
	} else if _, ok := x.options["device"]; !ok {
		x.move("ifname", x, "device")
	}
	proto := x.text("proto")
	if proto == "" {
		proto = "none" // netifd's, which uses no address
		x.options["proto"] = setting{values: []string{proto}}
	}
	x.protocol(proto)
	if name := x.text("device"); name != "" && name[0] != '@' && !strings.Contains(name, " ") {
		switch proto {
		case "static", "dhcp", "dhcpv6", "none":
			for key := range x.options {
				if isL2(key) || key == "macaddr" {
					x.move(key, device(name), key)
				}
			}
		}
	}
	off := x.text("disabled") == "1" || x.text("disabled") == "" && x.text("enabled") == "0"
	if _, ok := x.options["disabled"]; !ok {
		x.move("enabled", x, "disabled")
	}
	delete(x.options, "enabled")
	if off {
		x.set("disabled", "1")
	} else {
		delete(x.options, "disabled")
	}
}

// protocol is what a protocol makes of an interface's options.
func (x *effect) protocol(proto string) {
	if proto != "dhcp" {
		x.prefixed("ipaddr", x.text("netmask"), 32)
		x.prefixed("ip6addr", "", 128)
	}
	switch proto {
	case "dhcp", "dhcpv6":
		if _, ok := x.options["netmask"]; ok {
			x.drop = map[string]string{"netmask": "the address comes from DHCP, with its mask"}
			delete(x.options, "netmask")
		}
	case "wireguard", "vxlan":
		x.prefixed("addresses", "", 32)
		for _, key := range []string{"device", "ifname"} {
			if _, ok := x.options[key]; ok {
				x.drop = map[string]string{key: "the protocol makes its own device"}
				delete(x.options, key)
			}
		}
	case "modemmanager":
		delete(x.options, "ifname") // the modem names the device
	}
}

// prefixed gives addresses the length of their prefix, and takes the mask that
// says it away.
func (x *effect) prefixed(key, mask string, otherwise int) {
	words := x.options[key].words()
	if words == nil {
		return
	}
	bits := otherwise
	if n, err := maskLength(mask); err == nil {
		bits = n
	}
	for i, w := range words {
		host, length, ok := strings.Cut(w, "/")
		addr, err := netip.ParseAddr(host)
		if err != nil {
			return
		}
		n := bits
		switch {
		case ok:
			if n, err = prefixLength(length, addr); err != nil {
				return
			}
		case addr.Is6():
			n = 128
		}
		words[i] = host + "/" + strconv.Itoa(n)
	}
	x.setWords(key, words)
	if key == "ipaddr" {
		delete(x.options, "netmask")
	}
}

// device is a device, of a section or described by interfaces.
func (x *effect) device(name string, filtered bool) {
	switch x.text("type") {
	case "bridge":
		if _, ok := x.options["ports"]; !ok {
			x.move("ifname", x, "ports")
		}
		if words := x.options["ports"].words(); words != nil {
			x.setWords("ports", words)
		}
		delete(x.options, "bridge_empty")
		if filtered && x.text("vlan_filtering") == "1" {
			delete(x.options, "vlan_filtering")
		}
	case "8021q", "8021ad":
		if base, vid, ok := cutLast(name, "."); ok {
			if x.text("ifname") == "" {
				x.set("ifname", base)
			}
			if x.text("vid") == "" {
				x.set("vid", vid)
			}
		}
	}
}

func cutLast(text, by string) (before, after string, ok bool) {
	if i := strings.LastIndex(text, by); i >= 0 {
		return text[:i], text[i+len(by):], true
	}
	return text, "", false
}

// ports spells the ports of a VLAN the shortest way: "lan1", "lan2:t*".
func (x *effect) ports() {
	words := x.options["ports"].words()
	for i, w := range words {
		name, flags, _ := strings.Cut(w, ":")
		b := []byte(strings.ReplaceAll(flags, "u", ""))
		slices.Sort(b)
		slices.Reverse(b)
		words[i] = strings.TrimSuffix(name+":"+string(b), ":")
	}
	if words != nil {
		x.setWords("ports", words)
	}
}

// route spells the target with its prefix.
func (x *effect) route() {
	target := x.text("target")
	if target == "" {
		return
	}
	host, length, ok := strings.Cut(target, "/")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return
	}
	bits := addr.BitLen()
	if ok {
		if bits, err = prefixLength(length, addr); err != nil {
			return
		}
	} else if n, err := maskLength(x.text("netmask")); err == nil && addr.Is4() {
		bits = n
	}
	if prefix, err := addr.Prefix(bits); err == nil {
		x.set("target", prefix.String())
		delete(x.options, "netmask")
	}
}
