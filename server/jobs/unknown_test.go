package jobs_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/jobs"
)

// An older node takes jobs of kinds that it does not know, as it cannot tell; a newer one does
// them nevertheless, also those that may fail but once, and once for each key.
func TestAnOlderNodeSpoilsNoJobs(t *testing.T) {
	dsn := testkit.PostgresURL(t)
	older, newer := testkit.Open(t, dsn), testkit.Open(t, dsn)
	once := jobs.Kind[device]{Name: "test.once", Attempts: 1}
	keyed := jobs.Kind[device]{Name: "test.keyed", Attempts: 1, Key: func(d device) string { return d.Device }}
	known := jobs.Kind[device]{Name: "test.known"}

	old := newQueue(t, older, nil)
	old.Add(known.Handle(func(context.Context, device) error { return nil }))
	require.NoError(t, old.Start(t.Context()))
	discarded := func(n int) {
		testkit.Eventually(t, "the older node gives them up", func(ctx context.Context) bool {
			counts, err := old.Counts(ctx)
			require.NoError(t, err)
			return counts["discarded"] == n
		})
	}
	for n := 1; n <= 3; n++ { // three of one key, one after the other
		require.NoError(t, keyed.Insert(t.Context(), old, device{"a"}))
		discarded(n)
	}
	require.NoError(t, once.Insert(t.Context(), old, device{"b"}, device{"c"}))
	discarded(5)
	require.NoError(t, old.Stop(context.Background()))

	ran := make(chan string, 10)
	work := func(_ context.Context, d device) error {
		ran <- d.Device
		return nil
	}
	q := newQueue(t, newer, nil)
	q.Add(once.Handle(work), keyed.Handle(work), known.Handle(work))
	start(t, q)
	require.ElementsMatch(t, []string{"a", "b", "c"}, []string{<-ran, <-ran, <-ran})
	testkit.Eventually(t, "they are done", func(ctx context.Context) bool {
		counts, err := q.Counts(ctx)
		require.NoError(t, err)
		return counts["completed"] == 3 && counts["discarded"] == 2
	})
	require.Empty(t, ran)
}
