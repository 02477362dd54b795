package ordered

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestOrderAndSpellingSurvive(t *testing.T) {
	for _, text := range []string{
		`{"z":1,"a":{"y":1.50,"b":[]},"m":[{},null,true,"é\"\\\n"]}`,
		`[1500,1500.0,-0,1E+9,12345678901234567890123]`,
		`"\u0000\u001f<&>"`, `{}`, `[]`, `null`, `""`,
	} {
		v, err := Decode([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, text, string(Append(nil, v)))
	}
}

func TestWhatIsNoJSON(t *testing.T) {
	for _, text := range []string{
		"", " ", "{", "}", "[1,]", `{"a":1,}`, `{"a" 1}`, `{a:1}`, "01", "1.", ".5", "+1", "1e", "-", "nul", "truex", `"`,
		"\"\n\"", `"\x"`, `"\u12"`, `"\ud800"`, `"\ud800\u0041"`, "1 2", "\xff", "\"\xed\xa0\x80\"", "NaN",
		strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
	} {
		_, err := Decode([]byte(text))
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, "%q", text)
	}
	_, err := DecodeObject([]byte("[]"))
	require.ErrorContains(t, err, "object")
	_, err = Decode([]byte(`{"a": flase}`))
	require.ErrorContains(t, err, "at byte 6")
}

func TestDuplicateKeysLastValueFirstPlace(t *testing.T) {
	v, err := Decode([]byte(`{"a":1,"b":2,"a":3}`))
	require.NoError(t, err)
	require.Equal(t, `{"a":3,"b":2}`, string(Append(nil, v)))
}

func TestObjectWithManyKeys(t *testing.T) {
	o := NewObject()
	want := map[string]int{}
	for i := range 100 {
		key := strings.Repeat("k", i%40) + string(rune('a'+i%26))
		o.Set(key, i)
		want[key] = i
	}
	for key, v := range want {
		got, ok := o.Get(key)
		require.True(t, ok)
		require.Equal(t, v, got)
	}
	c := o.Clone()
	for key := range want {
		o.Delete(key)
		require.False(t, o.Has(key))
	}
	require.Zero(t, o.Len())
	require.Equal(t, len(want), c.Len(), "a clone is not touched")
	o.Delete("never there")
	var none *Object
	require.Zero(t, none.Len())
	_, ok := none.Get("x")
	require.False(t, ok)
}

func TestEqual(t *testing.T) {
	decode := func(s string) any {
		v, err := Decode([]byte(s))
		require.NoError(t, err)
		return v
	}
	for _, pair := range [][2]string{{`{"a":1,"b":[2]}`, `{"b":[2.0],"a":1}`}, {"1e2", "100"}, {"null", "null"}, {"-0", "0"}} {
		require.True(t, Equal(decode(pair[0]), decode(pair[1])), pair)
	}
	for _, pair := range [][2]string{{"1", "true"}, {"0", "false"}, {`"1"`, "1"}, {"[1,2]", "[2,1]"}, {`{"a":1}`, `{"a":1,"b":null}`},
		{"12345678901234567890", "12345678901234567891"}, {"null", "false"}} {
		require.False(t, Equal(decode(pair[0]), decode(pair[1])), pair)
	}
}

func TestCloneIsDeep(t *testing.T) {
	v, err := DecodeObject([]byte(`{"a":{"b":[{"c":1}]}}`))
	require.NoError(t, err)
	c := v.Clone()
	inner, _ := c.Get("a")
	list, _ := inner.(*Object).Get("b")
	list.([]any)[0].(*Object).Set("c", Number("2"))
	require.Equal(t, `{"a":{"b":[{"c":1}]}}`, v.String())
	require.Equal(t, `{"a":{"b":[{"c":2}]}}`, c.String())
}

func TestIndent(t *testing.T) {
	text := []byte(`{"a":[1,{"b":null}],"c":{},"d":[]}`)
	v, err := Decode(text)
	require.NoError(t, err)
	var want bytes.Buffer
	require.NoError(t, json.Indent(&want, text, "> ", "    "))
	require.Equal(t, want.String(), string(AppendIndent(nil, v, "> ", "    ")))
}

func TestInsideEncodingJSON(t *testing.T) {
	var x struct {
		Config *Object `json:"config"`
		N      Number  `json:"n"`
	}
	require.NoError(t, json.Unmarshal([]byte(`{"config":{"z":1.50,"a":2},"n":7}`), &struct {
		Config **Object `json:"config"`
	}{&x.Config}))
	x.N = "7.0"
	b, err := json.Marshal(x)
	require.NoError(t, err)
	require.Equal(t, `{"config":{"z":1.50,"a":2},"n":7.0}`, string(b))
}

// FuzzDecode holds the decoder against encoding/json: what one accepts the
// other does, with the same meaning, but for the depth and for what
// encoding/json silently repairs.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5e-3,"\u00e9\ud83d\ude00"],"b":null}`, `[[[]]]`, `"\ud800"`, "\xff", `{"a":1,"a":2}`, " 1 "} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Decode(text)
		if err != nil {
			if json.Valid(text) && utf8.Valid(text) && !bytes.Contains(text, []byte(`\u`)) && bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) < MaxDepth {
				t.Fatalf("refused %q: %v", text, err)
			}
			return
		}
		if !json.Valid(text) {
			t.Fatalf("accepted %q", text)
		}
		again, err := Decode(Append(nil, v))
		if err != nil || !Equal(v, again) {
			t.Fatalf("%q does not survive writing and reading: %v", text, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	var text []byte
	text = append(text, `{"interfaces":[`...)
	for i := range 20 {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, `{"name":"wlan0","type":"wireless","addresses":[{"proto":"static","family":"ipv4","address":"192.168.1.1","mask":24}],"wireless":{"radio":"radio0","mode":"access_point","ssid":"open","encryption":{"protocol":"none"}}}`...)
	}
	text = append(text, "]}"...)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for range b.N {
		if _, err := Decode(text); err != nil {
			b.Fatal(err)
		}
	}
}
