package radius

import (
	"context"
	"sync"
	"time"
)

// gathering stores many small things together: what comes while transactions are
// under way goes into the next one. Nobody is told that something was stored before it
// was, and what cannot be stored with the others is tried alone, so that it does not
// spoil them.
type gathering[T any] struct {
	insert func(ctx context.Context, list ...T) error
	// workers is how many transactions may be under way
	workers int

	lock    sync.Mutex
	waiting []gathered[T]
	working int
}

type gathered[T any] struct {
	ctx   context.Context
	thing T
	done  chan error
}

const (
	// mostGathered is how many things go into one transaction.
	mostGathered = 200
	// gatherFor bounds a transaction, although callers may have gone away meanwhile.
	gatherFor = 10 * time.Second
)

// store returns when a thing was stored, could not be, or the context has ended; then
// it may be stored nevertheless.
func (g *gathering[T]) store(ctx context.Context, thing T) error {
	one := gathered[T]{ctx, thing, make(chan error, 1)}
	g.lock.Lock()
	g.waiting = append(g.waiting, one)
	if g.working < g.workers {
		g.working++
		go g.work()
	}
	g.lock.Unlock()
	select {
	case err := <-one.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// work stores until nothing waits.
func (g *gathering[T]) work() {
	for {
		g.lock.Lock()
		some := g.waiting[:min(len(g.waiting), mostGathered)]
		g.waiting = g.waiting[len(some):]
		if len(some) == 0 {
			g.working--
			g.waiting = nil
			g.lock.Unlock()
			return
		}
		g.lock.Unlock()
		g.together(some)
	}
}

func (g *gathering[T]) together(some []gathered[T]) {
	things := make([]T, len(some))
	for i, one := range some {
		things[i] = one.thing
	}
	err := g.try(some[0].ctx, things...)
	for i, one := range some {
		if err != nil && len(some) > 1 {
			one.done <- g.try(one.ctx, things[i])
			continue
		}
		one.done <- err
	}
}

func (g *gathering[T]) try(ctx context.Context, things ...T) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), gatherFor)
	defer cancel()
	return g.insert(ctx, things...)
}
