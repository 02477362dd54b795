package netjsontest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/netjsontest"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/vpn"
)

// TestSuite runs the suite over backends that can be read back and one that
// cannot.
func TestSuite(t *testing.T) {
	netjsontest.Run(t, openwrt.Backend(), map[string]netjsontest.Sample{
		"host":  {Config: `{"general": {"hostname": "ap"}, "files": [{"path": "/etc/x", "mode": "0644", "contents": "x"}]}`},
		"lossy": {Config: `{"interfaces": [{"name": "eth0", "type": "ethernet", "x": "1"}], "network": [{"config_name": "interface", "config_value": "eth0", "a": "2"}]}`, Lossy: true},
	})
	netjsontest.Run(t, vpn.Wireguard(), map[string]netjsontest.Sample{
		"tunnel": {Config: `{"wireguard": [{"name": "wg0", "port": 51820, "private_key": "k", "address": "10.0.0.1/24"}]}`},
	})
}

// TestWithoutAdditions leaves everything recorded in its place.
func TestWithoutAdditions(t *testing.T) {
	require.Equal(t, map[string]any{
		"oneOf":       []any{map[string]any{"$ref": "#/definitions/radio_80211ax_6ghz_settings"}, "x"},
		"definitions": map[string]any{"tunnel": 1.0},
	}, netjsontest.WithoutAdditions(map[string]any{
		"oneOf": []any{
			map[string]any{"$ref": "#/definitions/radio_80211ax_6ghz_settings"},
			map[string]any{"$ref": "#/definitions/radio_80211be_6ghz_settings"}, "x",
		},
		"definitions": map[string]any{"tunnel": 1.0, "radio_be_5ghz_channel_width": 2.0, "compress": 3.0},
	}))
}
