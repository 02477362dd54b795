package ordered

import (
	"iter"
	"slices"
	"strconv"
	"strings"
)

// Number is a JSON number in its author's spelling.
type Number string

// IsInteger reports whether the number is written without fraction and
// exponent, which is what draft 4 of JSON Schema calls an integer here
// (spec: netjsonconfig §5).
func (n Number) IsInteger() bool { return !strings.ContainsAny(string(n), ".eE") }

// Int64 returns the number when it is an integer in that range.
func (n Number) Int64() (int64, error) { return strconv.ParseInt(string(n), 10, 64) }

// Float64 returns the nearest floating point number.
func (n Number) Float64() (float64, error) { return strconv.ParseFloat(string(n), 64) }

// member is one key of an object with its value.
type member struct {
	key   string
	value any
}

// indexFrom is the size from which an object is searched through an index:
// below, walking the members is faster.
const indexFrom = 32

// Object is a JSON object that keeps the order in which its keys were added.
// Its zero value is empty and ready to use.
type Object struct {
	members []member
	index   map[string]int // nil below indexFrom
}

// NewObject returns an empty object.
func NewObject() *Object { return &Object{} }

func (o *Object) find(key string) int {
	if o == nil {
		return -1
	}
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].key == key {
			return i
		}
	}
	return -1
}

// Len returns the number of keys; a nil object has none.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.members)
}

// Get returns the value of a key and whether there is one.
func (o *Object) Get(key string) (any, bool) {
	if i := o.find(key); i >= 0 {
		return o.members[i].value, true
	}
	return nil, false
}

// Has reports whether there is such a key.
func (o *Object) Has(key string) bool { return o.find(key) >= 0 }

// Set gives a key its value: in its place when it is there, else at the end.
func (o *Object) Set(key string, value any) {
	if i := o.find(key); i >= 0 {
		o.members[i].value = value
		return
	}
	o.members = append(o.members, member{key, value})
	switch {
	case o.index != nil:
		o.index[key] = len(o.members) - 1
	case len(o.members) >= indexFrom:
		o.reindex()
	}
}

func (o *Object) reindex() {
	if len(o.members) < indexFrom {
		o.index = nil
		return
	}
	o.index = make(map[string]int, 2*len(o.members))
	for i := range o.members {
		o.index[o.members[i].key] = i
	}
}

// Delete removes a key; the others keep their order.
func (o *Object) Delete(key string) {
	i := o.find(key)
	if i < 0 {
		return
	}
	o.members = slices.Delete(o.members, i, i+1)
	o.reindex()
}

// At returns the i-th key and its value.
func (o *Object) At(i int) (key string, value any) { return o.members[i].key, o.members[i].value }

// All walks the keys in order. The object must not be changed meanwhile.
func (o *Object) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		if o == nil {
			return
		}
		for i := range o.members {
			if !yield(o.members[i].key, o.members[i].value) {
				return
			}
		}
	}
}

// Clone returns a copy that shares no object and no list with the original.
func (o *Object) Clone() *Object {
	if o == nil {
		return nil
	}
	c := &Object{members: make([]member, len(o.members))}
	for i, m := range o.members {
		c.members[i] = member{m.key, Clone(m.value)}
	}
	c.reindex()
	return c
}

// Clone copies a value deeply.
func Clone(v any) any {
	switch v := v.(type) {
	case *Object:
		return v.Clone()
	case []any:
		c := make([]any, len(v))
		for i := range v {
			c[i] = Clone(v[i])
		}
		return c
	}
	return v
}

// Equal compares two values as JSON does: the order of keys does not matter,
// numbers are compared by value, booleans differ from numbers.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	case string:
		b, ok := b.(string)
		return ok && a == b
	case Number:
		b, ok := b.(Number)
		return ok && (a == b || sameNumber(a, b))
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Equal)
	case *Object:
		b, ok := b.(*Object)
		if !ok || a.Len() != b.Len() {
			return false
		}
		for k, v := range a.All() {
			other, ok := b.Get(k)
			if !ok || !Equal(v, other) {
				return false
			}
		}
		return true
	}
	return false
}

// sameNumber compares two spellings that differ. JSON has one spelling for each
// integer, but for zero; others are compared as floating point numbers, so that
// no exponent can ask for much memory.
func sameNumber(a, b Number) bool {
	if a.IsInteger() && b.IsInteger() && a != "-0" && b != "-0" {
		return false
	}
	x, err1 := a.Float64()
	y, err2 := b.Float64()
	return err1 == nil && err2 == nil && x == y
}
