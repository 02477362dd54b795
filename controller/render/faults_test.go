package render_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
)

// TestFaults checks that what is refused is told at the leaf, of the branch
// that was meant, and where its author wrote it.
func TestFaults(t *testing.T) {
	wifi := func(more string) string {
		return `{"interfaces": [{"type": "wireless", "name": "wlan0", "wireless": {"mode": "access_point", "radio": "radio0", "ssid": "x"` + more + `}}]}`
	}
	bridge := wispwright.JSON(`{"interfaces": [{"type": "bridge", "name": "br-lan", "bridge_members": []}]}`)
	for name, tt := range map[string]struct {
		templates []wispwright.JSON
		config    string
		context   map[string]any
		want      []render.Fault
	}{
		"a short key": {nil, wifi(`, "encryption": {"protocol": "wpa3_personal", "key": "short", "cipher": "ccmp", "ieee80211w": "2"}`), nil,
			[]render.Fault{{Layer: render.Own, Pointer: "/interfaces/0/wireless/encryption/key", Message: "At least 8 characters, now 5"}}},
		"two things of one branch": {nil, wifi(`, "encryption": {"protocol": "wpa3_personal", "key": "short"}`), nil,
			[]render.Fault{
				{Layer: render.Own, Pointer: "/interfaces/0/wireless/encryption/cipher", Message: "Needed"},
				{Layer: render.Own, Pointer: "/interfaces/0/wireless/encryption/ieee80211w", Message: "Needed"},
				{Layer: render.Own, Pointer: "/interfaces/0/wireless/encryption/key", Message: "At least 8 characters, now 5"},
			}},
		"the place the author has": {[]wispwright.JSON{bridge}, `{"interfaces": [{"type": "ethernet", "name": "eth0", "mtu": 20}]}`, nil,
			[]render.Fault{{Layer: render.Own, Pointer: "/interfaces/0/mtu", Message: "68 or more"}}},
		"of a template": {[]wispwright.JSON{bridge, `{"interfaces": [{"type": "ethernet", "name": "eth0", "mtu": 20}]}`}, `{"general": {"description": "own"}}`, nil,
			[]render.Fault{{Layer: 1, Pointer: "/interfaces/0/mtu", Message: "68 or more"}}},
		"of a template and overridden": {[]wispwright.JSON{`{"interfaces": [{"type": "ethernet", "name": "eth0", "mtu": 1500}]}`}, `{"interfaces": [{"name": "eth0", "mtu": 20}]}`, nil,
			[]render.Fault{{Layer: render.Own, Pointer: "/interfaces/0/mtu", Message: "68 or more"}}},
		"no kind at all": {nil, `{"interfaces": [{"name": "eth0", "type": "magic"}]}`, nil,
			[]render.Fault{{Layer: render.Own, Pointer: "/interfaces/0/type", Message: "Not a kind that is known here"}}},
		"a number for an object": {nil, `{"interfaces": [3]}`, nil,
			[]render.Fault{{Layer: render.Own, Pointer: "/interfaces/0", Message: "Not a kind that is known here"}}},
		"one choice only": {nil, wifi(`, "encryption": {"protocol": "wpa3_personal", "key": "long enough", "cipher": "ccmp", "ieee80211w": "1"}`), nil,
			[]render.Fault{{Layer: render.Own, Pointer: "/interfaces/0/wireless/encryption/ieee80211w", Message: "Must be 2"}}},
		"one thing of a value": {nil, `{"interfaces": [{"type": "ethernet", "name": "a name of many letters"}]}`, nil,
			[]render.Fault{{Layer: render.Own, Pointer: "/interfaces/0/name", Message: "At most 15 characters, now 22"}}},
		"patterns": {nil, `{"interfaces": [{"type": "ethernet", "name": "a b", "mac": "1:2", "network": "a b"}]}`, nil,
			[]render.Fault{
				{Layer: render.Own, Pointer: "/interfaces/0/name", Message: "No spaces"},
				{Layer: render.Own, Pointer: "/interfaces/0/network", Message: "Only letters, digits, dots, - and _"},
				{Layer: render.Own, Pointer: "/interfaces/0/mac", Message: "Not a MAC address, such as 00:11:22:33:44:55"},
			}},
		"a radio's channel": {nil, `{"radios": [{"name": "radio0", "protocol": "802.11ax", "band": "2g", "channel": 40, "channel_width": 20}]}`, nil,
			[]render.Fault{{Layer: render.Own, Pointer: "/radios/0/channel", Message: "Not one of the choices"}}},
		"a list": {nil, `{"dns_servers": "9.9.9.9"}`, nil, []render.Fault{{Layer: render.Own, Pointer: "/dns_servers", Message: "Must be a list"}}},
		"a variable": {nil, `{"ntp": {"server": ["{{ server }}"]}}`, map[string]any{"server": "not a host"},
			[]render.Fault{{Layer: render.Own, Pointer: "/ntp/server/0", Message: "Not a host name, such as time.example.org"}}},
		"a list meets an object": {[]wispwright.JSON{`{"files": []}`}, `{"files": {}}`, nil, []render.Fault{{Layer: render.Own, Pointer: "/files", Message: `Incompatible type for "files": a list and an object cannot be merged`}}},
		"no object":              {nil, `[]`, nil, []render.Fault{{Layer: render.Own, Message: "Must be an object"}}},
	} {
		t.Run(name, func(t *testing.T) {
			in := render.Input{Backend: "netjsonconfig.OpenWrt", Hostname: "ap", Config: wispwright.JSON(tt.config), Context: tt.context}
			for _, text := range tt.templates {
				in.Templates = append(in.Templates, render.Layer{Config: text})
			}
			err := render.New(nil).Validate(t.Context(), in)
			var refused *render.Error
			require.True(t, errors.As(err, &refused), "%v", err)
			require.Equal(t, tt.want, refused.Faults)
		})
	}
}
