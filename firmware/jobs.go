package firmware

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
)

// The kinds of jobs.
const (
	// JobUpgrade tries an operation.
	JobUpgrade = "upgrade"
	// JobBatch begins a batch, and lets its next operations run.
	JobBatch = "batch"
	// JobDetect finds out which devices run a new image.
	JobDetect = "detect"
)

// Job is something that waits for devices or touches many. It is plain data: a
// queue may store it as JSON.
type Job struct {
	// Kind says what to do, ID to what. One job of a kind and id waits or runs;
	// asked for again while it runs, it runs once more.
	Kind string
	ID   wispwright.ID
}

// Jobs runs work. The queue calls Service.Work for each job after the commit, and
// again when it returns an error.
type Jobs interface {
	// Enqueue is called inside the transaction that causes the jobs, so that neither
	// exists without the other.
	Enqueue(ctx context.Context, jobs ...Job) error
}

// LaterError is returned by Service.Work for a job that is to be run after a while;
// it is no failure.
type LaterError struct {
	// After is how much later.
	After time.Duration
}

func (e *LaterError) Error() string { return "again in " + e.After.String() }

// Work does a job. It may be called again after an error or a crash.
func (s *Service) Work(ctx context.Context, job Job) error {
	switch job.Kind {
	case JobUpgrade:
		return s.Operations.work(ctx, job.ID)
	case JobBatch:
		return s.Batches.work(ctx, job.ID)
	case JobDetect:
		return s.Devices.detectImage(ctx, job.ID)
	}
	return fmt.Errorf("firmware: unknown job %q", job.Kind)
}

// inline does jobs as soon as they exist.
type inline struct{ s *Service }

// Enqueue implements Jobs.
func (q *inline) Enqueue(ctx context.Context, jobs ...Job) error {
	wispwright.AfterCommit(ctx, func() {
		background := wispwright.WithCaller(context.WithoutCancel(ctx), wispwright.System("firmware"))
		for _, job := range jobs {
			err := q.s.Work(background, job)
			for later := (*LaterError)(nil); errors.As(err, &later); err = q.s.Work(background, job) {
				time.Sleep(later.After)
			}
			if err != nil {
				q.s.options.Log.ErrorContext(ctx, "a job of firmware failed", "kind", job.Kind, "id", job.ID, "error", err)
			}
		}
	})
	return nil
}

// unreachable is the Reacher of a program that reaches nothing.
type unreachable struct{}

func (unreachable) Strategies(context.Context, ...wispwright.ID) (map[wispwright.ID]string, error) {
	return map[wispwright.ID]string{}, nil
}

func (unreachable) Open(context.Context, wispwright.ID) (connection.Session, error) {
	return nil, &UnreachableError{}
}

func (unreachable) Broken(context.Context, wispwright.ID, string) error { return nil }
