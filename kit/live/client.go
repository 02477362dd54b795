package live

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/wispwright/wispwright"
)

// mostRead bounds a frame that a client sends, in bytes.
const mostRead = 4096

// client is one open socket. The goroutine of its request reads; another
// writes, and lives only while there is something to write.
type client struct {
	hub     *Hub
	topic   *Topic
	request *http.Request // asked again when the right to listen is reviewed
	conn    *websocket.Conn
	user    wispwright.ID // never changes: one that logs in as another is cut
	session atomic.Pointer[Session]

	framing sync.Mutex // one call of Session.Frame at a time

	mu      sync.Mutex
	queue   [][]byte // nil stands for a ping
	writing bool
	gone    bool

	busy     atomic.Int64 // when the present write or ping began, in ns; 0: none
	seen     atomic.Int64 // when it last showed that it lives
	reviewed atomic.Int64 // when its right was last looked at; 0: at once
}

// serve answers the handshake of a topic and reads until the client goes.
func (h *Hub) serve(t *Topic, w http.ResponseWriter, r *http.Request) {
	c := &client{hub: h, topic: t, request: r}
	before := h.changes.Load()
	s, user, err := c.open(r.Context())
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	c.user = user
	c.session.Store(s)
	c.reviewed.Store(time.Now().UnixNano())
	if !h.clients.add(c) {
		h.refused.Add(1)
		http.Error(w, "Too many open connections.", http.StatusServiceUnavailable)
		return
	}
	defer h.clients.remove(c)
	if h.changes.Load() != before {
		c.reviewed.Store(0) // rights changed while they were looked at
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: h.options.Origins})
	if err != nil {
		h.refused.Add(1) // it has answered: no handshake, or a foreign origin
		return
	}
	conn.SetReadLimit(mostRead)
	c.seen.Store(time.Now().UnixNano())
	if !c.begin(conn) {
		_ = conn.Close(websocket.StatusGoingAway, "") // the hub ended meanwhile
		return
	}
	c.read()
}

// open finds the caller and the groups the caller hears of.
func (c *client) open(ctx context.Context) (s *Session, user wispwright.ID, err error) {
	caller, err := c.hub.options.Authenticate(c.request)
	if err != nil {
		return nil, user, err
	}
	if caller != nil {
		user, ctx = caller.ID, wispwright.WithCaller(ctx, caller)
	}
	err = c.hub.guarded(c.topic.Name, func() (err error) {
		s, err = c.topic.Open(ctx, c.request, caller)
		return err
	})
	return s, user, err
}

// refuse answers a handshake that is not granted.
func (h *Hub) refuse(w http.ResponseWriter, r *http.Request, err error) {
	h.refused.Add(1)
	if refusal(err) {
		http.Error(w, "Forbidden", http.StatusForbidden)
		return
	}
	h.options.Log.ErrorContext(r.Context(), "live: handshake", "error", err)
	http.Error(w, "Service unavailable", http.StatusServiceUnavailable)
}

// begin takes the connection and writes what came before it was there.
func (c *client) begin(conn *websocket.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return false
	}
	c.conn = conn
	c.wake()
	return true
}

// read takes the client's frames until it goes.
func (c *client) read() {
	for {
		kind, text, err := c.conn.Read(context.Background())
		if err != nil {
			_ = c.conn.CloseNow() // it is gone, or is cut
			return
		}
		c.seen.Store(time.Now().UnixNano())
		receive := c.session.Load().receiver()
		if receive == nil || kind != websocket.MessageText {
			continue
		}
		answers, err := c.receive(receive, text)
		if err != nil {
			c.end()
		}
		for _, answer := range answers {
			c.send(answer)
		}
	}
}

// receiver is what takes the client's frames; nil when nothing does.
func (s *Session) receiver() func(context.Context, []byte) [][]byte {
	if s.ReceiveMany != nil || s.Receive == nil {
		return s.ReceiveMany
	}
	return func(ctx context.Context, text []byte) [][]byte {
		if answer := s.Receive(ctx, text); answer != nil {
			return [][]byte{answer}
		}
		return nil
	}
}

// receive hands a frame of the client to its session.
func (c *client) receive(fn func(context.Context, []byte) [][]byte, text []byte) (answers [][]byte, err error) {
	ctx, cancel := context.WithTimeout(c.hub.ctx, loadTime)
	defer cancel()
	err = c.hub.guarded(c.topic.Name, func() error {
		answers = fn(ctx, text)
		return nil
	})
	return answers, err
}

// frame makes the frame of what an event loaded, nil for none.
func (c *client) frame(s *Session, loaded any) (frame []byte) {
	c.framing.Lock()
	defer c.framing.Unlock()
	_ = c.hub.guarded(c.topic.Name, func() error { // it was logged, and the others are told
		frame = s.Frame(loaded)
		return nil
	})
	return frame
}

// tell makes the frame of what an event loaded and sends it.
func (c *client) tell(loaded any) {
	s := c.session.Load()
	if s.Frame != nil {
		if frame := c.frame(s, loaded); frame != nil {
			c.send(frame)
		}
		return
	}
	switch v := loaded.(type) {
	case []byte:
		c.send(v)
	case string:
		c.send([]byte(v))
	}
}

// send queues a frame, or a ping when it is nil. It never waits: a client whose
// queue is full is cut. What waits already is not queued again.
func (c *client) send(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.gone, slices.ContainsFunc(c.queue, func(waiting []byte) bool { return bytes.Equal(waiting, frame) }):
	case len(c.queue) >= c.hub.options.Queue:
		c.cutLocked()
	default:
		c.queue = append(c.queue, frame)
		c.wake()
	}
}

// wake starts the writing goroutine unless it runs. The lock is held.
func (c *client) wake() {
	if c.conn == nil || c.writing || len(c.queue) == 0 {
		return
	}
	c.writing = true
	go c.write()
}

// write writes until the queue is empty.
func (c *client) write() {
	for {
		c.mu.Lock()
		if len(c.queue) == 0 || c.gone {
			c.writing, c.queue = false, nil
			c.mu.Unlock()
			return
		}
		frame := c.queue[0]
		c.queue = c.queue[1:]
		c.mu.Unlock()

		c.busy.Store(time.Now().UnixNano())
		var err error
		if frame == nil {
			err = c.conn.Ping(context.Background())
		} else if err = c.conn.Write(context.Background(), websocket.MessageText, frame); err == nil {
			c.hub.told.Add(1)
		}
		c.busy.Store(0)
		if err != nil {
			c.end()
			return
		}
		c.seen.Store(time.Now().UnixNano())
	}
}

// cut ends a client that does not read or answer.
func (c *client) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.gone {
		c.cutLocked()
	}
}

func (c *client) cutLocked() {
	c.hub.cut.Add(1)
	c.endLocked()
}

// end drops the connection; the reading goroutine notices and leaves.
func (c *client) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endLocked()
}

func (c *client) endLocked() {
	c.gone, c.queue = true, nil
	if c.conn != nil {
		go func(conn *websocket.Conn) { _ = conn.CloseNow() }(c.conn) // whether it was closed already does not matter
	}
}

// leave says why before it closes. It waits for the client's answer a little.
func (c *client) leave(code websocket.StatusCode, reason string) {
	c.mu.Lock()
	conn := c.conn
	c.gone, c.queue = true, nil
	c.mu.Unlock()
	if conn != nil {
		_ = conn.Close(code, reason) // closed in any case
	}
}

// refusal tells a caller that may not listen from a fault inside, such as a
// database that is away: nobody is cut for that.
func refusal(err error) bool {
	return errors.Is(err, wispwright.ErrForbidden) || errors.Is(err, wispwright.ErrUnauthenticated) || errors.Is(err, wispwright.ErrNotFound)
}
