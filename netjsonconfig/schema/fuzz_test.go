package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

// FuzzSchema compiles any document and checks any value: no panic, and the
// yes/no check agrees with the errors.
func FuzzSchema(f *testing.F) {
	f.Add(`{"oneOf": [{"type": "string", "pattern": "^[^\\s]*$"}, {"$ref": "#/definitions/a"}], "definitions": {"a": {"enum": [1, null]}}}`, `"x"`)
	f.Add(`{"properties": {"a": {"items": [{"minimum": 1, "exclusiveMinimum": true}], "additionalItems": false}}, "required": ["a"]}`, `{"a": [1.0, 2]}`)
	f.Add(`{"uniqueItems": true, "not": {"maxItems": 0}, "items": {"multipleOf": 0.5, "format": "cidr"}}`, `[1, 1.0, "10.0.0.0/8", {}]`)
	f.Add(`{"patternProperties": {"[\\d]$": {"allOf": [{"$ref": "#"}]}}, "additionalProperties": {"anyOf": [{}]}, "dependencies": {"a": {"minProperties": 2}}}`, `{"a1": {"a": 1}}`)
	f.Fuzz(func(t *testing.T, document, text string) {
		s, err := schema.CompileJSON([]byte(document), nil)
		if err != nil {
			return
		}
		v, err := ordered.Decode([]byte(text))
		if err != nil {
			return
		}
		if s.Valid(v) {
			require.NoError(t, s.Validate(v))
			require.Empty(t, s.All(v, 0))
			return
		}
		var e *schema.Error
		require.ErrorAs(t, s.Validate(v), &e)
		require.NotEmpty(t, e.SchemaPointer, e.Message)
		require.NotEmpty(t, s.All(v, 3))
	})
}

// FuzzPattern compiles any pattern and looks for it in any text.
func FuzzPattern(f *testing.F) {
	f.Add(`^[a-zA-z0-9_\.\-]*$`, "a_b\n")
	f.Add(`[]\s^[:alpha:]]+\W$`, "é")
	f.Add(`^([\d]{2}[^\S])*\Z`, "12 34 ")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		o := new(ordered.Object)
		o.Set("pattern", pattern)
		s, err := schema.Compile(o, nil)
		if err != nil {
			return
		}
		require.Equal(t, s.Valid(text), s.Validate(text) == nil)
	})
}
