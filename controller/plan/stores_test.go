package plan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/plan"
	"github.com/wispwright/wispwright/controller/plan/plansql"
	"github.com/wispwright/wispwright/controller/plan/plantest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

func TestStores(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		plantest.Run(t, func(*testing.T) (plan.Stores, wispwright.Transactor) {
			m := memstore.New()
			return plan.NewMemory(m), m
		})
	})
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(ctx, plansql.Migrations()))
		stores, err := plansql.New(db)
		require.NoError(t, err)
		plantest.Run(t, func(t *testing.T) (plan.Stores, wispwright.Transactor) {
			_, err := sqlstore.Exec(ctx, db, "DELETE FROM plan")
			require.NoError(t, err)
			return stores, db
		})
	})
}
