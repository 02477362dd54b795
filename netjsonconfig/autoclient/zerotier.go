package autoclient

import (
	"cmp"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// ZeroTier says which ZeroTier networks a device joins.
type ZeroTier struct {
	// Name is the instance's name. Default: "global".
	Name string
	// Networks are the networks, each with "id" and "ifname". Default: none.
	Networks []*ordered.Object
	// Secret is the device's private identity. Default: "{{secret}}".
	Secret string
	// ConfigPath is the directory of the persistent configuration. Default:
	// "/etc/openwisp/zerotier".
	ConfigPath string
	// Disabled keeps the instance on the device without starting it.
	Disabled bool
	// ClientOptions are set in each network: allow_managed and the like.
	ClientOptions *ordered.Object
}

// Client returns {"name": …, "networks": […], "secret": …, "config_path": …,
// "disabled": …}.
func (a ZeroTier) Client() *ordered.Object {
	networks := make([]any, 0, len(a.Networks))
	for _, network := range a.Networks {
		n := network.Clone()
		for key, v := range a.ClientOptions.All() {
			n.Set(key, ordered.Clone(v))
		}
		networks = append(networks, n)
	}
	return object(
		"name", cmp.Or(a.Name, "global"),
		"networks", networks,
		"secret", cmp.Or(a.Secret, "{{secret}}"),
		"config_path", cmp.Or(a.ConfigPath, "/etc/openwisp/zerotier"),
		"disabled", a.Disabled,
	)
}

// OpenWrt returns {"zerotier": [client]}.
func (a ZeroTier) OpenWrt() *ordered.Object {
	return object("zerotier", []any{a.Client()})
}
