package timeseries

import (
	"fmt"
	"math"
	"strconv"
)

// Kind is the type of a value. A field keeps the kind of its first value.
type Kind uint8

// The kinds. Null is the kind of the zero Value.
const (
	Null Kind = iota
	IntKind
	FloatKind
	TextKind
	BoolKind
)

// String names the kind.
func (k Kind) String() string {
	switch k {
	case IntKind:
		return "integer"
	case FloatKind:
		return "float"
	case TextKind:
		return "text"
	case BoolKind:
		return "boolean"
	}
	return "null"
}

// Value is what a field holds. The zero Value is null.
type Value struct {
	kind Kind
	bits uint64
	text string
}

// Int returns an integer.
func Int(v int64) Value { return Value{kind: IntKind, bits: uint64(v)} }

// Float returns a number with a fraction. NaN and the infinities have no place in a
// store: they are null.
func Float(v float64) Value {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return Value{}
	}
	return Value{kind: FloatKind, bits: math.Float64bits(v)}
}

// Text returns a text.
func Text(v string) Value { return Value{kind: TextKind, text: v} }

// Bool returns a truth value.
func Bool(v bool) Value {
	out := Value{kind: BoolKind}
	if v {
		out.bits = 1
	}
	return out
}

// Kind returns the kind of the value.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether there is no value.
func (v Value) IsNull() bool { return v.kind == Null }

// Int returns an integer, or a float without its fraction.
func (v Value) Int() int64 {
	switch v.kind {
	case IntKind, BoolKind:
		return int64(v.bits)
	case FloatKind:
		return int64(math.Float64frombits(v.bits))
	}
	return 0
}

// Float returns a number as a float.
func (v Value) Float() float64 {
	switch v.kind {
	case IntKind, BoolKind:
		return float64(int64(v.bits))
	case FloatKind:
		return math.Float64frombits(v.bits)
	}
	return 0
}

// Text returns a text, or "" for other kinds.
func (v Value) Text() string { return v.text }

// String spells the value for people.
func (v Value) String() string {
	switch v.kind {
	case IntKind:
		return strconv.FormatInt(int64(v.bits), 10)
	case FloatKind:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case TextKind:
		return v.text
	case BoolKind:
		return strconv.FormatBool(v.bits == 1)
	}
	return "null"
}

// As returns the value as one of another kind, if that loses nothing: an integer is a
// float, and a float without fraction an integer. Agents print 1.0 and 1 for the same.
func (v Value) As(kind Kind) (Value, bool) {
	switch {
	case v.kind == kind:
		return v, true
	case v.kind == IntKind && kind == FloatKind:
		f := float64(int64(v.bits))
		return Float(f), int64(f) == int64(v.bits)
	case v.kind == FloatKind && kind == IntKind:
		f := v.Float()
		return Int(int64(f)), f == math.Trunc(f) && math.Abs(f) < 1<<53
	}
	return Value{}, false
}

// KindError says that a value is not of its field's kind.
type KindError struct {
	// Measurement and Field name the field.
	Measurement, Field string
	// Have is the kind of the value, Want that of the field.
	Have, Want Kind
}

// Error names the field and both kinds.
func (e *KindError) Error() string {
	return fmt.Sprintf("%s.%s is %s, not %s", e.Measurement, e.Field, e.Want, e.Have)
}
