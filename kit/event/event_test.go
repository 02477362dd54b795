package event_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
)

func TestHookStopsAtTheFirstError(t *testing.T) {
	var h event.Hook[int]
	var seen []int
	h.Subscribe("collect", func(_ context.Context, e ...int) error { seen = append(seen, e...); return nil })
	h.Subscribe("veto", func(context.Context, ...int) error { return wispwright.ErrLimit })
	h.Subscribe("never", func(context.Context, ...int) error { return errors.New("reached") })

	err := h.Fire(context.Background(), 1, 2)
	require.ErrorIs(t, err, wispwright.ErrLimit)
	require.ErrorContains(t, err, "veto")
	require.Equal(t, []int{1, 2}, seen)
	require.NoError(t, h.Fire(context.Background()))
	require.Equal(t, []string{"collect", "veto", "never"}, h.Subscribers())
}

func TestTopicWaitsForTheCommit(t *testing.T) {
	var topic event.Topic[string]
	var seen []string
	topic.Subscribe("panics", func(context.Context, ...string) { panic("boom") })
	topic.Subscribe("collect", func(_ context.Context, e ...string) { seen = append(seen, e...) })

	ctx, hooks := wispwright.WithCommitHooks(context.Background())
	topic.Publish(ctx, "first try")
	hooks.Reset()
	topic.Publish(ctx, "second try")
	require.Empty(t, seen)
	hooks.Run()
	require.Equal(t, []string{"second try"}, seen)
	topic.Publish(ctx, "later")
	require.Equal(t, []string{"second try", "later"}, seen)

	ctx, hooks = wispwright.WithCommitHooks(context.Background())
	topic.Publish(ctx, "rolled back")
	hooks.Discard()
	require.Len(t, seen, 2)
}

func ExampleTopic() {
	var renamed event.Topic[string]
	renamed.Subscribe("greet", func(_ context.Context, names ...string) { fmt.Println("hello", names[0]) })
	renamed.Publish(context.Background(), "ap1")
	// Output: hello ap1
}

func TestListed(t *testing.T) {
	var h event.Hook[int]
	h.Subscribe("b", func(context.Context, ...int) error { return nil })
	h.Subscribe("a", func(context.Context, ...int) error { return nil })
	require.Equal(t, event.Listed{Name: "x.Saved", Kind: "hook", Signal: "post_save(X)", Subscribers: []string{"b", "a"}}, h.Listed("x.Saved", "post_save(X)"))
	var topic event.Topic[int]
	require.Equal(t, event.Listed{Name: "x.Changed", Kind: "topic"}, topic.Listed("x.Changed", ""))
}

// What is published in a transaction reaches Within before the commit, once and as a
// whole; an error undoes the transaction, and nobody is told after it.
func TestWithinATransaction(t *testing.T) {
	var topic event.Topic[string]
	var kept [][]string
	var told []string
	refusal := error(nil)
	topic.Within("keep", func(_ context.Context, e ...string) error { kept = append(kept, e); return refusal })
	topic.Subscribe("tell", func(_ context.Context, e ...string) { told = append(told, e...) })
	require.Equal(t, []string{"keep (within)", "tell"}, topic.Subscribers())
	publish := func() (context.Context, *wispwright.CommitHooks) {
		ctx, hooks := wispwright.WithCommitHooks(t.Context())
		topic.Publish(ctx)
		topic.Publish(ctx, "a", "b")
		topic.Publish(ctx, "c")
		require.Empty(t, kept)
		return ctx, hooks
	}
	ctx, hooks := publish()
	require.NoError(t, hooks.Before(ctx))
	require.Equal(t, [][]string{{"a", "b", "c"}}, kept)
	require.Empty(t, told, "not before the commit")
	hooks.Run()
	require.Equal(t, []string{"a", "b", "c"}, told)

	kept, told, refusal = nil, nil, wispwright.ErrLimit
	ctx, hooks = publish()
	err := hooks.Before(ctx)
	require.ErrorIs(t, err, wispwright.ErrLimit)
	require.ErrorContains(t, err, "keep")
	hooks.Discard()
	require.Empty(t, told)

	kept = nil
	topic.Publish(t.Context(), "outside")
	require.Equal(t, [][]string{{"outside"}}, kept)
	require.Equal(t, []string{"outside"}, told, "what cannot be undone is told")
}
