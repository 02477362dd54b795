// Package storetest checks that a storage keeps the contract of
// wispwright.KeyedRepo and wispwright.Transactor. Any storage must pass; a
// storage that loses an update, ignores the scope, the order or the letter case
// does not, which the package's own test proves.
package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

// Sample tells the suite about one entity.
type Sample[K comparable, T, F any] struct {
	// Tx is the transactor the repository belongs to.
	Tx wispwright.Transactor
	// New makes the n-th object, different from all others, in one of two
	// organizations (0 or 1) when the entity has one.
	New func(n, organization int) *T
	// Key returns the object's key.
	Key func(*T) K
	// Mutate changes something that is no key. Called on its own outcome again
	// and again it never makes the same object twice.
	Mutate func(*T)
	// Missing is a key nothing has.
	Missing K
	// Organizations are the two organizations; empty when the entity has none.
	Organizations []wispwright.ID
	// Uniques makes, by the name of the rule, a second object that breaks only
	// that rule when the first is stored.
	Uniques map[string]func(first *T) *T
	// Filters are filters with the test of what they select.
	Filters map[string]Filter[T, F]
	// Orders are the Go names of fields that lists are sorted by. The objects
	// of New must differ in them. NULL comes before everything else, texts are
	// in the order of their bytes, addresses and numbers in that of their values.
	Orders []string
	// Search is how a text is searched for, without regard to letter case.
	// Default: the entity has no such filter, and the part is left out.
	Search *Search[T, F]
	// Orphan makes an object like New, whose parent does not exist. Default: the
	// entity has no parent in its own storage.
	Orphan func(n int) *T
}

// Search is how a text is searched for.
type Search[T, F any] struct {
	// Put writes a text into a field that is looked through.
	Put func(object *T, text string)
	// Filter finds a text.
	Filter func(text string) F
}

// Filter is one filter and what it must select.
type Filter[T, F any] struct {
	// Filter is handed to List.
	Filter F
	// Selects tells whether an object belongs to the list.
	Selects func(*T) bool
}

var errWanted = errors.New("wanted")

// RunRepo runs the suite on an empty repository.
func RunRepo[K comparable, T, F any](t *testing.T, repo wispwright.KeyedRepo[K, T, F], s Sample[K, T, F]) {
	t.Helper()
	ctx := context.Background()
	all := wispwright.ScopeAll()
	var objects []*T
	for n := range 6 {
		o := s.New(n, n%2)
		require.NoError(t, repo.Insert(ctx, o))
		objects = append(objects, o)
	}
	first := objects[0]
	get := func(k K) *T {
		o, err := repo.Get(ctx, all, k)
		require.NoError(t, err)
		return o
	}
	count := func(scope wispwright.Scope) int {
		var zero F
		items, err := repo.List(ctx, scope, zero, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, items.Rows, items.Total)
		return items.Total
	}

	t.Run("what was inserted is read back", func(t *testing.T) {
		for _, o := range objects {
			require.Equal(t, o, get(s.Key(o)))
		}
		_, err := repo.Get(ctx, all, s.Missing)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	})
	t.Run("objects belong to the receiver", func(t *testing.T) {
		s.Mutate(get(s.Key(first)))
		require.Equal(t, first, get(s.Key(first)))
	})
	t.Run("update stores the outcome or nothing", func(t *testing.T) {
		after, err := repo.Update(ctx, all, s.Key(first), func(o *T) error { s.Mutate(o); return nil })
		require.NoError(t, err)
		require.NotEqual(t, first, after)
		require.Equal(t, after, get(s.Key(first)))
		_, err = repo.Update(ctx, all, s.Key(first), func(o *T) error { s.Mutate(o); return errWanted })
		require.ErrorIs(t, err, errWanted)
		require.Equal(t, after, get(s.Key(first)))
		_, err = repo.Update(ctx, all, s.Missing, func(*T) error { return nil })
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	})
	t.Run("pages are parts of one order", func(t *testing.T) {
		var zero F
		whole, err := repo.List(ctx, all, zero, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, whole.Rows, len(objects))
		for i := range whole.Rows {
			part, err := repo.List(ctx, all, zero, wispwright.Page{Offset: i, Limit: 1})
			require.NoError(t, err)
			require.Equal(t, len(objects), part.Total)
			require.Equal(t, whole.Rows[i:i+1], part.Rows)
		}
		beyond, err := repo.List(ctx, all, zero, wispwright.Page{Offset: 100, Limit: 10})
		require.NoError(t, err)
		require.Empty(t, beyond.Rows)
	})
	t.Run("filters", func(t *testing.T) {
		for name, f := range s.Filters {
			items, err := repo.List(ctx, all, f.Filter, wispwright.Page{})
			require.NoError(t, err, name)
			want := 0
			for _, o := range objects {
				if f.Selects(get(s.Key(o))) {
					want++
				}
			}
			require.Len(t, items.Rows, want, name)
			for _, o := range items.Rows {
				require.True(t, f.Selects(o), name)
			}
		}
	})
	if len(s.Organizations) == 2 {
		runScopes(t, repo, s, objects, count)
	}
	for name, second := range s.Uniques {
		t.Run("unique "+name, func(t *testing.T) {
			err := repo.Insert(ctx, second(get(s.Key(first))))
			var conflict *wispwright.ConflictError
			require.ErrorAs(t, err, &conflict)
			require.Equal(t, name, conflict.Unique)
			require.Equal(t, len(objects), count(all))
		})
	}
	t.Run("order", func(t *testing.T) { runOrders(t, repo, s) })
	if s.Search != nil {
		t.Run("letter case", func(t *testing.T) { runSearch(t, repo, s, count) })
	}
	if s.Orphan != nil {
		t.Run("unknown parent", func(t *testing.T) {
			var missing *wispwright.MissingError
			require.ErrorAs(t, repo.Insert(ctx, s.Orphan(300)), &missing)
			require.Equal(t, len(objects), count(all))
		})
	}
	t.Run("transactions", func(t *testing.T) { RunTransactions(t, repo, s) })
	t.Run("writers wait for each other", func(t *testing.T) { runConcurrency(t, repo, s, s.Key(first)) })
	t.Run("delete", func(t *testing.T) {
		for i, o := range objects {
			require.NoError(t, repo.Delete(ctx, all, s.Key(o)))
			require.Equal(t, len(objects)-1-i, count(all))
			require.ErrorIs(t, repo.Delete(ctx, all, s.Key(o)), wispwright.ErrNotFound)
		}
	})
}

func runScopes[K comparable, T, F any](t *testing.T, repo wispwright.KeyedRepo[K, T, F], s Sample[K, T, F], objects []*T, count func(wispwright.Scope) int) {
	ctx := context.Background()
	t.Run("scopes", func(t *testing.T) {
		one, other := objects[0], objects[1]
		scope := wispwright.ScopeOf(s.Organizations[0])
		require.Equal(t, len(objects)/2, count(scope))
		require.Zero(t, count(wispwright.Scope{}))
		require.Equal(t, len(objects), count(wispwright.ScopeOf(s.Organizations...)))
		_, err := repo.Get(ctx, scope, s.Key(one))
		require.NoError(t, err)
		_, err = repo.Get(ctx, scope, s.Key(other))
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		_, err = repo.Update(ctx, scope, s.Key(other), func(o *T) error { s.Mutate(o); return nil })
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		require.ErrorIs(t, repo.Delete(ctx, scope, s.Key(other)), wispwright.ErrNotFound)
		got, err := repo.Get(ctx, wispwright.ScopeAll(), s.Key(other))
		require.NoError(t, err)
		require.Equal(t, other, got)
	})
}

// RunTransactions is the part of RunRepo about what a repository and a
// Transactor of one storage promise together: all or nothing, a failure that
// cannot be swallowed, and what runs after the commit. It leaves the repository as it
// was; of the sample it needs Tx, New and Key.
func RunTransactions[K comparable, T, F any](t *testing.T, repo wispwright.KeyedRepo[K, T, F], s Sample[K, T, F]) {
	ctx := context.Background()
	count := func(scope wispwright.Scope) int {
		t.Helper()
		var none F
		page, err := repo.List(ctx, scope, none, wispwright.Page{})
		require.NoError(t, err)
		return page.Total
	}
	before := count(wispwright.ScopeAll())
	committed := 0
	err := s.Tx.InTx(ctx, func(ctx context.Context) error {
		require.NoError(t, repo.Insert(ctx, s.New(100, 0)))
		wispwright.AfterCommit(ctx, func() { committed++ })
		return errWanted
	})
	require.ErrorIs(t, err, errWanted)
	require.Equal(t, before, count(wispwright.ScopeAll()), "a failed transaction leaves nothing")
	require.Zero(t, committed)

	err = s.Tx.InTx(ctx, func(ctx context.Context) error {
		require.NoError(t, repo.Insert(ctx, s.New(101, 0)))
		_ = s.Tx.InTx(ctx, func(context.Context) error { return errWanted }) // swallowed on purpose
		return nil
	})
	require.ErrorIs(t, err, errWanted, "a joined call that failed cannot be swallowed")
	require.Equal(t, before, count(wispwright.ScopeAll()))

	extra := s.New(102, 0)
	var kept context.Context
	require.NoError(t, s.Tx.InTx(ctx, func(ctx context.Context) error {
		kept = ctx
		wispwright.AfterCommit(ctx, func() {
			committed++
			_, err := repo.Get(ctx, wispwright.ScopeAll(), s.Key(extra))
			require.NoError(t, err, "what was committed is seen, with the old context too")
		})
		return repo.Insert(ctx, extra)
	}))
	require.Equal(t, 1, committed)
	require.NoError(t, repo.Delete(kept, wispwright.ScopeAll(), s.Key(extra)), "a finished transaction's context falls back to the pool")
	require.Equal(t, before, count(wispwright.ScopeAll()))
}
