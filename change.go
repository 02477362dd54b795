package wispwright

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Change is one event of the history of an object: who did what, why, and
// which values it had before and after.
type Change struct {
	// Kind of the object, as "<app label>.<model>" ("config.device").
	Kind string
	// ObjectID is its identifier in text form.
	ObjectID string
	// Label is the object's display name at that moment.
	Label string
	// OrganizationID is the object's organization; zero for shared objects.
	OrganizationID ID
	// Action is "add", "change" or "delete", or a verb of the concern.
	Action string
	// Cause says why it happened when it was not the caller's own wish, such
	// as "template 3f… changed".
	Cause string
	// Fields are the values that differ. Secrets appear without their values.
	Fields []FieldChange
}

// FieldChange is one field of a Change.
type FieldChange struct {
	// Field is the Go name of the field.
	Field string `json:"field"`
	// Old is the value before, nil when the object was added.
	Old any `json:"old,omitempty"`
	// New is the value after, nil when the object was deleted.
	New any `json:"new,omitempty"`
}

// UnmarshalJSON reads a field as it was stored. Numbers and whatever holds them
// stay as they are written (JSON), since a history keeps also what no number
// type can hold.
func (f *FieldChange) UnmarshalJSON(b []byte) error {
	var raw struct {
		Field    string
		Old, New json.RawMessage
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	f.Field, f.Old, f.New = raw.Field, storedValue(raw.Old), storedValue(raw.New)
	return nil
}

func storedValue(raw json.RawMessage) any {
	var v any
	switch {
	case len(raw) == 0:
		return nil
	case raw[0] == '{' || raw[0] == '[' || raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		return JSON(raw)
	case json.Unmarshal(raw, &v) != nil:
		return nil // not reached: the whole was valid
	}
	return v
}

// FieldChanges are the fields of a stored change.
type FieldChanges []FieldChange

// Value stores the fields as JSON.
func (c FieldChanges) Value() (driver.Value, error) {
	if c == nil {
		return nil, nil
	}
	b, err := json.Marshal([]FieldChange(c))
	if err != nil {
		return nil, fmt.Errorf("store changed fields: %w", err)
	}
	return string(b), nil
}

// Scan reads what Value stored. A value that cannot be read any more is shown as
// such, so that it does not hide the other entries of the history.
func (c *FieldChanges) Scan(src any) error {
	var text JSON
	err := text.Scan(src)
	if err != nil || text == "" {
		*c = nil
		return err
	}
	var fields []FieldChange
	if json.Unmarshal([]byte(text), &fields) != nil {
		fields = []FieldChange{{Field: "unreadable", New: shortened(string(text))}}
	}
	*c = fields
	return nil
}

func shortened(text string) string {
	const most = 200
	if len(text) <= most {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	return strings.ToValidUTF8(text[:most], "\uFFFD") + "…"
}

// Recorder stores changes. Services call it inside the transaction that makes
// the change, so that neither exists without the other; the actor is the
// context's Caller.
type Recorder interface {
	Record(ctx context.Context, changes ...Change) error
}

// NoRecorder is the Recorder of programs that keep no history.
type NoRecorder struct{}

// Record does nothing.
func (NoRecorder) Record(context.Context, ...Change) error { return nil }

// Compare returns the exported fields in which two structs of one type differ,
// in the order of their declaration. Either may be nil: an added or a deleted
// object. Secrets are listed with "***", Created and Modified are left out. Fields
// of embedded structs count as the struct's own.
func Compare[T any](before, after *T) []FieldChange {
	return compare(nil, reflect.TypeFor[T](), value(before), value(after))
}

// value is the struct, the zero Value for that of no object.
func value[T any](object *T) reflect.Value {
	if object == nil {
		return reflect.Value{}
	}
	return reflect.ValueOf(object).Elem()
}

func compare(out []FieldChange, t reflect.Type, before, after reflect.Value) []FieldChange {
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || f.Name == "Modified" || f.Name == "Created" {
			continue
		}
		o, n := fieldOf(before, i), fieldOf(after, i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			out = compare(out, f.Type, o, n)
			continue
		}
		if emptyValue(o) && emptyValue(n) || sameValue(o, n) {
			continue
		}
		out = append(out, FieldChange{Field: f.Name, Old: printable(o), New: printable(n)})
	}
	return out
}

// fieldOf is a field's value, the zero Value for that of no object and for an
// interface that holds nothing.
func fieldOf(object reflect.Value, i int) reflect.Value {
	if !object.IsValid() {
		return reflect.Value{}
	}
	v := object.Field(i)
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

func emptyValue(v reflect.Value) bool { return !v.IsValid() || v.IsZero() }

// sameValue is reflect.DeepEqual without copies of what most fields are.
func sameValue(o, n reflect.Value) bool {
	if !o.IsValid() || !n.IsValid() {
		return o.IsValid() == n.IsValid()
	}
	if o.Type() == n.Type() {
		switch o.Kind() {
		case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
			return o.Equal(n)
		case reflect.Array:
			if o.Type() == reflect.TypeFor[ID]() {
				return o.Equal(n)
			}
		}
	}
	return reflect.DeepEqual(o.Interface(), n.Interface())
}

// printable keeps secrets and zero values out of the history.
func printable(field reflect.Value) any {
	if !field.IsValid() {
		return nil
	}
	switch v := field.Interface().(type) {
	case Secret:
		if v == "" {
			return nil
		}
		return hiddenSecret
	case []byte:
		return string(v)
	case time.Time:
		return v.UTC()
	}
	if field.IsZero() {
		return nil
	}
	return field.Interface()
}
