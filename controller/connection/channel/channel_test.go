package channel_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	device "github.com/wispwright/wispwright/agent/channel"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/channel"
	"github.com/wispwright/wispwright/controller/connection/connectiontest"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/memstore"
)

// bus connects the nodes of a test.
type bus struct {
	mu  sync.Mutex
	fns []func(string)
}

func (b *bus) Notify(_ context.Context, _, payload string) error {
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

// cluster is some nodes over one store, and what devices they know.
type cluster struct {
	t     *testing.T
	store channel.Store
	bus   *bus
	mu    sync.Mutex
	keys  map[wispwright.ID]string
}

type node struct {
	*channel.Hub
	url string
}

func newCluster(t *testing.T) *cluster {
	return &cluster{t: t, store: channel.NewMemory(memstore.New()), bus: &bus{}, keys: map[wispwright.ID]string{}}
}

func (c *cluster) identify(_ context.Context, a protocol.Credentials) (*controller.Identity, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch key, known := c.keys[a.ID]; {
	case !known:
		return nil, wispwright.ErrNotFound
	case key != a.Key:
		return nil, protocol.ErrWrongKey
	}
	return &controller.Identity{DeviceID: a.ID, OrganizationID: wispwright.NewID(), Name: "box"}, nil
}

// add makes a device known.
func (c *cluster) add(key string) wispwright.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := wispwright.NewID()
	c.keys[id] = key
	return id
}

func (c *cluster) node(tune func(*channel.Options)) *node {
	c.t.Helper()
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	o := channel.Options{Identify: c.identify, Store: c.store, Bus: c.bus, Node: srv.URL, Secret: "shared by the nodes"}
	if tune != nil {
		tune(&o)
	}
	hub, err := channel.New(o)
	require.NoError(c.t, err)
	mux.Handle(channel.Path, hub.Devices(func(*http.Request) netip.Addr { return netip.MustParseAddr("192.0.2.7") }))
	mux.Handle(channel.RelayPath, hub.Nodes())
	ctx, cancel := context.WithCancel(context.Background())
	require.NoError(c.t, hub.Start(ctx))
	c.t.Cleanup(func() {
		_ = hub.Stop(context.Background())
		cancel()
		srv.Close()
	})
	return &node{hub, srv.URL}
}

// box is a device with an agent's end of a channel.
type box struct {
	dir    string
	wakes  atomic.Int64
	closed atomic.Pointer[string]
	stop   context.CancelFunc
}

func (c *cluster) box(url string, id wispwright.ID, key string) *box {
	c.t.Helper()
	b := &box{dir: c.t.TempDir()}
	ctx, cancel := context.WithCancel(context.Background())
	b.stop = cancel
	client := &device.Client{URL: url, ID: id.String(), Key: key, UserAgent: "test-agent/1", Keepalive: 50 * time.Millisecond, Device: device.Device{
		Path: func(name string) (string, error) { return filepath.Clean(name), nil },
		Command: func(name string, args ...string) *exec.Cmd {
			cmd := exec.Command(name, args...)
			cmd.Dir = b.dir
			return cmd
		},
		Describe: func() string { return "Box Model 1" },
		Wake:     func() { b.wakes.Add(1) },
	}, Log: func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); strings.Contains(text, "closed") {
			b.closed.Store(&text)
		}
	}, Sleep: func(ctx context.Context, d time.Duration) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(d, 20*time.Millisecond) + max(0, d-9*time.Minute)): // but who was replaced stays away
			return nil
		}
	}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		client.Run(ctx)
	}()
	c.t.Cleanup(func() {
		cancel()
		<-done
	})
	return b
}

func (n *node) await(t *testing.T, id wispwright.ID) {
	t.Helper()
	testkit.Eventually(t, "the channel is open", func(ctx context.Context) bool { return n.Reachable(ctx, id) })
}

func output() (connection.Output, *bytes.Buffer) {
	b := &bytes.Buffer{}
	return connection.Output{Stdout: b, Stderr: io.Discard}, b
}

func TestChannelIsAConnector(t *testing.T) {
	folder := t.TempDir() // goes after the device has ended
	c := newCluster(t)
	first := c.node(nil)
	id := c.add("key")
	b := c.box(first.url, id, "key")
	first.await(t, id)
	t.Run("here", func(t *testing.T) {
		connectiontest.RunConnector(t, connectiontest.Device{Connector: first.Hub, Target: connection.Target{DeviceID: id}, Commands: true, Folder: folder})
	})
	t.Run("at another node", func(t *testing.T) {
		second := c.node(nil)
		require.Zero(t, second.Count())
		connectiontest.RunConnector(t, connectiontest.Device{Connector: second.Hub, Target: connection.Target{DeviceID: id}, Commands: true, Folder: folder})
	})
	s, err := first.Dial(context.Background(), connection.Target{DeviceID: id})
	require.NoError(t, err)
	before := b.wakes.Load()
	require.NoError(t, s.(interface{ Wake(context.Context) error }).Wake(context.Background()))
	require.Equal(t, before+1, b.wakes.Load())
	text, err := s.Describe(context.Background())
	require.NoError(t, err)
	require.Equal(t, "Box Model 1", text)
	row, err := c.store.Get(context.Background(), wispwright.ScopeAll(), id)
	require.NoError(t, err)
	require.Equal(t, "test-agent/1", row.Agent)
	require.Equal(t, "192.0.2.7", row.Address)
}

// A command is ended with everything it started when nobody waits for it any more.
func TestACancelledCommandEndsOnTheDevice(t *testing.T) {
	c := newCluster(t)
	n := c.node(nil)
	id := c.add("key")
	b := c.box(n.url, id, "key")
	n.await(t, id)
	s, err := n.Dial(context.Background(), connection.Target{DeviceID: id})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out := connection.Output{Stdout: writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil }), Stderr: io.Discard}
	_, err = s.Run(ctx, "echo x; (while :; do date +%s%N > alive; sleep 0.05; done)", out)
	require.ErrorIs(t, err, context.Canceled)
	read := func() string {
		out, text := output()
		_, err := s.Run(context.Background(), "cat "+filepath.Join(b.dir, "alive")+" 2>/dev/null", out)
		require.NoError(t, err)
		return text.String()
	}
	testkit.Eventually(t, "nothing is written any more", func(context.Context) bool {
		before := read()
		time.Sleep(200 * time.Millisecond)
		return before == read()
	})
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestWhoMayOpen(t *testing.T) {
	c := newCluster(t)
	n := c.node(nil)
	id := c.add("key")
	ask := func(path, key string, upgrade bool) *http.Response {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, n.url+path, nil)
		require.NoError(t, err)
		if upgrade {
			for name, v := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="} {
				r.Header.Set(name, v)
			}
		}
		if key != "" {
			r.Header.Set("Authorization", "Bearer "+key)
		}
		a, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, a.Body.Close())
		return a
	}
	path := channel.Path + id.String() + "/"
	require.Equal(t, http.StatusUpgradeRequired, ask(path, "key", false).StatusCode)
	require.Equal(t, http.StatusForbidden, ask(path, "", true).StatusCode)
	require.Equal(t, http.StatusForbidden, ask(path, "other", true).StatusCode)
	require.Equal(t, http.StatusNotFound, ask(channel.Path+wispwright.NewID().String()+"/", "key", true).StatusCode)
	require.Equal(t, http.StatusNotFound, ask(channel.Path+"x/", "key", true).StatusCode)
	require.Equal(t, http.StatusForbidden, ask(channel.RelayPath, "key", true).StatusCode)
	require.Equal(t, http.StatusForbidden, ask(channel.RelayPath, fmt.Sprintf("%d.00", time.Now().Unix()), true).StatusCode)
	require.Zero(t, n.Count())
	_, err := n.Dial(context.Background(), connection.Target{DeviceID: id})
	require.EqualError(t, err, "the device has no open channel")
}

// A node takes some devices in a second and sends the others away, each for another
// time.
func TestAdmission(t *testing.T) {
	c := newCluster(t)
	n := c.node(func(o *channel.Options) { o.PerSecond = 3 })
	refused := map[string]bool{}
	count := 0
	for range 40 {
		ws, a, err := websocket.Dial(context.Background(), n.url+channel.Path+c.add("key").String()+"/", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer key"}}})
		if err == nil {
			defer ws.CloseNow()
			continue
		}
		count++
		require.Equal(t, http.StatusServiceUnavailable, a.StatusCode)
		refused[a.Header.Get("Retry-After")] = true
	}
	require.Greater(t, count, 10)
	require.Greater(t, len(refused), 3, "not all at the same time again")
}

// The newer channel of a key wins, and it is told of if the older one lives, also at
// another node.
func TestAKeyUsedFromTwoPlaces(t *testing.T) {
	for _, apart := range []bool{false, true} {
		t.Run(fmt.Sprintf("apart %v", apart), func(t *testing.T) {
			c := newCluster(t)
			first := c.node(nil)
			second := first
			if apart {
				second = c.node(nil)
			}
			told := make(chan channel.Contested, 10)
			first.Contested.Subscribe("test", func(_ context.Context, list ...channel.Contested) {
				for _, e := range list {
					told <- e
				}
			})
			id := c.add("key")
			old := c.box(first.url, id, "key")
			first.await(t, id)
			if !apart {
				time.Sleep(2100 * time.Millisecond) // a channel that was opened just now is not replaced
			}
			newer := c.box(second.url, id, "key")
			select {
			case e := <-told:
				require.Equal(t, id, e.DeviceID)
				require.Equal(t, "192.0.2.7", e.Before)
				require.Equal(t, "192.0.2.7", e.Now)
			case <-time.After(30 * time.Second):
				t.Fatal("nobody is told")
			}
			testkit.Eventually(t, "the older one is closed", func(context.Context) bool {
				text := old.closed.Load()
				return text != nil && strings.Contains(*text, "4001")
			})
			require.Nil(t, newer.closed.Load())
			s, err := first.Dial(context.Background(), connection.Target{DeviceID: id})
			require.NoError(t, err)
			out, text := output()
			_, err = s.Run(context.Background(), "pwd", out)
			require.NoError(t, err)
			require.Equal(t, newer.dir+"\n", text.String(), "the newer one is reached")
		})
	}
}

func TestALostKeyClosesTheChannel(t *testing.T) {
	c := newCluster(t)
	n := c.node(nil)
	id := c.add("key")
	c.box(n.url, id, "key")
	n.await(t, id)
	c.mu.Lock()
	c.keys[id] = "another"
	c.mu.Unlock()
	n.Check(context.Background(), id)
	testkit.Eventually(t, "it is closed", func(ctx context.Context) bool { return !n.Reachable(ctx, id) })
	testkit.Eventually(t, "its row is gone", func(ctx context.Context) bool {
		_, err := c.store.Get(ctx, wispwright.ScopeAll(), id)
		return errors.Is(err, wispwright.ErrNotFound)
	})
}

// hostile opens a channel by hand.
func hostile(t *testing.T, c *cluster, n *node) (wispwright.ID, *websocket.Conn) {
	t.Helper()
	id := c.add("key")
	ws, _, err := websocket.Dial(context.Background(), n.url+channel.Path+id.String()+"/", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer key"}}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ws.CloseNow() })
	ws.SetReadLimit(-1)
	n.await(t, id)
	return id, ws
}

func TestADeviceOpensNoStreams(t *testing.T) {
	c := newCluster(t)
	n := c.node(nil)
	id, ws := hostile(t, c, n)
	session, err := yamux.Client(websocket.NetConn(context.Background(), ws, websocket.MessageBinary), nil)
	require.NoError(t, err)
	defer session.Close()
	_, _ = session.Open() // whether it hears of its end here does not matter
	testkit.Eventually(t, "it is cut", func(ctx context.Context) bool { return !n.Reachable(ctx, id) })
}

// A device that floods its channel is read no faster than its rate, and the others
// do not suffer.
func TestAFloodIsLimited(t *testing.T) {
	c := newCluster(t)
	n := c.node(func(o *channel.Options) { o.Bytes = 256 << 10 })
	_, ws := hostile(t, c, n)
	other := c.add("key")
	c.box(n.url, other, "key")
	n.await(t, other)
	// signs of life, as small as they can be
	ping := bytes.Repeat([]byte{0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, 1000)
	for i := 2; i < len(ping); i += 12 {
		ping[i+1] = 2 // answers: the multiplexer makes nothing of them
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	sent := 0
	for ws.Write(ctx, websocket.MessageBinary, ping) == nil {
		sent += len(ping)
	}
	// 256 KiB at once and 256 KiB a second, 524 bytes a frame, and what fits into the
	// buffers of the sockets between
	require.Less(t, sent, 8<<20)
	s, err := n.Dial(context.Background(), connection.Target{DeviceID: other})
	require.NoError(t, err)
	_, err = s.Describe(context.Background())
	require.NoError(t, err)
}

// A device that says nothing is taken for gone.
func TestASilentDeviceIsCut(t *testing.T) {
	c := newCluster(t)
	n := c.node(func(o *channel.Options) { o.Silence = 300 * time.Millisecond })
	id, _ := hostile(t, c, n)
	testkit.Eventually(t, "it is cut", func(ctx context.Context) bool { return !n.Reachable(ctx, id) })
	require.Zero(t, n.Count())
}

// Signs of life, and nothing else, keep a channel.
func TestSignsOfLifeKeepTheChannel(t *testing.T) {
	c := newCluster(t)
	n := c.node(func(o *channel.Options) { o.Silence = time.Second })
	id := c.add("key")
	b := c.box(n.url, id, "key")
	n.await(t, id)
	time.Sleep(2500 * time.Millisecond)
	require.Nil(t, b.closed.Load())
	require.True(t, n.Reachable(context.Background(), id))
}

// A node that died leaves rows behind, which are found to be nothing.
func TestANodeThatDied(t *testing.T) {
	c := newCluster(t)
	n := c.node(nil)
	id := c.add("key")
	_, err := c.store.Take(context.Background(), &channel.Channel{DeviceID: id, ID: wispwright.NewID(), Node: "http://127.0.0.1:1", Since: time.Now()})
	require.NoError(t, err)
	_, err = n.Dial(context.Background(), connection.Target{DeviceID: id})
	require.ErrorContains(t, err, "does not answer")
	_, err = n.Dial(context.Background(), connection.Target{DeviceID: id})
	require.EqualError(t, err, "the device has no open channel")
}

// Devices of a node that stops come again by themselves.
func TestAfterARestart(t *testing.T) {
	c := newCluster(t)
	n := c.node(nil)
	id := c.add("key")
	b := c.box(n.url, id, "key")
	n.await(t, id)
	require.NoError(t, n.Stop(context.Background()))
	testkit.Eventually(t, "it hears that", func(context.Context) bool { return b.closed.Load() != nil })
	require.Contains(t, *b.closed.Load(), "the server stops")
	require.Zero(t, n.Count())
}
