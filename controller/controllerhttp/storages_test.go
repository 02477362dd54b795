package controllerhttp_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

// eachStorage runs a test over memory, SQLite and PostgreSQL.
func eachStorage(t *testing.T, options *controller.Options, test func(t *testing.T, s *server)) {
	t.Run("memory", func(t *testing.T) { test(t, newMemoryServer(t, options)) })
	t.Run("sqlite", func(t *testing.T) { test(t, newSQLServer(t, testkit.SQLite(t), options)) })
	t.Run("postgresql", func(t *testing.T) { test(t, newSQLServer(t, testkit.Postgres(t), options)) })
}

func newSQLServer(t testing.TB, db *sqlstore.DB, options *controller.Options) *server {
	t.Helper()
	ctx := context.Background()
	require.NoError(t, db.Migrate(ctx, tenancysql.Migrations()))
	require.NoError(t, db.Migrate(ctx, controllersql.Migrations()))
	tenants, err := tenancysql.New(db)
	require.NoError(t, err)
	stores, err := controllersql.New(db)
	require.NoError(t, err)
	return newServer(t, db, tenants, stores, options)
}
