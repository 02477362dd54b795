package openwrt

import (
	"strconv"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// objectOf copies the options of a section into an object.
func objectOf(s *njc.Section, without ...string) *ordered.Object {
	o := new(ordered.Object)
	for _, opt := range s.Options {
		keep := true
		for _, key := range without {
			keep = keep && key != opt.Key
		}
		if keep {
			o.Set(opt.Key, opt.Value)
		}
	}
	return o
}

// take removes a member and returns it.
func take(o *ordered.Object, key string) any {
	v, ok := o.Get(key)
	if ok {
		o.Delete(key)
	}
	return v
}

// takeText removes a member and returns it as text; a list is joined by spaces.
func takeText(o *ordered.Object, key string) string {
	v := take(o, key)
	if list, ok := v.([]any); ok {
		return joined(list)
	}
	return value.Text(v)
}

// rename moves a member to another key.
func rename(o *ordered.Object, from, to string) {
	if v, ok := o.Get(from); ok {
		o.Delete(from)
		o.Set(to, v)
	}
}

// toInts makes numbers of the members that spell one.
func toInts(o *ordered.Object, keys ...string) {
	for _, key := range keys {
		if v, ok := o.Get(key); ok {
			o.Set(key, toInt(v))
		}
	}
}

func toInt(v any) any {
	text, ok := v.(string)
	if !ok {
		return v
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return v // validation names the place
	}
	return ordered.Number(strconv.FormatInt(n, 10))
}

// toBools makes booleans of members: '1' is true, anything else false (§9).
func toBools(o *ordered.Object, keys ...string) {
	for _, key := range keys {
		if v, ok := o.Get(key); ok {
			o.Set(key, toBool(v))
		}
	}
}

func toBool(v any) bool { return v == "1" }

// toLists makes lists of members that hold a single text.
func toLists(o *ordered.Object, keys ...string) {
	for _, key := range keys {
		if text, ok := value.Of(o, key).(string); ok {
			o.Set(key, []any{text})
		}
	}
}

// words splits a text, or the texts of a list, at spaces.
func words(v any) []any {
	var out []any
	switch v := v.(type) {
	case string:
		for _, w := range strings.Fields(v) {
			out = append(out, w)
		}
	case []any:
		for _, item := range v {
			out = append(out, words(item)...)
		}
	}
	return out
}

// appendTo appends values to a top-level list.
func appendTo(config *ordered.Object, key string, values ...any) {
	if len(values) == 0 {
		return
	}
	config.Set(key, append(value.List(config, key), values...))
}

// generalOf returns the general object, which it makes when there is none.
func generalOf(r *njc.Reverse) *ordered.Object {
	if g := value.Object(r.Config, "general"); g != nil {
		return g
	}
	g := new(ordered.Object)
	r.Config.Set("general", g)
	return g
}
