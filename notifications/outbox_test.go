package notifications_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/notifications"
)

// What is posted is told of once, when it is drained, as of when it happened.
func TestPostedEvents(t *testing.T) {
	posted := 0
	f := start(t, func(o *notifications.Options) { o.Posted = func() { posted++ } })
	require.NoError(t, f.Post(f.ctx, f.broken(device(1)), f.broken(device(2))))
	require.Equal(t, 1, posted)
	require.Empty(t, f.told())
	happened := f.now
	f.now = f.now.Add(time.Minute)
	require.NoError(t, f.Drain(f.ctx))
	require.Len(t, f.all(root), 2)
	require.Len(t, f.all(anna), 1)
	require.Equal(t, happened, f.all(anna)[0].Timestamp)
	require.NoError(t, f.Drain(f.ctx))
	require.Len(t, f.all(root), 2)
	waiting, err := f.Waiting(f.ctx)
	require.NoError(t, err)
	require.False(t, waiting)
	require.ErrorIs(t, f.Post(f.ctx, notifications.Event{Type: "no such"}), wispwright.ErrNotFound)

	// a device that is deleted meanwhile takes along what would be said of it
	require.NoError(t, f.Post(f.ctx, f.broken(device(1))))
	delete(f.objects, device(1))
	require.NoError(t, f.Drain(f.ctx))
	require.Len(t, f.all(anna), 1)
}

// channel keeps what it is told, or fails.
type channel struct {
	told []notifications.Told
	fail func(notifications.Told) error
}

func (c *channel) Name() string { return "test" }

func (c *channel) Tell(_ context.Context, told ...notifications.Told) error {
	for _, one := range told {
		if c.fail != nil {
			if err := c.fail(one); err != nil {
				return err
			}
		}
	}
	c.told = append(c.told, told...)
	return nil
}

// One event that cannot be told of holds up no other; it is tried again for
// half a day.
func TestAnEventThatCannotBeToldOf(t *testing.T) {
	c := &channel{}
	f := start(t, func(o *notifications.Options) { o.Channels = []notifications.Channel{c} })
	bad := errors.New("bad")
	c.fail = func(told notifications.Told) error {
		if told.Target == device(2) {
			return bad
		}
		return nil
	}
	require.NoError(t, f.Post(f.ctx, f.broken(device(1)), f.broken(device(2)), f.broken(device(1))))
	require.NoError(t, f.Drain(f.ctx))
	require.Len(t, f.all(anna), 2)
	require.Len(t, f.all(root), 2, "undone with its channel")
	waiting, err := f.Waiting(f.ctx)
	require.NoError(t, err)
	require.False(t, waiting, "not now")
	for range 12 {
		f.now = f.now.Add(time.Hour)
		_ = f.Drain(f.ctx) // it fails alone
	}
	c.fail = nil
	f.now = f.now.Add(time.Hour)
	require.NoError(t, f.Drain(f.ctx))
	require.Len(t, f.all(root), 3)
}

func TestChannels(t *testing.T) {
	c := &channel{}
	f := start(t, func(o *notifications.Options) { o.Channels = []notifications.Channel{c} })
	f.people.managers[id(orgA)][1].Active = false
	f.notify(f.broken(device(1)))
	require.Len(t, c.told, 1)
	one := c.told[0]
	require.Equal(t, id(orgA), one.OrganizationID)
	words, err := one.Words()
	require.NoError(t, err)
	require.Equal(t, `[example.com] "ap1" is broken`, words.Subject)
	require.Contains(t, notifications.PlainText(words.Message), "Device ap1 is broken. timed out")
	var to []wispwright.ID
	for _, p := range one.Recipients {
		to = append(to, p.ID)
	}
	require.Equal(t, []wispwright.ID{id(root), id(bert)}, to)
	// nobody wants it in the web: a channel hears of it all the same
	f.notify(notifications.Event{Type: "mute", Target: device(1)})
	require.Len(t, c.told, 2)
	require.Empty(t, c.told[1].Recipients)

	// when it is sent, it is asked once more who may know
	shown, err := f.ForRecipient(f.ctx, one.ID, id(bert))
	require.NoError(t, err)
	require.Contains(t, shown.Message, "ap1")
	_, err = f.ForRecipient(f.ctx, one.ID, id(plain))
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	f.people.managers[id(orgA)] = nil
	_, err = f.ForRecipient(f.ctx, one.ID, id(bert))
	require.ErrorIs(t, err, wispwright.ErrNotFound, "no manager any more")
}
