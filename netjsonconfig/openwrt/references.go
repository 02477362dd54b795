package openwrt

import (
	"slices"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
)

// kind is what a name names: a logical interface, a radio, or a block of
// another package as "package.type".
type kind string

const (
	logical kind = "network.interface"
	device  kind = "wireless.wifi-device"
)

// renames are the names UCI cannot hold, by kind, with those the sections got.
type renames map[kind]map[string]string

// renamesKey is under which converters leave the renames.
type renamesKey struct{}

// note remembers that a section has another name than its author gave it.
func note(f *njc.Forward, k kind, from, to string) {
	if from == to {
		return
	}
	all, _ := f.Value(renamesKey{}).(renames)
	if all == nil {
		all = renames{}
		f.SetValue(renamesKey{}, all)
	}
	if all[k] == nil {
		all[k] = map[string]string{}
	}
	all[k][from] = to
}

// reference is an option whose words are names of sections.
type reference struct{ pkg, typ, key string }

// refersTo says what an option names, in OpenWrt's own packages and in widely
// used ones; "" when it names no section.
func refersTo(r reference) kind {
	switch r {
	case reference{"network", "interface", "tunlink"}, reference{"network", "interface", "network"},
		reference{"network", "route", "interface"}, reference{"network", "route6", "interface"},
		reference{"network", "rule", "in"}, reference{"network", "rule", "out"},
		reference{"network", "rule6", "in"}, reference{"network", "rule6", "out"},
		reference{"network", "neighbor", "interface"}, reference{"network", "alias", "interface"},
		reference{"wireless", "wifi-iface", "network"},
		reference{"firewall", "zone", "network"},
		reference{"dhcp", "dhcp", "interface"}, reference{"dhcp", "relay", "interface"},
		reference{"dhcp", "dnsmasq", "interface"}, reference{"dhcp", "dnsmasq", "notinterface"},
		reference{"system", "timeserver", "interface"},
		reference{"dropbear", "dropbear", "Interface"}, reference{"dropbear", "dropbear", "DirectInterface"},
		reference{"mwan3", "member", "interface"},
		reference{"upnpd", "upnpd", "internal_iface"}, reference{"upnpd", "upnpd", "external_iface"},
		reference{"ddns", "service", "interface"}, reference{"ddns", "service", "ip_network"},
		reference{"igmpproxy", "phyint", "network"},
		reference{"olsrd", "Interface", "interface"}, reference{"olsrd2", "interface", "name"},
		reference{"pbr", "policy", "interface"},
		reference{"omcproxy", "proxy", "uplink"}, reference{"omcproxy", "proxy", "downlink"}:
		return logical
	case reference{"wireless", "wifi-iface", "device"}, reference{"wireless", "wifi-vlan", "device"},
		reference{"wireless", "wifi-station", "device"}:
		return device
	case reference{"mwan3", "policy", "use_member"}:
		return "mwan3.member"
	case reference{"mwan3", "rule", "use_policy"}:
		return "mwan3.policy"
	case reference{"dhcp", "dhcp", "instance"}, reference{"dhcp", "host", "instance"}:
		return "dhcp.dnsmasq"
	case reference{"wireless", "wifi-vlan", "iface"}, reference{"wireless", "wifi-station", "iface"}:
		return "wireless.wifi-iface"
	}
	return ""
}

// references lets what names a section follow its renaming: UCI holds no dash
// in the name of a section, so that wg-0 is wg_0 for whatever refers to it.
// Devices keep their dashes, and so does every name that no section of the
// configuration has.
func references(f *njc.Forward) error {
	all, _ := f.Value(renamesKey{}).(renames)
	if len(all) == 0 {
		return nil
	}
	for _, p := range f.Native.Packages {
		for _, s := range p.Sections {
			for i := range s.Options {
				o := &s.Options[i]
				if k := refersTo(reference{p.Name, s.Type, o.Key}); k != "" && all[k] != nil {
					o.Value = follow(o.Value, all[k])
				} else if o.Key == "device" && s.Type == "interface" {
					o.Value = alias(o.Value, all[logical])
				}
			}
		}
	}
	return nil
}

// follow renames the words of an option's value.
func follow(v any, r map[string]string) any {
	switch v := v.(type) {
	case string:
		if to, ok := r[v]; ok {
			return to
		}
		if !strings.Contains(v, " ") {
			return v
		}
		words := strings.Split(v, " ")
		for i, w := range words {
			if to, ok := r[w]; ok {
				words[i] = to
			}
		}
		return strings.Join(words, " ")
	case []any:
		v = slices.Clone(v) // it may be the configuration's own
		for i := range v {
			v[i] = follow(v[i], r)
		}
		return v
	}
	return v
}

// alias renames the interface that "@wan" is on top of.
func alias(v any, r map[string]string) any {
	if text, ok := v.(string); ok {
		if name, ok := strings.CutPrefix(text, "@"); ok {
			if to, ok := r[name]; ok {
				return "@" + to
			}
		}
	}
	return v
}
