package subnetdivisionsql_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/subnetdivision/subnetdivisionsql"
	"github.com/wispwright/wispwright/controller/subnetdivision/subnetdivisiontest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, subnetdivisionsql.Migrations()))
		stores, err := subnetdivisionsql.New(db)
		require.NoError(t, err)
		subnetdivisiontest.Run(t, func(t *testing.T) subnetdivisiontest.Storage {
			for _, table := range []string{"subnetdivision_entry", "subnetdivision_rule"} {
				_, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return subnetdivisiontest.Storage{Tx: db, Stores: stores}
		})
	})
}
