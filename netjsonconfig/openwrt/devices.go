package openwrt

import (
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// isL2 reports whether an option belongs to the device below an interface
// (§8.5).
func isL2(key string) bool {
	switch key {
	case "rpfilter", "txqueuelen", "neighreachabletime", "neighgcstaletime", "neighlocktime", "igmpversion",
		"mldversion", "promisc", "acceptlocal", "sendredirects", "multicast", "mtu", "mtu6", "dadtransmits":
		return true
	}
	return false
}

// isBridging reports whether an option is one of a bridge's spanning tree or
// multicast snooping.
func isBridging(key string) bool {
	switch key {
	case "stp", "forward_delay", "hello_time", "priority", "ageing_time", "max_age", "igmp_snooping",
		"multicast_querier", "query_interval", "query_response_interval", "last_member_interval", "hash_max", "robustness":
		return true
	}
	return false
}

// isVLAN reports whether an option describes a VLAN device.
func isVLAN(key string) bool {
	return key == "vid" || key == "ingress_qos_mapping" || key == "egress_qos_mapping"
}

// belongsToDevice reports whether an option (already renamed) leaves the
// interface section in the new syntax.
func belongsToDevice(key string, i *iface) bool {
	return isL2(key) || key == "macaddr" || isBridging(key) || key == "vlan_filtering" ||
		key == "bridge_members" || key == "ifname" || i.vlan && isVLAN(key)
}

// bridgeDevice is the name of a bridge's device.
func bridgeDevice(name string) string {
	if strings.HasPrefix(name, "br-") {
		return name
	}
	return "br-" + name
}

// device returns the device section of an interface, or nil when there is
// nothing to say about the device.
func (i *iface) device(name string) *njc.Section {
	d := section("device", "device_"+i.logical, 8)
	if i.vlan {
		d.Name = "device_" + strings.TrimPrefix(i.logical, "vlan_")
	}
	d.Options = append(d.Options, njc.Option{Key: "name", Value: name})
	for key, v := range i.object.All() {
		switch {
		case key == "mac" && i.typ != "wireless", key == "macaddr":
			if v != "" && v != nil {
				d.Set("macaddr", v)
			}
		case isL2(key), i.bridge && isBridging(key), i.vlan && isVLAN(key):
			put(d, key, v)
		}
	}
	switch {
	case i.vlan:
		put(d, "type", i.typ)
		put(d, "ifname", i.name)
	case i.bridge:
		put(d, "type", "bridge")
		if members := value.List(i.object, "bridge_members"); len(members) > 0 {
			put(d, "ports", members)
		} else {
			put(d, "bridge_empty", true)
		}
		if len(value.List(i.object, "vlan_filtering")) > 0 {
			put(d, "vlan_filtering", true)
		}
	case len(d.Options) == 1:
		return nil
	}
	return d
}

// filtering writes the VLANs of a bridge: which ports carry them and the
// interface on top of each (§8.5).
func (w *interfaceWriter) filtering(i *iface, device string) {
	if !i.bridge {
		return
	}
	vlans := value.Objects(i.object, "vlan_filtering")
	for _, o := range vlans {
		vid := memberText(o, "vlan")
		s := section("bridge-vlan", "vlan_"+i.logical+"_"+vid, 3)
		put(s, "device", device)
		put(s, "vlan", vid)
		var ports []any
		for _, p := range value.Objects(o, "ports") {
			ports = append(ports, portText(p))
		}
		put(s, "ports", ports)
		w.sections = append(w.sections, s)
	}
	for _, o := range vlans {
		vid := memberText(o, "vlan")
		s := section("interface", i.logical+"_"+vid, 2)
		put(s, "device", device+"."+vid)
		put(s, "proto", "none")
		w.sections = append(w.sections, s)
		if w.weak == nil {
			w.weak = map[*njc.Section]bool{}
		}
		w.weak[s] = true
	}
}

// portText spells one port of a VLAN: "lan1:t*".
func portText(p *ordered.Object) string {
	text := value.Str(p, "ifname")
	if tagging := value.Str(p, "tagging"); tagging != "" {
		text += ":" + tagging
	}
	if isTrue(value.Of(p, "primary_vid")) {
		text += "*"
	}
	return text
}

// legacyBridge puts the bridge into the interface section, as OpenWrt before 21
// has it. Only the first section of a bridge describes it.
func legacyBridge(s *njc.Section, i *iface, first bool) {
	if first {
		put(s, "type", "bridge")
		if members := value.List(i.object, "bridge_members"); len(members) > 0 {
			s.Set("ifname", joined(members))
		} else {
			s.Delete("ifname")
			put(s, "bridge_empty", true)
		}
		return
	}
	name := i.name
	if !strings.Contains(name, "br-") {
		name = "br-" + name
	}
	s.Set("ifname", name)
	kept := s.Options[:0]
	for _, o := range s.Options {
		if !isBridging(o.Key) {
			kept = append(kept, o)
		}
	}
	s.Options = kept
}
