package sqlstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// What subscribers do within a transaction is stored with it, once for all that
// was published, and undone with it.
func TestWithinTheTransaction(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		_, err := db.SQL().Exec("CREATE TABLE told (n BIGINT NOT NULL, calls BIGINT NOT NULL)")
		require.NoError(t, err)
		var topic, further event.Topic[int]
		calls, after := 0, 0
		refused := errors.New("refused")
		topic.Within("store", func(ctx context.Context, events ...int) error {
			calls++
			for _, n := range events {
				if n < 0 {
					return refused
				}
				if _, err := sqlstore.Exec(ctx, db, "INSERT INTO told (n, calls) VALUES (?, ?)", n, calls); err != nil {
					return err
				}
			}
			further.Publish(ctx, events...)
			return nil
		})
		topic.Subscribe("after", func(_ context.Context, events ...int) { after += len(events) })
		further.Within("again", func(ctx context.Context, events ...int) error {
			_, err := sqlstore.Exec(ctx, db, "INSERT INTO told (n, calls) VALUES (?, 0)", 100*len(events))
			return err
		})
		told := func() []int64 {
			t.Helper()
			list, err := sqlstore.Select[int64](ctx, db, "SELECT n FROM told ORDER BY n")
			require.NoError(t, err)
			_, err = sqlstore.Exec(ctx, db, "DELETE FROM told")
			require.NoError(t, err)
			return list
		}
		require.NoError(t, db.InTx(ctx, func(ctx context.Context) error {
			topic.Publish(ctx, 1, 2)
			require.Zero(t, calls, "not before the end")
			return db.InTx(ctx, func(ctx context.Context) error {
				topic.Publish(ctx, 3)
				return nil
			})
		}))
		require.Equal(t, []int64{1, 2, 3, 300}, told(), "and what follows from that")
		require.Equal(t, 1, calls)
		require.Equal(t, 3, after)

		// undone with the transaction, or by it
		require.ErrorIs(t, db.InTx(ctx, func(ctx context.Context) error { topic.Publish(ctx, 1); return refused }), refused)
		require.Empty(t, told())
		require.ErrorIs(t, db.InTx(ctx, func(ctx context.Context) error {
			_, err := sqlstore.Exec(ctx, db, "INSERT INTO told (n, calls) VALUES (7, 0)")
			topic.Publish(ctx, 1, -1)
			return err
		}), refused)
		require.Empty(t, told())
		require.Equal(t, 3, after, "what was undone is told to nobody")

		// a part of it that is undone takes along what was published there
		require.NoError(t, db.InTx(ctx, func(ctx context.Context) error {
			topic.Publish(ctx, 1)
			require.ErrorIs(t, db.Try(ctx, func(ctx context.Context) error { topic.Publish(ctx, 2); return refused }), refused)
			topic.Publish(ctx, 3)
			return nil
		}))
		require.Equal(t, []int64{1, 3, 200}, told())

		topic.Publish(ctx, 4) // outside of a transaction at once
		require.Equal(t, []int64{4, 100}, told())
	})
}
