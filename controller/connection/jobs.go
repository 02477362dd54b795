package connection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
)

// JobKind says what a Job does.
type JobKind string

// The kinds of jobs.
const (
	// JobPush tells a device of its configuration.
	JobPush JobKind = "push"
	// JobCommand runs a command.
	JobCommand JobKind = "command"
	// JobBatch lets the next commands of a batch run.
	JobBatch JobKind = "batch"
	// JobAutoAdd gives credentials to devices.
	JobAutoAdd JobKind = "auto_add"
	// JobTest tries a connection for somebody who wants to know.
	JobTest JobKind = "test"
)

// Job is something that waits for devices or touches many. It is plain data: a
// queue may store it as JSON.
type Job struct {
	// Kind says what to do, ID to what. One job of a kind and id waits or runs;
	// asked for again while it runs, it runs once more.
	Kind JobKind
	ID   wispwright.ID
}

// Jobs runs work. The queue calls Connection.Work for each job after the commit,
// again when it returns an error.
type Jobs interface {
	// Enqueue is called inside the transaction that causes the jobs, so that
	// neither exists without the other.
	Enqueue(ctx context.Context, jobs ...Job) error
	// Complete is called by Work at the end of a job, once: what effect stores,
	// and that the job is done, are one transaction.
	Complete(ctx context.Context, effect func(ctx context.Context) error) error
}

// LaterError is returned by Connection.Work for a job that is to be run after a
// while; it is no failure.
type LaterError struct {
	// After is how much later.
	After time.Duration
}

func (e *LaterError) Error() string { return "again in " + e.After.String() }

// Work does a job. It may be called again after an error or a crash.
func (c *Connection) Work(ctx context.Context, job Job) error {
	switch job.Kind {
	case JobPush:
		return c.Pushes.work(ctx, job.ID)
	case JobCommand:
		return c.Commands.work(ctx, job.ID)
	case JobBatch:
		return c.Batches.work(ctx, job.ID)
	case JobAutoAdd:
		return c.Connections.addToDevices(ctx, job.ID)
	case JobTest:
		return c.Connections.test(ctx, job.ID)
	}
	return fmt.Errorf("connection: unknown job %q", job.Kind)
}

// inline does jobs as soon as they exist.
type inline struct{ c *Connection }

// Enqueue implements Jobs.
func (q *inline) Enqueue(ctx context.Context, jobs ...Job) error {
	wispwright.AfterCommit(ctx, func() {
		background := wispwright.WithCaller(context.WithoutCancel(ctx), wispwright.System("connection"))
		for _, job := range jobs {
			err := q.c.Work(background, job)
			for later := (*LaterError)(nil); errors.As(err, &later); err = q.c.Work(background, job) {
				time.Sleep(later.After)
			}
			if err != nil {
				q.c.Log.ErrorContext(ctx, "a job of connection failed", "kind", job.Kind, "id", job.ID, "error", err)
			}
		}
	})
	return nil
}

// Complete implements Jobs.
func (q *inline) Complete(ctx context.Context, effect func(ctx context.Context) error) error {
	return q.c.kit.Tx.InTx(ctx, effect)
}
