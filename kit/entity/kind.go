package entity

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
)

// Change is what happened to an object: it was created, changed or deleted.
type Change[T any] struct {
	// Before is nil when the object is new.
	Before *T
	// After is nil when the object is deleted.
	After *T
}

// Object is the object itself: After, or Before when it is deleted.
func (c Change[T]) Object() *T {
	if c.After != nil {
		return c.After
	}
	return c.Before
}

// Action is "add", "change" or "delete", as histories call it.
func (c Change[T]) Action() string {
	switch {
	case c.Before == nil:
		return "add"
	case c.After == nil:
		return "delete"
	}
	return "change"
}

// Kind is what differs from one kind of object to the next. Fields are found
// by the names that storages know too; New panics when one does not exist.
type Kind[K comparable, T any] struct {
	// Name is the service's in errors and events: "tenancy.Groups".
	Name string
	// Model is what the history calls it: "openwisp_users.group".
	Model string
	// Key is the Go field of the key. A zero wispwright.ID is replaced by a new
	// one; other keys are left to the store. Default: "ID".
	Key string
	// Org is the Go field of the organization, a wispwright.ID; zero for an
	// object that all organizations share. An object whose Org is its Key is an
	// organization itself. Default: "OrganizationID", or none without that field.
	Org string
	// Created and Modified are the Go fields of the times, which Service sets.
	// Default: "Created" and "Modified", or none without these fields.
	Created, Modified string
	// Label is the object's name in the history. Default: its field Name, or
	// none without that field.
	Label func(*T) string
	// Hidden are the Go fields that the history leaves out, such as a digest by
	// which a row is found. A wispwright.Secret is listed without its value
	// anyway.
	Hidden []string

	// Validate checks and completes After, which is what will be stored. It runs
	// before the row is locked, unless the caller has a transaction already; what
	// takes long belongs here. It is not called for deletions.
	Validate func(ctx context.Context, c Change[T]) error
	// Check holds the rules that involve other rows, and may change After and
	// other rows. The row and its organization are held meanwhile. It is called
	// for deletions too, except for those of a whole organization.
	Check func(ctx context.Context, c Change[T]) error
	// Stored writes what belongs to the objects: rows of their own, jobs. It
	// runs in the transaction, after the objects were stored or deleted.
	Stored func(ctx context.Context, changes ...Change[T]) error
	// Unique is what is returned for a broken unique rule, by its name; usually
	// made by wispwright.Invalid. errors.As still finds the *ConflictError.
	Unique map[string]error
}

// shape is where the fields of a kind are.
type shape struct {
	key, org, created, modified, name []int
	// self: the object is an organization
	self bool
}

func shapeOf[K comparable, T any](k *Kind[K, T]) shape {
	if k.Key == "" {
		k.Key = "ID"
	}
	var s shape
	s.key = k.field(k.Key, "", reflect.TypeFor[K]())
	s.org = k.field(k.Org, "OrganizationID", reflect.TypeFor[wispwright.ID]())
	s.created = k.field(k.Created, "Created", reflect.TypeFor[time.Time]())
	s.modified = k.field(k.Modified, "Modified", reflect.TypeFor[time.Time]())
	s.name = k.field("", "Name", reflect.TypeFor[string]())
	s.self = k.Org == k.Key
	for _, name := range k.Hidden {
		if _, ok := reflect.TypeFor[T]().FieldByName(name); !ok {
			k.wrong("has no field %s", name)
		}
	}
	return s
}

// field finds a field by its wanted name, or by the usual one where none is
// wanted; the usual one may be missing.
func (k *Kind[K, T]) field(wanted, usual string, typ reflect.Type) []int {
	name := wanted
	if name == "" {
		name = usual
	}
	f, ok := reflect.TypeFor[T]().FieldByName(name)
	switch {
	case ok && f.Type == typ:
		return f.Index
	case wanted != "" && ok:
		k.wrong("field %s is a %s, not a %s", name, f.Type, typ)
	case wanted != "":
		k.wrong("has no field %s", name)
	}
	return nil
}

// wrong panics: a Kind that does not fit its type is a mistake of the program.
func (k *Kind[K, T]) wrong(format string, args ...any) {
	panic(fmt.Sprintf("entity %s: %s %s", k.Name, reflect.TypeFor[T](), fmt.Sprintf(format, args...)))
}

// at returns a pointer to a field, nil when the kind has none.
func at[V, T any](object *T, index []int) *V {
	if index == nil {
		return nil
	}
	return reflect.ValueOf(object).Elem().FieldByIndex(index).Addr().Interface().(*V)
}

// get is a field's value, zero when the kind has none.
func get[V, T any](object *T, index []int) (value V) {
	if p := at[V](object, index); p != nil {
		value = *p
	}
	return value
}

// set changes a field if the kind has it.
func set[V, T any](object *T, index []int, value V) {
	if p := at[V](object, index); p != nil {
		*p = value
	}
}

// history is what the trail is told of a change.
func (s *Service[K, T, F]) history(c Change[T]) wispwright.Change {
	o := c.Object()
	label := get[string](o, s.shape.name)
	if s.kind.Label != nil {
		label = s.kind.Label(o)
	}
	diff := slices.DeleteFunc(wispwright.Compare(c.Before, c.After), func(f wispwright.FieldChange) bool {
		return slices.Contains(s.kind.Hidden, f.Field)
	})
	return wispwright.Change{
		Kind: s.kind.Model, ObjectID: fmt.Sprint(get[K](o, s.shape.key)), Label: label,
		OrganizationID: get[wispwright.ID](o, s.shape.org), Action: c.Action(), Fields: diff,
	}
}

// conflictError has the kind's words for a broken unique rule.
type conflictError struct {
	error
	cause *wispwright.ConflictError
}

// Unwrap gives both, so that errors.As finds the rule as well.
func (e *conflictError) Unwrap() []error { return []error{e.error, e.cause} }

// Explain puts a broken unique rule into the kind's words and returns any
// other error as it is. Services do so by themselves; it is for statements of
// a store's own.
func (k *Kind[K, T]) Explain(err error) error {
	var conflict *wispwright.ConflictError
	if errors.As(err, &conflict) {
		if words := k.Unique[conflict.Unique]; words != nil {
			return &conflictError{words, conflict}
		}
	}
	return err
}
