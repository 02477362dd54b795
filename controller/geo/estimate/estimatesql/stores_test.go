package estimatesql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/geo/estimate/estimatesql"
	"github.com/wispwright/wispwright/controller/geo/estimate/estimatetest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), estimatesql.Migrations()))
		estimatetest.Run(t, func(t *testing.T) estimatetest.Storage {
			for _, table := range []string{"geo_estimate_choice", "geo_estimate_note"} {
				_, err := sqlstore.Exec(t.Context(), db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			stores, err := estimatesql.New(db)
			require.NoError(t, err)
			return estimatetest.Storage{Tx: db, Stores: stores}
		})
	})
}
