package jobs

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations
var migrations embed.FS

// Options change how a queue works; nil means the defaults.
type Options struct {
	// Workers is how many jobs of one queue run at once on this node. Default: 16.
	Workers int
	// RescueAfter is when a running job is taken for dead, because its node
	// died, and started again. Default: the longest timeout plus one minute. What
	// is known to be dead is taken over at the start of a node, and by other
	// nodes within seconds; so is what a node holds as running but does not run,
	// as after an outage of the database.
	RescueAfter time.Duration
	// Keep is how long finished jobs stay in the table. Default: 1 hour.
	Keep time.Duration
	// Poll is how often the table is looked at although nobody called.
	// Default: 1 second.
	Poll time.Duration
	// Observe is told of every run: how long the job waited for it and how
	// long it took. Default: nobody.
	Observe func(kind string, waited, took time.Duration, err error)
	// Log receives failures. Default: slog's own.
	Log *slog.Logger
}

// Queue inserts and runs jobs. A process that only inserts never calls Start.
type Queue struct {
	db       *sqlstore.DB
	driver   riverdriver.Driver[*sql.Tx]
	prefix   string
	inserter *river.Client[*sql.Tx]
	options  Options
	held     held

	mu       sync.Mutex
	handlers []Handler
	periodic []Periodic
	running  *river.Client[*sql.Tx]
	presence *presence
	stop     context.CancelFunc
}

// New returns the queue of a database whose tables Migrate has made.
func New(ctx context.Context, db *sqlstore.DB, o *Options) (*Queue, error) {
	if db == nil {
		return nil, errors.New("jobs: a database is required")
	}
	q := &Queue{db: db}
	if o != nil {
		q.options = *o
	}
	if q.options.Log == nil {
		q.options.Log = slog.Default()
	}
	if q.options.Workers <= 0 {
		q.options.Workers = 16
	}
	if q.options.Keep <= 0 {
		q.options.Keep = time.Hour
	}
	if q.options.Poll <= 0 {
		q.options.Poll = time.Second
	}
	var err error
	if q.driver, q.prefix, err = newDriver(ctx, db); err != nil {
		return nil, fmt.Errorf("open the job queue: %w", err)
	}
	// without workers and queues it only inserts
	q.inserter, err = river.NewClient(q.driver, &river.Config{Logger: q.riverLog(), SkipUnknownJobCheck: true})
	if err != nil {
		return nil, fmt.Errorf("open the job queue: %w", err)
	}
	return q, nil
}

// Migrate brings the tables of the queue up to date. Several nodes may call it at
// once. Tables of a later program are a *sqlstore.NewerSchemaError.
func Migrate(ctx context.Context, db *sqlstore.DB) error {
	return db.Exclusively(ctx, "migrate jobs", func(ctx context.Context) error { return migrate(ctx, db) })
}

func migrate(ctx context.Context, db *sqlstore.DB) error {
	driver, _, err := newDriver(ctx, db)
	if err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	// where there are later steps, all that are known were done: nothing has changed
	if err := refuseNewer(ctx, db, m.AllVersions()); err != nil {
		return err
	}
	return db.Migrate(ctx, sqlstore.Migrations{Concern: "jobs", FS: migrations})
}

// refuseNewer looks whether a later program made tables of the queue that this
// one does not know.
func refuseNewer(ctx context.Context, db *sqlstore.DB, known []rivermigrate.Migration) error {
	have, err := sqlstore.Get[int64](ctx, db, "SELECT coalesce(max(version), 0) FROM river_migration")
	if err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	latest := int64(0)
	for _, m := range known {
		latest = max(latest, int64(m.Version))
	}
	if have > latest {
		return &sqlstore.NewerSchemaError{Concern: "river_migration", Have: have, Known: latest}
	}
	return nil
}

// Add registers handlers; it must be called before Start.
func (q *Queue) Add(handlers ...Handler) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.handlers = append(q.handlers, handlers...)
}

// AddPeriodic registers periodic jobs with their handlers, before Start.
func (q *Queue) AddPeriodic(jobs ...Periodic) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range jobs {
		q.handlers = append(q.handlers, p.handler)
		q.periodic = append(q.periodic, p)
	}
}

// Start begins to work until Stop. The context's end stops nothing: a node
// that shuts down first finishes its requests, which may insert jobs.
func (q *Queue) Start(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running != nil {
		return errors.New("jobs: started already")
	}
	config, err := q.config()
	if err != nil {
		return err
	}
	if len(config.Queues) == 0 {
		return nil
	}
	if err := q.adopt(ctx); err != nil {
		return err
	}
	client, err := river.NewClient(q.driver, config)
	if err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	if q.presence, err = q.announce(ctx, config.ID); err != nil {
		return err
	}
	ctx, q.stop = context.WithCancel(context.WithoutCancel(ctx))
	if err := client.Start(ctx); err != nil {
		return errors.Join(fmt.Errorf("start jobs: %w", err), q.presence.leave())
	}
	q.running = client
	return nil
}

// config translates handlers and options into river's terms.
func (q *Queue) config() (*river.Config, error) {
	longest := time.Second
	workers := river.NewWorkers()
	queues := map[string]river.QueueConfig{}
	known := map[string]bool{}
	for _, h := range q.handlers {
		if len(h.name) < 2 || known[h.name] {
			return nil, fmt.Errorf("jobs: the kind %q is registered twice or too short", h.name)
		}
		known[h.name] = true
		longest = max(longest, h.timeout)
		most := h.workers
		if most <= 0 {
			most = q.options.Workers
		}
		queues[h.queue] = river.QueueConfig{MaxWorkers: max(most, queues[h.queue].MaxWorkers)}
		river.AddWorkerArgs(workers, envelope{kind: h.name}, &worker{queue: q, handler: h})
	}
	rescue := q.options.RescueAfter
	if rescue <= 0 {
		rescue = longest + time.Minute
	}
	var periodic []*river.PeriodicJob
	for _, p := range q.periodic {
		periodic = append(periodic, river.NewPeriodicJob(river.PeriodicInterval(p.every),
			func() (river.JobArgs, *river.InsertOpts) { return p.args, p.options },
			&river.PeriodicJobOpts{RunOnStart: true}))
	}
	cooldown := 20 * time.Millisecond
	if q.db.Dialect() == sqlstore.Postgres {
		cooldown = 10 * time.Millisecond
	}
	return &river.Config{
		ID:                          "node-" + rand.Text(),
		Logger:                      q.riverLog(),
		Workers:                     workers,
		Queues:                      queues,
		PeriodicJobs:                periodic,
		FetchCooldown:               cooldown,
		FetchPollInterval:           q.options.Poll,
		JobTimeout:                  longest,
		RescueStuckJobsAfter:        max(rescue, longest+time.Second),
		CompletedJobRetentionPeriod: q.options.Keep,
		ReindexerSchedule:           river.PeriodicInterval(never),
	}, nil
}

// Stop waits for the running jobs. When the context ends first, theirs are
// cancelled; they run again after the next start.
func (q *Queue) Stop(ctx context.Context) error {
	q.mu.Lock()
	client, stop, presence := q.running, q.stop, q.presence
	q.running, q.presence = nil, nil
	q.mu.Unlock()
	if client == nil {
		return nil
	}
	defer stop()
	// what still runs when this returns is cut off: others may take it
	return errors.Join(q.finish(ctx, client), presence.leave())
}

func (q *Queue) finish(ctx context.Context, client *river.Client[*sql.Tx]) error {
	err := client.Stop(ctx)
	if err == nil || ctx.Err() == nil {
		return err
	}
	// a moment for the cancelled jobs to write down that they failed
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := client.StopAndCancel(last); err != nil {
		return fmt.Errorf("stop jobs: %w", err)
	}
	return nil
}

// Counts returns how many jobs there are in each state: available, running,
// retryable, scheduled, completed, cancelled and discarded.
func (q *Queue) Counts(ctx context.Context) (map[string]int, error) {
	type row struct {
		State string
		N     int
	}
	rows, err := sqlstore.Select[row](ctx, q.db, "SELECT "+q.db.Dialect().Text("state")+" AS state, count(*) AS n FROM river_job GROUP BY state")
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	counts := map[string]int{}
	for _, r := range rows {
		counts[r.State] = r.N
	}
	return counts, nil
}

// insertBatch is how many jobs one statement inserts.
const insertBatch = 500

func (q *Queue) insert(ctx context.Context, list []envelope, o *river.InsertOpts, keyed bool) error {
	if len(list) == 0 {
		return nil
	}
	return q.db.InTx(ctx, func(ctx context.Context) error {
		tx, ok := q.db.Tx(ctx)
		if !ok {
			return errors.New("no transaction")
		}
		if keyed {
			// one order for all: two transactions with the same keys must not wait for each other
			slices.SortFunc(list, func(a, b envelope) int { return strings.Compare(a.Key, b.Key) })
		}
		for batch := range slices.Chunk(list, insertBatch) {
			if keyed {
				// first, because its lock is what the running job's end waits for
				if err := q.want(ctx, batch); err != nil {
					return err
				}
			}
			params := make([]river.InsertManyParams, 0, len(batch))
			for _, e := range batch {
				params = append(params, river.InsertManyParams{Args: e, InsertOpts: o})
			}
			if _, err := q.inserter.InsertManyFastTx(ctx, tx, params); err != nil {
				return err
			}
		}
		return q.wake(ctx, o.Queue)
	})
}

// unfinished are the states in which a job keeps its key.
func unfinished() []rivertype.JobState {
	return []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
		rivertype.JobStateRetryable, rivertype.JobStateScheduled}
}
