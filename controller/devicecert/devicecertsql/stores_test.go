package devicecertsql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/devicecert/devicecertsql"
	"github.com/wispwright/wispwright/controller/devicecert/devicecerttest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), devicecertsql.Migrations()))
		stores, err := devicecertsql.New(db)
		require.NoError(t, err)
		devicecerttest.Run(t, func(*testing.T) devicecerttest.Storage { return devicecerttest.Storage{Tx: db, Stores: stores} })
	})
}
