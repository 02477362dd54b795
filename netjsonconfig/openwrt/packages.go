package openwrt

import (
	"slices"
	"strconv"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// isKnown reports whether a top-level key is part of the schema.
func isKnown(key string) bool {
	switch key {
	case "general", "interfaces", "radios", "dns_servers", "dns_search", "routes", "files", "ip_rules", "ntp",
		"switch", "led", "wireguard_peers", "zerotier", "openvpn", "type":
		return true
	}
	return false
}

// packages writes every other top-level list as the UCI package of that name
// (§8.14).
func packages(f *njc.Forward) error { return writePackages(f, isKnown) }

// legacyPackages is packages of the firmware of OpenWISP 1, whose schema has
// one list more (§14).
func legacyPackages(f *njc.Forward) error {
	return writePackages(f, func(key string) bool { return key == "tc_options" || isKnown(key) })
}

func writePackages(f *njc.Forward, isKnown func(string) bool) error {
	var names []string
	for key, v := range f.Config.All() {
		if list, ok := v.([]any); ok && len(list) > 0 && !isKnown(key) {
			names = append(names, key)
		}
	}
	slices.Sort(names)
	for _, key := range names {
		name, blocks := strings.CutSuffix(key, blockSuffix)
		if !blocks || !isKnown(name) {
			name = key
		}
		addPackage(f, key, name)
	}
	return nil
}

// blockSuffix is behind the name of a package whose own name is a key of the
// schema: blocks of package openvpn are in "openvpn_blocks".
const blockSuffix = "_blocks"

// blocksOf is the key blocks of a package are under.
func blocksOf(pkg string) string {
	if isKnown(pkg) || pkg == "tc_options" {
		return pkg + blockSuffix
	}
	return pkg
}

func addPackage(f *njc.Forward, key, name string) {
	var sections []*njc.Section
	for _, item := range value.List(f.Config, key) {
		o, ok := item.(*ordered.Object)
		typ := ""
		if ok {
			typ = value.Str(o, "config_name")
		}
		if typ == "" || typ[0] == '#' { // a comment that was read as a block (uci.ParseLoose)
			f.Warn("Unrecognized config block was skipped: " + name)
			continue
		}
		id := blockName(o, len(sections))
		note(f, kind(name+"."+typ), id, san(id))
		sections = append(sections, copied(typ, san(id), o, "config_name", "config_value"))
	}
	f.Native.Add(name, sections...)
}

// blockName is the name of the section of the i-th block: its own, or one made
// of its place.
func blockName(o *ordered.Object, i int) string {
	if name := memberText(o, "config_value"); name != "" {
		return name
	}
	return value.Str(o, "config_name") + "_" + strconv.Itoa(i+1)
}
