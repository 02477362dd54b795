package autoclient

import (
	"cmp"
	"strconv"

	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Wireguard says how to reach a WireGuard server.
type Wireguard struct {
	// Host is the server's address or name.
	Host string
	// PublicKey is the server's public key.
	PublicKey string
	// Server is the server's tunnel: an item of its "wireguard" list.
	Server *ordered.Object
	// Port is the client's UDP port. Default: 51820.
	Port int
	// PrivateKey is the client's private key. Default: "{{private_key}}".
	PrivateKey string
	// IPAddress is the client's address inside the tunnel. Default: none.
	IPAddress string
	// ServerNetwork is what the client sends into the tunnel, as an address
	// with prefix length.
	ServerNetwork string
}

// defaultPort is WireGuard's usual UDP port.
const defaultPort = 51820

func number(i int) ordered.Number { return ordered.Number(strconv.Itoa(i)) }

// Client returns {"interface_name": …, "client": {…}, "server": {…}}, from
// which each backend makes its own form.
func (a Wireguard) Client() *ordered.Object {
	var address any
	if a.IPAddress != "" {
		address = a.IPAddress
	}
	port, _ := a.Server.Get("port")
	if value.Empty(port) {
		port = number(defaultPort)
	}
	return object(
		"interface_name", value.Str(a.Server, "name"),
		"client", object(
			"port", number(cmp.Or(a.Port, defaultPort)),
			"private_key", cmp.Or(a.PrivateKey, "{{private_key}}"),
			"ip_address", address,
		),
		"server", object(
			"public_key", a.PublicKey,
			"endpoint_host", a.Host,
			"endpoint_port", port,
			"allowed_ips", []any{a.ServerNetwork},
		),
	)
}

// OpenWrt returns {"interfaces": [tunnel], "wireguard_peers": [server]}.
func (a Wireguard) OpenWrt() *ordered.Object {
	c := a.Client()
	name := value.Str(c, "interface_name")
	client, server := value.Object(c, "client"), value.Object(c, "server")
	get := func(o *ordered.Object, key string) any {
		v, _ := o.Get(key)
		return v
	}
	addresses := []any{}
	if a.IPAddress != "" {
		addresses = append(addresses, object(
			"proto", "static", "family", "ipv4", "address", a.IPAddress, "mask", number(32)))
	}
	return object(
		"interfaces", []any{object(
			"name", name,
			"type", "wireguard",
			"private_key", get(client, "private_key"),
			"port", get(client, "port"),
			"mtu", number(1420),
			"nohostroute", false,
			"fwmark", "",
			"ip6prefix", []any{},
			"addresses", addresses,
			"network", "",
		)},
		"wireguard_peers", []any{object(
			"interface", name,
			"public_key", get(server, "public_key"),
			"allowed_ips", get(server, "allowed_ips"),
			"endpoint_host", get(server, "endpoint_host"),
			"endpoint_port", get(server, "endpoint_port"),
			"preshared_key", "",
			"persistent_keepalive", number(60),
			"route_allowed_ips", true,
		)},
	)
}

// Vxlan says how to reach a VXLAN tunnel inside a WireGuard tunnel.
type Vxlan struct {
	// Tunnel is the WireGuard tunnel that carries the VXLAN.
	Tunnel Wireguard
	// VNI is the network's number or the variable that stands for it. Default: 0.
	VNI any
	// ServerAddress is the server's address inside the WireGuard tunnel.
	ServerAddress string
	// Server is the server's virtual network: an item of its "vxlan" list. Its
	// name, "vxlan" when there is none, becomes the interface's.
	Server *ordered.Object
}

// Client returns {"server_ip_address": …, "vni": …, "name": …}.
func (a Vxlan) Client() *ordered.Object {
	vni := a.VNI
	switch n := vni.(type) {
	case nil:
		vni = number(0)
	case int:
		vni = number(n)
	}
	return object(
		"server_ip_address", a.ServerAddress,
		"vni", vni,
		"name", cmp.Or(value.Str(a.Server, "name"), "vxlan"),
	)
}

// OpenWrt returns what Wireguard.OpenWrt returns, with the VXLAN's interface.
func (a Vxlan) OpenWrt() *ordered.Object {
	config := a.Tunnel.OpenWrt()
	c := a.Client()
	vni, _ := c.Get("vni")
	config.Set("interfaces", append(value.List(config, "interfaces"), object(
		"name", value.Str(c, "name"),
		"type", "vxlan",
		"vtep", value.Str(c, "server_ip_address"),
		"port", number(4789),
		"vni", vni,
		"tunlink", value.Str(a.Tunnel.Server, "name"),
		"rxcsum", true,
		"txcsum", true,
		"mtu", number(1280),
		"ttl", number(64),
		"mac", "",
		"disabled", false,
		"network", "",
	)))
	return config
}
