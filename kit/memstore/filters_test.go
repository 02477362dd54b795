package memstore_test

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
)

// thing has a field of each kind.
type thing struct {
	ID             int64
	OrganizationID wispwright.ID
	ParentID       *int64
	Name           string
	On             bool
	Size           *int64
	Count          uint64
	Ratio          float64
	At             time.Time
	Address        netip.Addr
	Net            netip.Prefix
	Raw            []byte
	Big            big.Int
}

type thingFilter struct {
	Name         string
	Names        wispwright.Among[string]
	NameContains string
	On           *bool
	Size         *int64
	AtFrom       time.Time
	AtBefore     time.Time
	AddressFrom  netip.Addr
	AddressWithin,
	NetWithin netip.Prefix
	Search string
	Odd    bool
}

func newThings(m *memstore.Store) *memstore.Repo[int64, thing, thingFilter] {
	return memstore.NewRepo[int64, thing, thingFilter](m, memstore.Spec[thing]{
		Shape: store.Shape{Table: "thing", Org: "OrganizationID", Serial: true, Search: []string{"Name", "Address"}, Parents: []store.Parent{{Field: "ParentID", Table: "thing"}},
			Order: []wispwright.Order{{Field: "ID"}}},
		Match:  map[string]func(context.Context, *thing, any) bool{"Odd": func(_ context.Context, o *thing, want any) bool { return (o.ID%2 == 1) == want.(bool) }},
		Search: func(_ context.Context, o *thing, text string) bool { return text == "everything" },
	})
}

// Three things in every order, of which the last has nothing set.
func filled(t *testing.T) *memstore.Repo[int64, thing, thingFilter] {
	t.Helper()
	things := newThings(memstore.New())
	for n := range int64(2) {
		size := 10 - n
		o := &thing{OrganizationID: wispwright.ID{byte(n + 1)}, Name: fmt.Sprint("Name ", n), On: n == 1, Size: &size, Count: uint64(n + 1), Ratio: float64(n) + 0.5, At: time.Date(2026, 1, int(n)+1, 0, 0, 0, 0, time.UTC),
			Address: netip.MustParseAddr(fmt.Sprint("10.0.0.", 9+n)), Net: netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/16", n)), Raw: []byte{byte(n)}, Big: *big.NewInt(n + 1)}
		require.NoError(t, things.Insert(t.Context(), o))
	}
	require.NoError(t, things.InsertMany(t.Context(), []*thing{{}}))
	return things
}

func TestFilters(t *testing.T) {
	things := filled(t)
	yes, no, ten := true, false, int64(10)
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		filter thingFilter
		want   []int64
	}{
		"everything": {thingFilter{}, []int64{1, 2, 3}}, "equal": {thingFilter{Name: "Name 1"}, []int64{2}}, "letter case": {thingFilter{Name: "name 1"}, nil},
		"among": {thingFilter{Names: wispwright.Only("Name 0", "x", "")}, []int64{1, 3}}, "among none": {thingFilter{Names: wispwright.Only[string]()}, nil},
		"contains": {thingFilter{NameContains: "AME 0"}, []int64{1}}, "on": {thingFilter{On: &yes}, []int64{2}}, "off": {thingFilter{On: &no}, []int64{1, 3}},
		"a pointer": {thingFilter{Size: &ten}, []int64{1}}, "from": {thingFilter{AtFrom: day}, []int64{2}}, "before": {thingFilter{AtBefore: day}, []int64{1}},
		"address from": {thingFilter{AddressFrom: netip.MustParseAddr("10.0.0.10")}, []int64{2}},
		"within":       {thingFilter{AddressWithin: netip.MustParsePrefix("10.0.0.8/31")}, []int64{1}}, "net within": {thingFilter{NetWithin: netip.MustParsePrefix("10.0.0.0/15")}, []int64{1, 2}},
		"a wider net": {thingFilter{NetWithin: netip.MustParsePrefix("10.0.0.0/24")}, nil},
		"search":      {thingFilter{Search: "0.0.9"}, []int64{1}}, "search elsewhere": {thingFilter{Search: "everything"}, []int64{1, 2, 3}}, "a condition of its own": {thingFilter{Odd: true}, []int64{1, 3}},
		"all of them": {thingFilter{Odd: true, On: &no, NameContains: "name"}, []int64{1}},
	} {
		found, err := things.List(t.Context(), wispwright.ScopeAll(), c.filter, wispwright.Page{})
		require.NoError(t, err, name)
		var ids []int64
		for _, o := range found.Rows {
			ids = append(ids, o.ID)
		}
		require.Equal(t, c.want, ids, name)
		require.Equal(t, len(c.want), found.Total, name)
	}
}

// What is not set comes first, as NULL does; the rest in the order of its values.
func TestOrders(t *testing.T) {
	things := filled(t)
	for field, want := range map[string][]int64{
		"Name": {3, 1, 2}, "Size": {3, 2, 1}, "Count": {3, 1, 2}, "Ratio": {3, 1, 2}, "At": {3, 1, 2}, "Address": {3, 1, 2}, "Net": {3, 1, 2}, "Raw": {3, 1, 2}, "Big": {3, 1, 2}, "On": {1, 3, 2}, "OrganizationID": {3, 1, 2},
	} {
		for _, down := range []bool{false, true} {
			found, err := things.List(t.Context(), wispwright.ScopeAll(), thingFilter{}, wispwright.Page{Order: []wispwright.Order{{Field: field, Descending: down}}})
			require.NoError(t, err, field)
			var ids []int64
			for _, o := range found.Rows {
				ids = append(ids, o.ID)
			}
			if down {
				slices.Reverse(ids)
			}
			require.Equal(t, want, ids, "%s, descending: %v", field, down)
		}
	}
	_, err := things.List(t.Context(), wispwright.ScopeAll(), thingFilter{}, wispwright.Page{Order: []wispwright.Order{{Field: "Nmae"}}})
	require.ErrorContains(t, err, "no field Nmae")
	page, err := things.List(t.Context(), wispwright.ScopeAll(), thingFilter{}, wispwright.Page{Offset: 1, Limit: 1, NoTotal: true})
	require.NoError(t, err)
	require.Equal(t, []any{int64(2), -1}, []any{page.Rows[0].ID, page.Total})
	page, err = things.List(t.Context(), wispwright.ScopeAll(), thingFilter{}, wispwright.Page{Offset: 9})
	require.NoError(t, err)
	require.Empty(t, page.Rows)
}

func TestScopesParentsAndDeletion(t *testing.T) {
	ctx := t.Context()
	things := filled(t)
	mine := wispwright.ScopeOf(wispwright.ID{1})
	for id, err := range map[int64]error{1: nil, 2: wispwright.ErrNotFound, 3: wispwright.ErrNotFound, 9: wispwright.ErrNotFound} {
		_, got := things.Get(ctx, mine, id)
		require.ErrorIs(t, got, err, id)
		_, got = things.Update(ctx, mine, id, func(o *thing) error { o.Name = "changed"; return nil })
		require.ErrorIs(t, got, err, id)
	}
	shared, err := things.List(ctx, mine.WithShared(), thingFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 2, shared.Total)
	one, missing := int64(1), int64(77)
	require.NoError(t, things.Insert(ctx, &thing{ParentID: &one}))
	var orphan *wispwright.MissingError
	require.ErrorAs(t, things.Insert(ctx, &thing{ParentID: &missing}), &orphan)
	require.Equal(t, wispwright.MissingError{Field: "ParentID", Key: "77", Of: "thing"}, *orphan)
	require.ErrorContains(t, things.Insert(ctx, &thing{Count: math.MaxInt64 + 1}), "more than a column holds")
	var conflict *wispwright.ConflictError
	require.ErrorAs(t, things.InsertMany(ctx, []*thing{{Name: "kept"}, {ID: 1}}), &conflict)
	require.Equal(t, wispwright.UniqueKey, conflict.Unique)

	require.ErrorIs(t, things.Delete(ctx, mine, 2), wispwright.ErrNotFound)
	require.NoError(t, things.Delete(ctx, wispwright.ScopeAll(), 2))
	n, err := things.DeleteWhere(ctx, func(o *thing) bool { return o.ParentID != nil || o.Name == "kept" })
	require.NoError(t, err)
	require.Equal(t, 1, n, "of a list that was refused nothing is kept")
	require.True(t, memstore.Contains("Straße Ä", "ä"))
	require.False(t, memstore.Contains("a", "b"))
}

// A mistake in a specification is found when the program is put together.
func TestMistakes(t *testing.T) {
	for name, spec := range map[string]store.Shape{
		"key": {Key: "Nmae"}, "organization": {Org: "Nmae"}, "unique": {Unique: []store.Unique{{Name: "u", Fields: []string{"Nmae"}}}}, "when": {Unique: []store.Unique{{Name: "u", Fields: []string{"Name"}, When: "Nmae"}}},
		"parent": {Parents: []store.Parent{{Field: "Nmae", Table: "x"}}}, "order": {Order: []wispwright.Order{{Field: "Nmae"}}}, "documents": {Documents: []string{"Nmae"}},
	} {
		require.Panics(t, func() { memstore.NewRepo[int64, item, struct{}](memstore.New(), memstore.Spec[item]{Shape: spec}) }, name)
	}
	type wrong struct{ Nmae string }
	require.Panics(t, func() { memstore.NewRepo[int64, thing, wrong](memstore.New(), memstore.Spec[thing]{}) })
}

func TestTransactionsThatFail(t *testing.T) {
	m := memstore.New()
	things := newThings(m)
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, m.InTx(ctx, func(ctx context.Context) error {
		require.Error(t, things.Delete(ctx, wispwright.ScopeAll(), 1)) // swallowed
		return things.Insert(ctx, &thing{})
	}), wispwright.ErrNotFound, "a joined call that failed undoes everything")
	all, err := things.List(ctx, wispwright.ScopeAll(), thingFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Zero(t, all.Total)
	cancel()
	require.ErrorIs(t, m.InTx(ctx, func(context.Context) error { return nil }), context.Canceled)
}
