package connectionsql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/connection/connectionsql"
	"github.com/wispwright/wispwright/controller/connection/connectiontest"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		for _, m := range []sqlstore.Migrations{tenancysql.Migrations(), controllersql.Migrations(), connectionsql.Migrations()} {
			require.NoError(t, db.Migrate(ctx, m))
		}
		stores, err := connectionsql.New(db)
		require.NoError(t, err)
		channels, err := connectionsql.NewChannels(db)
		require.NoError(t, err)
		terminals, err := connectionsql.NewTerminals(db)
		require.NoError(t, err)
		ctl, err := controllersql.New(db)
		require.NoError(t, err)
		connectiontest.Run(t, func(t *testing.T) connectiontest.Storage {
			for _, table := range []string{"connection_terminal_part", "connection_terminal", "connection_channel", "connection_push", "connection_command", "connection_batch", "connection_device", "connection_credentials", "controller_device"} {
				_, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return connectiontest.Storage{Tx: db, Stores: stores, Devices: ctl.Devices, Channels: channels, Terminals: terminals}
		})
	})
}
