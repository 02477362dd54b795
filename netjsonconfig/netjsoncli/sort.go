package netjsoncli

import (
	"slices"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// sorted returns a value with the keys of all its objects in order.
func sorted(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = sorted(item)
		}
		return out
	case *ordered.Object:
		var keys []string
		for key := range v.All() {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		out := new(ordered.Object)
		for _, key := range keys {
			member, _ := v.Get(key) // it was just listed
			out.Set(key, sorted(member))
		}
		return out
	}
	return v
}
