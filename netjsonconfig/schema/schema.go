package schema

import (
	"errors"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Options are the choices of Compile. Nil is the same as empty.
type Options struct {
	// Formats are checks of the format keyword by name, added to those of
	// DefaultFormats; they win over them. A nil check accepts everything.
	// Formats that are in neither are not checked.
	Formats map[string]func(text string) bool
}

// Schema is a compiled schema. It is immutable and safe for concurrent use.
type Schema struct {
	root *node
}

// Compile compiles a draft 4 schema. References must stay inside the document.
// Unknown keywords are ignored. It fails on keywords of a wrong type, patterns
// that are none, references to nowhere and references that run in a circle.
func Compile(document *ordered.Object, o *Options) (*Schema, error) {
	if document == nil {
		return nil, errors.New("compile schema: no document")
	}
	c := newCompiler(document, o)
	root, err := c.node(document, "")
	if err != nil {
		return nil, err
	}
	if err := c.circles(); err != nil {
		return nil, err
	}
	for _, n := range c.nodes {
		for _, k := range n.keywords {
			if all, ok := k.(*allOf); ok {
				all.settle()
			}
		}
	}
	return &Schema{root: root}, nil
}

// CompileJSON is Compile for a schema that is still text.
func CompileJSON(document []byte, o *Options) (*Schema, error) {
	object, err := ordered.DecodeObject(document)
	if err != nil {
		return nil, errors.Join(errors.New("compile schema"), err)
	}
	return Compile(object, o)
}

// Valid reports whether the value follows the schema.
func (s *Schema) Valid(v any) bool { return s.root.valid(v) }

// Validate returns the first error in the schema's order as an *Error, or nil.
func (s *Schema) Validate(v any) error {
	if s.root.valid(v) {
		return nil
	}
	var first *Error
	s.root.explain(v, &place{}, func(e *Error) bool {
		first = e
		return false
	})
	if first == nil { // cannot be: both walk the same keywords
		return &Error{Message: "the value does not follow the schema"}
	}
	return first
}

// All returns the errors of the value, in the schema's order, at most limit of
// them; a limit of zero or less means all.
func (s *Schema) All(v any, limit int) []*Error {
	if s.root.valid(v) {
		return nil
	}
	var all []*Error
	s.root.explain(v, &place{}, func(e *Error) bool {
		all = append(all, e)
		return len(all) != limit
	})
	return all
}

// Error says what is wrong with a value.
type Error struct {
	// Pointer is the JSON pointer of the wrong value, empty for the whole.
	Pointer string
	// Message says what is wrong with it.
	Message string
	// SchemaPointer is the JSON pointer of the keyword that refused it.
	SchemaPointer string
	// Causes are the errors of the branches of anyOf and oneOf, at most
	// maxCauses of them.
	Causes []*Error
	// Branch is, in an error among Causes, the branch's number from 0.
	Branch int

	meant *Error
}

// maxCauses limits what one failed anyOf or oneOf collects, so that a long list
// of wrong values cannot ask for much memory.
const maxCauses = 100

// Error returns the message with the pointer before it.
func (e *Error) Error() string { return "#" + e.Pointer + ": " + e.Message }

// Keyword returns the keyword that refused the value: "type", "oneOf".
func (e *Error) Keyword() string {
	return e.SchemaPointer[strings.LastIndexByte(e.SchemaPointer, '/')+1:]
}

// place is the way to a value, kept as a list so that going down is cheap.
type place struct {
	up   *place
	part string
}

func (p *place) down(part string) *place { return &place{up: p, part: part} }

func (p *place) pointer() string {
	var parts []string
	for ; p.up != nil; p = p.up {
		parts = append(parts, p.part)
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteByte('/')
		b.WriteString(escape(parts[i]))
	}
	return b.String()
}

// escape spells a key as a part of a JSON pointer.
func escape(part string) string {
	if !strings.ContainsAny(part, "~/") {
		return part
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(part)
}

// yield receives errors and answers whether it wants more.
type yield func(*Error) bool

// keyword is one compiled keyword of a schema.
type keyword interface {
	// valid reports whether v follows the keyword.
	valid(v any) bool
	// explain gives the errors of v, if any, to y, until y has enough. It
	// reports whether y wants more.
	explain(v any, at *place, y yield) bool
}

// node is one schema object.
type node struct {
	pointer  string
	keywords []keyword // in the document's order
	fast     []keyword // the same, cheap ones first
}

func (n *node) valid(v any) bool {
	for _, k := range n.fast {
		if !k.valid(v) {
			return false
		}
	}
	return true
}

func (n *node) explain(v any, at *place, y yield) bool {
	for _, k := range n.keywords {
		if !k.explain(v, at, y) {
			return false
		}
	}
	return true
}
