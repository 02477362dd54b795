package mail

import (
	"context"
	"sync"
	"time"
)

// Pace keeps many e-mails at once from looking like a flood: after some of them
// it pauses. It may be used by many goroutines, which it lets go on one by one.
type Pace struct {
	every int
	pause time.Duration
	wait  func(ctx context.Context, d time.Duration) error

	mu sync.Mutex
	n  int
}

// NewPace pauses after every so many e-mails.
func NewPace(every int, pause time.Duration) *Pace {
	return &Pace{every: every, pause: pause, wait: sleep}
}

// Next returns when the next e-mail may be sent, or with the context's error.
func (p *Pace) Next(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n > 0 && p.n%p.every == 0 {
		if err := p.wait(ctx, p.pause); err != nil {
			return err
		}
	}
	p.n++
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
