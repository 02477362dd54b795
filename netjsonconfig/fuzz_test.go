package netjsonconfig_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// FuzzMerge lays any two objects over each other: no panic, the arguments stay
// as they are, and merging with nothing changes nothing.
func FuzzMerge(f *testing.F) {
	f.Add(`{"a":{"b":[{"name":"x"}]},"l":[1,{"id":"y","z":[1]}]}`, `{"a":{"b":[{"name":"x","c":1}]},"l":[{"name":"y","z":[2]},1.0]}`)
	f.Add(`{"a":[]}`, `{"a":{}}`)
	f.Add(`{"l":[{"name":["a"]},{"name":["a"]}]}`, `{"l":[{"name":["a"],"x":null}]}`)
	f.Fuzz(func(t *testing.T, base, over string) {
		a, err := ordered.DecodeObject([]byte(base))
		if err != nil {
			return
		}
		b, err := ordered.DecodeObject([]byte(over))
		if err != nil {
			return
		}
		wantA, wantB := a.String(), b.String()
		_, err = plain().Merge(a, b)
		if err != nil {
			var invalid *njc.ValidationError
			require.ErrorAs(t, err, &invalid)
		}
		require.Equal(t, wantA, a.String())
		require.Equal(t, wantB, b.String())
		same, err := plain().Merge(new(ordered.Object), a)
		require.NoError(t, err)
		require.True(t, ordered.Equal(a, same))
	})
}

// FuzzVariables replaces variables in any text by any value: the result is text.
func FuzzVariables(f *testing.F) {
	f.Add("{{a}} {{ b }} {{{a}}}", "x", "y")
	f.Add("{{ {{a}} }}{{b}}", "b", "{{a}}")
	f.Add("{{\u3000a\n}}{{}}{{", "", "{")
	f.Fuzz(func(t *testing.T, text, a, b string) {
		o := new(ordered.Object)
		o.Set("v", text)
		c, err := njc.New(plain(), o, &njc.Options{Context: map[string]any{"a": a, "b": b}})
		if err != nil {
			var invalid *njc.ValidationError
			require.ErrorAs(t, err, &invalid)
			return
		}
		v, _ := c.Merged().Get("v")
		require.IsType(t, "", v)
	})
}

// FuzzUnpack reads any bytes as an archive.
func FuzzUnpack(f *testing.F) {
	c := config(f, `{"files":[{"path":"/etc/x","mode":"755","contents":"x"}]}`, nil)
	packed, err := c.Generate()
	require.NoError(f, err)
	f.Add(packed)
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := njc.Unpack(data)
		if err != nil {
			var e *njc.ParseError
			require.ErrorAs(t, err, &e)
		}
	})
}
