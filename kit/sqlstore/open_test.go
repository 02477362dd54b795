package sqlstore_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/kit/sqlstore"
)

func TestANewFileIsItsOwnersAlone(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "new.db")
	db, err := sqlstore.Open(t.Context(), file, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.SQL().ExecContext(t.Context(), "CREATE TABLE t (v text)")
	require.NoError(t, err)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, e := range entries { // with the log of SQLite beside it
		info, err := e.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), e.Name())
	}
}

func TestAddressesThatCannotBeOpened(t *testing.T) {
	for address, want := range map[string]string{
		"mysql://root:hidden@localhost/x": `"mysql://" is neither postgres:// nor the file of an SQLite database`,
		"":                                "no file named",
		filepath.Join(t.TempDir(), "missing", "x.db"): "no such file or directory",
		"postgres://u:hidden@%%%/x":                   "malformed address",
	} {
		_, err := sqlstore.Open(t.Context(), address, nil)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hidden")
	}
}
