package notificationssql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications/notificationssql"
	"github.com/wispwright/wispwright/notifications/notificationstest"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, notificationssql.Migrations()))
		stores, err := notificationssql.New(db)
		require.NoError(t, err)
		notificationstest.Run(t, func(t *testing.T) notificationstest.Storage {
			for _, table := range []string{"notification", "notification_choice", "notification_silence", "notification_mail_state"} {
				_, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return notificationstest.Storage{Tx: db, Stores: stores}
		})
	})
}
