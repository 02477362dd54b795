package rolloutsql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/rollout/rolloutsql"
	"github.com/wispwright/wispwright/rollout/rollouttest"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, rolloutsql.Migrations()))
		stores, err := rolloutsql.New(db)
		require.NoError(t, err)
		rollouttest.Run(t, func(t *testing.T) rollouttest.Storage {
			_, err := sqlstore.Exec(ctx, db, "DELETE FROM rollout")
			require.NoError(t, err)
			return rollouttest.Storage{Tx: db, Stores: stores}
		})
	})
}
