package sqlstore_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// TestListTotals: the number of all rows is told by whatever part of the list
// is read, also by one without rows.
func TestListTotals(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		r, s := newThings(t, db), sample(db)
		for n := range 25 {
			require.NoError(t, r.Insert(ctx, s.New(n+1, 0)))
		}
		all, yes := wispwright.ScopeAll(), true
		for _, tt := range []struct {
			name        string
			scope       wispwright.Scope
			filter      thingFilter
			page        wispwright.Page
			rows, total int
		}{
			{"everything", all, thingFilter{}, wispwright.Page{}, 25, 25},
			{"first page", all, thingFilter{}, wispwright.Page{Limit: 10}, 10, 25},
			{"odd length", all, thingFilter{}, wispwright.Page{Limit: 7}, 7, 25},
			{"last page", all, thingFilter{}, wispwright.Page{Offset: 20, Limit: 10}, 5, 25},
			{"longer than the list", all, thingFilter{}, wispwright.Page{Limit: 100}, 25, 25},
			{"beyond the end", all, thingFilter{}, wispwright.Page{Offset: 30, Limit: 10}, 0, 25},
			{"offset alone", all, thingFilter{}, wispwright.Page{Offset: 3}, 22, 25},
			{"offset alone beyond the end", all, thingFilter{}, wispwright.Page{Offset: 25}, 0, 25},
			{"not asked for", all, thingFilter{}, wispwright.Page{Limit: 10, NoTotal: true}, 10, -1},
			{"not asked for, none", all, thingFilter{}, wispwright.Page{Offset: 30, NoTotal: true}, 0, -1},
			{"of one organization", wispwright.ScopeOf(s.Organizations[0]), thingFilter{}, wispwright.Page{Limit: 10}, 10, 25},
			{"of another", wispwright.ScopeOf(s.Organizations[1]), thingFilter{}, wispwright.Page{Limit: 10}, 0, 0},
			{"filtered", all, thingFilter{On: &yes}, wispwright.Page{Limit: 10}, 10, 12},
			{"filtered, with arguments twice", wispwright.ScopeOf(s.Organizations...), thingFilter{On: &yes, NameContains: "thing"}, wispwright.Page{Offset: 10, Limit: 5}, 2, 12},
			{"filtered, beyond the end", all, thingFilter{On: &yes}, wispwright.Page{Offset: 12, Limit: 10}, 0, 12},
			{"nothing selected", all, thingFilter{Names: wispwright.Only[string]()}, wispwright.Page{Limit: 10}, 0, 0},
		} {
			for range 3 { // also once the statement is kept
				items, err := r.List(ctx, tt.scope, tt.filter, tt.page)
				require.NoError(t, err, tt.name)
				require.Len(t, items.Rows, tt.rows, tt.name)
				require.Equal(t, tt.total, items.Total, tt.name)
			}
		}
	})
}

// TestListReadsPlainly reads through Dest and ColumnsOf what List reads.
func TestListReadsPlainly(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		r, s := newThings(t, db), sample(db)
		want := s.New(2, 0)
		require.NoError(t, r.Insert(ctx, want))
		stmt, err := db.Prepare("SELECT " + r.ColumnsOf("a") + ", " + r.ColumnsOf("b") + " FROM thing a LEFT JOIN thing b ON b.name = 'nobody' WHERE a.id = ?")
		require.NoError(t, err)
		got, none := &thing{}, &thing{Name: "overwritten", Tags: []string{"x"}}
		require.NoError(t, stmt.QueryRow(ctx, want.ID).Scan(append(r.Dest(got), r.Dest(none)...)...))
		require.Equal(t, want, got)
		require.Equal(t, &thing{}, none, "NULL is the zero value")
	})
}
