package sqlstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// A member that failed by itself is told so, not what another one broke at the COMMIT.
func TestALateConstraintIsNotToldToWhoFailedBefore(t *testing.T) {
	eachShape(t, func(t *testing.T, w *watched) {
		late := &member{fn: func(ctx context.Context) error {
			_, err := sqlstore.Exec(ctx, w.DB, "INSERT INTO child VALUES (99)")
			return err
		}}
		failing := &member{fn: func(context.Context) error { return errWanted }}
		w.batch(t, late, failing)
		require.ErrorContains(t, late.err, "FOREIGN KEY")
		require.ErrorIs(t, failing.err, errWanted)
		require.Empty(t, numbers(t, w.DB))
	})
}

// A member that failed may have cached rows of the one whose COMMIT fails.
func TestWhatTheFailedSawIsForgotten(t *testing.T) {
	w := watch(t, 0)
	var heard []string
	require.NoError(t, w.Listen(t.Context(), "trial", func(payload string) { heard = append(heard, payload) }))
	failing := &member{fn: func(context.Context) error {
		w.broken.Store(true)
		return errWanted
	}}
	first := w.puts(1)
	w.batch(t, first, failing)
	require.ErrorIs(t, first.err, errBroken)
	require.ErrorIs(t, failing.err, errBroken)
	require.Equal(t, []string{""}, heard)
}

// What is undone together may not come again: a cache that saw it forgets it.
func TestWhatIsUndoneTogetherIsForgotten(t *testing.T) {
	w := watch(t, 0)
	var heard []string
	require.NoError(t, w.Listen(t.Context(), "trial", func(payload string) { heard = append(heard, payload) }))
	require.NoError(t, put(t.Context(), w.DB, 0))
	undoing := &member{fn: func(ctx context.Context) error {
		_, err := sqlstore.Exec(ctx, w.DB, "INSERT OR ROLLBACK INTO trial VALUES (0)")
		return err
	}}
	first := w.puts(1)
	w.batch(t, first, undoing)
	require.NoError(t, first.err)
	require.Error(t, undoing.err)
	require.Equal(t, []string{""}, heard)
}

// A refusal that rests on what another one wrote, and that undid it, is no answer.
func TestARefusalThatUndidItsReasonIsNoAnswer(t *testing.T) {
	w := watch(t, 0)
	ctx, cancel := context.WithCancel(context.Background())
	first := w.puts(1)
	first.ctx = ctx
	second := &member{fn: func(ctx context.Context) error {
		cancel()
		_, err := sqlstore.Exec(ctx, w.DB, "INSERT OR ROLLBACK INTO trial VALUES (1)")
		return err
	}}
	w.batch(t, first, second)
	require.ErrorIs(t, first.err, context.Canceled)
	require.NoError(t, second.err, "there is no other any more")
	require.Equal(t, []int{1}, numbers(t, w.DB))
}

// A disk that is full in the middle undoes everything since BEGIN.
func TestAFullDiskFailsWhoFilledItAlone(t *testing.T) {
	for at := range 3 {
		w := watch(t, -1)
		_, err := w.SQL().Exec("CREATE TABLE big (b BLOB)")
		require.NoError(t, err)
		full := &member{fn: func(ctx context.Context) error {
			_, err := sqlstore.Exec(ctx, w.DB, "INSERT INTO big VALUES (zeroblob(10000000))")
			return err
		}}
		_, err = w.SQL().Exec("PRAGMA max_page_count = 100")
		require.NoError(t, err)
		all := []*member{w.puts(1), w.puts(2), w.puts(3), w.puts(4)}
		all[at] = full
		w.batch(t, all...)
		var want []int
		for i, m := range all {
			if m == full {
				require.ErrorContains(t, m.err, "full")
				continue
			}
			require.NoError(t, m.err, i)
			want = append(want, i+1)
		}
		require.Equal(t, want, numbers(t, w.DB))
	}
}

// A deadline inside that ends a statement in the middle ends its own
// transaction only.
func TestADeadlineInsideHarmsNoOther(t *testing.T) {
	w := watch(t, 0)
	long := &member{fn: func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		w.execs = cancel
		defer func() { w.execs = nil }()
		_, err := w.Write(ctx).ExecContext(ctx, `WITH RECURSIVE c (n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM c WHERE n < 20000)
			INSERT INTO trial SELECT n FROM c`)
		return errors.Join(err, ctx.Err())
	}}
	all := []*member{w.puts(1), long, w.puts(3)}
	w.batch(t, all...)
	require.NoError(t, errors.Join(all[0].err, all[2].err))
	require.ErrorIs(t, long.err, context.Canceled)
	require.Equal(t, []int{1, 3}, numbers(t, w.DB))
}

// What is written after the database undid everything would be kept at once.
func TestNothingIsWrittenAfterTheEnd(t *testing.T) {
	eachShape(t, func(t *testing.T, w *watched) {
		require.NoError(t, put(t.Context(), w.DB, 0))
		err := w.InTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, put(ctx, w.DB, 1))
			require.Error(t, w.Try(ctx, func(ctx context.Context) error {
				_, err := sqlstore.Exec(ctx, w.DB, "INSERT OR ROLLBACK INTO trial VALUES (0)")
				return err
			}))
			return put(ctx, w.DB, 2) // which expects that the part was undone
		})
		require.Error(t, err)
		require.Equal(t, []int{0}, numbers(t, w.DB))
	})
}

// Nor after an error that was swallowed.
func TestNothingIsWrittenAfterAFullDisk(t *testing.T) {
	w := watch(t, -1)
	_, err := w.SQL().Exec("CREATE TABLE big (b BLOB)")
	require.NoError(t, err)
	_, err = w.SQL().Exec("PRAGMA max_page_count = 100")
	require.NoError(t, err)
	swallowing := &member{fn: func(ctx context.Context) error {
		_, err := sqlstore.Exec(ctx, w.DB, "INSERT INTO big VALUES (zeroblob(10000000))")
		require.ErrorIs(t, err, wispwright.ErrUnavailable)
		_ = put(ctx, w.DB, 2) // which is not told
		return nil
	}}
	all := []*member{w.puts(1), swallowing, w.puts(3)}
	w.batch(t, all...)
	require.NoError(t, errors.Join(all[0].err, all[2].err))
	require.ErrorIs(t, swallowing.err, wispwright.ErrUnavailable)
	require.Equal(t, []int{1, 3}, numbers(t, w.DB))
}
