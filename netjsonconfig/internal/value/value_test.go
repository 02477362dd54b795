package value_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

func TestText(t *testing.T) {
	for want, v := range map[string]any{
		"": nil, "t": "t", "1": true, "0": false, "1500": ordered.Number("1500"), "1.5": ordered.Number("1.50"), "100.0": ordered.Number("1e2"),
		"1e+16": ordered.Number("1e16"), "1e-05": ordered.Number("0.00001"), "-0.25": ordered.Number("-0.25"), "1e999": ordered.Number("1e999"), `["a",1]`: []any{"a", ordered.Number("1")},
	} {
		require.Equal(t, want, value.Text(v))
	}
}

func TestEmpty(t *testing.T) {
	for _, v := range []any{nil, "", false, ordered.Number("0"), ordered.Number("-0.0"), []any{}, new(ordered.Object)} {
		require.True(t, value.Empty(v), "%v", v)
	}
	o := new(ordered.Object)
	o.Set("k", nil)
	for _, v := range []any{" ", true, ordered.Number("1"), []any{nil}, o} {
		require.False(t, value.Empty(v), "%v", v)
	}
}

func TestReadersTakeWrongTypesForAbsent(t *testing.T) {
	o, err := ordered.DecodeObject([]byte(`{"t":"x","l":[{"a":1},2],"o":{},"n":7,"f":7.0}`))
	require.NoError(t, err)
	require.Equal(t, "x", value.Str(o, "t"))
	require.Empty(t, value.Str(o, "n"))
	require.Empty(t, value.Str(nil, "n"))
	require.NotNil(t, value.Object(o, "o"))
	require.Nil(t, value.Object(o, "l"))
	require.Len(t, value.List(o, "l"), 2)
	require.Nil(t, value.List(o, "o"))
	require.Len(t, value.Objects(o, "l"), 1)
	require.Equal(t, 7, value.Number(value.Of(o, "n")))
	require.Zero(t, value.Number(value.Of(o, "f")), "not written as a whole number")
	require.Nil(t, value.Of(o, "missing"))
}
