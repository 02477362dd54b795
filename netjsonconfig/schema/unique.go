package schema

import (
	"math"
	"slices"
	"strconv"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// fewItems is the length up to which items are compared with each other;
// longer lists are compared through a spelling that equal values share.
const fewItems = 24

type unique struct{ origin }

func (k *unique) valid(v any) bool {
	list, _ := v.([]any) // what is no list has no items
	if len(list) <= fewItems {
		for i := range list {
			for j := range i {
				if ordered.Equal(list[i], list[j]) {
					return false
				}
			}
		}
		return true
	}
	seen := make(map[string]bool, len(list))
	var b []byte
	for _, item := range list {
		b = appendShared(b[:0], item)
		if seen[string(b)] {
			return false
		}
		seen[string(b)] = true
	}
	return true
}

func (k *unique) explain(v any, at *place, y yield) bool {
	return k.valid(v) || y(k.fault(at, "%s has non-unique elements", quote(v)))
}

// appendShared spells a value so that equal values have equal spellings: keys
// in order, numbers by value.
func appendShared(b []byte, v any) []byte {
	switch v := v.(type) {
	case ordered.Number:
		if v.IsInteger() && v != "-0" {
			return append(b, v...)
		}
		f := float(v)
		if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return strconv.AppendInt(b, int64(f), 10)
		}
		return strconv.AppendFloat(b, f, 'g', -1, 64)
	case []any:
		b = append(b, '[')
		for _, item := range v {
			b = append(appendShared(b, item), ',')
		}
		return append(b, ']')
	case *ordered.Object:
		keys := make([]string, 0, v.Len())
		for key := range v.All() {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		b = append(b, '{')
		for _, key := range keys {
			b = append(ordered.Append(b, key), ':')
			member, _ := v.Get(key)
			b = append(appendShared(b, member), ',')
		}
		return append(b, '}')
	}
	return ordered.Append(b, v)
}
