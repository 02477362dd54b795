package webhooks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/notifications/webhooks"
)

// received is a request as a receiver saw it.
type received struct {
	Method, Path string
	Header       http.Header
	Body         string
}

// receiver keeps what it is sent and answers as it is told.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []received
	answer http.HandlerFunc
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		text, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		r.got = append(r.got, received{q.Method, q.URL.Path, q.Header, string(text)})
		answer := r.answer
		r.mu.Unlock()
		if answer != nil {
			answer(w, q)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(h http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = h
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received{}, r.got...)
}

// bench is a service over memory, with a clock.
type bench struct {
	*webhooks.Service
	t      *testing.T
	now    time.Time
	tick   time.Duration // that passes whenever somebody looks at the clock
	orders []wispwright.ID
	paused []string
	log    strings.Builder
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func newBench(t *testing.T, change func(*webhooks.Options)) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)}
	m := memstore.New()
	o := webhooks.Options{
		Events: []webhooks.Event{{Name: "device.registered", Label: "Device registered"}, {Name: "user.added", Label: "User"}}, Source: "https://wisp.example.org", Allowed: loopback,
		Send: func(_ context.Context, ids ...wispwright.ID) error { b.orders = append(b.orders, ids...); return nil },
		Paused: func(_ context.Context, w *webhooks.Webhook) error {
			b.paused = append(b.paused, w.PauseReason)
			return nil
		},
		Log: slog.New(slog.NewTextHandler(&b.log, nil)),
	}
	if change != nil {
		change(&o)
	}
	var err error
	b.Service, err = webhooks.New(&entity.Base{Tx: m, Tenants: entity.NoTenants{}, Clock: func() time.Time { b.now = b.now.Add(b.tick); return b.now }}, webhooks.NewMemory(m), o)
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context()))
	return b
}

func (b *bench) hook(change func(*webhooks.Webhook)) *webhooks.Webhook {
	b.t.Helper()
	w := &webhooks.Webhook{OrganizationID: acme, Name: "w" + wispwright.NewID().String(), Events: []string{"device.registered"}, Enabled: true}
	change(w)
	require.NoError(b.t, b.Create(b.t.Context(), w))
	return w
}

var acme, other = wispwright.NewID(), wispwright.NewID()

func registered() webhooks.Message {
	return webhooks.Message{Name: "device.registered", OrganizationID: acme, Subject: "config.device/1", Level: "success", Title: "Device <b>*ap*</b> & co registered", Text: "line\n[x](y)",
		URL: "https://wisp.example.org/admin/config/device/1/change/?a=1&b=2", Data: map[string]any{"is_new": true}}
}

// work sends everything that was ordered, and returns the deliveries as they
// then are with the pauses that were asked for.
func (b *bench) work() (deliveries []*webhooks.Delivery, pauses []time.Duration) {
	b.t.Helper()
	list := b.orders
	b.orders = nil
	for _, id := range list {
		again, err := b.Send(b.t.Context(), id)
		require.NoError(b.t, err)
		d, err := b.Delivery(b.t.Context(), wispwright.ScopeAll(), id)
		require.NoError(b.t, err)
		deliveries, pauses = append(deliveries, d), append(pauses, again)
		if again > 0 {
			b.orders = append(b.orders, id)
		}
	}
	return deliveries, pauses
}

// one is work with one delivery.
func (b *bench) one() (*webhooks.Delivery, time.Duration) {
	b.t.Helper()
	d, p := b.work()
	require.Len(b.t, d, 1)
	return d[0], p[0]
}

func to(r *receiver) func(*webhooks.Webhook) {
	return func(w *webhooks.Webhook) { w.URL = wispwright.Secret(r.URL + "/secret-path-of-it") }
}

func TestSignedCloudEvent(t *testing.T) {
	r := newReceiver(t)
	b := newBench(t, nil)
	w := b.hook(func(w *webhooks.Webhook) { to(r)(w); w.Token = "bearer-token-1" })
	require.NoError(t, b.Post(t.Context(), registered()))
	d, pause := b.one()
	require.Zero(t, pause)
	require.Equal(t, webhooks.Delivered, d.State)
	require.Equal(t, 200, d.Status)
	got := r.all()
	require.Len(t, got, 1)
	require.Equal(t, "application/cloudevents+json", got[0].Header.Get("Content-Type"))
	require.Equal(t, "Bearer bearer-token-1", got[0].Header.Get("Authorization"))
	var e map[string]any
	require.NoError(t, json.Unmarshal([]byte(got[0].Body), &e))
	require.Equal(t, "1.0", e["specversion"])
	require.Equal(t, d.EventID.String(), e["id"])
	require.Equal(t, "https://wisp.example.org", e["source"])
	require.Equal(t, "org.wispwright.device.registered", e["type"])
	require.Equal(t, "config.device/1", e["subject"])
	require.Equal(t, acme.String(), e["organizationid"])
	require.Equal(t, "2026-05-06T07:08:09Z", e["time"])
	require.Equal(t, map[string]any{"title": "Device <b>*ap*</b> & co registered", "text": "line\n[x](y)", "level": "success", "url": registered().URL, "is_new": true}, e["data"])

	// by hand, and by a library of somebody else
	require.Equal(t, d.ID.String(), got[0].Header.Get("Webhook-Id"))
	body := []byte(got[0].Body)
	require.NoError(t, webhooks.Verify(w.Secret, got[0].Header, body, b.now.Add(4*time.Minute)))
	require.ErrorIs(t, webhooks.Verify(w.Secret, got[0].Header, body, b.now.Add(6*time.Minute)), webhooks.ErrSignature, "an old one may be a repetition")
	require.ErrorIs(t, webhooks.Verify(w.Secret, got[0].Header, append(body, ' '), b.now), webhooks.ErrSignature)
	require.ErrorIs(t, webhooks.Verify(webhooks.NewSecret(), got[0].Header, body, b.now), webhooks.ErrSignature)
	library, err := standard.NewWebhook(w.Secret.Reveal())
	require.NoError(t, err)
	require.NoError(t, library.VerifyIgnoringTimestamp(body, got[0].Header))

	// the log has the exchange, and no secret
	for _, text := range []string{d.Request, d.Answer, fmt.Sprint(d), b.log.String()} {
		for _, secret := range []string{"secret-path-of-it", "bearer-token-1", strings.TrimPrefix(w.Secret.Reveal(), "whsec_")} {
			require.NotContains(t, text, secret)
		}
	}
	require.Contains(t, d.Request, "POST "+r.URL+"/…\n")
	require.Contains(t, d.Request, `"specversion":"1.0"`)
	require.Contains(t, d.Answer, "200 OK")

	// a new secret, and the old one for a day
	rotated, err := b.Rotate(t.Context(), wispwright.ScopeAll(), w.ID)
	require.NoError(t, err)
	require.NotEqual(t, w.Secret, rotated.Secret)
	require.NoError(t, b.Post(t.Context(), registered()))
	b.one()
	last := r.all()[1]
	require.NoError(t, webhooks.Verify(w.Secret, last.Header, []byte(last.Body), b.now))
	require.NoError(t, webhooks.Verify(rotated.Secret, last.Header, []byte(last.Body), b.now))
	b.now = b.now.Add(25 * time.Hour)
	require.NoError(t, b.Post(t.Context(), registered()))
	b.one()
	last = r.all()[2]
	require.ErrorIs(t, webhooks.Verify(w.Secret, last.Header, []byte(last.Body), b.now), webhooks.ErrSignature)
}

func TestBodiesOfChatServices(t *testing.T) {
	r := newReceiver(t)
	b := newBench(t, nil)
	for format, want := range map[webhooks.Format]struct{ method, path, body string }{
		webhooks.Slack:    {"POST", "/secret-path-of-it", `{"text":"🟢 *Device &lt;b&gt;∗ap∗&lt;/b&gt; &amp; co registered*\nline\n[x]` + "\u200b" + `(y)\n<https://wisp.example.org/admin/config/device/1/change/?a=1&b=2|Open>"}`},
		webhooks.Telegram: {"POST", "/bot123456:ABCDEFGHIJKLMNOP/sendMessage", `{"chat_id":"-100","link_preview_options":{"is_disabled":true},"text":"🟢 Device <b>*ap*</b> & co registered\nline\n[x](y)\nhttps://wisp.example.org/admin/config/device/1/change/?a=1&b=2"}`},
		webhooks.Matrix: {"PUT", "/_matrix/client/v3/rooms/!room:example.org/send/m.room.message/", `{"msgtype":"m.notice","m.mentions":{},"format":"org.matrix.custom.html","body":"🟢 Device <b>*ap*</b> & co registered\nline\n[x](y)\nhttps://wisp.example.org/admin/config/device/1/change/?a=1&b=2",` +
			`"formatted_body":"🟢 <strong>Device &lt;b&gt;*ap*&lt;/b&gt; &amp; co registered</strong><br>line<br>[x](y)<br><a href=\"https://wisp.example.org/admin/config/device/1/change/?a=1&amp;b=2\">Open</a>"}`},
		webhooks.Teams: {"POST", "/secret-path-of-it", `{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json",` +
			`"type":"AdaptiveCard","version":"1.4","actions":[{"type":"Action.OpenUrl","title":"Open","url":"https://wisp.example.org/admin/config/device/1/change/?a=1&b=2"}],` +
			`"body":[{"type":"TextBlock","text":"Device <b>\\*ap\\*</b> & co registered","weight":"Bolder","wrap":true,"color":"Good"},{"type":"TextBlock","text":"line\n\\[x\\](y)","wrap":true}]}}]}`},
	} {
		t.Run(string(format), func(t *testing.T) {
			w := b.hook(func(w *webhooks.Webhook) {
				to(r)(w)
				w.Format = format
				switch format {
				case webhooks.Telegram:
					w.URL, w.Room, w.Token = wispwright.Secret(r.URL), "-100", "123456:ABCDEFGHIJKLMNOP"
				case webhooks.Matrix:
					w.URL, w.Room, w.Token = wispwright.Secret(r.URL+"/"), "!room:example.org", "syt_token_of_it"
				}
			})
			require.NoError(t, b.Post(t.Context(), registered()))
			d, _ := b.one()
			require.Equal(t, webhooks.Delivered, d.State, d.Error)
			got := r.all()
			last := got[len(got)-1]
			require.Equal(t, want.method, last.Method)
			require.True(t, strings.HasPrefix(last.Path, want.path), last.Path)
			require.JSONEq(t, want.body, last.Body)
			require.NotContains(t, d.Request, "ABCDEFGHIJKLMNOP")
			require.NotContains(t, d.Request, "syt_token_of_it")
			require.NoError(t, b.Delete(t.Context(), wispwright.ScopeAll(), w.ID))
		})
	}
}

// What receivers do wrong, and what becomes of it.
func TestReceiversThatFail(t *testing.T) {
	private := newReceiver(t)
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"500": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no luck", 500) }, "The receiver answered 500 Internal Server Error."},
		"redirect to a private address": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, private.URL, http.StatusTemporaryRedirect)
		},
			"The receiver redirects (307), which is not followed."},
		"hangs":    {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "The receiver did not answer in time."},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "The connection to the receiver broke."},
		"endless error": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(503)
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<12)); err != nil {
					return
				}
			}
		}, "The receiver answered 503 Service Unavailable."},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(t)
			r.answers(test.answer)
			b := newBench(t, func(o *webhooks.Options) {
				if name == "hangs" {
					o.Timeout = 300 * time.Millisecond
				}
			})
			b.hook(to(r))
			require.NoError(t, b.Post(t.Context(), registered()))
			d, pause := b.one()
			require.Equal(t, webhooks.Waiting, d.State)
			require.Equal(t, 5*time.Second, pause)
			require.Equal(t, test.want, d.Error)
			require.LessOrEqual(t, len(d.Answer), 4<<10)
			r.answers(nil)
			again, err := b.Send(t.Context(), d.ID)
			require.NoError(t, err)
			require.Equal(t, 5*time.Second, again, "not before its time")
			require.Len(t, r.all(), 1)
			b.now = b.now.Add(pause)
			d, pause = b.one()
			require.Zero(t, pause)
			require.Equal(t, webhooks.Delivered, d.State)
			require.Equal(t, 2, d.Attempts)
			got := r.all()
			require.Equal(t, got[0].Header.Get("Webhook-Id"), got[1].Header.Get("Webhook-Id"), "a receiver knows it by its id")
			again, err = b.Send(t.Context(), d.ID)
			require.NoError(t, err)
			require.Zero(t, again)
			require.Len(t, r.all(), 2, "what is delivered is not sent again")
		})
	}
	require.Empty(t, private.all())
	t.Run("streams for ever", func(t *testing.T) {
		r := newReceiver(t)
		r.answers(func(w http.ResponseWriter, q *http.Request) {
			for q.Context().Err() == nil {
				if _, err := w.Write([]byte(strings.Repeat("x", 1<<12))); err != nil {
					return
				}
			}
		})
		b := newBench(t, nil)
		b.hook(to(r))
		require.NoError(t, b.Post(t.Context(), registered()))
		d, _ := b.one()
		require.Equal(t, webhooks.Delivered, d.State, "it said 200, and more is not read")
		require.LessOrEqual(t, len(d.Answer), 4<<10)
	})
	t.Run("repeats what is secret, and binary", func(t *testing.T) {
		r := newReceiver(t)
		r.answers(func(w http.ResponseWriter, q *http.Request) {
			w.WriteHeader(400)
			fmt.Fprintf(w, "%s %s \x00\xff", q.Header.Get("Authorization"), q.URL.Path)
		})
		b := newBench(t, nil)
		b.hook(func(w *webhooks.Webhook) { to(r)(w); w.Token = "bearer-token-1" })
		require.NoError(t, b.Post(t.Context(), registered()))
		d, _ := b.one()
		require.NotContains(t, d.Answer, "bearer-token-1")
		require.NotContains(t, d.Answer, "secret-path")
		require.NotContains(t, d.Answer, "\x00")
	})
}

// It is tried for about a day, then given up.
func TestADayOfAttempts(t *testing.T) {
	r := newReceiver(t)
	r.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(429)
	})
	b := newBench(t, nil)
	b.hook(to(r))
	begun := b.now
	require.NoError(t, b.Post(t.Context(), registered()))
	d, pause := b.one()
	require.Equal(t, time.Minute, pause, "as the receiver asked")
	for pause > 0 {
		b.now = b.now.Add(pause)
		d, pause = b.one()
	}
	require.Equal(t, webhooks.Failed, d.State)
	require.Equal(t, 11, d.Attempts)
	require.InDelta(t, 24, b.now.Sub(begun).Hours(), 0.5)
}

func TestPaused(t *testing.T) {
	r := newReceiver(t)
	fail := func(status int) {
		r.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
	b := newBench(t, func(o *webhooks.Options) { o.PauseAfter, o.PauseTime = 3, time.Millisecond })
	b.tick = time.Millisecond
	w := b.hook(to(r))
	fail(500)
	require.NoError(t, b.Post(t.Context(), registered(), registered()))
	b.work()
	require.Empty(t, b.paused)
	fail(200)
	b.now = b.now.Add(time.Hour)
	b.work()
	fail(500)
	require.NoError(t, b.Post(t.Context(), registered(), registered(), registered(), registered()))
	deliveries, _ := b.work()
	require.Len(t, b.paused, 1, "the success in between counted")
	require.Contains(t, b.paused[0], "3 requests failed")
	require.Equal(t, "The webhook was paused.", deliveries[3].Error)
	require.Len(t, r.all(), 2+2+3, "the fourth was not sent")
	require.NoError(t, b.Post(t.Context(), registered()))
	deliveries, _ = b.work()
	for _, d := range deliveries {
		require.Equal(t, webhooks.Failed, d.State)
	}
	require.Empty(t, b.orders, "nobody is told meanwhile")

	// a test is sent all the same, and somebody turns it on again
	fail(200)
	d, err := b.Test(t.Context(), wispwright.ScopeAll(), w.ID)
	require.NoError(t, err)
	again, err := b.Send(t.Context(), d.ID)
	require.NoError(t, err)
	require.Zero(t, again)
	b.orders = nil
	for _, on := range []bool{false, true} {
		_, err = b.Update(t.Context(), wispwright.ScopeAll(), w.ID, func(w *webhooks.Webhook) error { w.Enabled = on; return nil })
		require.NoError(t, err)
	}
	now, err := b.Get(t.Context(), wispwright.ScopeAll(), w.ID)
	require.NoError(t, err)
	require.Nil(t, now.Paused)
	require.Zero(t, now.Failures)
	require.NoError(t, b.Post(t.Context(), registered()))
	d, _ = b.one()
	require.Equal(t, webhooks.Delivered, d.State)

	fail(410)
	require.NoError(t, b.Post(t.Context(), registered()))
	d, _ = b.one()
	require.Equal(t, webhooks.Failed, d.State)
	require.Contains(t, b.paused[1], "410 Gone")

	// what was given up can be sent once more
	fail(200)
	copied, err := b.Redeliver(t.Context(), wispwright.ScopeAll(), w.ID, d.ID)
	require.NoError(t, err)
	require.Equal(t, d.EventID, copied.EventID)
	require.NotEqual(t, d.ID, copied.ID)
	_, err = b.Redeliver(t.Context(), wispwright.ScopeAll(), wispwright.NewID(), d.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}

// Private addresses are never dialled, whatever they are called.
func TestPrivateAddressesAreRefused(t *testing.T) {
	r := newReceiver(t)
	u, err := url.Parse(r.URL)
	require.NoError(t, err)
	b := newBench(t, func(o *webhooks.Options) { o.Allowed = nil })
	create := func(address string) error {
		return b.Create(t.Context(), &webhooks.Webhook{OrganizationID: acme, Name: "x" + wispwright.NewID().String(), URL: wispwright.Secret(address), Events: []string{"*"}, Enabled: true})
	}
	for _, address := range []string{
		r.URL, "http://localhost:" + u.Port(), "http://LOCALHOST", "http://10.0.0.1", "http://192.168.1.1/x", "http://172.16.0.1", "http://169.254.169.254/latest/meta-data/", "http://0.0.0.0",
		"http://[::1]:80", "http://[fd00::1]", "http://[fe80::1]", "http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]", "http://100.64.0.1", "http://[64:ff9b::7f00:1]", "http://[2002:7f00:1::]", "http://224.0.0.1", "http://255.255.255.255",
		"ftp://example.org", "file:///etc/passwd", "//example.org", "http://", "http://user:pass@example.org", "http://example.org/#x", "http://exa mple.org", "http://example.org/\n", "gopher://127.0.0.1", "javascript:alert(1)", "",
	} {
		var invalid *wispwright.ValidationError
		require.ErrorAs(t, create(address), &invalid, address)
	}
	// names are looked at when they are dialled
	for _, name := range []string{"localhost.", "localtest.invalid"} {
		w := b.hook(func(w *webhooks.Webhook) { w.URL = wispwright.Secret("http://" + name + ":" + u.Port()) })
		require.NoError(t, b.Post(t.Context(), registered()))
		d, pause := b.one()
		require.Positive(t, pause)
		require.Zero(t, d.Status)
		require.NotContains(t, d.Error, "127.0.0.1", "what a name stands for inside is nobody's business")
		require.NoError(t, b.Delete(t.Context(), wispwright.ScopeAll(), w.ID))
		b.orders = nil
	}
	require.Empty(t, r.all())
}

func TestWhoIsTold(t *testing.T) {
	r := newReceiver(t)
	b := newBench(t, func(o *webhooks.Options) { o.MostWaiting = 3 })
	b.hook(func(w *webhooks.Webhook) { to(r)(w); w.Name = "a" })
	b.hook(func(w *webhooks.Webhook) { to(r)(w); w.Events = []string{"user.added"} })
	b.hook(func(w *webhooks.Webhook) { to(r)(w); w.OrganizationID = other })
	b.hook(func(w *webhooks.Webhook) { to(r)(w); w.Enabled = false })
	b.hook(func(w *webhooks.Webhook) { to(r)(w); w.OrganizationID, w.Events = wispwright.ID{}, []string{"*"} })
	m := registered()
	require.NoError(t, b.Post(t.Context(), m))
	require.Len(t, b.orders, 2, "the organization's own, and that of the installation")
	b.orders = nil
	m.OrganizationID = wispwright.ID{}
	require.NoError(t, b.Post(t.Context(), m))
	require.Len(t, b.orders, 1, "what is nobody's is told to no organization")
	b.orders = nil
	m.OrganizationID = acme
	require.NoError(t, b.Post(t.Context(), m, m, m, m, m, m))
	require.Len(t, b.orders, 2+1, "no more than may wait")
	require.Contains(t, b.log.String(), "too many wait")

	var invalid *wispwright.ValidationError
	err := b.Create(t.Context(), &webhooks.Webhook{Name: "", Format: "fax", Events: []string{"nothing"}, URL: "http://127.0.0.1", Room: strings.Repeat("r", 300), Token: "a\nb"})
	require.ErrorAs(t, err, &invalid)
	for _, field := range []string{"name", "format", "events", "room", "token"} {
		require.Contains(t, err.Error(), field)
	}
	err = b.Create(t.Context(), &webhooks.Webhook{OrganizationID: acme, Name: "a", Events: []string{"*"}, URL: "http://127.0.0.1"})
	require.ErrorContains(t, err, "already exists")
	for _, format := range []webhooks.Format{webhooks.Matrix, webhooks.Telegram} {
		err = b.Create(t.Context(), &webhooks.Webhook{OrganizationID: acme, Name: "b", Format: format, Events: []string{"*"}, URL: "http://127.0.0.1", Room: "../../x", Token: "x/../y"})
		require.ErrorContains(t, err, "room")
	}
	_, err = webhooks.New(&entity.Base{Tx: memstore.New(), Tenants: entity.NoTenants{}}, webhooks.NewMemory(memstore.New()), webhooks.Options{Events: []webhooks.Event{{Name: "a"}, {Name: "a"}}})
	require.Error(t, err)
}

// One that hangs holds up no other: it has a few places.
func TestOneThatHangsHasAFewPlaces(t *testing.T) {
	r := newReceiver(t)
	entered, leave := make(chan bool, 10), make(chan bool)
	r.answers(func(http.ResponseWriter, *http.Request) { entered <- true; <-leave })
	b := newBench(t, func(o *webhooks.Options) { o.AtOnce = 2; o.Timeout = time.Minute })
	b.hook(to(r))
	require.NoError(t, b.Post(t.Context(), registered(), registered(), registered()))
	var all sync.WaitGroup
	for _, id := range b.orders[:2] {
		all.Go(func() {
			_, err := b.Send(context.Background(), id)
			require.NoError(t, err)
		})
	}
	<-entered
	<-entered
	again, err := b.Send(t.Context(), b.orders[2])
	require.NoError(t, err)
	require.Positive(t, again, "it is not even begun")
	close(leave)
	all.Wait()
	again, err = b.Send(t.Context(), b.orders[2])
	require.NoError(t, err)
	require.Zero(t, again)
}
