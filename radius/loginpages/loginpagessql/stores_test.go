package loginpagessql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius/loginpages/loginpagessql"
	"github.com/wispwright/wispwright/radius/loginpages/loginpagestest"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), loginpagessql.Migrations()))
		stores, err := loginpagessql.New(db)
		require.NoError(t, err)
		loginpagestest.Run(t, func(t *testing.T) loginpagestest.Storage {
			for _, table := range []string{"login_page", "login_page_asset", "login_page_policy", "login_page_signup", "login_page_days", "login_page_arrival"} {
				_, err := sqlstore.Exec(t.Context(), db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return loginpagestest.Storage{Tx: db, Stores: stores}
		})
	})
}
