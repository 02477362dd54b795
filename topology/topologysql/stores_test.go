package topologysql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/topology/topologysql"
	"github.com/wispwright/wispwright/topology/topologytest"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, topologysql.Migrations()))
		stores, err := topologysql.New(db)
		require.NoError(t, err)
		topologytest.Run(t, func(t *testing.T) topologytest.Storage {
			for _, table := range []string{"topology_moment", "topology_snapshot", "topology_link", "topology_node", "topology"} {
				_, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return topologytest.Storage{Tx: db, Stores: stores}
		})
	})
}
