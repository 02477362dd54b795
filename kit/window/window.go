// Package window counts what happens to a key within a period that slides
// along: requests of a client, wrong passwords of an account. Counts are kept in
// memory, by each node for itself.
package window

import (
	"sync"
	"time"
)

// maxKeys bounds the memory: beyond it some key is forgotten, which lets it
// begin anew too early.
const maxKeys = 200_000

// Window allows a key so many events within a period. A nil Window allows any
// number. It may be used by many goroutines.
type Window struct {
	limit  int
	period time.Duration
	clock  func() time.Time

	mu    sync.Mutex
	seen  map[string][]time.Time
	swept time.Time
}

// New returns a window that allows limit events a period; with 0 none. clock
// nil means time.Now.
func New(limit int, period time.Duration, clock func() time.Time) *Window {
	if clock == nil {
		clock = time.Now
	}
	return &Window{limit: limit, period: period, clock: clock, seen: map[string][]time.Time{}}
}

// Allow counts an event of a key and returns 0, or how long to wait when the
// key had all of its events: then nothing is counted.
func (w *Window) Allow(key string) (wait time.Duration) {
	if w == nil {
		return 0
	}
	now := w.clock()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sweep(now)
	events := w.recent(w.seen[key], now)
	switch {
	case len(events) < w.limit:
		w.seen[key] = append(events, now)
		return 0
	case len(events) == 0:
		return w.period
	}
	w.seen[key] = events
	return events[0].Add(w.period).Sub(now)
}

// Wait is how long a key that had all of its events has to wait, 0 for others.
// Nothing is counted: for events that are known to be such only afterwards.
func (w *Window) Wait(key string) time.Duration {
	if w == nil {
		return 0
	}
	now := w.clock()
	w.mu.Lock()
	defer w.mu.Unlock()
	switch events := w.recent(w.seen[key], now); {
	case len(events) < w.limit:
		return 0
	case len(events) == 0:
		return w.period
	default:
		return events[0].Add(w.period).Sub(now)
	}
}

// Undo takes the last event of a key back.
func (w *Window) Undo(key string) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.seen[key]); n > 0 {
		w.seen[key] = w.seen[key][:n-1]
	}
}

// Forget takes all events of a key back.
func (w *Window) Forget(key string) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.seen, key)
}

// recent drops the events that left the window.
func (w *Window) recent(events []time.Time, now time.Time) []time.Time {
	i := 0
	for i < len(events) && !events[i].Add(w.period).After(now) {
		i++
	}
	return events[i:]
}

// sweep forgets keys to which nothing happened for a whole period.
func (w *Window) sweep(now time.Time) {
	for key := range w.seen {
		if len(w.seen) < maxKeys {
			break
		}
		delete(w.seen, key)
	}
	if now.Sub(w.swept) < w.period {
		return
	}
	w.swept = now
	for key, events := range w.seen {
		if len(w.recent(events, now)) == 0 {
			delete(w.seen, key)
		}
	}
}
