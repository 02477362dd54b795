package mail

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// QueueOptions change what NewQueue makes; nil means the defaults.
type QueueOptions struct {
	// Length is how many e-mails may wait. Default: 1,000.
	Length int
	// Pauses are how long is waited before an e-mail that failed is tried
	// again; after the last one it is given up. Default: 5 s, 1 min, 10 min.
	Pauses []time.Duration
	// Log receives what could not be sent. Default: slog's own.
	Log *slog.Logger
}

// Queue sends e-mails one after the other in the background, so that nobody
// learns from the time of an answer whether one was sent. What waits when the
// program ends is lost: whoever asked for an e-mail asks again.
type Queue struct {
	mailer  tenancy.Mailer
	waiting chan tenancy.Message
	pauses  []time.Duration
	log     *slog.Logger
}

var _ tenancy.Mailer = (*Queue)(nil)

// NewQueue returns a queue before a mailer. Run sends what is in it.
func NewQueue(mailer tenancy.Mailer, o *QueueOptions) *Queue {
	if o == nil {
		o = &QueueOptions{}
	}
	q := &Queue{mailer: mailer, pauses: o.Pauses, log: o.Log}
	n := o.Length
	if n <= 0 {
		n = 1000
	}
	q.waiting = make(chan tenancy.Message, n)
	if q.pauses == nil {
		q.pauses = []time.Duration{5 * time.Second, time.Minute, 10 * time.Minute}
	}
	if q.log == nil {
		q.log = slog.Default()
	}
	return q
}

// Send puts an e-mail into the queue. A malformed one is refused here, a full
// queue is wispwright.ErrLimit.
func (q *Queue) Send(_ context.Context, m tenancy.Message) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("queue an e-mail: %w", err)
	}
	select {
	case q.waiting <- m:
		return nil
	default:
		return fmt.Errorf("queue an e-mail: %w", wispwright.ErrLimit)
	}
}

// Run sends until the context ends, and what is waiting then once more.
func (q *Queue) Run(ctx context.Context) {
	for {
		select {
		case m := <-q.waiting:
			q.deliver(ctx, m)
		case <-ctx.Done():
			q.last(context.WithoutCancel(ctx))
			return
		}
	}
}

// last tries each e-mail that is waiting once, for a few seconds altogether.
func (q *Queue) last(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		select {
		case m := <-q.waiting:
			if err := q.mailer.Send(ctx, m); err != nil {
				q.log.ErrorContext(ctx, "an e-mail was lost at the end of the program", "subject", m.Subject, "error", err)
			}
		default:
			return
		}
	}
}

// deliver sends an e-mail, in several attempts.
func (q *Queue) deliver(ctx context.Context, m tenancy.Message) {
	for attempt := 0; ; attempt++ {
		// the end of the program must not cut a delivery in two
		err := q.mailer.Send(context.WithoutCancel(ctx), m)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			q.log.ErrorContext(ctx, "an e-mail was lost at the end of the program", "subject", m.Subject, "error", err)
			return
		}
		if attempt >= len(q.pauses) {
			q.log.ErrorContext(ctx, "an e-mail was given up", "subject", m.Subject, "error", err)
			return
		}
		q.log.WarnContext(ctx, "an e-mail could not be sent yet", "subject", m.Subject, "error", err)
		select {
		case <-time.After(q.pauses[attempt]):
		case <-ctx.Done():
			q.log.ErrorContext(ctx, "an e-mail was lost at the end of the program", "subject", m.Subject)
			return
		}
	}
}
