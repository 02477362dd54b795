// Package estimatetest checks that a storage keeps what package estimate relies on.
// Any implementation must pass Run.
package estimatetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo/estimate"
	"github.com/wispwright/wispwright/kit/storetest"
)

// Storage is what a harness makes: empty stores and their transactor.
type Storage struct {
	// Tx is the transactor.
	Tx wispwright.Transactor
	// Stores are the room's.
	Stores estimate.Stores
}

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(n) * time.Minute)
}

// Run runs the suite. h is called once for every part.
func Run(t *testing.T, h func(t *testing.T) Storage) {
	t.Run("notes", func(t *testing.T) {
		s := h(t)
		storetest.RunRepo(t, s.Stores.Notes, storetest.Sample[string, estimate.Note, estimate.NoteFilter]{
			Tx: s.Tx, New: func(n, _ int) *estimate.Note { return &estimate.Note{Name: fmt.Sprintf("note %02d", n), At: at(n)} }, Key: func(n *estimate.Note) string { return n.Name },
			Mutate: func(n *estimate.Note) { n.At = n.At.Add(time.Hour) }, Missing: "none", Orders: []string{"Name"},
			Filters: map[string]storetest.Filter[estimate.Note, estimate.NoteFilter]{
				"before": {Filter: estimate.NoteFilter{AtBefore: at(2)}, Selects: func(n *estimate.Note) bool { return n.At.Before(at(2)) }},
			},
		})
	})
	t.Run("choices", func(t *testing.T) {
		ctx, s := context.Background(), h(t)
		one, two, yes, no := wispwright.NewID(), wispwright.NewID(), true, false
		require.NoError(t, s.Stores.Choices.Insert(ctx, &estimate.Choice{OrganizationID: one, Enabled: &yes}))
		require.NoError(t, s.Stores.Choices.Insert(ctx, &estimate.Choice{OrganizationID: two}))
		var conflict *wispwright.ConflictError
		require.ErrorAs(t, s.Stores.Choices.Insert(ctx, &estimate.Choice{OrganizationID: one}), &conflict)
		_, err := s.Stores.Choices.Get(ctx, wispwright.ScopeOf(two), one)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		got, err := s.Stores.Choices.Update(ctx, wispwright.ScopeOf(one), one, func(c *estimate.Choice) error { c.Enabled = &no; return nil })
		require.NoError(t, err)
		require.False(t, *got.Enabled)
		got, err = s.Stores.Choices.Get(ctx, wispwright.ScopeAll(), two)
		require.NoError(t, err)
		require.Nil(t, got.Enabled)
		found, err := s.Stores.Choices.List(ctx, wispwright.ScopeAll(), estimate.ChoiceFilter{Enabled: &yes}, wispwright.Page{})
		require.NoError(t, err)
		require.Empty(t, found.Rows)
	})
}
