package openwrt

import (
	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schemas"
)

// Backend returns the backend of OpenWrt, with the syntax of OpenWrt 21 and
// later unless Options.DSA is false.
func Backend() *njc.Backend {
	return &njc.Backend{
		Key:         "openwrt",
		Path:        "netjsonconfig.OpenWrt",
		Label:       "OpenWRT",
		Schema:      schemas.OpenWrt().Schema,
		Document:    schemas.OpenWrt().JSON,
		Identifiers: []string{"name", "config_value", "id"},
		Identify:    identify,
		Before:      checkRadios,
		After:       checkBridges,
		Converters:  converters(radios, packages),
		Renderer:    renderer{dir: "etc/config/"},
		Parser:      parser{{dir: "etc/config/"}},
		DSA:         true,
	}
}

// converters are the parts of a configuration in the order they are written
// (§2).
func converters(radios, packages func(*njc.Forward) error) []njc.Converter {
	return []njc.Converter{
		{Name: "general", Key: "general", Forward: general, Package: "system", Types: []string{"system"}, Reverse: readGeneral},
		{Name: "globals", Package: "network", Types: []string{"globals"}, Reverse: readGlobals},
		{Name: "ntp", Key: "ntp", Forward: ntp, Package: "system", Types: []string{"timeserver"}, Reverse: readNTP},
		{Name: "led", Key: "led", Forward: leds, Package: "system", Types: []string{"led"}, Reverse: readLEDs},
		{
			Name: "interfaces", Key: "interfaces", Forward: interfaces,
			Package: "network", Types: []string{"interface", "device", "bridge-vlan"}, Reverse: readInterfaces,
		},
		{Name: "routes", Key: "routes", Forward: routes, Package: "network", Types: []string{"route", "route6"}, Reverse: readRoutes},
		{Name: "rules", Key: "ip_rules", Forward: rules, Package: "network", Types: []string{"rule", "rule6"}, Reverse: readRules},
		{Name: "switch", Key: "switch", Forward: switches, Package: "network", Types: []string{"switch", "switch_vlan"}, Reverse: readSwitches},
		{Name: "radios", Key: "radios", Forward: radios, Package: "wireless", Types: []string{"wifi-device"}, Reverse: readRadios},
		{Name: "wireless", Key: "interfaces", Forward: wireless, Package: "wireless", Types: []string{"wifi-iface"}, Reverse: readWireless},
		{Name: "openvpn", Key: "openvpn", Forward: openvpn, Package: "openvpn", Types: []string{"openvpn"}, Reverse: readOpenVPN},
		{Name: "wireguard peers", Key: "wireguard_peers", Forward: wireguardPeers, Package: "network", Reverse: readPeers},
		{Name: "zerotier", Key: "zerotier", Forward: zerotier, Package: "zerotier", Types: []string{"zerotier", "network"}, Reverse: readZerotier},
		{Name: "packages", Forward: packages, Reverse: readPackages},
	}
}

// identify tells the VLANs of one device apart, whose name is the device's
// (§20, 5).
func identify(item *ordered.Object, id any) any {
	typ := value.Of(item, "type")
	if typ != "8021q" && typ != "8021ad" {
		return id
	}
	return []any{id, typ, value.Of(item, "vid")}
}
