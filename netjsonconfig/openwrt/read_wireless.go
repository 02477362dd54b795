package openwrt

import (
	"net"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// readRadios undoes radios (§9).
func readRadios(r *njc.Reverse) error {
	for _, s := range r.Sections {
		o := objectOf(s)
		o.Set("name", s.Name)
		rename(o, "type", "driver")
		setDefault(o, "driver", mac80211)
		rename(o, "txpower", "tx_power")
		toInts(o, "tx_power", "channel", "channel_width")
		toBools(o, "disabled")
		mode := takeText(o, "htmode")
		o.Set("protocol", protocolOf(mode, value.Str(o, "band"), value.Str(o, "hwmode")))
		if band := bandOf(value.Str(o, "hwmode")); band != "" && value.Str(o, "protocol") == "802.11be" {
			setDefault(o, "band", band)
		}
		auto := value.Text(value.Of(o, "channel")) == "auto"
		if auto {
			o.Set("channel", ordered.Number("0"))
		} else {
			o.Delete("hwmode")
		}
		setDefault(o, "channel", ordered.Number("0"))
		if strings.ContainsAny(mode, "+-") {
			o.Set("htmode", mode)
		}
		if width := strings.SplitN(strings.Trim(mode, "EVHT+-"), "+", 2)[0]; mode != "NONE" && width != "" { // 80 of VHT80+80
			o.Set("channel_width", toInt(width))
		} else {
			setDefault(o, "channel_width", ordered.Number("20"))
		}
		r.Made(o, s)
		appendTo(r.Config, "radios", o)
	}
	return nil
}

// protocolOf is the NetJSON protocol of a radio.
func protocolOf(mode, band, hwmode string) string {
	switch {
	case strings.HasPrefix(mode, "HT"):
		return "802.11n"
	case strings.HasPrefix(mode, "VHT"):
		return "802.11ac"
	case strings.HasPrefix(mode, "HE"):
		return "802.11ax"
	case strings.HasPrefix(mode, "EHT"):
		return "802.11be"
	}
	switch band {
	case "2g":
		return "802.11g"
	case "5g":
		return "802.11a"
	case "60g":
		return "802.11ad"
	case "6g":
		return "802.11ax"
	}
	if hwmode != "" {
		return "802." + hwmode
	}
	return "802.11g"
}

// readWireless undoes wireless: each network goes to the interface it is on.
func readWireless(r *njc.Reverse) error {
	interfaces := value.Objects(r.Config, "interfaces")
	free := map[string][]*ordered.Object{} // interfaces that may get a wireless network
	for _, o := range interfaces {
		if name := value.Str(o, "name"); !isBridge(o) {
			free[name] = append(free[name], o)
		}
	}
	bridges := memberships(interfaces)
	for _, s := range r.Sections {
		name := s.Text("ifname")
		if name == "" {
			name = strings.TrimPrefix(s.Name, "wifi_")
		}
		var o *ordered.Object
		if of := free[name]; len(of) > 0 {
			o, free[name] = of[0], of[1:]
		} else {
			o = new(ordered.Object)
			o.Set("name", name)
			appendTo(r.Config, "interfaces", o)
		}
		o.Set("type", "wireless")
		r.Made(o, s)
		w := objectOf(s, "ifname", "device", "mode", "macaddr", "disabled", "network")
		if mac := s.Text("macaddr"); isMAC(mac) {
			o.Set("mac", mac)
		} else if mac != "" {
			w.Set("macaddr", mac) // "random"
		}
		if v, ok := s.Get("disabled"); ok {
			o.Set("disabled", toBool(v))
		}
		if s.Name != "wifi_"+san(name) {
			w.Set("id", s.Name)
		}
		readEncryption(w)
		w.Set("mode", modeOf(s.Text("mode")))
		w.Set("radio", s.Text("device"))
		rename(w, "distance", "ack_distance")
		rename(w, "rts", "rts_threshold")
		rename(w, "frag", "frag_threshold")
		toInts(w, "ack_distance", "rts_threshold", "frag_threshold", "reassociation_deadline")
		toBools(w, "hidden", "wds", "ft_over_ds", "ft_psk_generate_local", "ieee80211r", "rsn_preauth", "isolate",
			"doth", "wmm", "short_preamble", "start_disabled", "default_disabled")
		toLists(w, "maclist")
		emptyNames(w)
		if networks := networksOf(o, s, name, bridges); networks != nil {
			w.Set("network", networks)
		}
		o.Set("wireless", w)
		ownDevice(r, o, name)
	}
	return nil
}

// isMAC reports whether a text can be the mac of an interface.
func isMAC(text string) bool {
	_, err := net.ParseMAC(text)
	return err == nil && len(text) == 17
}

// emptyNames puts names back that UCI does not keep when they are empty, but
// the schema wants.
func emptyNames(w *ordered.Object) {
	switch value.Str(w, "mode") {
	case "access_point", "station", "adhoc":
		setDefault(w, "ssid", "")
	case "802.11s":
		setDefault(w, "mesh_id", "")
	}
}

func modeOf(mode string) string {
	switch mode {
	case "ap":
		return "access_point"
	case "sta":
		return "station"
	case "mesh":
		return "802.11s"
	}
	return mode
}

// ownDevice attaches the device section of a wireless interface that has no
// interface section.
func ownDevice(r *njc.Reverse, o *ordered.Object, name string) {
	p := r.Native.Package("network")
	if p == nil {
		return
	}
	for i, s := range p.Sections {
		if s.Type == "device" && s.Text("name") == name && s.Text("type") == "" {
			attachDevice(o, s)
			p.Sections = append(p.Sections[:i:i], p.Sections[i+1:]...)
			return
		}
	}
}

// networksOf returns the attached networks that do not follow from the rest.
func networksOf(o *ordered.Object, s *njc.Section, name string, bridges map[string][]string) []any {
	names := words(s.Value("network"))
	if len(names) == 0 {
		return nil
	}
	text := joined(names)
	if text == name || text == value.Str(o, "network") {
		return nil
	}
	if text == strings.Join(bridges[name], " ") {
		return nil
	}
	return names
}
