package window

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWindow(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	w := New(2, time.Minute, func() time.Time { return now })
	require.Zero(t, w.Allow("a"))
	now = now.Add(20 * time.Second)
	require.Zero(t, w.Allow("a"))
	require.Equal(t, 40*time.Second, w.Allow("a"), "until the oldest leaves the window")
	require.Zero(t, w.Allow("b"), "keys are counted apart")
	w.Undo("a")
	require.Zero(t, w.Allow("a"))
	require.NotZero(t, w.Allow("a"))
	now = now.Add(40 * time.Second)
	require.Zero(t, w.Allow("a"), "the oldest has left, and what was refused did not count")
	require.NotZero(t, w.Allow("a"))
	w.Forget("a")
	require.Zero(t, w.Allow("a"))
	w.Undo("nobody")
	require.Zero(t, w.Allow("a"))
	require.NotZero(t, w.Wait("a"), "it had all of its events")
	require.Zero(t, w.Wait("b"))
	require.Zero(t, w.Wait("nobody"))
	require.Zero(t, w.Allow("c"))
	require.Zero(t, w.Wait("c"))
	require.Zero(t, w.Wait("c"), "to ask is no event")

	require.Equal(t, time.Hour, New(0, time.Hour, nil).Allow("a"), "none is allowed")
	var none *Window
	for range 100 {
		require.Zero(t, none.Allow("a"), "any number is allowed")
	}
	none.Undo("a")
	require.Zero(t, none.Wait("a"))
	none.Forget("a")
}

func TestMemoryIsBounded(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	w := New(1, time.Minute, func() time.Time { return now })
	for n := range maxKeys + 10 {
		w.Allow(strconv.Itoa(n))
	}
	require.LessOrEqual(t, len(w.seen), maxKeys)
	now = now.Add(time.Minute)
	w.Allow("later")
	require.Len(t, w.seen, 1, "what left the window is forgotten")
}

func TestManyAtOnce(t *testing.T) {
	w := New(10, time.Hour, nil)
	var allowed atomic.Int64
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if w.Allow("a") == 0 {
				allowed.Add(1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 10, allowed.Load())
}

func ExampleWindow() {
	w := New(2, time.Hour, nil)
	for range 3 {
		fmt.Println(w.Allow("192.0.2.1") == 0)
	}
	// Output:
	// true
	// true
	// false
}
