package netjsonconfig

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

// Errors that say what kind of use failed (§1). They are wrapped with details.
var (
	// ErrNoInput means that there was neither a configuration nor native text.
	ErrNoInput = errors.New(`expected one of the following parameters: "config" or "native"; none found`)
	// ErrNotObject means that a configuration or template is not a JSON object.
	ErrNotObject = errors.New("not a JSON object")
	// ErrNoParser means that the backend cannot read its native format.
	ErrNoParser = errors.New("this backend has no parser")
)

// ParseError says why native configuration could not be read.
type ParseError struct {
	// Line is the line the reader stopped at, from 1; 0 when unknown.
	Line int
	// Message says what is wrong.
	Message string
}

// Error returns the message with its line.
func (e *ParseError) Error() string {
	if e.Line > 0 {
		return "parse native configuration: line " + strconv.Itoa(e.Line) + ": " + e.Message
	}
	return "parse native configuration: " + e.Message
}

// ValidationError says which value of a configuration is wrong (§5).
type ValidationError struct {
	// Pointer is the JSON pointer of the offending value: "/interfaces/0/mtu".
	// Empty means the whole document.
	Pointer string
	// Message says what is wrong with it.
	Message string
	// SchemaPointer is the place in the schema that refused it; empty for rules
	// outside the schema.
	SchemaPointer string
	// Causes are the errors of the branches of an anyOf or oneOf.
	Causes []*ValidationError
	// Branch is, in an error among Causes, the branch's number from 0.
	Branch int

	meant *ValidationError
}

// Error returns the message as clients of the REST API know it: the place as
// "#/" and the parts of the path. Of a choice it does not say more than that no
// branch accepts the value: Meant does.
func (e *ValidationError) Error() string {
	return `Invalid configuration triggered by "#/` + strings.Join(e.Path(), "/") + "\", validator says:\n\n" + e.Message
}

// Keyword returns the schema keyword that was violated ("type", "oneOf"), or ""
// for rules outside the schema.
func (e *ValidationError) Keyword() string {
	return e.SchemaPointer[strings.LastIndexByte(e.SchemaPointer, '/')+1:]
}

// Path returns the unescaped parts of Pointer.
func (e *ValidationError) Path() []string {
	if e.Pointer == "" {
		return nil
	}
	parts := strings.Split(e.Pointer[1:], "/")
	for i, p := range parts {
		parts[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(p)
	}
	return parts
}

// Invalid returns a ValidationError for the value at the given path of keys
// (string) and indexes (int).
func Invalid(message string, path ...any) *ValidationError {
	var p strings.Builder
	for _, part := range path {
		p.WriteByte('/')
		switch part := part.(type) {
		case string:
			p.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(part))
		default:
			fmt.Fprint(&p, part)
		}
	}
	return &ValidationError{Pointer: p.String(), Message: message}
}

// under moves a ValidationError below a key or index: errors learn their place
// on the way up, so that the way down costs nothing.
func under(key any, err error) error {
	var v *ValidationError
	if errors.As(err, &v) { // of merging, which has no branches
		v.Pointer = Invalid("", key).Pointer + v.Pointer
	}
	return err
}

// fromSchema copies a schema's error, with its causes.
func fromSchema(err error) error {
	var e *schema.Error
	if !errors.As(err, &e) {
		return err
	}
	return convertError(e)
}

func convertError(e *schema.Error) *ValidationError {
	v := &ValidationError{Pointer: e.Pointer, Message: e.Message, SchemaPointer: e.SchemaPointer, Branch: e.Branch}
	for _, c := range e.Causes {
		v.Causes = append(v.Causes, convertError(c))
	}
	v.meant = meantOf(e)
	return v
}
