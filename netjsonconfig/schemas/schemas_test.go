package schemas_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/netjsonconfig/netjsontest"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schemas"
)

// plain removes what is meant for people only.
func plain(v any, properties bool) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i], false)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, member := range v {
			switch {
			case properties:
				out[key] = plain(member, false)
			case key == "title" || key == "description" || key == "enum_titles":
			default:
				out[key] = plain(member, key == "properties" || key == "definitions")
			}
		}
		return out
	}
	return v
}

// difference returns the place of the first difference, or "".
func difference(a, b any, place string) string {
	x, ok1 := a.(map[string]any)
	y, ok2 := b.(map[string]any)
	if !ok1 || !ok2 {
		if reflect.DeepEqual(a, b) {
			return ""
		}
		return fmt.Sprintf("%s: %v, not %v", place, b, a)
	}
	for key := range y {
		if _, ok := x[key]; !ok {
			return place + "/" + key + ": not there in the recorded one"
		}
	}
	for key := range x {
		if d := difference(x[key], y[key], place+"/"+key); d != "" {
			return d
		}
	}
	return ""
}

func TestDocumentsAreTheRecordedOnes(t *testing.T) {
	text, err := os.ReadFile(testkit.Vectors(t, "rest", "config-schema.json"))
	require.NoError(t, err)
	var recorded map[string]any
	require.NoError(t, json.Unmarshal(text, &recorded))
	ours := map[string]*ordered.Object{
		"netjsonconfig.OpenWrt":                           schemas.Form(schemas.OpenWrt()),
		"netjsonconfig.OpenWisp":                          schemas.Form(schemas.OpenWisp()),
		"openwisp_controller.vpn_backends.OpenVpn":        schemas.OpenVPNServer().Object,
		"openwisp_controller.vpn_backends.Wireguard":      schemas.WireguardServer().Object,
		"openwisp_controller.vpn_backends.VxlanWireguard": schemas.VxlanWireguardServer().Object,
		"openwisp_controller.vpn_backends.ZeroTier":       schemas.ZeroTierServer().Object,
	}
	require.Len(t, ours, len(recorded))
	for path, o := range ours {
		var got any
		require.NoError(t, json.Unmarshal(ordered.Append(nil, o), &got))
		require.Empty(t, difference(plain(netjsontest.WithoutAdditions(recorded[path]), false), plain(netjsontest.WithoutAdditions(got), false), ""), path)
	}
}

// TestAdditions accepts what OpenWrt 24.10 has and the recorded documents do not,
// and each in one way only.
func TestAdditions(t *testing.T) {
	for text, valid := range map[string]bool{
		`{"radios": [{"name": "radio0", "protocol": "802.11be", "band": "2g", "channel": 6, "channel_width": 40}]}`:    true,
		`{"radios": [{"name": "radio0", "protocol": "802.11be", "band": "2g", "channel": 6, "channel_width": 320}]}`:   false,
		`{"radios": [{"name": "radio0", "protocol": "802.11be", "band": "5g", "channel": 0, "channel_width": 160}]}`:   true,
		`{"radios": [{"name": "radio0", "protocol": "802.11be", "band": "6g", "channel": 37, "channel_width": 320}]}`:  true,
		`{"radios": [{"name": "radio0", "protocol": "802.11be", "band": "6g", "channel": 5, "channel_width": 320}]}`:   true,
		`{"radios": [{"name": "radio0", "protocol": "802.11be", "channel": 37, "channel_width": 320}]}`:                false,
		`{"radios": [{"name": "radio0", "protocol": "802.11be", "band": "5g", "channel": 37, "channel_width": 20}]}`:   false,
		`{"radios": [{"name": "radio0", "protocol": "802.11ax", "band": "6g", "channel": 0, "channel_width": 160}]}`:   true,
		`{"radios": [{"name": "radio0", "protocol": "802.11ax", "band": "6g", "channel": 5, "channel_width": 160}]}`:   true,
		`{"radios": [{"name": "radio0", "protocol": "802.11ax", "band": "6g", "channel": 233, "channel_width": 160}]}`: true,
		`{"radios": [{"name": "radio0", "protocol": "802.11ax", "channel": 5, "channel_width": 80}]}`:                  true,
		`{"radios": [{"name": "radio0", "protocol": "802.11ax", "channel": 153, "channel_width": 80}]}`:                true,
		`{"radios": [{"name": "radio0", "protocol": "802.11ax", "band": "6g", "channel": 153, "channel_width": 80}]}`:  true,
		`{"interfaces": [{"name": "w0", "type": "wireless", "wireless": {"radio": "radio0", "mode": "access_point", "ssid": "x",
			"encryption": {"protocol": "wpa3_enterprise_192", "key": "radius-secret", "server": "10.0.0.1", "ieee80211w": "2"}}}]}`: true,
		`{"openvpn": [{"name": "vpn", "mode": "p2p", "proto": "udp", "dev": "tun0", "remote": [{"host": "a.example.org", "port": 1194}],
			"compress": "lz4-v2", "allow_compression": "asym", "comp_lzo": ""}]}`: true,
	} {
		v, err := ordered.Decode([]byte(text))
		require.NoError(t, err)
		err = schemas.OpenWrt().Schema.Validate(v)
		require.Equal(t, valid, err == nil, "%s: %v", text, err)
	}
}

func TestEveryFieldHasATitle(t *testing.T) {
	for _, d := range []*schemas.Document{
		schemas.OpenWrt(), schemas.OpenWisp(), schemas.OpenVPN(), schemas.Wireguard(),
		schemas.VxlanWireguard(), schemas.ZeroTier(),
	} {
		properties, _ := d.Object.Get("properties")
		for name, property := range properties.(*ordered.Object).All() {
			title, _ := property.(*ordered.Object).Get("title")
			require.NotEmpty(t, title, name)
		}
		require.True(t, json.Valid(d.JSON))
	}
}

func TestBoundsAreEnforced(t *testing.T) {
	config := func(family, address, mask string) any {
		v, err := ordered.Decode([]byte(`{"interfaces": [{"name": "eth0", "type": "ethernet", "addresses": [
			{"proto": "static", "family": "` + family + `", "address": "` + address + `", "mask": ` + mask + `}]}]}`))
		require.NoError(t, err)
		return v
	}
	s := schemas.OpenWrt().Schema
	require.NoError(t, s.Validate(config("ipv4", "10.0.0.1", "32")))
	require.Error(t, s.Validate(config("ipv4", "10.0.0.1", "33")))
	require.NoError(t, s.Validate(config("ipv6", "fd00::1", "128")))
	require.Error(t, s.Validate(config("ipv6", "fd00::1", "129")))
	require.Error(t, s.Validate(config("ipv4", "10.0.0.1", "24.0")))
}

func TestServersAreOne(t *testing.T) {
	for text, valid := range map[string]bool{
		`{}`:                false,
		`{"wireguard": []}`: false,
		`{"wireguard": [{"name": "wg0", "port": 51820}]}`:                                           true,
		`{"wireguard": [{"name": "wg0", "port": 51820}, {"name": "wg1", "port": 51821}]}`:           false,
		`{"wireguard": [{"name": "wg0", "port": 51820}], "vxlan": [{"name": "vx", "vni": "auto"}]}`: true,
	} {
		v, err := ordered.Decode([]byte(text))
		require.NoError(t, err)
		require.Equal(t, valid, schemas.WireguardServer().Schema.Valid(v), text)
	}
}
