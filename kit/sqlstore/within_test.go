package sqlstore_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// A plain index serves what lies within a prefix, on both databases.
func TestWithinUsesAnIndex(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		newThings(t, db)
		ctx := context.Background()
		for index, query := range map[string]string{
			"thing_lease":   "SELECT id FROM thing WHERE lease >= '10.0.0.0' AND lease <= '10.0.0.15'",
			"thing_network": "SELECT id FROM thing WHERE network >= '10.0.0.0/8' AND network <= '10.255.255.255/32'",
		} {
			var plan []string
			var err error
			if db.Dialect() == sqlstore.Postgres {
				require.NoError(t, db.InTx(ctx, func(ctx context.Context) error {
					if _, err := sqlstore.Exec(ctx, db, "SET LOCAL enable_seqscan = off"); err != nil {
						return err
					}
					plan, err = sqlstore.Select[string](ctx, db, "EXPLAIN "+query)
					return err
				}))
			} else {
				var rows []struct {
					ID, Parent, NotUsed int
					Detail              string
				}
				rows, err = sqlstore.Select[struct {
					ID, Parent, NotUsed int
					Detail              string
				}](ctx, db, "EXPLAIN QUERY PLAN "+query)
				for _, r := range rows {
					plan = append(plan, r.Detail)
				}
			}
			require.NoError(t, err)
			require.Contains(t, strings.Join(plan, " "), index)
		}
	})
}

// Spellings that a column cannot order are refused rather than mixed in.
func TestAddressesWithZones(t *testing.T) {
	db := testkit.SQLite(t)
	things, s := newThings(t, db), sample(db)
	o := s.New(1, 0)
	o.Lease = o.Lease.WithZone("").Unmap()
	o.Lease = leases()[2].WithZone("eth0")
	require.ErrorContains(t, things.Insert(context.Background(), o), "has a zone")
	_, err := things.Get(context.Background(), wispwright.ScopeAll(), o.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}
