package removalsql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy/removal/removalsql"
	"github.com/wispwright/wispwright/tenancy/removal/removaltest"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), tenancysql.Migrations()))
		require.NoError(t, db.Migrate(t.Context(), removalsql.Migrations()))
		removaltest.Run(t, func(t *testing.T) removaltest.Storage {
			for _, table := range []string{"tenancy_removal", "tenancy_organization", "tenancy_event"} {
				_, err := sqlstore.Exec(t.Context(), db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			s, err := removalsql.New(db)
			require.NoError(t, err)
			ten, err := tenancysql.New(db)
			require.NoError(t, err)
			return removaltest.Storage{Tx: db, Store: s, Tenancy: ten}
		})
	})
}
