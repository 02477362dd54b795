package controllersql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/controller/controllertest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		storage := storageOn(t, db)
		controllertest.Run(t, func(t *testing.T) controllertest.Storage {
			for _, table := range []string{
				"controller_version", "controller_config_template", "controller_config", "controller_device", "controller_revision",
				"controller_template", "controller_group", "controller_settings", "controller_variable_value", "tenancy_event", "tenancy_organization",
			} {
				_, err := sqlstore.Exec(context.Background(), db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return storage
		})
	})
}

func storageOn(t testing.TB, db *sqlstore.DB) controllertest.Storage {
	t.Helper()
	ctx := context.Background()
	require.NoError(t, db.Migrate(ctx, tenancysql.Migrations()))
	require.NoError(t, db.Migrate(ctx, controllersql.Migrations()))
	tenants, err := tenancysql.New(db)
	require.NoError(t, err)
	stores, err := controllersql.New(db)
	require.NoError(t, err)
	return controllertest.Storage{Tx: db, Stores: stores, Tenancy: tenants}
}
