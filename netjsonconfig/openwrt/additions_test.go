package openwrt_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/autoclient"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
)

// What the reference does since 24.11 (spec: additions §10, N-3 to N-7).
func TestAdditions(t *testing.T) {
	render := func(t *testing.T, text string) string {
		t.Helper()
		c, err := njc.NewJSON(openwrt.Backend(), []byte(text), nil)
		require.NoError(t, err)
		out, err := c.Render()
		require.NoError(t, err)
		return out
	}
	t.Run("N-3 only real booleans become 1 and 0", func(t *testing.T) {
		out := render(t, `{"custom": [{"config_name": "custom", "config_value": "one", "yes": true, "no": false, "word": "true", "other": "False"}]}`)
		for _, line := range []string{"option yes '1'", "option no '0'", "option word 'true'", "option other 'False'"} {
			require.Contains(t, out, line)
		}
	})
	t.Run("N-4 different kinds are refused when merged, not mixed", func(t *testing.T) {
		for _, layers := range [][2]string{
			{`{"interfaces": [{"name": "eth0", "type": "ethernet"}]}`, `{"interfaces": {"name": "eth0"}}`},
			{`{"general": {"hostname": "a"}}`, `{"general": ["a"]}`},
			{`{"interfaces": [{"name": "eth0", "type": "ethernet", "addresses": [{"proto": "dhcp", "family": "ipv4"}]}]}`, `{"interfaces": [{"name": "eth0", "type": "ethernet", "addresses": {"proto": "dhcp"}}]}`},
		} {
			b := openwrt.Backend()
			below, err := njc.DecodeObject([]byte(layers[0]))
			require.NoError(t, err)
			above, err := njc.DecodeObject([]byte(layers[1]))
			require.NoError(t, err)
			merged, err := b.Merge(below, above)
			if err == nil {
				var c *njc.Config
				if c, err = njc.New(b, merged, nil); err == nil {
					err = c.Validate()
				}
			}
			require.Error(t, err, layers[1])
			var wrong *njc.ValidationError
			require.ErrorAs(t, err, &wrong, layers[1])
		}
	})
	t.Run("N-5 paths of files are looked at when validated", func(t *testing.T) {
		for path, fine := range map[string]bool{"/etc/a-b_c.1": true, "/etc/../passwd": false, "/etc//x": false, "/etc/x/": false, "/etc/./x": false, "/etc/ü": false} {
			c, err := njc.NewJSON(openwrt.Backend(), []byte(`{"files": [{"path": "`+path+`", "mode": "0644", "contents": "x"}]}`), nil)
			require.NoError(t, err)
			require.Equal(t, fine, c.Validate() == nil, path)
		}
	})
	t.Run("N-6 VLANs of bridges, and names of interfaces without a network", func(t *testing.T) {
		out := render(t, `{"interfaces": [{"name": "br-lan", "type": "bridge", "network": "", "bridge_members": ["lan1", "lan2"], "vlan_filtering": [
			{"vlan": 1, "ports": [{"ifname": "lan1", "tagging": "u", "primary_vid": true}, {"ifname": "lan2", "tagging": "t"}]},
			{"vlan": 20, "ports": [{"ifname": "lan2", "tagging": "u", "primary_vid": true}]}]},
			{"name": "br-lan.20", "type": "ethernet", "mtu": 1400, "addresses": [{"proto": "static", "family": "ipv4", "address": "10.20.0.1", "mask": 24}]}]}`)
		for _, section := range []string{
			"config device 'device_br_lan'\n\toption name 'br-lan'\n\tlist ports 'lan1'\n\tlist ports 'lan2'\n\toption type 'bridge'\n\toption vlan_filtering '1'\n",
			"config bridge-vlan 'vlan_br_lan_1'\n\toption device 'br-lan'\n\tlist ports 'lan1:u*'\n\tlist ports 'lan2:t'\n\toption vlan '1'\n",
			"config bridge-vlan 'vlan_br_lan_20'\n\toption device 'br-lan'\n\tlist ports 'lan2:u*'\n\toption vlan '20'\n",
			"config interface 'br_lan_1'\n\toption device 'br-lan.1'\n\toption proto 'none'\n",
			"config interface 'br_lan'\n\toption device 'br-lan'\n\toption proto 'none'\n",
		} {
			require.Contains(t, out, section, out)
		}
		require.Equal(t, 1, strings.Count(out, "option device 'br-lan.20'"), "whose interface of that device is theirs alone")
		require.Contains(t, out, "option ipaddr '10.20.0.1'")
	})
	t.Run("N-7 the section of ZeroTier is called global", func(t *testing.T) {
		c, err := njc.New(openwrt.Backend(), autoclient.ZeroTier{}.OpenWrt(), nil)
		require.NoError(t, err)
		out, err := c.Render()
		require.NoError(t, err)
		require.Contains(t, out, "config zerotier 'global'")
	})
}
