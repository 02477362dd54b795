package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// watched is a database whose commits are counted and can be made to fail.
type watched struct {
	*sqlstore.DB
	file    string
	commits atomic.Int32
	broken  atomic.Bool
	// execs, when there is one, is called when a statement has reached the driver
	execs func()
}

var errBroken = errors.New("the disk is gone")

// watchedConn is a connection of SQLite.
type watchedConn struct {
	connection
	w *watched
}

type connection interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

func (c watchedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.connection.BeginTx(ctx, o)
	return watchedTx{tx, c.w}, err
}

func (c watchedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.w.execs != nil {
		c.w.execs()
	}
	return c.connection.ExecContext(ctx, query, args)
}

type watchedTx struct {
	driver.Tx
	w *watched
}

func (t watchedTx) Commit() error {
	if t.w.broken.Load() {
		return errors.Join(errBroken, t.Rollback())
	}
	t.w.commits.Add(1)
	return t.Tx.Commit()
}

type watchedDriver struct{ w *watched }

func (d watchedDriver) Open(name string) (driver.Conn, error) {
	c, err := (&sqlite.Driver{}).Open(name)
	if err != nil {
		return nil, err
	}
	return watchedConn{c.(connection), d.w}, nil
}

// watch returns a database with a table, in the shape of production or with a
// single connection.
func watch(t *testing.T, readers int) *watched {
	t.Helper()
	w := &watched{file: filepath.Join(t.TempDir(), "test.db")}
	name := "sqlite-watched-" + wispwright.NewID().String() // drivers cannot be unregistered
	sql.Register(name, watchedDriver{w})
	var err error
	w.DB, err = sqlstore.Open(t.Context(), w.file, &sqlstore.Options{Synchronous: "OFF", Driver: name, Readers: readers})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	migrate(t, w.DB, `CREATE TABLE trial (n INTEGER PRIMARY KEY);
		CREATE TABLE child (n INTEGER REFERENCES trial (n) DEFERRABLE INITIALLY DEFERRED);`)
	w.commits.Store(0)
	return w
}

// member is a transaction of a batch and how it ended.
type member struct {
	ctx  context.Context
	fn   func(ctx context.Context) error
	runs int
	told bool // its AfterCommit function ran
	err  error
}

func (m *member) run(w *watched) {
	defer func() {
		if p := recover(); p != nil {
			m.err = fmt.Errorf("panic: %v", p)
		}
	}()
	if m.ctx == nil {
		m.ctx = context.Background()
	}
	m.err = w.InTx(m.ctx, func(ctx context.Context) error {
		m.runs++
		wispwright.AfterCommit(ctx, func() { m.told = true })
		return m.fn(ctx)
	})
}

// batch runs transactions that all wait for the first, in their order.
func (w *watched) batch(t *testing.T, all ...*member) {
	t.Helper()
	var done sync.WaitGroup
	begun, goOn := make(chan bool, 100), make(chan bool)
	first := all[0].fn
	all[0].fn = func(ctx context.Context) error {
		begun <- true
		<-goOn
		return first(ctx)
	}
	for i, m := range all {
		done.Go(func() { m.run(w) })
		if i == 0 {
			<-begun
			continue
		}
		testkit.Eventually(t, "waiting", func(context.Context) bool { return w.Waiting() == i })
	}
	close(goOn)
	done.Wait()
	require.Zero(t, w.Waiting())
	w.broken.Store(false)
	require.NoError(t, w.InTx(t.Context(), func(context.Context) error { return nil }), "the writer is free again")
	w.commits.Add(-1)
}

func (w *watched) puts(n int) *member {
	return &member{fn: func(ctx context.Context) error { return put(ctx, w.DB, n) }}
}

func eachShape(t *testing.T, test func(t *testing.T, w *watched)) {
	t.Run("readers", func(t *testing.T) { test(t, watch(t, 0)) })
	t.Run("one connection", func(t *testing.T) { test(t, watch(t, -1)) })
}

func TestWaitingTransactionsShareACommit(t *testing.T) {
	eachShape(t, func(t *testing.T, w *watched) {
		var all []*member
		var want []int
		for n := range 40 {
			all = append(all, w.puts(n))
			want = append(want, n)
		}
		w.batch(t, all...)
		for _, m := range all {
			require.NoError(t, m.err)
			require.True(t, m.told)
			require.Equal(t, 1, m.runs)
		}
		require.Equal(t, want, numbers(t, w.DB))
		require.EqualValues(t, 3, w.commits.Load(), "16, 16 and 8")
	})
}

func TestATransactionNobodyWaitsForIsCommittedAtOnce(t *testing.T) {
	db, statements := testkit.CountedSQLite(t)
	migrate(t, db, "CREATE TABLE trial (n INTEGER PRIMARY KEY);")
	for n := range 3 {
		before := statements.Load()
		require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error { return put(ctx, db, n) }))
		require.EqualValues(t, 1, statements.Load()-before, "no savepoint is made for one")
	}
}

func TestNobodyIsAnsweredBeforeTheCommit(t *testing.T) {
	w := watch(t, 0)
	var seen []int
	first := w.puts(1)
	inner := first.fn
	first.fn = func(ctx context.Context) error {
		wispwright.AfterCommit(ctx, func() { seen = numbers(t, w.DB) })
		return inner(ctx)
	}
	second := &member{fn: func(ctx context.Context) error {
		n, err := sqlstore.Select[int](ctx, w.DB, "SELECT n FROM trial")
		require.NoError(t, err)
		require.Equal(t, []int{1}, n, "in a transaction what went before is there")
		require.Empty(t, numbers(t, w.DB), "outside it is not")
		require.False(t, first.told, "and nobody was told")
		return put(ctx, w.DB, 2)
	}}
	w.batch(t, first, second)
	require.NoError(t, errors.Join(first.err, second.err))
	require.Equal(t, []int{1, 2}, seen, "AfterCommit comes after the common one")
	require.EqualValues(t, 1, w.commits.Load())
}

func TestOneFailureHarmsNoOther(t *testing.T) {
	for name, fault := range map[string]struct {
		fn   func(ctx context.Context, w *watched, cancel func()) error
		want string
	}{
		"error":    {func(context.Context, *watched, func()) error { return errWanted }, "wanted"},
		"conflict": {func(ctx context.Context, w *watched, _ func()) error { return put(ctx, w.DB, 9) }, wispwright.UniqueKey},
		"panic":    {func(context.Context, *watched, func()) error { panic("bang") }, "panic: bang"},
		"poisoned": {func(ctx context.Context, w *watched, _ func()) error {
			_ = w.InTx(ctx, func(context.Context) error { return errWanted }) // swallowed on purpose
			return nil
		}, "wanted"},
		"cancelled": {func(ctx context.Context, w *watched, cancel func()) error {
			cancel()
			require.ErrorIs(t, put(ctx, w.DB, 4), context.Canceled)
			return nil
		}, "context canceled"},
		"undone part": {func(ctx context.Context, w *watched, _ func()) error {
			return w.Try(ctx, func(context.Context) error { return errWanted })
		}, "wanted"},
	} {
		for at := range 3 {
			t.Run(fmt.Sprint(name, at), func(t *testing.T) {
				w := watch(t, -1)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				bad := &member{ctx: ctx, fn: func(ctx context.Context) error {
					require.NoError(t, put(ctx, w.DB, 9))
					return fault.fn(ctx, w, cancel)
				}}
				all := []*member{w.puts(1), w.puts(2), w.puts(3)}
				all[at] = bad
				var want []int
				for i := range all {
					if i != at {
						want = append(want, i+1)
					}
				}
				w.batch(t, all...)
				for _, m := range all {
					require.Equal(t, 1, m.runs)
					if m != bad {
						require.NoError(t, m.err)
						require.True(t, m.told)
					}
				}
				require.ErrorContains(t, bad.err, fault.want)
				require.False(t, bad.told)
				require.Equal(t, want, numbers(t, w.DB))
			})
		}
	}
}

// What is interrupted in the middle may be undone to its BEGIN.
func TestCancelledStatementsAreNotInterrupted(t *testing.T) {
	w := watch(t, 0)
	ctx, cancel := context.WithCancel(context.Background())
	long := &member{ctx: ctx, fn: func(ctx context.Context) error {
		w.execs = cancel
		defer func() { w.execs = nil }()
		_, err := w.Write(ctx).ExecContext(ctx, `WITH RECURSIVE c (n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM c WHERE n < 20000)
			INSERT INTO trial SELECT n FROM c`)
		require.NoError(t, err)
		return nil
	}}
	all := []*member{w.puts(1), long, w.puts(3)}
	w.batch(t, all...)
	require.NoError(t, errors.Join(all[0].err, all[2].err))
	require.ErrorIs(t, long.err, context.Canceled)
	require.Equal(t, 1, all[0].runs)
	require.Equal(t, []int{1, 3}, numbers(t, w.DB))
}

// A transaction that did its part is not asked again whether it still may.
func TestCancelledWhileOthersRun(t *testing.T) {
	w := watch(t, 0)
	ctx, cancel := context.WithCancel(context.Background())
	first := w.puts(1)
	first.ctx = ctx
	second := &member{fn: func(ctx context.Context) error {
		cancel()
		return put(ctx, w.DB, 2)
	}}
	w.batch(t, first, second, w.puts(3))
	require.NoError(t, errors.Join(first.err, second.err))
	require.Equal(t, []int{1, 2, 3}, numbers(t, w.DB))
	require.EqualValues(t, 1, w.commits.Load())
}

func TestWhoGivesUpWaitingHarmsNoOther(t *testing.T) {
	w := watch(t, 0)
	ctx, cancel := context.WithCancel(context.Background())
	never := &member{ctx: ctx, fn: func(context.Context) error { panic("its turn never comes") }}
	ended := make(chan bool)
	first := w.puts(1)
	first.fn = func(ctx context.Context) error {
		go func() { never.run(w); close(ended) }()
		testkit.Eventually(t, "waiting", func(context.Context) bool { return w.Waiting() == 2 })
		cancel()
		<-ended
		require.Equal(t, 1, w.Waiting())
		return put(ctx, w.DB, 1)
	}
	second := w.puts(2)
	w.batch(t, first, second)
	require.NoError(t, errors.Join(first.err, second.err))
	require.ErrorIs(t, never.err, context.Canceled)
	require.Equal(t, []int{1, 2}, numbers(t, w.DB))
}

// Some errors make SQLite undo everything since BEGIN, that of others too:
// these run again.
func TestWhatAnotherUndidRunsAgain(t *testing.T) {
	const undoing = "INSERT OR ROLLBACK INTO trial VALUES (0)"
	for _, swallowed := range []bool{false, true} {
		for at := range 3 {
			t.Run(fmt.Sprint(swallowed, at), func(t *testing.T) {
				w := watch(t, 0)
				require.NoError(t, put(t.Context(), w.DB, 0))
				bad := &member{fn: func(ctx context.Context) error {
					require.NoError(t, put(ctx, w.DB, 9))
					_, err := sqlstore.Exec(ctx, w.DB, undoing)
					require.Error(t, err)
					if swallowed {
						return nil
					}
					return err
				}}
				all := []*member{w.puts(1), w.puts(2), w.puts(3), w.puts(4)}
				all[at] = bad
				want := []int{0}
				for i, m := range all {
					if m != bad {
						want = append(want, i+1)
					}
				}
				w.batch(t, all...)
				for i, m := range all {
					if m != bad {
						require.NoError(t, m.err, i)
						require.True(t, m.told, i)
					}
				}
				require.Error(t, bad.err)
				require.False(t, bad.told)
				require.Equal(t, want, numbers(t, w.DB))
			})
		}
	}
}

func TestALateConstraintFailsItsOwnTransactionAlone(t *testing.T) {
	eachShape(t, func(t *testing.T, w *watched) {
		bad := &member{fn: func(ctx context.Context) error {
			_, err := sqlstore.Exec(ctx, w.DB, "INSERT INTO child VALUES (99)")
			return err
		}}
		all := []*member{w.puts(1), bad, w.puts(3)}
		w.batch(t, all...)
		require.NoError(t, errors.Join(all[0].err, all[2].err))
		require.ErrorContains(t, bad.err, "FOREIGN KEY")
		require.EqualValues(t, 1+3, w.commits.Load(), "each runs again, alone")
		require.False(t, bad.told)
		require.Equal(t, []int{1, 3}, numbers(t, w.DB))
	})
}

// What a transaction saw of another must not be acted upon when it vanishes.
func TestAFailedCommitFailsAll(t *testing.T) {
	w := watch(t, 0)
	var heard []string
	require.NoError(t, w.Listen(t.Context(), "trial", func(payload string) { heard = append(heard, payload) }))
	last := &member{fn: func(ctx context.Context) error {
		w.broken.Store(true)
		return put(ctx, w.DB, 1)
	}}
	all := []*member{w.puts(1), w.puts(2), last}
	w.batch(t, all...)
	for _, m := range all {
		require.ErrorIs(t, m.err, errBroken)
		require.False(t, m.told)
		require.Equal(t, 1, m.runs)
		var conflict *wispwright.ConflictError
		require.False(t, errors.As(m.err, &conflict), "a conflict with what is not there")
	}
	require.Empty(t, numbers(t, w.DB))
	require.Equal(t, []string{""}, heard, "who remembers what it read forgets it")
}
