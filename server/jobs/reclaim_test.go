package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
)

// A job that the database takes for running on a node that lives but does not
// run it, as after an outage, starts again without waiting for RescueAfter. What
// the node does run is left alone.
func TestTakesBackWhatNothingRuns(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		q := newQueue(t, db, &jobs.Options{RescueAfter: time.Hour})
		kind := jobs.Kind[device]{Name: "test.orphan", Timeout: time.Hour}
		var long atomic.Int32
		goOn, ran := make(chan bool), make(chan bool, 10)
		q.Add(kind.Handle(func(_ context.Context, d device) error {
			if d.Device == "long" {
				long.Add(1)
				ran <- true
				<-goOn
				return nil
			}
			ran <- true
			return nil
		}))
		start(t, q)
		require.NoError(t, kind.Insert(t.Context(), q, device{"long"}))
		<-ran
		require.NoError(t, kind.Insert(t.Context(), q, device{"lost"}))
		<-ran
		testkit.Eventually(t, "the end of the first run", func(ctx context.Context) bool {
			counts, err := q.Counts(ctx)
			require.NoError(t, err)
			return counts["completed"] == 1
		})
		testkit.Eventually(t, "the lost one again, after two looks", func(context.Context) bool {
			// again and again, as river may still be about to say that the run is over
			run(t, db, "UPDATE river_job SET state = 'running', finalized_at = NULL WHERE state = 'completed'")
			select {
			case <-ran:
				return true
			default:
				return false
			}
		})
		close(goOn)
		testkit.Eventually(t, "the end of both", func(ctx context.Context) bool {
			counts, err := q.Counts(ctx)
			require.NoError(t, err)
			return counts["completed"] == 2
		})
		require.EqualValues(t, 1, long.Load(), "it ran all the time")
	})
}

// What is done outside the database is written down as done when the handler
// returns: a run that is interrupted a moment later is not repeated.
func TestTheEndIsStoredAtOnce(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		states := make(chan int, 1)
		var q *jobs.Queue
		q = newQueue(t, db, &jobs.Options{Observe: func(string, time.Duration, time.Duration, error) {
			// the run has returned; river has not heard of it
			counts, err := q.Counts(context.Background())
			if err != nil {
				counts = map[string]int{"completed": -1}
			}
			states <- counts["completed"]
		}})
		kind := jobs.Kind[device]{Name: "test.letter"}
		q.Add(kind.Handle(func(context.Context, device) error { return nil }))
		start(t, q)
		require.NoError(t, kind.Insert(t.Context(), q, device{"x"}))
		require.Equal(t, 1, <-states)
	})
}

// An absent database is no fault of the job: it is tried again soon, however
// often, and uses up no attempt.
func TestUnavailableCountsAsNoAttempt(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		q := newQueue(t, db, nil)
		kind := jobs.Kind[device]{Name: "test.away", Attempts: 1}
		var tries atomic.Int32
		done := make(chan bool)
		q.Add(kind.Handle(func(context.Context, device) error {
			if tries.Add(1) <= 2 {
				return fmt.Errorf("read the device: %w", wispwright.ErrUnavailable)
			}
			close(done)
			return nil
		}))
		start(t, q)
		require.NoError(t, kind.Insert(t.Context(), q, device{"x"}))
		<-done
		require.EqualValues(t, 3, tries.Load())
	})
}

// PostgreSQL goes away while jobs run, also for longer than river tries to
// store their outcome: soon after it is back every effect is there. The soak test
// of package server does the same with devices, for minutes.
func TestOutages(t *testing.T) {
	if testing.Short() {
		t.Skip("the database is away for seconds")
	}
	t.Parallel()
	gate := testkit.PostgresGate(t)
	direct := testkit.Open(t, gate.URL)
	run(t, direct, "CREATE TABLE effect (device TEXT PRIMARY KEY)")
	q := newQueue(t, direct, &jobs.Options{RescueAfter: time.Hour, Workers: 4})
	var within atomic.Int32
	kind := jobs.Kind[device]{Name: "test.outage", Timeout: time.Hour}
	q.Add(kind.Handle(func(ctx context.Context, d device) error {
		within.Add(1)
		time.Sleep(5 * time.Millisecond) // so that a cut meets runs in all stages
		return jobs.Complete(ctx, func(ctx context.Context) error {
			_, err := sqlstore.Exec(ctx, direct, "INSERT INTO effect (device) VALUES (?) ON CONFLICT DO NOTHING", d.Device)
			return err
		})
	}))
	start(t, q)
	all := 0
	for round, away := range []time.Duration{200 * time.Millisecond, time.Second, 10 * time.Second} {
		var list []device
		for range 300 {
			all++
			list = append(list, device{fmt.Sprint(all)})
		}
		within.Store(0)
		require.NoError(t, kind.Insert(t.Context(), q, list...))
		testkit.Eventually(t, "some runs", func(context.Context) bool { return within.Load() > 30 })
		gate.Close()
		time.Sleep(away)
		gate.Open()
		back := time.Now()
		testkit.Eventually(t, "every effect", func(ctx context.Context) bool {
			n, err := sqlstore.Get[int](ctx, direct, "SELECT count(*) FROM effect")
			if errors.Is(err, wispwright.ErrUnavailable) {
				return false // connections of the pool that were cut
			}
			require.NoError(t, err)
			return n == all
		})
		t.Logf("round %d: whole %s after the database was back", round, time.Since(back).Round(time.Millisecond))
	}
}
