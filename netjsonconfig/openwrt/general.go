package openwrt

import (
	_ "embed"
	"strings"
	"sync"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// zoneText is the timezone map: a name, a tab and its POSIX string a line.
//
//go:embed timezones.txt
var zoneText string

// zones reads the timezone map once: the POSIX string of each name and the last
// name of each POSIX string.
var zones = sync.OnceValues(func() (posix, name map[string]string) {
	posix, name = make(map[string]string, 512), make(map[string]string, 128)
	for line := range strings.Lines(zoneText) {
		zone, rule, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		posix[zone], name[rule] = rule, zone
	}
	return posix, name
})

// general writes the system section and the ULA prefix (§8.2).
func general(f *njc.Forward) error {
	g := value.Object(f.Config, "general")
	if g == nil {
		return nil
	}
	ula := new(njc.Section)
	system := section("system", "system", g.Len()+2)
	hostname := false
	for key, v := range g.All() {
		switch key {
		case "ula_prefix":
			if value.Empty(v) {
				continue
			}
			ula.Type = "globals"
			ula.Set(key, v)
		case "globals_id":
			ula.Name = value.Text(v)
		case "id":
			if id := value.Text(v); id != "" {
				system.Name = id
			}
		case "timezone":
			zone := value.Text(v)
			if zone == "" {
				continue
			}
			posix, _ := zones()
			rule, ok := posix[zone]
			if !ok {
				rule = zone
			}
			put(system, "zonename", zone)
			put(system, "timezone", rule)
		default:
			hostname = hostname || key == "hostname"
			put(system, key, v)
		}
	}
	if left(g) {
		if !hostname {
			put(system, "hostname", "OpenWRT")
		}
		f.Native.Add("system", system)
	}
	if ula.Type != "" {
		if ula.Name == "" {
			ula.Name = "globals"
		}
		f.Native.Add("network", ula)
	}
	return nil
}

// left reports whether general holds anything but the ULA prefix.
func left(g *ordered.Object) bool {
	for key := range g.All() {
		if key != "ula_prefix" && key != "globals_id" {
			return true
		}
	}
	return false
}

// ntp writes the time server section (§8.3).
func ntp(f *njc.Forward) error {
	o := value.Object(f.Config, "ntp")
	if o == nil || o.Len() == 0 {
		return nil
	}
	f.Native.Add("system", copied("timeserver", orDefault(value.Str(o, "id"), "ntp"), o, "id"))
	return nil
}

// leds writes one section for each LED (§8.4).
func leds(f *njc.Forward) error {
	list := value.Objects(f.Config, "led")
	sections := make([]*njc.Section, 0, len(list))
	for _, o := range list {
		name := orDefault(value.Str(o, "id"), "led_"+strings.ToLower(value.Str(o, "name")))
		sections = append(sections, copied("led", name, o, "id"))
	}
	f.Native.Add("system", sections...)
	return nil
}
