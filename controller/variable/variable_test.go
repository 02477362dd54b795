package variable_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

func TestValues(t *testing.T) {
	for kind, tt := range map[variable.Type]struct{ good, bad []any }{
		"":               {[]any{"x", nil, true, ordered.Number("1"), []any{}}, nil},
		variable.Text:    {[]any{"", "x"}, []any{nil, true, ordered.Number("1"), []any{}}},
		variable.Number:  {[]any{ordered.Number("-1.5"), "7", "{{ other }}"}, []any{"", "7a", true, nil, "1.2.3"}},
		variable.Boolean: {[]any{true, false}, []any{"true", "{{ other }}", ordered.Number("1")}},
		variable.Address: {[]any{"10.0.0.1", "fd00::1"}, []any{"10.0.0.300", "10.0.0.0/24", true}},
		variable.Network: {[]any{"10.0.0.0/24", "fd00::/8"}, []any{"10.0.0.1", "10.0.0.0/33"}},
		variable.MAC:     {[]any{"02:00:00:AA:bb:01", "02-00-00-00-00-01"}, []any{"02:00:00", "02:00:00:00:00:0g"}},
		variable.Choice:  {[]any{"a"}, []any{"b", "A", nil}},
		variable.List:    {[]any{[]any{}, []any{"a", ordered.Number("1")}}, []any{"a", []any{true}, []any{[]any{}}}},
	} {
		d := variable.Declaration{Type: kind}
		if kind == variable.Choice {
			d.Choices = []string{"a"}
		}
		for _, v := range tt.good {
			require.Empty(t, d.CheckValue(v), "%s: %v", kind, v)
		}
		for _, v := range tt.bad {
			require.NotEmpty(t, d.CheckValue(v), "%s: %v", kind, v)
		}
		require.Empty(t, d.CheckValue(d.Mask()), "the mask of %q stands where its values stand", kind)
	}
}

func TestDeclarations(t *testing.T) {
	d := variable.Declarations{"b": {Type: variable.Number}, "a": {Secret: true, Value: wispwright.ID{15: 1}, Description: "for people"}, "c": {Secret: true}}
	again, err := variable.Parse(d.JSON())
	require.NoError(t, err)
	require.Equal(t, d, again)
	require.Equal(t, []string{"a", "b", "c"}, d.Names())
	require.Equal(t, variable.Declarations{"a": {Secret: true, Value: wispwright.ID{15: 1}}}, d.Secrets())
	require.Empty(t, variable.Declarations{}.JSON())
	_, err = variable.Parse("[]")
	require.Error(t, err)
	for _, name := range []string{"", "1a", "a b", "a-b", "a.b", "{{a}}"} {
		require.NotEmpty(t, variable.CheckName(name), name)
	}
	require.Empty(t, variable.CheckName("ключ_1"))
}
