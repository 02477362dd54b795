package wispwright

import (
	"errors"
	"fmt"
	"strings"
)

// The errors a service or a store returns. Test with errors.Is; only kit/rest
// turns them into status codes.
var (
	// ErrNotFound: no such object, or it lies outside the caller's Scope.
	ErrNotFound = errors.New("not found")
	// ErrForbidden: the caller is known and may not do this.
	ErrForbidden = errors.New("forbidden")
	// ErrUnauthenticated: the caller is not known.
	ErrUnauthenticated = errors.New("not authenticated")
	// ErrUnavailable: something needed is away for now; repeat later.
	ErrUnavailable = errors.New("temporarily unavailable")
	// ErrLimit: a limit on size, number or rate was reached.
	ErrLimit = errors.New("limit reached")
	// ErrCollision: another transaction changed meanwhile what this one goes by.
	// A Transactor runs the function again.
	ErrCollision = errors.New("collided with another transaction")
)

// ForbiddenError is ErrForbidden with the sentence the caller is shown.
type ForbiddenError struct {
	// Message is shown as it is.
	Message string
}

// Forbidden returns a ForbiddenError.
func Forbidden(message string) error { return &ForbiddenError{Message: message} }

func (e *ForbiddenError) Error() string { return e.Message }

// Is makes errors.Is(err, ErrForbidden) true.
func (e *ForbiddenError) Is(target error) bool { return target == ErrForbidden }

// UniqueKey is the rule every entity has: two objects never share a key.
const UniqueKey = "key"

// ConflictError says that a stored rule of uniqueness was broken. Every driver
// names the rule alike; the conformance suites check the names.
type ConflictError struct {
	// Unique is the name of the rule, such as "device_mac_organization", or
	// UniqueKey.
	Unique string
}

func (e *ConflictError) Error() string { return "conflict: unique rule " + e.Unique }

// MissingError says that an object was to be stored whose parent does not
// exist, or exists no more.
type MissingError struct {
	// Field is the Go name of the field that names the parent; empty when the
	// storage cannot tell.
	Field string
	// Key is the parent's key in text form, if it is known.
	Key string
	// Of is the parent's table, if it is known.
	Of string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("missing: no %s %q for %s", e.Of, e.Key, e.Field)
}

// ProtectedError says that an object cannot be deleted because others refer
// to it.
type ProtectedError struct {
	// By names the referring kind of object (its table or plural name).
	By string
	// Count is how many refer to it.
	Count int
}

func (e *ProtectedError) Error() string {
	return fmt.Sprintf("protected: still referred to by %d of %s", e.Count, e.By)
}

// ValidationError carries everything that is wrong with an input, in the
// order it was found. Its zero value is ready to use; return Err(), which is
// nil while nothing was added.
type ValidationError struct {
	// Fields are the faults, at most one entry per path.
	Fields []FieldError
	// Places tell of a field that holds a document, such as a configuration,
	// where in it something is wrong.
	Places []Place
}

// Place is one wrong value inside a document.
type Place struct {
	// Pointer is the JSON pointer of the value in the document of its source:
	// "/interfaces/0/mtu". It may name a key that is missing.
	Pointer string `json:"pointer"`
	// Message is a short sentence for people, without the value's name.
	Message string `json:"message"`
	// Source is the name of what the value comes from, such as a template;
	// empty for the object itself.
	Source string `json:"source"`
}

// FieldError is what is wrong with one field.
type FieldError struct {
	// Path names the field, with dots for nested ones ("config.context").
	// The empty path stands for the object as a whole.
	Path string
	// Messages are complete sentences for the user.
	Messages []string
}

// Invalid returns a ValidationError with one message for one field; an empty
// path means the object as a whole.
func Invalid(path, message string) error {
	e := &ValidationError{}
	e.Add(path, message)
	return e
}

// Add appends a message to the field's list.
func (e *ValidationError) Add(path, message string) {
	for i := range e.Fields {
		if e.Fields[i].Path == path {
			e.Fields[i].Messages = append(e.Fields[i].Messages, message)
			return
		}
	}
	e.Fields = append(e.Fields, FieldError{Path: path, Messages: []string{message}})
}

// Merge adds every message of another ValidationError below a prefix ("" for
// none), and its places. Any other non-nil error is returned unchanged.
func (e *ValidationError) Merge(prefix string, err error) error {
	var other *ValidationError
	if err == nil || !errors.As(err, &other) {
		return err
	}
	for _, f := range other.Fields {
		path := f.Path
		switch {
		case prefix == "":
		case path == "":
			path = prefix
		default:
			path = prefix + "." + path
		}
		for _, m := range f.Messages {
			e.Add(path, m)
		}
	}
	e.Places = append(e.Places, other.Places...)
	return nil
}

// Has reports whether the field has a message.
func (e *ValidationError) Has(path string) bool {
	for _, f := range e.Fields {
		if f.Path == path {
			return true
		}
	}
	return false
}

// Err returns the error, or nil when nothing was added.
func (e *ValidationError) Err() error {
	if e == nil || len(e.Fields) == 0 {
		return nil
	}
	return e
}

func (e *ValidationError) Error() string {
	parts := make([]string, 0, len(e.Fields))
	for _, f := range e.Fields {
		text := strings.Join(f.Messages, " ")
		if f.Path != "" {
			text = f.Path + ": " + text
		}
		parts = append(parts, text)
	}
	return "invalid: " + strings.Join(parts, "; ")
}

// Messages returns all messages in order, without their fields.
func (e *ValidationError) Messages() []string {
	var all []string
	for _, f := range e.Fields {
		all = append(all, f.Messages...)
	}
	return all
}
