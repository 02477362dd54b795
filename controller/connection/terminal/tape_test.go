package terminal

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

func played(t *testing.T, parts ...*Part) (header map[string]any, events [][]any) {
	t.Helper()
	var b bytes.Buffer
	for _, p := range parts {
		require.NoError(t, unpack(&b, p))
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &header))
	for _, l := range lines[1:] {
		var e []any
		require.NoError(t, json.Unmarshal([]byte(l), &e), l)
		events = append(events, e)
	}
	return header, events
}

// Letters are cut by nobody, what is no text is replaced, and what could not be stored
// is in the next part.
func TestTape(t *testing.T) {
	r := newTape(&Session{ID: wispwright.NewID(), Cols: 80, Rows: 24}, time.Now(), 100)
	euro := "€"
	require.True(t, r.output([]byte("a"+euro[:1])))
	require.True(t, r.output([]byte(euro[1:2])))
	first, err := r.cut()
	require.NoError(t, err)
	r.stored(true)
	require.True(t, r.output([]byte(euro[2:]+"b")))
	lost, err := r.cut()
	require.NoError(t, err)
	r.stored(false)
	r.resize(Size{100, 30})
	require.True(t, r.output([]byte{'x', 0xff, 'y'}))
	second, err := r.cut()
	require.NoError(t, err)
	r.stored(true)
	require.Equal(t, lost.N, second.N)
	none, err := r.cut()
	require.NoError(t, err)
	require.Nil(t, none)
	header, events := played(t, first, second)
	require.EqualValues(t, 2, header["version"])
	require.EqualValues(t, 80, header["width"])
	require.EqualValues(t, 24, header["height"])
	var kinds, texts []any
	last := 0.0
	for _, e := range events {
		require.GreaterOrEqual(t, e[0], last)
		last = e[0].(float64)
		kinds, texts = append(kinds, e[1]), append(texts, e[2])
	}
	require.Equal(t, []any{"o", "o", "r", "o"}, kinds)
	require.Equal(t, []any{"a", "€b", "100x30", "x\uFFFDy"}, texts)
	require.Equal(t, 8, r.size())
	require.False(t, r.output(make([]byte, 93)), "it is full")
	require.True(t, r.output(make([]byte, 92)))
}
