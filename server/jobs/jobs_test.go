package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
)

type device struct {
	Device string `json:"device"`
}

func newQueue(t *testing.T, db *sqlstore.DB, o *jobs.Options) *jobs.Queue {
	t.Helper()
	require.NoError(t, jobs.Migrate(t.Context(), db))
	if o == nil {
		o = &jobs.Options{}
	}
	o.Log = slog.New(slog.DiscardHandler)
	q, err := jobs.New(t.Context(), db, o)
	require.NoError(t, err)
	return q
}

func start(t *testing.T, q *jobs.Queue) {
	t.Helper()
	require.NoError(t, q.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, q.Stop(context.Background())) })
}

func run(t *testing.T, db *sqlstore.DB, query string, args ...any) {
	t.Helper()
	_, err := sqlstore.Exec(t.Context(), db, query, args...)
	require.NoError(t, err)
}

func count(t *testing.T, db *sqlstore.DB, query string) int {
	t.Helper()
	n, err := sqlstore.Get[int](t.Context(), db, query)
	require.NoError(t, err)
	return n
}

func TestJobsBelongToTheirTransaction(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		q := newQueue(t, db, nil)
		kind := jobs.Kind[device]{Name: "test.push"}
		ran := make(chan string, 10)
		q.Add(kind.Handle(func(_ context.Context, d device) error { ran <- d.Device; return nil }))
		start(t, q)
		refused := errors.New("refused")
		require.ErrorIs(t, db.InTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, kind.Insert(ctx, q, device{"rolled back"}))
			return refused
		}), refused)
		require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
			return kind.Insert(ctx, q, device{"kept"})
		}))
		require.Equal(t, "kept", <-ran)
		require.NoError(t, kind.Insert(t.Context(), q, device{"without"}))
		require.Equal(t, "without", <-ran)
		require.Empty(t, ran)
	})
}

// With a poll of an hour only the wake-up can start a job.
func TestJobsStartAtOnce(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		q := newQueue(t, db, &jobs.Options{Poll: time.Hour})
		kind := jobs.Kind[device]{Name: "test.soon", Queue: "slow"}
		ran := make(chan string, 10)
		q.Add(kind.Handle(func(_ context.Context, d device) error { ran <- d.Device; return nil }))
		start(t, q)
		for i := range 3 {
			begun := time.Now()
			require.NoError(t, kind.Insert(t.Context(), q, device{fmt.Sprint(i)}))
			require.Equal(t, fmt.Sprint(i), <-ran)
			t.Logf("started after %s", time.Since(begun))
		}
	})
}

func TestFailuresAreRepeatedAndPermanentOnesNot(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		var mu sync.Mutex
		seen := map[string]int{}
		q := newQueue(t, db, &jobs.Options{Observe: func(kind string, waited, took time.Duration, err error) {
			mu.Lock()
			defer mu.Unlock()
			seen[fmt.Sprintf("%s %v", kind, err)]++
		}})
		kind := jobs.Kind[device]{Name: "test.fail"}
		var tries atomic.Int32
		q.Add(kind.Handle(func(_ context.Context, d device) error {
			if d.Device == "hopeless" {
				return jobs.Permanent(errors.New("no such device"))
			}
			if tries.Add(1) == 1 {
				return errors.New("not reachable")
			}
			return nil
		}))
		start(t, q)
		require.NoError(t, kind.Insert(t.Context(), q, device{"hopeless"}, device{"slow"}))
		testkit.Eventually(t, "the second try", func(ctx context.Context) bool {
			counts, err := q.Counts(ctx)
			require.NoError(t, err)
			return counts["completed"] == 1 && counts["cancelled"] == 1
		})
		// a run is told of after its end is stored
		testkit.Eventually(t, "all runs are told of", func(context.Context) bool {
			mu.Lock()
			defer mu.Unlock()
			return maps.Equal(seen, map[string]int{"test.fail no such device": 1, "test.fail not reachable": 1, "test.fail <nil>": 1})
		})
	})
}

func TestCompleteStoresEffectAndEndTogether(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		run(t, db, "CREATE TABLE effect (device TEXT NOT NULL)")
		q := newQueue(t, db, nil)
		kind := jobs.Kind[device]{Name: "test.effect"}
		var tries atomic.Int32
		q.Add(kind.Handle(func(ctx context.Context, d device) error {
			err := jobs.Complete(ctx, func(ctx context.Context) error {
				if _, err := sqlstore.Exec(ctx, db, "INSERT INTO effect (device) VALUES (?)", d.Device); err != nil {
					return err
				}
				if d.Device == "twice" && tries.Add(1) == 1 {
					return errors.New("broken off after the write")
				}
				return nil
			})
			if err == nil && d.Device == "late" {
				return errors.New("an error after the end changes nothing")
			}
			return err
		}))
		start(t, q)
		require.NoError(t, kind.Insert(t.Context(), q, device{"once"}, device{"twice"}, device{"late"}))
		testkit.Eventually(t, "three jobs", func(ctx context.Context) bool {
			counts, err := q.Counts(ctx)
			require.NoError(t, err)
			return counts["completed"] == 3
		})
		require.Equal(t, 3, count(t, db, "SELECT count(*) FROM effect"))
	})
}

func TestCancelledRunsStoreNothing(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		run(t, db, "CREATE TABLE effect (device TEXT NOT NULL)")
		q := newQueue(t, db, nil)
		kind := jobs.Kind[device]{Name: "test.lost"}
		lost := make(chan error, 1)
		begun, goOn := make(chan bool), make(chan bool)
		q.Add(kind.Handle(func(ctx context.Context, d device) error {
			begun <- true
			<-goOn
			err := jobs.Complete(ctx, func(ctx context.Context) error {
				_, err := sqlstore.Exec(ctx, db, "INSERT INTO effect (device) VALUES (?)", d.Device)
				return err
			})
			lost <- err
			return err
		}))
		start(t, q)
		require.NoError(t, kind.Insert(t.Context(), q, device{"x"}))
		<-begun
		// as an administrator or the cleaner may. On SQLite the number of a
		// deleted job would go to the next one, which the late result of this
		// one would then end: there it is cancelled
		if db.Dialect() == sqlstore.Postgres {
			run(t, db, "DELETE FROM river_job")
		} else {
			run(t, db, "UPDATE river_job SET state = 'cancelled', finalized_at = created_at")
		}
		goOn <- true
		require.ErrorIs(t, <-lost, jobs.ErrLost)
		require.Zero(t, count(t, db, "SELECT count(*) FROM effect"))
		// the queue survives the result of a job that does not run any more
		require.NoError(t, kind.Insert(t.Context(), q, device{"y"}))
		<-begun
		goOn <- true
		require.NoError(t, <-lost)
	})
}

// Each device's row says what is desired; a job copies it to what is pushed.
// Whatever the order of changes and runs, the last change is pushed.
func TestOneJobPerKeyLeavesNothingStale(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		const devices, changes = 5, 40
		run(t, db, "CREATE TABLE pushed (device TEXT PRIMARY KEY, desired INTEGER NOT NULL, done INTEGER NOT NULL)")
		for d := range devices {
			run(t, db, "INSERT INTO pushed (device, desired, done) VALUES (?, 0, 0)", fmt.Sprint(d))
		}
		q := newQueue(t, db, nil)
		kind := jobs.Kind[device]{Name: "test.coalesce", Key: func(d device) string { return d.Device }}
		var runs atomic.Int32
		q.Add(kind.Handle(func(ctx context.Context, d device) error {
			runs.Add(1)
			desired, err := sqlstore.Get[int](ctx, db, "SELECT desired FROM pushed WHERE device = ?", d.Device)
			if err != nil {
				return err
			}
			// the effect lies outside the database; a change may come here
			return jobs.Complete(ctx, func(ctx context.Context) error {
				_, err := sqlstore.Exec(ctx, db, "UPDATE pushed SET done = ? WHERE device = ?", desired, d.Device)
				return err
			})
		}))
		start(t, q)
		var all sync.WaitGroup
		for d := range devices {
			all.Go(func() {
				for range changes {
					err := db.InTx(t.Context(), func(ctx context.Context) error {
						if _, err := sqlstore.Exec(ctx, db, "UPDATE pushed SET desired = desired + 1 WHERE device = ?", fmt.Sprint(d)); err != nil {
							return err
						}
						return kind.Insert(ctx, q, device{fmt.Sprint(d)}, device{fmt.Sprint(d)})
					})
					if err != nil {
						t.Errorf("change: %v", err)
					}
				}
			})
		}
		all.Wait()
		testkit.Eventually(t, "every last change", func(ctx context.Context) bool {
			return count(t, db, "SELECT count(*) FROM pushed WHERE done = desired") == devices
		})
		testkit.Eventually(t, "the end of all jobs", func(ctx context.Context) bool {
			return count(t, db, "SELECT count(*) FROM job_wanted") == 0
		})
		t.Logf("%d changes of %d devices became %d runs", devices*changes, devices, runs.Load())
		require.Less(t, int(runs.Load()), devices*changes+1)
	})
}

func TestManyKeyedJobsAtOnce(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		q := newQueue(t, db, nil)
		kind := jobs.Kind[device]{Name: "test.many", Key: func(d device) string { return d.Device }}
		var list []device
		for i := range 1100 {
			list = append(list, device{fmt.Sprint(i % 1050)})
		}
		require.NoError(t, kind.Insert(t.Context(), q, list...))
		require.NoError(t, kind.Insert(t.Context(), q, list...))
		require.NoError(t, kind.Insert(t.Context(), q))
		counts, err := q.Counts(t.Context())
		require.NoError(t, err)
		require.Equal(t, map[string]int{"available": 1050}, counts)
		require.Equal(t, 2*1050, count(t, db, "SELECT sum(generation) FROM job_wanted"))
	})
}

func TestPeriodicJobs(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		q := newQueue(t, db, nil)
		ran := make(chan string, 100)
		p, err := jobs.Kind[device]{Name: "test.nightly"}.Every(time.Hour, device{"all"}, func(_ context.Context, d device) error {
			ran <- d.Device
			return nil
		})
		require.NoError(t, err)
		q.AddPeriodic(p)
		start(t, q)
		require.Equal(t, "all", <-ran)
	})
}

func TestStopWaitsForRunningJobs(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		q := newQueue(t, db, nil)
		kind := jobs.Kind[device]{Name: "test.stop"}
		begun, goOn := make(chan bool), make(chan bool)
		q.Add(kind.Handle(func(ctx context.Context, d device) error {
			begun <- true
			select {
			case <-goOn:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}))
		require.NoError(t, q.Start(t.Context()))
		require.NoError(t, kind.Insert(t.Context(), q, device{"x"}))
		<-begun
		stopped := make(chan error)
		go func() { stopped <- q.Stop(context.Background()) }()
		goOn <- true
		require.NoError(t, <-stopped)
		counts, err := q.Counts(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, counts["completed"])

		require.NoError(t, q.Start(t.Context()), "a stopped queue can start again")
		require.NoError(t, kind.Insert(t.Context(), q, device{"endless"}))
		<-begun
		impatient, cancel := context.WithCancel(context.Background())
		cancel()
		require.NoError(t, q.Stop(impatient))
		counts, err = q.Counts(t.Context())
		require.NoError(t, err)
		require.Zero(t, counts["running"], "it was cancelled and waits for its next try")
	})
}

func TestKindsAreChecked(t *testing.T) {
	db := testkit.SQLite(t)
	for _, names := range [][]string{{"x"}, {""}, {"test.a", "test.a"}} {
		q := newQueue(t, db, nil)
		for _, n := range names {
			q.Add(jobs.Kind[device]{Name: n}.Handle(func(context.Context, device) error { return nil }))
		}
		require.ErrorContains(t, q.Start(t.Context()), "registered twice or too short")
	}
	require.ErrorContains(t, jobs.Complete(t.Context(), nil), "outside of a job")
	_, err := jobs.New(t.Context(), nil, nil)
	require.Error(t, err)
}
