package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

// TestLicencesAreWrittenDown: docs/licences.md lists all that is shipped, and nothing is
// shipped whose licence the project may not ship.
func TestLicencesAreWrittenDown(t *testing.T) {
	root := testkit.Root(t)
	var got bytes.Buffer
	require.NoError(t, writeLicences(&got, root, filepath.Join(root, "server", "admin", "package-lock.json"), false))
	want, err := os.ReadFile(filepath.Join(root, "docs", "licences.md"))
	require.NoError(t, err)
	require.Equal(t, string(want), got.String(), "docs/licences.md is stale: run make licences")
}

func TestLicencesThatMayNotBeShipped(t *testing.T) {
	for expression, ok := range map[string]bool{
		"MIT": true, "Apache-2.0 AND BSD-3-Clause": true, "(MIT OR GPL-3.0)": true, "MPL-2.0 OR Apache-2.0": true,
		"": false, "GPL-3.0": false, "AGPL-3.0": false, "LGPL-2.1": false, "MIT AND GPL-2.0": false, "SSPL-1.0": false, "BUSL-1.1": false, "SEE LICENSE IN FILE": false,
	} {
		require.Equal(t, ok, len(refused(expression)) == 0, "%q", expression)
	}
}

// TestTheTextOfALicence: what a module's file says counts, and its notice goes along.
func TestTheTextOfALicence(t *testing.T) {
	dir := t.TempDir()
	mine, err := os.ReadFile(filepath.Join(testkit.Root(t), "LICENSE"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "LICENSE"), mine, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "NOTICE.txt"), []byte("by somebody"), 0o600))
	id, text, err := licenceOf(dir)
	require.NoError(t, err)
	require.Equal(t, "BSD-3-Clause", id)
	require.Contains(t, string(text), "by somebody")
	id, _, err = licenceOf(filepath.Join(dir, "nowhere"))
	require.NoError(t, err)
	require.NotEmpty(t, refused(id), "what has no licence may not be shipped")

	lock := filepath.Join(dir, "package-lock.json")
	require.NoError(t, os.WriteFile(lock, []byte(`{"packages":{"":{"license":"BSD-3-Clause"},"node_modules/a":{"version":"1","license":"GPL-3.0"},"node_modules/b":{"version":"1","license":"GPL-3.0","dev":true}}}`), 0o600))
	parts, err := npmPackages(lock)
	require.NoError(t, err)
	require.Len(t, parts, 1, "what only builds is not shipped")
	require.Equal(t, []string{"GPL-3.0"}, refused(parts[0].licence))
}
