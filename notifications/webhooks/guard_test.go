package webhooks_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/notifications/webhooks"
)

// A receiver that is away for a moment in which much happens is not given up.
func TestManyFailuresAtOncePauseNothing(t *testing.T) {
	r := newReceiver(t)
	r.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) })
	b := newBench(t, func(o *webhooks.Options) { o.PauseAfter = 5 })
	w := b.hook(to(r))
	var many []webhooks.Message
	for range 20 {
		many = append(many, registered())
	}
	require.NoError(t, b.Post(t.Context(), many...))
	b.work()
	require.Empty(t, b.paused)
	r.answers(nil)
	b.now = b.now.Add(time.Minute)
	deliveries, _ := b.work()
	for _, d := range deliveries {
		require.Equal(t, webhooks.Delivered, d.State)
	}
	now, err := b.Get(t.Context(), wispwright.ScopeAll(), w.ID)
	require.NoError(t, err)
	require.Nil(t, now.FailingSince)

	r.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) })
	require.NoError(t, b.Post(t.Context(), many...))
	b.work()
	b.now = b.now.Add(2 * time.Hour)
	b.work()
	require.Len(t, b.paused, 1, "it went on for too long")
}

func TestResume(t *testing.T) {
	r := newReceiver(t)
	r.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) })
	b := newBench(t, nil)
	w := b.hook(to(r))
	require.NoError(t, b.Post(t.Context(), registered()))
	b.one()
	require.Len(t, b.paused, 1)
	r.answers(nil)
	_, err := b.Resume(t.Context(), wispwright.ScopeOf(other), w.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	for range 2 { // the second has nothing to do
		now, err := b.Resume(t.Context(), wispwright.ScopeOf(acme), w.ID)
		require.NoError(t, err)
		require.Nil(t, now.Paused)
		require.Empty(t, now.PauseReason)
		require.Zero(t, now.Failures)
	}
	require.NoError(t, b.Post(t.Context(), registered()))
	d, _ := b.one()
	require.Equal(t, webhooks.Delivered, d.State)
}

// Anybody who may change an address does not get the token that nobody is shown.
func TestATokenIsNotSentToAnotherHost(t *testing.T) {
	r := newReceiver(t)
	b := newBench(t, nil)
	w := b.hook(func(w *webhooks.Webhook) { to(r)(w); w.Token = "token-of-somebody-else" })
	move := func(address string, token wispwright.Secret) error {
		_, err := b.Update(t.Context(), wispwright.ScopeAll(), w.ID, func(w *webhooks.Webhook) error {
			w.URL, w.Token = wispwright.Secret(address), token
			return nil
		})
		return err
	}
	for _, address := range []string{"https://evil.example.org/", strings.Replace(r.URL, "http://", "https://", 1), "http://127.0.0.1:1/"} {
		require.ErrorContains(t, move(address, w.Token), "token", address)
	}
	require.NoError(t, move(r.URL+"/another-path", w.Token))
	require.NoError(t, move("https://hooks.example.org/", "a-new-token"))
	require.NoError(t, move("https://other.example.org/", ""))
}

// What somebody asks for is bounded like what happens.
func TestTestsAreBounded(t *testing.T) {
	r := newReceiver(t)
	b := newBench(t, func(o *webhooks.Options) { o.MostWaiting = 3 })
	w := b.hook(to(r))
	var last *webhooks.Delivery
	for range 3 {
		var err error
		last, err = b.Test(t.Context(), wispwright.ScopeAll(), w.ID)
		require.NoError(t, err)
	}
	_, err := b.Test(t.Context(), wispwright.ScopeAll(), w.ID)
	require.ErrorContains(t, err, "3 events wait")
	_, err = b.Redeliver(t.Context(), wispwright.ScopeAll(), w.ID, last.ID)
	require.ErrorContains(t, err, "3 events wait")
	b.work()
	_, err = b.Redeliver(t.Context(), wispwright.ScopeAll(), w.ID, last.ID)
	require.NoError(t, err)
}

// A receiver repeats what it was asked in its own words, and at the end of what is
// kept.
func TestLogHasNoPartsOfSecrets(t *testing.T) {
	const path, query = "hush-hush-path", "hush-hush-query"
	for name, answer := range map[string]string{
		"whole":   "/services/" + path + "?key=" + query,
		"pieces":  path + " and " + query,
		"escaped": `{"url":"\\/services\\/` + path + `?key=` + query + `"}`,
		"cut":     strings.Repeat("x", 4<<10-140) + path + strings.Repeat("y", 96) + path + query,
	} {
		t.Run(name, func(t *testing.T) {
			for pad := range 30 { // wherever the end cuts
				r := newReceiver(t)
				r.answers(func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(400)
					fmt.Fprint(w, strings.Repeat("z", pad), answer)
				})
				b := newBench(t, nil)
				b.hook(func(w *webhooks.Webhook) {
					w.URL = wispwright.Secret(r.URL + "/services/" + path + "?key=" + query)
				})
				require.NoError(t, b.Post(t.Context(), registered()))
				d, _ := b.one()
				require.NotContains(t, d.Answer, "hush")
				require.LessOrEqual(t, len(d.Answer), 4<<10)
				if name != "cut" {
					break
				}
			}
		})
	}
}

// Names wake nobody up in a chat, and are no links there.
func TestNamesCallNobody(t *testing.T) {
	r := newReceiver(t)
	b := newBench(t, nil)
	m := registered()
	m.Title, m.Text = "@channel @all (@here) mail@example.org <!channel>", "[click](https://evil.example.org) @room"
	for _, format := range []webhooks.Format{webhooks.Slack, webhooks.Telegram, webhooks.Matrix} {
		w := b.hook(func(w *webhooks.Webhook) {
			to(r)(w)
			w.Format = format
			switch format {
			case webhooks.Telegram:
				w.URL, w.Room, w.Token = wispwright.Secret(r.URL), "-100", "123456:ABCDEFGHIJKLMNOP"
			case webhooks.Matrix:
				w.Room, w.Token = "!room:example.org", "syt_token_of_it"
			}
		})
		require.NoError(t, b.Post(t.Context(), m))
		b.one()
		got := r.all()
		body := got[len(got)-1].Body
		require.Contains(t, body, "mail@example.org", "no call")
		require.NoError(t, b.Delete(t.Context(), wispwright.ScopeAll(), w.ID))
		if format == webhooks.Matrix { // says that it calls nobody
			require.Contains(t, body, `"m.mentions":{}`)
			continue
		}
		for _, call := range []string{"@channel", "@all", "@here", "@room", "<!channel>"} {
			require.NotContains(t, body, call, format)
		}
		if format == webhooks.Slack {
			require.NotContains(t, body, "](https://evil", format)
		}
	}
}

// late is a store whose reading can be held up after it has read, and which
// refuses callers that have gone.
type late struct {
	webhooks.Store
	read, goOn chan bool
}

func (s *late) List(ctx context.Context, scope wispwright.Scope, f webhooks.Filter, p wispwright.Page) (wispwright.Items[webhooks.Webhook], error) {
	if err := ctx.Err(); err != nil {
		return wispwright.Items[webhooks.Webhook]{}, err
	}
	found, err := s.Store.List(ctx, scope, f, p)
	select {
	case s.read <- true:
		<-s.goOn
	default:
	}
	return found, err
}

// Of two changes the later one counts, whichever is read sooner; and a change
// counts although the one that made it has gone.
func TestWhoIsToldAfterChanges(t *testing.T) {
	m := memstore.New()
	stores := webhooks.NewMemory(m)
	slow := &late{Store: stores.Webhooks, read: make(chan bool), goOn: make(chan bool)}
	stores.Webhooks = slow
	s, err := webhooks.New(&entity.Base{Tx: m, Tenants: entity.NoTenants{}}, stores, webhooks.Options{Events: []webhooks.Event{{Name: "a"}, {Name: "b"}}})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	hook := func(event string) *webhooks.Webhook {
		return &webhooks.Webhook{OrganizationID: acme, Name: event, URL: "https://example.org/", Events: []string{event}, Enabled: true}
	}
	first, second := make(chan error), make(chan error, 1)
	go func() { first <- s.Create(context.Background(), hook("a")) }()
	<-slow.read // the first reads what was there before the second
	go func() { second <- s.Create(context.Background(), hook("b")) }()
	select {
	case err := <-second: // it did not wait
		second <- err
	case <-time.After(100 * time.Millisecond):
	}
	slow.goOn <- true
	require.NoError(t, <-first)
	require.NoError(t, <-second)
	for _, event := range []string{"a", "b"} {
		wanted, err := s.Wanted(t.Context(), event, acme)
		require.NoError(t, err)
		require.True(t, wanted, event)
	}
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, m.InTx(ctx, func(ctx context.Context) error {
		defer cancel()
		found, err := s.List(ctx, wispwright.ScopeAll(), webhooks.Filter{}, wispwright.Page{})
		if err != nil {
			return err
		}
		return s.Delete(ctx, wispwright.ScopeAll(), found.Rows[0].ID)
	}))
	wanted, err := s.Wanted(t.Context(), "a", acme)
	require.NoError(t, err)
	require.False(t, wanted)
}
