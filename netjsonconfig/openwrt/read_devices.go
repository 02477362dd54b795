package openwrt

import (
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// deviceName is the name a device section gives, also as a list of one.
func deviceName(d *njc.Section) string { return joined(words(d.Value("name"))) }

// device undoes the device section below an interface.
func (w *interfaceReader) device(o *ordered.Object, d *njc.Section, s *njc.Section) {
	name := deviceName(d)
	switch typ := d.Text("type"); typ {
	case "8021q", "8021ad":
		base := d.Text("ifname")
		if base == "" {
			base = strings.TrimSuffix(name, "."+d.Text("vid"))
		}
		o.Set("type", typ)
		o.Set("name", base)
		o.Set("vid", toInt(d.Text("vid")))
		o.Delete("network")
		if s.Name != san(base) {
			o.Set("network", s.Name)
		}
		for _, key := range []string{"ingress_qos_mapping", "egress_qos_mapping"} {
			if v, ok := d.Get(key); ok {
				o.Set(key, words(v))
			}
		}
	case "bridge":
		if value.Str(o, "type") == "ethernet" {
			o.Set("type", "bridge") // an unusual protocol says more than the device
		}
		members := []any{}
		if v, ok := d.Get("ports"); ok {
			members = words(v)
		}
		o.Set("bridge_members", members)
		w.filters(o, name)
	}
	attachDevice(o, d)
}

// attachDevice copies the settings of a device to the interface using it.
func attachDevice(o *ordered.Object, d *njc.Section) {
	bridge := d.Text("type") == "bridge"
	for _, opt := range d.Options {
		switch {
		case opt.Key == "macaddr":
			o.Set("mac", opt.Value)
		case isL2(opt.Key), bridge && isBridging(opt.Key):
			o.Set(opt.Key, opt.Value)
		}
	}
	toInts(o, "txqueuelen", "neighreachabletime", "neighgcstaletime", "neighlocktime", "igmpversion",
		"mldversion", "mtu", "mtu6", "dadtransmits")
	castBools(o, "promisc", "acceptlocal", "sendredirects", "multicast")
	if bridge {
		castBridge(o)
	}
}

// castBools is toBools for members that may be booleans already.
func castBools(o *ordered.Object, keys ...string) {
	for _, key := range keys {
		if _, ok := value.Of(o, key).(string); ok {
			toBools(o, key)
		}
	}
}

// castBridge casts the settings of a bridge.
func castBridge(o *ordered.Object) {
	castBools(o, "stp", "igmp_snooping", "multicast_querier")
	toInts(o, "forward_delay", "hello_time", "priority", "ageing_time", "max_age", "query_interval",
		"query_response_interval", "last_member_interval", "hash_max", "robustness")
}

// filtering reports whether an interface may be read as the bridge with its
// VLANs: an interface of each VLAN is written with it, under a name made of that
// of the bridge's. Where there are none of these names the bridge and its VLANs
// are not the interface's to tell.
func (w *interfaceReader) filtering(name, bridge string) bool {
	for _, s := range w.vlans[bridge] {
		if !w.names[name+"_"+value.Text(toInt(s.Text("vlan")))] {
			return false
		}
	}
	return true
}

// filters undoes the VLANs of a bridge.
func (w *interfaceReader) filters(o *ordered.Object, bridge string) {
	var list []any
	for _, s := range w.vlans[bridge] {
		w.used[s] = true
		ports := []any{}
		for _, text := range words(s.Value("ports")) {
			ports = append(ports, portOf(value.Text(text)))
		}
		list = append(list, pair("vlan", toInt(s.Text("vlan")), "ports", ports))
	}
	if len(list) > 0 {
		o.Set("vlan_filtering", list)
	}
}

// portOf reads one port of a VLAN: "lan1:t*".
func portOf(text string) *ordered.Object {
	name, flags, ok := strings.Cut(text, ":")
	p := new(ordered.Object)
	p.Set("ifname", name)
	tagging, primary := "u", false
	if ok {
		primary = strings.Contains(flags, "*")
		if strings.Contains(flags, "t") {
			tagging = "t"
		}
	}
	p.Set("tagging", tagging)
	p.Set("primary_vid", primary)
	return p
}
