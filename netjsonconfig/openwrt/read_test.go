package openwrt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// TestRead reads UCI text and compares the NetJSON, where nothing of the kind
// is among the recorded runs.
func TestRead(t *testing.T) {
	for name, c := range map[string]struct{ native, want string }{
		"a comment before the first section is none": {
			"package openwisp\n# see the manual\n# for more\nconfig controller 'http'\n\toption url 'https://x'\n",
			`{"openwisp": [{"url": "https://x", "config_name": "controller", "config_value": "http"}]}`,
		},
		"a value without quotes": {
			"package system\nconfig system\n\toption hostname ap\n\toption description on the  roof\n",
			`{"general": {"id": "system_1", "hostname": "ap", "description": "on the  roof"}}`,
		},
		"a bridge with an unusual protocol": {
			"package network\nconfig device 'd'\n\toption type 'bridge'\n\toption name 'br-lan'\n\tlist ports 'eth0'\n\toption stp '1'\nconfig interface 'lan'\n\toption device 'br-lan'\n\toption proto 'relay'\n",
			`{"interfaces": [{"proto": "relay", "name": "br-lan", "network": "lan", "type": "other", "bridge_members": ["eth0"], "stp": true}]}`,
		},
		"a modem's port": {
			"package network\nconfig interface 'wwan'\n\toption proto 'qmi'\n\toption device '/dev/cdc-wdm0'\nconfig interface 'mm'\n\toption proto 'modemmanager'\n\toption device '/sys/devices/platform/usb1'\n",
			`{"interfaces": [
				{"name": "wwan", "type": "dialup", "proto": "qmi", "device": "/dev/cdc-wdm0", "username": "", "password": ""},
				{"name": "mm", "type": "modem-manager", "device": "/sys/devices/platform/usb1"}]}`,
		},
		"a channel width of two halves": {
			"package wireless\nconfig wifi-device 'radio0'\n\toption type 'mac80211'\n\toption channel '36'\n\toption band '5g'\n\toption htmode 'VHT80+80'\n",
			`{"radios": [{"name": "radio0", "driver": "mac80211", "protocol": "802.11ac", "channel": 36, "channel_width": 80, "htmode": "VHT80+80", "band": "5g"}]}`,
		},
		"ZeroTier networks with and without settings, of two members": {
			"package zerotier\nconfig zerotier 'a'\n\tlist join '9536600adf654321'\nconfig zerotier 'b'\n\toption enabled '1'\n\tlist join '8056c2e21c000001'\n" +
				"config network 'x'\n\toption id '9536600adf654321'\nconfig network 'y'\n\toption id '8056c2e21c000001'\n\toption allow_dns '1'\nconfig network 'z'\n\toption id '1111111111222222'\n",
			`{"zerotier": [
				{"name": "a", "disabled": true, "networks": [{"id": "9536600adf654321", "ifname": "owzt654321"}, {"id": "1111111111222222", "ifname": "owzt222222"}]},
				{"name": "b", "disabled": false, "networks": [{"id": "8056c2e21c000001", "ifname": "owzt000001"}, {"id": "8056c2e21c000001", "ifname": "owzt000001", "allow_dns": true}]}
			]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := njc.Parse(openwrt.Backend(), []byte(c.native), nil)
			require.NoError(t, err)
			sameJSON(t, []byte(c.want), ordered.Append(nil, config.Merged()))
			_, err = config.Render()
			require.NoError(t, err)
		})
	}
}

// TestReadIsWrittenAgain reads what NetJSON has another form for, and finds the
// text again when it is written.
func TestReadIsWrittenAgain(t *testing.T) {
	for name, text := range map[string]string{
		"bridge with an unusual protocol": "package network\n\nconfig device 'device_lan'\n\toption forward_delay '4'\n\toption name 'br-lan'\n\tlist ports 'eth0'\n\toption type 'bridge'\n\nconfig interface 'lan'\n\toption device 'br-lan'\n\toption proto 'relay'\n",
		"ZeroTier network with settings": "package zerotier\n\nconfig zerotier 'zt'\n\toption config_path '/etc/zt'\n\toption copy_config_path '1'\n\toption enabled '1'\n\tlist join '9536600adf654321'\n\n" +
			"config network 'owzt654321'\n\toption allow_dns '1'\n\toption id '9536600adf654321'\n",
		"globals that say more":               "package network\n\nconfig globals 'globals'\n\toption ula_prefix 'fd00::/48'\n\toption packet_steering '1'\n",
		"globals without a prefix":            "package network\n\nconfig globals 'globals'\n\toption packet_steering '1'\n",
		"a wireless network's random address": "package wireless\n\nconfig wifi-iface 'wifi_wlan0'\n\toption device 'radio0'\n\toption ifname 'wlan0'\n\toption macaddr 'random'\n\toption mode 'sta'\n",
		"names that are empty": "package system\n\nconfig led 'led_x'\n\toption name 'X'\n\n" +
			"package wireless\n\nconfig wifi-iface 'wifi_wlan0'\n\toption bssid '02:b8:c0:00:00:00'\n\toption device 'radio0'\n\toption ifname 'wlan0'\n\toption mode 'adhoc'\n\n" +
			"config wifi-iface 'wifi_wlan1'\n\toption device 'radio0'\n\toption ifname 'wlan1'\n\toption mode 'mesh'\n\n" +
			"package network\n\nconfig wireguard_wg0 'wgpeer_wg0'\n\toption public_key 'p'\n",
	} {
		t.Run(name, func(t *testing.T) {
			config, err := njc.Parse(openwrt.Backend(), []byte(text), nil)
			require.NoError(t, err)
			again, err := config.RenderNative()
			require.NoError(t, err)
			require.Equal(t, text, again)
		})
	}
}

// TestReadLegacyArchive reads both places of an archive that hold packages.
func TestReadLegacyArchive(t *testing.T) {
	packed := archive([]struct{ Name, Contents string }{
		{"uci/system.conf", "package system\n\nconfig 'system' 'system'\n\toption 'hostname' 'ap'\n"},
		{"./etc/config/dhcp", "config dnsmasq\n\toption domain 'caf\xe9'\n"},
		{"etc/config/sub/dir", "config no\n"},
		{"other/wireless", "config no\n"},
	})
	config, err := njc.Parse(openwrt.Legacy(), packed, nil)
	require.NoError(t, err)
	sameJSON(t, []byte(`{"general": {"hostname": "ap"}, "dhcp": [{"domain": "caf\uFFFD", "config_name": "dnsmasq"}]}`), ordered.Append(nil, config.Merged()))
	config, err = njc.Parse(openwrt.Backend(), packed, nil)
	require.NoError(t, err)
	sameJSON(t, []byte(`{"dhcp": [{"domain": "caf\uFFFD", "config_name": "dnsmasq"}]}`), ordered.Append(nil, config.Merged()))
}
