package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// Stmt is a fixed statement, prepared once. Inside a transaction it runs
// there, otherwise on the pool for reading or writing.
type Stmt struct {
	db    *DB
	query string
	write *sql.Stmt
	read  *sql.Stmt
}

// Prepare prepares a statement with ? placeholders. Call it in a store's
// constructor, never inside a transaction: with one connection it would wait
// for itself.
func (db *DB) Prepare(query string) (*Stmt, error) {
	query = db.Rebind(query)
	w, err := db.write.DB.Prepare(query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	s := &Stmt{db: db, query: query, write: w, read: w}
	if db.read != db.write {
		if s.read, err = db.read.DB.Prepare(query); err != nil {
			return nil, fmt.Errorf("prepare %q: %w", query, err)
		}
	}
	return s, nil
}

// Rebind writes ? placeholders in the dialect's way.
func (db *DB) Rebind(query string) string {
	if db.dialect == Postgres {
		return sqlx.Rebind(sqlx.DOLLAR, query)
	}
	return query
}

// Query runs a statement that returns rows.
func (s *Stmt) Query(ctx context.Context, args ...any) (*sql.Rows, error) {
	if st := s.db.state(ctx); st != nil {
		if err := ctx.Err(); err != nil { // the database is not told, see uninterrupted
			return nil, err
		}
		rows, err := st.tx.Tx.StmtContext(ctx, s.write).QueryContext(ctx, args...)
		return rows, away(err)
	}
	rows, err := s.read.QueryContext(ctx, args...)
	return rows, away(err)
}

// QueryRow runs a statement that returns one row.
func (s *Stmt) QueryRow(ctx context.Context, args ...any) *sql.Row {
	if st := s.db.state(ctx); st != nil {
		return st.tx.Tx.StmtContext(ctx, s.write).QueryRowContext(ctx, args...)
	}
	return s.read.QueryRowContext(ctx, args...)
}

// Exec runs a statement that changes rows.
func (s *Stmt) Exec(ctx context.Context, args ...any) (sql.Result, error) {
	if st := s.db.state(ctx); st != nil {
		if err := st.open(ctx); err != nil {
			return nil, err
		}
		done, err := st.tx.Tx.StmtContext(ctx, s.write).ExecContext(ctx, args...)
		return done, away(broken(s.query, st.notice(err)))
	}
	done, err := s.write.ExecContext(ctx, args...)
	return done, away(broken(s.query, err))
}

// Get reads one row of a query with ? placeholders into a struct or a scalar.
func Get[T any](ctx context.Context, db *DB, query string, args ...any) (T, error) {
	var out T
	err := db.reading(ctx, query).GetContext(ctx, &out, args...)
	return out, db.Explain(err)
}

// Select reads all rows of a query with ? placeholders.
func Select[T any](ctx context.Context, db *DB, query string, args ...any) ([]T, error) {
	var out []T
	err := db.reading(ctx, query).SelectContext(ctx, &out, args...)
	return out, db.Explain(err)
}

// Exec runs a query with ? placeholders and returns the number of rows it changed.
func Exec(ctx context.Context, db *DB, query string, args ...any) (int, error) {
	st := db.state(ctx)
	if err := st.open(ctx); err != nil {
		return 0, err
	}
	res, err := db.Write(ctx).ExecContext(ctx, db.Rebind(query), args...)
	if err != nil {
		return 0, db.Explain(broken(query, st.notice(err)))
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("count changed rows: %w", err)
	}
	return int(n), nil
}

// In spreads a list into "?, ?, …" and its arguments; an empty list gives NULL,
// which nothing equals.
func In[T any](list []T) (string, []any) {
	if len(list) == 0 {
		return "NULL", nil
	}
	marks := make([]byte, 0, 3*len(list))
	args := make([]any, len(list))
	for i, v := range list {
		if i > 0 {
			marks = append(marks, ", "...)
		}
		marks = append(marks, '?')
		args[i] = v
	}
	return string(marks), args
}

// ForKeyShare locks the rows with these ids in another concern's table, so
// that none is deleted before the transaction that refers to them ends, and
// returns how many exist.
func (db *DB) ForKeyShare(ctx context.Context, table string, ids ...any) (int, error) {
	marks, args := In(ids)
	found, err := Select[string](ctx, db, "SELECT "+db.dialect.Text("id")+" FROM "+table+" WHERE id IN ("+marks+")"+db.dialect.ForKeyShare(), args...)
	if err != nil {
		return 0, fmt.Errorf("lock %s: %w", table, err)
	}
	return len(found), nil
}
