package healthsql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/health/healthsql"
	"github.com/wispwright/wispwright/monitoring/health/healthtest"
	"github.com/wispwright/wispwright/monitoring/monitoringsql"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, monitoringsql.Migrations()))
		require.NoError(t, db.Migrate(ctx, healthsql.Migrations()))
		metrics, err := monitoringsql.New(db)
		require.NoError(t, err)
		stores, err := healthsql.New(db, metrics.Metrics)
		require.NoError(t, err)
		healthtest.Run(t, func(t *testing.T) healthtest.Storage {
			for _, table := range []string{"monitoring_metric", "monitoring_alertdefault", "monitoring_devicemonitoring", "monitoring_incident", "monitoring_maintenance", "monitoring_statuspage"} {
				_, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return healthtest.Storage{Tx: db, Metrics: metrics.Metrics, Stores: stores}
		})
	})
}
