package memstore_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
)

type seat struct {
	ID    int64
	Table string
	Head  bool
}

type seatFilter struct{ Table string }

// TestRuleThatCountsSomeRowsOnly: any number of seats at a table, one head.
func TestRuleThatCountsSomeRowsOnly(t *testing.T) {
	ctx := context.Background()
	seats := memstore.NewRepo[int64, seat, seatFilter](memstore.New(), memstore.Spec[seat]{Shape: store.Shape{Serial: true, Unique: []store.Unique{{Name: "one_head", Fields: []string{"Table"}, When: "Head"}}}})
	plain := &seat{Table: "a"}
	for _, s := range []*seat{{Table: "a", Head: true}, plain, {Table: "a"}, {Table: "b", Head: true}} {
		require.NoError(t, seats.Insert(ctx, s))
	}
	var conflict *wispwright.ConflictError
	require.ErrorAs(t, seats.Insert(ctx, &seat{Table: "a", Head: true}), &conflict)
	require.Equal(t, "one_head", conflict.Unique)
	_, err := seats.Update(ctx, wispwright.ScopeAll(), plain.ID, func(s *seat) error { s.Head = true; return nil })
	require.ErrorAs(t, err, &conflict)
	_, err = seats.Update(ctx, wispwright.ScopeAll(), plain.ID, func(s *seat) error { s.Table, s.Head = "c", true; return nil })
	require.NoError(t, err)
}
