package vpnsql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/vpn/vpnsql"
	"github.com/wispwright/wispwright/controller/vpn/vpntest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, vpnsql.Migrations()))
		stores, err := vpnsql.New(db)
		require.NoError(t, err)
		vpntest.Run(t, func(t *testing.T) vpntest.Storage {
			for _, table := range []string{"vpn_client", "vpn_server", "vpn_departure"} {
				_, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return vpntest.Storage{Tx: db, Stores: stores}
		})
	})
}
