package openwrt_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schemas"
)

// drawer draws values that follow a schema.
type drawer struct {
	t    *rapid.T
	root *ordered.Object
	// n makes names unique.
	n int
}

func (d *drawer) coin(label string) bool { return rapid.Bool().Draw(d.t, label) }

// resolve follows references.
func (d *drawer) resolve(node *ordered.Object) *ordered.Object {
	for {
		ref, ok := node.Get("$ref")
		if !ok {
			return node
		}
		at := d.root
		for part := range strings.SplitSeq(strings.TrimPrefix(ref.(string), "#/"), "/") {
			at = value.Object(at, part)
		}
		node = at
	}
}

// flat collects what an object may have and must have: its own members and
// those of allOf, the later ones over the earlier ones.
func (d *drawer) flat(node *ordered.Object, members *ordered.Object, required map[string]bool) {
	node = d.resolve(node)
	for _, part := range value.Objects(node, "allOf") {
		d.flat(part, members, required)
	}
	if branches := value.Objects(node, "oneOf"); len(branches) > 0 && node.Has("properties") == false {
		d.flat(rapid.SampledFrom(branches).Draw(d.t, "branch"), members, required)
	}
	for name, v := range value.Object(node, "properties").All() {
		old := value.Object(members, name)
		if old == nil {
			old = new(ordered.Object)
		}
		old = old.Clone()
		for key, w := range v.(*ordered.Object).All() {
			if key == "enum" && old.Has("enum") && strings.Count(fmt.Sprint(w), " ") > strings.Count(fmt.Sprint(value.Of(old, "enum")), " ") {
				continue // the narrower list counts
			}
			old.Set(key, w)
		}
		members.Set(name, old)
	}
	for _, name := range value.List(node, "required") {
		required[name.(string)] = true
	}
}

// object draws an object of a schema.
func (d *drawer) object(node *ordered.Object) *ordered.Object {
	members, required := new(ordered.Object), map[string]bool{}
	d.flat(node, members, required)
	o := new(ordered.Object)
	for name, member := range members.All() {
		if required[name] || d.coin(name) {
			if v := d.value(name, member.(*ordered.Object)); v != nil {
				o.Set(name, v)
			}
		}
	}
	return o
}

// value draws one value.
func (d *drawer) value(name string, node *ordered.Object) any {
	node = d.resolve(node)
	if enum := value.List(node, "enum"); len(enum) > 0 {
		return rapid.SampledFrom(enum).Draw(d.t, name)
	}
	switch t := value.Of(node, "type"); t {
	case "boolean":
		return d.coin(name)
	case "integer", "number":
		return d.number(name, node)
	case "array":
		items := value.Object(node, "items")
		var list []any
		for range rapid.IntRange(max(0, value.Number(value.Of(node, "minItems"))), 3).Draw(d.t, name) {
			v := d.value(name, items)
			if v != nil && !slices.ContainsFunc(list, func(w any) bool { return ordered.Equal(v, w) }) {
				list = append(list, v)
			}
		}
		if list == nil {
			return []any{}
		}
		return list
	case "string":
		return d.text(name, node)
	case nil, "object":
		if node.Has("properties") || node.Has("allOf") || node.Has("oneOf") {
			return d.object(node)
		}
	}
	if list, ok := value.Of(node, "type").([]any); ok && slices.Contains(list, any("integer")) {
		return d.number(name, node)
	}
	return nil
}

func (d *drawer) number(name string, node *ordered.Object) any {
	least, most := value.Number(value.Of(node, "minimum")), 1000
	if m, ok := value.Int(value.Of(node, "maximum")); ok {
		most = min(m, least+1000)
	}
	if m, ok := value.Int(value.Of(node, "maxmium")); ok {
		most = min(m, least+1000)
	}
	return ordered.Number(strconv.Itoa(rapid.IntRange(least, max(least, most)).Draw(d.t, name)))
}

func (d *drawer) text(name string, node *ordered.Object) any {
	switch {
	case value.Str(node, "format") == "hostname":
		return rapid.StringMatching(`[a-z][a-z0-9-]{1,8}\.org`).Draw(d.t, name)
	case value.Str(node, "format") == "ipv6":
		return rapid.SampledFrom([]string{"fd00::1", "2001:db8::5", "fe80::9"}).Draw(d.t, name)
	case value.Str(node, "format") == "cidr":
		return rapid.SampledFrom([]string{"10.0.0.0/8", "192.168.1.0/24", "fd00::/8", "10.0.0.1"}).Draw(d.t, name)
	case strings.Contains(value.Str(node, "pattern"), "A-Fa-f"):
		return rapid.SampledFrom([]string{"02:00:00:00:00:01", "02:00:00:00:00:02"}).Draw(d.t, name)
	}
	switch name {
	case "address", "gateway":
		return rapid.SampledFrom([]string{"10.0.0.1", "192.168.1.7", "172.16.5.5"}).Draw(d.t, name)
	case "destination":
		return rapid.SampledFrom([]string{"10.0.0.0/8", "192.168.1.0/24", "fd00::/64"}).Draw(d.t, name)
	case "ula_prefix":
		return "fd12::/48"
	case "mode":
		return "0644"
	case "path":
		d.n++
		return "/etc/file" + strconv.Itoa(d.n)
	case "network", "id":
		d.n++
		return rapid.SampledFrom([]string{"net", "vpn_", "lan"}).Draw(d.t, name) + strconv.Itoa(d.n)
	case "name", "ifname":
		d.n++
		return rapid.SampledFrom([]string{"eth", "lan-", "wl.", "br-", "bat"}).Draw(d.t, name) + strconv.Itoa(d.n)
	}
	if pattern := value.Str(node, "pattern"); strings.Contains(pattern, "\\S") || strings.Contains(pattern, "^\\s") {
		return rapid.StringMatching(`[a-z0-9/_.]{3,12}`).Draw(d.t, name)
	} else if pattern != "" {
		return rapid.StringMatching(pattern).Draw(d.t, name)
	}
	return rapid.SampledFrom([]string{"some text 1", "plain-word", "it's", "10.0.0.9", "word with  two", "x\"y\"z12"}).Draw(d.t, name)
}

// expressible reports whether UCI can tell what a configuration says: VLANs of a
// switch name it, and OpenWrt before 21 knows no 6 GHz.
func expressible(config *ordered.Object, dsa bool) bool {
	for _, s := range value.Objects(config, "switch") {
		for _, v := range value.Objects(s, "vlan") {
			v.Set("device", value.Of(s, "name"))
		}
	}
	for _, o := range value.Objects(config, "interfaces") {
		if value.Str(o, "type") == "wireless" && !o.Has("wireless") && len(value.List(o, "addresses")) == 0 {
			return false // nothing but settings of a device
		}
	}
	for _, r := range value.Objects(config, "radios") {
		if band := value.Str(r, "band"); !dsa && band != "" && band != "2g" && band != "5g" {
			return false
		}
	}
	return true
}

// TestSchemaIsWrittenReadAndWrittenTheSame draws configurations of the whole
// schema: what is written is read, and written again to the same bytes, in both
// syntaxes.
func TestSchemaIsWrittenReadAndWrittenTheSame(t *testing.T) {
	root := schemas.OpenWrt().Object
	b := openwrt.Backend()
	properties := value.Object(root, "properties")
	for key, property := range properties.All() {
		if key == "files" {
			continue // they are no native configuration
		}
		t.Run(key, func(t *testing.T) {
			drawn := 0
			rapid.Check(t, func(t *rapid.T) {
				dsa := rapid.Bool().Draw(t, "dsa")
				d := &drawer{t: t, root: root}
				config := new(ordered.Object)
				switch v := d.value(key, property.(*ordered.Object)).(type) {
				case *ordered.Object:
					config.Set(key, v)
				case []any:
					var list []any
					for _, item := range v {
						if one := obj(key, []any{item}); schemas.OpenWrt().Schema.Valid(one) {
							list = append(list, item)
						}
					}
					config.Set(key, list)
				}
				if rapid.Bool().Draw(t, "top-level name servers") {
					config.Set("dns_servers", []any{"1.1.1.1", "9.9.9.9"})
				}
				if !expressible(config, dsa) {
					return
				}
				c, err := njc.New(b, config, &njc.Options{DSA: &dsa})
				require.NoError(t, err)
				if c.Validate() != nil {
					return
				}
				text, err := c.RenderNative()
				if err != nil {
					return // a file's path made of a name that is none
				}
				drawn++
				read, report, err := njc.ParseReporting(b, []byte(text), &njc.Options{DSA: &dsa})
				require.NoError(t, err, "%s", text)
				again, err := read.RenderNative()
				require.NoError(t, err)
				require.Equal(t, text, again, "%s\n%s\n%s", config, read.Merged(), report.Notes)
			})
			require.Greater(t, drawn, 20, "most of what is drawn is valid")
		})
	}
}
