package memstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
)

type item struct {
	ID     int64
	Name   string
	Labels map[string][]string
	Parent *item
	Made   time.Time
}

type filter struct{ Children bool }

func newItems(m *memstore.Store) *memstore.Repo[int64, item, filter] {
	var items *memstore.Repo[int64, item, filter]
	items = memstore.NewRepo[int64, item, filter](m, memstore.Spec[item]{Shape: store.Shape{Documents: []string{"Parent"}, Serial: true,
		Unique: []store.Unique{{Name: "item_name", Fields: []string{"Name"}, Fold: true}},
	},
		Match: map[string]func(context.Context, *item, any) bool{"Children": func(ctx context.Context, o *item, _ any) bool {
			all, err := items.List(ctx, wispwright.ScopeAll(), filter{}, wispwright.Page{})
			return err == nil && all.Total > 0 && o.Parent != nil
		}},
	})
	return items
}

func TestNothingIsShared(t *testing.T) {
	ctx, items := context.Background(), newItems(memstore.New())
	o := &item{Name: "a", Labels: map[string][]string{"x": {"1"}}, Parent: &item{Name: "p"}, Made: time.Date(2026, 1, 1, 1, 0, 0, 1999, time.FixedZone("", 60))}
	require.NoError(t, items.Insert(ctx, o))
	require.Equal(t, time.Date(2026, 1, 1, 0, 59, 0, 1000, time.UTC), o.Made, "cut as SQL cuts it")
	o.Labels["x"][0], o.Parent.Name = "changed", "changed"
	got, err := items.Get(ctx, wispwright.ScopeAll(), 1)
	require.NoError(t, err)
	require.Equal(t, "1", got.Labels["x"][0])
	require.Equal(t, "p", got.Parent.Name)
}

func TestNumbersAndUniqueRules(t *testing.T) {
	ctx, items := context.Background(), newItems(memstore.New())
	require.NoError(t, items.Insert(ctx, &item{ID: 7, Name: "a"}))
	next := &item{Name: "b"}
	require.NoError(t, items.Insert(ctx, next))
	require.Equal(t, int64(8), next.ID)
	var conflict *wispwright.ConflictError
	require.ErrorAs(t, items.Insert(ctx, &item{Name: "A"}), &conflict)
	require.Equal(t, "item_name", conflict.Unique)
	require.ErrorAs(t, items.Insert(ctx, &item{ID: 7, Name: "c"}), &conflict)
	require.Equal(t, wispwright.UniqueKey, conflict.Unique)
	require.NoError(t, items.Insert(ctx, &item{}), "an empty value")
	require.NoError(t, items.Insert(ctx, &item{}), "never conflicts")
}

func TestRelationsTakePartInTransactions(t *testing.T) {
	ctx, m := context.Background(), memstore.New()
	relation := memstore.NewMap[string, int](m)
	require.NoError(t, relation.Set(ctx, "a", []int{1}))
	wanted := errors.New("wanted")
	require.ErrorIs(t, m.InTx(ctx, func(ctx context.Context) error {
		require.NoError(t, relation.Set(ctx, "a", nil))
		require.NoError(t, relation.Set(ctx, "b", []int{2}))
		require.Equal(t, map[string][]int{"b": {2}}, relation.All(ctx))
		return wanted
	}), wanted)
	require.Equal(t, map[string][]int{"a": {1}}, relation.All(ctx))
	relation.Get(ctx, "a")[0] = 9
	require.Equal(t, []int{1}, relation.Get(ctx, "a"))

	require.Panics(t, func() {
		_ = m.InTx(ctx, func(ctx context.Context) error { // never returns
			require.NoError(t, relation.Set(ctx, "a", nil))
			panic("bang")
		})
	})
	require.Equal(t, []int{1}, relation.Get(ctx, "a"))
}

// TestConditionsMayRead would hang if a condition that reads locked again while
// a writer waits.
func TestConditionsMayRead(t *testing.T) {
	ctx, m := context.Background(), memstore.New()
	items := newItems(m)
	for range 50 {
		require.NoError(t, items.Insert(ctx, &item{Parent: &item{}}))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				_, err := items.Update(ctx, wispwright.ScopeAll(), 1, func(o *item) error { o.Made = o.Made.Add(time.Second); return nil })
				require.NoError(t, err)
			}
		})
		wg.Go(func() {
			for range 20 {
				found, err := items.List(ctx, wispwright.ScopeAll(), filter{Children: true}, wispwright.Page{})
				require.NoError(t, err)
				require.Equal(t, 50, found.Total)
			}
		})
	}
	wg.Wait()
	require.NoError(t, m.InTx(ctx, func(ctx context.Context) error {
		found, err := items.List(ctx, wispwright.ScopeAll(), filter{Children: true}, wispwright.Page{})
		require.Equal(t, 50, found.Total)
		return err
	}))
}
