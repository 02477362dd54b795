package server

import (
	"context"
	"sync"

	"github.com/wispwright/wispwright/notifications"
)

// The queue of a teller, and what one transaction tells of.
const (
	mostUntold = 20_000
	mostAtOnce = 200
)

// teller keeps those that cause notifications from waiting for each other. One
// event alone is told at once, by whoever caused it; what happens meanwhile is
// told in batches, so that a thousand devices that register cost a few
// statements and not a few thousand.
type teller struct {
	mu     sync.Mutex
	busy   bool
	events []notifications.Event
	lost   int           // for want of room
	idle   chan struct{} // closed when all is told; nil unless busy
}

// tell hands events to notify, now or soon. notify is never called twice at
// the same time.
func (t *teller) tell(events []notifications.Event, notify func(batch []notifications.Event, lost int)) {
	if len(events) == 0 {
		return
	}
	t.mu.Lock()
	if t.busy || len(events) > mostAtOnce {
		room := max(0, mostUntold-len(t.events))
		t.lost += max(0, len(events)-room)
		t.events = append(t.events, events[:min(room, len(events))]...)
		if !t.busy {
			t.begin()
			go t.rest(notify)
		}
		t.mu.Unlock()
		return
	}
	t.begin()
	t.mu.Unlock()
	defer func() { // also when notify panics: nobody would be told anything any more
		t.mu.Lock()
		defer t.mu.Unlock()
		if len(t.events) > 0 {
			go t.rest(notify)
			return
		}
		t.end()
	}()
	notify(events, 0)
}

// begin and end are called with the lock held.
func (t *teller) begin() { t.busy, t.idle = true, make(chan struct{}) }

func (t *teller) end() {
	close(t.idle)
	t.busy, t.idle, t.events = false, nil, nil
}

// drain waits until all is told, for as long as the context lasts.
func (t *teller) drain(ctx context.Context) error {
	t.mu.Lock()
	idle := t.idle
	t.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// rest tells of what came meanwhile, until nothing is left.
func (t *teller) rest(notify func(batch []notifications.Event, lost int)) {
	for {
		t.mu.Lock()
		n := min(len(t.events), mostAtOnce)
		batch, lost := t.events[:n:n], t.lost
		t.events, t.lost = t.events[n:], 0
		if n == 0 {
			t.end()
			t.mu.Unlock()
			return
		}
		t.mu.Unlock()
		notify(batch, lost)
	}
}
