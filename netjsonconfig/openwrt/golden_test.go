package openwrt_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
)

var update = flag.Bool("update", false, "write the expected outputs anew, to be read before they are kept")

// TestGolden compares this package's own samples with their outputs in both
// syntaxes.
func TestGolden(t *testing.T) {
	for _, name := range []string{"small", "medium", "bridges", "services"} {
		for _, dsa := range []bool{true, false} {
			file := filepath.Join("testdata", name+map[bool]string{true: ".dsa.uci", false: ".old.uci"}[dsa])
			t.Run(filepath.Base(file), func(t *testing.T) {
				var warnings []string
				config, err := njc.New(openwrt.Backend(), sample(t, name), &njc.Options{DSA: &dsa, Warn: func(m string) { warnings = append(warnings, m) }})
				require.NoError(t, err)
				text, err := config.Render()
				require.NoError(t, err)
				if *update {
					require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
				}
				want, err := os.ReadFile(file)
				require.NoError(t, err)
				require.Equal(t, string(want), text)
				require.Equal(t, name == "services", len(warnings) == 2, "%v", warnings)
			})
		}
	}
}

// TestLegacyScripts checks what the scripts say, and that names which mean
// something to a shell stay words.
func TestLegacyScripts(t *testing.T) {
	config, err := njc.NewJSON(openwrt.Legacy(), []byte(`{
		"general": {"hostname": "ap-1"},
		"radios": [{"name": "ra'$(x)", "protocol": "802.11g", "channel": 1, "channel_width": 20}],
		"interfaces": [{"name": "br0", "type": "bridge", "bridge_members": [], "addresses": [{"proto": "static", "family": "ipv4", "address": "10.0.0.1", "mask": 8}]}],
		"openvpn": [{"name": "tap-vpn", "mode": "p2p", "proto": "udp", "dev": "tap;x", "dev_type": "tap", "remote": [{"host": "vpn.org", "port": 1194}], "up": "/tmp/up.sh", "down": "/tmp/down.sh"}],
		"tc_options": [{"name": "tap0", "input_bandwidth": 2048, "output_bandwidth": 1024}, {"name": "eth0"}],
		"files": [{"path": "/crontabs/root", "mode": "0644", "contents": "* * * * * true\n"}]
	}`), nil)
	require.NoError(t, err)
	members, err := config.Members()
	require.NoError(t, err)
	scripts := map[string]string{}
	for _, m := range members {
		if strings.HasSuffix(m.Path, ".sh") {
			require.Equal(t, "0755", m.Mode)
			scripts[m.Path] = m.Contents
		}
	}
	require.Len(t, scripts, 5)
	for _, line := range []string{
		"echo 'ap-1' > /proc/sys/kernel/hostname", `wifi up 'ra'\''$(x)'`, "bridge_up 'br0' 'br-br0' '10.0.0.1'",
		"openvpn --mktun --dev 'tap;x' --dev-type tap", "/etc/init.d/openvpn start", "./tc_script.sh start", `crond -c "$PWD/crontabs"`,
	} {
		require.Contains(t, scripts["install.sh"], line)
	}
	require.Contains(t, scripts["tc_script.sh"], "rate 1024kbit burst 191k")
	require.Contains(t, scripts["tc_script.sh"], "rate 512kbit ceil 1024kbit")
	require.Contains(t, scripts["tc_script.sh"], "police rate 2048kbit burst 383k")
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell to check the syntax with")
	}
	for name, text := range scripts {
		cmd := exec.Command(shell, "-n")
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s\n%s", name, out, text)
	}
}

// TestGeneratedPathsStayInside: paths made of settings are paths of files, too.
func TestGeneratedPathsStayInside(t *testing.T) {
	for _, text := range []string{
		`{"zerotier": [{"name": "z", "config_path": "/etc/../..", "networks": []}]}`,
		`{"openvpn": [{"name": "vpn", "mode": "p2p", "proto": "udp", "dev": "tun0", "ca": "../../ca.pem", "tls_auth": "a b c", "remote": [{"host": "vpn.org", "port": 1194}]}]}`,
	} {
		config, err := njc.NewJSON(openwrt.Backend(), []byte(text), nil)
		require.NoError(t, err)
		_, err = config.Generate()
		var invalid *njc.ValidationError
		require.ErrorAs(t, err, &invalid)
		require.Contains(t, invalid.Message, "Invalid file path")
	}
	for text, path := range map[string]string{
		`{"zerotier": [{"name": "z", "config_path": "/etc/zt+1/", "networks": []}]}`:                                                                                                "etc/zt+1/devicemap",
		`{"openvpn": [{"name": "vpn", "mode": "p2p", "proto": "udp", "dev": "tun0", "ca": "/etc/a@b/ca.pem", "tls_auth": "a b c", "remote": [{"host": "vpn.org", "port": 1194}]}]}`: "etc/a@b/tun0_tls_auth.key",
	} {
		config, err := njc.NewJSON(openwrt.Backend(), []byte(text), nil)
		require.NoError(t, err)
		members, err := config.Members()
		require.NoError(t, err)
		require.Equal(t, path, members[len(members)-1].Path)
	}
}

// TestNamesUCICannotHold are refused and not written.
func TestNamesUCICannotHold(t *testing.T) {
	for _, text := range []string{
		`{"ntp": {"a b": "1"}}`, `{"ntp": {"a\nb": "1"}}`, `{"ntp": {"a'b": "1"}}`, `{"a b": [{"config_name": "x"}]}`, `{"a/b": [{"config_name": "x"}]}`,
		`{"a": [{"config_name": "x y"}]}`,
	} {
		config, err := njc.NewJSON(openwrt.Backend(), []byte(text), nil)
		require.NoError(t, err)
		var invalid *njc.ValidationError
		_, err = config.Render()
		require.ErrorAs(t, err, &invalid, text)
		_, err = config.Generate()
		require.ErrorAs(t, err, &invalid, text)
	}
}

// TestRulesOutsideTheSchema are those one value alone cannot break.
func TestRulesOutsideTheSchema(t *testing.T) {
	cases := map[string]string{
		`{"radios": [{"name": "radio0", "protocol": "802.11n", "channel": 0, "channel_width": 20}]}`: "channel",
		`{"interfaces": [{"name": "br0", "type": "bridge", "bridge_members": [], "vlan_filtering": [{"vlan": 1, "ports": [{"ifname": "a", "tagging": "u", "primary_vid": true}]}, {"vlan": 2, "ports": [{"ifname": "a", "tagging": "u", "primary_vid": true}]}]}]}`: "Primary VID",
		`{"interfaces": [{"name": "br0", "type": "bridge", "bridge_members": [], "vlan_filtering": [{"vlan": 1}, {"ports": []}]}]}`:                                                                                                                                 "'vlan' is a required",
		`{"routes": [{"device": "a", "destination": "somewhere", "next": "", "cost": 0}]}`:                                                                                                                                                                          "not an IPv4 or IPv6 network",
		`{"routes": [{"device": "a", "destination": "10.0.0.0/255.0.255.0", "next": "", "cost": 0}]}`:                                                                                                                                                               "not a netmask",
		`{"interfaces": [{"name": "eth0", "type": "ethernet", "addresses": [{"proto": "static", "family": "ipv4", "address": "10.0.0.1", "mask": 33}]}]}`:                                                                                                           "",
		`{"radios": [{"channel": 0}]}`: "",
		`{"radios": {}}`:               "",
		`{"radios": [1]}`:              "",
	}
	for text, message := range cases {
		config, err := njc.NewJSON(openwrt.Backend(), []byte(text), nil)
		require.NoError(t, err)
		_, err = config.Render()
		var invalid *njc.ValidationError
		require.ErrorAs(t, err, &invalid, text)
		require.Contains(t, invalid.Message, message)
	}
}

// TestVLANsOfOneDevice are told apart when templates are merged, other
// interfaces are merged by name.
func TestVLANsOfOneDevice(t *testing.T) {
	b := openwrt.Backend()
	template, err := njc.DecodeObject([]byte(`{"interfaces": [{"name": "eth0", "type": "8021q", "vid": 1}, {"name": "eth0", "type": "8021q", "vid": 2}, {"name": "eth1", "type": "ethernet"}]}`))
	require.NoError(t, err)
	over, err := njc.DecodeObject([]byte(`{"interfaces": [{"name": "eth0", "type": "8021q", "vid": 2, "network": "two"}, {"name": "eth1", "type": "ethernet", "mtu": 1400}, {"name": "eth0", "type": "ethernet"}]}`))
	require.NoError(t, err)
	merged, err := b.Merge(template, over)
	require.NoError(t, err)
	require.Equal(t, `{"interfaces":[{"name":"eth0","type":"8021q","vid":1},{"name":"eth0","type":"8021q","vid":2,"network":"two"},{"name":"eth1","type":"ethernet","mtu":1400},{"name":"eth0","type":"ethernet"}]}`, merged.String())
}
