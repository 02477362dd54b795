package controllerhttp

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

// A user who asks for many previews at once is refused, others get their turn,
// and nobody waits for ever.
func TestPreviewsAreBounded(t *testing.T) {
	p := newPreviews()
	p.wait = 20 * time.Millisecond
	greedy, other := wispwright.NewID(), wispwright.NewID()
	refused := func(err error) {
		t.Helper()
		var f *rest.Failure
		require.ErrorAs(t, err, &f)
		require.Equal(t, http.StatusTooManyRequests, f.Status)
	}
	var leave []func()
	for range previewsAtOnce {
		done, err := p.enter(t.Context(), greedy)
		require.NoError(t, err)
		leave = append(leave, done)
	}
	_, err := p.enter(t.Context(), other)
	refused(err) // waited in vain
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = p.enter(gone, other)
	require.ErrorIs(t, err, context.Canceled)
	p.wait = time.Hour
	turn := make(chan func())
	go func() {
		done, err := p.enter(context.Background(), greedy)
		if err != nil {
			done = nil
		}
		turn <- done
	}()
	for waiting := 0; waiting < previewsOfOne; {
		p.mu.Lock()
		waiting = p.of[greedy]
		p.mu.Unlock()
	}
	_, err = p.enter(t.Context(), greedy)
	refused(err) // at once: one runs or waits too many
	leave[0]()
	done := <-turn
	require.NotNil(t, done)
	for _, f := range append(leave[1:], done) {
		f()
	}
	require.Empty(t, p.of)
	require.Empty(t, p.slots)
}
