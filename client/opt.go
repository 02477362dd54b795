package client

import "encoding/json"

// Opt is a field of what is sent: left out (the zero value), null, or a value.
// A change touches only the fields that are not left out. The field's tag
// needs omitzero.
type Opt[T any] struct {
	value T
	state state
}

type state int

const (
	absent state = iota
	null
	given
)

// Set is a value that is sent.
func Set[T any](v T) Opt[T] { return Opt[T]{v, given} }

// Null sends null.
func Null[T any]() Opt[T] { return Opt[T]{state: null} }

// IsZero reports whether the field is left out.
func (o Opt[T]) IsZero() bool { return o.state == absent }

// Value returns the value, and false when the field is left out or null.
func (o Opt[T]) Value() (T, bool) { return o.value, o.state == given }

// MarshalJSON writes the value, or null.
func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if o.state != given {
		return []byte("null"), nil
	}
	return json.Marshal(o.value)
}

// UnmarshalJSON reads a value, or null.
func (o *Opt[T]) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*o = Null[T]()
		return nil
	}
	o.state = given
	return json.Unmarshal(b, &o.value)
}
