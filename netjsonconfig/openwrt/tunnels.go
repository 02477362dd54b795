package openwrt

import (
	"strconv"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

const zerotierPath = "/etc/openwisp/zerotier"

// wireguardPeers writes the peers of WireGuard interfaces (§8.12).
func wireguardPeers(f *njc.Forward) error {
	list := value.Objects(f.Config, "wireguard_peers")
	sections := make([]*njc.Section, 0, len(list))
	for i, o := range list {
		ifname := san(value.Str(o, "interface"))
		name := "wgpeer_" + ifname
		if i > 0 {
			name += "_" + strconv.Itoa(i+1)
		}
		s := copied("wireguard_"+ifname, name, o, "interface")
		if value.Empty(value.Of(o, "endpoint_host")) {
			s.Delete("endpoint_port")
		}
		sections = append(sections, s)
	}
	f.Native.Add("network", sections...)
	return nil
}

// zerotier writes network memberships and the map of their interfaces (§8.13).
func zerotier(f *njc.Forward) error {
	var sections []*njc.Section
	for _, o := range value.Objects(f.Config, "zerotier") {
		sections = append(sections, membership(o)...)
		deviceMap(f, o)
	}
	f.Native.Add("zerotier", sections...)
	return nil
}

// membership is a member's section, followed by those of its networks.
func membership(o *ordered.Object) []*njc.Section {
	s := section("zerotier", san(value.Str(o, "name")), o.Len()+5)
	put(s, "enabled", true)
	put(s, "config_path", zerotierPath)
	put(s, "copy_config_path", "1")
	for key, v := range o.All() {
		switch key {
		case "name", "networks":
			continue
		case "disabled":
			key, v = "enabled", !isTrue(v)
		case "config_path", "copy_config_path":
			if value.Text(v) == "" {
				continue
			}
		}
		s.Set(key, v)
	}
	switch path, conf := value.Str(o, "local_conf_path"), value.Str(o, "local_conf"); {
	case path != "":
		s.Set("local_conf", path)
	case conf != "":
		s.Set("local_conf_path", conf)
	}
	var ids []any
	sections := []*njc.Section{s}
	known := map[string]*njc.Section{}
	for _, n := range value.Objects(o, "networks") {
		id, network := value.Str(n, "id"), copied("network", san(value.Str(n, "ifname")), n, "ifname")
		if k := known[id]; k != nil && k.Name == network.Name {
			for _, o := range network.Options { // the same network with more settings
				k.Set(o.Key, o.Value)
			}
			continue
		}
		known[id] = network
		ids = append(ids, id)
		sections = append(sections, network)
	}
	s.Set("join", ids)
	return sections
}

// deviceMap adds the file that gives each ZeroTier network its interface name.
// A file of the user's at its place is appended to it.
func deviceMap(f *njc.Forward, o *ordered.Object) {
	path := strings.TrimRight(orDefault(value.Str(o, "config_path"), zerotierPath), "/") + "/devicemap"
	var b strings.Builder
	b.WriteString("# network_id=interface_name\n")
	known := map[string]bool{}
	for _, n := range value.Objects(o, "networks") {
		line := value.Str(n, "id") + "=" + value.Str(n, "ifname") + "\n"
		if !known[line] {
			known[line] = true
			b.WriteString(line)
		}
	}
	kept := make([]njc.File, 0, len(f.Files)+1)
	own := ""
	for _, file := range f.Files {
		if file.Path == path {
			own = "\n" + file.Contents
			continue
		}
		kept = append(kept, file)
	}
	f.Files = append(kept, njc.File{Path: path, Mode: njc.DefaultMode, Contents: b.String() + own})
}
