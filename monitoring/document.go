package monitoring

import (
	_ "embed" // schema.json
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

//go:embed schema.json
var schemaText []byte

// InvalidDocumentError is a document that is not NetJSON DeviceMonitoring. Devices that
// are told so throw it away (spec: monitoring §7).
type InvalidDocumentError struct {
	// Path is the place in the document: names and places with slashes between, "" for
	// the whole.
	Path string
	// Message says what is wrong there.
	Message string
}

// Error is the sentence that clients of the API compare.
func (e *InvalidDocumentError) Error() string {
	return fmt.Sprintf("Invalid data in \"#/%s\", validator says:\n\n%s", e.Path, e.Message)
}

// documents reads and checks documents.
type documents struct{ schema *schema.Schema }

func newDocuments() (*documents, error) {
	s, err := schema.CompileJSON(schemaText, nil)
	if err != nil {
		return nil, fmt.Errorf("compile the schema of documents: %w", err)
	}
	return &documents{s}, nil
}

// read returns a document that is valid. Errors: *ordered.SyntaxError, *InvalidDocumentError.
func (d *documents) read(body []byte) (*ordered.Object, error) {
	var v any
	if strings.TrimSpace(string(body[:min(len(body), 64)])) != "" || len(body) > 64 {
		var err error
		if v, err = ordered.Decode(body); err != nil {
			return nil, err
		}
	}
	v = whole(v)
	if !d.schema.Valid(v) {
		err := d.schema.Validate(v)
		var fault *schema.Error
		if !errors.As(err, &fault) {
			return nil, fmt.Errorf("check a document: %w", err)
		}
		path := strings.NewReplacer("~1", "/", "~0", "~").Replace(strings.TrimPrefix(fault.Pointer, "/"))
		return nil, &InvalidDocumentError{path, fault.Message}
	}
	return v.(*ordered.Object), nil // the schema says so
}

// whole writes numbers without fraction as integers: agents print large counters as
// 1.2345e+14, and 1.0 is a valid integer (spec: monitoring §8).
func whole(v any) any {
	switch v := v.(type) {
	case ordered.Number:
		if v.IsInteger() {
			return v
		}
		f, err := v.Float64()
		if err != nil || f != math.Trunc(f) {
			return v
		}
		return ordered.Number(strconv.FormatFloat(f, 'f', 0, 64))
	case []any:
		for i := range v {
			v[i] = whole(v[i])
		}
	case *ordered.Object:
		for i := range v.Len() {
			name, value := v.At(i)
			switch value := value.(type) {
			case ordered.Number:
				if !value.IsInteger() {
					v.Set(name, whole(value))
				}
			case []any, *ordered.Object:
				whole(value)
			}
		}
	}
	return v
}

// The parts of a document, or nothing where they are missing or of another type.

func object(o *ordered.Object, name string) *ordered.Object {
	if o == nil {
		return nil
	}
	v, _ := o.Get(name)
	child, _ := v.(*ordered.Object)
	return child
}

func list(o *ordered.Object, name string) ([]any, bool) {
	if o == nil {
		return nil, false
	}
	v, _ := o.Get(name)
	items, ok := v.([]any)
	return items, ok
}

func text(o *ordered.Object, name string) string {
	if o == nil {
		return ""
	}
	v, _ := o.Get(name)
	s, _ := v.(string)
	return s
}

func flag(o *ordered.Object, name string) *bool {
	v, _ := o.Get(name)
	if b, ok := v.(bool); ok {
		return &b
	}
	return nil
}

func isTrue(b *bool) bool { return b != nil && *b }

// number returns a number, ok if there is one.
func number(o *ordered.Object, name string) (float64, bool) {
	if o == nil {
		return 0, false
	}
	v, _ := o.Get(name)
	n, ok := v.(ordered.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

// integer returns an integer that fits, ok if there is one.
func integer(o *ordered.Object, name string) (int64, bool) {
	if o == nil {
		return 0, false
	}
	v, _ := o.Get(name)
	n, ok := v.(ordered.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return i, err == nil
}
