package replay

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// placeholder is a name in braces that stands for a value; other braces are
// text.
var placeholder = regexp.MustCompile(`\{(uuid\d*(?::hex)?|hex\d+|datetime|timestamp|pem:[A-Za-z0-9 ]+|serial|wgkey|random|host|base|permid|html page|org_\w+|user_\w+(?::hex)?|dev\d+|(?:org|user|membership|token|category|build|image|device)\.\w+|default organization description)\}`)

// patterns are what the placeholders that are bound at first sight, or never,
// look like.
func pattern(name string) string {
	kind := strings.TrimRight(name, "0123456789")
	switch {
	case strings.HasPrefix(name, "pem:"):
		return `-----BEGIN [^-]+-----[\s\S]+?-----END [^-]+-----\s*`
	case strings.HasSuffix(name, ":hex"), kind == "hex":
		return `[0-9a-f]{32}`
	case kind == "uuid", kind == "dev", strings.HasPrefix(name, "user."), strings.HasPrefix(name, "org"), strings.HasPrefix(name, "membership."), strings.HasPrefix(name, "category."), strings.HasPrefix(name, "build."), strings.HasPrefix(name, "image."), strings.HasPrefix(name, "device."), strings.HasPrefix(name, "user_"):
		return `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`
	case name == "datetime", name == "timestamp":
		return `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?(?:Z|[+-]\d\d:\d\d)`
	case name == "serial", name == "permid":
		return `\d+`
	case name == "wgkey":
		return `[A-Za-z0-9+/]{43}=`
	case name == "random":
		return `[A-Za-z0-9]+`
	}
	return `[\s\S]*`
}

// matcher compares recorded values with answered ones and remembers what
// placeholders stand for.
type matcher struct {
	bound   map[string]string
	resolve func(name string) (string, bool)
	free    []string // keys whose values depend on the installation
}

// binds reports whether a placeholder keeps the value of its first sight.
func binds(name string) bool {
	return strings.HasPrefix(name, "uuid") && name != "uuid" || strings.HasPrefix(name, "hex")
}

// clone compares without binding anything in the original.
func (m *matcher) clone() *matcher {
	c := *m
	c.bound = maps.Clone(m.bound)
	return &c
}

func (m *matcher) value(name string) (string, bool) {
	if base, hex := strings.CutSuffix(name, ":hex"); hex {
		v, ok := m.value(base)
		return strings.ReplaceAll(v, "-", ""), ok
	}
	if v, ok := m.bound[name]; ok {
		return v, true
	}
	if m.resolve != nil && !binds(name) {
		return m.resolve(name)
	}
	return "", false
}

// fill puts known values into a text of a request.
func (m *matcher) fill(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		if v, ok := m.value(p[1 : len(p)-1]); ok {
			return v
		}
		return p
	})
}

// text compares one string and binds the placeholders seen first.
func (m *matcher) text(want, got string) bool {
	places := placeholder.FindAllStringSubmatchIndex(want, -1)
	if places == nil {
		return want == got
	}
	var b strings.Builder
	var names []string
	b.WriteString(`\A`)
	at := 0
	for _, p := range places {
		b.WriteString(regexp.QuoteMeta(want[at:p[0]]))
		name := want[p[2]:p[3]]
		if v, ok := m.value(name); ok {
			b.WriteString(regexp.QuoteMeta(v))
		} else {
			b.WriteString("(" + pattern(name) + ")")
			names = append(names, name)
		}
		at = p[1]
	}
	b.WriteString(regexp.QuoteMeta(want[at:]) + `\z`)
	re, err := regexp.Compile(b.String())
	if err != nil {
		return false
	}
	found := re.FindStringSubmatch(got)
	if found == nil {
		return false
	}
	for i, name := range names {
		m.bind(name, found[i+1])
	}
	return true
}

func (m *matcher) bind(name, v string) {
	if !binds(name) {
		return
	}
	if base, hex := strings.CutSuffix(name, ":hex"); hex {
		if len(v) == 32 {
			m.bound[base] = v[:8] + "-" + v[8:12] + "-" + v[12:16] + "-" + v[16:20] + "-" + v[20:]
		}
		return
	}
	m.bound[name] = v
}

// diff returns what differs between two JSON values, by path.
func (m *matcher) diff(path string, want, got any) []string {
	if want == any(Anything) {
		return nil
	}
	switch want := want.(type) {
	case map[string]any:
		have, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: want an object, got %s", path, show(got))}
		}
		var out []string
		for _, k := range slices.Sorted(maps.Keys(want)) {
			v, there := have[k]
			switch {
			case !there:
				out = append(out, fmt.Sprintf("%s.%s: missing, want %s", path, k, show(want[k])))
			case slices.Contains(m.free, k):
			default:
				out = append(out, m.diff(path+"."+k, want[k], v)...)
			}
		}
		for _, k := range slices.Sorted(maps.Keys(have)) {
			if _, there := want[k]; !there {
				out = append(out, fmt.Sprintf("%s.%s: not in the recording, got %s", path, k, show(have[k])))
			}
		}
		return out
	case []any:
		have, ok := got.([]any)
		if !ok || len(have) != len(want) {
			return []string{fmt.Sprintf("%s: want %s, got %s", path, show(want), show(got))}
		}
		var out []string
		for i := range want {
			out = append(out, m.diff(fmt.Sprintf("%s[%d]", path, i), want[i], have[i])...)
		}
		return out
	case string:
		if have, ok := got.(string); ok && m.text(want, have) {
			return nil
		}
	case nil:
		if got == nil {
			return nil
		}
	default:
		if want == got {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s: want %s, got %s", path, show(want), show(got))}
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(b) > 600 {
		return string(b[:600]) + "…"
	}
	return string(b)
}
