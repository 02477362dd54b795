package backup_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/backup"
)

// installation is a data folder with an SQLite database that is written to.
func installation(t *testing.T) (backup.Source, *sql.DB) {
	t.Helper()
	s := backup.Source{Data: t.TempDir(), Build: "test"}
	s.DSN = filepath.Join(s.Data, "wispwright.db")
	db, err := sql.Open("sqlite", s.DSN+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.Exec("CREATE TABLE pair (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER)")
	require.NoError(t, err)
	for name, text := range map[string]string{
		"secret.key": "sealed", "media/floorplans/a.png": "picture", "serve.lock": "", ".new-key": "half", "outbox/1.eml": "letter",
	} {
		path := filepath.Join(s.Data, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	series, err := sql.Open("sqlite", filepath.Join(s.Data, "timeseries.db"))
	require.NoError(t, err)
	_, err = series.Exec("CREATE TABLE point (v INTEGER); INSERT INTO point VALUES (42)")
	require.NoError(t, err)
	require.NoError(t, series.Close())
	return s, db
}

// writing keeps a database busy until the test stops it.
func writing(t *testing.T, db *sql.DB) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan bool)
	var done sync.WaitGroup
	done.Go(func() {
		for n := 1; ctx.Err() == nil; n++ {
			tx, err := db.Begin()
			if err != nil {
				continue
			}
			_, err1 := tx.Exec("INSERT INTO pair (a, b) VALUES (?, 0)", n)
			_, err2 := tx.Exec("UPDATE pair SET b = a WHERE b = 0")
			if err1 != nil || err2 != nil || tx.Commit() != nil {
				_ = tx.Rollback()
			}
			if n == 1 {
				close(begun)
			}
		}
	})
	<-begun
	return func() { cancel(); done.Wait() }
}

func TestBackupWhileRunningAndRestore(t *testing.T) {
	s, db := installation(t)
	stop := writing(t, db)
	var file bytes.Buffer
	err := backup.Write(t.Context(), &file, s)
	stop()
	require.NoError(t, err)

	to := backup.Target{Data: filepath.Join(t.TempDir(), "data")}
	to.DSN = filepath.Join(to.Data, "wispwright.db")
	m, err := backup.Restore(t.Context(), bytes.NewReader(file.Bytes()), to)
	require.NoError(t, err)
	require.Equal(t, "sqlite", m.Database)
	require.Equal(t, "test", m.Build)
	restored, err := sql.Open("sqlite", to.DSN)
	require.NoError(t, err)
	defer func() { require.NoError(t, restored.Close()) }()
	var rows, whole int
	require.NoError(t, restored.QueryRow("SELECT count(*), coalesce(sum(a = b), 0) FROM pair").Scan(&rows, &whole))
	require.Positive(t, rows)
	require.Equal(t, rows, whole, "half of a transaction was kept")
	series, err := sql.Open("sqlite", filepath.Join(to.Data, "timeseries.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, series.Close()) }()
	var v int
	require.NoError(t, series.QueryRow("SELECT v FROM point").Scan(&v))
	require.Equal(t, 42, v)
	for name, want := range map[string]string{"secret.key": "sealed", "media/floorplans/a.png": "picture"} {
		path := filepath.Join(to.Data, filepath.FromSlash(name))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	for _, name := range []string{"serve.lock", ".new-key", "outbox"} {
		_, err := os.Stat(filepath.Join(to.Data, name))
		require.ErrorIs(t, err, os.ErrNotExist, name)
	}

	_, err = backup.Restore(t.Context(), bytes.NewReader(file.Bytes()), to)
	require.ErrorIs(t, err, backup.ErrUsed, "nothing is written over")
	_, err = backup.Restore(t.Context(), bytes.NewReader(file.Bytes()), backup.Target{Data: t.TempDir(), DSN: "postgres://x/y"})
	require.ErrorContains(t, err, "another kind")
}

// What was cut off or changed is known before anything is restored.
func TestDamagedBackups(t *testing.T) {
	s, _ := installation(t)
	var file bytes.Buffer
	require.NoError(t, backup.Write(t.Context(), &file, s))
	whole := file.Bytes()
	_, err := backup.Check(bytes.NewReader(whole))
	require.NoError(t, err)
	for name, damaged := range map[string][]byte{
		"empty": nil, "text": []byte("not a backup"), "cut off": whole[:len(whole)*2/3], "without its end": whole[:len(whole)-20],
	} {
		to := backup.Target{Data: filepath.Join(t.TempDir(), "data"), DSN: filepath.Join(t.TempDir(), "x.db")}
		_, err := backup.Restore(t.Context(), bytes.NewReader(damaged), to)
		require.ErrorIs(t, err, backup.ErrDamaged, name)
		_, err = os.Stat(to.Data)
		require.ErrorIs(t, err, os.ErrNotExist, name)
	}
	s.DSN = filepath.Join(t.TempDir(), "missing.db")
	require.Error(t, backup.Write(t.Context(), io.Discard, s))
}

func TestBackupOfPostgres(t *testing.T) {
	for _, program := range []string{"pg_dump", "pg_restore"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s", program)
		}
	}
	from := testkit.PostgresURL(t)
	db, err := sql.Open("postgres", from)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.Exec("CREATE TABLE pair (id SERIAL PRIMARY KEY, a INTEGER); INSERT INTO pair (a) SELECT generate_series(1, 1000); CREATE TABLE controller_device (name TEXT)")
	require.NoError(t, err)
	require.Eventually(t, func() bool { // others make it too
		_, err := db.Exec("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public")
		return err == nil
	}, time.Minute, 50*time.Millisecond)
	_, err = db.Exec("CREATE INDEX controller_device_search ON controller_device USING gin (name public.gin_trgm_ops)")
	require.NoError(t, err)
	var file bytes.Buffer
	require.NoError(t, backup.Write(t.Context(), &file, backup.Source{Data: t.TempDir(), DSN: from, Build: "test"}))

	for _, elsewhere := range []bool{false, true} { // the extension where nobody looks for it: as if there were none
		to := testkit.PostgresDatabase(t, from)
		if elsewhere {
			admin, err := sql.Open("postgres", to)
			require.NoError(t, err)
			_, err = admin.Exec("CREATE SCHEMA other; CREATE EXTENSION pg_trgm WITH SCHEMA other")
			require.NoError(t, err)
			require.NoError(t, admin.Close())
		}
		_, err = backup.Restore(t.Context(), bytes.NewReader(file.Bytes()), backup.Target{Data: filepath.Join(t.TempDir(), "data"), DSN: to})
		require.NoError(t, err)
		restored, err := sql.Open("postgres", to)
		require.NoError(t, err)
		var n int
		require.NoError(t, restored.QueryRow("SELECT count(*) FROM pair").Scan(&n))
		require.Equal(t, 1000, n)
		require.NoError(t, restored.QueryRow("SELECT count(*) FROM pg_indexes WHERE indexname = 'controller_device_search'").Scan(&n))
		require.Equal(t, map[bool]int{false: 1, true: 0}[elsewhere], n)
		_, err = restored.Exec("INSERT INTO pair (a) VALUES (0)") // the sequence goes on
		require.NoError(t, err)
		require.NoError(t, restored.Close())
	}
}

func ExampleCheck() {
	_, err := backup.Check(strings.NewReader("something else"))
	fmt.Println(err)
	// Output: this is no whole backup
}
