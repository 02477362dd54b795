package bulksql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/bulk/bulksql"
	"github.com/wispwright/wispwright/controller/bulk/bulktest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), bulksql.Migrations()))
		stores, err := bulksql.New(db)
		require.NoError(t, err)
		bulktest.Run(t, func(t *testing.T) bulktest.Storage {
			_, err := sqlstore.Exec(t.Context(), db, "DELETE FROM controller_bulk_task")
			require.NoError(t, err)
			return bulktest.Storage{Tx: db, Stores: stores}
		})
	})
}
