package vpn_test

import (
	"testing"

	"github.com/wispwright/wispwright/netjsonconfig/netjsontest"
	"github.com/wispwright/wispwright/netjsonconfig/vpn"
)

// TestSuite runs the suite of any backend.
func TestSuite(t *testing.T) {
	const (
		tunnel = `{"name": "wg0", "port": 51820, "private_key": "k", "address": "10.0.0.1/24", "peers": [{"public_key": "peer", "allowed_ips": "10.0.0.2/32"}]}`
		keys   = `"ca": "ca.pem", "cert": "c.pem", "key": "k.pem"`
	)
	netjsontest.Run(t, vpn.Wireguard(), map[string]netjsontest.Sample{
		"wireguard": {Config: `{"wireguard": [` + tunnel + `]}`},
	})
	netjsontest.Run(t, vpn.VxlanWireguard(), map[string]netjsontest.Sample{
		"vxlan": {Config: `{"wireguard": [` + tunnel + `], "vxlan": [{"name": "vxlan1", "vni": 1}]}`},
	})
	netjsontest.Run(t, vpn.ZeroTier(), map[string]netjsontest.Sample{
		"zerotier": {Config: `{"zerotier": [{"name": "n", "nwid": "9536600adf654321", "mtu": 2800, "private": true, "routes": []}]}`},
	})
	netjsontest.Run(t, vpn.OpenVPN(), map[string]netjsontest.Sample{
		"server": {Config: `{"openvpn": [{"name": "srv", "mode": "server", "proto": "udp", "dev": "tap0", "dev_type": "tap", "port": 1194, ` + keys + `,
			"dh": "dh.pem", "tls_server": true, "server_bridge": "", "verb": 3}], "files": [{"path": "/x", "mode": "0600", "contents": "é"}]}`},
		"client": {Config: `{"openvpn": [{"name": "cli", "mode": "p2p", "proto": "udp", "dev": "tun0", "dev_type": "tun", ` + keys + `, "nobind": true, "tls_client": true,
			"remote": [{"host": "a.org", "port": 1194}, {"host": "b.org", "port": 1195, "proto": "udp4"}], "data_ciphers": [{"cipher": "AES-256-GCM", "optional": true}]}]}`},
	})
}
