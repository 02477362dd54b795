package sqlstore

import (
	"context"
	"sync"

	"github.com/jmoiron/sqlx"
)

// maxPrepared bounds the queries whose statements are kept: lists have a few
// shapes each, what is beyond is prepared at every use as before.
const maxPrepared = 256

// prepared keeps statements of queries that are put together at run time, such
// as those of lists. Preparing costs SQLite a fifth of a short list and
// PostgreSQL a better plan. A query is prepared when it comes a second time.
type prepared struct {
	mu    sync.Mutex
	known map[string]*sqlx.Stmt // nil: seen once
}

// statement returns the kept statement of a query, or nil.
func (p *prepared) statement(ctx context.Context, pool *sqlx.DB, query string) *sqlx.Stmt {
	p.mu.Lock()
	stmt, seen := p.known[query]
	if !seen && len(p.known) < maxPrepared {
		if p.known == nil {
			p.known = map[string]*sqlx.Stmt{}
		}
		p.known[query] = nil
	}
	p.mu.Unlock()
	if stmt != nil || !seen {
		return stmt
	}
	stmt, err := pool.PreparexContext(ctx, query)
	if err != nil {
		return nil // the query itself will tell what is wrong
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other := p.known[query]; other != nil { // somebody was quicker
		_ = stmt.Close() // a statement nobody uses
		return other
	}
	p.known[query] = stmt
	return stmt
}

// reader is what read queries of one shape run on.
type reader interface {
	QueryxContext(ctx context.Context, args ...any) (*sqlx.Rows, error)
	GetContext(ctx context.Context, dest any, args ...any) error
	SelectContext(ctx context.Context, dest any, args ...any) error
}

// reading returns the kept statement of a query with ? placeholders, or what
// runs it as it is: in transactions, and when it is new.
func (db *DB) reading(ctx context.Context, query string) reader {
	query = db.Rebind(query)
	if db.state(ctx) == nil {
		if stmt := db.prepared.statement(ctx, db.read, query); stmt != nil {
			return stmt
		}
	}
	return unprepared{db.Read(ctx), query}
}

// unprepared runs a query without keeping it.
type unprepared struct {
	q     Q
	query string
}

// QueryxContext runs the query.
func (o unprepared) QueryxContext(ctx context.Context, args ...any) (*sqlx.Rows, error) {
	return o.q.QueryxContext(ctx, o.query, args...)
}

// GetContext reads one row.
func (o unprepared) GetContext(ctx context.Context, dest any, args ...any) error {
	return o.q.GetContext(ctx, dest, o.query, args...)
}

// SelectContext reads all rows.
func (o unprepared) SelectContext(ctx context.Context, dest any, args ...any) error {
	return o.q.SelectContext(ctx, dest, o.query, args...)
}
