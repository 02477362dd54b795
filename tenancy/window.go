package tenancy

import (
	"sync"
	"time"
)

// maxWindows bounds the memory; beyond it some key is forgotten.
const maxWindows = 100_000

// windows counts what happens to a key within a period that slides along.
type windows struct {
	limit  int
	period time.Duration
	clock  func() time.Time

	mu    sync.Mutex
	seen  map[string][]time.Time
	swept time.Time
}

func newWindows(limit int, period time.Duration, clock func() time.Time) *windows {
	return &windows{limit: limit, period: period, clock: clock, seen: map[string][]time.Time{}}
}

// allow counts one more unless the key is full.
func (w *windows) allow(key string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.full(key) {
		return false
	}
	w.add(key)
	return true
}

// undo takes the last one back.
func (w *windows) undo(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.seen[key]); n > 0 {
		w.seen[key] = w.seen[key][:n-1]
	}
}

// forget empties a key.
func (w *windows) forget(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.seen, key)
}

func (w *windows) full(key string) bool {
	return w.limit > 0 && len(w.recent(w.seen[key], w.clock())) >= w.limit
}

func (w *windows) add(key string) {
	if w.limit <= 0 {
		return
	}
	now := w.clock()
	w.sweep(now)
	w.seen[key] = append(w.recent(w.seen[key], now), now)
}

// recent drops what left the window.
func (w *windows) recent(times []time.Time, now time.Time) []time.Time {
	i := 0
	for i < len(times) && !now.Before(times[i].Add(w.period)) {
		i++
	}
	return times[i:]
}

// sweep forgets keys to which nothing happened for a period.
func (w *windows) sweep(now time.Time) {
	for key := range w.seen {
		if len(w.seen) < maxWindows {
			break
		}
		delete(w.seen, key)
	}
	if now.Sub(w.swept) < w.period {
		return
	}
	w.swept = now
	for key, times := range w.seen {
		if len(w.recent(times, now)) == 0 {
			delete(w.seen, key)
		}
	}
}
