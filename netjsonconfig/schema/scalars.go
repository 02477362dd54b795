package schema

import (
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// origin is what every keyword knows: its own place in the schema.
type origin struct{ schema string }

// fault makes the keyword's error.
func (b origin) fault(at *place, format string, args ...any) *Error {
	return &Error{Pointer: at.pointer(), SchemaPointer: b.schema, Message: fmt.Sprintf(format, args...)}
}

// Types of JSON values, as bits. A whole number is both integer and number.
const (
	isNull = 1 << iota
	isBoolean
	isInteger
	isNumber
	isString
	isArray
	isObject
)

func typeBit(name string) (int, bool) {
	switch name {
	case "null":
		return isNull, true
	case "boolean":
		return isBoolean, true
	case "integer":
		return isInteger, true
	case "number":
		return isNumber, true
	case "string":
		return isString, true
	case "array":
		return isArray, true
	case "object":
		return isObject, true
	}
	return 0, false
}

func typeOf(v any) int {
	switch v := v.(type) {
	case nil:
		return isNull
	case bool:
		return isBoolean
	case string:
		return isString
	case ordered.Number:
		if v.IsInteger() {
			return isInteger | isNumber
		}
		return isNumber
	case []any:
		return isArray
	case *ordered.Object:
		return isObject
	}
	return 0
}

type types struct {
	origin
	set   int
	names []string
}

func (k *types) valid(v any) bool { return k.set&typeOf(v) != 0 }

func (k *types) explain(v any, at *place, y yield) bool {
	if k.valid(v) {
		return true
	}
	quoted := make([]string, len(k.names))
	for i, n := range k.names {
		quoted[i] = quote(n)
	}
	return y(k.fault(at, "%s is not of type %s", quote(v), strings.Join(quoted, ", ")))
}

// enum keeps texts and whole numbers apart from the rest, for speed.
type enum struct {
	origin
	all   []any
	texts map[string]bool // nil when there are few
	few   []string
	ints  map[int64]bool
	rest  []any
}

// manyTexts is the length from which a list of texts is searched through a map.
const manyTexts = 9

func newEnum(at origin, list []any) *enum {
	k := &enum{origin: at, all: list, ints: map[int64]bool{}}
	for _, v := range list {
		switch v := v.(type) {
		case string:
			k.few = append(k.few, v)
		case ordered.Number:
			if i, ok := wholeNumber(v); ok {
				k.ints[i] = true
			} else {
				k.rest = append(k.rest, v)
			}
		default:
			k.rest = append(k.rest, v)
		}
	}
	if len(k.few) >= manyTexts {
		k.texts = make(map[string]bool, len(k.few))
		for _, t := range k.few {
			k.texts[t] = true
		}
	}
	return k
}

func (k *enum) valid(v any) bool {
	switch v := v.(type) {
	case string:
		if k.texts != nil {
			return k.texts[v]
		}
		for _, t := range k.few {
			if t == v {
				return true
			}
		}
		return false
	case ordered.Number:
		if i, ok := wholeNumber(v); ok {
			return k.ints[i]
		}
	}
	for _, each := range k.rest {
		if ordered.Equal(v, each) {
			return true
		}
	}
	return false
}

func (k *enum) explain(v any, at *place, y yield) bool {
	return k.valid(v) || y(k.fault(at, "%s is not one of %s", quote(v), quote(k.all)))
}

// wholeNumber reads a number that has no fraction and fits, however it is
// spelled, without allocating.
func wholeNumber(n ordered.Number) (int64, bool) {
	digits, negative := strings.CutPrefix(string(n), "-")
	if digits == "" || len(digits) > 18 {
		return wholeFloat(n)
	}
	var i int64
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return wholeFloat(n)
		}
		i = 10*i + int64(c-'0')
	}
	if negative {
		i = -i
	}
	return i, true
}

func wholeFloat(n ordered.Number) (int64, bool) {
	f, err := n.Float64()
	const exact = 1 << 53
	if err != nil || f > exact || f < -exact || f != float64(int64(f)) {
		return 0, false
	}
	return int64(f), true
}

// float reads a number for a comparison; beyond the range it is infinite.
func float(n ordered.Number) float64 {
	if i, ok := wholeNumber(n); ok {
		return float64(i)
	}
	f, _ := n.Float64() // out of range gives an infinity, which compares right
	return f
}

// bound is minimum or maximum.
type bound struct {
	origin
	limit   float64
	spelled ordered.Number
	max     bool
	strict  bool
}

func (k *bound) valid(v any) bool {
	n, ok := v.(ordered.Number)
	if !ok {
		return true
	}
	f := float(n)
	switch {
	case f == k.limit:
		return !k.strict
	case k.max:
		return f < k.limit
	}
	return f > k.limit
}

func (k *bound) explain(v any, at *place, y yield) bool {
	if k.valid(v) {
		return true
	}
	relation := "less than"
	name := "minimum"
	if k.max {
		relation, name = "greater than", "maximum"
	}
	if k.strict {
		relation += " or equal to"
	}
	return y(k.fault(at, "%s is %s the %s of %s", quote(v), relation, name, quote(k.spelled)))
}

type multiple struct {
	origin
	of      *big.Rat
	float   float64
	spelled ordered.Number
}

func (k *multiple) valid(v any) bool {
	n, ok := v.(ordered.Number)
	if !ok {
		return true
	}
	if len(n) > 32 || strings.ContainsAny(string(n), "eE") {
		q := float(n) / k.float // no exponent may ask for much memory
		return q == float64(int64(q))
	}
	r, ok := new(big.Rat).SetString(string(n))
	return ok && r.Quo(r, k.of).IsInt()
}

func (k *multiple) explain(v any, at *place, y yield) bool {
	return k.valid(v) || y(k.fault(at, "%s is not a multiple of %s", quote(v), quote(k.spelled)))
}

// size is one of the six limits of lengths and counts.
type size struct {
	origin
	limit int
	max   bool
	of    string // Length, Items or Properties
}

func (k *size) valid(v any) bool {
	n := 0
	switch k.of {
	case "Length":
		text, ok := v.(string)
		if !ok {
			return true
		}
		if n = len(text); n > k.limit || !k.max && n >= k.limit {
			// Only then can counting characters instead of bytes matter.
			n = utf8.RuneCountInString(text)
		}
	case "Items":
		list, ok := v.([]any)
		if !ok {
			return true
		}
		n = len(list)
	default:
		o, ok := v.(*ordered.Object)
		if !ok {
			return true
		}
		n = o.Len()
	}
	if k.max {
		return n <= k.limit
	}
	return n >= k.limit
}

func (k *size) explain(v any, at *place, y yield) bool {
	if k.valid(v) {
		return true
	}
	text := "is too short"
	switch {
	case k.of == "Properties" && k.max:
		text = "has too many properties"
	case k.of == "Properties":
		text = "does not have enough properties"
	case k.max:
		text = "is too long"
	}
	return y(k.fault(at, "%s %s", quote(v), text))
}

type format struct {
	origin
	name  string
	check func(string) bool
}

func (k *format) valid(v any) bool {
	text, ok := v.(string)
	return !ok || k.check(text)
}

func (k *format) explain(v any, at *place, y yield) bool {
	return k.valid(v) || y(k.fault(at, "%s is not a %s", quote(v), quote(k.name)))
}

type pattern struct {
	origin
	text  string
	match matcher
}

func (k *pattern) valid(v any) bool {
	text, ok := v.(string)
	return !ok || k.match(text)
}

func (k *pattern) explain(v any, at *place, y yield) bool {
	return k.valid(v) || y(k.fault(at, "%s does not match %s", quote(v), quote(k.text)))
}
