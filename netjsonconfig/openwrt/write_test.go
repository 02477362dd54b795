package openwrt_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
)

// TestWrite compares UCI text for NetJSON of which nothing is among the
// recorded runs. The sections are told apart by blank lines, the options of one
// stand on a line.
func TestWrite(t *testing.T) {
	for name, c := range map[string]struct {
		config, want string
		legacy       bool
	}{
		"an empty prefix is none": {
			config: `{"general": {"hostname": "ap", "ula_prefix": "", "globals_id": "g"}}`,
			want:   `system: system 'system' | hostname 'ap'`,
		},
		"globals of a name, with more from a list": {
			config: `{"general": {"ula_prefix": "fd00::/48", "globals_id": "g"}, "network": [{"config_name": "globals", "config_value": "g", "packet_steering": 1}]}`,
			want:   `network: globals 'g' | ula_prefix 'fd00::/48' | packet_steering '1'`,
		},
		"only an id": {
			config: `{"general": {"id": "sys"}}`,
			want:   `system: system 'sys' | hostname 'OpenWRT'`,
		},
		"a MAC address by its UCI name": {
			config: `{"interfaces": [{"name": "eth0", "type": "ethernet", "macaddr": "02:00:00:00:00:01"}]}`,
			want: `network: device 'device_eth0' | macaddr '02:00:00:00:00:01' | name 'eth0'
				network: interface 'eth0' | device 'eth0' | proto 'none'`,
		},
		"a MAC address of the wireless network": {
			config: `{"interfaces": [{"name": "wlan0", "type": "wireless", "wireless": {"radio": "radio0", "mode": "monitor", "macaddr": "random"}}]}`,
			want:   `wireless: wifi-iface 'wifi_wlan0' | device 'radio0' | ifname 'wlan0' | macaddr 'random' | mode 'monitor'`,
		},
		"and one of the interface, which wins": {
			config: `{"interfaces": [{"name": "wlan0", "type": "wireless", "mac": "02:00:00:00:00:01", "wireless": {"radio": "radio0", "mode": "monitor", "macaddr": "random"}}]}`,
			want:   `wireless: wifi-iface 'wifi_wlan0' | device 'radio0' | ifname 'wlan0' | macaddr '02:00:00:00:00:01' | mode 'monitor'`,
		},
		"gateways of a bridge": {
			config: `{"interfaces": [{"name": "br0", "type": "bridge", "bridge_members": ["eth0"], "mtu": 1400, "stp": true, "addresses": [
				{"proto": "static", "family": "ipv4", "address": "10.0.0.2", "mask": 24, "gateway": "10.0.0.1"},
				{"proto": "static", "family": "ipv6", "address": "fd00::2", "mask": 64, "gateway": "fd00::1"},
				{"proto": "dhcp", "family": "ipv4", "reqopts": "1 2"}]}]}`,
			legacy: true,
			want: `network: interface 'br0' | gateway '10.0.0.1' | ifname 'eth0' | ip6addr 'fd00::2/64' | ip6gw 'fd00::1' | ipaddr '10.0.0.2' | mtu '1400' | netmask '255.255.255.0' | proto 'static' | stp '1' | type 'bridge'
				network: interface 'br0_2' | ifname 'br-br0' | ip6gw 'fd00::1' | mtu '1400' | proto 'dhcp' | reqopts '1 2'`,
		},
		"a bridge that was read as something other": {
			config: `{"interfaces": [
				{"name": "br-lan", "network": "lan", "type": "other", "proto": "relay", "bridge_members": ["wlan0"], "stp": true},
				{"name": "wlan0", "type": "wireless", "wireless": {"radio": "radio0", "mode": "monitor"}}]}`,
			want: `network: device 'device_lan' | name 'br-lan' | +ports 'wlan0' | stp '1' | type 'bridge'
				network: interface 'lan' | device 'br-lan' | proto 'relay'
				wireless: wifi-iface 'wifi_wlan0' | device 'radio0' | ifname 'wlan0' | mode 'monitor' | network 'lan'`,
		},
		"two members of ZeroTier, one network said twice": {
			config: `{"zerotier": [
				{"name": "a", "networks": [{"id": "9536600adf654321", "ifname": "n1"}, {"id": "9536600adf654321", "ifname": "n1", "allow_dns": true}]},
				{"name": "b", "config_path": "/etc/b", "networks": [{"id": "8056c2e21c000001", "ifname": "n2"}]}]}`,
			want: `zerotier: zerotier 'a' | config_path '/etc/openwisp/zerotier' | copy_config_path '1' | enabled '1' | +join '9536600adf654321'
				zerotier: network 'n1' | allow_dns '1' | id '9536600adf654321'
				zerotier: zerotier 'b' | config_path '/etc/b' | copy_config_path '1' | enabled '1' | +join '8056c2e21c000001'
				zerotier: network 'n2' | id '8056c2e21c000001'`,
		},
		"values of every kind": {
			config: `{"x": [{"config_name": "a", "config_value": 5, "f": 1.50, "g": 1e3, "h": [1, true, null], "j": -0, "k": [], "l": null, "m": "", "n": false, ".o": "p"}, {"config_name": "#"}, {"config_name": "a"}]}`,
			want: `x: a '5' | f '1.5' | g '1000.0' | +h '1' | +h '1' | j '0' | n '0'
				x: a 'a_2'`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			dsa := !c.legacy
			config, err := njc.NewJSON(openwrt.Backend(), []byte(c.config), &njc.Options{DSA: &dsa})
			require.NoError(t, err)
			text, err := config.RenderNative()
			require.NoError(t, err)
			require.Equal(t, c.want, strings.Join(brief(text), "\n\t\t\t\t"))
		})
	}
}

// brief puts each section on a line.
func brief(text string) []string {
	var lines []string
	pkg := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "package":
			pkg = rest
		case "config":
			lines = append(lines, pkg+": "+rest)
		case "option":
			lines[len(lines)-1] += " | " + rest
		case "list":
			lines[len(lines)-1] += " | +" + rest
		}
	}
	return lines
}

// TestLegacyTrafficShaping knows that the list is no package.
func TestLegacyTrafficShaping(t *testing.T) {
	var warnings []string
	o := &njc.Options{Warn: func(m string) { warnings = append(warnings, m) }}
	document := []byte(`{"tc_options": [{"name": "tap0", "input_bandwidth": 1024}]}`)
	for _, b := range []*njc.Backend{openwrt.Legacy(), openwrt.Backend()} {
		config, err := njc.NewJSON(b, document, o)
		require.NoError(t, err)
		text, err := config.Render()
		require.NoError(t, err)
		require.Empty(t, text)
	}
	require.Len(t, warnings, 1, "of the backend that does not know it")
}
