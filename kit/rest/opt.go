package rest

import (
	"encoding/json"
	"time"
)

// Opt is a field of a request: absent, null or a value. Every field of an
// input struct is one.
type Opt[T any] struct {
	// Set says that the field was there, null or not.
	Set bool
	// Null says that it was null (or an empty form value that means null).
	Null bool
	// V is the value when Set and not Null.
	V T
}

// Into stores the value when the field was sent; null stores the zero value.
func (o Opt[T]) Into(target *T) {
	if o.Set {
		*target = o.Or(*new(T))
	}
}

// IntoPtr stores a pointer to the value when the field was sent; null stores
// nil.
func (o Opt[T]) IntoPtr(target **T) {
	switch {
	case o.Set && o.Null:
		*target = nil
	case o.Set:
		v := o.V
		*target = &v
	}
}

// Or returns the value, or the alternative when it is absent or null.
func (o Opt[T]) Or(alternative T) T {
	if o.Set && !o.Null {
		return o.V
	}
	return alternative
}

// Some returns an Opt with a value, for tests and callers in Go.
func Some[T any](v T) Opt[T] { return Opt[T]{Set: true, V: v} }

func (o *Opt[T]) wire() (set, null *bool, value any) { return &o.Set, &o.Null, &o.V }

// optional is any *Opt[T].
type optional interface {
	wire() (set, null *bool, value any)
}

// Wire is implemented by a type of an input field that reads its own wire
// form. The error's text is shown to the user as the field's message.
type Wire interface {
	// FromWire reads a JSON value. A form value arrives as a JSON string.
	FromWire(raw json.RawMessage) error
}

// Keyed is implemented by a struct of an input field that may also be named: the
// field takes an object, or a text such as the id of one.
type Keyed interface {
	// FromKey reads the text. The error's text is shown to the user as the field's
	// message.
	FromKey(text string) error
}

// Time writes a timestamp as the wire has it: UTC, six digits of a fraction or
// none, null for the zero time (rest-conventions §8).
type Time time.Time

// MarshalJSON writes the timestamp.
func (t Time) MarshalJSON() ([]byte, error) {
	return t.append(make([]byte, 0, len(`"2006-01-02T15:04:05.000000Z"`))), nil
}

// append writes by hand what AppendFormat would: lists are full of times.
func (t Time) append(b []byte) []byte {
	v := time.Time(t)
	if v.IsZero() {
		return append(b, "null"...)
	}
	v = v.UTC()
	year, month, day := v.Date()
	if year < 1000 || year > 9999 {
		layout := `"2006-01-02T15:04:05.000000Z"`
		if v.Nanosecond()/1000 == 0 {
			layout = `"2006-01-02T15:04:05Z"`
		}
		return v.AppendFormat(b, layout)
	}
	hour, minute, second := v.Clock()
	two := func(n int) { b = append(b, byte('0'+n/10), byte('0'+n%10)) }
	b = append(b, '"')
	two(year / 100)
	two(year % 100)
	b = append(b, '-')
	two(int(month))
	b = append(b, '-')
	two(day)
	b = append(b, 'T')
	two(hour)
	b = append(b, ':')
	two(minute)
	b = append(b, ':')
	two(second)
	if micro := v.Nanosecond() / 1000; micro != 0 {
		b = append(b, '.')
		two(micro / 10000)
		two(micro / 100 % 100)
		two(micro % 100)
	}
	return append(b, `Z"`...)
}

const dateLayout = `"2006-01-02"`

// Date is a day without time, read and written as YYYY-MM-DD; the zero Date is
// null.
type Date time.Time

// MarshalJSON writes the day.
func (d Date) MarshalJSON() ([]byte, error) {
	v := time.Time(d)
	if v.IsZero() {
		return []byte("null"), nil
	}
	return v.AppendFormat(make([]byte, 0, len(dateLayout)), dateLayout), nil
}

// Null returns nil for the zero value: for output fields where "nothing" is
// null on the wire.
func Null[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}
