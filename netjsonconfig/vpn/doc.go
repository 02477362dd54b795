// Package vpn holds the netjsonconfig backends of VPN servers: OpenVPN,
// WireGuard, VXLAN over WireGuard and ZeroTier networks.
//
//	config, err := netjsonconfig.NewJSON(vpn.OpenVPN(), document, nil)
//	text, err := config.Render()
//
// Each backend exists twice: as the library offers it (OpenVPN, Wireguard,
// VxlanWireguard, ZeroTier) and as a controller uses it (OpenVPNServer …), with
// a schema that allows exactly one server and leaves out what the controller
// makes itself (spec: netjsonconfig §16).
//
// The formats are made of lines, and a value never leaves its own: line breaks
// in values are refused with a *netjsonconfig.ValidationError, as are names
// that could leave the archive's folder. OpenVPN and ZeroTier can be read back.
package vpn
