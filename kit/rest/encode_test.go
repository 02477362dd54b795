package rest

import (
	"bytes"
	"encoding/json"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

// plainOut has every type that is written without encoding/json.
type plainOut struct {
	ID       wispwright.ID   `json:"id"`
	Text     string          `json:"text"`
	Named    Noun            `json:"named"`
	None     *string         `json:"none"`
	Some     *string         `json:"some"`
	On       bool            `json:"on"`
	Small    int8            `json:"small"`
	Big      int64           `json:"big"`
	Created  Time            `json:"created"`
	Day      Date            `json:"day"`
	Config   wispwright.JSON `json:"config"`
	IDs      []wispwright.ID `json:"ids"`
	Words    []string        `json:"words"`
	Inner    *innerOut       `json:"inner"`
	Inners   []innerOut      `json:"inners"`
	Any      any             `json:"any"`
	Untagged string
	Skipped  string `json:"-"`
	hidden   string
}

// Noun is a string of its own type.
type Noun string

type innerOut struct {
	Name string `json:"name"`
	When *Time  `json:"when"`
}

func encoded(t *testing.T, body any) string {
	t.Helper()
	var e encoders
	var b bytes.Buffer
	b.WriteString("before ")
	require.NoError(t, e.encode(&b, body))
	return b.String()[len("before "):]
}

// TestEncodeLikeTheLibrary holds the encoders against encoding/json.
func TestEncodeLikeTheLibrary(t *testing.T) {
	var e encoders
	text, when := `a "b" \ <c> & é`+"\u2028\x00\xff\t", Time(time.Date(2026, 3, 1, 9, 8, 7, 45_006_789, time.FixedZone("", 5400)))
	full := plainOut{
		ID: wispwright.NewID(), Text: text, Named: "plain", Some: &text, On: true, Small: -8, Big: math.MinInt64, Created: when,
		Day: Date(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)), Config: "{ \"b\": 1.0,\n \"a\": [ \"<\" ] }",
		IDs: []wispwright.ID{{}, wispwright.NewID()}, Words: []string{"", "x"}, Inner: &innerOut{text, &when}, Inners: []innerOut{{}, {"x", nil}},
		Any: []innerOut{{Name: "in any"}}, Untagged: "u", Skipped: "s", hidden: "h",
	}
	for _, body := range []any{
		nil, plainOut{}, full, &full, []plainOut{full, {}}, []*plainOut{nil, &full}, []plainOut(nil), []plainOut{},
		envelope{Count: 3, Next: &text, Results: []plainOut{full}}, Page[innerOut]{Results: []innerOut{{}}},
		"", text, true, 7, wispwright.ID{}, full.ID, when, &when, Time{}, Date{}, wispwright.JSON(""),
		Time(time.Date(2026, 1, 2, 3, 4, 5, 999, time.UTC)), Time(time.Date(99, 1, 2, 3, 4, 5, 6000, time.UTC)), Time(time.Date(12026, 1, 2, 3, 4, 5, 0, time.UTC)),
		plainOut{Any: full}, plainOut{Any: &full}, plainOut{Any: map[string]any{"<b>": 1.5, "a": full.ID}}, plainOut{Any: any(nil)},
		// what is left to the library
		map[string]string{"b": "<", "a": text}, 1.5, uint(3), []byte("bytes"), [2]int{1, 2}, wispwright.Secret("hidden"), time.Unix(1, 0).UTC(),
		netip.MustParseAddr("::1"), json.RawMessage(`{"a":  1}`),
		struct{ innerOut }{innerOut{"embedded", nil}},
		struct {
			A string `json:"a,omitempty"`
			B *int   `json:"b,omitempty"`
			C string `json:"c"`
		}{C: "c"},
		struct {
			N int64 `json:"n,string"`
		}{5},
		struct {
			A string `json:"x-y"`
			B string `json:"-,"` //lint:ignore SA5008 a key named "-" is what is tested
		}{"a", "b"},
	} {
		want, err := encode(body)
		require.NoError(t, err)
		require.Equal(t, string(want), encoded(t, body), "%T", body)
		for range 2 { // compiled once
			var b bytes.Buffer
			require.NoError(t, e.encode(&b, body))
			require.Equal(t, string(want), b.String())
		}
	}
	var b bytes.Buffer
	require.Error(t, e.encode(&b, plainOut{Config: "{"}), "broken JSON is never sent")
	require.Error(t, e.encode(&b, plainOut{Any: func() {}}))
}

type endless struct {
	Name string    `json:"name"`
	More []endless `json:"more"`
}

func TestEncodeTypesThatHoldThemselves(t *testing.T) {
	require.Equal(t, `{"name":"a","more":[{"name":"b","more":null}]}`, encoded(t, endless{"a", []endless{{Name: "b"}}}))
}

func FuzzEncodeString(f *testing.F) {
	f.Add("plain")
	f.Add("<\"\\\u2029\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, s string) {
		want, err := encode(s)
		require.NoError(t, err)
		require.Equal(t, string(want), encoded(t, s))
	})
}

// TestEncodeAllocations: a page of objects costs the buffer's growth at most.
func TestEncodeAllocations(t *testing.T) {
	var e encoders
	rows := make([]plainOut, 100)
	for i := range rows {
		rows[i] = plainOut{ID: wispwright.NewID(), Text: "router", Created: Time(time.Now())}
	}
	body := any(envelope{Count: 100, Results: rows})
	var b bytes.Buffer
	n := testing.AllocsPerRun(100, func() {
		b.Reset()
		require.NoError(t, e.encode(&b, body))
	})
	require.LessOrEqual(t, n, 10.0)
}
