package server_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

// Topologies travel in files of data; loading one twice changes nothing, and what a
// key is not said of keeps it.
func TestTopologyData(t *testing.T) {
	b := newTopologyBench(t, nil)
	b.add("admin", "alpha", `,"expiration_time":330`)
	b.add("admin", "null", `,"published":false`)
	var first bytes.Buffer
	require.NoError(t, b.DumpData(t.Context(), &first))
	require.Contains(t, first.String(), `"topologies"`)
	other := newServer(t, testkit.SQLite(t), nil)
	for range 2 {
		require.NoError(t, other.LoadData(t.Context(), bytes.NewReader(first.Bytes())))
		var again bytes.Buffer
		require.NoError(t, other.DumpData(t.Context(), &again))
		require.Equal(t, first.String(), again.String())
	}
	require.NoError(t, other.LoadData(t.Context(), strings.NewReader(`{"topologies":[{"organization":"alpha","label":"mesh","parser":"netdiff.OlsrParser","strategy":"receive"}]}`)))
	var changed bytes.Buffer
	require.NoError(t, other.DumpData(t.Context(), &changed))
	require.Contains(t, changed.String(), "netdiff.OlsrParser")
	require.Equal(t, strings.Count(first.String(), "abc123"), strings.Count(changed.String(), "abc123"), "its key stays")
	for text, fault := range map[string]string{
		`{"topologies":[{"organization":"nobody","label":"x","parser":"netdiff.OlsrParser","strategy":"receive"}]}`: "organization nobody",
		`{"topologies":[{"organization":"alpha","label":"x","parser":"none","strategy":"receive"}]}`:                "topology x",
		`{"topologies":[{"organization":"alpha","lable":"x"}]}`:                                                     "lable",
	} {
		require.ErrorContains(t, other.LoadData(t.Context(), strings.NewReader(text)), fault)
	}
}
