package server_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

var update = flag.Bool("update", false, "write docs/events.md anew")

func TestEventsAreDocumented(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil)
	var b bytes.Buffer
	require.NoError(t, s.WriteEvents(&b))
	path := filepath.Join(testkit.Root(t), "docs", "events.md")
	if *update {
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(have), b.String(), "go test ./server -run Events -update")
}
