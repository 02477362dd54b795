package portalsql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius/portal/portalsql"
	"github.com/wispwright/wispwright/radius/portal/portaltest"
	"github.com/wispwright/wispwright/radius/radiussql"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), radiussql.Migrations()))
		require.NoError(t, db.Migrate(t.Context(), portalsql.Migrations()))
		stores, err := portalsql.New(db)
		require.NoError(t, err)
		portaltest.Run(t, func(t *testing.T) portaltest.Storage {
			for _, table := range []string{"radius_portal_settings", "radius_portal_guest", "radius_portal_device", "radius_portal_grace"} {
				_, err := sqlstore.Exec(t.Context(), db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return portaltest.Storage{Tx: db, Stores: stores}
		})
	})
}
