package openwrt_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// obj builds an object of alternating keys and values.
func obj(pairs ...any) *ordered.Object {
	o := new(ordered.Object)
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

func num(n int) ordered.Number { return ordered.Number(strconv.Itoa(n)) }

// anyText is text with everything in it that means something to UCI.
func anyText() *rapid.Generator[string] {
	hostile := rapid.SampledFrom([]string{
		"it's", "'", "''", "'\n\toption x 'y", "\nconfig evil 'x'", `\`, `\'`, `"`, "a\tb", "#no", "a;b", "    four", "True", "città", "{{x}}", "$(x)", "\r\n",
	})
	return rapid.Map(rapid.SliceOfN(rapid.OneOf(hostile, rapid.StringMatching(`[ -~]{1,8}`)), 1, 3), func(parts []string) string {
		text := ""
		for _, p := range parts {
			text += p
		}
		return text
	})
}

// TestNoValueBreaksOut writes hostile text everywhere free text may stand, and
// finds it again where it was put and nowhere else.
func TestNoValueBreaksOut(t *testing.T) {
	for _, b := range []*njc.Backend{openwrt.Backend(), openwrt.Legacy()} {
		t.Run(b.Key, rapid.MakeCheck(func(t *rapid.T) {
			text := func(name string) string { return anyText().Draw(t, name) }
			description, value, item, key, name := text("description"), text("value"), text("item"), text("key"), text("name")
			ssid := rapid.StringMatching(`[ -~]{1,32}`).Draw(t, "ssid")
			config := obj(
				"general", obj("hostname", "ap", "description", description),
				"interfaces", []any{obj("name", "wlan0", "type", "wireless", "custom", value, "wireless", obj(
					"radio", "radio0", "mode", "access_point", "ssid", ssid,
					"encryption", obj("protocol", "wpa2_personal", "key", key+"12345678", "cipher", "auto"),
				))},
				"custom", []any{obj("value", value, "list", []any{item, description}, "config_name", "thing", "config_value", name)},
			)
			c, err := njc.New(b, config, nil)
			require.NoError(t, err)
			rendered, err := c.Render()
			require.NoError(t, err)
			packages, err := uci.ParseAll([]byte(rendered))
			require.NoError(t, err)
			require.Len(t, packages, 3)
			find := func(pkg, typ string) *uci.Section {
				for _, p := range packages {
					if p.Name == pkg {
						require.Len(t, p.Sections, 1)
						require.Equal(t, typ, p.Sections[0].Type)
						return p.Sections[0]
					}
				}
				t.Fatalf("no package %q", pkg)
				return nil
			}
			require.Equal(t, description, find("system", "system").Get("description"))
			wifi := find("wireless", "wifi-iface")
			require.Equal(t, ssid, wifi.Get("ssid"))
			require.Equal(t, key+"12345678", wifi.Get("key"))
			thing := find("custom", "thing")
			require.Len(t, thing.Options, 2)
			require.Equal(t, value, thing.Get("value"))
			list, _ := thing.Option("list")
			require.Equal(t, []string{item, description}, list.Values)

			read, err := njc.Parse(b, []byte(rendered), nil)
			require.NoError(t, err)
			general, _ := read.Merged().Get("general")
			want, _ := config.Get("general")
			require.True(t, ordered.Equal(want, general), "%s", general)
		}))
	}
}

// TestRoundTrip writes configurations in the form the reader gives them, and
// reads the same NetJSON back, from text and from the archive.
func TestRoundTrip(t *testing.T) {
	b := openwrt.Backend()
	rapid.Check(t, func(t *rapid.T) {
		dsa := rapid.Bool().Draw(t, "dsa")
		config := canonical(t, dsa)
		c, err := njc.New(b, config, &njc.Options{DSA: &dsa})
		require.NoError(t, err)
		text, err := c.RenderNative()
		require.NoError(t, err)
		archive, err := c.Generate()
		require.NoError(t, err)
		for _, native := range [][]byte{[]byte(text), archive} {
			read, err := njc.Parse(b, native, &njc.Options{DSA: &dsa})
			require.NoError(t, err, "%s", text)
			require.True(t, ordered.Equal(config, read.Merged()), "%s\n%s\n%s", config, read.Merged(), text)
		}
	})
}

// canonical is a configuration of sections that say all the reader says.
func canonical(t *rapid.T, dsa bool) *ordered.Object {
	config := new(ordered.Object)
	maybe := func(name string) bool { return rapid.Bool().Draw(t, name) }
	if maybe("general") {
		config.Set("general", obj("hostname", rapid.StringMatching(`[a-z][a-z0-9-]{1,20}[a-z0-9]`).Draw(t, "hostname"),
			"timezone", rapid.SampledFrom([]string{"Europe/Rome", "UTC", "America/New York"}).Draw(t, "timezone"),
			"ula_prefix", "fd00::/48", "maintainer", anyText().Draw(t, "maintainer")))
	}
	if maybe("ntp") {
		config.Set("ntp", obj("enabled", maybe("enabled"), "enable_server", maybe("server"), "server", []any{"a.org", "b.org"}))
	}
	if maybe("led") {
		config.Set("led", []any{obj("name", "USB1", "sysfs", anyText().Draw(t, "sysfs"), "trigger", "none", "default", maybe("on"), "interval", num(50))})
	}
	interfaces := []any{}
	for i := range rapid.IntRange(0, 4).Draw(t, "ethernet") {
		interfaces = append(interfaces, ethernet(t, "eth"+strconv.Itoa(i)))
	}
	for i, kind := range []func(*rapid.T, bool) *ordered.Object{bridge, vlan, wireguard, vxlan, dialup, modem} {
		if maybe("kind " + strconv.Itoa(i)) {
			interfaces = append(interfaces, kind(t, dsa))
		}
	}
	// Wireless interfaces without an address have no section before package
	// wireless, and are read last.
	for i := range rapid.IntRange(0, 3).Draw(t, "wireless") {
		interfaces = append(interfaces, wifi(t, i))
	}
	if len(interfaces) > 0 {
		config.Set("interfaces", interfaces)
	}
	if maybe("radios") {
		config.Set("radios", radios(t, dsa))
	}
	if maybe("switch") {
		config.Set("switch", []any{obj("name", "switch0", "reset", maybe("reset"), "enable_vlan", maybe("enable vlan"), "vlan", []any{
			obj("device", "switch0", "vlan", num(1), "ports", "0t 1"), obj("device", "switch0", "vlan", num(2), "vid", num(100), "ports", "0t 2", "id", "guest"),
		})})
	}
	if maybe("zerotier") {
		config.Set("zerotier", []any{obj("name", "zt", "disabled", maybe("off"), "secret", anyText().Draw(t, "secret"), "config_path", "/etc/zt", "copy_config_path", "1",
			"networks", []any{obj("id", "9536600adf654321", "ifname", "owzt654321"), obj("id", "8056c2e21c000001", "ifname", "owzt000001")})})
	}
	if maybe("routes") {
		config.Set("routes", []any{
			obj("device", "eth0", "destination", "10.1.0.0/16", "next", "10.0.0.1", "cost", num(rapid.IntRange(0, 9).Draw(t, "cost"))),
			obj("device", "eth0", "destination", "fd00::/64", "next", "fd01::1", "cost", num(0), "table", "7", "onlink", maybe("onlink")),
		})
	}
	if maybe("rules") {
		config.Set("ip_rules", []any{obj("src", "10.0.0.0/8", "lookup", "100", "invert", maybe("invert"), "tos", num(2)), obj("dest", "fd00::/48", "action", "throw")})
	}
	if maybe("peers") {
		config.Set("wireguard_peers", []any{obj("interface", "wg0", "public_key", "abc=", "allowed_ips", []any{"10.0.0.0/8"}, "endpoint_host", "h", "endpoint_port", num(51820), "route_allowed_ips", true)})
	}
	if maybe("openvpn") {
		config.Set("openvpn", []any{obj("name", "vpn", "mode", "p2p", "proto", "udp", "dev", "tun0", "disabled", maybe("disabled"), "nobind", true, "verb", num(3),
			"remote", []any{obj("host", "vpn.example.org", "port", num(1195))}, "data_ciphers", []any{obj("cipher", "AES-128-GCM", "optional", maybe("optional"))}, "tls_cipher", "A:B")})
	}
	if maybe("package") {
		config.Set("custom", []any{obj("a", anyText().Draw(t, "a"), "list", []any{anyText().Draw(t, "item")}, "config_name", "type"), obj("b", "1", "config_name", "other", "config_value", "named")})
	}
	return config
}

// bridge is one of a name that the older syntax keeps, with VLANs where there
// are any.
func bridge(t *rapid.T, dsa bool) *ordered.Object {
	o := obj("name", "br-lan", "network", "lan", "type", "bridge", "bridge_members", []any{"lan1", "lan2"}, "stp", rapid.Bool().Draw(t, "stp"), "forward_delay", num(4))
	if rapid.Bool().Draw(t, "no members") {
		o.Set("bridge_members", []any{})
	}
	if dsa && rapid.Bool().Draw(t, "vlans") {
		o.Set("vlan_filtering", []any{
			obj("vlan", num(1), "ports", []any{obj("ifname", "lan1", "tagging", "t", "primary_vid", true), obj("ifname", "lan2", "tagging", "u", "primary_vid", false)}),
			obj("vlan", num(20), "ports", []any{}),
		})
	}
	if rapid.Bool().Draw(t, "bridge address") {
		o.Set("addresses", []any{obj("proto", "static", "family", "ipv4", "address", "192.168.1.1", "mask", num(24), "gateway", "192.168.1.254")})
	}
	return o
}

// vlan is on a device whose name begins like a section or has a dot. The older
// syntax does not tell the kinds apart.
func vlan(t *rapid.T, dsa bool) *ordered.Object {
	kind := "8021q"
	if dsa && rapid.Bool().Draw(t, "8021ad") {
		kind = "8021ad"
	}
	return obj("name", rapid.SampledFrom([]string{"lan1", "eth9.5", "vlan0", "device0", "br-lan"}).Draw(t, "base"), "network", "mgmt",
		"type", kind, "vid", num(30), "mtu", num(1400), "ingress_qos_mapping", []any{"0:1"})
}

func wireguard(t *rapid.T, _ bool) *ordered.Object {
	o := obj("name", "wg0", "type", "wireguard", "private_key", "k=", "port", num(51820), "nohostroute", rapid.Bool().Draw(t, "nohostroute"))
	if rapid.Bool().Draw(t, "wg address") {
		o.Set("addresses", []any{obj("proto", "static", "family", "ipv4", "address", "10.0.0.1", "mask", num(32)), obj("proto", "static", "family", "ipv6", "address", "fd00::1", "mask", num(64))})
	}
	return o
}

func vxlan(t *rapid.T, _ bool) *ordered.Object {
	return obj("name", "vxlan", "type", "vxlan", "vtep", "10.0.0.1", "vni", num(7), "tunlink", "wg0", "port", num(4789), "rxcsum", rapid.Bool().Draw(t, "rxcsum"), "ttl", num(64), "mtu", num(1280))
}

func dialup(t *rapid.T, _ bool) *ordered.Object {
	return obj("name", "dsl0", "network", "xdsl", "type", "dialup", "proto", rapid.SampledFrom([]string{"pppoe", "ppp", "qmi"}).Draw(t, "proto"),
		"username", rapid.SampledFrom([]string{"", "u"}).Draw(t, "username"), "password", "p", "mtu", num(1492))
}

func modem(t *rapid.T, _ bool) *ordered.Object {
	return obj("name", "wwan0", "type", "modem-manager", "device", "/sys/devices/usb1", "apn", "a.b", "pin", "12", "metric", num(50), "lowpower", rapid.Bool().Draw(t, "lowpower"))
}

// radios say what the syntax says: the band or nothing.
func radios(t *rapid.T, dsa bool) []any {
	list := []any{
		obj("name", "radio0", "protocol", "802.11n", "channel", num(6), "channel_width", num(20), "driver", "mac80211", "tx_power", num(10), "disabled", rapid.Bool().Draw(t, "radio off")),
		obj("name", "radio1", "protocol", "802.11ac", "channel", num(36), "channel_width", num(80), "driver", "mac80211", "country", "IT", "custom", anyText().Draw(t, "radio custom")),
		obj("name", "radio2", "protocol", "802.11n", "channel", num(44), "channel_width", num(40), "htmode", "HT40+", "driver", "mac80211"),
	}
	if dsa {
		for i, band := range []string{"2g", "5g", "5g"} {
			list[i].(*ordered.Object).Set("band", band)
		}
	}
	return list
}

func ethernet(t *rapid.T, name string) *ordered.Object {
	o := obj("name", name, "type", "ethernet")
	if rapid.Bool().Draw(t, name+"network") {
		o.Set("network", "net_"+name)
	}
	if rapid.Bool().Draw(t, name+"mtu") {
		o.Set("mtu", num(rapid.IntRange(68, 9000).Draw(t, name+"mtu value")))
	}
	if rapid.Bool().Draw(t, name+"mac") {
		o.Set("mac", "02:00:00:00:00:01")
	}
	if rapid.Bool().Draw(t, name+"disabled") {
		o.Set("disabled", rapid.Bool().Draw(t, name+"is disabled"))
		o.Set("autostart", rapid.Bool().Draw(t, name+"auto"))
	}
	var addresses []any
	for i := range rapid.IntRange(0, 3).Draw(t, name+"v4") {
		addresses = append(addresses, obj("proto", "static", "family", "ipv4", "address", fmt.Sprintf("10.%d.0.1", i), "mask", num(rapid.IntRange(8, 32).Draw(t, name+"mask"))))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, name+"v6") {
		addresses = append(addresses, obj("proto", "static", "family", "ipv6", "address", fmt.Sprintf("fd00:%d::1", i+1), "mask", num(rapid.IntRange(4, 128).Draw(t, name+"mask6"))))
	}
	if addresses == nil && rapid.Bool().Draw(t, name+"dhcp") {
		addresses = append(addresses, obj("proto", "dhcp", "family", rapid.SampledFrom([]string{"ipv4", "ipv6"}).Draw(t, name+"family")))
	}
	if addresses != nil {
		o.Set("addresses", addresses)
	}
	if rapid.Bool().Draw(t, name+"custom") {
		o.Set("custom", anyText().Draw(t, name+"custom value"))
	}
	return o
}

func wifi(t *rapid.T, i int) *ordered.Object {
	w := obj("mode", "access_point", "radio", "radio0", "ssid", rapid.StringMatching(`[ -~]{1,32}`).Draw(t, "ssid"), "hidden", rapid.Bool().Draw(t, "hidden"))
	key := rapid.StringMatching(`[ -~]{8,63}`).Draw(t, "key")
	w.Set("encryption", rapid.SampledFrom([]*ordered.Object{
		obj("protocol", "none"),
		obj("protocol", "wpa2_personal", "key", key, "cipher", "ccmp"),
		obj("protocol", "wpa_personal_mixed", "key", key, "cipher", "tkip+ccmp"),
		obj("protocol", "wpa3_personal", "key", key, "cipher", "ccmp", "ieee80211w", "2"),
		obj("protocol", "wpa2_enterprise", "key", key, "cipher", "auto", "server", "radius.example.org", "port", num(1812), "acct_server_port", num(1813), "acct_server", "acct", "nasid", "n"),
		obj("protocol", "wps", "key", key, "wps_pushbutton", true),
		obj("protocol", "owe", "cipher", "auto"),
		obj("protocol", "wep_open", "key", "abcde", "cipher", "auto"),
	}).Draw(t, "encryption"))
	return obj("name", "wlan"+strconv.Itoa(i), "type", "wireless", "wireless", w)
}
