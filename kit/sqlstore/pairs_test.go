package sqlstore_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/kit/store"
)

// label has columns of the same names as those of thing, on purpose.
type label struct {
	ThingID        wispwright.ID
	OrganizationID wispwright.ID
	Name           string
	Secret         wispwright.Secret
	Long           string
}

type noFilter struct{}

func TestPairs(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		things, s := newThings(t, db), sample(db)
		id := "TEXT"
		if db.Dialect() == sqlstore.Postgres {
			id = "UUID"
		}
		_, err := sqlstore.Exec(ctx, db, "CREATE TABLE label (thing_id "+id+" PRIMARY KEY, organization_id "+id+", name TEXT, secret TEXT NOT NULL, long TEXT NOT NULL)")
		require.NoError(t, err)
		labels, err := sqlstore.NewRepo[wispwright.ID, label, noFilter](db, sqlstore.Spec{Shape: store.Shape{Table: "label", Key: "ThingID", Org: "OrganizationID"}})
		require.NoError(t, err)
		for n := range 25 {
			o := s.New(n+1, n%2)
			require.NoError(t, things.Insert(ctx, o))
			if n%3 == 0 {
				require.NoError(t, labels.Insert(ctx, &label{ThingID: o.ID, OrganizationID: o.OrganizationID, Name: "label of " + o.Name, Secret: "s", Long: "x"}))
			}
		}
		pairs, err := sqlstore.NewPairs(things, []string{"Tags", "Config"}, labels, "Name", "Secret")
		require.NoError(t, err)
		for _, scope := range []wispwright.Scope{wispwright.ScopeAll(), wispwright.ScopeOf(s.Organizations[1])} {
			for _, f := range []thingFilter{{}, {NameContains: "1"}, {OrganizationID: s.Organizations[0]}, {Search: "db8"}, {Big: true, Names: wispwright.Only("Thing_7", "Thing_8")}} {
				for _, p := range []wispwright.Page{{}, {Limit: 10}, {Limit: 7, Offset: 3}, {Limit: 10, Offset: 30}, {Limit: 10, Order: []wispwright.Order{{Field: "Name"}}}} {
					list, err := things.List(ctx, scope, f, p)
					require.NoError(t, err)
					got, err := pairs.List(ctx, scope, f, p)
					require.NoError(t, err)
					require.Equal(t, list.Total, got.Total)
					require.Len(t, got.Rows, len(list.Rows))
					for i, o := range list.Rows {
						o.Tags, o.Config = nil, ""
						want := sqlstore.Pair[thing, label]{First: *o}
						if l, err := labels.Get(ctx, wispwright.ScopeAll(), o.ID); err == nil {
							want.Both, want.Second = true, label{ThingID: o.ID, Name: l.Name, Secret: "s"}
						}
						require.Equal(t, want, *got.Rows[i])
					}
				}
			}
		}
		for _, wrong := range [][2]string{{"Nothing", "Name"}, {"Tags", "Nothing"}} {
			_, err := sqlstore.NewPairs(things, wrong[:1], labels, wrong[1])
			require.ErrorContains(t, err, "no field Nothing")
		}
	})
}
