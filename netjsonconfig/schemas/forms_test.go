package schemas_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schemas"
)

// TestServerSchemas checks one server of every kind against the documents a
// controller narrows, and what each of them refuses.
func TestServerSchemas(t *testing.T) {
	for name, c := range map[string]struct {
		document *schemas.Document
		good     string
		bad      []string
	}{
		"OpenVPN": {
			schemas.OpenVPNServer(),
			`{"openvpn": [{"name": "server", "mode": "server", "proto": "udp", "dev": "tun0", "server": "10.8.0.0 255.255.255.0"}]}`,
			[]string{`{}`, `{"openvpn": []}`, `{"openvpn": [{"name": "client", "mode": "p2p", "proto": "udp", "dev": "tun0", "remote": [{"host": "a.example.org", "port": 1194}]}]}`},
		},
		"VXLAN": {
			schemas.VxlanWireguardServer(),
			`{"wireguard": [{"name": "wg0", "port": 51820}], "vxlan": [{"name": "vx0", "vni": ""}]}`,
			[]string{`{}`, `{"wireguard": [{"name": "wg0", "port": 51820}], "vxlan": [{"name": "vx0"}, {"name": "vx1"}]}`},
		},
		"ZeroTier": {schemas.ZeroTierServer(), `{"zerotier": [{"private": true}]}`, []string{`{}`, `{"zerotier": []}`}},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := ordered.Decode([]byte(c.good))
			require.NoError(t, err)
			require.NoError(t, c.document.Schema.Validate(v))
			for _, text := range c.bad {
				v, err := ordered.Decode([]byte(text))
				require.NoError(t, err)
				require.Error(t, c.document.Schema.Validate(v), text)
			}
		})
	}
}

// TestForms makes the documents forms are built from: what the program enforces
// stays, and the shared document is not altered.
func TestForms(t *testing.T) {
	for _, d := range []*schemas.Document{schemas.OpenWrt(), schemas.OpenWisp()} {
		before := d.Object.String()
		form := schemas.Form(d)
		require.NotEmpty(t, form.String())
		require.Equal(t, before, d.Object.String())
	}
}
