package controllerhttp

import (
	"net/netip"
	"sync"
	"time"
)

// maxAttempts bounds the memory of addresses; the oldest minute is forgotten
// when it is full.
const maxAttempts = 100_000

// attempts counts registrations with wrong secrets by address, so that a
// secret cannot be guessed by trying (§19.9).
type attempts struct {
	limit int
	clock func() time.Time

	mu      sync.Mutex
	started time.Time // of the minute that is counted
	counts  map[netip.Addr]int
}

func newAttempts(limit int, clock func() time.Time) *attempts {
	return &attempts{limit: limit, clock: clock, counts: map[netip.Addr]int{}}
}

// source is what is counted: an address, or the /64 an IPv6 host can choose
// its addresses from.
func source(a netip.Addr) netip.Addr {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

// wait returns how long an address must wait, or 0.
func (a *attempts) wait(peer netip.Addr) time.Duration {
	if a.limit < 0 {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	left := a.started.Add(time.Minute).Sub(a.clock())
	if left <= 0 || a.counts[source(peer)] < a.limit {
		return 0
	}
	return left
}

// failed counts a wrong secret.
func (a *attempts) failed(peer netip.Addr) {
	if a.limit < 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.clock(); now.Sub(a.started) >= time.Minute || len(a.counts) >= maxAttempts {
		a.started = now
		clear(a.counts)
	}
	a.counts[source(peer)]++
}
