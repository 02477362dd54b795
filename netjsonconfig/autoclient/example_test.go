package autoclient_test

import (
	"fmt"

	"github.com/wispwright/wispwright/netjsonconfig/autoclient"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// The template that connects devices to a WireGuard server.
func Example() {
	server, err := ordered.DecodeObject([]byte(`{"name": "wg0", "port": 51820}`))
	if err != nil {
		panic(err)
	}
	template := autoclient.Wireguard{
		Host: "vpn.example.org", PublicKey: "{{public_key_1}}", Server: server,
		PrivateKey: "{{pvt_key_1}}", IPAddress: "{{ip_address_1}}", ServerNetwork: "{{server_ip_network_1}}",
	}.OpenWrt()
	peers, _ := template.Get("wireguard_peers")
	fmt.Println(peers.([]any)[0])
	// Output:
	// {"interface":"wg0","public_key":"{{public_key_1}}","allowed_ips":["{{server_ip_network_1}}"],"endpoint_host":"vpn.example.org","endpoint_port":51820,"preshared_key":"","persistent_keepalive":60,"route_allowed_ips":true}
}
