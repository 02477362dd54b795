package testkit

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"path/filepath"
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
	plain, err := sql.Open("sqlite", ":memory:")
	require.NoError(t, err)
	require.NoError(t, plain.Close())
	n := new(atomic.Int64)
	// drivers cannot be unregistered: each test has one of its own
	name := "sqlite-counted-" + wispwright.NewID().String()
	sql.Register(name, countedDriver{plain.Driver(), n})
	return open(t, filepath.Join(t.TempDir(), "counted.db"), &sqlstore.Options{Synchronous: "OFF", Driver: name}), n
}

type countedDriver struct {
	driver.Driver
	n *atomic.Int64
}

func (d countedDriver) Open(name string) (driver.Conn, error) {
	c, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return &countedConn{c, d.n}, nil
}

// countedConn counts what is run without being prepared; its statements count
// the rest.
type countedConn struct {
	driver.Conn
	n *atomic.Int64
}

func (c *countedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &countedStmt{s, c.n}, nil
}

func (c *countedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
}

func (c *countedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.n.Add(1)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *countedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.n.Add(1)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

type countedStmt struct {
	driver.Stmt
	n *atomic.Int64
}

func (s *countedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.n.Add(1)
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

func (s *countedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.n.Add(1)
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}
