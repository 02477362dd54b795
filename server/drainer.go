package server

import (
	"context"
	"sync"
	"time"
)

// drainer tells of what was posted as soon as it is committed, and looks now
// and then for what a node left that died, or that runs no background work.
type drainer struct {
	drain   func(context.Context) error
	waiting func(context.Context) (bool, error)
	failed  func(error)

	wake chan struct{}
	stop context.CancelFunc
	done sync.WaitGroup
}

// looksAround is how often a node looks for what others left.
const looksAround = 2 * time.Second

func newDrainer(drain func(context.Context) error, waiting func(context.Context) (bool, error), failed func(error)) *drainer {
	return &drainer{drain: drain, waiting: waiting, failed: failed, wake: make(chan struct{}, 1)}
}

// nudge says that something was posted. It never waits.
func (d *drainer) nudge() {
	select {
	case d.wake <- struct{}{}:
	default: // it looks anyway
	}
}

// start begins to drain, until end.
func (d *drainer) start(ctx context.Context) {
	if d.stop != nil {
		return // it does already
	}
	ctx, d.stop = context.WithCancel(context.WithoutCancel(ctx))
	d.done.Go(func() {
		timer := time.NewTicker(looksAround)
		defer timer.Stop()
		for d.nudge(); ; { // what was left before
			select {
			case <-ctx.Done():
				return
			case <-d.wake:
			case <-timer.C:
				if there, err := d.waiting(ctx); err == nil && !there {
					continue
				}
			}
			if err := d.drain(ctx); err != nil && ctx.Err() == nil {
				d.failed(err)
			}
		}
	})
}

// end stops after what is under way, and tells of what is left, for as long as
// the context lasts. What is not told then is told at the next start.
func (d *drainer) end(ctx context.Context) error {
	if d.stop == nil {
		return nil
	}
	ended := make(chan struct{})
	go func() { d.done.Wait(); close(ended) }()
	timer := context.AfterFunc(ctx, d.stop) // no more time: what is under way is undone
	defer timer()
	err := d.drain(ctx)
	d.stop()
	<-ended
	return err
}
