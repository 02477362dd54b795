package netjsonconfig_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

func evaluate(t *testing.T, text string, context map[string]any) (string, error) {
	t.Helper()
	o := new(ordered.Object)
	o.Set("v", []any{text})
	c, err := njc.New(plain(), o, &njc.Options{Context: context})
	if err != nil {
		return "", err
	}
	v, _ := c.Merged().Get("v")
	return v.([]any)[0].(string), nil
}

func TestVariables(t *testing.T) {
	context := map[string]any{
		"a": "<{{b}}>", "b": "B", "n": 42, "f": 1.5, "whole": 3.0, "yes": true, "nil": nil, "empty": "", "x": `\1 \n {`, "ünï": "u",
		"number": ordered.Number("1e2"), "brace": "{", "list": []any{"l"},
	}
	cases := map[string]string{
		"{{b}}{{ b }}{{\n b\t}}": "BBB",
		"{{n}} {{f}} {{whole}}":  "42 1.5 3",
		"{{yes}} {{nil}}":        "True None",
		"{{number}} {{list}}":    `100.0 ["l"]`,
		"{{unknown}} {{b}}":      "{{unknown}} B",
		"{{ a.b }}{{a|b}}{{ }}":  "{{ a.b }}{{a|b}}{{ }}",
		"{{{b}}}":                "{B}",
		"{{a}}":                  "<{{b}}>",
		"{{a}} {{b}}":            "<B> B",
		"{{b}} {{a}}":            "B <{{b}}>",
		"{{x}}{{b}}":             `\1 \n {B`,
		"{{ünï}}":                "u",
		"{% if b %}{# b #}":      "{% if b %}{# b #}",
		"{{brace}}{b}} {{b}}":    "B B",
		"{ {{b}} } {{empty}}|":   "{ B } |",
		"{{ {{b}} }}":            "{{ B }}",
	}
	for text, want := range cases {
		got, err := evaluate(t, text, context)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
		same, err := evaluate(t, text, nil)
		require.NoError(t, err)
		require.Equal(t, text, same, "without a context nothing is replaced")
	}
}

// TestVariablesAreNotKeys looks at everything that is no text value.
func TestVariablesAreNotKeys(t *testing.T) {
	o := decode(t, `{"{{b}}":{"k":["{{b}}",1,true,null,{"x":"{{b}}"}]}}`)
	c, err := njc.New(plain(), o, &njc.Options{Context: map[string]any{"b": "B"}})
	require.NoError(t, err)
	require.Equal(t, `{"{{b}}":{"k":["B",1,true,null,{"x":"B"}]}}`, c.Merged().String())
	require.Contains(t, o.String(), `["{{b}}"`, "the argument was altered")
}

// TestVariablesCannotExplode: each value doubles the next one.
func TestVariablesCannotExplode(t *testing.T) {
	context := map[string]any{}
	text := ""
	for c := 'a'; c < 'z'; c++ {
		context[string(c)] = strings.Repeat("{{"+string(c+1)+"}}", 8)
		text += "{{" + string(c) + "}}"
	}
	_, err := evaluate(t, text, context)
	var invalid *njc.ValidationError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, "/v/0", invalid.Pointer)

	// Very many variables in one text are refused when they must be replaced in
	// turn, and served when not.
	many := strings.Repeat("{{a}} ", 200_000)
	_, err = evaluate(t, many, map[string]any{"a": "1"})
	require.NoError(t, err)
	_, err = evaluate(t, many, map[string]any{"a": "{"})
	require.ErrorAs(t, err, &invalid)
}
