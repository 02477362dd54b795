package agent

import (
	"path"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// nameSections gives every anonymous section of every UCI file a name (§6.5),
// in its place, so that the controller can address it. It returns what was
// named: "network.route1".
func nameSections(o *overlay, warn func(format string, args ...any)) ([]string, error) {
	names, err := o.list(configDir)
	if err != nil {
		return nil, err
	}
	n := namer{taken: map[string]bool{}}
	if network, _, err := o.pkg(path.Join(configDir, "network")); err == nil {
		n.network = network
	} else {
		n.network = &uci.Package{} // the loop below reports it
	}
	var renamed []string
	for _, name := range names {
		file := path.Join(configDir, name)
		p, _, err := o.pkg(file)
		if err != nil {
			warn("Could not read %s: %v", file, err)
			continue
		}
		given := n.pkg(p)
		if len(given) == 0 {
			continue
		}
		renamed = append(renamed, given...)
		if err := o.setPkg(file, p); err != nil {
			return nil, err
		}
	}
	return renamed, nil
}

// namer remembers the names of all files so far, which the original keeps
// apart from each other.
type namer struct {
	taken   map[string]bool
	network *uci.Package
}

func (n *namer) pkg(p *uci.Package) []string {
	for _, s := range p.Sections {
		if s.Name != "" {
			n.taken[s.Name] = true
		}
	}
	var given []string
	for _, s := range p.Sections {
		if !s.Anonymous() {
			continue
		}
		s.Name = n.choose(p.Name, s)
		n.taken[s.Name] = true
		given = append(given, p.Name+"."+s.Name)
	}
	return given
}

func (n *namer) choose(pkg string, s *uci.Section) string {
	name := ""
	switch pkg + "." + s.Type {
	case "firewall.defaults", "network.globals", "system.system":
		name = s.Type
	case "network.device":
		if v := s.Get("name"); v != "" {
			name = "device_" + strings.ReplaceAll(v, "br-", "")
		}
	case "network.route", "network.route6":
		return n.numbered("route")
	case "network.switch":
		name = s.Get("name")
	case "network.switch_vlan":
		if s.Get("device") != "" {
			name = s.Get("device") + "_vlan" + s.Get("vlan")
		}
	case "network.switch_port":
		if s.Get("device") != "" {
			name = s.Get("device") + "_port" + s.Get("port")
		}
	case "system.led":
		if v := s.Get("name"); v != "" {
			name = "led_" + strings.ToLower(v)
		}
	case "wireless.wifi-iface":
		if v := n.wifiInterface(s); v != "" {
			name = "wifi_" + v
		}
	}
	if name == "" {
		return n.numbered(clean(s.Type))
	}
	name = clean(name)
	if n.taken[name] {
		return n.numbered(name + "_")
	}
	return name
}

// numbered returns the first free name made of a stem and a number.
func (n *namer) numbered(stem string) string {
	for i := 1; ; i++ {
		if name := stem + strconv.Itoa(i); !n.taken[name] {
			return name
		}
	}
}

// wifiInterface is the Linux interface of a wireless interface, or that of the
// first network it belongs to.
func (n *namer) wifiInterface(s *uci.Section) string {
	if v := s.Get("ifname"); v != "" {
		return v
	}
	networks := strings.Fields(s.Get("network"))
	if len(networks) == 0 {
		return ""
	}
	network := n.network.Section(networks[0])
	if network == nil {
		return ""
	}
	for _, key := range []string{"ifname", "device"} {
		if words := strings.Fields(network.Get(key)); len(words) > 0 {
			return words[0]
		}
	}
	return ""
}

// clean replaces what a section's name may not have.
func clean(name string) string {
	return strings.Map(func(c rune) rune {
		if uci.ValidName(string(c)) {
			return c
		}
		return '_'
	}, name)
}

// removeDefaultWifi deletes the open networks of a freshly flashed device
// (§6.6).
func removeDefaultWifi(o *overlay) error {
	const file = configDir + "/wireless"
	p, exists, err := o.pkg(file)
	if err != nil || !exists {
		return nil //nolint:nilerr // naming the sections has reported it
	}
	for _, s := range p.OfType("wifi-iface") {
		ssid := s.Get("ssid")
		if s.Get("encryption") == "none" && s.Get("mode") == "ap" && s.Get("network") == "lan" && (ssid == "OpenWrt" || ssid == "LEDE") {
			p.Remove(s)
		}
	}
	return o.setPkg(file, p)
}
