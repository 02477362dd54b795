// Package backends lists the backends this project brings.
package backends

import (
	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/vpn"
)

// Default returns a registry of all backends, to which a program may add its
// own. Every call returns a registry of its own.
func Default() *njc.Registry {
	return registry(
		openwrt.Backend(), openwrt.Legacy(),
		vpn.OpenVPN(), vpn.Wireguard(), vpn.VxlanWireguard(), vpn.ZeroTier(),
	)
}

// Servers returns a registry of the VPN servers a controller offers, whose
// schemas allow exactly one server each (§16). Every call returns a registry of
// its own.
func Servers() *njc.Registry {
	return registry(vpn.OpenVPNServer(), vpn.WireguardServer(), vpn.VxlanWireguardServer(), vpn.ZeroTierServer())
}

func registry(list ...*njc.Backend) *njc.Registry {
	r, err := njc.NewRegistry(list...)
	if err != nil {
		panic(err) // two backends of ours with one key: found by this package's test
	}
	return r
}
