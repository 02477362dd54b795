package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/jmoiron/sqlx"

	"github.com/wispwright/wispwright"
)

// maxBatch bounds how many transactions the first of a batch waits for. More
// would save little: what a COMMIT costs is divided by sixteen already.
const maxBatch = 16

// group lets the transactions that wait for SQLite's one writing connection
// share a COMMIT, which is most of what a small transaction costs. One after
// the other has its turn, in the goroutine it came with and in the order they
// came; a member with nobody waiting behind it commits for all. Nobody is answered
// before that, and nobody waits for others to come.
type group struct {
	mu    sync.Mutex
	taken bool // somebody has the turn
	queue []*waiting
}

// waiting is a transaction that waits for its turn.
type waiting struct {
	alone bool
	turn  chan *batch // the batch to join, nil to begin one
}

// batch are the transactions of one COMMIT.
type batch struct {
	db    *DB
	conn  *sqlx.Conn
	tx    *sqlx.Tx
	alone bool
	ran   int
	kept  int // how many are to be committed
	lost  error

	done chan struct{} // closed when err is known
	err  error
}

// lostError says that what a transaction did, or saw, was undone by no fault
// of its own: it is run again, alone.
type lostError struct{ cause error }

// Error says what undid the transaction.
func (e *lostError) Error() string {
	return "undone together with another transaction: " + e.cause.Error()
}

// Unwrap returns what undid the transaction.
func (e *lostError) Unwrap() error { return e.cause }

// uninterrupted is a context that does not end. Ending a statement of SQLite
// in the middle may undo the whole transaction, which belongs to others too;
// Err still tells, and is asked between statements.
type uninterrupted struct{ context.Context }

// Done never tells.
func (uninterrupted) Done() <-chan struct{} { return nil }

const (
	savepoint = "SAVEPOINT member"
	release   = "RELEASE SAVEPOINT member"
	undo      = "ROLLBACK TO SAVEPOINT member"
)

// together runs a transaction as part of a batch.
func (db *DB) together(ctx context.Context, fn func(context.Context) error) error {
	return db.member(ctx, false, fn)
}

// alone runs a transaction as the only one of its batch.
func (db *DB) alone(ctx context.Context, fn func(context.Context) error) error {
	return db.member(ctx, true, fn)
}

func (db *DB) member(parent context.Context, alone bool, fn func(context.Context) error) (err error) {
	b, err := db.group.enter(parent, db, alone)
	if err != nil {
		return fmt.Errorf("begin: %w", away(err))
	}
	ctx, hooks := wispwright.WithCommitHooks(uninterrupted{parent})
	s := &txState{db: db, tx: b.tx, hooks: hooks}
	defer func() {
		if !s.done { // fn panicked, which is what is told
			s.done = true
			hooks.Discard()
			_ = b.leave(errors.New("panic")) // which is told
		}
	}()
	ctx = context.WithValue(ctx, txKey{db}, s)
	if err = fn(ctx); err == nil {
		err = s.before(ctx)
	}
	s.done = true
	if err == nil {
		err = parent.Err()
	}
	if err = b.leave(err); err != nil {
		hooks.Discard()
		return err
	}
	hooks.Run()
	return nil
}

// enter waits for the turn, and returns the batch it belongs to.
func (g *group) enter(ctx context.Context, db *DB, alone bool) (*batch, error) {
	for {
		b, err := g.wait(ctx, alone)
		if err != nil {
			return nil, err
		}
		if b == nil {
			return g.begin(ctx, db, alone)
		}
		if b.mark() {
			return b, nil
		}
		g.pass(b) // which is lost
	}
}

// begin begins a batch.
func (g *group) begin(ctx context.Context, db *DB, alone bool) (*batch, error) {
	conn, err := db.write.Connx(ctx)
	if err != nil {
		g.pass(nil)
		return nil, err
	}
	// not with the context of the first, which may end before the others do
	tx, err := conn.BeginTxx(context.WithoutCancel(ctx), nil)
	if err != nil {
		_ = conn.Close() // it only goes back to the pool
		g.pass(nil)
		return nil, err
	}
	return &batch{db: db, conn: conn, tx: tx, alone: alone, done: make(chan struct{})}, nil
}

// wait waits for the turn and returns the batch to join, nil to begin one.
func (g *group) wait(ctx context.Context, alone bool) (*batch, error) {
	g.mu.Lock()
	if !g.taken {
		g.taken = true
		g.mu.Unlock()
		return nil, nil
	}
	w := &waiting{alone: alone, turn: make(chan *batch, 1)}
	g.queue = append(g.queue, w)
	g.mu.Unlock()
	select {
	case b := <-w.turn:
		return b, nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	i := slices.Index(g.queue, w)
	if i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
	}
	g.mu.Unlock()
	if i < 0 { // it came at the same moment
		g.pass(<-w.turn)
	}
	return nil, ctx.Err()
}

// pass gives the turn to the next one, in the batch if that has room for it.
func (g *group) pass(b *batch) {
	if b != nil {
		g.mu.Lock()
		if len(g.queue) > 0 && b.takes(g.queue[0]) {
			g.take().turn <- b
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		b.end()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) == 0 {
		g.taken = false
		return
	}
	g.take().turn <- nil
}

// take returns the member that has waited longest. The lock is held and the queue not empty.
func (g *group) take() *waiting {
	w := g.queue[0]
	g.queue[0] = nil
	g.queue = g.queue[1:]
	return w
}

func (b *batch) takes(w *waiting) bool {
	return b.lost == nil && b.kept > 0 && !b.alone && !w.alone && b.ran < maxBatch
}

// mark begins the part of a transaction that joins others, and says whether
// there is something to join.
func (b *batch) mark() bool {
	if b.ran == 1 {
		// an error in the first may have ended the transaction, unknown to all:
		// then this begins another
		if _, err := b.tx.ExecContext(context.Background(), "BEGIN"); err == nil {
			b.lost = errors.New("its end came before its COMMIT")
			return false
		}
	}
	b.run(savepoint)
	return b.lost == nil
}

// leave ends the part of a transaction, which failed or not, passes the turn
// on and returns the outcome. A failed member waits as well: it may have
// failed because of another member's write that is then rolled back.
func (b *batch) leave(failed error) error {
	first := b.kept == 0 // of those whose work is still there
	b.ran++
	switch {
	case failed == nil && first:
		b.kept++
	case failed == nil:
		b.kept++
		b.run(release)
	case !first:
		b.run(undo, release)
	}
	b.db.group.pass(b)
	<-b.done
	switch {
	case b.err == nil:
		return failed
	case failed != nil && first:
		return fmt.Errorf("%w (and the rollback failed: %w)", failed, b.err)
	}
	return b.err
}

func (b *batch) run(statements ...string) {
	for _, statement := range statements {
		if _, err := b.tx.ExecContext(context.Background(), statement); err != nil && b.lost == nil {
			b.lost = fmt.Errorf("%s: %w", statement, err)
		}
	}
}

// end commits the batch, or undoes it when nothing is to be kept.
func (b *batch) end() {
	defer close(b.done)
	b.err = b.finish()
	_ = b.conn.Close() // it only goes back to the pool
	if b.err != nil && b.ran > 1 {
		b.db.hub.all() // a member, even one that failed, may have cached another member's uncommitted rows
	}
}

func (b *batch) finish() error {
	if b.lost != nil {
		_ = b.tx.Rollback() // what is left of it; that it fails is why we are here
		return &lostError{b.lost}
	}
	if b.kept == 0 {
		return b.tx.Rollback()
	}
	err := b.tx.Commit()
	switch {
	case err == nil:
		return nil
	case b.ran > 1 && isConstraint(err): // a deferred constraint: one member's violation fails the whole COMMIT
		return &lostError{err}
	}
	return fmt.Errorf("commit: %w", away(err))
}
