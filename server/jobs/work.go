package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// ErrLost means that the job was meanwhile cancelled, or taken over because
// its run was taken for dead: its effect must not be stored.
var ErrLost = errors.New("jobs: the job is not this run's any more")

// Permanent marks an error that repeating cannot mend: the job is given up.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Later is returned by a handler that wants to be called again after a while,
// without it counting as a failure. An error that is wispwright.ErrUnavailable
// is the same with a second.
func Later(after time.Duration) error { return &laterError{after} }

type laterError struct{ after time.Duration }

func (e *laterError) Error() string { return "again in " + e.after.String() }

// run is one run of a job; Complete finds it in the context.
type run struct {
	queue      *Queue
	job        *river.Job[envelope]
	keyed      bool
	generation int64
	finished   bool
	again      bool
}

type runKey struct{}

// Complete stores the effect of the job that the context belongs to, together
// with the fact that it is done: both or neither survive a crash. It is called
// once, at the end of the handler. effect may be nil, and may run more than once.
func Complete(ctx context.Context, effect func(ctx context.Context) error) error {
	r, ok := ctx.Value(runKey{}).(*run)
	if !ok {
		return errors.New("jobs: Complete outside of a job")
	}
	var again bool
	err := r.queue.db.InTx(ctx, func(ctx context.Context) (err error) {
		if effect != nil {
			if err := effect(ctx); err != nil {
				return err
			}
		}
		again, err = r.finish(ctx)
		return err
	})
	if err != nil {
		return err
	}
	r.finished, r.again = true, again
	return nil
}

// finish marks the job as done in the context's transaction, unless it was
// asked for while it ran.
func (r *run) finish(ctx context.Context) (again bool, err error) {
	db := r.queue.db
	if r.keyed {
		// the same order as in insert: first the wish, then the job
		generation, err := r.wanted(ctx, db.Dialect().ForUpdate())
		if err != nil {
			return false, err
		}
		again = generation != r.generation
	}
	type state struct {
		State   string
		Attempt int
	}
	now, err := sqlstore.Get[state](ctx, db, "SELECT "+db.Dialect().Text("state")+" AS state, attempt FROM river_job WHERE id = ?"+db.Dialect().ForUpdate(), r.job.ID)
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && (now.State != "running" || now.Attempt != r.job.Attempt) {
		return false, ErrLost
	}
	if err != nil {
		return false, fmt.Errorf("finish job: %w", err)
	}
	if again {
		return true, nil // stays running until river hears that it is to be repeated
	}
	if r.keyed {
		if _, err := sqlstore.Exec(ctx, db, "DELETE FROM job_wanted WHERE kind = ? AND job_key = ?", r.job.Kind, r.job.Args.Key); err != nil {
			return false, fmt.Errorf("finish job: %w", err)
		}
	}
	tx, ok := db.Tx(ctx)
	if !ok {
		return false, errors.New("jobs: no transaction")
	}
	if _, err := river.JobCompleteTx[riverdriver.Driver[*sql.Tx]](ctx, tx, r.job); err != nil {
		return false, fmt.Errorf("finish job: %w", err)
	}
	return false, nil
}

// wanted returns how often the job's key was asked for.
func (r *run) wanted(ctx context.Context, lock string) (int64, error) {
	n, err := sqlstore.Get[int64](ctx, r.queue.db, "SELECT generation FROM job_wanted WHERE kind = ? AND job_key = ?"+lock, r.job.Kind, r.job.Args.Key)
	if errors.Is(err, wispwright.ErrNotFound) {
		return 0, nil // a periodic job: nobody asked
	}
	if err != nil {
		return 0, fmt.Errorf("read what is wanted: %w", err)
	}
	return n, nil
}

// want counts the requests for keyed jobs.
func (q *Queue) want(ctx context.Context, batch []envelope) error {
	values := strings.TrimSuffix(strings.Repeat("(?, ?, 1), ", len(batch)), ", ")
	args := make([]any, 0, 2*len(batch))
	for _, e := range batch {
		args = append(args, e.kind, e.Key)
	}
	_, err := sqlstore.Exec(ctx, q.db, "INSERT INTO job_wanted (kind, job_key, generation) VALUES "+values+
		" ON CONFLICT (kind, job_key) DO UPDATE SET generation = job_wanted.generation + 1", args...)
	return err
}

// worker runs the jobs of one kind.
type worker struct {
	river.WorkerDefaults[envelope]
	queue   *Queue
	handler Handler
}

// Timeout is for river.
func (w *worker) Timeout(*river.Job[envelope]) time.Duration { return w.handler.timeout }

// Work is for river.
func (w *worker) Work(ctx context.Context, job *river.Job[envelope]) error {
	begun := time.Now()
	defer w.queue.held.begin(job.ID)()
	r := &run{queue: w.queue, job: job, keyed: w.handler.keyed}
	err := w.perform(context.WithValue(ctx, runKey{}, r), r)
	if w.queue.options.Observe != nil {
		w.queue.options.Observe(job.Kind, max(0, begun.Sub(job.ScheduledAt)), time.Since(begun), err)
	}
	var permanent *permanentError
	var later *laterError
	switch {
	case r.finished && !r.again:
		return nil // whatever the handler said afterwards, it is stored as done
	case r.finished:
		return river.JobSnooze(0)
	case errors.As(err, &later):
		return river.JobSnooze(later.after)
	case errors.As(err, &permanent):
		return river.JobCancel(err)
	case errors.Is(err, wispwright.ErrUnavailable):
		return river.JobSnooze(pause) // no fault of the job: counts as no attempt
	}
	return err
}

func (w *worker) perform(ctx context.Context, r *run) (err error) {
	if r.keyed {
		if r.generation, err = r.wanted(ctx, ""); err != nil {
			return err
		}
	}
	ctx = wispwright.WithCaller(ctx, wispwright.System("job "+r.job.Kind))
	if err := w.handler.work(ctx, r.job.Args.Args); err != nil || r.finished {
		return err
	}
	return settle(ctx)
}

// settle writes down that a job is done whose effect lies outside the database,
// at once and not with the next batch of outcomes: what a process that is killed
// did not write runs again. While the database is away it tries again, until the
// run's time is over.
func settle(ctx context.Context) error {
	for {
		err := Complete(ctx, nil)
		if !errors.Is(err, wispwright.ErrUnavailable) {
			return err
		}
		if wait(ctx, pause) != nil {
			return err
		}
	}
}
