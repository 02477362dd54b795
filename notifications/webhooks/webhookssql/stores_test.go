package webhookssql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications/webhooks/webhookssql"
	"github.com/wispwright/wispwright/notifications/webhooks/webhookstest"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, webhookssql.Migrations()))
		stores, err := webhookssql.New(db)
		require.NoError(t, err)
		webhookstest.Run(t, func(t *testing.T) webhookstest.Storage {
			for _, table := range []string{"webhook", "webhook_delivery"} {
				_, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return webhookstest.Storage{Tx: db, Stores: stores}
		})
	})
}
