package radiussql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius/radiussql"
	"github.com/wispwright/wispwright/radius/radiustest"
)

// emptied returns the stores of a database without rows.
func emptied(t *testing.T, db *sqlstore.DB) radiustest.Harness {
	ctx := context.Background()
	require.NoError(t, db.Migrate(ctx, radiussql.Migrations()))
	stores, err := radiussql.New(db)
	require.NoError(t, err)
	return func(t *testing.T) radiustest.Storage {
		for _, table := range []string{"radacct", "radpostauth", "radgroupcheck", "radgroupreply", "radusergroup", "radius_group", "radcheck", "radreply", "nas", "radiustoken",
			"radius_registration", "radius_settings"} {
			_, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table)
			require.NoError(t, err)
		}
		return radiustest.Storage{Tx: db, Stores: stores}
	}
}

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) { radiustest.Run(t, emptied(t, db)) })
}

func TestEnrolmentStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), radiussql.Migrations()))
		stores, err := radiussql.NewEnrolment(db)
		require.NoError(t, err)
		radiustest.RunEnrolment(t, func(t *testing.T) radiustest.Enrolment {
			for _, table := range []string{"radius_batch_user", "radius_batch_paper", "radius_batch", "radius_code"} {
				_, err := sqlstore.Exec(t.Context(), db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return radiustest.Enrolment{Tx: db, Stores: stores}
		})
	})
}
