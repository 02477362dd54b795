package ipamsql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/ipam/ipamsql"
	"github.com/wispwright/wispwright/ipam/ipamtest"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, ipamsql.Migrations()))
		stores, err := ipamsql.New(db)
		require.NoError(t, err)
		ipamtest.Run(t, func(t *testing.T) ipamtest.Storage {
			for _, table := range []string{"ipam_hole", "ipam_address", "ipam_subnet"} {
				_, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return ipamtest.Storage{Tx: db, Stores: stores}
		})
	})
}
