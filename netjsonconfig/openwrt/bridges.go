package openwrt

import (
	"fmt"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// isBridge reports whether an interface is a bridge. One that was read with an
// unusual protocol is of type other and has members.
func isBridge(o *ordered.Object) bool {
	typ := value.Str(o, "type")
	return typ == "bridge" || typ == "other" && value.List(o, "bridge_members") != nil
}

// checkBridges refuses a port with several primary VLANs, which only a look at
// all of a bridge's entries can find (§5), and a VLAN without its number.
func checkBridges(config *ordered.Object) error {
	for i, item := range value.List(config, "interfaces") {
		o, ok := item.(*ordered.Object)
		if !ok || !isBridge(o) {
			continue
		}
		primary := map[string]bool{}
		for j, v := range value.Objects(o, "vlan_filtering") {
			if !v.Has("vlan") {
				return njc.Invalid("'vlan' is a required property", "interfaces", i, "vlan_filtering", j)
			}
			for _, p := range value.Objects(v, "ports") {
				if !isTrue(value.Of(p, "primary_vid")) {
					continue
				}
				name := value.Str(p, "ifname")
				if primary[name] {
					// The reference points at the whole document and names the place in words.
					return njc.Invalid(fmt.Sprintf(`Invalid configuration triggered by "#/interfaces/%d" says: Primary VID can be set only one VLAN for a port.`, i))
				}
				primary[name] = true
			}
		}
	}
	return nil
}
