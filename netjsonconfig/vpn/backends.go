package vpn

import (
	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/schemas"
)

// OpenVPN returns the OpenVpn backend (§10): servers and clients of OpenVPN,
// each a file <name>.conf.
func OpenVPN() *njc.Backend {
	return withSchema(&njc.Backend{
		Key:         "openvpn",
		Path:        "netjsonconfig.OpenVpn",
		Label:       "OpenVPN",
		Identifiers: []string{"name"},
		Converters: []njc.Converter{{
			Name: "openvpn", Key: "openvpn", Package: "openvpn",
			Forward: forwardOpenVPN, Reverse: reverseOpenVPN,
		}, {
			Name: "files", Reverse: keepFiles,
		}},
		Renderer: openvpnText{},
		Parser:   openvpnText{},
		Keeper:   openvpnKeeper{},
	}, schemas.OpenVPN())
}

// OpenVPNServer returns OpenVPN as a controller offers it: exactly one server.
func OpenVPNServer() *njc.Backend {
	return served(OpenVPN(), "openwisp_controller.vpn_backends.OpenVpn", "OpenVPN", schemas.OpenVPNServer())
}

// Wireguard returns the Wireguard backend (§11): tunnels in the format of
// wg-quick, each a file <name>.conf. It cannot be read back.
func Wireguard() *njc.Backend {
	return withSchema(&njc.Backend{
		Key:   "wireguard",
		Path:  "netjsonconfig.Wireguard",
		Label: "WireGuard",
		Converters: []njc.Converter{{
			Name: "wireguard", Key: "wireguard", Package: "wireguard", Forward: forwardWireguard,
		}},
		Renderer: wireguardText{},
	}, schemas.Wireguard())
}

// WireguardServer returns Wireguard as a controller offers it: exactly one
// tunnel, whose private key the controller adds before rendering.
func WireguardServer() *njc.Backend {
	return served(Wireguard(), "openwisp_controller.vpn_backends.Wireguard", "WireGuard", schemas.WireguardServer())
}

// VxlanWireguard returns the VxlanWireguard backend (§12): Wireguard whose
// configuration also names the virtual networks. They are for the clients; the
// server's files are Wireguard's.
func VxlanWireguard() *njc.Backend {
	b := Wireguard()
	b.Key, b.Path, b.Label = "vxlan", "netjsonconfig.VxlanWireguard", "VXLAN over WireGuard"
	return withSchema(b, schemas.VxlanWireguard())
}

// VxlanWireguardServer returns VxlanWireguard as a controller offers it:
// exactly one tunnel and one virtual network.
func VxlanWireguardServer() *njc.Backend {
	return served(VxlanWireguard(), "openwisp_controller.vpn_backends.VxlanWireguard", "VXLAN over WireGuard",
		schemas.VxlanWireguardServer())
}

// ZeroTier returns the ZeroTier backend (§13): networks as the ZeroTier
// controller's API takes them, each a file <network id>.json.
func ZeroTier() *njc.Backend {
	b := zeroTier(forwardZeroTier)
	b.Former = zeroTier(formerZeroTier)
	return b
}

func zeroTier(forward func(*njc.Forward) error) *njc.Backend {
	return withSchema(&njc.Backend{
		Key:   "zerotier",
		Path:  "netjsonconfig.ZeroTier",
		Label: "ZeroTier",
		Converters: []njc.Converter{{
			Name: "zerotier", Key: "zerotier", Package: "zerotier",
			Forward: forward, Reverse: reverseZeroTier,
		}},
		Renderer: zerotierText{},
		Parser:   zerotierText{},
	}, schemas.ZeroTier())
}

// ZeroTierServer returns ZeroTier as a controller offers it: exactly one
// network, without the members the controller manages.
func ZeroTierServer() *njc.Backend {
	return served(ZeroTier(), "openwisp_controller.vpn_backends.ZeroTier", "ZeroTier", schemas.ZeroTierServer())
}

func withSchema(b *njc.Backend, d *schemas.Document) *njc.Backend {
	b.Schema, b.Document = d.Schema, d.JSON
	return b
}

// served turns a backend into the controller's variant, which has a key of its
// own so that a registry can hold both.
func served(b *njc.Backend, path, label string, d *schemas.Document) *njc.Backend {
	if b.Former != nil {
		b.Former = served(b.Former, path, label, d)
	}
	b.Key, b.Path, b.Label = b.Key+"-server", path, label
	return withSchema(b, d)
}
