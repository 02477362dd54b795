// Package notificationstest checks that a storage keeps everything the concern
// notifications relies on. Any implementation of its stores must pass Run.
package notificationstest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/notifications"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores notifications.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("notifications", func(t *testing.T) { RunNotifications(t, h) })
	t.Run("choices", func(t *testing.T) { RunChoices(t, h) })
	t.Run("silences", func(t *testing.T) { RunSilences(t, h) })
	t.Run("mail states", func(t *testing.T) { RunMailStates(t, h) })
}

// at is a moment with more digits than are stored.
func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

// moment is at in the exactness of storages.
func moment(n int) time.Time { return at(n).Truncate(time.Microsecond) }

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xab, 0x40, byte(n>>8), byte(n)
	return out
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

func notification(n, user int) *notifications.Notification {
	return &notifications.Notification{
		ID: id(1000 + n), EventID: id(2000 + n), Type: fmt.Sprintf("type_%d", n%2), Level: notifications.Warning, RecipientID: id(user), Unread: n%2 == 0,
		ActorKind: "config.config", ActorID: fmt.Sprintf("actor-%d", n), TargetKind: "config.device", TargetID: fmt.Sprintf("target-%d", n),
		OrganizationID: id(1), Addressed: n%3 == 0, Verb: "näher", Description: "{site.name} <b>", Timestamp: at(n), EmailDue: n%2 == 1,
		Data: `{"b":1, "a":"<"}`, Names: `{"config.device/x":{"label":"x"}}`,
	}
}

func ids(list []*notifications.Notification) (out []wispwright.ID) {
	for _, n := range list {
		out = append(out, n.ID)
	}
	return out
}

// RunNotifications checks the store of notifications.
func RunNotifications(t *testing.T, h Harness) {
	ctx := context.Background()
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		no := false
		storetest.RunRepo[wispwright.ID, notifications.Notification, notifications.Filter](t, s.Stores.Notifications, storetest.Sample[wispwright.ID, notifications.Notification, notifications.Filter]{
			Tx: s.Tx, New: func(n, _ int) *notifications.Notification { return notification(n, 1+n%2) }, Key: func(n *notifications.Notification) wispwright.ID { return n.ID },
			Mutate: func(n *notifications.Notification) { n.Verb += "!" }, Missing: id(9999),
			Orders: []string{"Timestamp"},
			Filters: map[string]storetest.Filter[notifications.Notification, notifications.Filter]{
				"recipient": {Filter: notifications.Filter{RecipientID: id(2)}, Selects: func(n *notifications.Notification) bool { return n.RecipientID == id(2) }},
				"read":      {Filter: notifications.Filter{Unread: &no}, Selects: func(n *notifications.Notification) bool { return !n.Unread }},
				"due":       {Filter: notifications.Filter{EmailDue: &no}, Selects: func(n *notifications.Notification) bool { return !n.EmailDue }},
				"type":      {Filter: notifications.Filter{Type: "type_1"}, Selects: func(n *notifications.Notification) bool { return n.Type == "type_1" }},
				"since":     {Filter: notifications.Filter{TimestampFrom: at(2)}, Selects: func(n *notifications.Notification) bool { return !n.Timestamp.Before(at(2).Truncate(time.Microsecond)) }},
			},
		})
	})
	t.Run("insert all", func(t *testing.T) {
		s := h(t)
		first, second, other := notification(0, 1), notification(1, 2), notification(3, 1)
		second.EventID, second.Unread = first.EventID, first.Unread
		*second = notifications.Notification{ID: second.ID, EventID: first.EventID, RecipientID: second.RecipientID, EmailDue: true, Type: first.Type, Level: first.Level, Unread: first.Unread,
			ActorKind: first.ActorKind, ActorID: first.ActorID, TargetKind: first.TargetKind, TargetID: first.TargetID, OrganizationID: first.OrganizationID, Addressed: first.Addressed,
			Verb: first.Verb, Description: first.Description, Timestamp: first.Timestamp, Data: first.Data, Names: first.Names}
		other.OrganizationID, other.Data = wispwright.ID{}, ""
		require.NoError(t, s.Stores.Notifications.InsertAll(ctx, []*notifications.Notification{first, second, other}))
		require.NoError(t, s.Stores.Notifications.InsertAll(ctx, nil))
		for _, n := range []*notifications.Notification{first, second, other} {
			got, err := s.Stores.Notifications.Get(ctx, all(), n.ID)
			require.NoError(t, err)
			require.Equal(t, n, got)
		}
		require.Error(t, s.Stores.Notifications.InsertAll(ctx, []*notifications.Notification{notification(5, 1), first}), "an id is taken")
		_, err := s.Stores.Notifications.Get(ctx, all(), id(1005))
		require.ErrorIs(t, err, wispwright.ErrNotFound, "all or none")
	})
	t.Run("counts and reading", func(t *testing.T) {
		s := h(t)
		for n := range 10 {
			require.NoError(t, s.Stores.Notifications.Insert(ctx, notification(n, 1)))
		}
		require.NoError(t, s.Stores.Notifications.Insert(ctx, notification(10, 2)))
		unread, newer, err := s.Stores.Notifications.Counts(ctx, id(1), 100, moment(9), moment(3))
		require.NoError(t, err)
		require.Equal(t, 5, unread)
		require.Equal(t, []int{1, 7}, newer)
		unread, newer, err = s.Stores.Notifications.Counts(ctx, id(1), 3)
		require.NoError(t, err)
		require.Equal(t, 3, unread)
		require.Empty(t, newer)
		_, newer, err = s.Stores.Notifications.Counts(ctx, id(1), 3, moment(9), moment(3))
		require.NoError(t, err)
		require.Equal(t, []int{1, 3}, newer, "in a storm there is no end of them")
		n, err := s.Stores.Notifications.MarkRead(ctx, id(1), wispwright.Only(id(1000), id(1001), id(1010)))
		require.NoError(t, err)
		require.Equal(t, 1, n, "one was read before, one is another's")
		n, err = s.Stores.Notifications.MarkRead(ctx, id(1), wispwright.Only[wispwright.ID]())
		require.NoError(t, err)
		require.Zero(t, n)
		n, err = s.Stores.Notifications.MarkRead(ctx, id(1), wispwright.Among[wispwright.ID]{})
		require.NoError(t, err)
		require.Equal(t, 4, n)
		unread, _, err = s.Stores.Notifications.Counts(ctx, id(2), 100)
		require.NoError(t, err)
		require.Equal(t, 1, unread)
	})
	t.Run("mailed", func(t *testing.T) {
		s := h(t)
		require.NoError(t, s.Stores.Notifications.Insert(ctx, notification(1, 1)))
		require.NoError(t, s.Stores.Notifications.Insert(ctx, notification(3, 1)))
		require.NoError(t, s.Stores.Notifications.Insert(ctx, notification(5, 1)))
		require.NoError(t, s.Stores.Notifications.MarkEmailed(ctx, []wispwright.ID{id(1001)}, []wispwright.ID{id(1003)}))
		for n, want := range map[int][2]bool{1: {false, true}, 3: {false, false}, 5: {true, false}} {
			got, err := s.Stores.Notifications.Get(ctx, all(), id(1000+n))
			require.NoError(t, err)
			require.Equal(t, want, [2]bool{got.EmailDue, got.Emailed}, n)
		}
	})
	t.Run("forgetting", func(t *testing.T) {
		s := h(t)
		for n := range 8 {
			require.NoError(t, s.Stores.Notifications.Insert(ctx, notification(n, 1+n%4)))
		}
		n, err := s.Stores.Notifications.Forget(ctx, moment(3), 2)
		require.NoError(t, err)
		require.Equal(t, 2, n, "no more than the limit")
		n, err = s.Stores.Notifications.Forget(ctx, moment(3), 2)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		users, err := s.Stores.Notifications.ForgetObjects(ctx, []string{"type_1"},
			notifications.Ref{Kind: "config.device", ID: "target-3"}, notifications.Ref{Kind: "config.device", ID: "target-4"}, notifications.Ref{Kind: "config.device", ID: "actor-5"})
		require.NoError(t, err)
		require.Equal(t, []wispwright.ID{id(4)}, users, "the type and the kind count")
		users, err = s.Stores.Notifications.ForgetObjects(ctx, nil, notifications.Ref{Kind: "config.config", ID: "actor-4"})
		require.NoError(t, err)
		require.Equal(t, []wispwright.ID{id(1)}, users)
		users, err = s.Stores.Notifications.ForgetObjects(ctx, nil)
		require.NoError(t, err)
		require.Empty(t, users)
		require.NoError(t, s.Stores.Notifications.ForgetUser(ctx, id(2)))
		left, err := s.Stores.Notifications.List(ctx, all(), notifications.Filter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, []wispwright.ID{id(1007), id(1006)}, ids(left.Rows))
	})
}

func choice(user, organization int, typ string, web, email *bool) notifications.Choice {
	c := notifications.Choice{ID: id(user*100 + organization*10 + len(typ)), Type: typ, Web: web, Email: email}
	if user > 0 {
		c.UserID = id(user)
	}
	if organization > 0 {
		c.OrganizationID = id(organization)
	}
	return c
}

// RunChoices checks the store of choices.
func RunChoices(t *testing.T, h Harness) {
	ctx := context.Background()
	yes, no := true, false
	stored := func(t *testing.T, s Storage, f notifications.ChoiceFilter) (out []notifications.Choice) {
		found, err := s.Stores.Choices.List(ctx, all(), f, wispwright.Page{})
		require.NoError(t, err)
		for _, c := range found.Rows {
			out = append(out, *c)
		}
		return out
	}
	fill := func(t *testing.T) Storage {
		s := h(t)
		require.NoError(t, s.Stores.Choices.Put(ctx, choice(1, 0, "", &no, nil), choice(1, 1, "", nil, &yes), choice(1, 1, "a", &yes, &no), choice(1, 2, "a", &no, &no), choice(2, 1, "a", &no, nil), choice(0, 1, "", &no, &no)))
		return s
	}
	t.Run("lists with nobody and everything", func(t *testing.T) {
		s := fill(t)
		require.Len(t, stored(t, s, notifications.ChoiceFilter{}), 6)
		require.Len(t, stored(t, s, notifications.ChoiceFilter{UserIDs: wispwright.Only(id(1), wispwright.ID{})}), 5)
		require.Len(t, stored(t, s, notifications.ChoiceFilter{UserIDs: wispwright.Only(id(1))}), 4)
		require.Equal(t, []notifications.Choice{choice(0, 1, "", &no, &no)}, stored(t, s, notifications.ChoiceFilter{UserIDs: wispwright.Only(wispwright.ID{})}))
		require.Len(t, stored(t, s, notifications.ChoiceFilter{OrganizationIDs: wispwright.Only(wispwright.ID{}, id(2))}), 2)
		require.Empty(t, stored(t, s, notifications.ChoiceFilter{UserIDs: wispwright.Only[wispwright.ID]()}))
	})
	t.Run("replace and remove", func(t *testing.T) {
		s := fill(t)
		require.NoError(t, s.Stores.Choices.Put(ctx, choice(1, 1, "a", nil, &yes), choice(1, 2, "a", nil, nil)))
		got, err := s.Stores.Choices.Get(ctx, all(), choice(1, 1, "a", nil, nil).ID)
		require.NoError(t, err)
		require.Equal(t, choice(1, 1, "a", nil, &yes), *got)
		_, err = s.Stores.Choices.Get(ctx, all(), choice(1, 2, "a", nil, nil).ID)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	})
	t.Run("reset", func(t *testing.T) {
		s := fill(t)
		require.NoError(t, s.Stores.Choices.Reset(ctx, id(1), wispwright.ID{}, false, false))
		require.Len(t, stored(t, s, notifications.ChoiceFilter{}), 6)
		require.NoError(t, s.Stores.Choices.Reset(ctx, id(1), id(1), true, false))
		require.ElementsMatch(t, []notifications.Choice{choice(1, 0, "", &no, nil), choice(1, 1, "", nil, &yes), choice(1, 1, "a", nil, &no), choice(1, 2, "a", &no, &no)},
			stored(t, s, notifications.ChoiceFilter{UserIDs: wispwright.Only(id(1))}))
		require.NoError(t, s.Stores.Choices.Reset(ctx, id(1), wispwright.ID{}, false, true))
		require.ElementsMatch(t, []notifications.Choice{choice(1, 0, "", &no, nil), choice(1, 2, "a", &no, nil)}, stored(t, s, notifications.ChoiceFilter{UserIDs: wispwright.Only(id(1))}))
		require.Len(t, stored(t, s, notifications.ChoiceFilter{UserIDs: wispwright.Only(id(2), wispwright.ID{})}), 2, "others keep theirs")
	})
	t.Run("hold", func(t *testing.T) {
		s := h(t)
		c := choice(3, 0, "", &no, nil)
		oneAfterTheOther(t, s, func(ctx context.Context) error { return s.Stores.Choices.Hold(ctx, id(3)) },
			func(ctx context.Context) error { return s.Stores.Choices.Put(ctx, c) },
			func(ctx context.Context) error {
				if err := s.Stores.Choices.Hold(ctx, id(3)); err != nil {
					return err
				}
				if _, err := s.Stores.Choices.Get(ctx, all(), c.ID); err != nil {
					t.Errorf("what was stored meanwhile is not read: %v", err)
				}
				return nil
			})
	})
	t.Run("forget", func(t *testing.T) {
		s := fill(t)
		require.NoError(t, s.Stores.Choices.ForgetOrganization(ctx, id(1)))
		require.Len(t, stored(t, s, notifications.ChoiceFilter{}), 2)
		require.NoError(t, s.Stores.Choices.ForgetUser(ctx, id(1)))
		require.Empty(t, stored(t, s, notifications.ChoiceFilter{}))
	})
}

// oneAfterTheOther runs two transactions at once: what the first holds, and stores
// later on, the second must wait for.
func oneAfterTheOther(t *testing.T, s Storage, hold, store, second func(context.Context) error) {
	t.Helper()
	ctx := context.Background()
	held, done := make(chan bool), make(chan error, 1)
	go func() {
		<-held
		done <- s.Tx.InTx(ctx, second)
	}()
	require.NoError(t, s.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := hold(ctx); err != nil {
			return err
		}
		close(held)
		select {
		case err := <-done: // it did not wait
			done <- err
		case <-time.After(200 * time.Millisecond):
		}
		return store(ctx)
	}))
	require.NoError(t, <-done)
}

// RunSilences checks the store of silences.
func RunSilences(t *testing.T, h Harness) {
	ctx := context.Background()
	silence := func(n, user int) *notifications.Silence {
		out := &notifications.Silence{ID: id(3000 + n), UserID: id(user), ObjectKind: "config.device", ObjectID: fmt.Sprint("object-", n)}
		if till := at(n); n > 0 {
			out.ValidTill = &till
		}
		return out
	}
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		storetest.RunRepo[wispwright.ID, notifications.Silence, notifications.SilenceFilter](t, s.Stores.Silences, storetest.Sample[wispwright.ID, notifications.Silence, notifications.SilenceFilter]{
			Tx: s.Tx, New: func(n, _ int) *notifications.Silence { return silence(n, 1) }, Key: func(n *notifications.Silence) wispwright.ID { return n.ID },
			Mutate: func(n *notifications.Silence) { n.ObjectID += "!" }, Missing: id(9999), Orders: []string{"ValidTill"},
			Uniques: map[string]func(*notifications.Silence) *notifications.Silence{
				"silence_user_object": func(first *notifications.Silence) *notifications.Silence {
					second := *first
					second.ID = id(3999)
					return &second
				},
			},
			Filters: map[string]storetest.Filter[notifications.Silence, notifications.SilenceFilter]{
				"user":    {Filter: notifications.SilenceFilter{UserID: id(2)}, Selects: func(*notifications.Silence) bool { return false }},
				"users":   {Filter: notifications.SilenceFilter{UserIDs: wispwright.Only(id(1))}, Selects: func(*notifications.Silence) bool { return true }},
				"objects": {Filter: notifications.SilenceFilter{ObjectKind: "config.device", ObjectIDs: wispwright.Only("object-2")}, Selects: func(n *notifications.Silence) bool { return n.ObjectID == "object-2" }},
			},
		})
	})
	t.Run("ending", func(t *testing.T) {
		s := h(t)
		for n := range 6 {
			require.NoError(t, s.Stores.Silences.Insert(ctx, silence(n, 1+n%2)))
		}
		n, err := s.Stores.Silences.Expire(ctx, moment(2), 1)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		n, err = s.Stores.Silences.Expire(ctx, moment(2), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n, "one without an end never ends")
		require.NoError(t, s.Stores.Silences.ForgetObjects(ctx, notifications.Ref{Kind: "config.device", ID: "object-3"}, notifications.Ref{Kind: "config.template", ID: "object-4"}))
		require.NoError(t, s.Stores.Silences.ForgetUser(ctx, id(2)))
		left, err := s.Stores.Silences.List(ctx, all(), notifications.SilenceFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, left.Rows, 2)
		require.Equal(t, "object-0", left.Rows[0].ObjectID)
		require.Equal(t, "object-4", left.Rows[1].ObjectID)
	})
}

// RunMailStates checks the store of where collected e-mails stand.
func RunMailStates(t *testing.T, h Harness) {
	ctx := context.Background()
	s := h(t)
	pointer := func(n int) *time.Time { m := moment(n); return &m }
	states := []notifications.MailState{{UserID: id(1), Sent: moment(0), FlushAt: pointer(9)}, {UserID: id(2), Sent: moment(1)}, {UserID: id(3), Sent: moment(2), FlushAt: pointer(5)}}
	require.NoError(t, s.Stores.MailStates.Put(ctx, states...))
	require.NoError(t, s.Stores.MailStates.Put(ctx))
	got, err := s.Stores.MailStates.Of(ctx, id(1), id(2), id(7))
	require.NoError(t, err)
	require.Equal(t, map[wispwright.ID]notifications.MailState{id(1): states[0], id(2): states[1], id(7): {UserID: id(7)}}, got)
	got, err = s.Stores.MailStates.Of(ctx)
	require.NoError(t, err)
	require.Empty(t, got)
	require.NoError(t, s.Stores.MailStates.Put(ctx, notifications.MailState{UserID: id(6)}))
	got, err = s.Stores.MailStates.Of(ctx, id(6))
	require.NoError(t, err)
	require.Zero(t, got[id(6)].Sent)
	due, err := s.Stores.MailStates.Due(ctx, at(10), 10)
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{id(3), id(1)}, due)
	due, err = s.Stores.MailStates.Due(ctx, at(10), 1)
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{id(3)}, due)
	states[2].FlushAt = nil
	require.NoError(t, s.Stores.MailStates.Put(ctx, states[2]))
	t.Run("held before there is one", func(t *testing.T) {
		now := notifications.MailState{UserID: id(8), Sent: moment(5)}
		oneAfterTheOther(t, s, func(ctx context.Context) error {
			_, err := s.Stores.MailStates.Of(ctx, id(8))
			return err
		}, func(ctx context.Context) error {
			return s.Stores.MailStates.Put(ctx, now)
		}, func(ctx context.Context) error {
			got, err := s.Stores.MailStates.Of(ctx, id(8), id(2))
			if got[id(8)] != now {
				t.Errorf("read %v, and not what was stored meanwhile", got)
			}
			return err
		})
	})
	require.NoError(t, s.Stores.MailStates.ForgetUser(ctx, id(1)))
	due, err = s.Stores.MailStates.Due(ctx, at(10), 10)
	require.NoError(t, err)
	require.Empty(t, due)
}
