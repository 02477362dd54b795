package openwrt_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// packages renders a configuration over templates and reads the packages.
func packages(t require.TestingT, config string, templates ...string) map[string]*uci.Package {
	o := new(njc.Options)
	for _, text := range templates {
		layer, err := njc.DecodeObject([]byte(text))
		require.NoError(t, err)
		o.Templates = append(o.Templates, layer)
	}
	c, err := njc.NewJSON(openwrt.Backend(), []byte(config), o)
	require.NoError(t, err)
	text, err := c.RenderNative()
	require.NoError(t, err)
	return packagesOf(t, text)
}

// packagesOf reads UCI text as strictly as a device does.
func packagesOf(t require.TestingT, text string) map[string]*uci.Package {
	all, err := uci.ParseAll([]byte(text))
	require.NoError(t, err)
	out := map[string]*uci.Package{}
	for _, p := range all {
		require.NoError(t, p.Validate(), "%s", text)
		out[p.Name] = p
	}
	return out
}

// TestReferencesFollow renames what UCI cannot hold, and what refers to it.
func TestReferencesFollow(t *testing.T) {
	p := packages(t, `{
		"radios": [{"name": "radio-0", "protocol": "802.11n", "channel": 1, "channel_width": 20}],
		"interfaces": [
			{"name": "br-lan", "type": "bridge", "bridge_members": ["lan1"], "addresses": [{"proto": "dhcp", "family": "ipv4"}]},
			{"name": "eth1", "network": "wan.b", "type": "ethernet", "addresses": [{"proto": "dhcp", "family": "ipv4"}]},
			{"name": "eth1", "network": "v-5", "type": "8021q", "vid": 5, "addresses": [{"proto": "dhcp", "family": "ipv4"}]},
			{"name": "wg-0", "type": "wireguard", "private_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "addresses": []},
			{"name": "vx0", "type": "vxlan", "vtep": "10.0.0.1", "port": 4789, "vni": 1, "tunlink": "wg-0"},
			{"name": "wlan0", "type": "wireless", "wireless": {"radio": "radio-0", "mode": "access_point", "ssid": "x", "network": ["wan.b"], "id": "my-wifi"}},
			{"name": "alias", "type": "other", "proto": "none", "device": "@br-lan"}
		],
		"wireguard_peers": [{"interface": "wg-0", "public_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "allowed_ips": ["10.0.0.0/8"]}],
		"routes": [
			{"name": "my route", "device": "br-lan", "destination": "10.0.0.0/8", "next": "", "cost": 0},
			{"name": "my-route", "device": "eth0.7", "destination": "10.0.0.0/8", "next": "", "cost": 0}
		],
		"ip_rules": [{"name": "to-vpn", "in": "wan.b", "out": "br-lan", "lookup": "100"}],
		"led": [{"name": "led-1", "id": "led_wan led-1", "sysfs": "a:b", "trigger": "netdev"}],
		"firewall": [{"config_name": "zone", "name": "lan", "network": ["br-lan", "wan.b", "v-5", "other-net"]}],
		"dhcp": [{"config_name": "dhcp", "config_value": "br-lan", "interface": "br-lan"}],
		"mwan3": [
			{"config_name": "member", "config_value": "wan-m1", "interface": "wan.b"},
			{"config_name": "policy", "config_value": "p", "use_member": ["wan-m1"]}
		],
		"openvpn": [{"name": "x-y", "mode": "p2p", "proto": "udp", "dev": "tun-0", "remote": [{"host": "vpn.example.org", "port": 1194}], "data-ciphers-x": "1"}]
	}`)
	get := func(pkg, section, key string) string {
		require.NotNil(t, p[pkg].Section(section), "%s.%s\n%s", pkg, section, p[pkg])
		return p[pkg].Get(section, key)
	}
	require.Equal(t, "br-lan", get("network", "br_lan", "device"), "devices keep their dashes")
	require.Equal(t, "eth1", get("network", "wan_b", "device"))
	require.Equal(t, "eth1.5", get("network", "v_5", "device"))
	require.Equal(t, "wg_0", get("network", "vx0", "tunlink"))
	require.Equal(t, "@br_lan", get("network", "alias", "device"))
	require.Equal(t, "br_lan", get("network", "my_route", "interface"))
	require.Equal(t, "eth0.7", get("network", "my_route_2", "interface"), "no interface is called so")
	require.Equal(t, "wan_b", get("network", "to_vpn", "in"))
	require.Equal(t, "br_lan", get("network", "to_vpn", "out"))
	require.Equal(t, "wireguard_wg_0", p["network"].Section("wgpeer_wg_0").Type)
	require.Equal(t, "wan_b", get("wireless", "my_wifi", "network"))
	require.Equal(t, "radio_0", get("wireless", "my_wifi", "device"))
	require.Equal(t, "1", get("wireless", "radio_0", "channel"))
	require.Equal(t, "led-1", get("system", "led_wan_led_1", "name"))
	require.Equal(t, "br_lan wan_b v_5 other-net", get("firewall", "zone_1", "network"))
	require.Equal(t, "br_lan", get("dhcp", "br_lan", "interface"))
	require.Equal(t, "wan_b", get("mwan3", "wan_m1", "interface"))
	require.Equal(t, "wan_m1", get("mwan3", "p", "use_member"))
	require.Equal(t, "1", get("openvpn", "x_y", "data_ciphers_x"))
}

// TestAnyNameIsWrittenValid gives sections names of any text: what comes out,
// UCI reads, and no section is lost.
func TestAnyNameIsWrittenValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.OneOf(rapid.SampledFrom([]string{"a-b", "a_b", "a b", "wan", "lan.1", "è"}), rapid.StringMatching(`[ -~]{1,12}`))
		name := func() string { return word.Draw(t, "name") }
		routes, rules, leds, blocks := []any{}, []any{}, []any{}, []any{}
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			routes = append(routes, obj("name", name(), "device", name(), "destination", "10.0.0.0/8", "next", "", "cost", num(0)))
			rules = append(rules, obj("name", name(), "lookup", "1"))
			leds = append(leds, obj("name", name(), "id", name(), "sysfs", "s", "trigger", "t"))
			blocks = append(blocks, obj("config_name", "block", "config_value", name(), "n", num(len(blocks))))
		}
		c, err := njc.New(openwrt.Backend(), obj(
			"interfaces", []any{obj("name", "eth0", "network", rapid.StringMatching(`[a-z][a-z_.-]{0,10}`).Draw(t, "network"), "type", "ethernet")},
			"routes", routes, "ip_rules", rules, "led", leds, "blocks", blocks,
		), nil)
		require.NoError(t, err)
		if c.Validate() != nil {
			return // two equal routes, or a name the schema refuses
		}
		text, err := c.RenderNative()
		require.NoError(t, err)
		p := packagesOf(t, text)
		require.Len(t, p["network"].Sections, 1+len(routes)+len(rules))
		if len(leds) > 0 {
			require.Len(t, p["system"].Sections, len(leds))
			require.Len(t, p["blocks"].Sections, len(blocks))
		}
	})
}

// TestNamesUCICannotHave are refused where no other name would mean the same.
func TestNamesUCICannotHave(t *testing.T) {
	for text, pointer := range map[string]string{
		`{"a b": [{"config_name": "x"}]}`:           "/a b",
		`{"a.b": [{"config_name": "x"}]}`:           "/a.b",
		`{"a": [{"config_name": "x y"}]}`:           "/a",
		`{"a": [{"config_name": "città"}]}`:         "/a",
		`{"a": [{"config_name": "x", "o p": "1"}]}`: "/a",
	} {
		c, err := njc.NewJSON(openwrt.Backend(), []byte(text), nil)
		require.NoError(t, err)
		_, err = c.Render()
		var invalid *njc.ValidationError
		require.ErrorAs(t, err, &invalid, "%s", text)
		require.Equal(t, pointer, invalid.Pointer)
	}
}

// TestTemplatesTellSectionsApart lays templates under configurations: what
// becomes different sections stays different.
func TestTemplatesTellSectionsApart(t *testing.T) {
	guest := `{"interfaces": [{"name": "br-guest", "type": "bridge", "bridge_members": ["lan4"]}]}`
	eth := func(rest string) string { return `{"interfaces": [{"name": "eth1", "type": "ethernet"` + rest + `}]}` }
	both := `{"interfaces": [
		{"name": "eth1", "network": "wan", "type": "ethernet", "addresses": [{"proto": "dhcp", "family": "ipv4"}]},
		{"name": "eth1", "network": "wan6", "type": "ethernet", "addresses": [{"proto": "dhcp", "family": "ipv6"}]}
	]}`
	sections := func(config string, templates ...string) []string {
		var out []string
		for _, s := range packages(t, config, templates...)["network"].OfType("interface") {
			out = append(out, s.Name+" "+s.Get("proto")+" "+s.Get("metric"))
		}
		return out
	}
	require.Equal(t, []string{"br_guest none ", "wan dhcp ", "wan6 dhcpv6 "}, sections(both, guest))
	require.Equal(t, []string{"wan dhcp ", "wan6 dhcpv6 ", "br_guest none "}, sections(guest, both))
	require.Equal(t, []string{"wan dhcp ", "wan6 dhcpv6 "}, sections(`{}`, both, both))
	// The same name, or none, means the same entry.
	require.Equal(t, []string{"wan dhcp ", "wan6 dhcpv6 5"}, sections(eth(`, "network": "wan6", "metric": 5`), both))
	require.Equal(t, []string{"wan dhcp 5", "wan6 dhcpv6 "}, sections(eth(`, "metric": 5`), both))
	require.Equal(t, []string{"wan dhcp 5", "wan6 dhcpv6 "}, sections(both, eth(`, "metric": 5`)))
	require.Equal(t, []string{"eth1 none 6"}, sections(eth(`, "metric": 6`), eth(`, "metric": 5`)))
	// Another network on the device is another entry.
	require.Equal(t, []string{"wan dhcp ", "wan6 dhcpv6 ", "modem none "}, sections(eth(`, "network": "modem"`), both))

	for _, list := range []string{
		`"led": [{"name": "LAN", "id": "led_a", "sysfs": "a", "trigger": "netdev"}, {"name": "LAN", "id": "led_b", "sysfs": "b", "trigger": "netdev"}]`,
		`"firewall": [{"config_name": "rule", "config_value": "r1", "name": "Allow"}, {"config_name": "rule", "config_value": "r2", "name": "Allow"}, {"config_name": "zone", "name": "Allow"}]`,
	} {
		config, err := njc.DecodeObject([]byte("{" + list + "}"))
		require.NoError(t, err)
		over := obj("led", []any{}, "firewall", []any{})
		merged, err := openwrt.Backend().Merge(config, over, config)
		require.NoError(t, err)
		for key, v := range config.All() {
			got, _ := merged.Get(key)
			require.True(t, ordered.Equal(v, got), "%s", merged)
		}
	}
}

// TestDisabledInterfaceIsDown writes what netifd reads beside what the reference
// writes.
func TestDisabledInterfaceIsDown(t *testing.T) {
	p := packages(t, `{"interfaces": [{"name": "eth1", "type": "ethernet", "disabled": true}, {"name": "eth2", "type": "ethernet", "disabled": false}]}`)
	require.Equal(t, "1", p["network"].Get("eth1", "disabled"))
	require.Equal(t, "0", p["network"].Get("eth1", "enabled"))
	require.Equal(t, "", p["network"].Get("eth2", "disabled"))
	require.Equal(t, "1", p["network"].Get("eth2", "enabled"))
}
