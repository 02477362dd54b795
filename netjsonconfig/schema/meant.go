package schema

import (
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Meant returns, of an error of anyOf or oneOf, the first error of the branch
// that was meant: the one whose enumerated type, protocol or mode the value
// has. Nil when the value does not say, or the error is of another keyword. The
// answer may be of anyOf or oneOf itself; its Branch is the branch's number.
func (e *Error) Meant() *Error { return e.meant }

// Telling reports whether a member of an object says which branch was meant: its
// type, protocol or mode.
func Telling(name string) bool {
	return name == "type" || name == "proto" || name == "protocol" || name == "mode" || name == "family" ||
		name == "band" || name == "hwmode"
}

// meant finds the branch that was meant: the one that refuses none of the
// telling members, of several the one with the fewest errors.
func meantOf(list []*node, v any, at *place) *Error {
	o, ok := v.(*ordered.Object)
	if !ok || !tells(o) {
		return nil
	}
	var (
		best  *Error
		least = maxCauses + 1
	)
	for i, n := range list {
		var first *Error
		count := 0
		refused := false
		n.explain(v, at, func(e *Error) bool {
			if first == nil {
				first = e
			}
			count++
			name := strings.TrimPrefix(e.Pointer, at.pointer()+"/")
			refused = e.Keyword() == "enum" && Telling(name) && o.Has(name)
			return !refused && count < maxCauses
		})
		if !refused && first != nil && count < least {
			best, least = first, count
			best.Branch = i
		}
	}
	return best
}

func tells(o *ordered.Object) bool {
	for name := range o.All() {
		if Telling(name) {
			return true
		}
	}
	return false
}
