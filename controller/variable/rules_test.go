package variable_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

func TestChangesThatAreRefused(t *testing.T) {
	many := make([]string, variable.MaxChoices+1)
	for i := range many {
		many[i] = strings.Repeat("x", i+1)
	}
	for says, c := range map[string]struct {
		name   string
		change variable.Change
	}{
		"name: A name":                     {"1", variable.Change{}},
		"name: Ensure this value":          {strings.Repeat("é", 65), variable.Change{}},
		"type: “colour”":                   {"a", variable.Change{Declaration: variable.Declaration{Type: "colour"}}},
		"description: Ensure":              {"a", variable.Change{Declaration: variable.Declaration{Description: strings.Repeat("é", variable.MaxDescription+1)}}},
		"choices: This field is required":  {"a", variable.Change{Declaration: variable.Declaration{Type: variable.Choice}}},
		"choices: Only a variable":         {"a", variable.Change{Declaration: variable.Declaration{Type: variable.Text, Choices: []string{"a"}}}},
		"choices: A choice has":            {"a", variable.Change{Declaration: variable.Declaration{Type: variable.Choice, Choices: []string{""}}}},
		"choices: “a” is given twice":      {"a", variable.Change{Declaration: variable.Declaration{Type: variable.Choice, Choices: []string{"a", "b", "a"}}}},
		"choices: Ensure this field":       {"a", variable.Change{Declaration: variable.Declaration{Type: variable.Choice, Choices: many}}},
		"value: The value must be":         {"a", variable.Change{Declaration: variable.Declaration{Type: variable.Number}, Given: true, Value: "x"}},
		"value: The value must have":       {"a", variable.Change{Given: true, Value: strings.Repeat("x", 16<<10+1)}},
		"value: This field may not be bla": {"a", variable.Change{Declaration: variable.Declaration{Secret: true}, Given: true, Value: " "}},
	} {
		err := c.change.Check(c.name)
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "; ", "one fault of one field")
	}
	for _, c := range []variable.Change{
		{}, {Given: true}, {Declaration: variable.Declaration{Type: variable.Number}, Given: true, Value: ordered.Number("7")}, {Declaration: variable.Declaration{Secret: true}, Given: true, Value: "s"},
		{Declaration: variable.Declaration{Type: variable.Choice, Choices: []string{"a"}}, Given: true, Value: "a"}, {Declaration: variable.Declaration{Type: variable.Number}, Value: "not given"},
	} {
		require.NoError(t, c.Check("a"))
	}
}

// Plain values are checked against what their level declares; those of secret
// variables do not stand among them, and no value is told.
func TestPlainValues(t *testing.T) {
	d := variable.Declarations{"port": {Type: variable.Number}, "key": {Secret: true}, "other": {Type: variable.MAC}}
	var v wispwright.ValidationError
	d.CheckOwn(&v, "context", map[string]any{"port": "hidden text", "key": "hidden text", "free": "anything"})
	require.Equal(t, []wispwright.FieldError{{Path: "context", Messages: []string{"The variable key is secret: its value is not given among the others.", "The variable port must be a number."}}}, v.Fields)
	v = wispwright.ValidationError{}
	d.CheckOwn(&v, "context", map[string]any{"port": 7.0, "other": "02:00:00:00:00:01"})
	require.NoError(t, v.Err())
}

func TestMasks(t *testing.T) {
	for _, kind := range variable.Types() {
		d := variable.Declaration{Type: kind, Choices: []string{"first", "second"}, Secret: true}
		require.Empty(t, d.CheckValue(d.Mask()), kind)
	}
	require.Equal(t, variable.Hidden, variable.Declaration{Type: variable.Choice}.Mask())
}
