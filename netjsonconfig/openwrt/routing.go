package openwrt

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// routes writes static routes (§8.6).
func routes(f *njc.Forward) error {
	list := value.Objects(f.Config, "routes")
	sections := make([]*njc.Section, 0, len(list))
	for i, o := range list {
		s := section("route", orDefault(value.Str(o, "name"), "route"+strconv.Itoa(i+1)), o.Len()+1)
		for key, v := range o.All() {
			switch key {
			case "name", "destination":
				continue
			case "device":
				key = "interface"
			case "next":
				key = "gateway"
			case "cost":
				key = "metric"
			}
			s.Set(key, v)
		}
		if err := destination(s, value.Str(o, "destination")); err != nil {
			return njc.Invalid(err.Error(), "routes", i, "destination")
		}
		sections = append(sections, s)
	}
	f.Native.Add("network", sections...)
	return nil
}

// destination sets a route's target, and its type for IPv6.
func destination(s *njc.Section, text string) error {
	host, length, hasLength := strings.Cut(text, "/")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return fmt.Errorf("%q is not an IPv4 or IPv6 network", text)
	}
	bits := addr.BitLen()
	if hasLength {
		if bits, err = prefixLength(length, addr); err != nil {
			return fmt.Errorf("%q is not an IPv4 or IPv6 network: %w", text, err)
		}
	}
	if addr.Is4() {
		s.Set("target", host)
		s.Set("netmask", dotted(bits))
		return nil
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return fmt.Errorf("%q is not an IPv6 network: %w", text, err)
	}
	s.Type = "route6"
	s.Set("target", prefix.String())
	return nil
}

// prefixLength reads "24" or "255.255.255.0".
func prefixLength(text string, addr netip.Addr) (int, error) {
	if addr.Is4() && strings.Contains(text, ".") {
		return maskLength(text)
	}
	bits, err := strconv.Atoi(text)
	if err != nil || bits < 0 || bits > addr.BitLen() {
		return 0, fmt.Errorf("%q is not a prefix length", text)
	}
	return bits, nil
}

// maskLength counts the bits of a dotted netmask.
func maskLength(text string) (int, error) {
	mask, err := netip.ParseAddr(text)
	if err != nil || !mask.Is4() {
		return 0, fmt.Errorf("%q is not a netmask", text)
	}
	b := mask.As4()
	m := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	bits := 0
	for m&(1<<31) != 0 {
		bits++
		m <<= 1
	}
	if m != 0 {
		return 0, fmt.Errorf("%q is not a netmask", text)
	}
	return bits, nil
}

// rules writes policy routing rules (§8.7).
func rules(f *njc.Forward) error {
	list := value.Objects(f.Config, "ip_rules")
	sections := make([]*njc.Section, 0, len(list))
	for i, o := range list {
		typ := "rule"
		if strings.Contains(orDefault(value.Str(o, "dest"), value.Str(o, "src")), ":") {
			typ = "rule6"
		}
		name := orDefault(value.Str(o, "name"), "rule"+strconv.Itoa(i+1))
		sections = append(sections, copied(typ, name, o, "name"))
	}
	f.Native.Add("network", sections...)
	return nil
}

// switches writes switches and their VLANs (§8.8).
func switches(f *njc.Forward) error {
	var sections []*njc.Section
	for _, o := range value.Objects(f.Config, "switch") {
		name := orDefault(value.Str(o, "id"), value.Str(o, "name"))
		sections = append(sections, copied("switch", name, o, "vlan", "id"))
		for i, v := range value.Objects(o, "vlan") {
			sections = append(sections, switchVLAN(v, value.Str(o, "name"), i+1))
		}
	}
	f.Native.Add("network", sections...)
	return nil
}

func switchVLAN(o *ordered.Object, of string, n int) *njc.Section {
	s := copied("switch_vlan", orDefault(value.Str(o, "id"), of+"_vlan"+strconv.Itoa(n)), o, "id")
	if v, ok := s.Get("vid"); !ok || v == nil || v == "" {
		s.Set("vid", value.Of(o, "vlan"))
	}
	return s
}
