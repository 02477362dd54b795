package notifications_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/notifications"
)

func TestRecipients(t *testing.T) {
	for name, c := range map[string]struct {
		event notifications.Event
		tune  func(*fixture)
		want  []wispwright.ID
	}{
		"superusers and managers": {event: notifications.Event{Type: "broken", Actor: device(1), Target: device(1)}, want: []wispwright.ID{id(root), id(anna), id(bert)}},
		"of the other organization": {event: notifications.Event{Type: "broken", Actor: device(2), Target: device(2)}, tune: func(f *fixture) {
			f.objects[device(2)] = notifications.Object{OrganizationID: id(orgB), Attributes: map[string]string{"reason": ""}}
		}, want: []wispwright.ID{id(root), id(bert)}},
		"no target: superusers":              {event: notifications.Event{Type: "default"}, want: []wispwright.ID{id(root)}},
		"unless the type is not for the web": {event: notifications.Event{Type: "mute", Target: device(1)}},
		"inactive":                           {event: notifications.Event{Type: "quiet", Target: device(1)}, tune: func(f *fixture) { f.people.superusers[0].Active = false }, want: []wispwright.ID{id(anna), id(bert)}},
		"by name":                            {event: notifications.Event{Type: "quiet", Target: device(1), Recipients: []wispwright.ID{id(plain), id(99)}}, want: []wispwright.ID{id(plain)}},
		"by group":                           {event: notifications.Event{Type: "quiet", Target: device(1), Group: 7}, tune: func(f *fixture) { f.people.group = []notifications.Person{person(anna), person(anna)} }, want: []wispwright.ID{id(anna)}},
		"by name, silenced": {event: notifications.Event{Type: "quiet", Target: device(1), Recipients: []wispwright.ID{id(anna), id(bert)}}, tune: func(f *fixture) {
			_, _, err := f.SetSilence(f.ctx, id(anna), device(1), nil, false)
			require.NoError(f.t, err)
		}, want: []wispwright.ID{id(bert)}},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, nil)
			if c.tune != nil {
				c.tune(f)
			}
			f.notify(c.event)
			require.Equal(t, c.want, f.told())
		})
	}
}

func TestNotifyUnknownType(t *testing.T) {
	f := start(t, nil)
	require.ErrorIs(t, f.Notify(f.ctx, notifications.Event{Type: "zzz"}), wispwright.ErrNotFound)
	require.Empty(t, f.told())
	require.NoError(t, f.Notify(f.ctx))
}

func TestSilence(t *testing.T) {
	f := start(t, nil)
	till := f.now.Add(time.Hour)
	_, created, err := f.SetSilence(f.ctx, id(anna), device(1), &till, true)
	require.NoError(t, err)
	require.True(t, created)
	silence, created, err := f.SetSilence(f.ctx, id(anna), device(1), nil, false)
	require.NoError(t, err)
	require.False(t, created)
	require.Equal(t, till, *silence.ValidTill, "absent leaves it as it is")
	f.notify(f.broken(device(1)))
	require.Equal(t, []wispwright.ID{id(root), id(bert)}, f.told(), "others are told")

	f.now = till.Add(time.Second)
	_, err = f.Silence(f.ctx, id(anna), device(1))
	require.ErrorIs(t, err, wispwright.ErrNotFound, "it is over")
	f.notify(f.broken(device(1)))
	require.Len(t, f.all(anna), 1)
	_, created, err = f.SetSilence(f.ctx, id(anna), device(1), nil, true)
	require.NoError(t, err)
	require.True(t, created, "what is over is no silence")
	require.NoError(t, f.EndSilence(f.ctx, id(anna), device(1)))
	require.ErrorIs(t, f.EndSilence(f.ctx, id(anna), device(1)), wispwright.ErrNotFound)
}

func TestReadAndDelete(t *testing.T) {
	f := start(t, nil)
	f.notify(f.broken(device(1)), f.broken(device(1)), f.broken(device(1)))
	mine := f.all(anna)
	n, err := f.MarkRead(f.ctx, id(anna), wispwright.Only(mine[0].ID, f.all(bert)[0].ID))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []notifications.Change{{UserID: id(anna)}}, f.changes)
	unread, storm, err := f.Unread(f.ctx, id(anna))
	require.NoError(t, err)
	require.Equal(t, 2, unread)
	require.False(t, storm)
	require.ErrorIs(t, f.Delete(f.ctx, id(anna), f.all(bert)[0].ID), wispwright.ErrNotFound)
	require.NoError(t, f.Delete(f.ctx, id(anna), mine[1].ID))
	_, err = f.Get(f.ctx, id(anna), mine[1].ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	_, err = f.MarkRead(f.ctx, id(anna), wispwright.Among[wispwright.ID]{})
	require.NoError(t, err)
	require.Equal(t, notifications.Change{UserID: id(anna), Reload: true}, f.changes[len(f.changes)-1])
	unread, _, err = f.Unread(f.ctx, id(bert))
	require.NoError(t, err)
	require.Equal(t, 3, unread)
}

func TestMail(t *testing.T) {
	f := start(t, nil)
	f.people.managers[id(orgA)][1].Email = ""
	f.notify(f.broken(device(1)))
	require.Len(t, f.ordered, 1)
	require.Empty(t, f.mails, "nothing is sent by the one that notifies")
	f.deliver()
	require.ElementsMatch(t, []string{"1@example.org", "3@example.org"}, f.mailed(), "nobody without a verified address")
	n := f.all(bert)[0]
	require.True(t, n.Emailed)
	require.False(t, f.all(anna)[0].Emailed)
	m := f.mails[slices.Index(f.mailed(), "3@example.org")]
	require.Equal(t, `[example.com] "ap1" is broken`, m.Subject)
	require.True(t, strings.HasPrefix(m.Text, "Device ap1 is broken. timed out\n\nFor more information see https://example.com/api/v1/notifications/notification/"+n.ID.String()+"/redirect/."), m.Text)
	require.Contains(t, m.HTML, "Find out more")
	require.Equal(t, "List-Unsubscribe=One-Click", m.Headers["List-Unsubscribe-Post"])
	require.NoError(t, f.Deliver(f.ctx, n.EventID))
	require.Len(t, f.mails, 2, "once")

	f.notify(notifications.Event{Type: notifications.GenericMessage, Target: device(1), Data: map[string]any{"message": "hello"}}, notifications.Event{Type: "quiet", Target: device(1)})
	require.Empty(t, f.ordered, "neither is mailed")
}

func TestMailAfterRightsAreLost(t *testing.T) {
	f := start(t, nil)
	f.notify(f.broken(device(1)))
	f.people.managers[id(orgA)] = nil
	f.people.superusers[0].Active = false
	f.deliver()
	require.Empty(t, f.mails)
	f.people.superusers[0].Active = true
	require.NoError(t, f.Deliver(f.ctx, f.all(root)[0].EventID))
	require.Empty(t, f.mails, "what was dropped stays so")
}

func TestMailIsCollected(t *testing.T) {
	f := start(t, func(o *notifications.Options) { o.BatchInterval = 3 * time.Hour; o.BatchDisplay = 2 })
	only := func(n int) notifications.Event {
		return notifications.Event{Type: "broken", Actor: device(1), Target: device(1), Recipients: []wispwright.ID{id(n)}}
	}
	flush := func(want int) {
		t.Helper()
		n, err := f.Flush(f.ctx, 10)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	f.notify(only(anna))
	f.deliver()
	require.Len(t, f.mails, 1, "the first goes out at once")
	for range 4 {
		f.now = f.now.Add(time.Minute)
		f.notify(only(anna))
		f.deliver()
	}
	require.Len(t, f.mails, 1)
	_, err := f.MarkRead(f.ctx, id(anna), wispwright.Only(f.all(anna)[0].ID))
	require.NoError(t, err)
	flush(0)
	f.now = f.now.Add(3 * time.Hour)
	flush(1)
	require.Len(t, f.mails, 2)
	require.Contains(t, f.mails[1].Subject, "3 unread notifications since")
	require.Contains(t, f.mails[1].Text, "and 1 more.")
	flush(0)

	f.notify(only(anna))
	f.deliver()
	f.now = f.now.Add(4 * time.Hour)
	flush(1)
	require.Equal(t, `[example.com] "ap1" is broken`, f.mails[2].Subject, "one alone is mailed normally")
	f.now = f.now.Add(3 * time.Hour)
	f.notify(only(anna))
	f.deliver()
	require.Len(t, f.mails, 4, "the interval is over")

	f.notify(only(anna))
	f.deliver()
	require.NoError(t, f.Subscribe(f.ctx, id(anna), false))
	f.now = f.now.Add(3 * time.Hour)
	flush(1)
	require.Len(t, f.mails, 4, "whoever unsubscribed meanwhile gets nothing")
}

func TestOverdueCollectionHoldsNothingUp(t *testing.T) {
	f := start(t, func(o *notifications.Options) { o.BatchInterval = time.Hour })
	e := notifications.Event{Type: "broken", Actor: device(1), Target: device(1), Recipients: []wispwright.ID{id(anna)}}
	f.notify(e, e)
	f.deliver()
	require.Len(t, f.mails, 1)
	f.now = f.now.Add(time.Hour + 14*time.Minute)
	f.notify(e)
	f.deliver()
	require.Len(t, f.mails, 1, "the collection may be a quarter of the interval late")
	f.now = f.now.Add(2 * time.Minute)
	f.notify(e)
	f.deliver()
	require.Len(t, f.mails, 2)
}

func TestUnsubscribe(t *testing.T) {
	f := start(t, nil)
	e := f.broken(device(1))
	e.Recipients = []wispwright.ID{id(root)}
	f.notify(e)
	f.deliver()
	link, err := url.Parse(strings.Trim(f.mails[0].Headers["List-Unsubscribe"], "<>"))
	require.NoError(t, err)
	require.Equal(t, "/notifications/unsubscribe/", link.Path)
	token := link.Query().Get("token")
	user, err := f.Subscriber(f.ctx, token)
	require.NoError(t, err)
	require.Equal(t, id(root), user)
	text, err := base64.URLEncoding.DecodeString(token)
	require.NoError(t, err)
	for _, bad := range []string{"", "x", token[:len(token)-8], base64.URLEncoding.EncodeToString([]byte(strings.Replace(string(text), id(root).String(), id(anna).String(), 1))),
		base64.URLEncoding.EncodeToString([]byte(strings.Replace(string(text), id(root).String(), id(99).String(), 1))), base64.URLEncoding.EncodeToString([]byte("null"))} {
		_, err := f.Subscriber(f.ctx, bad)
		require.ErrorIs(t, err, notifications.ErrToken, bad)
	}
	f.people.proof = "another hash"
	_, err = f.Subscriber(f.ctx, token)
	require.ErrorIs(t, err, notifications.ErrToken, "the password or the address changed")

	require.NoError(t, f.Subscribe(f.ctx, id(root), false))
	lines := f.lines(root)
	_, err = f.Choose(f.ctx, id(root), lines[1].ID, notifications.Wish{}, notifications.Want(true))
	require.NoError(t, err)
	require.NoError(t, f.Subscribe(f.ctx, id(root), false), "again: a single type was turned on since")
	for _, line := range f.lines(root) {
		require.False(t, line.Effective.Email)
	}
	require.NoError(t, f.Subscribe(f.ctx, id(root), true))
	require.Equal(t, notifications.Effective{Web: true, Email: true}, f.lines(root)[0].Effective)
}

func TestForgetting(t *testing.T) {
	f := start(t, nil)
	f.notify(notifications.Event{Type: "quiet", Target: device(1)}, f.broken(device(2)))
	f.now = f.now.Add(time.Second)
	f.notify(f.broken(device(1)))
	_, _, err := f.SetSilence(f.ctx, id(anna), device(1), nil, true)
	require.NoError(t, err)
	delete(f.objects, device(1))
	require.Len(t, f.all(anna), 2)
	require.Equal(t, `<p>Device ap1 is broken. timed out</p>`, f.all(anna)[0].Message, "what is gone keeps its name")
	require.NoError(t, f.ForgetObjects(f.ctx, device(1)))
	require.Len(t, f.all(anna), 1, "types that do not speak of devices stay")
	_, err = f.Silence(f.ctx, id(anna), device(1))
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	require.NoError(t, f.ForgetUser(f.ctx, id(bert)))
	require.Equal(t, []wispwright.ID{id(root), id(anna)}, f.told())

	f.now = f.now.Add(24 * time.Hour)
	f.notify(f.broken(device(2)))
	n, err := f.Clean(f.ctx, time.Hour)
	require.NoError(t, err)
	require.Equal(t, 3, n, "root's two and anna's one of yesterday")
	require.Len(t, f.all(root), 1)
}

func TestFlushOfOneFails(t *testing.T) {
	f := start(t, func(o *notifications.Options) {
		o.BatchInterval = time.Hour
		send := o.Mail
		o.Mail = func(ctx context.Context, mails ...notifications.Mail) error {
			if mails[0].To == "2@example.org" && strings.Contains(mails[0].Subject, "unread") {
				return errors.New("no")
			}
			return send(ctx, mails...)
		}
	})
	f.notify(f.broken(device(1)), f.broken(device(1)), f.broken(device(1)))
	f.deliver()
	before := len(f.mails)
	f.now = f.now.Add(2 * time.Hour)
	n, err := f.Flush(f.ctx, 10)
	require.Error(t, err)
	require.Equal(t, 2, n, "the others get theirs")
	require.Len(t, f.mails, before+2)
}

// Everything that was collected is spoken of, however much it is: what a flush
// left over nobody would send any more.
func TestNothingCollectedIsLeftOver(t *testing.T) {
	f := start(t, func(o *notifications.Options) { o.BatchInterval = time.Hour })
	e := notifications.Event{Type: "broken", Actor: device(1), Target: device(1), Recipients: []wispwright.ID{id(anna)}}
	f.notify(e)
	f.deliver()
	for range 21 {
		f.now = f.now.Add(time.Second)
		f.notify(slices.Repeat([]notifications.Event{e}, 100)...)
	}
	for _, event := range f.ordered[:1] { // one is enough to begin a collection
		require.NoError(t, f.Deliver(f.ctx, event))
	}
	f.now = f.now.Add(2 * time.Hour)
	n, err := f.Flush(f.ctx, 10)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Len(t, f.mails, 2)
	require.Contains(t, f.mails[1].Subject, "2100 unread notifications since 2026-03-01 12:00 UTC")
	require.Contains(t, f.mails[1].Text, "and 2085 more.")
	due := true
	left, err := f.stores.Notifications.List(f.ctx, wispwright.ScopeAll(), notifications.Filter{RecipientID: id(anna), EmailDue: &due}, wispwright.Page{})
	require.NoError(t, err)
	require.Zero(t, left.Total)
}

// A clock that was far ahead and is set right keeps nobody from being mailed,
// and no storm for longer than one lasts.
func TestAClockThatIsSetBack(t *testing.T) {
	f := start(t, func(o *notifications.Options) { o.BatchInterval = time.Hour })
	e := notifications.Event{Type: "broken", Actor: device(1), Target: device(1), Recipients: []wispwright.ID{id(anna)}}
	right := f.now
	f.now = right.Add(300 * 24 * time.Hour)
	f.notify(e, e) // the second begins a collection
	f.deliver()
	require.Len(t, f.mails, 1)
	f.notify(slices.Repeat([]notifications.Event{e}, 50)...)
	_, storm, err := f.Unread(f.ctx, id(anna))
	require.NoError(t, err)
	require.True(t, storm)

	f.now = right
	f.notify(e)
	f.deliver()
	f.now = right.Add(61 * time.Minute)
	n, err := f.Flush(f.ctx, 10)
	require.NoError(t, err)
	require.Equal(t, 1, n, "an hour later, not in 300 days")

	w := f.StormLimits().NewWatch()
	require.True(t, w.Raging(id(anna), right.Add(time.Hour), 100, 100))
	require.False(t, w.Raging(id(anna), right, 0, 0))
}

// A device that came to another organization is called to former managers what
// it was called when they were told of it.
func TestObjectsOfOtherOrganizationsKeepTheirFormerNames(t *testing.T) {
	f := start(t, nil)
	f.notify(f.broken(device(1)))
	f.objects[device(1)] = notifications.Object{Label: "vault-of-beta", Path: "/admin/config/device/1/change/", OrganizationID: id(orgB)}
	require.Contains(t, f.all(anna)[0].Message, "ap1")
	require.NotContains(t, f.all(anna)[0].Message, "vault")
	require.Equal(t, "#", f.all(anna)[0].TargetURL)
	for _, user := range []int{root, bert} {
		require.Contains(t, f.all(user)[0].Message, "vault-of-beta", "who manages the other one too sees it as ever")
	}
	f.deliver()
	for _, m := range f.mails {
		require.Equal(t, m.To != "2@example.org", strings.Contains(m.Subject, "vault"), m.To)
	}
	require.Len(t, f.mails, 3)
}
