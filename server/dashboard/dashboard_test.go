package dashboard_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/dashboard"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

func chart(name string, at int, values ...int64) dashboard.Chart {
	return dashboard.Chart{Name: name, Label: name, Position: at, Kind: "config.device", Slices: func(context.Context, wispwright.Scope) (out []dashboard.Slice, err error) {
		for _, v := range values {
			out = append(out, dashboard.Slice{Label: "x", Value: v})
		}
		return out, nil
	}}
}

func TestChartsThatAreNotComplete(t *testing.T) {
	registry := &dashboard.Registry{}
	require.NoError(t, registry.Register(chart("second", 20), chart("first", 3)))
	for name, change := range map[string]func(*dashboard.Chart){
		"the name must be":                 func(c *dashboard.Chart) { c.Name = "Not proper" },
		`two charts called "first"`:        func(c *dashboard.Chart) { c.Name = "first" },
		"are both at position 20":          func(c *dashboard.Chart) { c.Position = 20 },
		"must not be negative":             func(c *dashboard.Chart) { c.Position = -1 },
		"a label is needed":                func(c *dashboard.Chart) { c.Label = " " },
		`"device" is no kind`:              func(c *dashboard.Chart) { c.Kind = "device" },
		"a function for the parts":         func(c *dashboard.Chart) { c.Slices = nil },
		"a quick link needs a label":       func(c *dashboard.Chart) { c.QuickLink = &dashboard.Link{URL: "/x"} },
		"a quick link needs a label and":   func(c *dashboard.Chart) { c.QuickLink = &dashboard.Link{Label: "x"} },
		"a quick link needs a label and a": func(c *dashboard.Chart) { c.QuickLink = &dashboard.Link{Label: "x", URL: "javascript:alert(1)"} },
		"needs a label and an address":     func(c *dashboard.Chart) { c.QuickLink = &dashboard.Link{Label: "x", URL: "//evil.example"} },
	} {
		c := chart("third", 4)
		change(&c)
		require.ErrorContains(t, registry.Register(chart("good", 5), c), name)
	}
	names := func() (out []string) {
		for _, c := range registry.Charts() {
			out = append(out, c.Name)
		}
		return out
	}
	require.Equal(t, []string{"first", "second"}, names(), "a wrong chart brings none of its list in")
	require.Error(t, registry.Unregister("third"))
	require.NoError(t, registry.Unregister("first"))
	require.Equal(t, []string{"second"}, names())
	require.NoError(t, registry.Register(chart("first", 3)), "a place that is free again")
}

func TestPartsWithoutAValue(t *testing.T) {
	c := chart("x", 1, 0, 3, 0, 4)
	parts, total, err := c.Read(t.Context(), wispwright.ScopeAll())
	require.NoError(t, err)
	require.Len(t, parts, 2)
	require.EqualValues(t, 7, total)
	broken := errors.New("broken")
	c.Slices = func(context.Context, wispwright.Scope) ([]dashboard.Slice, error) { return nil, broken }
	_, _, err = c.Read(t.Context(), wispwright.ScopeAll())
	require.ErrorIs(t, err, broken)
}

func TestLayoutsOfPeople(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, tenancysql.Migrations()))
		require.NoError(t, db.Migrate(ctx, dashboard.Migrations()))
		stores, err := tenancysql.New(db)
		require.NoError(t, err)
		ann, bob := wispwright.NewID(), wispwright.NewID()
		for name, id := range map[string]wispwright.ID{"ann": ann, "bob": bob} {
			require.NoError(t, stores.Users.Insert(ctx, &tenancy.User{ID: id, Username: name, Email: name + "@example.org", DateJoined: time.Now()}))
		}
		layouts := dashboard.NewLayouts(db)
		empty, err := layouts.Of(ctx, ann)
		require.NoError(t, err)
		require.Empty(t, empty)
		charts := []dashboard.Chart{chart("a", 1), chart("b", 2), chart("c", 3)}
		require.NoError(t, layouts.Save(ctx, ann, dashboard.Layout{Order: []string{"a"}}))
		require.NoError(t, layouts.Save(ctx, ann, dashboard.Layout{Order: []string{"c"}, Hidden: []string{"b"}}))
		got, err := layouts.Of(ctx, ann)
		require.NoError(t, err)
		require.Equal(t, dashboard.Layout{Order: []string{"c"}, Hidden: []string{"b"}}, got)
		var order []string
		for _, c := range got.Arrange(charts) {
			order = append(order, c.Name)
		}
		require.Equal(t, []string{"c", "a", "b"}, order)
		other, err := layouts.Of(ctx, bob)
		require.NoError(t, err)
		require.Empty(t, other)

		wrong := dashboard.Layout{Order: []string{"a", "a"}, Hidden: []string{"nope"}}
		var fields *wispwright.ValidationError
		require.ErrorAs(t, wrong.Check(charts), &fields)
		require.ErrorContains(t, fields, "twice")
		require.ErrorContains(t, fields, `"nope" is no chart`)

		require.NoError(t, layouts.Forget(ctx, ann))
		got, err = layouts.Of(ctx, ann)
		require.NoError(t, err)
		require.Empty(t, got)
		// it goes with its user
		require.NoError(t, layouts.Save(ctx, bob, dashboard.Layout{Hidden: []string{"a"}}))
		_, err = sqlstore.Exec(ctx, db, "DELETE FROM tenancy_user WHERE id = ?", bob)
		require.NoError(t, err)
		got, err = layouts.Of(ctx, bob)
		require.NoError(t, err)
		require.Empty(t, got)
	})
}
