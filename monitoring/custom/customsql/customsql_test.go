package customsql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/custom/customsql"
	"github.com/wispwright/wispwright/monitoring/custom/customtest"
)

func TestStore(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), customsql.Migrations()))
		store, err := customsql.New(db)
		require.NoError(t, err)
		customtest.Run(t, func(t *testing.T) customtest.Storage {
			_, err := sqlstore.Exec(t.Context(), db, "DELETE FROM monitoring_custommetric")
			require.NoError(t, err)
			return customtest.Storage{Tx: db, Store: store}
		})
	})
}
