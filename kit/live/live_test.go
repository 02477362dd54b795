package live_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/live"
)

// bus joins the hubs of a test as one process does.
type bus struct {
	mu     sync.Mutex
	fns    []func(string)
	broken atomic.Bool
}

func (b *bus) Notify(_ context.Context, _, payload string) error {
	if b.broken.Load() {
		return fmt.Errorf("the database is away")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fn := range b.fns {
		fn(payload)
	}
	return nil
}

func (b *bus) Listen(_ context.Context, _ string, fn func(string)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fns = append(b.fns, fn)
	return nil
}

// wait is long enough for any machine.
const wait = time.Minute

func newHub(t *testing.T, b live.Bus, o live.Options) *live.Hub {
	t.Helper()
	o.Gather = time.Millisecond
	if o.Authenticate == nil {
		o.Authenticate = func(r *http.Request) (*wispwright.Caller, error) {
			if r.URL.Query().Get("as") == "" {
				return nil, nil
			}
			id, err := wispwright.ParseID(r.URL.Query().Get("as"))
			return &wispwright.Caller{ID: id}, err
		}
	}
	h, err := live.NewHub(t.Context(), b, &o)
	require.NoError(t, err)
	t.Cleanup(h.Close)
	return h
}

// groups is a topic whose callers hear of the group in the address.
func groups(name string) live.Topic {
	return live.Topic{Name: name, Open: func(_ context.Context, r *http.Request, c *wispwright.Caller) (*live.Session, error) {
		if c == nil {
			return nil, wispwright.ErrUnauthenticated
		}
		return &live.Session{Groups: strings.Split(r.URL.Query().Get("group"), ","), Missed: []byte("missed")}, nil
	}}
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

func dial(t *testing.T, address string) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	c, _, err := websocket.Dial(ctx, address, nil) //nolint:bodyclose // the library closes it
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.CloseNow() }) // the test is over
	return c
}

func read(t *testing.T, c *websocket.Conn) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	_, text, err := c.Read(ctx)
	require.NoError(t, err)
	return string(text)
}

func user() string { return wispwright.NewID().String() }

func TestEventsReachTheirGroupOnEveryNode(t *testing.T) {
	b := &bus{}
	one, two := newHub(t, b, live.Options{}), newHub(t, b, live.Options{})
	at, there := serve(t, one.Topic(groups("t"))), serve(t, two.Topic(groups("t")))
	blue := dial(t, at+"?group=blue&as="+user())
	red := dial(t, there+"?group=red,blue&as="+user())
	all := dial(t, there+"?group=*&as="+user())
	one.Publish(t.Context(), live.Event{Topic: "t", Group: "blue", Payload: "1"}, live.Event{Topic: "t", Group: "red", Payload: "2"}, live.Event{Topic: "other", Group: "blue", Payload: "3"}, live.Event{Topic: "t", Group: "blue", Payload: "4"})
	require.Equal(t, []string{"1", "4"}, []string{read(t, blue), read(t, blue)})
	// the order within a group is kept; between groups there is none
	require.ElementsMatch(t, []string{"1", "2", "4"}, []string{read(t, red), read(t, red), read(t, red)})
	require.ElementsMatch(t, []string{"1", "2", "4"}, []string{read(t, all), read(t, all), read(t, all)})
}

func TestTwoNodesOnPostgreSQL(t *testing.T) {
	dsn := testkit.PostgresURL(t)
	one, two := testkit.Open(t, dsn), testkit.Open(t, dsn)
	here, there := newHub(t, one, live.Options{}), newHub(t, two, live.Options{})
	handler := there.Topic(groups("t"))
	here.Topic(groups("t"))
	c := dial(t, serve(t, handler)+"?group=g&as="+user())
	require.NoError(t, one.InTx(t.Context(), func(ctx context.Context) error {
		here.Publish(ctx, live.Event{Topic: "t", Group: "g", Payload: `{"ids":["` + strings.Repeat(`x\"`, 1000) + `"]}`})
		return nil
	}))
	require.Contains(t, read(t, c), "ids")
	err := one.InTx(t.Context(), func(ctx context.Context) error {
		here.Publish(ctx, live.Event{Topic: "t", Group: "g", Payload: "rolled back"})
		return context.Canceled
	})
	require.ErrorIs(t, err, context.Canceled)
	here.Publish(t.Context(), live.Event{Topic: "t", Group: "g", Payload: "after"})
	require.Equal(t, "after", read(t, c))
}

func TestWhatIsLoadedIsLoadedOnce(t *testing.T) {
	var loads atomic.Int64
	h := newHub(t, &bus{}, live.Options{})
	topic := groups("t")
	topic.Load = func(_ context.Context, e live.Event) (any, error) {
		switch e.Payload {
		case "fails":
			return nil, fmt.Errorf("no database")
		case "nothing":
			return nil, nil
		}
		loads.Add(1)
		return []byte("loaded " + e.Payload), nil
	}
	at := serve(t, h.Topic(topic))
	one, two := dial(t, at+"?group=g&as="+user()), dial(t, at+"?group=g&as="+user())
	h.Publish(t.Context(), live.Event{Topic: "t", Group: "nobody", Payload: "x"}, live.Event{Topic: "t", Group: "g", Payload: "nothing"},
		live.Event{Topic: "t", Group: "g", Payload: "1"}, live.Event{Topic: "t", Group: "g", Payload: "1"}, live.Event{Topic: "t", Group: "g", Payload: "fails"})
	for _, c := range []*websocket.Conn{one, two} {
		require.Equal(t, "loaded 1", read(t, c))
		require.Equal(t, "missed", read(t, c))
	}
	require.EqualValues(t, 1, loads.Load())
}

func TestFramesOfSessionsAndAnswers(t *testing.T) {
	h := newHub(t, &bus{}, live.Options{})
	at := serve(t, h.Topic(live.Topic{Name: "t", Open: func(context.Context, *http.Request, *wispwright.Caller) (*live.Session, error) {
		n := 0
		return &live.Session{
			Groups: []string{"g"},
			Frame: func(v any) []byte {
				if n++; n == 1 {
					return nil
				}
				return fmt.Appendf(nil, "%d %s", n, v)
			},
			Receive: func(_ context.Context, text []byte) []byte {
				if string(text) == "quiet" {
					return nil
				}
				return append([]byte("you said "), text...)
			},
		}, nil
	}}))
	c := dial(t, at)
	for _, text := range []string{"quiet", "hello"} {
		require.NoError(t, c.Write(t.Context(), websocket.MessageText, []byte(text)))
	}
	require.Equal(t, "you said hello", read(t, c))
	h.Publish(t.Context(), live.Event{Topic: "t", Group: "g", Payload: "a"}, live.Event{Topic: "t", Group: "g", Payload: "b"})
	require.Equal(t, "2 b", read(t, c))
	require.NoError(t, c.Write(t.Context(), websocket.MessageText, make([]byte, 5000)), "sent")
	_, _, err := c.Read(t.Context())
	require.Error(t, err, "a frame over the limit ends the connection")
}

func TestSeveralAnswers(t *testing.T) {
	h := newHub(t, &bus{}, live.Options{})
	at := serve(t, h.Topic(live.Topic{Name: "t", Open: func(context.Context, *http.Request, *wispwright.Caller) (*live.Session, error) {
		return &live.Session{ReceiveMany: func(_ context.Context, text []byte) [][]byte { return bytes.Fields(text) }}, nil
	}}))
	c := dial(t, at)
	for _, text := range []string{"one two", "", "three"} {
		require.NoError(t, c.Write(t.Context(), websocket.MessageText, []byte(text)))
	}
	for _, want := range []string{"one", "two", "three"} {
		require.Equal(t, want, read(t, c))
	}
}

func TestHandshakesThatAreRefused(t *testing.T) {
	h := newHub(t, &bus{}, live.Options{Origins: []string{"friend.example.org"}, PerCaller: 1})
	at := serve(t, h.Topic(groups("t")))
	refused := func(query, origin string, status int) {
		t.Helper()
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		_, answer, err := websocket.Dial(t.Context(), at+query, &websocket.DialOptions{HTTPHeader: header}) //nolint:bodyclose // the library closes it
		require.Error(t, err)
		require.NotNil(t, answer)
		require.Equal(t, status, answer.StatusCode)
	}
	refused("?group=g", "", http.StatusForbidden)
	refused("?group=g&as="+user(), "https://foe.example.org", http.StatusForbidden)
	me := user()
	header := http.Header{"Origin": {"https://friend.example.org"}}
	c, _, err := websocket.Dial(t.Context(), at+"?group=g&as="+me, &websocket.DialOptions{HTTPHeader: header}) //nolint:bodyclose // the library closes it
	require.NoError(t, err)
	refused("?group=g&as="+me, "", http.StatusServiceUnavailable)
	require.NoError(t, c.Close(websocket.StatusNormalClosure, ""))
	require.Eventually(t, func() bool { return h.Stats().Clients == 0 }, wait, time.Millisecond)
	dial(t, at+"?group=g&as="+me)
}

// deaf opens a socket and reads nothing after the handshake.
func deaf(t *testing.T, address string) net.Conn {
	t.Helper()
	host, query, _ := strings.Cut(strings.TrimPrefix(address, "ws://"), "?")
	c, err := net.Dial("tcp", host)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() }) // the test is over
	require.NoError(t, c.(*net.TCPConn).SetReadBuffer(4096))
	_, err = fmt.Fprintf(c, "GET /?%s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", query, host)
	require.NoError(t, err)
	line, err := bufio.NewReaderSize(c, 16).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "101")
	return c
}

func TestAClientThatDoesNotReadIsCutAndNobodyWaits(t *testing.T) {
	h := newHub(t, &bus{}, live.Options{Patience: time.Hour})
	at := serve(t, h.Topic(groups("t")))
	deaf(t, at+"?group=g&as="+user())
	good := dial(t, at+"?group=g&as="+user())
	good.SetReadLimit(1 << 20)
	text := strings.Repeat("x", 5000)
	for i := 0; h.Stats().Cut == 0; i++ {
		require.Less(t, i, 100_000, "the deaf client is never cut")
		payload := fmt.Sprint(i, text)
		h.Publish(t.Context(), live.Event{Topic: "t", Group: "g", Payload: payload})
		require.Equal(t, payload, read(t, good))
	}
	require.EqualValues(t, 1, h.Stats().Cut)
	require.Eventually(t, func() bool { return h.Stats().Clients == 1 }, wait, time.Millisecond)
}

func TestASilentClientIsAskedAndCut(t *testing.T) {
	h := newHub(t, &bus{}, live.Options{Ping: 10 * time.Millisecond, Patience: 200 * time.Millisecond})
	at := serve(t, h.Topic(groups("t")))
	deaf(t, at+"?group=g&as="+user())
	require.Eventually(t, func() bool { return h.Stats().Cut == 1 && h.Stats().Clients == 0 }, wait, time.Millisecond)
}

func TestWhatIsMissedIsSaid(t *testing.T) {
	b := &bus{}
	h := newHub(t, b, live.Options{Events: 4})
	at := serve(t, h.Topic(groups("t")))
	c := dial(t, at+"?group=g&as="+user())
	h.Publish(t.Context(), live.Event{Topic: "t", Group: "g", Payload: strings.Repeat("x", live.MostPayload+1)})
	require.Equal(t, "missed", read(t, c), "an event that is too long")
	require.NoError(t, b.Notify(t.Context(), "", ""))
	require.Equal(t, "missed", read(t, c), "the connection between the nodes broke")
	require.NoError(t, b.Notify(t.Context(), "", "nonsense"))
	b.broken.Store(true)
	h.Publish(t.Context(), live.Event{Topic: "t", Group: "g", Payload: "here at least"})
	require.Equal(t, "here at least", read(t, c))
}

func TestACallerThatMayNoLongerListenIsCut(t *testing.T) {
	var allowed atomic.Bool
	allowed.Store(true)
	var group atomic.Pointer[string]
	first, second := "first", "second"
	group.Store(&first)
	h := newHub(t, &bus{}, live.Options{})
	at := serve(t, h.Topic(live.Topic{Name: "t", Open: func(context.Context, *http.Request, *wispwright.Caller) (*live.Session, error) {
		if !allowed.Load() {
			return nil, wispwright.ErrForbidden
		}
		return &live.Session{Groups: []string{*group.Load()}}, nil
	}}))
	me := user()
	c := dial(t, at+"?as="+me)
	id, err := wispwright.ParseID(me)
	require.NoError(t, err)
	group.Store(&second)
	h.Recheck(t.Context(), id)
	got := make(chan string, 1)
	go func() {
		if _, text, err := c.Read(context.Background()); err == nil {
			got <- string(text)
		}
	}()
	require.Eventually(t, func() bool {
		h.Publish(t.Context(), live.Event{Topic: "t", Group: "second", Payload: "moved"})
		select {
		case text := <-got:
			return text == "moved"
		default:
			return false
		}
	}, wait, 10*time.Millisecond)
	allowed.Store(false)
	h.Recheck(t.Context())
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	for {
		if _, _, err = c.Read(ctx); err != nil {
			break
		}
	}
	require.Equal(t, websocket.StatusPolicyViolation, websocket.CloseStatus(err))
}

func TestCloseTellsTheClients(t *testing.T) {
	h := newHub(t, &bus{}, live.Options{})
	c := dial(t, serve(t, h.Topic(groups("t")))+"?group=g&as="+user())
	go h.Close()
	_, _, err := c.Read(t.Context())
	require.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(err))
	_, answer, err := websocket.Dial(t.Context(), serve(t, h.Topic(groups("again")))+"?group=g&as="+user(), nil) //nolint:bodyclose // the library closes it
	require.Error(t, err)
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
}

// A right that is lost during the handshake is not kept until the next review.
func TestARightThatIsLostDuringTheHandshake(t *testing.T) {
	var h *live.Hub
	me := user()
	id, err := wispwright.ParseID(me)
	require.NoError(t, err)
	var opened atomic.Int64
	h = newHub(t, &bus{}, live.Options{})
	heard := make(chan struct{})
	at := serve(t, h.Topic(live.Topic{Name: "t", Open: func(context.Context, *http.Request, *wispwright.Caller) (*live.Session, error) {
		if opened.Add(1) > 1 {
			return nil, wispwright.ErrForbidden
		}
		// allowed was read; now the right is taken away, which this node hears of
		h.Recheck(t.Context(), id)
		h.Publish(t.Context(), live.Event{Topic: "marker", Group: "g"})
		<-heard
		return &live.Session{Groups: []string{"g"}}, nil
	}}))
	marker := dial(t, serve(t, h.Topic(groups("marker")))+"?group=g&as="+user())
	go func() {
		_, _, _ = marker.Read(context.Background())
		close(heard)
	}()
	c := dial(t, at+"?as="+me)
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	_, _, err = c.Read(ctx)
	require.Equal(t, websocket.StatusPolicyViolation, websocket.CloseStatus(err))
}

// A right that could not be looked at for lack of a database is looked at
// again soon.
func TestAReviewThatFailsIsRepeated(t *testing.T) {
	var opened atomic.Int64
	h := newHub(t, &bus{}, live.Options{})
	at := serve(t, h.Topic(live.Topic{Name: "t", Open: func(context.Context, *http.Request, *wispwright.Caller) (*live.Session, error) {
		switch opened.Add(1) {
		case 1:
			return &live.Session{Groups: []string{"g"}}, nil
		case 2:
			return nil, wispwright.ErrUnavailable
		}
		return nil, wispwright.ErrForbidden
	}}))
	c := dial(t, at+"?as="+user())
	h.Recheck(t.Context())
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	_, _, err := c.Read(ctx)
	require.Equal(t, websocket.StatusPolicyViolation, websocket.CloseStatus(err))
}

// ownBus is a node's own way to a bus.
type ownBus struct {
	*bus
	broken atomic.Bool
}

func (b *ownBus) Notify(ctx context.Context, channel, payload string) error {
	if b.broken.Load() {
		return fmt.Errorf("no connection is free")
	}
	return b.bus.Notify(ctx, channel, payload)
}

func TestOtherNodesLearnThatSomethingWasLost(t *testing.T) {
	shared := &bus{}
	mine := &ownBus{bus: shared}
	one, two := newHub(t, mine, live.Options{}), newHub(t, shared, live.Options{})
	c := dial(t, serve(t, two.Topic(groups("t")))+"?group=g&as="+user())
	here := dial(t, serve(t, one.Topic(groups("t")))+"?group=g&as="+user())
	mine.broken.Store(true)
	one.Publish(t.Context(), live.Event{Topic: "t", Group: "g", Payload: "1"})
	require.Equal(t, "1", read(t, here))
	mine.broken.Store(false)
	require.Equal(t, "missed", read(t, c))
}

// A topic that panics ends nothing but what it was about to say.
func TestATopicThatPanics(t *testing.T) {
	h := newHub(t, &bus{}, live.Options{})
	at := serve(t, h.Topic(live.Topic{Name: "t",
		Open: func(_ context.Context, r *http.Request, _ *wispwright.Caller) (*live.Session, error) {
			if r.URL.Query().Get("group") == "none" {
				panic("open")
			}
			return &live.Session{Groups: []string{"g"}, Missed: []byte("missed"), Frame: func(loaded any) []byte {
				if loaded == "frame" {
					panic("frame")
				}
				return []byte(loaded.(string))
			}, Receive: func(context.Context, []byte) []byte { panic("receive") }}, nil
		},
		Load: func(_ context.Context, e live.Event) (any, error) {
			if e.Payload == "load" {
				panic("load")
			}
			return e.Payload, nil
		}}))
	c := dial(t, at+"?as="+user())
	for _, payload := range []string{"load", "frame", "fine"} {
		h.Publish(t.Context(), live.Event{Topic: "t", Group: "g", Payload: payload})
	}
	require.Equal(t, "missed", read(t, c))
	require.Equal(t, "fine", read(t, c))
	_, answer, err := websocket.Dial(t.Context(), at+"?group=none&as="+user(), nil) //nolint:bodyclose // the library closes it
	require.Error(t, err)
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.NoError(t, c.Write(t.Context(), websocket.MessageText, []byte("x")))
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	_, _, err = c.Read(ctx)
	require.Error(t, err)
	require.NoError(t, ctx.Err())
	require.Eventually(t, func() bool { return h.Stats().Clients == 0 }, wait, time.Millisecond)
}

// A payload that grows beyond a notification of PostgreSQL as JSON is told as
// missed, on all nodes.
func TestPayloadsThatGrow(t *testing.T) {
	db := testkit.Postgres(t)
	h := newHub(t, db, live.Options{})
	c := dial(t, serve(t, h.Topic(groups("t")))+"?group=g&as="+user())
	h.Publish(t.Context(), live.Event{Topic: "t", Group: "g", Payload: strings.Repeat("<", live.MostPayload-1)})
	require.Equal(t, "missed", read(t, c))
	h.Publish(t.Context(), live.Event{Topic: "t", Group: "g", Payload: strings.Repeat("\x01", 900)})
	require.Equal(t, strings.Repeat("\x01", 900), read(t, c))
}
