package moving

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq"  // the driver of PostgreSQL
	_ "modernc.org/sqlite" // the driver of SQLite
)

// pageSize is how many rows are read at once. One row is small; a page of them
// is far below a megabyte.
const pageSize = 500

// source is the database of an OpenWISP installation, read within one
// transaction so that what is read belongs together.
type source struct {
	pool   *sqlx.DB
	tx     *sqlx.Tx
	tables []string
	// read are the tables that somebody asked for
	read map[string]bool
}

// openSource opens the database for reading only. Errors do not repeat the
// address, which may hold a password.
func openSource(ctx context.Context, address string) (*source, error) {
	s := &source{read: map[string]bool{}}
	if err := s.connect(address); err != nil {
		return nil, fmt.Errorf("open the database to import from: %w", err)
	}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database to import from: %w", err), s.pool.Close())
	}
	return s, nil
}

func (s *source) connect(address string) (err error) {
	scheme, rest, ok := strings.Cut(address, "://")
	switch {
	case scheme == "postgres" && ok, scheme == "postgresql" && ok, scheme == "postgis" && ok:
		if _, err := url.Parse(address); err != nil {
			return errors.New("malformed address")
		}
		s.pool, err = sqlx.Open("postgres", "postgres://"+rest)
		return err
	case ok && scheme != "sqlite" && scheme != "spatialite":
		return fmt.Errorf("%q is neither postgres:// nor the file of an SQLite database", scheme+"://")
	}
	path := strings.TrimPrefix(address, "sqlite:")
	if ok {
		path = rest
	}
	if _, err := os.Stat(path); err != nil { // SQLite's own message does not tell what is missing
		return err
	}
	file := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: "mode=ro&_pragma=query_only(1)&_pragma=busy_timeout(5000)"}
	s.pool, err = sqlx.Open("sqlite", file.String())
	return err
}

func (s *source) begin(ctx context.Context) (err error) {
	list := "SELECT name FROM sqlite_master WHERE type = 'table'"
	var options *sql.TxOptions
	if s.postgres() {
		list = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = ANY (current_schemas(false))"
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	defer clear(s.read)
	if s.tx, err = s.pool.BeginTxx(ctx, options); err != nil {
		return err
	}
	if err := s.tx.SelectContext(ctx, &s.tables, list); err != nil {
		return fmt.Errorf("list its tables: %w", err)
	}
	for _, t := range []string{"openwisp_users_organization", "openwisp_users_user"} {
		if !s.has(t) {
			return fmt.Errorf("there is no table %s: this is not the database of OpenWISP", t)
		}
	}
	return nil
}

func (s *source) postgres() bool { return s.pool.DriverName() == "postgres" }

// has reports whether there is a table; who asks reads it.
func (s *source) has(table string) bool {
	s.read[table] = true
	return slices.Contains(s.tables, table)
}

func (s *source) close() error {
	_ = s.tx.Rollback() // nothing was written
	return s.pool.Close()
}

// count returns how many rows a table has.
func (s *source) count(ctx context.Context, table string) (n int, err error) {
	if err := s.tx.GetContext(ctx, &n, "SELECT count(*) FROM "+table); err != nil {
		return 0, fmt.Errorf("count %s: %w", table, err)
	}
	return n, nil
}

// pages reads a table in the order of its key. Columns are taken as they come:
// older versions have fewer.
func (s *source) pages(ctx context.Context, table, key string, fn func(rows []*Row) error) error {
	s.read[table] = true
	var last any
	for {
		where, args := "", []any{}
		if last != nil {
			where, args = " WHERE "+key+" > ?", []any{last}
		}
		rows, err := s.query(ctx, table, key, fmt.Sprintf("SELECT * FROM %s%s ORDER BY %s LIMIT %d", table, where, key, pageSize), args...)
		if err != nil {
			return fmt.Errorf("read %s: %w", table, err)
		}
		if len(rows) == 0 {
			return nil
		}
		if err := fn(rows); err != nil || len(rows) < pageSize {
			return err
		}
		if last = rows[len(rows)-1].values[key]; last == nil {
			return fmt.Errorf("read %s: a row without %s", table, key)
		}
		if b, ok := last.([]byte); ok {
			last = string(b)
		}
	}
}

// all reads a table, or several that were joined, without pages.
func (s *source) all(ctx context.Context, table, query string) ([]*Row, error) {
	rows, err := s.query(ctx, table, "", query)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	return rows, nil
}

func (s *source) query(ctx context.Context, table, key, query string, args ...any) (out []*Row, err error) {
	rows, err := s.tx.QueryxContext(ctx, s.tx.Rebind(query), args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r := &Row{table: table, key: key, values: map[string]any{}}
		if err := rows.MapScan(r.values); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
