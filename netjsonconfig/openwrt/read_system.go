package openwrt

import (
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
)

// readGeneral undoes general for the system sections (§9).
func readGeneral(r *njc.Reverse) error {
	for i, s := range r.Sections {
		if i > 0 { // NetJSON has one
			r.Keep(s)
			continue
		}
		g := generalOf(r)
		r.Made(g, s)
		if s.Name != "system" {
			g.Set("id", s.Name)
		}
		for _, o := range s.Options {
			switch o.Key {
			case "zonename", "timezone":
			default:
				g.Set(o.Key, o.Value)
			}
		}
		if zone := zoneOf(s.Text("zonename"), s.Text("timezone")); zone != "" {
			g.Set("timezone", zone)
		}
		if g.Len() == 0 {
			r.Config.Delete("general")
		}
	}
	return nil
}

// zoneOf finds the name of a timezone the schema knows, or "".
func zoneOf(name, rule string) string {
	posix, names := zones()
	for _, candidate := range []string{name, strings.ReplaceAll(name, "_", " "), rule} {
		if _, ok := posix[candidate]; ok {
			return candidate
		}
	}
	return names[rule]
}

// readGlobals undoes general for the ULA prefix. Other settings of the section
// are kept as they are.
func readGlobals(r *njc.Reverse) error {
	for _, s := range r.Sections {
		if prefix, ok := s.Delete("ula_prefix"); ok {
			g := generalOf(r)
			r.Made(g, s)
			g.Set("ula_prefix", prefix)
			if s.Name != "globals" {
				g.Set("globals_id", s.Name)
			}
		}
		if len(s.Options) > 0 {
			r.Keep(s)
		}
	}
	return nil
}

// readNTP undoes ntp.
func readNTP(r *njc.Reverse) error {
	for i, s := range r.Sections {
		if i > 0 { // NetJSON has one
			r.Keep(s)
			continue
		}
		o := objectOf(s)
		r.Made(o, s)
		toBools(o, "enabled", "enable_server")
		toLists(o, "server")
		if s.Name != "ntp" {
			o.Set("id", s.Name)
		}
		r.Config.Set("ntp", o)
	}
	return nil
}

// readLEDs undoes leds.
func readLEDs(r *njc.Reverse) error {
	for _, s := range r.Sections {
		o := objectOf(s)
		toBools(o, "default")
		toInts(o, "delayoff", "delayon", "interval")
		for _, key := range []string{"name", "sysfs", "trigger"} {
			setDefault(o, key, "") // UCI has no empty options, the schema wants the key
		}
		if s.Name != "led_"+strings.ToLower(value.Str(o, "name")) {
			o.Set("id", s.Name)
		}
		r.Made(o, s)
		appendTo(r.Config, "led", o)
	}
	return nil
}
