package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river"
)

// Kind describes a kind of job whose arguments are a T, which is stored as
// JSON. The zero values of all fields but Name are good.
type Kind[T any] struct {
	// Name identifies the kind in the database; never change it while jobs
	// wait. Two letters at least, such as "controller.recompute".
	Name string
	// Timeout ends the context of a run. Default: 1 minute. A job of a node that
	// died is taken over after the longest timeout of all kinds plus a minute.
	Timeout time.Duration
	// Attempts is how often a failing job is tried, with growing pauses.
	// Default: 25, which takes three weeks.
	Attempts int
	// Key, if set, coalesces: one job per kind and key waits or runs, with the
	// arguments of the first request, and it runs again when it was asked for
	// while it ran. So the arguments say what to do, never what changed.
	Key func(T) string
	// Queue names a group of workers of its own, for slow kinds that must not
	// hold up others. Default: "default".
	Queue string
	// Workers is how many jobs of the Queue run at once on a node; of several
	// kinds in one queue the largest number holds. Default: Options.Workers.
	Workers int
}

// Handler is a kind with what it does.
type Handler struct {
	name    string
	queue   string
	timeout time.Duration
	workers int
	keyed   bool
	work    func(ctx context.Context, args json.RawMessage) error
}

// Periodic is a job that is inserted again and again.
type Periodic struct {
	handler Handler
	every   time.Duration
	args    envelope
	options *river.InsertOpts
}

// envelope is what river stores and hands back.
type envelope struct {
	// Key makes the job unique.
	Key string `json:"key,omitempty" river:"unique"`
	// Args are the kind's own arguments.
	Args json.RawMessage `json:"args"`

	kind string
}

// Kind is for river.
func (e envelope) Kind() string { return e.kind }

// Handle says what a job of the kind does. work is called again after an
// error, after a crash and, with a Key, when it was asked for meanwhile, so it
// must be repeatable; what it changes in the database belongs into Complete.
func (k Kind[T]) Handle(work func(ctx context.Context, args T) error) Handler {
	return Handler{
		name: k.Name, queue: k.queue(), timeout: k.timeout(), workers: k.Workers, keyed: k.Key != nil,
		work: func(ctx context.Context, raw json.RawMessage) error {
			var args T
			if err := json.Unmarshal(raw, &args); err != nil {
				return Permanent(fmt.Errorf("decode the arguments of %s: %w", k.Name, err))
			}
			return work(ctx, args)
		},
	}
}

// Every makes a periodic job of the kind: at the start of the process that
// leads, and then at the interval. Never two of them wait or run at once.
func (k Kind[T]) Every(interval time.Duration, args T, work func(ctx context.Context, args T) error) (Periodic, error) {
	k.Key = func(T) string { return "periodic" }
	e, err := k.envelope(args)
	if err != nil {
		return Periodic{}, err
	}
	return Periodic{handler: k.Handle(work), every: interval, args: e, options: k.options()}, nil
}

// Insert asks for jobs, in the context's transaction if there is one: they
// exist when it is committed and start at once then. Asking twice for a key is
// asking once.
func (k Kind[T]) Insert(ctx context.Context, q *Queue, args ...T) error {
	list := make([]envelope, 0, len(args))
	known := map[string]bool{}
	for _, a := range args {
		e, err := k.envelope(a)
		if err != nil {
			return err
		}
		if k.Key != nil {
			if known[e.Key] {
				continue
			}
			known[e.Key] = true
		}
		list = append(list, e)
	}
	if err := q.insert(ctx, list, k.options(), k.Key != nil); err != nil {
		return fmt.Errorf("insert jobs %s: %w", k.Name, err)
	}
	return nil
}

func (k Kind[T]) envelope(args T) (envelope, error) {
	raw, err := json.Marshal(args)
	if err != nil {
		return envelope{}, fmt.Errorf("encode the arguments of %s: %w", k.Name, err)
	}
	e := envelope{Args: raw, kind: k.Name}
	if k.Key != nil {
		e.Key = k.Key(args)
	}
	return e, nil
}

func (k Kind[T]) options() *river.InsertOpts {
	o := &river.InsertOpts{Queue: k.queue(), MaxAttempts: k.Attempts}
	if k.Key != nil {
		o.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: unfinished()}
	}
	return o
}

func (k Kind[T]) queue() string {
	if k.Queue == "" {
		return river.QueueDefault
	}
	return k.Queue
}

func (k Kind[T]) timeout() time.Duration {
	if k.Timeout <= 0 {
		return time.Minute
	}
	return k.Timeout
}
