package openwrt

import (
	"slices"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// keeper keeps UCI raw that NetJSON has no place for: in blocks of its
// package, which are written beside or instead of what converters write (§8.14).
type keeper struct{}

// Raw implements njc.Keeper.
func (keeper) Raw(config *ordered.Object, pkg string, s *njc.Section) {
	o := blockOf(config, pkg, s)
	if o == nil {
		o = new(ordered.Object)
		o.Set("config_name", s.Type)
		o.Set("config_value", s.Name)
		appendTo(config, blocksOf(pkg), o)
	}
	for _, option := range s.Options {
		if option.Value == nil {
			o.Set(option.Key, "") // an empty value is none, also where a converter has one
			continue
		}
		o.Set(option.Key, option.Value)
	}
}

// blockOf finds the block a section is kept in: what comes to it belongs there,
// for two blocks of one name are two sections.
func blockOf(config *ordered.Object, pkg string, s *njc.Section) *ordered.Object {
	for i, o := range value.Objects(config, blocksOf(pkg)) {
		if value.Str(o, "config_name") == s.Type && blockName(o, i) == s.Name {
			return o
		}
	}
	return nil
}

// OptionsOf implements njc.Keeper.
func (keeper) OptionsOf(member string) []string {
	switch member {
	case "tx_power":
		return []string{"txpower"}
	case "channel_width", "htmode":
		return []string{"htmode", "channel_width"}
	case "protocol", "cipher", "encryption":
		return []string{"encryption", "htmode"}
	case "mac":
		return []string{"macaddr"}
	case "autostart":
		return []string{"auto"}
	case "address", "mask", "addresses":
		return []string{"ipaddr", "ip6addr"}
	case "destination":
		return []string{"target"}
	case "next":
		return []string{"gateway"}
	case "cost":
		return []string{"metric"}
	case "ack_distance":
		return []string{"distance"}
	case "rts_threshold":
		return []string{"rts"}
	case "frag_threshold":
		return []string{"frag"}
	case "acct_server_port":
		return []string{"acct_port"}
	case "server", "port":
		return []string{member, "auth_" + member, "listen_port"}
	case "timezone":
		return []string{"zonename"}
	case "name", "network", "type", "vlan", "ports", "bridge_members", "vlan_filtering", "wireless", "device", "proto",
		"interfaces", "radios", "routes", "mode", "radio", "ssid", "mesh_id", "vid", "vni":
		return nil // without these the section is not what it is
	}
	return []string{member}
}

// Differences implements njc.Keeper.
func (keeper) Differences(want, got *njc.Native) []njc.Difference {
	w, g := effectOf(want), effectOf(got)
	var out []njc.Difference
	met := map[*effect]bool{}
	for _, wanted := range w.list {
		written := g.next(wanted)
		if written == nil {
			if wanted.pure && len(wanted.options) == 0 {
				continue
			}
			if d, ok := g.describe(wanted); ok {
				out = append(out, d)
				continue
			}
			out = append(out, njc.Difference{Package: wanted.pkg, Want: wanted.section})
			continue
		}
		met[written] = true
		out = append(out, wanted.compare(written)...)
	}
	for _, written := range g.list {
		if !met[written] && !written.pure {
			out = append(out, njc.Difference{Package: written.pkg, Got: written.section})
		}
	}
	return out
}

// effect is what a section does, in a form that is equal for what programs on
// the device do not tell apart.
type effect struct {
	pkg     string
	key     string
	section *njc.Section
	options map[string]setting
	// pure is a device that interface sections of the older syntax describe: there
	// may be no section of it.
	pure bool
	// drop are options that have no effect where they are, with the reason.
	drop map[string]string
}

// setting is the value of an option.
type setting struct {
	list   bool
	values []string
	// from is the section that holds it, where that is another one.
	from *njc.Section
	key  string
}

func (s setting) words() []string {
	var out []string
	for _, v := range s.values {
		out = append(out, strings.Fields(v)...)
	}
	return out
}

// equal compares settings: one text with blanks is what a list of its words is.
func (s setting) equal(other setting) bool {
	if s.list == other.list {
		return slices.Equal(s.values, other.values)
	}
	return slices.Equal(s.words(), other.words())
}

// effects are those of a whole configuration.
type effects struct {
	list  []*effect
	byKey map[string][]*effect
	taken map[string]int // how many of a key next has found
}

func (e *effects) add(x *effect) {
	e.list = append(e.list, x)
	e.byKey[x.key] = append(e.byKey[x.key], x)
}

// describe puts the options of a device on the interface section they were in,
// where nothing else is written about the device.
func (e *effects) describe(wanted *effect) (njc.Difference, bool) {
	at := e.byKey["network.interface."+san(wanted.section.Name)]
	if !wanted.pure || wanted.section.Type != "interface" || len(at) == 0 || wanted.text("type") != "" {
		return njc.Difference{}, false
	}
	d := njc.Difference{Package: wanted.pkg, Want: wanted.section, Got: at[0].section}
	for _, o := range wanted.section.Options {
		if v, ok := wanted.options[o.Key]; ok && v.from == wanted.section {
			d.Patch = append(d.Patch, o)
		}
	}
	return d, len(d.Patch) == len(wanted.options)
}

// join notes the ZeroTier networks an option names: whether a section of a
// network or of a member says so, the member joins them.
func (e *effects) join(x *effect, key string) {
	for _, id := range x.options[key].words() {
		if at := "zerotier.join." + id; e.byKey[at] == nil {
			e.add(&effect{pkg: x.pkg, key: at, section: x.section, options: map[string]setting{"id": {values: []string{id}}}, pure: true})
		}
	}
}

// next finds what does the same as another configuration's section, each once.
func (e *effects) next(wanted *effect) *effect {
	all, n := e.byKey[wanted.key], e.taken[wanted.key]
	if n >= len(all) {
		return nil
	}
	e.taken[wanted.key] = n + 1
	return all[n]
}

// effectOf works out what a configuration does.
func effectOf(n *njc.Native) *effects {
	e := &effects{byKey: map[string][]*effect{}, taken: map[string]int{}}
	for _, p := range n.Packages {
		if p.Name == "network" {
			networkEffects(e, p)
			continue
		}
		for _, s := range p.Sections {
			if s.Type == "" || s.Type[0] == '#' {
				continue
			}
			x := newEffect(p.Name, s)
			switch p.Name + "." + s.Type {
			case "wireless.wifi-iface":
				x.wireless()
			case "wireless.wifi-device":
				x.radio()
			case "zerotier.network":
				x.key = "zerotier.network." + x.text("id")
				e.join(x, "id")
			case "zerotier.zerotier":
				e.join(x, "join")
				delete(x.options, "join")
			}
			e.add(x)
		}
	}
	return e
}

func newEffect(pkg string, s *njc.Section) *effect {
	x := &effect{pkg: pkg, key: pkg + "." + s.Type + "." + san(s.Name), section: s, options: make(map[string]setting, len(s.Options))}
	for _, o := range s.Options {
		if v := settingOf(o.Value); v.values != nil && o.Key != "" && o.Key[0] != '.' {
			v.key = o.Key
			x.options[strings.ReplaceAll(o.Key, "-", "_")] = v
		}
	}
	return x
}

func settingOf(v any) setting {
	switch v := v.(type) {
	case nil:
		return setting{}
	case []any:
		s := setting{list: true}
		for _, item := range v {
			if item != nil {
				s.values = append(s.values, value.Text(item))
			}
		}
		return s
	case []string:
		return setting{list: true, values: v}
	}
	if text := value.Text(v); text != "" {
		return setting{values: []string{text}}
	}
	return setting{}
}

// text is an option's value as one text.
func (x *effect) text(key string) string { return strings.Join(x.options[key].values, " ") }

func (x *effect) set(key string, values ...string) {
	old := x.options[key]
	x.options[key] = setting{list: old.list, values: values, from: old.from, key: old.key}
}

// setWords replaces an option by a list of words.
func (x *effect) setWords(key string, words []string) {
	old := x.options[key]
	x.options[key] = setting{list: true, values: words, from: old.from, key: old.key}
}

// compare tells what has to be set for the written section to do what the
// wanted one does.
func (x *effect) compare(written *effect) []njc.Difference {
	d := njc.Difference{Package: x.pkg, Want: x.section, Got: written.section}
	var out []njc.Difference
	keys := make([]string, 0, len(x.options))
	for key := range x.options {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	done := map[string]bool{}
	for _, key := range keys {
		if got, ok := written.options[key]; !ok || !x.options[key].equal(got) {
			x.patch(&d, written, key, done)
		}
	}
	extra := make([]string, 0, 4)
	for key := range written.options {
		if _, ok := x.options[key]; !ok && !x.implies(written, key) {
			extra = append(extra, key)
		}
	}
	slices.Sort(extra)
	for _, key := range extra {
		x.patch(&d, written, key, done)
	}
	if len(d.Patch) > 0 {
		out = append(out, d)
	}
	dropped := make([]string, 0, len(x.drop))
	for key := range x.drop {
		dropped = append(dropped, key)
	}
	slices.Sort(dropped)
	for _, key := range dropped {
		out = append(out, njc.Difference{
			Package: x.pkg, Want: x.section, Got: written.section, Harmless: true, Option: key, Reason: x.drop[key],
		})
	}
	return out
}

// patch puts into a difference the options that make up one setting.
func (x *effect) patch(d *njc.Difference, written *effect, key string, done map[string]bool) {
	for _, option := range spellings(key) {
		if done[option] {
			continue
		}
		done[option] = true
		from := x.section
		if s := x.options[key].from; s != nil {
			from = s
		}
		v, has := from.Get(option)
		if has && !emptyOption(v) {
			d.Patch = append(d.Patch, njc.Option{Key: option, Value: v})
			continue
		}
		to := written.section
		if s := written.options[key].from; s != nil {
			to = s
		}
		if v, has := to.Get(option); has && !emptyOption(v) {
			d.Patch = append(d.Patch, njc.Option{Key: option})
		}
	}
}

func emptyOption(v any) bool { return settingOf(v).values == nil }

// spellings are the options that together make up a setting.
func spellings(key string) []string {
	switch key {
	case "ipaddr", "target":
		return []string{key, "netmask"}
	case "device":
		return []string{"device", "ifname"}
	case "disabled":
		return []string{"disabled", "enabled"}
	case "band":
		return []string{"band", "hwmode"}
	case "ports":
		return []string{"ports", "ifname"}
	}
	return []string{key}
}
