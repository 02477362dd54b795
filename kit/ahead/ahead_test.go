package ahead_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/ahead"
	"github.com/wispwright/wispwright/kit/memstore"
)

// forge counts what it makes, and where.
type forge struct {
	made, inside atomic.Int64
	tx           atomic.Bool
	broken       error
}

func (f *forge) one() (int64, error) {
	if f.tx.Load() {
		f.inside.Add(1)
	}
	return f.made.Add(1), f.broken
}

// watched tells a forge when a transaction is going on.
type watched struct {
	tx wispwright.Transactor
	f  *forge
	n  int
}

func (w *watched) InTx(ctx context.Context, fn func(context.Context) error) error {
	return w.tx.InTx(ctx, func(ctx context.Context) error {
		if w.f.tx.CompareAndSwap(false, true) {
			w.n++
			defer w.f.tx.Store(false)
		}
		return fn(ctx)
	})
}

func newWatched() (*watched, *forge) {
	f := &forge{}
	return &watched{tx: memstore.New(), f: f}, f
}

func TestNothingIsMadeInsideATransaction(t *testing.T) {
	w, f := newWatched()
	tx := ahead.Over(w)
	require.Equal(t, tx, ahead.Over(tx), "not twice")
	var got []int64
	require.NoError(t, tx.InTx(t.Context(), func(ctx context.Context) error {
		got = nil
		for _, key := range []string{"a", "b"} {
			ctx := ahead.Several(ctx, 5)
			for range 5 {
				one, err := ahead.Take(ctx, key, f.one)
				if err != nil {
					return fmt.Errorf("wrapped: %w", err)
				}
				got = append(got, one)
			}
		}
		// one that joins has the same
		return tx.InTx(ctx, func(ctx context.Context) error {
			one, err := ahead.Take(ctx, "a", f.one)
			got = append(got, one)
			return err
		})
	}))
	require.Len(t, got, 11)
	seen := map[int64]bool{}
	for _, one := range got {
		require.False(t, seen[one], "nobody gets what another has")
		seen[one] = true
	}
	require.EqualValues(t, 11, f.made.Load(), "no more than is needed")
	require.Zero(t, f.inside.Load())
	require.Equal(t, 4, w.n, "once for each thing that was missing, and once more")
}

func TestWhereNothingCanBeMadeAhead(t *testing.T) {
	w, f := newWatched()
	one, err := ahead.Take(t.Context(), "a", f.one)
	require.NoError(t, err)
	require.EqualValues(t, 1, one)
	require.NoError(t, w.InTx(t.Context(), func(ctx context.Context) error { // somebody else's transaction
		return ahead.Over(w).InTx(ctx, func(ctx context.Context) error {
			_, err := ahead.Take(ctx, "a", f.one)
			return err
		})
	}))
	require.EqualValues(t, 1, f.inside.Load())

	// after the commit there is nothing to be undone
	var kept context.Context
	require.NoError(t, ahead.Over(w).InTx(t.Context(), func(ctx context.Context) error {
		kept = ctx
		wispwright.AfterCommit(ctx, func() {
			_, err := ahead.Take(ctx, "a", f.one)
			require.NoError(t, err)
		})
		return nil
	}))
	_, err = ahead.Take(context.WithoutCancel(kept), "a", f.one)
	require.NoError(t, err)
}

func TestATransactionThatIsNeverSatisfied(t *testing.T) {
	w, f := newWatched()
	rounds := 0
	require.NoError(t, ahead.Over(w).InTx(t.Context(), func(ctx context.Context) error {
		rounds++
		_, err := ahead.Take(ctx, fmt.Sprint(rounds), f.one) // another thing each time
		return err
	}))
	require.EqualValues(t, 1, f.inside.Load(), "the last one is made inside")
	require.Greater(t, rounds, 10)
}

func TestWhatCannotBeMade(t *testing.T) {
	w, f := newWatched()
	f.broken = errors.New("no entropy")
	err := ahead.Over(w).InTx(t.Context(), func(ctx context.Context) error {
		_, err := ahead.Take(ctx, "a", f.one)
		return err
	})
	require.ErrorIs(t, err, f.broken)
	ctx, cancel := context.WithCancel(t.Context())
	err = ahead.Over(w).InTx(ctx, func(ctx context.Context) error {
		cancel()
		_, err := ahead.Take(ctx, "b", f.one)
		return err
	})
	require.ErrorIs(t, err, context.Canceled)
	require.EqualValues(t, 1, f.made.Load())
}
