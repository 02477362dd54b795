package controllerhttp

import (
	"sync"
	"time"
)

// maxAttempts bounds the memory of addresses; the oldest minute is forgotten
// when it is full.
const maxAttempts = 100_000

// attempts counts registrations with wrong secrets by source, so that a
// secret cannot be guessed by trying (§19.9).
type attempts struct {
	limit int
	clock func() time.Time

	mu      sync.Mutex
	started time.Time // of the minute that is counted
	counts  map[string]int
}

func newAttempts(limit int, clock func() time.Time) *attempts {
	return &attempts{limit: limit, clock: clock, counts: map[string]int{}}
}

// wait returns how long a source (rest.Source) must wait, or 0.
func (a *attempts) wait(source string) time.Duration {
	if a.limit < 0 {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	left := a.started.Add(time.Minute).Sub(a.clock())
	if left <= 0 || a.counts[source] < a.limit {
		return 0
	}
	return left
}

// failed counts a wrong secret.
func (a *attempts) failed(source string) {
	if a.limit < 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.clock(); now.Sub(a.started) >= time.Minute || len(a.counts) >= maxAttempts {
		a.started = now
		clear(a.counts)
	}
	a.counts[source]++
}
