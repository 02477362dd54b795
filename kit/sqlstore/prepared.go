package sqlstore

import (
	"context"
	"sync"

	"github.com/jmoiron/sqlx"
)

// maxPrepared bounds the queries whose statements are kept: lists have a few
// shapes each.
const maxPrepared = 256

// prepared keeps statements of queries that are put together at run time, such
// as those of lists. Preparing costs SQLite a fifth of a short list and
// PostgreSQL a better plan. A query is prepared when it comes a second time;
// of those that are too many, the one that was not used for longest goes, so
// that a list of ids of each possible length cannot take all places.
type prepared struct {
	mu    sync.Mutex
	known map[string]*kept
	once  map[string]struct{} // came once, lately
	turn  uint64
}

// kept is a statement that is kept.
type kept struct {
	owner *prepared
	stmt  *sqlx.Stmt
	users int    // are asking with it now
	used  uint64 // the turn of its latest use
}

// take returns the kept statement of a query, to be given back with done, or
// nil.
func (p *prepared) take(ctx context.Context, pool *sqlx.DB, query string) *kept {
	k, again := p.find(query)
	if k != nil || !again {
		return k
	}
	stmt, err := pool.PreparexContext(ctx, query)
	if err != nil {
		return nil // the query itself will tell what is wrong
	}
	k, surplus := p.add(query, stmt)
	if surplus != nil {
		_ = surplus.Close() // a statement nobody asks with
	}
	return k
}

// find returns the statement, or whether the query came before.
func (p *prepared) find(query string) (k *kept, again bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k = p.known[query]; k != nil {
		p.use(k)
		return k, true
	}
	if _, again = p.once[query]; again {
		return nil, true
	}
	if p.once == nil || len(p.once) >= maxPrepared {
		p.once = map[string]struct{}{}
	}
	p.once[query] = struct{}{}
	return nil, false
}

func (p *prepared) use(k *kept) {
	p.turn++
	k.users, k.used = k.users+1, p.turn
}

// add keeps a statement. What it returns beside is to be closed: the statement
// itself if somebody was quicker, or the one whose place it took.
func (p *prepared) add(query string, stmt *sqlx.Stmt) (k *kept, surplus *sqlx.Stmt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.once, query)
	if k = p.known[query]; k != nil {
		p.use(k)
		return k, stmt
	}
	if len(p.known) >= maxPrepared {
		oldest := ""
		for q, o := range p.known {
			if o.users == 0 && (oldest == "" || o.used < p.known[oldest].used) {
				oldest = q
			}
		}
		if oldest == "" { // all are being asked with
			return nil, stmt
		}
		surplus = p.known[oldest].stmt
		delete(p.known, oldest)
	}
	if p.known == nil {
		p.known = map[string]*kept{}
	}
	k = &kept{owner: p, stmt: stmt}
	p.known[query] = k
	p.use(k)
	return k, surplus
}

// done gives a statement back. Rows that are still read keep it open.
func (k *kept) done() {
	k.owner.mu.Lock()
	k.users--
	k.owner.mu.Unlock()
}

// QueryxContext runs the query.
func (k *kept) QueryxContext(ctx context.Context, args ...any) (*sqlx.Rows, error) {
	defer k.done()
	return k.stmt.QueryxContext(ctx, args...)
}

// GetContext reads one row.
func (k *kept) GetContext(ctx context.Context, dest any, args ...any) error {
	defer k.done()
	return k.stmt.GetContext(ctx, dest, args...)
}

// SelectContext reads all rows.
func (k *kept) SelectContext(ctx context.Context, dest any, args ...any) error {
	defer k.done()
	return k.stmt.SelectContext(ctx, dest, args...)
}

// reader is the connection on which read queries of one shape run, once.
type reader interface {
	QueryxContext(ctx context.Context, args ...any) (*sqlx.Rows, error)
	GetContext(ctx context.Context, dest any, args ...any) error
	SelectContext(ctx context.Context, dest any, args ...any) error
}

// reading returns the kept statement of a query with ? placeholders, or what
// runs it as it is: in transactions, and when it is new. It must be run.
func (db *DB) reading(ctx context.Context, query string) reader {
	query = db.Rebind(query)
	if db.state(ctx) == nil {
		if k := db.prepared.take(ctx, db.read, query); k != nil {
			return k
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
