package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"modernc.org/sqlite"

	"github.com/wispwright/wispwright"
)

const maxTries = 10

// Q is what a store runs its statements on: a transaction or a pool.
type Q interface {
	sqlx.ExtContext
	GetContext(ctx context.Context, dest any, query string, args ...any) error
	SelectContext(ctx context.Context, dest any, query string, args ...any) error
}

type txState struct {
	db         *DB
	tx         *sqlx.Tx
	hooks      *wispwright.CommitHooks
	err        error // of a joined call: the transaction cannot be committed any more
	done       bool
	savepoints int
}

type txKey struct{ db *DB }

func (db *DB) state(ctx context.Context) *txState {
	s, _ := ctx.Value(txKey{db}).(*txState)
	if s == nil || s.done {
		return nil
	}
	return s
}

// open says why nothing more may be written: the context ended, which SQLite is
// not told (see uninterrupted), or the transaction failed. SQLite may have
// undone that already, and would keep what came then at once.
func (s *txState) open(ctx context.Context) error {
	if s != nil && s.err != nil {
		return s.err
	}
	return ctx.Err()
}

// notice remembers an error after which SQLite may have undone everything.
func (s *txState) notice(err error) error {
	var lite *sqlite.Error
	if s != nil && s.err == nil && errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case 7, 9, 10, 13: // no memory, interrupted, I/O error, full
			s.err = away(err)
		}
	}
	return err
}

// InTx implements wispwright.Transactor. The function is repeated, up to ten
// times, when the database says that it collided with another transaction.
func (db *DB) InTx(ctx context.Context, fn func(context.Context) error) error {
	if s := db.state(ctx); s != nil {
		if s.err != nil {
			return s.err
		}
		if err := fn(ctx); err != nil {
			s.err = err
			return err
		}
		return nil
	}
	run := db.once
	if db.dialect == SQLite {
		run = db.together
	}
	for try := 1; ; try++ {
		err := run(ctx, fn)
		//lint:ignore errorlint what a function of the caller wrapped is the caller's
		if _, lost := err.(*lostError); lost {
			run = db.alone
			continue
		}
		if err == nil || try >= maxTries || !retryable(err) {
			return err
		}
		pause := time.Duration(1<<min(try-1, 6)) * time.Millisecond
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (after %w)", ctx.Err(), err)
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

// once runs a transaction on a connection of its own.
func (db *DB) once(parent context.Context, fn func(context.Context) error) (err error) {
	tx, err := db.write.BeginTxx(parent, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", away(err))
	}
	ctx, hooks := wispwright.WithCommitHooks(parent)
	s := &txState{db: db, tx: tx, hooks: hooks}
	ctx = context.WithValue(ctx, txKey{db}, s)
	defer func() {
		if !s.done { // fn panicked
			s.done = true
			hooks.Discard()
			_ = tx.Rollback() // the panic is what is told
		}
	}()
	if err = fn(ctx); err == nil {
		err = s.before(ctx)
	}
	s.done = true
	if err != nil {
		hooks.Discard()
		if rerr := tx.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) {
			return fmt.Errorf("%w (and the rollback failed: %w)", err, rerr)
		}
		return err
	}
	if err := tx.Commit(); err != nil {
		hooks.Discard()
		return fmt.Errorf("commit: %w", away(err))
	}
	hooks.Run()
	return nil
}

// before does what has to be done before the commit of a function that
// succeeded, and says whether everything it joined did.
func (s *txState) before(ctx context.Context) error {
	if s.err != nil {
		return s.err
	}
	if err := s.hooks.Before(ctx); err != nil {
		return err
	}
	return s.err
}

// Try runs fn inside a savepoint of the context's transaction: when it fails,
// only its own writes and AfterCommit functions are undone and the transaction
// can go on. It must be called inside InTx. A transaction that a joined call
// made fail before stays failed.
func (db *DB) Try(ctx context.Context, fn func(context.Context) error) error {
	s := db.state(ctx)
	if s == nil {
		return errors.New("sqlstore: Try outside of a transaction")
	}
	if s.err != nil {
		return s.err
	}
	s.savepoints++
	mark := s.hooks.Mark()
	name := "sp" + strconv.Itoa(s.savepoints)
	if _, err := s.tx.ExecContext(ctx, "SAVEPOINT "+name); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	err := fn(ctx)
	if err == nil {
		err = s.err
	}
	end := "RELEASE SAVEPOINT " + name
	if err != nil {
		s.err = nil
		s.hooks.Rewind(mark)
		end = "ROLLBACK TO SAVEPOINT " + name
	}
	if _, xerr := s.tx.ExecContext(ctx, end); xerr != nil {
		s.err = xerr
		return fmt.Errorf("%s: %w", end, xerr)
	}
	return err
}

// Tx returns the context's transaction for the job queue, which inserts its
// rows itself.
func (db *DB) Tx(ctx context.Context) (*sql.Tx, bool) {
	if s := db.state(ctx); s != nil {
		return s.tx.Tx, true
	}
	return nil, false
}

// Read returns the context's transaction, or the pool for reading.
func (db *DB) Read(ctx context.Context) Q {
	if s := db.state(ctx); s != nil {
		return s.tx
	}
	return db.read
}

// Write returns the context's transaction, or the pool for writing.
func (db *DB) Write(ctx context.Context) Q {
	if s := db.state(ctx); s != nil {
		return s.tx
	}
	return db.write
}

// retryable recognises collisions with other transactions.
func retryable(err error) bool {
	if errors.Is(err, wispwright.ErrCollision) {
		return true
	}
	var p *pq.Error
	if errors.As(err, &p) {
		return p.Code == "40001" || p.Code == "40P01"
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		code := s.Code() & 0xff
		return code == 5 || code == 6 // SQLITE_BUSY, SQLITE_LOCKED
	}
	return false
}
