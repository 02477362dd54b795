package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

// runConcurrency has many writers change one object. Each must have seen what
// the one before it stored: otherwise two of them stored the same.
func runConcurrency[K comparable, T, F any](t *testing.T, repo wispwright.KeyedRepo[K, T, F], s Sample[K, T, F], key K) {
	const writers = 8
	var wg sync.WaitGroup
	var mu sync.Mutex
	var stored []*T
	var faults []error
	meet := newMeeting()
	for range writers {
		wg.Go(func() {
			after, err := repo.Update(context.Background(), wispwright.ScopeAll(), key, func(o *T) error {
				meet.wait()
				s.Mutate(o)
				return nil
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				faults = append(faults, err)
				return
			}
			stored = append(stored, after)
		})
	}
	wg.Wait()
	require.Empty(t, faults)
	require.Len(t, stored, writers)
	last, err := repo.Get(context.Background(), wispwright.ScopeAll(), key)
	require.NoError(t, err)
	isLast := false
	for i, one := range stored {
		isLast = isLast || assert.ObjectsAreEqual(last, one)
		for _, other := range stored[:i] {
			require.False(t, assert.ObjectsAreEqual(one, other), "an update was lost: each writer must see what the one before it stored (or Sample.Mutate made the same object twice): %+v", one)
		}
	}
	require.True(t, isLast, "what is stored in the end is what one of the writers stored")
}

// meeting makes the first writer wait for a second one. A storage that keeps
// its promise lets no second one come, so the wait ends by itself; in others
// both have read the same.
type meeting struct {
	once   sync.Once
	mu     sync.Mutex
	came   int
	second chan struct{}
}

func newMeeting() *meeting { return &meeting{second: make(chan struct{})} }

func (m *meeting) wait() {
	m.mu.Lock()
	m.came++
	first := m.came == 1
	m.mu.Unlock()
	if !first {
		m.once.Do(func() { close(m.second) })
		return
	}
	select {
	case <-m.second:
	case <-time.After(200 * time.Millisecond):
	}
}
