package monitoringsql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/monitoringsql"
	"github.com/wispwright/wispwright/monitoring/monitoringtest"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, monitoringsql.Migrations()))
		stores, err := monitoringsql.New(db)
		require.NoError(t, err)
		monitoringtest.Run(t, func(t *testing.T) monitoringtest.Storage {
			for _, table := range []string{"monitoring_wifi_session", "monitoring_wifi_client", "monitoring_chart", "monitoring_metric"} {
				_, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return monitoringtest.Storage{Tx: db, Stores: stores}
		})
	})
}
