package openwrt

import (
	"strconv"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// readRoutes undoes routes (§9).
func readRoutes(r *njc.Reverse) error {
	for i, s := range r.Sections {
		o := objectOf(s)
		if s.Name != "route"+strconv.Itoa(i+1) {
			o.Set("name", s.Name)
		}
		target, netmask := takeText(o, "target"), takeText(o, "netmask")
		if !strings.Contains(target, "/") {
			bits := ""
			if n, err := maskLength(netmask); err == nil {
				bits = strconv.Itoa(n)
			} else if strings.Contains(target, ":") {
				bits = "128"
			} else {
				bits = "32"
			}
			target += "/" + bits
		}
		rename(o, "interface", "device")
		rename(o, "gateway", "next")
		rename(o, "metric", "cost")
		o.Set("destination", target)
		setDefault(o, "device", "")
		setDefault(o, "next", "")
		setDefault(o, "cost", ordered.Number("0"))
		toInts(o, "cost")
		toBools(o, "onlink")
		r.Made(o, s)
		appendTo(r.Config, "routes", o)
	}
	return nil
}

func setDefault(o *ordered.Object, key string, v any) {
	if _, ok := o.Get(key); !ok {
		o.Set(key, v)
	}
}

// readRules undoes rules.
func readRules(r *njc.Reverse) error {
	for i, s := range r.Sections {
		o := objectOf(s)
		toInts(o, "tos", "goto")
		toBools(o, "invert")
		if s.Name != "rule"+strconv.Itoa(i+1) {
			o.Set("name", s.Name)
		}
		r.Made(o, s)
		appendTo(r.Config, "ip_rules", o)
	}
	return nil
}

// readSwitches undoes switches; VLANs may come before their switch.
func readSwitches(r *njc.Reverse) error {
	var list []*ordered.Object
	for _, s := range r.Sections {
		if s.Type != "switch" {
			continue
		}
		o := objectOf(s)
		toBools(o, "reset", "enable_vlan")
		setDefault(o, "name", s.Name)
		setDefault(o, "reset", false)
		setDefault(o, "enable_vlan", false)
		if s.Name != value.Str(o, "name") {
			o.Set("id", s.Name)
		}
		o.Set("vlan", []any{})
		list = append(list, o)
		r.Made(o, s)
		appendTo(r.Config, "switch", o)
	}
	n := 0
	for _, s := range r.Sections {
		if s.Type != "switch_vlan" {
			continue
		}
		n++
		sw := switchOf(list, s.Text("device"))
		if sw == nil {
			r.Keep(s)
			continue
		}
		o := objectOf(s)
		r.Made(sw, s)
		toInts(o, "vlan", "vid")
		if ordered.Equal(value.Of(o, "vid"), value.Of(o, "vlan")) {
			o.Delete("vid")
		}
		vlans := value.List(sw, "vlan")
		// The name is the automatic one only where counting per switch and
		// counting all VLANs agree, as the reference counts them all.
		if n != len(vlans)+1 || s.Name != value.Str(sw, "name")+"_vlan"+strconv.Itoa(n) {
			o.Set("id", s.Name)
		}
		sw.Set("vlan", append(vlans, o))
	}
	return nil
}

func switchOf(list []*ordered.Object, name string) *ordered.Object {
	for _, o := range list {
		if value.Str(o, "name") == name {
			return o
		}
	}
	return nil
}
