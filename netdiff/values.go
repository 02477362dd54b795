package netdiff

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// mergeAttrs merges attributes into those of the i-th node or link; indices
// holds the places of the names of those that have many.
func mergeAttrs(have, more []Attr, indices map[int]attrIndex, i int) []Attr {
	if len(have) == 0 {
		return more
	}
	index := indices[i]
	for _, m := range more {
		if index == nil && len(have) > fewAttrs {
			index = indexOf(have)
			indices[i] = index
		}
		if at := index.find(have, m.Name); at >= 0 {
			have[at].Value = m.Value
			continue
		}
		have = append(have, m)
		if index != nil {
			index[m.Name] = len(have) - 1
		}
	}
	return have
}

// fewAttrs is up to which size a list of attributes is searched by walking it.
const fewAttrs = 16

// attrIndex holds the places of a list's attributes, so that no input takes
// quadratic time. Nil is the index of a short list, which is walked.
type attrIndex map[string]int

// indexOf returns the index of a list, nil when it is short.
func indexOf(attrs []Attr) attrIndex {
	if len(attrs) <= fewAttrs {
		return nil
	}
	index := make(attrIndex, len(attrs))
	for i, a := range attrs {
		index[a.Name] = i
	}
	return index
}

// find returns the place of an attribute in the index's list, -1 when it is
// not there.
func (x attrIndex) find(attrs []Attr, name string) int {
	if x == nil {
		return slices.IndexFunc(attrs, func(a Attr) bool { return a.Name == name })
	}
	if i, ok := x[name]; ok {
		return i
	}
	return -1
}

func orEmpty(v any) any {
	if truthy(v) {
		return v
	}
	return ""
}

// truthy reports whether a value counts as given: not null, false, zero or empty.
func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case ordered.Number:
		f, ok := number(v)
		return !ok || f != 0
	case []any:
		return len(v) > 0
	case *ordered.Object:
		return v.Len() > 0
	}
	return true
}

// number returns the value of a number.
func number(v any) (float64, bool) {
	n, ok := v.(ordered.Number)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(n), 64)
	// a number beyond the range is infinite, which is what OLSR means by it
	return f, err == nil || math.IsInf(f, 0)
}

// float returns a number that is written with a fraction, as costs are.
func float(f float64) ordered.Number { return ordered.Number(floatText(f, true)) }

// floatText writes a number as JSON: one beyond the range as a number that is
// beyond everyone's range.
func floatText(f float64, fraction bool) string {
	switch {
	case math.IsInf(f, 1):
		return "1e999"
	case math.IsInf(f, -1):
		return "-1e999"
	case math.IsNaN(f):
		return "null"
	}
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		s := strconv.FormatFloat(f, 'f', -1, 64)
		if fraction {
			s += ".0"
		}
		return s
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

func integer(i int64) ordered.Number { return ordered.Number(strconv.FormatInt(i, 10)) }

// equal compares JSON values deeply; numbers and booleans by value.
func equal(a, b any) bool {
	if fa, ok := numeric(a); ok {
		fb, ok := numeric(b)
		return ok && fa == fb && sameWhole(a, b)
	}
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case *ordered.Object:
		b, ok := b.(*ordered.Object)
		if !ok || a.Len() != b.Len() {
			return false
		}
		for k, v := range a.All() {
			other, ok := b.Get(k)
			if !ok || !equal(v, other) {
				return false
			}
		}
		return true
	case nil:
		return b == nil
	case string:
		s, ok := b.(string)
		return ok && a == s
	}
	return fmt.Sprint(a) == fmt.Sprint(b)
}

func numeric(v any) (float64, bool) {
	if b, ok := v.(bool); ok {
		if b {
			return 1, true
		}
		return 0, true
	}
	return number(v)
}

// wholeText returns the digits of a whole number without a sign before zero,
// and false for a number that is written with a fraction or an exponent.
func wholeText(s string) (string, bool) {
	if strings.ContainsAny(s, ".eE") {
		return "", false
	}
	if s == "-0" {
		return "0", true
	}
	return s, true
}

// sameWhole tells whole numbers apart that are equal as floating point
// numbers, as large counters are; numbers of another kind are left to that.
func sameWhole(a, b any) bool {
	x, ok1 := a.(ordered.Number)
	y, ok2 := b.(ordered.Number)
	if !ok1 || !ok2 || len(x) < 16 && len(y) < 16 {
		return true
	}
	wx, ok1 := wholeText(string(x))
	wy, ok2 := wholeText(string(y))
	return !ok1 || !ok2 || wx == wy
}

// compareNumbers orders two numbers by value, whole ones exactly.
func compareNumbers(a, b string) int {
	x, ok1 := wholeText(a)
	y, ok2 := wholeText(b)
	if ok1 && ok2 && (len(x) > 15 || len(y) > 15) {
		i, _ := new(big.Int).SetString(x, 10) // digits, as the decoder found
		j, _ := new(big.Int).SetString(y, 10)
		return i.Cmp(j)
	}
	f, _ := strconv.ParseFloat(a, 64) // beyond the range it is infinite
	g, _ := strconv.ParseFloat(b, 64)
	return cmp.Compare(f, g)
}
