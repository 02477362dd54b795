package openwrt_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// TestCorpusSurvives reads the configuration trees of many routers and writes
// them again: nothing UCI acts on may be lost, and the NetJSON is valid. A
// comparison of its own, apart from the one reading uses, says so.
func TestCorpusSurvives(t *testing.T) {
	paths, err := filepath.Glob("testdata/corpus/*.uci")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 60)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".uci"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, dsa := range []bool{true, false} {
				survives(t, string(text), dsa)
			}
		})
	}
}

func survives(t *testing.T, text string, dsa bool) {
	o := &njc.Options{DSA: &dsa}
	config, report, err := njc.ParseReporting(openwrt.Backend(), treeArchive(text), o)
	require.NoError(t, err)
	require.NoError(t, config.Validate())
	require.NotNil(t, report)
	rendered, err := config.RenderNative()
	require.NoError(t, err)
	written := packagesOf(t, rendered) // as strictly as a device
	read, err := uci.ParseAll([]byte(text))
	require.NoError(t, err)
	for _, p := range read {
		got := written[p.Name]
		if got == nil {
			got = &uci.Package{Name: p.Name}
		}
		want := normal(p)
		require.Empty(t, missing(want, normal(got)), "package %s, dsa %v\n%s\n%s\n%s", p.Name, dsa, p, got, config.Merged())
	}
	// What was written is read to the same configuration.
	again, err := njc.Parse(openwrt.Backend(), []byte(rendered), o)
	require.NoError(t, err)
	second, err := again.RenderNative()
	require.NoError(t, err)
	for name, p := range packagesOf(t, second) {
		require.Empty(t, missing(normal(written[name]), normal(p)), "written, read and written again: package %s, dsa %v", name, dsa)
	}
}

// treeArchive makes the archive a backup is.
func treeArchive(text string) []byte {
	var files []struct{ Name, Contents string }
	for _, part := range regexp.MustCompile(`(?m)^package `).Split(text, -1)[1:] {
		name, contents, _ := strings.Cut(part, "\n")
		files = append(files, struct{ Name, Contents string }{"etc/config/" + strings.TrimSpace(name), contents})
	}
	return archive(files)
}

// missing are the changes from want to got, but for additions without effect.
func missing(want, got *uci.Package) []string {
	var out []string
	for _, c := range uci.Diff(want, got) {
		if c.Op == uci.Set && c.Old.Key == "" {
			s := want.Section(c.Section)
			if s == nil || addition(want.Name, s, c.Option) {
				continue
			}
		}
		if c.Op == uci.AddSection {
			// A device that an interface section described, a network that "join" named.
			if strings.HasPrefix(c.Section, "device__") || c.Type == "network" {
				continue
			}
		}
		out = append(out, c.String())
	}
	return out
}

// addition reports whether an option that was not there says what is so anyway.
func addition(pkg string, s *uci.Section, o uci.Option) bool {
	key := pkg + "." + s.Type + "." + o.Key
	switch key {
	case "network.route.metric", "network.route6.metric", "network.switch.reset", "network.switch.enable_vlan":
		return o.String() == "0"
	case "system.system.hostname": // the reference's, where none is given
		return o.String() == "OpenWRT"
	case "system.system.zonename", "network.switch.name", "wireless.wifi-device.band", "wireless.wifi-device.type",
		"wireless.wifi-device.htmode", "wireless.wifi-iface.ieee80211w":
		return true
	case "wireless.wifi-device.channel":
		return o.String() == "auto"
	case "wireless.wifi-iface.ifname":
		name := strings.ReplaceAll(o.String(), "-", "_")
		return name == s.Name || "wifi_"+name == s.Name
	case "wireless.wifi-iface.server", "wireless.wifi-iface.port", "wireless.wifi-iface.key", "wireless.wifi-iface.acct_secret",
		"wireless.wifi-iface.auth_port":
		return strings.HasPrefix(s.Get("encryption"), "wpa") || o.Key == "port" && o.String() == s.Get("auth_port")
	case "zerotier.zerotier.join", "zerotier.zerotier.config_path", "zerotier.zerotier.copy_config_path", "openvpn.openvpn.enabled":
		return true
	}
	return false
}

// normal brings a package into a form where the same effect looks the same.
func normal(p *uci.Package) *uci.Package {
	n := &uci.Package{Name: p.Name}
	devices := map[string]*uci.Section{}
	device := func(name string) *uci.Section {
		if devices[name] == nil {
			devices[name] = &uci.Section{Type: "device", Name: "device__" + name}
		}
		return devices[name]
	}
	filtered := map[string]bool{}
	peers, vlans, networks := map[string]int{}, map[string]int{}, map[string]int{}
	for _, s := range p.Sections {
		if s.Type == "device" && p.Name == "network" {
			for _, o := range s.Options {
				if _, had := device(s.Get("name")).Option(o.Key); !had && o.Key != "name" {
					device(s.Get("name")).Put(o)
				}
			}
		}
	}
	for i, from := range p.Sections {
		s := from.Clone()
		s.Options = slices.DeleteFunc(s.Options, func(o uci.Option) bool { return o.String() == "" })
		if s.Name == "" {
			s.Name = fmt.Sprintf("%s_%d", s.Type, i+1)
		}
		s.Name = regexp.MustCompile(`\W`).ReplaceAllString(s.Name, "_")
		switch kind := p.Name + "." + s.Type; {
		case kind == "network.device":
			continue
		case kind == "network.interface":
			normalInterface(s, device)
		case kind == "network.bridge-vlan":
			filtered[s.Get("device")] = true
			key := "vlan__" + s.Get("device") + "." + s.Get("vlan")
			vlans[key]++
			s.Name = fmt.Sprintf("%s_%d", key, vlans[key])
			ports := strings.Fields(s.Get("ports"))
			for i := range ports {
				ports[i] = strings.TrimSuffix(strings.Replace(ports[i], ":u", ":", 1), ":")
			}
			s.SetList("ports", ports...)
		case strings.HasPrefix(kind, "network.wireguard_"):
			key := s.Type + s.Get("public_key")
			peers[key]++
			s.Name = fmt.Sprintf("%s_%d", key, peers[key])
		case kind == "network.route", kind == "network.route6":
			normalRoute(s)
		case kind == "network.switch_vlan" && s.Get("vid") == s.Get("vlan"):
			s.Delete("vid")
		case kind == "wireless.wifi-device":
			band := map[string]string{"11a": "5g", "11na": "5g", "11g": "2g", "11ng": "2g", "11b": "2g"}[s.Get("hwmode")]
			if s.Get("band") == "" && band != "" {
				s.Set("band", band)
			}
			if band != "" {
				s.Delete("hwmode")
			}
			if s.Get("htmode") == "NOHT" {
				s.Set("htmode", "NONE")
			}
			if s.Get("disabled") == "0" {
				s.Delete("disabled")
			}
			if country := s.Get("country"); country != "" {
				s.Set("country", strings.ToUpper(country))
			}
		case kind == "wireless.wifi-iface":
			if s.Get("disabled") == "0" {
				s.Delete("disabled")
			}
			if e := s.Get("encryption"); strings.HasPrefix(e, "sae") || strings.HasPrefix(e, "wpa3") {
				s.Set("encryption", strings.TrimSuffix(e, "+ccmp"))
			}
		case kind == "zerotier.network":
			networks[s.Get("id")]++
			s.Name = fmt.Sprintf("network_%s_%d", s.Get("id"), networks[s.Get("id")])
		case kind == "zerotier.zerotier" && s.Get("enabled") == "":
			s.Set("enabled", "0")
		}
		for i := range s.Options {
			s.Options[i] = asList(s.Options[i])
		}
		n.Sections = append(n.Sections, s)
	}
	for name, d := range devices {
		if d.Get("type") == "bridge" {
			d.Delete("bridge_empty")
			if filtered[name] {
				d.Delete("vlan_filtering")
			}
		}
		for i := range d.Options {
			d.Options[i] = asList(d.Options[i])
		}
		if len(d.Options) > 0 { // a name alone says nothing
			n.Sections = append(n.Sections, d)
		}
	}
	return n
}

// asList makes a list of words, which an option and a list of them both are.
func asList(o uci.Option) uci.Option {
	return uci.Option{Key: o.Key, List: true, Values: strings.Fields(o.String())}
}

// normalInterface moves what describes a device to it.
func normalInterface(s *uci.Section, device func(string) *uci.Section) {
	move := func(name string, keys ...string) {
		for _, key := range keys {
			if o, ok := s.Option(key); ok {
				if _, had := device(name).Option(key); had {
					continue // both say it
				}
				s.Delete(key)
				device(name).Put(o)
			}
		}
	}
	settings := []string{"macaddr", "mtu", "mtu6", "txqueuelen", "multicast", "promisc", "rpfilter", "acceptlocal", "sendredirects",
		"neighreachabletime", "neighgcstaletime", "neighlocktime", "igmpversion", "mldversion", "dadtransmits"}
	proto := s.Get("proto")
	if s.Get("type") == "bridge" {
		name := "br-" + s.Name
		if ports := strings.Fields(s.Get("ifname")); len(ports) > 0 {
			device(name).SetList("ports", ports...)
		}
		s.Delete("ifname")
		s.Delete("bridge_empty")
		move(name, append(settings, "type", "stp", "igmp_snooping", "forward_delay", "multicast_querier", "query_interval", "query_response_interval",
			"last_member_interval", "hash_max", "robustness", "hello_time", "priority", "ageing_time", "max_age")...)
		s.Set("device", name)
	} else if _, ok := s.Option("device"); !ok && s.Get("ifname") != "" {
		s.Set("device", s.Get("ifname"))
	}
	s.Delete("ifname")
	if proto == "" || proto == "none" {
		s.Set("proto", "none")
	}
	if d := s.Get("device"); d != "" && d[0] != '@' && slices.Contains([]string{"", "none", "static", "dhcp", "dhcpv6"}, proto) {
		move(d, settings...)
	}
	if proto == "vxlan" || proto == "wireguard" {
		s.Delete("device")
	}
	if proto == "dhcp" {
		s.Delete("netmask") // the address comes with one
	}
	s.Set("addresses_", prefixed(s.Get("ipaddr")+" "+s.Get("ip6addr")+" "+s.Get("addresses"), s.Get("netmask")))
	for _, key := range []string{"ipaddr", "ip6addr", "netmask", "addresses"} {
		s.Delete(key)
	}
	off := s.Get("disabled") == "1" || s.Get("disabled") == "" && s.Get("enabled") == "0"
	s.Delete("disabled")
	s.Delete("enabled")
	if off {
		s.Set("disabled", "1")
	}
}

// prefixed gives every address its prefix.
func prefixed(addresses, mask string) string {
	var out []string
	for _, text := range strings.Fields(addresses) {
		addr, err := netip.ParseAddr(text)
		switch {
		case err != nil:
		case addr.Is6():
			text += "/128"
		case mask == "":
			text += "/32"
		default:
			bits := 0
			for _, part := range netip.MustParseAddr(mask).As4() {
				for ; part != 0; part <<= 1 {
					bits++
				}
			}
			text += fmt.Sprintf("/%d", bits)
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func normalRoute(s *uci.Section) {
	if p, err := netip.ParsePrefix(prefixed(s.Get("target"), s.Get("netmask"))); err == nil {
		s.Set("target", p.Masked().String())
		s.Delete("netmask")
	}
}
