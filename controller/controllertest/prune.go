package controllertest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
)

// runPrune removes what templates contained when nothing names it any more.
func runPrune(t *testing.T, h Harness) {
	s := h(t)
	organizations(t, s)
	ctx := context.Background()
	templates := s.Stores.Templates
	idle, busy := template(1, 1), template(2, 1)
	busy.Modified = at(50)
	insert(t, templates.Insert, idle, busy)
	revision := func(n int, of wispwright.ID, made int) *controller.Revision {
		return &controller.Revision{ID: id(5000 + n), TemplateID: of, DefaultValues: `{}`, Config: `{}`, Created: at(made)}
	}
	insert(t, templates.AddRevision,
		revision(1, idle.ID, 1),  // what the template contains
		revision(2, busy.ID, 1),  // the same
		revision(3, idle.ID, 1),  // a version names it
		revision(4, idle.ID, 1),  // old
		revision(5, idle.ID, 40), // not old enough
		revision(6, busy.ID, 1),  // a version of it may be under way
		revision(7, id(3009), 1), // the template was deleted
		revision(8, id(3009), 1), // deleted, but a version names it
	)
	named, none := version(1, 1), version(2, 1)
	named.Revisions, none.Revisions = []wispwright.ID{id(5003), id(5008)}, nil
	insert(t, s.Stores.Versions.Insert, named, none)
	left := func() []wispwright.ID {
		ids := []wispwright.ID{}
		for n := 1; n <= 8; n++ {
			ids = append(ids, id(5000+n))
		}
		rows, err := templates.Revisions(ctx, ids)
		require.NoError(t, err)
		return keys(rows, func(r *controller.Revision) wispwright.ID { return r.ID })
	}
	n, err := templates.PruneRevisions(ctx, at(30), at(45))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.ElementsMatch(t, []wispwright.ID{id(5001), id(5002), id(5003), id(5005), id(5006), id(5008)}, left())
	require.NoError(t, s.Stores.Versions.Delete(ctx, all(), named.ID))
	n, err = templates.PruneRevisions(ctx, at(60), at(60))
	require.NoError(t, err)
	require.Equal(t, 4, n)
	require.ElementsMatch(t, []wispwright.ID{id(5001), id(5002)}, left(), "what templates contain stays")
}
