package backup_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/backup"
)

// steps are the migrations of a program with so many of them.
func steps(concern string, n int) sqlstore.Migrations {
	files := fstest.MapFS{}
	for i, text := range []string{"CREATE TABLE thing (id INTEGER PRIMARY KEY);", "ALTER TABLE thing ADD COLUMN size INTEGER;", "ALTER TABLE thing ADD COLUMN more INTEGER;"}[:n] {
		files["migrations/0000"+string(rune('1'+i))+"_step.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + text + "\n-- +goose Down\nSELECT 1;\n")}
	}
	return sqlstore.Migrations{Concern: concern, FS: files}
}

// TestBackupBeforeTablesChange: none of an empty database, one before each change, none
// when nothing changes, and the oldest go.
func TestBackupBeforeTablesChange(t *testing.T) {
	dir := t.TempDir()
	dsn := filepath.Join(dir, "wispwright.db")
	db := testkit.Open(t, dsn)
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	a := backup.Automatic{Source: backup.Source{Data: dir, DSN: dsn, Build: "new", Clock: func() time.Time { now = now.Add(time.Minute); return now }}, Keep: 1}
	run := func(n int) string {
		t.Helper()
		all := []sqlstore.Migrations{steps("thing", n)}
		file, err := a.Before(t.Context(), db, all)
		require.NoError(t, err)
		require.NoError(t, db.Migrate(t.Context(), all[0]))
		return file
	}
	require.Empty(t, run(1), "there was nothing to lose")
	_, err := sqlstore.Exec(t.Context(), db, "CREATE TABLE schema_server (id INTEGER)")
	require.NoError(t, err)
	require.Empty(t, run(1), "nothing changes")
	first := run(2)
	require.NotEmpty(t, first)
	info, err := os.Stat(first)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	second := run(3)
	require.NotEqual(t, first, second)
	_, err = os.Stat(first)
	require.ErrorIs(t, err, os.ErrNotExist, "the oldest goes")

	// what it holds is how it was before
	f, err := os.Open(second)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	to := backup.Target{Data: filepath.Join(t.TempDir(), "data"), DSN: filepath.Join(t.TempDir(), "restored.db")}
	_, err = backup.Restore(t.Context(), f, to)
	require.NoError(t, err)
	old := testkit.Open(t, to.DSN)
	_, err = sqlstore.Exec(t.Context(), old, "INSERT INTO thing (id, size) VALUES (1, 2)")
	require.NoError(t, err)
	_, err = sqlstore.Exec(t.Context(), old, "INSERT INTO thing (id, more) VALUES (2, 2)")
	require.Error(t, err)
	_, err = os.Stat(filepath.Join(to.Data, backup.AutomaticFolder))
	require.ErrorIs(t, err, os.ErrNotExist, "no backup holds others")

	// one that cannot be written is an error: nothing may change then
	a.Dir = filepath.Join(dsn, "no-folder")
	_, err = a.Before(t.Context(), db, []sqlstore.Migrations{steps("other", 1)})
	require.Error(t, err)
}
