package server

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/notifications"
)

func TestTellerTellsAtOnceOrInBatches(t *testing.T) {
	var q teller
	var told, calls, lost, at atomic.Int64
	begun, goOn := make(chan struct{}), make(chan struct{})
	notify := func(batch []notifications.Event, n int) {
		if at.Add(1) != 1 {
			panic("two at once")
		}
		defer at.Add(-1)
		if calls.Add(1) == 2 {
			close(begun)
			<-goOn
		}
		told.Add(int64(len(batch)))
		lost.Add(int64(n))
	}
	one := make([]notifications.Event, 1)
	q.tell(nil, notify)
	q.tell(one, notify)
	require.EqualValues(t, 1, told.Load(), "alone it is told before tell returns")

	go q.tell(one, notify)
	<-begun
	for range mostUntold + 7 { // nobody waits, and what does not fit is counted
		q.tell(one, notify)
	}
	require.EqualValues(t, 1, told.Load())
	close(goOn)
	testkit.Eventually(t, "all told", func(context.Context) bool { return told.Load() == mostUntold+2 })
	require.EqualValues(t, 7, lost.Load())
	require.EqualValues(t, 2+mostUntold/mostAtOnce, calls.Load())

	q.tell(make([]notifications.Event, 3*mostAtOnce), notify)
	testkit.Eventually(t, "a large batch told in parts", func(context.Context) bool { return told.Load() == mostUntold+2+3*mostAtOnce })
}

func TestTellerGoesOnAfterAPanic(t *testing.T) {
	var q teller
	one := make([]notifications.Event, 1)
	require.Panics(t, func() { q.tell(one, func([]notifications.Event, int) { panic("a vendor's") }) })
	told := 0
	q.tell(one, func([]notifications.Event, int) { told++ })
	require.Equal(t, 1, told)
}

func TestTellerIsDrained(t *testing.T) {
	var q teller
	require.NoError(t, q.drain(t.Context()), "nothing is under way")
	goOn := make(chan struct{})
	var told atomic.Int64
	q.tell(make([]notifications.Event, 2*mostAtOnce), func(batch []notifications.Event, _ int) {
		<-goOn
		told.Add(int64(len(batch)))
	})
	short, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, q.drain(short), context.Canceled)
	close(goOn)
	require.NoError(t, q.drain(t.Context()))
	require.EqualValues(t, 2*mostAtOnce, told.Load())
	require.NoError(t, q.drain(t.Context()))
}
