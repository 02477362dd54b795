package firmwaresql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/firmware/firmwaresql"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, firmwaresql.Migrations()))
		stores, err := firmwaresql.New(db)
		require.NoError(t, err)
		firmwaretest.Run(t, func(t *testing.T) firmwaretest.Storage {
			for _, table := range []string{"operation", "batch", "device", "upload", "image", "build", "category"} {
				_, err := sqlstore.Exec(ctx, db, "DELETE FROM firmware_"+table)
				require.NoError(t, err)
			}
			return firmwaretest.Storage{Tx: db, Stores: stores}
		})
	})
}
