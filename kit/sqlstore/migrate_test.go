package sqlstore_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// Nodes of one schema migrate one after the other, those of others are not
// held up: here by a step that waits for a lock of the test's.
func TestSchemasMigrateIndependently(t *testing.T) {
	address := testkit.PostgresURL(t)
	open := func() *sqlstore.DB {
		db, err := sqlstore.Open(t.Context(), address, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	}
	steps := sqlstore.Migrations{Concern: "trial", FS: fstest.MapFS{"pg/00001_a.sql": {Data: []byte(
		"-- +goose Up\nSELECT pg_advisory_xact_lock(hashtext(current_schema()));\nCREATE TABLE trial (n INTEGER PRIMARY KEY);")}}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	nodes := []*sqlstore.DB{open(), open()}
	done := make(chan error, len(nodes))
	require.NoError(t, nodes[0].InTx(ctx, func(inTx context.Context) error {
		if _, err := sqlstore.Exec(inTx, nodes[0], "SELECT pg_advisory_xact_lock(hashtext(current_schema()))"); err != nil {
			return err
		}
		for _, db := range nodes {
			go func() { done <- db.Migrate(ctx, steps) }()
		}
		testkit.Eventually(t, "a step that waits", func(ctx context.Context) bool {
			n, err := sqlstore.Get[int](ctx, nodes[0], "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = hashtext(current_schema())::bigint & 4294967295")
			require.NoError(t, err)
			return n > 0
		})
		other := testkit.Postgres(t)
		require.NoError(t, other.Migrate(ctx, steps))
		require.Empty(t, numbers(t, other))
		return nil
	}))
	for range nodes {
		require.NoError(t, <-done)
	}
	require.Empty(t, numbers(t, nodes[1]))
}
