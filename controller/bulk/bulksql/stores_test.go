package bulksql_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/bulk"
	"github.com/wispwright/wispwright/controller/bulk/bulksql"
	"github.com/wispwright/wispwright/controller/bulk/bulktest"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/entity"
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

// tenants are organizations that are all there.
type tenants struct{}

func (tenants) Tenant(_ context.Context, id wispwright.ID) (*entity.Tenant, error) {
	return &entity.Tenant{ID: id, Name: "org", IsActive: true}, nil
}

func TestService(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		bulktest.RunService(t, func(t *testing.T) bulktest.Concern { return concern(t, db) })
	})
}

// TestFilesOfFaultyRows runs a large file, with WISPWRIGHT_SOAK=1 the largest there may
// be, all of it faulty.
func TestFilesOfFaultyRows(t *testing.T) {
	rows := 4000
	if os.Getenv("WISPWRIGHT_SOAK") != "" {
		rows = bulk.Mostly
	}
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) { bulktest.RunFaultyFile(t, concern(t, db), rows) })
}

func concern(t *testing.T, db *sqlstore.DB) bulktest.Concern {
	t.Helper()
	require.NoError(t, db.Migrate(t.Context(), controllersql.Migrations()))
	require.NoError(t, db.Migrate(t.Context(), bulksql.Migrations()))
	for _, table := range []string{"controller_bulk_task", "controller_device", "controller_template", "controller_group"} {
		_, err := sqlstore.Exec(t.Context(), db, "DELETE FROM "+table)
		require.NoError(t, err)
	}
	stores, err := bulksql.New(db)
	require.NoError(t, err)
	kept, err := controllersql.New(db)
	require.NoError(t, err)
	c, err := controller.New(db, kept, render.New(nil), tenants{}, nil)
	require.NoError(t, err)
	return bulktest.Concern{Storage: bulktest.Storage{Tx: db, Stores: stores}, Controller: c}
}
