package openwrt

import (
	"maps"
	"slices"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// interfaceReader undoes interfaces (§9).
type interfaceReader struct {
	r *njc.Reverse
	// devices are the device sections by the name of the device, but for those of
	// which there are several: which of them counts is not the reader's to say.
	// vlans are the bridge-vlan sections by the name of the bridge.
	devices map[string]*njc.Section
	vlans   map[string][]*njc.Section
	// bridges are the bridges of the devices VLAN filtering makes.
	bridges map[string]string
	// names are those of the interface sections.
	names map[string]bool
	used  map[*njc.Section]bool
	// taken are the name servers and search domains of the interfaces, by option.
	taken map[string][]takenText
}

func readInterfaces(r *njc.Reverse) error {
	w := interfaceReader{
		r: r, devices: map[string]*njc.Section{}, vlans: map[string][]*njc.Section{},
		bridges: map[string]string{}, names: map[string]bool{}, used: map[*njc.Section]bool{},
		taken: map[string][]takenText{},
	}
	for _, s := range r.Sections {
		switch s.Type {
		case "device":
			name := deviceName(s)
			if _, twice := w.devices[name]; twice || name == "" {
				s = nil
			}
			w.devices[name] = s
		case "bridge-vlan":
			bridge := s.Text("device")
			w.vlans[bridge] = append(w.vlans[bridge], s)
			w.bridges[bridge+"."+s.Text("vlan")] = bridge
		case "interface":
			w.names[s.Name] = true
		}
	}
	// Interfaces on the VLANs of a bridge, or named as if they were, are written
	// before the bridge itself and follow it in NetJSON.
	waiting := map[string][]*njc.Section{}
	for _, s := range r.Sections {
		if s.Type != "interface" {
			continue
		}
		device := s.Text("device")
		bridge, vlan := w.bridges[device]
		switch {
		case !vlan && len(w.vlans[device]) > 0 && !w.used[w.devices[device]] && !w.filtering(s.Name, device):
			waiting[device] = append(waiting[device], s)
		case !vlan:
			appendTo(r.Config, "interfaces", w.read(s))
			for _, on := range waiting[s.Text("device")] {
				appendTo(r.Config, "interfaces", w.read(on))
			}
			delete(waiting, s.Text("device"))
		case s.Text("proto") == "none" && len(s.Options) == 2:
			// It only says that the VLAN is there.
		default:
			waiting[bridge] = append(waiting[bridge], s)
		}
	}
	for _, bridge := range slices.Sorted(maps.Keys(waiting)) {
		for _, on := range waiting[bridge] {
			appendTo(r.Config, "interfaces", w.read(on))
		}
	}
	w.nameServers("dns", "dns_servers")
	w.nameServers("dns_search", "dns_search")
	for _, s := range r.Sections {
		if s.Type != "interface" && !w.used[s] {
			r.Keep(s) // nothing uses it here: wireless may, else it is kept as it is
		}
	}
	return nil
}

// read makes a NetJSON interface of an interface section.
func (w *interfaceReader) read(s *njc.Section) *ordered.Object {
	o := objectOf(s)
	w.r.Made(o, s)
	proto := takeText(o, "proto")
	device := w.devices[w.name(o, s, proto)]
	w.settings(o)
	w.addresses(o, proto)
	if device != nil && !w.used[device] && w.filtering(s.Name, deviceName(device)) {
		w.used[device] = true
		w.device(o, device, s)
	}
	return o
}

// name sets name, network and type, and returns the device the section is on.
func (w *interfaceReader) name(o *ordered.Object, s *njc.Section, proto string) string {
	ifname := takeText(o, "ifname")
	device := ""
	if ifname == "" && proto != "modemmanager" && !strings.HasPrefix(value.Str(o, "device"), "/") {
		device = takeText(o, "device") // beside ifname it is a setting, such as a modem's port
	}
	name := orDefault(orDefault(device, ifname), s.Name)
	if port := value.Str(o, "device"); ifname == "" && proto == "modemmanager" && port != "" && len(port) <= 15 {
		name = port // a name, where others have a path
	}
	if value.Str(o, "type") == "bridge" {
		name = "br-" + strings.TrimPrefix(strings.TrimPrefix(s.Name, "br_"), "br-")
		members := words(ifname)
		if members == nil {
			members = []any{}
		}
		o.Delete("bridge_empty")
		o.Set("bridge_members", members)
		castBridge(o)
	}
	if proto == "wireguard" {
		name = s.Name
	}
	if ifname != "" && value.Str(o, "name") == ifname+"."+memberText(o, "vid") {
		o.Set("type", "8021q") // or 8021ad, which the older syntax does not tell apart
		toLists(o, "ingress_qos_mapping", "egress_qos_mapping")
	}
	o.Set("name", name)
	if s.Name != san(name) {
		o.Set("network", s.Name)
	}
	w.kind(o, name, proto)
	w.spelling(o, ifname, device)
	return device
}

// spelling keeps how a device is named where the type does not say it, so that
// it is written the same way: ifname or device, or none at all.
func (w *interfaceReader) spelling(o *ordered.Object, ifname, device string) {
	typ := value.Str(o, "type")
	switch {
	case typ == "bridge", typ == "8021q", typ == "wireguard", typ == "vxlan", typ == "modem-manager":
	case ifname == "" && device == "":
		setDefault(o, "device", "")
	case !w.r.DSA, device != "" && w.devices[device] != nil && w.devices[device].Text("type") == "bridge":
	case device != "" && (typ == "dialup" || typ == "other"):
		o.Set("device", device)
	case ifname != "" && typ == "ethernet" && w.devices[ifname] == nil:
		o.Set("type", "virtual") // which is written with ifname
	}
}

// kind sets the type, and undoes the renames that go with it.
func (w *interfaceReader) kind(o *ordered.Object, name, proto string) {
	vid := take(o, "vid")
	typ := "ethernet"
	if given := value.Str(o, "type"); given == "bridge" || given == "8021q" {
		typ = given
	} else if name == "lo" || name == "lo0" || name == "loopback" {
		typ = "loopback"
	}
	switch proto {
	case "", "static", "dhcp", "dhcpv6", "none":
	case "modemmanager":
		typ = "modem-manager"
		rename(o, "pincode", "pin")
		toInts(o, "metric", "signalrate")
		toBools(o, "lowpower", "force_link")
	case "wireguard":
		typ = "wireguard"
		rename(o, "listen_port", "port")
		toInts(o, "port")
		toBools(o, "nohostroute")
		toLists(o, "ip6prefix")
		wireguardAddresses(o)
	case "vxlan":
		typ = "vxlan"
		rename(o, "peeraddr", "vtep")
		o.Set("vni", toInt(vid))
		vid = nil
		toInts(o, "port", "ttl")
		toBools(o, "rxcsum", "txcsum")
	case "3g", "6in4", "aiccu", "l2tp", "ncm", "ppp", "pppoa", "pppoe", "pptp", "qmi", "wwan":
		typ = "dialup"
		o.Set("proto", proto)
		for _, key := range []string{"username", "password"} {
			if _, ok := o.Get(key); !ok {
				o.Set(key, "") // UCI has no empty options, the schema wants the key
			}
		}
	default:
		typ = "other"
		o.Set("proto", proto)
	}
	if vid != nil {
		o.Set("vid", vid)
		toInts(o, "vid")
	}
	o.Set("type", typ)
}

// settings undoes the renames every interface has, and moves the name servers
// to the top.
func (w *interfaceReader) settings(o *ordered.Object) {
	if v, ok := o.Get("auto"); ok {
		o.Delete("auto")
		o.Set("autostart", toBool(v))
	}
	if v, ok := o.Get("enabled"); ok {
		o.Delete("enabled")
		o.Set("disabled", !toBool(v))
	}
	rename(o, "macaddr", "mac")
	toInts(o, "mtu")
	for _, key := range nameServerKeys() {
		// A list stays where it is: at the top it would become one option.
		if text, ok := value.Of(o, key).(string); ok {
			o.Delete(key)
			w.taken[key] = append(w.taken[key], takenText{o, text})
		}
	}
}

// takenText is an option that was taken from an interface.
type takenText struct {
	from *ordered.Object
	text string
}

func nameServerKeys() []string { return []string{"dns", "dns_search"} }

// nameServers moves the name servers of the interfaces to the top, where they
// are for all interfaces that have none of their own. Where that would give one
// interface those of another, or take some away, they stay at the interfaces.
func (w *interfaceReader) nameServers(key, top string) {
	var all []any
	own, known := map[*ordered.Object]string{}, map[any]bool{}
	for _, t := range w.taken[key] {
		own[t.from] = t.text
		for _, server := range words(t.text) {
			if !known[server] {
				known[server] = true
				all = append(all, server)
			}
		}
	}
	everywhere := joined(all)
	for _, o := range value.Objects(w.r.Config, "interfaces") {
		if o.Has(key) {
			continue
		}
		want := ""
		if inherits(o, key) {
			want = everywhere
		}
		if own[o] != want {
			for _, t := range w.taken[key] {
				t.from.Set(key, t.text)
			}
			return
		}
	}
	appendTo(w.r.Config, top, all...)
}

// inherits reports whether an interface is written with the name servers at the
// top (§8.5).
func inherits(o *ordered.Object, key string) bool {
	if value.Str(o, "type") == "wireguard" {
		return true
	}
	for _, a := range value.Objects(o, "addresses") {
		return value.Str(a, "proto") == "static" || key == "dns_search"
	}
	return false
}
