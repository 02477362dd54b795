package schema

import (
	"slices"
	"strings"
)

type reference struct{ node *node }

func (k *reference) valid(v any) bool { return k.node.valid(v) }

func (k *reference) explain(v any, at *place, y yield) bool { return k.node.explain(v, at, y) }

type not struct {
	origin
	node     *node
	document any
}

func (k *not) valid(v any) bool { return !k.node.valid(v) }

func (k *not) explain(v any, at *place, y yield) bool {
	return k.valid(v) || y(k.fault(at, "%s should not be valid under %s", quote(v), quote(k.document)))
}

// allOf holds the schemas in the document's order and, for the yes/no check,
// those with enumerated members first: they refuse most losing branches of a
// oneOf at once.
type allOf struct {
	list []*node
	fast []*node
}

// settle orders the schemas when all of them are compiled.
func (k *allOf) settle() {
	k.fast = slices.Clone(k.list)
	slices.SortStableFunc(k.fast, func(a, b *node) int { return rank(a) - rank(b) })
}

func rank(n *node) int {
	for _, k := range n.fast {
		switch k := k.(type) {
		case *properties:
			if len(k.first) > 0 {
				return len(k.list)
			}
		case *required:
			return len(k.names)
		case *reference:
			return 100 + rank(k.node)
		case *not:
			return 0
		}
	}
	return 1000
}

func (k *allOf) valid(v any) bool {
	for _, n := range k.fast {
		if !n.valid(v) {
			return false
		}
	}
	return true
}

func (k *allOf) explain(v any, at *place, y yield) bool {
	for _, n := range k.list {
		if !n.explain(v, at, y) {
			return false
		}
	}
	return true
}

type anyOf struct {
	origin
	list []*node
}

func (k *anyOf) valid(v any) bool {
	return slices.ContainsFunc(k.list, func(n *node) bool { return n.valid(v) })
}

func (k *anyOf) explain(v any, at *place, y yield) bool {
	return k.valid(v) || y(k.none(k.list, v, at))
}

// none is the error of a value that no branch accepts, with what each said.
func (b origin) none(list []*node, v any, at *place) *Error {
	e := b.fault(at, "%s is not valid under any of the given schemas", quote(v))
	e.meant = meantOf(list, v, at)
	for i, n := range list {
		n.explain(v, at, func(cause *Error) bool {
			cause.Branch = i
			e.Causes = append(e.Causes, cause)
			return len(e.Causes) < maxCauses
		})
		if len(e.Causes) >= maxCauses {
			break
		}
	}
	return e
}

type oneOf struct {
	origin
	list      []*node
	documents []any
}

func (k *oneOf) valid(v any) bool {
	found := false
	for _, n := range k.list {
		if n.valid(v) {
			if found {
				return false
			}
			found = true
		}
	}
	return found
}

func (k *oneOf) explain(v any, at *place, y yield) bool {
	first, others := -1, []string(nil)
	for i, n := range k.list {
		switch {
		case !n.valid(v):
		case first < 0:
			first = i
		default:
			others = append(others, quote(k.documents[i]))
		}
	}
	if first < 0 {
		return y(k.none(k.list, v, at))
	}
	if len(others) == 0 {
		return true
	}
	others = append(others, quote(k.documents[first]))
	return y(k.fault(at, "%s is valid under each of %s", quote(v), strings.Join(others, ", ")))
}
