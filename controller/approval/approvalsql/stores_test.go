package approvalsql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/approval/approvalsql"
	"github.com/wispwright/wispwright/controller/approval/approvaltest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), approvalsql.Migrations()))
		approvaltest.Run(t, func(t *testing.T) approvaltest.Storage {
			for _, table := range []string{"approval_registration", "approval_choice"} {
				_, err := sqlstore.Exec(t.Context(), db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			stores, err := approvalsql.New(db)
			require.NoError(t, err)
			return approvaltest.Storage{Tx: db, Stores: stores}
		})
	})
}
