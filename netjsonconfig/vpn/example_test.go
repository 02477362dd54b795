package vpn_test

import (
	"fmt"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/vpn"
)

// A WireGuard server with one peer.
func Example() {
	config, err := njc.NewJSON(vpn.Wireguard(), []byte(`{"wireguard": [{
		"name": "wg0", "port": 51820, "private_key": "{{key}}", "address": "10.0.0.1/24",
		"peers": [{"public_key": "peer", "allowed_ips": "10.0.0.2/32"}]
	}]}`), &njc.Options{Context: map[string]any{"key": "secret"}})
	if err != nil {
		panic(err)
	}
	text, err := config.Render()
	if err != nil {
		panic(err)
	}
	fmt.Print(text)
	// Output:
	// # wireguard config: wg0
	//
	// [Interface]
	// Address = 10.0.0.1/24
	// ListenPort = 51820
	// PrivateKey = secret
	//
	// [Peer]
	// AllowedIPs = 10.0.0.2/32
	// PublicKey = peer
}

// OpenVPN's files can be read back.
func ExampleOpenVPN() {
	config, err := njc.Parse(vpn.OpenVPN(), []byte("# openvpn config: office\n\n"+
		"mode server\nproto udp\ndev tun0\nserver 10.8.0.0 255.255.255.0\nclient-to-client\nverb 3\n"), nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(config.Merged())
	// Output:
	// {"openvpn":[{"name":"office","mode":"server","proto":"udp","dev":"tun0","server":"10.8.0.0 255.255.255.0","client_to_client":true,"verb":3}]}
}
