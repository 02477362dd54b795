package x509sql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/x509/x509sql"
	"github.com/wispwright/wispwright/x509/x509test"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		storage := storageOn(t, db)
		x509test.Run(t, func(t *testing.T) x509test.Storage {
			for _, table := range []string{"x509_responder", "x509_list", "x509_issued", "x509_cert", "x509_ca"} {
				_, err := sqlstore.Exec(context.Background(), db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return storage
		})
	})
}

func storageOn(t testing.TB, db *sqlstore.DB) x509test.Storage {
	t.Helper()
	require.NoError(t, db.Migrate(context.Background(), x509sql.Migrations()))
	stores, err := x509sql.New(db)
	require.NoError(t, err)
	return x509test.Storage{Tx: db, Stores: stores}
}
