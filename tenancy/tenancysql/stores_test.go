package tenancysql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
	"github.com/wispwright/wispwright/tenancy/tenancytest"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, tenancysql.Migrations()))
		stores, err := tenancysql.New(db)
		require.NoError(t, err)
		tenancytest.Run(t, func(t *testing.T) (wispwright.Transactor, tenancy.Stores) {
			for _, table := range []string{"event", "token", "api_token", "second_factor", "passkey", "email", "user_permission", "user_group", "group", "owner", "membership", "user", "organization"} {
				_, err := sqlstore.Exec(ctx, db, "DELETE FROM tenancy_"+table)
				require.NoError(t, err)
			}
			return db, stores
		})
	})
}

func TestMigrationsAreDoneOnce(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		pending, err := db.Pending(ctx, tenancysql.Migrations())
		require.NoError(t, err)
		require.True(t, pending)
		require.NoError(t, db.Migrate(ctx, tenancysql.Migrations()))
		require.NoError(t, db.Migrate(ctx, tenancysql.Migrations()))
		pending, err = db.Pending(ctx, tenancysql.Migrations())
		require.NoError(t, err)
		require.False(t, pending)
	})
}
