package openwrt

import (
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// wireless writes the wireless networks of all interfaces (§8.10).
func wireless(f *njc.Forward) error {
	list := value.Objects(f.Config, "interfaces")
	var (
		sections []*njc.Section
		bridges  map[string][]string
	)
	for _, o := range list {
		w := value.Object(o, "wireless")
		if w == nil {
			continue
		}
		if bridges == nil {
			bridges = memberships(list)
			sections = make([]*njc.Section, 0, len(list))
		}
		s := wifiInterface(o, w, bridges)
		note(f, "wireless.wifi-iface", s.Name, san(s.Name))
		sections = append(sections, s)
	}
	f.Native.Add("wireless", sections...)
	return nil
}

// memberships lists the logical names of the bridges of each device.
func memberships(interfaces []*ordered.Object) map[string][]string {
	bridges := map[string][]string{}
	for _, o := range interfaces {
		if !isBridge(o) {
			continue
		}
		name := san(orDefault(value.Str(o, "network"), value.Str(o, "name")))
		for _, m := range value.List(o, "bridge_members") {
			device := value.Text(m)
			bridges[device] = append(bridges[device], name)
		}
	}
	return bridges
}

func wifiInterface(o, w *ordered.Object, bridges map[string][]string) *njc.Section {
	name := value.Str(o, "name")
	s := section("wifi-iface", orDefault(value.Str(w, "id"), "wifi_"+san(name)), w.Len()+8)
	put(s, "ifname", name)
	roaming, isBool := value.Of(w, "ieee80211r").(bool)
	noRoaming := isBool && !roaming
	for key, v := range w.All() {
		switch key {
		case "id", "network", "encryption", "ifname":
			continue
		case "radio":
			key = "device"
		case "mode":
			v = wirelessMode(value.Text(v))
		case "ack_distance", "rts_threshold", "frag_threshold":
			if value.Empty(v) {
				continue
			}
			key = map[string]string{"ack_distance": "distance", "rts_threshold": "rts", "frag_threshold": "frag"}[key]
		case "ft_over_ds", "ft_psk_generate_local", "nasid", "reassociation_deadline":
			if noRoaming {
				continue
			}
		}
		s.Set(key, v)
	}
	if v := value.Of(o, "mac"); !value.Empty(v) {
		s.Set("macaddr", v)
	}
	if v, ok := o.Get("disabled"); ok {
		s.Set("disabled", v)
	}
	s.Set("network", attached(o, w, name, bridges))
	if e := value.Object(w, "encryption"); e != nil {
		encrypt(s, e, value.Str(w, "mode") == "access_point")
	}
	return s
}

func wirelessMode(mode string) string {
	switch mode {
	case "access_point":
		return "ap"
	case "station":
		return "sta"
	case "802.11s":
		return "mesh"
	}
	return mode
}

// attached names the logical networks of a wireless interface.
func attached(o, w *ordered.Object, name string, bridges map[string][]string) string {
	if own := value.List(w, "network"); len(own) > 0 {
		names := make([]string, 0, len(own))
		for _, v := range own {
			names = append(names, san(value.Text(v)))
		}
		return strings.Join(names, " ")
	}
	if of := bridges[name]; len(of) > 0 {
		return strings.Join(of, " ")
	}
	if len(value.List(o, "addresses")) > 0 {
		return san(name)
	}
	return ""
}
