package openwrt_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
)

// reported reads UCI text and returns the NetJSON and the notes.
func reported(t *testing.T, native string) (string, []string) {
	t.Helper()
	config, report, err := njc.ParseReporting(openwrt.Backend(), []byte(native), nil)
	require.NoError(t, err)
	require.NoError(t, config.Validate())
	var notes []string
	for _, n := range report.Notes {
		notes = append(notes, n.String())
	}
	return config.Merged().String(), notes
}

// TestReport tells what was kept raw, changed and dropped, at the finest grain,
// and never a value: it may be a secret.
func TestReport(t *testing.T) {
	for name, c := range map[string]struct {
		native, want string
		notes        []string
	}{
		"an option the schema has no place for": {
			"package network\nconfig device 'd'\n\toption name 'br-lan'\n\toption type 'bridge'\n\tlist ports 'lan1'\n\toption ipv6 '0'\n\nconfig interface 'lan'\n\toption device 'br-lan'\n\toption proto 'dhcp'\n",
			`{"interfaces": [{"name": "br-lan", "network": "lan", "type": "bridge", "bridge_members": ["lan1"], "addresses": [{"proto": "dhcp", "family": "ipv4"}]}],
			  "network": [{"config_name": "device", "config_value": "device_lan", "ipv6": "0"}]}`,
			[]string{"raw network.d.ipv6: the schema has no place for it"},
		},
		"a value the schema refuses": {
			"package wireless\nconfig wifi-device 'radio0'\n\toption type 'mac80211'\n\toption band '5g'\n\toption channel '155'\n\toption htmode 'VHT80'\n",
			`{"radios": [{"name": "radio0", "protocol": "802.11ac", "driver": "mac80211", "band": "5g", "channel": 0, "channel_width": 80}],
			  "wireless": [{"config_name": "wifi-device", "config_value": "radio0", "channel": "155"}]}`,
			[]string{"raw wireless.radio0.channel: the schema does not know this value"},
		},
		"a section that is none for the schema, with a secret": {
			"package wireless\nconfig wifi-iface 'w0'\n\toption ssid 'x'\n\toption mode 'ap'\n\toption device 'radio0'\n\toption encryption 'psk2'\n\toption key 'hidden!'\n",
			`{"interfaces": [{"name": "w0", "type": "wireless", "wireless": {"ssid": "x", "mode": "access_point", "radio": "radio0", "id": "w0"}}],
			  "wireless": [{"config_name": "wifi-iface", "config_value": "w0", "encryption": "psk2", "key": "hidden!"}]}`,
			nil,
		},
		"what a protocol does not use": {
			"package network\nconfig interface 'lan'\n\toption device 'br-lan'\n\toption proto 'dhcp'\n\toption ipaddr '192.168.1.1'\n\toption netmask '255.255.255.0'\n\toption empty ''\n",
			`{"interfaces": [{"name": "br-lan", "network": "lan", "type": "ethernet", "ipaddr": "192.168.1.1", "addresses": [{"proto": "dhcp", "family": "ipv4"}]}]}`,
			[]string{
				"dropped network.lan.empty: UCI has no options without a value, or of such a name",
				"dropped network.lan.netmask: the address comes from DHCP, with its mask",
			},
		},
		"packages, and sections without a name": {
			"package firewall\nconfig rule\n\toption name 'a'\n\nconfig rule\n\toption name 'a'\n\npackage network\nconfig interface 'lan'\n\toption proto 'none'\n\nconfig atm-bridge 'atm'\n\toption vpi '8'\n",
			`{"firewall": [{"name": "a", "config_name": "rule", "config_value": "rule_1"}, {"name": "a", "config_name": "rule", "config_value": "rule_2"}],
			  "interfaces": [{"name": "lan", "type": "ethernet", "device": ""}], "network": [{"vpi": "8", "config_name": "atm-bridge", "config_value": "atm"}]}`,
			[]string{
				"raw firewall: the schema has no place for this package",
				"changed firewall: 2 sections without a name get one",
				"raw network.atm: the schema has no place for it",
			},
		},
		"a repeater of two networks": {
			"package network\nconfig interface 'rep'\n\toption proto 'relay'\n\toption network 'lan wwan'\n",
			"", []string{"raw network.rep: not of the form the schema wants"},
		},
		"protocols the schema knows no value of": {
			"package openvpn\nconfig openvpn 'c'\n\toption client '1'\n\toption dev 'tun'\n\tlist remote 'a 1194'\n",
			`{"openvpn_blocks": [{"client": "1", "dev": "tun", "remote": ["a 1194"], "config_name": "openvpn", "config_value": "c"}]}`,
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			config, notes := reported(t, c.native)
			if c.want != "" {
				require.JSONEq(t, c.want, config)
			}
			if c.notes != nil {
				require.Equal(t, c.notes, notes)
			}
			require.NotContains(t, strings.Join(notes, "\n"), "hidden!")
		})
	}
}

// TestBrokenFileIsKept reads an archive with a file that is no UCI: the others
// are read, and it is kept as it is.
func TestBrokenFileIsKept(t *testing.T) {
	packed := archive([]struct{ Name, Contents string }{
		{"etc/config/system", "config system 'system'\n\toption hostname 'ap'\n"},
		{"etc/config/broken", "config x 'y'\n\toption z 'no end\n"},
		{"etc/passwd", "root:x:0:0\n"},
		{"etc/config/not a package", "x"},
	})
	config, report, err := njc.ParseReporting(openwrt.Backend(), packed, nil)
	require.NoError(t, err)
	require.JSONEq(t, `{"general": {"hostname": "ap"}, "files": [{"path": "/etc/config/broken", "mode": "0644", "contents": "config x 'y'\n\toption z 'no end\n"}]}`, config.Merged().String())
	require.Len(t, report.Of(njc.Dropped), 2)
	require.Len(t, report.Of(njc.KeptRaw), 1)

	_, err = njc.Parse(openwrt.Backend(), []byte("package x\nconfig x 'y\n"), nil)
	var syntax *njc.ParseError
	require.True(t, errors.As(err, &syntax), "text alone that is none is an error")
}

// TestReportIsBounded reads more faults than anyone reads notes.
func TestReportIsBounded(t *testing.T) {
	text := "package network\n" + strings.Repeat("config route\n\toption target 'x'\n", 3000)
	_, report, err := njc.ParseReporting(openwrt.Backend(), []byte(text), nil)
	require.NoError(t, err)
	require.Len(t, report.Notes, 2000)
	require.Positive(t, report.More)
}
