package channel

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/protocol"
)

// RelayPath is where nodes reach the channels of another.
const RelayPath = "/controller/channel-relay/"

const (
	relayTimeout  = 5 * time.Second
	clockDistance = 2 * time.Minute
)

func isRefusal(err error) bool {
	return errors.Is(err, wispwright.ErrNotFound) || errors.Is(err, protocol.ErrWrongKey) || errors.Is(err, protocol.ErrMissingKey)
}

// proof is the text by which a node proves at a time that it is one of the installation's.
func (h *Hub) proof(at time.Time) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(h.o.Secret.Reveal()))
	mac.Write([]byte("wispwright channel relay " + seconds))
	return seconds + "." + hex.EncodeToString(mac.Sum(nil))
}

func (h *Hub) proven(token string) bool {
	text, _, _ := strings.Cut(token, ".")
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || h.o.Secret == "" {
		return false
	}
	at := time.Unix(seconds, 0)
	return time.Since(at).Abs() < clockDistance && hmac.Equal([]byte(token), []byte(h.proof(at)))
}

// Nodes serves RelayPath: other nodes reach the channels of this one.
func (h *Hub) Nodes() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !h.proven(token) {
			http.Error(w, "Forbidden", http.StatusForbidden)
			return
		}
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return // it has answered
		}
		ws.SetReadLimit(-1)
		session, err := yamux.Server(newWireOfNode(ws), nodeConfig())
		if err != nil {
			hangUp(&nodeWire{ws: ws})
			return
		}
		defer session.Close() //nolint:errcheck // it is gone either way
		for {
			s, err := session.AcceptStream()
			if err != nil {
				return
			}
			go h.relay(s)
		}
	})
}

func newWireOfNode(ws *websocket.Conn) io.ReadWriteCloser {
	return &nodeWire{websocket.NetConn(context.Background(), ws, websocket.MessageBinary), ws}
}

// nodeWire is closed at once.
type nodeWire struct {
	net.Conn
	ws *websocket.Conn
}

// Close implements net.Conn.
func (w *nodeWire) Close() error { return w.ws.CloseNow() }

func nodeConfig() *yamux.Config {
	o := muxConfig()
	o.EnableKeepAlive, o.KeepAliveInterval, o.AcceptBacklog = true, 15*time.Second, 1024
	return o
}

// relay connects a stream of a node with one of a device.
func (h *Hub) relay(from *yamux.Stream) {
	defer from.Close() //nolint:errcheck // the other end is gone then
	ctx, cancel := context.WithTimeout(context.Background(), relayTimeout)
	defer cancel()
	allow(from, relayTimeout)
	kind, text, err := readFrame(from, nil)
	var r request
	if err != nil || kind != frameRequest || json.Unmarshal(text, &r) != nil {
		return
	}
	allow(from, 0)
	id, err := wispwright.ParseID(r.Device)
	answer := &frames{w: from}
	var to net.Conn
	if c := h.local(id); err != nil || c == nil {
		err = errClosed
	} else {
		to, err = c.stream(ctx)
	}
	if err != nil {
		if failed := answer.json(frameEnd, end{Error: err.Error()}); failed != nil {
			h.o.Log.DebugContext(ctx, "a node went away", "error", failed)
		}
		return
	}
	defer to.Close() //nolint:errcheck // the device is gone then
	if answer.json(frameEnd, end{}) != nil {
		return
	}
	go func() {
		_, _ = io.Copy(to, from) // the end of either is the end
		hangUp(to)               // what the device says of it is still handed on
	}()
	_, _ = io.Copy(from, to)
}

// relays are the ways to other nodes.
type relays struct {
	mu   sync.Mutex
	open map[string]*relayed
}

// relayed is the way to one node.
type relayed struct {
	mu      sync.Mutex
	session *yamux.Session
}

func (r *relays) to(node string) *relayed {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = map[string]*relayed{}
	}
	if r.open[node] == nil {
		r.open[node] = &relayed{}
	}
	return r.open[node]
}

func (r *relays) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.open {
		o.mu.Lock()
		if o.session != nil {
			hangUp(o.session)
		}
		o.mu.Unlock()
	}
}

// remote is a way to a device whose channel another node holds.
func (h *Hub) remote(ctx context.Context, row *Channel) (connection.Session, error) {
	if h.o.Secret == "" || !strings.HasPrefix(row.Node, "http") {
		return nil, errors.New("the device's channel is open at another node, which this one cannot reach")
	}
	if _, err := h.way(ctx, row.Node); err != nil {
		if ctx.Err() == nil { // the device opens another one if it lives
			err = errors.Join(err, h.o.Store.Release(ctx, row.DeviceID, row.ID))
		}
		return nil, fmt.Errorf("the node %s, which held the device's channel, does not answer: %w", row.Node, err)
	}
	return &session{open: func(ctx context.Context) (net.Conn, error) { return h.through(ctx, row) }}, nil
}

// way is an open way to a node.
func (h *Hub) way(ctx context.Context, node string) (*yamux.Session, error) {
	r := h.relays.to(node)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.session != nil && !r.session.IsClosed() {
		return r.session, nil
	}
	ctx, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	ws, answer, err := websocket.Dial(ctx, node+RelayPath, &websocket.DialOptions{Host: h.o.Host, HTTPHeader: http.Header{"Authorization": {"Bearer " + h.proof(time.Now())}}})
	if err != nil {
		if answer != nil {
			return nil, fmt.Errorf("it answers %s", answer.Status)
		}
		return nil, err
	}
	ws.SetReadLimit(-1)
	session, err := yamux.Client(newWireOfNode(ws), nodeConfig())
	if err != nil {
		return nil, errors.Join(err, ws.CloseNow())
	}
	r.session = session
	return session, nil
}

// through opens a stream to a device through the node that holds its channel.
func (h *Hub) through(ctx context.Context, row *Channel) (net.Conn, error) {
	session, err := h.way(ctx, row.Node)
	if err != nil {
		return nil, err
	}
	s, err := session.OpenStream()
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = s.SetDeadline(time.Now()) }) // ends the waiting
	defer stop()
	err = (&frames{w: s}).json(frameRequest, request{Device: row.DeviceID.String()})
	var e end
	if err == nil {
		e, err = readEnd(s, connection.Output{Stdout: io.Discard, Stderr: io.Discard})
	}
	if err == nil {
		err = e.err()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}
