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
	b := backend()
	b.Former = backend()
	for i := range b.Former.Converters {
		if c := &b.Former.Converters[i]; c.Name == "interfaces" {
			c.Forward = func(f *njc.Forward) error { return writeInterfaces(f, true) }
		}
	}
	return b
}

func backend() *njc.Backend {
	return &njc.Backend{
		Key:         "openwrt",
		Path:        "netjsonconfig.OpenWrt",
		Label:       "OpenWRT",
		Schema:      schemas.OpenWrt().Schema,
		Document:    schemas.OpenWrt().JSON,
		Identifiers: []string{"name", "config_value", "id"},
		Identify:    identify,
		SectionName: san,
		Before:      checkRadios,
		After:       checkBridges,
		Converters:  converters(radios, packages),
		Renderer:    renderer{dir: "etc/config/"},
		Parser:      parser{{dir: "etc/config/"}},
		Keeper:      keeper{},
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
		{Name: "references", Forward: references},
	}
}

// identify tells apart what has one name but becomes different sections: the
// VLANs of one device, whose name is the device's (§20, 5), the logical
// networks on one device (wan and wan6), LEDs and switches with an id of their
// own, blocks of other packages. Where one of two layers does not say which
// section it means, the name decides, as in the reference.
func identify(list string, item *ordered.Object, id any) njc.Identity {
	switch list {
	case "interfaces":
		i := njc.Identity{Key: id}
		if typ := value.Of(item, "type"); typ == "8021q" || typ == "8021ad" {
			i.Key = []any{id, typ, value.Of(item, "vid")}
		}
		i.Mark = san(value.Str(item, "network"))
		if i.Mark == "" {
			i.Mark, i.Loose = san(value.Text(id)), true
		}
		return i
	case "led", "switch":
		mark := value.Text(value.Of(item, "id"))
		return njc.Identity{Key: id, Mark: mark, Loose: mark == ""}
	}
	if block := value.Str(item, "config_name"); block != "" {
		return njc.Identity{Key: id, Mark: block + " " + value.Text(value.Of(item, "config_value")), Loose: true}
	}
	return njc.Identity{Key: id}
}
