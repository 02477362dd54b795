// Package testkit gives tests of this project their databases and vectors.
package testkit

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// EachDatabase runs a test on every shape of database there is: SQLite as it
// runs in production, SQLite with a single connection (which finds every store
// that leaves its transaction), and a schema of its own on a real PostgreSQL.
func EachDatabase(t *testing.T, test func(t *testing.T, db *sqlstore.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("sqlite-one-connection", func(t *testing.T) {
		test(t, open(t, filepath.Join(t.TempDir(), "test.db"), &sqlstore.Options{Readers: -1, BusyTimeout: 2 * time.Second, Synchronous: "OFF"}))
	})
	t.Run("postgresql", func(t *testing.T) { test(t, Postgres(t)) })
}

// SQLite returns an empty database in a file of the test's own.
func SQLite(t testing.TB) *sqlstore.DB {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "test.db"), &sqlstore.Options{Synchronous: "OFF"})
}

// Postgres returns an empty schema on the server that scripts/services
// started, and skips the test when there is none.
func Postgres(t testing.TB) *sqlstore.DB {
	t.Helper()
	return open(t, PostgresURL(t), nil)
}

// PostgresURL makes an empty schema and returns the address that leads to it.
func PostgresURL(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("WISPWRIGHT_TEST_POSTGRES")
	if dsn == "" {
		dsn = "postgres://wispwright@127.0.0.1:54329/postgres?sslmode=disable"
	}
	admin, err := sqlstore.Open(t.Context(), dsn, &sqlstore.Options{Conns: 1})
	if err != nil {
		if os.Getenv("WISPWRIGHT_REQUIRE_SERVICES") != "" {
			require.NoError(t, err, "PostgreSQL is required: scripts/services start")
		}
		t.Skipf("no PostgreSQL (scripts/services start): %v", err)
	}
	id := wispwright.NewID()
	schema := "t_" + hex.EncodeToString(id[:8])
	_, err = admin.SQL().Exec("CREATE SCHEMA " + schema)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.SQL().Exec("DROP SCHEMA " + schema + " CASCADE")
		require.NoError(t, err)
		require.NoError(t, admin.Close())
	})
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// PostgresDatabase makes an empty database beside the one at an address of PostgresURL and
// returns the address that is the same but for it: what restores a dump makes the schema
// itself.
func PostgresDatabase(t testing.TB, beside string) string {
	t.Helper()
	admin, err := sql.Open("postgres", beside)
	require.NoError(t, err)
	id := wispwright.NewID()
	name := "restored_" + hex.EncodeToString(id[:8])
	_, err = admin.Exec("CREATE DATABASE " + name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		require.NoError(t, err)
		require.NoError(t, admin.Close())
	})
	u, err := url.Parse(beside)
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}

// Open opens a database at an address, as PostgresURL returns one, a second
// time: two nodes of one installation.
func Open(t testing.TB, dsn string) *sqlstore.DB {
	t.Helper()
	return open(t, dsn, nil)
}

func open(t testing.TB, dsn string, o *sqlstore.Options) *sqlstore.DB {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), dsn, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// Root is the repository's root folder.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		require.NotEqual(t, dir, parent, "no go.mod above the test")
		dir = parent
	}
}

// Vectors returns the path of a file or folder of recorded reference outputs,
// and skips the test when they are not there.
func Vectors(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("WISPWRIGHT_VECTORS")
	if root == "" {
		root = filepath.Join(Root(t), "..", "shared", "vectors")
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the vectors are not here (set WISPWRIGHT_VECTORS): %v", err)
	}
	return path
}

// ReadVectors decodes a file of recorded reference outputs.
func ReadVectors(t testing.TB, into any, elem ...string) {
	t.Helper()
	raw, err := os.ReadFile(Vectors(t, elem...))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

// OneDay waits until midnight (UTC) has passed when it is near, so that a test
// whose result depends on the date sees one date only.
func OneDay(t testing.TB) {
	t.Helper()
	if left := time.Until(time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)); left < 2*time.Minute {
		t.Logf("waiting %s for the next day", left)
		time.Sleep(left + time.Second)
	}
}

// patience is how long Eventually waits.
const patience = time.Minute

// Eventually waits for a condition that is reached however slow the machine is:
// a minute is for one that is not reached at all.
func Eventually(t testing.TB, what string, ok func(ctx context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for !ok(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("%s did not happen within %s", what, patience)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
