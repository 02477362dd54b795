package netjsonconfig_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// plain is a backend without schema, converters or surprises.
func plain() *njc.Backend {
	return &njc.Backend{Key: "plain", Identifiers: []string{"name", "id"}, Renderer: lines{}}
}

// lines renders nothing.
type lines struct{}

func (lines) Append(dst []byte, _ *njc.Native) ([]byte, error) { return dst, nil }
func (lines) Members(*njc.Native) ([]njc.File, error)          { return nil, nil }

func decode(t testing.TB, text string) *ordered.Object {
	t.Helper()
	o, err := njc.DecodeObject([]byte(text))
	require.NoError(t, err)
	return o
}

func TestMerge(t *testing.T) {
	cases := map[string]struct {
		layers []string
		want   string
	}{
		"objects are merged, scalars replaced, nulls too": {[]string{`{"a":{"x":1,"y":2},"b":1}`, `{"a":{"y":null,"z":3},"b":"t"}`}, `{"a":{"x":1,"y":null,"z":3},"b":"t"}`},
		"items with one identifier are merged":            {[]string{`{"l":[{"name":"a","k":[1]},{"name":"b"}]}`, `{"l":[{"name":"c"},{"name":"a","k":[2],"n":1}]}`}, `{"l":[{"name":"a","k":[1,2],"n":1},{"name":"b"},{"name":"c"}]}`},
		"identifiers share one namespace":                 {[]string{`{"l":[{"name":"x","a":1}]}`, `{"l":[{"id":"x","b":2}]}`}, `{"l":[{"name":"x","a":1,"id":"x","b":2}]}`},
		"a number is not the text that spells it":         {[]string{`{"l":[{"id":1}]}`, `{"l":[{"id":"1"}]}`}, `{"l":[{"id":1},{"id":"1"}]}`},
		"a list can identify":                             {[]string{`{"l":[{"name":["a","b"],"x":1}]}`, `{"l":[{"name":["a","b"],"x":2}]}`}, `{"l":[{"name":["a","b"],"x":2}]}`},
		"equal items are not doubled":                     {[]string{`{"l":["a",{"p":1,"q":[1.0]}]}`, `{"l":[{"q":[1],"p":1},"b"]}`}, `{"l":["a",{"p":1,"q":[1.0]},"b"]}`},
		"within one list the last of a name wins":         {[]string{`{"l":[{"name":"a","x":1},{"name":"b"},{"name":"a","y":2}]}`, `{"l":[]}`}, `{"l":[{"name":"a","y":2},{"name":"b"}]}`},
		"so it does before it meets the list below":       {[]string{`{"l":[{"name":"a","x":1}]}`, `{"l":[{"name":"a","y":1},{"name":"a","z":1}]}`}, `{"l":[{"name":"a","x":1,"z":1}]}`},
		"and an equal item is passed over before":         {[]string{`{"l":[{"name":"a","x":1}]}`, `{"l":[{"name":"a","y":1},{"name":"a","x":1}]}`}, `{"l":[{"name":"a","x":1,"y":1}]}`},
		"small equal numbers are all kept":                {[]string{`{"l":[1,1,2]}`, `{"l":[3,3]}`}, `{"l":[1,1,2,3,3]}`},
		"nested lists have identifiers too":               {[]string{`{"o":{"l":[{"name":"a","x":1}]}}`, `{"o":{"l":[{"name":"a","x":2}]}}`}, `{"o":{"l":[{"name":"a","x":2}]}}`},
		"an object replaces a scalar":                     {[]string{`{"a":1,"b":null}`, `{"a":{"x":1},"b":[1]}`}, `{"a":{"x":1},"b":[1]}`},
		"nothing over something":                          {[]string{`{"l":[1],"o":{"x":1}}`, `{"l":[],"o":{}}`}, `{"l":[1],"o":{"x":1}}`},
		"three layers":                                    {[]string{`{"a":1}`, `{"b":{"c":1}}`, `{"a":2,"b":{"d":2}}`}, `{"a":2,"b":{"c":1,"d":2}}`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var layers []*ordered.Object
			for _, text := range c.layers {
				layers = append(layers, decode(t, text))
			}
			merged, err := plain().Merge(layers...)
			require.NoError(t, err)
			require.Equal(t, c.want, merged.String())
			for i, text := range c.layers {
				require.Equal(t, text, layers[i].String(), "an argument was altered")
			}
		})
	}
}

func TestMergeRefusesListOverObject(t *testing.T) {
	for _, c := range [][3]string{
		{`{"a":{"b":[1]}}`, `{"a":{"b":{"c":1}}}`, "/a/b"},
		{`{"l":[{"name":"x","v":{}}]}`, `{"l":[{"name":"x","v":[]}]}`, "/l/0/v"},
	} {
		_, err := plain().Merge(decode(t, c[0]), decode(t, c[1]))
		var invalid *njc.ValidationError
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, c[2], invalid.Pointer)
		require.Contains(t, invalid.Message, "Incompatible type")
	}
}

// TestMergeOfLongLists compares the hashed search for equal items with the
// plain one, on lists on both sides of the limit between them.
func TestMergeOfLongLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		item := func(n int) any {
			switch n % 3 {
			case 0:
				return fmt.Sprintf("t%d", n%5)
			case 1:
				o := new(ordered.Object)
				o.Set("a", ordered.Number(fmt.Sprint(n%4)))
				o.Set("b", []any{ordered.Number("1.0"), nil, n%2 == 0})
				return o
			}
			o := new(ordered.Object)
			o.Set("b", []any{ordered.Number("1"), nil, n%2 == 0})
			o.Set("a", ordered.Number(fmt.Sprintf("%d.0", n%4)))
			return o
		}
		list := func(name string) []any {
			var l []any
			for _, n := range rapid.SliceOfN(rapid.IntRange(0, 30), 0, 60).Draw(t, name) {
				l = append(l, item(n))
			}
			return l
		}
		base, over := list("base"), list("over")
		want := append([]any{}, base...)
		for _, v := range over {
			known := false
			for _, w := range base {
				known = known || ordered.Equal(v, w)
			}
			if !known {
				want = append(want, v)
			}
		}
		a, b := new(ordered.Object), new(ordered.Object)
		a.Set("l", base)
		b.Set("l", over)
		merged, err := plain().Merge(a, b)
		require.NoError(t, err)
		got, _ := merged.Get("l")
		require.Equal(t, len(want), len(got.([]any)))
		require.True(t, ordered.Equal(want, got))
	})
}
