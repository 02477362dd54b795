package openwrt

import (
	"slices"
	"unicode/utf8"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// section returns an empty section with room for n options.
func section(typ, name string, n int) *njc.Section {
	return &njc.Section{Type: typ, Name: name, Options: make([]njc.Option, 0, n)}
}

// put appends an option that the section does not have yet.
func put(s *njc.Section, key string, v any) {
	s.Options = append(s.Options, njc.Option{Key: key, Value: v})
}

// copied returns a section with all members of an object but some.
func copied(typ, name string, o *ordered.Object, without ...string) *njc.Section {
	s := section(typ, name, o.Len()+2)
	for key, v := range o.All() {
		if !slices.Contains(without, key) {
			put(s, key, v)
		}
	}
	return s
}

// san makes a name that UCI can hold out of any text: what is no ASCII letter,
// digit or underscore becomes an underscore (§8.1).
func san(name string) string {
	if name == "" || uci.ValidName(name) {
		return name
	}
	b := make([]byte, 0, len(name))
	for _, c := range name {
		if c < utf8.RuneSelf && uci.ValidName(string(c)) {
			b = append(b, byte(c))
		} else {
			b = append(b, '_')
		}
	}
	return string(b)
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// isTrue reports whether a value is the boolean true.
func isTrue(v any) bool {
	b, ok := v.(bool)
	return ok && b
}
