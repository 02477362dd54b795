package openwrt

import (
	"strconv"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// interfaceWriter writes the interface, device and bridge-vlan sections of
// package network (§8.5).
type interfaceWriter struct {
	dsa bool
	// former names the device of a VXLAN too, as OpenWISP 24.11 does; nothing reads
	// it, and LuCI asks to convert the whole file because of it.
	former bool
	// dnsServers and dnsSearch are the document's lists, joined by a space.
	dnsServers, dnsSearch string
	// generated are the devices that VLAN filtering makes: "br-lan.20".
	generated map[string]bool
	sections  []*njc.Section
	// weak are generated sections, which never overrule a written one.
	weak map[*njc.Section]bool
}

func interfaces(f *njc.Forward) error { return writeInterfaces(f, false) }

func writeInterfaces(f *njc.Forward, former bool) error {
	list := value.Objects(f.Config, "interfaces")
	if len(list) == 0 {
		return nil
	}
	w := interfaceWriter{
		dsa:        f.DSA,
		former:     former,
		dnsServers: joined(value.List(f.Config, "dns_servers")),
		dnsSearch:  joined(value.List(f.Config, "dns_search")),
		sections:   make([]*njc.Section, 0, 2*len(list)),
	}
	if w.dsa {
		for _, o := range list {
			if !isBridge(o) {
				continue
			}
			for _, v := range value.Objects(o, "vlan_filtering") {
				if w.generated == nil {
					w.generated = map[string]bool{}
				}
				w.generated[bridgeDevice(value.Str(o, "name"))+"."+memberText(v, "vlan")] = true
			}
		}
	}
	for i, o := range list {
		name := orDefault(value.Str(o, "network"), value.Str(o, "name"))
		note(f, logical, name, san(name))
		if err := w.add(o); err != nil {
			err.Pointer = "/interfaces/" + strconv.Itoa(i) + err.Pointer
			return err
		}
	}
	f.Native.Add("network", w.unite()...)
	return nil
}

func joined(list []any) string {
	texts := make([]string, 0, len(list))
	for _, v := range list {
		texts = append(texts, value.Text(v))
	}
	return strings.Join(texts, " ")
}

func memberText(o *ordered.Object, key string) string {
	return value.Text(value.Of(o, key))
}

// iface is one NetJSON interface on its way to UCI.
type iface struct {
	object *ordered.Object
	typ    string
	// name is the device's name, network the author's logical name.
	name, network string
	// logical is the name of the first interface section, suffixed the stem of
	// the following ones.
	logical, suffixed string
	proto             string
	modern            bool // device sections instead of options
	overrides         bool // takes the place of a device VLAN filtering makes
	bridge, vlan      bool
}

// add writes all sections of one interface.
func (w *interfaceWriter) add(o *ordered.Object) *njc.ValidationError {
	i := &iface{
		object: o, typ: value.Str(o, "type"), name: value.Str(o, "name"),
		network: value.Str(o, "network"), proto: value.Str(o, "proto"),
	}
	i.bridge = isBridge(o)
	i.vlan = i.typ == "8021q" || i.typ == "8021ad"
	i.logical = san(orDefault(i.network, i.name))
	i.suffixed = i.logical
	i.overrides = w.generated[i.name] && !i.vlan && !i.bridge
	i.modern = w.dsa && i.proto != "ppp" && !i.overrides && (i.bridge || i.vlan ||
		i.typ == "ethernet" || i.typ == "loopback" || i.typ == "wireless")
	device := i.name
	if i.vlan {
		vid := memberText(o, "vid")
		device += "." + vid
		if i.network == "" {
			i.logical = "vlan_" + i.logical + "_" + san(vid)
		}
	} else if i.bridge && i.modern {
		device = bridgeDevice(i.name)
	}
	blocks, err := addressBlocks(o, i.typ)
	if err != nil {
		return err
	}
	base := section("interface", "", o.Len()+6)
	w.translate(base, i, device)
	gateways(base, o)
	if i.modern {
		if d := i.device(device); d != nil {
			w.sections = append(w.sections, d)
		}
		w.filtering(i, device)
	}
	for n := range blocks {
		w.sections = append(w.sections, w.interfaceSection(base, i, &blocks[n], n, n == len(blocks)-1))
	}
	return nil
}

// translate copies and renames the interface's own settings.
func (w *interfaceWriter) translate(base *njc.Section, i *iface, device string) {
	for key, v := range i.object.All() {
		switch key {
		case "wireless", "addresses", "network", "type", "name", "proto":
			continue
		case "bridge_members", "vlan_filtering":
			if i.bridge {
				continue
			}
		case "mac":
			if i.typ == "wireless" {
				continue
			}
			key = "macaddr"
		case "autostart":
			key = "auto"
		case "disabled":
			if b, ok := v.(bool); ok {
				key, v = "enabled", !b
				if b {
					base.Set("disabled", true) // netifd reads this one, other programs the other
				}
			}
		}
		switch {
		case i.modern && belongsToDevice(key, i):
			continue
		case i.overrides && (isL2(key) || key == "macaddr" || key == "mtu"):
			continue
		}
		switch i.typ {
		case "modem-manager":
			if key == "pin" {
				key = "pincode"
			}
		case "wireguard":
			if key == "port" {
				key = "listen_port"
			}
		case "vxlan":
			switch key {
			case "vtep":
				key = "peeraddr"
			case "vni":
				key = "vid"
			}
		}
		base.Set(key, v)
	}
	w.onDevice(base, i, device)
}

// onDevice names the device an interface is on, as its syntax and type have it.
func (w *interfaceWriter) onDevice(base *njc.Section, i *iface, device string) {
	given, hasDevice := i.object.Get("device")
	own := value.Text(given)
	switch {
	case i.typ == "wireguard", i.typ == "vxlan" && !w.former: // the protocol makes the device
	case i.modern || i.overrides:
		if !hasDevice {
			put(base, "device", device)
		}
	case i.typ != "modem-manager" && hasDevice && (own == "" || w.dsa && own == i.name):
		// It has no device of its own, or says it in the newer way.
	default:
		base.Set("ifname", i.name)
		if i.vlan {
			base.Set("name", device)
		}
	}
}

// interfaceSection writes the section of the n-th address block. The last one
// takes the shared settings for itself, the others copy them.
func (w *interfaceWriter) interfaceSection(base *njc.Section, i *iface, block *addressBlock, n int, last bool) *njc.Section {
	s := base
	if !last {
		s = section("interface", "", len(base.Options)+len(block.settings.Options)+6)
		s.Options = append(s.Options, base.Options...)
	}
	s.Name = i.logical
	if n > 0 {
		s.Name = i.suffixed + "_" + strconv.Itoa(n+1)
		if i.bridge {
			s.Delete("gateway")
		}
	}
	for _, o := range block.settings.Options {
		s.Set(o.Key, o.Value)
	}
	if i.bridge && !i.modern {
		legacyBridge(s, i, n == 0)
	}
	proto := i.proto
	if proto == "" {
		switch i.typ {
		case "modem-manager":
			proto = "modemmanager"
		case "wireguard", "vxlan":
			proto = i.typ
		default:
			proto = block.proto
		}
	}
	s.Set("proto", proto)
	if v, ok := s.Get("dns"); !ok || v == nil {
		if w.dnsServers != "" && block.proto != "dhcp" && block.proto != "dhcpv6" && block.proto != "none" {
			s.Set("dns", w.dnsServers)
		}
	}
	if v, ok := s.Get("dns_search"); !ok || v == nil {
		if w.dnsSearch != "" && block.proto != "none" {
			s.Set("dns_search", w.dnsSearch)
		}
	}
	return s
}

// unite merges interface sections of one name, which UCI would take for one
// anyway (§8.5): the later one wins, but never a generated one.
func (w *interfaceWriter) unite() []*njc.Section {
	type id struct{ typ, name string }
	at := make(map[id]int, len(w.sections))
	out := w.sections[:0]
	for _, s := range w.sections {
		key := id{s.Type, s.Name}
		i, ok := at[key]
		switch {
		case !ok:
			at[key] = len(out)
			out = append(out, s)
		case w.weak[s]:
			continue
		default:
			out[i].Merge(s)
			delete(w.weak, out[i])
		}
	}
	return out
}
