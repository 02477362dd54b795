package testkit

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// CountedSQLite returns an empty database and the number of statements that
// were run on it.
func CountedSQLite(t testing.TB) (*sqlstore.DB, *atomic.Int64) {
	t.Helper()
	n := new(atomic.Int64)
	return watchedSQLite(t, func(string) { n.Add(1) }), n
}

// ExplainedSQLite returns an empty database and what tells how SQLite finds
// the rows of the statement that was run last.
func ExplainedSQLite(t testing.TB) (*sqlstore.DB, func() []string) {
	t.Helper()
	var last atomic.Value
	db := watchedSQLite(t, func(query string) { last.Store(query) })
	return db, func() []string {
		query := last.Load().(string)
		rows, err := db.SQL().Query("EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...)
		require.NoError(t, err)
		defer func() { require.NoError(t, rows.Close()) }()
		var out []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
			out = append(out, detail)
		}
		require.NoError(t, rows.Err())
		return out
	}
}

// CountedPostgres is CountedSQLite on PostgreSQL. What begins and ends
// transactions is not counted.
func CountedPostgres(t testing.TB) (*sqlstore.DB, *atomic.Int64) {
	t.Helper()
	n := new(atomic.Int64)
	dsn := PostgresURL(t)
	return open(t, dsn, &sqlstore.Options{Driver: watched(t, "postgres", dsn, func(string) { n.Add(1) })}), n
}

func watchedSQLite(t testing.TB, run func(query string)) *sqlstore.DB {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "watched.db"), &sqlstore.Options{Synchronous: "OFF", Driver: watched(t, "sqlite", ":memory:", run)})
}

// watched returns the name of a driver that tells of every statement.
func watched(t testing.TB, driver, dsn string, run func(query string)) string {
	t.Helper()
	plain, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	require.NoError(t, plain.Close())
	// drivers cannot be unregistered: each test has one of its own
	name := driver + "-watched-" + wispwright.NewID().String()
	sql.Register(name, watchedDriver{plain.Driver(), run})
	return name
}

type watchedDriver struct {
	driver.Driver
	run func(query string)
}

func (d watchedDriver) Open(name string) (driver.Conn, error) {
	c, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return &watchedConn{c, d.run}, nil
}

// watchedConn tells what is run without being prepared; its statements tell
// the rest.
type watchedConn struct {
	driver.Conn
	run func(query string)
}

func (c *watchedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &watchedStmt{s, query, c.run}, nil
}

func (c *watchedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
}

func (c *watchedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.run(query)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *watchedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.run(query)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

type watchedStmt struct {
	driver.Stmt
	query string
	run   func(query string)
}

func (s *watchedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.run(s.query)
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

func (s *watchedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.run(s.query)
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}
