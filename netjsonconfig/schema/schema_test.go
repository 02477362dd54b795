package schema_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

func decode(t testing.TB, text string) any {
	t.Helper()
	v, err := ordered.Decode([]byte(text))
	require.NoError(t, err, text)
	return v
}

// TestMessages has one case for each keyword: what is wrong, where, and how it
// is said.
func TestMessages(t *testing.T) {
	for _, c := range []struct{ schema, value, pointer, at, message string }{
		{`{"type": "integer"}`, `1500.0`, "", "/type", "1500.0 is not of type 'integer'"},
		{`{"type": "integer"}`, `1e3`, "", "/type", "1000.0 is not of type 'integer'"},
		{`{"type": "integer"}`, `true`, "", "/type", "True is not of type 'integer'"},
		{`{"type": ["string", "null"]}`, `{"a": [null, "it's"]}`, "", "/type", `{'a': [None, "it's"]} is not of type 'string', 'null'`},
		{`{"enum": ["a", 1, null]}`, `"b\n"`, "", "/enum", `'b\n' is not one of ['a', 1, None]`},
		{`{"enum": [1]}`, `true`, "", "/enum", "True is not one of [1]"},
		{`{"enum": [false]}`, `0`, "", "/enum", "0 is not one of [False]"},
		{`{"minimum": 8}`, `7`, "", "/minimum", "7 is less than the minimum of 8"},
		{`{"minimum": 8, "exclusiveMinimum": true}`, `8`, "", "/minimum", "8 is less than or equal to the minimum of 8"},
		{`{"maximum": 8.5}`, `9`, "", "/maximum", "9 is greater than the maximum of 8.5"},
		{`{"multipleOf": 0.1}`, `0.35`, "", "/multipleOf", "0.35 is not a multiple of 0.1"},
		{`{"minLength": 3}`, `"éé"`, "", "/minLength", "'éé' is too short"},
		{`{"maxLength": 1}`, `"éé"`, "", "/maxLength", "'éé' is too long"},
		{`{"minItems": 1}`, `[]`, "", "/minItems", "[] is too short"},
		{`{"maxProperties": 0}`, `{"a": 1}`, "", "/maxProperties", "{'a': 1} has too many properties"},
		{`{"pattern": "^a+$"}`, `"ab"`, "", "/pattern", `'ab' does not match '^a+$'`},
		{`{"format": "ipv4"}`, `"1.2.3"`, "", "/format", `'1.2.3' is not a 'ipv4'`},
		{`{"required": ["a", "b"]}`, `{"b": 1}`, "", "/required", "'a' is a required property"},
		{`{"properties": {"a/b": {"items": {"type": "null"}}}}`, `{"a/b": [null, 1]}`, "/a~1b/1", "/properties/a~1b/items/type", "1 is not of type 'null'"},
		{`{"additionalProperties": false, "properties": {"a": {}}}`, `{"x": 1, "a": 1, "y": 2}`, "", "/additionalProperties", "Additional properties are not allowed ('x', 'y' were unexpected)"},
		{`{"additionalProperties": {"type": "string"}}`, `{"x": 1}`, "/x", "/additionalProperties/type", "1 is not of type 'string'"},
		{`{"patternProperties": {"^a": {"type": "string"}}, "additionalProperties": false}`, `{"ab": "", "b": 1}`, "", "/additionalProperties", "'b' does not match any of the regexes: '^a'"},
		{`{"patternProperties": {"^a": {"type": "string"}}}`, `{"ab": 1}`, "/ab", "/patternProperties/^a/type", "1 is not of type 'string'"},
		{`{"dependencies": {"a": ["b"]}}`, `{"a": 1}`, "", "/dependencies", "'b' is a dependency of 'a'"},
		{`{"dependencies": {"a": {"required": ["c"]}}}`, `{"a": 1}`, "", "/dependencies/a/required", "'c' is a required property"},
		{`{"items": [{"type": "string"}], "additionalItems": false}`, `["a", 1]`, "", "/additionalItems", "Additional items are not allowed (1 was unexpected)"},
		{`{"uniqueItems": true}`, `[{"a": 1, "b": 2}, {"b": 2.0, "a": 1}]`, "", "/uniqueItems", "[{'a': 1, 'b': 2}, {'b': 2.0, 'a': 1}] has non-unique elements"},
		{`{"not": {"required": ["a"]}}`, `{"a": 1}`, "", "/not", "{'a': 1} should not be valid under {'required': ['a']}"},
		{`{"anyOf": [{"type": "string"}, {"type": "null"}]}`, `1`, "", "/anyOf", "1 is not valid under any of the given schemas"},
		{`{"oneOf": [{"type": "string"}, {"minLength": 1}]}`, `"a"`, "", "/oneOf", "'a' is valid under each of {'minLength': 1}, {'type': 'string'}"},
		{`{"allOf": [{"minimum": 1}, {"$ref": "#/definitions/d"}], "definitions": {"d": {"maximum": 2}}}`, `3`, "", "/definitions/d/maximum", "3 is greater than the maximum of 2"},
	} {
		s, err := schema.CompileJSON([]byte(c.schema), nil)
		require.NoError(t, err, c.schema)
		v := decode(t, c.value)
		require.False(t, s.Valid(v), c.schema)
		var e *schema.Error
		require.ErrorAs(t, s.Validate(v), &e, c.schema)
		require.Equal(t, c.message, e.Message)
		require.Equal(t, c.pointer, e.Pointer, c.schema)
		require.Equal(t, c.at, e.SchemaPointer)
		require.Equal(t, c.at[strings.LastIndexByte(c.at, '/')+1:], e.Keyword())
	}
}

func TestAccepted(t *testing.T) {
	for schemaText, values := range map[string][]string{
		`{}`: {`1`, `null`, `{}`},
		`{"$ref": "#/definitions/a", "type": "null", "definitions": {"a": {"type": "integer"}}}`: {`1`},
		`{"type": "number"}`:                              {`1`, `1.0`, `-1e400`},
		`{"enum": [1, "x", [1.0], 12345678901234567890]}`: {`1.0`, `1`, `"x"`, `[1]`, `12345678901234567890`},
		`{"uniqueItems": true}`:                           {`[1, true, "1", 0, false]`, `[]`, `{}`},
		`{"format": "hostname"}`:                          {`"ab"`, `"a-"`, `"1.1.1.1"`, `1`},
		`{"format": "cidr"}`:                              {`"10.0.0.0/8"`, `"10.0.0.0/255.0.0.0"`, `"10.0.0.1"`, `"fd00::/8"`, `"::1"`},
		`{"format": "no such format"}`:                    {`"x"`},
		`{"pattern": "^[^\\s]*$"}`:                        {`""`, `"a"`, `"a\n"`, `"é"`},
		`{"pattern": "b"}`:                                {`"abc"`},
		`{"pattern": "^(infinite)|([0-9])$"}`:             {`"infinitely"`, `"x5"`, `"5\n"`},
		`{"pattern": "^[a-zA-z0-9_\\.\\-]*$"}`:            {`"a[b]^"`, `"a-b.c"`},
		`{"minLength": 2, "minItems": 2, "minimum": 2}`:   {`{}`, `"éé"`, `true`},
	} {
		s, err := schema.CompileJSON([]byte(schemaText), nil)
		require.NoError(t, err, schemaText)
		for _, text := range values {
			require.NoError(t, s.Validate(decode(t, text)), "%s %s", schemaText, text)
		}
	}
}

func TestRefused(t *testing.T) {
	for schemaText, values := range map[string][]string{
		`{"format": "hostname"}`:   {`"a"`, `""`, `"-a"`, `"a_b"`, `"a b"`, `"` + strings.Repeat("a", 64) + `"`, `"{{ host }}"`},
		`{"format": "ipv4"}`:       {`""`, `"1.2.3.4/8"`, `"01.2.3.4"`, `"::1"`, `"1.2.3.256"`},
		`{"format": "ipv6"}`:       {`"1.2.3.4"`, `"::1%eth0"`, `":::"`, `"g::"`},
		`{"format": "cidr"}`:       {`"10.0.0.1/8"`, `"10.0.0.0/33"`, `"10.0.0.0/"`, `"10.0.0.0/255.0.255.0"`, `"x"`, `"fd00::1/8"`},
		`{"pattern": "^[^\\s]*$"}`: {`" "`, `"a\n\n"`, `"\u00a0"`, `"\u2028"`},
		`{"uniqueItems": true}`:    {`["a", "a"]`, `[0, -0]`, `[1, 1.0]`, `[[{"a": null}], [{"a": null}]]`},
	} {
		s, err := schema.CompileJSON([]byte(schemaText), nil)
		require.NoError(t, err, schemaText)
		for _, text := range values {
			require.Error(t, s.Validate(decode(t, text)), "%s %s", schemaText, text)
		}
	}
}

func TestLongListsAreComparedAlike(t *testing.T) {
	s, err := schema.CompileJSON([]byte(`{"uniqueItems": true}`), nil)
	require.NoError(t, err)
	list := func(last string) any {
		var b strings.Builder
		b.WriteString(`[`)
		for i := range 100 {
			b.WriteString(`{"n": ` + strings.Repeat("1", i%18+1) + `, "i": "` + strings.Repeat("x", i) + `"},`)
		}
		return decode(t, b.String()+last+`]`)
	}
	require.True(t, s.Valid(list(`{"n": 1, "i": "y"}`)))
	require.False(t, s.Valid(list(`{"i": "", "n": 1.0}`)))
	require.True(t, s.Valid(list(`{"i": "", "n": "1"}`)))
}

func TestSchemasThatAreNone(t *testing.T) {
	for _, text := range []string{
		`[]`, `{"type": "text"}`, `{"type": 1}`, `{"enum": 1}`, `{"pattern": "("}`, `{"pattern": 1}`, `{"minLength": -1}`,
		`{"maxItems": "1"}`, `{"minimum": "1"}`, `{"multipleOf": 0}`, `{"required": [1]}`, `{"properties": []}`,
		`{"properties": {"a": 1}}`, `{"allOf": []}`, `{"oneOf": [1]}`, `{"$ref": "other.json"}`, `{"$ref": "#/definitions/a"}`,
		`{"$ref": "#"}`, `{"not": {"$ref": "#"}}`, `{"format": 1}`, `{"items": 1}`, `{"patternProperties": {"(": {}}}`,
		`{"allOf": [{"$ref": "#/definitions/a"}], "definitions": {"a": {"anyOf": [{"$ref": "#"}]}}}`,
	} {
		_, err := schema.CompileJSON([]byte(text), nil)
		require.ErrorContains(t, err, "schema", text)
	}
	_, err := schema.Compile(nil, nil)
	require.Error(t, err)
}

func TestRecursiveSchemas(t *testing.T) {
	s, err := schema.CompileJSON([]byte(`{"properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}}}`), nil)
	require.NoError(t, err)
	require.NoError(t, s.Validate(decode(t, `{"next": {"next": {"n": 1}}}`)))
	require.ErrorContains(t, s.Validate(decode(t, `{"next": {"next": {"n": "1"}}}`)), "#/next/next/n")
}

func TestCausesOfBranches(t *testing.T) {
	s, err := schema.CompileJSON([]byte(`{"items": {"oneOf": [
		{"type": "string"}, {"required": ["a", "b"]}, {"items": {"type": "null"}}]}}`), nil)
	require.NoError(t, err)
	var e *schema.Error
	require.ErrorAs(t, s.Validate(decode(t, `["x", {"c": 1}]`)), &e, "more than one branch accepts a text")
	require.Contains(t, e.Message, "is valid under each of")
	require.NoError(t, s.Validate(decode(t, `[{"c": 1}]`)), "only the third branch accepts an object")

	s, err = schema.CompileJSON([]byte(`{"oneOf": [{"type": "string"}, {"required": ["a", "b"]}]}`), nil)
	require.NoError(t, err)
	require.ErrorAs(t, s.Validate(decode(t, `{"c": 1}`)), &e)
	require.Len(t, e.Causes, 3)
	require.Equal(t, []int{0, 1, 1}, []int{e.Causes[0].Branch, e.Causes[1].Branch, e.Causes[2].Branch})
	require.Equal(t, "/oneOf/1/required", e.Causes[2].SchemaPointer)
}

func TestErrorsStaySmall(t *testing.T) {
	s, err := schema.CompileJSON([]byte(`{"anyOf": [{"type": "string"}, {"items": {"type": "null"}}]}`), nil)
	require.NoError(t, err)
	var e *schema.Error
	require.ErrorAs(t, s.Validate(decode(t, "["+strings.Repeat(`"0123456789",`, 100000)+"1]")), &e)
	require.Less(t, len(e.Message), 32<<10)
	require.LessOrEqual(t, len(e.Causes), 100)
	require.Len(t, s.All(decode(t, `[1]`), 0), 1)
}

func TestOwnFormats(t *testing.T) {
	s, err := schema.CompileJSON([]byte(`{"properties": {"a": {"format": "even"}, "b": {"format": "ipv4"}}}`), &schema.Options{
		Formats: map[string]func(string) bool{"even": func(s string) bool { return len(s)%2 == 0 }, "ipv4": nil},
	})
	require.NoError(t, err)
	require.True(t, s.Valid(decode(t, `{"a": "aa", "b": "no address"}`)))
	require.False(t, s.Valid(decode(t, `{"a": "a"}`)))
}
