package sqlstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// channels of a database are shared by its schemas, so tests take their own
func channel() string {
	return "test_" + strings.ReplaceAll(wispwright.NewID().String(), "-", "")
}

func TestNotificationsFollowTheCommit(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx, name := t.Context(), channel()
		got := make(chan string, 10)
		require.NoError(t, db.Listen(ctx, name, func(p string) { got <- p }))
		refused := errors.New("refused")
		require.ErrorIs(t, db.InTx(ctx, func(ctx context.Context) error {
			require.NoError(t, db.Notify(ctx, name, "rolled back"))
			return refused
		}), refused)
		require.NoError(t, db.InTx(ctx, func(ctx context.Context) error {
			require.NoError(t, db.Notify(ctx, name, "one"))
			return db.Notify(ctx, name, "two")
		}))
		require.Equal(t, "one", <-got)
		require.Equal(t, "two", <-got)
		require.Empty(t, got)
	})
}

func TestSeveralListenersOfOneChannel(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		name, other := channel(), channel()
		first, second, third := make(chan string, 4), make(chan string, 4), make(chan string, 4)
		ctx, cancel := context.WithCancel(t.Context())
		require.NoError(t, db.Listen(ctx, name, func(p string) { first <- p }))
		require.NoError(t, db.Listen(t.Context(), name, func(p string) { second <- p }))
		require.NoError(t, db.Listen(t.Context(), other, func(p string) { third <- p }))
		require.NoError(t, db.Notify(t.Context(), name, "a"))
		require.Equal(t, "a", <-first)
		require.Equal(t, "a", <-second)
		cancel()
		require.NoError(t, db.Notify(t.Context(), name, "b"))
		require.Equal(t, "b", <-second)
		require.Empty(t, first, "its context is over")
		require.NoError(t, db.Notify(t.Context(), other, "c"))
		require.Equal(t, "c", <-third)
		require.Empty(t, second)
	})
}
