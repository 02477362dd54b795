package openwrt

import "strings"

// wireless is a wireless network.
func (x *effect) wireless() {
	x.zero("disabled")
	if words := x.options["network"].words(); words != nil {
		x.setWords("network", words)
	}
	name, cipher, _ := strings.Cut(x.text("encryption"), "+")
	if w := protection(name); w != "" {
		if cipher == "ccmp" && name != "owe" {
			x.set("encryption", name) // it is always CCMP
		}
		if x.text("ieee80211w") == "" {
			x.options["ieee80211w"] = setting{values: []string{w}}
		}
	}
}

// protection is how management frames are protected where an encryption decides
// it: OpenWrt's defaults.
func protection(encryption string) string {
	switch encryption {
	case "sae", "owe", "wpa3", "wpa3-192":
		return "2"
	case "sae-mixed", "wpa3-mixed":
		return "1"
	}
	return ""
}

// radio is a wireless device.
func (x *effect) radio() {
	x.zero("disabled")
	if mode := x.text("htmode"); mode == "NOHT" || mode == "NONE" {
		delete(x.options, "htmode")
	}
	if country := x.text("country"); country != "" {
		x.set("country", strings.ToUpper(country))
	}
	if x.text("channel") == "0" {
		x.set("channel", "auto")
	}
	if _, ok := x.options["band"]; !ok {
		if band := bandOf(x.text("hwmode")); band != "" {
			x.options["band"] = setting{values: []string{band}, key: "hwmode"}
			delete(x.options, "hwmode")
		}
	} else if bandOf(x.text("hwmode")) == x.text("band") {
		delete(x.options, "hwmode")
	}
}

// bandOf is the band of what OpenWrt before 21 has instead.
func bandOf(hwmode string) string {
	switch hwmode {
	case "11a", "11na", "11ac":
		return "5g"
	case "11b", "11g", "11bg", "11ng":
		return "2g"
	case "11ad":
		return "60g"
	}
	return ""
}

// implies reports whether an option that is written, and was not read, says
// what is so without it.
func (x *effect) implies(written *effect, key string) bool {
	text := written.text(key)
	switch x.pkg + "." + x.section.Type + "." + key {
	case "network.route.metric", "network.route6.metric", "openvpn.openvpn.enabled":
		return text == "0"
	case "system.system.hostname":
		return text == "OpenWRT" // the default, but for its spelling
	case "network.interface.ifname":
		return x.text("device") != "" // which counts, where both are
	case "system.system.zonename":
		return x.text("timezone") != ""
	case "zerotier.zerotier.config_path", "zerotier.zerotier.copy_config_path":
		return true // the agent's place
	case "zerotier.zerotier.enabled":
		return text == "0" // what does not say so is not started
	case "zerotier.zerotier.local_conf":
		return text == x.text("local_conf_path")
	case "zerotier.zerotier.local_conf_path":
		return text == x.text("local_conf")
	case "wireless.wifi-device.type":
		return text == mac80211
	case "wireless.wifi-device.band", "wireless.wifi-device.hwmode":
		return true // it follows from the channel
	case "wireless.wifi-device.channel":
		return text == "auto"
	case "wireless.wifi-iface.ifname":
		return text == strings.TrimPrefix(x.section.Name, "wifi_")
	case "wireless.wifi-iface.encryption":
		return text == "none"
	case "wireless.wifi-iface.server", "wireless.wifi-iface.port":
		return text == x.text("auth_"+key)
	case "wireless.wifi-iface.key", "wireless.wifi-iface.acct_secret":
		return text == x.text("auth_secret") || text == x.text("key")
	case "wireless.wifi-iface.auth_server", "wireless.wifi-iface.auth_port":
		return text == x.text(strings.TrimPrefix(key, "auth_"))
	case "wireless.wifi-iface.auth_secret":
		return text == x.text("key")
	}
	return false
}
