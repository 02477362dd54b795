package emptied_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/emptied"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
)

type row struct {
	ID, OrganizationID wispwright.ID
}

type filter struct{ OrganizationID wispwright.ID }

// simple are tenants that only tell of deletions.
type simple struct {
	gone func(context.Context, wispwright.ID) error
}

func (s *simple) OnDelete(_ string, fn func(context.Context, wispwright.ID) error) { s.gone = fn }

// inBatches take batches too.
type inBatches struct {
	simple
	count, some func(context.Context, wispwright.ID) (int, error)
}

func (s *inBatches) OnEmptied(_ string, count, some func(context.Context, wispwright.ID) (int, error)) {
	s.count, s.some = count, some
}

// Rows go in batches of 200 of one organization, and what is left with it.
func TestRowsGoInBatches(t *testing.T) {
	m := memstore.New()
	repo := memstore.NewRepo[wispwright.ID, row, filter](m, memstore.Spec[row]{Shape: store.Shape{Table: "row", Org: "OrganizationID"}})
	mine, theirs := wispwright.NewID(), wispwright.NewID()
	for n := range 460 {
		r := &row{ID: wispwright.NewID(), OrganizationID: mine}
		if n >= 450 {
			r.OrganizationID = theirs
		}
		require.NoError(t, repo.Insert(t.Context(), r))
	}
	count, some := emptied.Rows[wispwright.ID, row, filter](repo, func(o wispwright.ID) filter { return filter{o} }, func(r *row) wispwright.ID { return r.ID })
	tenants := &inBatches{}
	emptied.Subscribe(m, tenants, "rows", count, some)
	left := func() int {
		t.Helper()
		n, err := tenants.count(t.Context(), mine)
		require.NoError(t, err)
		return n
	}
	require.Equal(t, 450, left())
	n, err := tenants.some(t.Context(), mine)
	require.NoError(t, err)
	require.Equal(t, 200, n)
	require.Equal(t, 250, left())
	require.NoError(t, tenants.gone(t.Context(), mine))
	require.Zero(t, left())
	n, err = tenants.some(t.Context(), mine)
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = tenants.count(t.Context(), theirs)
	require.NoError(t, err)
	require.Equal(t, 10, n, "of somebody else")

	plain := &simple{}
	emptied.Subscribe(m, plain, "rows", count, some)
	require.NoError(t, plain.gone(t.Context(), theirs))
	n, err = tenants.count(t.Context(), theirs)
	require.NoError(t, err)
	require.Zero(t, n)
}
