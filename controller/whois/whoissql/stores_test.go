package whoissql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/whois/whoissql"
	"github.com/wispwright/wispwright/controller/whois/whoistest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), whoissql.Migrations()))
		whoistest.Run(t, func(t *testing.T) whoistest.Storage {
			for _, table := range []string{"whois_record", "whois_choice", "whois_note"} {
				_, err := sqlstore.Exec(t.Context(), db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			stores, err := whoissql.New(db)
			require.NoError(t, err)
			return whoistest.Storage{Tx: db, Stores: stores}
		})
	})
}
