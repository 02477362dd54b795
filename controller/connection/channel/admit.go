package channel

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"
	"golang.org/x/time/rate"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/protocol"
)

const (
	// Path is where devices open channels: their id stands behind.
	Path = "/controller/channel/"
	// Protocol is the WebSocket's subprotocol.
	Protocol = "wispwright.channel.1"
	// Replaced is the code that a channel is closed with when a newer one took its
	// place.
	Replaced = websocket.StatusCode(4001)
)

// tooSoon is how long a channel must have lived before another may replace it.
const tooSoon = 2 * time.Second

// Devices serves Path. address finds where a request comes from.
func (h *Hub) Devices(address func(*http.Request) netip.Addr) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, refused := h.admit(r, address(r)); refused != nil {
			refused.answer(w)
		} else {
			h.accept(w, r, c)
		}
	})
}

// refusal is an answer that opens no channel.
type refusal struct {
	status int
	text   string
	after  int // seconds
}

func (e *refusal) answer(w http.ResponseWriter) {
	if e.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.after))
	}
	http.Error(w, e.text, e.status)
}

// later sends a device away for a while that differs from that of others.
func later(status int, text string, least int) *refusal {
	return &refusal{status, text, least + rand.IntN(2*least)}
}

// admit decides whether a request may open a channel. The cheap questions come first:
// thousands of devices ask at once after a restart.
func (h *Hub) admit(r *http.Request, peer netip.Addr) (*channel, *refusal) {
	switch {
	case !strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		return nil, &refusal{status: http.StatusUpgradeRequired, text: "This is a WebSocket."}
	case h.full():
		return nil, later(http.StatusServiceUnavailable, "There are too many channels.", 60)
	case !h.admission.Allow():
		return nil, later(http.StatusServiceUnavailable, "Too many devices come at once.", 10)
	}
	id, err := wispwright.ParseID(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, Path), "/"))
	if err != nil {
		return nil, &refusal{status: http.StatusNotFound, text: "Not found."}
	}
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	identity, err := h.o.Identify(r.Context(), protocol.Credentials{ID: id, Key: key, Peer: peer})
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return nil, &refusal{status: http.StatusNotFound, text: "Not found."}
	case errors.Is(err, protocol.ErrWrongKey), errors.Is(err, protocol.ErrMissingKey):
		return nil, &refusal{status: http.StatusForbidden, text: err.Error()}
	case err != nil:
		h.o.Log.ErrorContext(r.Context(), "a channel could not be opened", "device", id, "error", err)
		return nil, later(http.StatusServiceUnavailable, "The server cannot look the device up now.", 10)
	}
	if before := h.local(identity.DeviceID); before != nil && time.Since(before.row.Since) < tooSoon {
		return nil, later(http.StatusTooManyRequests, "A channel of this device was opened just now.", 5)
	}
	return &channel{key: key, checked: time.Now(), streams: make(chan struct{}, streamsAtOnce), row: Channel{
		DeviceID: identity.DeviceID, OrganizationID: identity.OrganizationID, ID: wispwright.NewID(), Node: h.o.Node,
		Address: peer.String(), Agent: cut(r.UserAgent(), 100), Since: time.Now().UTC().Truncate(time.Microsecond),
	}}, nil
}

func cut(text string, most int) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text[:min(len(text), most)], "\x00", ""), "")
}

func (h *Hub) full() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.stopped || len(h.open) >= h.o.Most
}

// accept opens a channel, in the place of the one before.
func (h *Hub) accept(w http.ResponseWriter, r *http.Request, c *channel) {
	before, err := h.o.Store.Take(r.Context(), &c.row)
	if err != nil {
		h.o.Log.ErrorContext(r.Context(), "a channel could not be stored", "device", c.row.DeviceID, "error", err)
		later(http.StatusServiceUnavailable, "The server cannot store the channel now.", 10).answer(w)
		return
	}
	if c.ws, err = websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{Protocol}}); err != nil {
		h.release(c) // it has answered
		return
	}
	c.ws.SetReadLimit(-1) // messages are streams; the rate is limited
	ctx := context.WithoutCancel(r.Context())
	ready := make(chan struct{})
	c.wire = newWire(c.ws, rate.NewLimiter(rate.Limit(h.o.Bytes), h.o.Bytes), func(error) {
		go func() {
			<-ready
			h.gone(c)
		}()
	})
	c.session, err = yamux.Client(c.wire, muxConfig())
	close(ready)
	if err != nil {
		h.o.Log.ErrorContext(ctx, "a channel could not be opened", "error", err)
		hangUp(c.wire)
		return
	}
	old, ok := h.add(c)
	if !ok {
		h.farewell(c, websocket.StatusServiceRestart, "the server stops")
		return
	}
	switch {
	case old != nil:
		go h.replace(ctx, old, c.row.Address)
	case before != nil && before.Node != h.o.Node:
		h.tell(ctx, "replaced", c.row.DeviceID, c.row.ID.String()+" "+c.row.Address)
	}
	if err := h.o.Opened(ctx, &c.row); err != nil {
		h.o.Log.WarnContext(ctx, "a device that opened a channel got no connection", "device", c.row.DeviceID, "error", err)
	}
}

// add files a channel and returns the one before.
func (h *Hub) add(c *channel) (before *channel, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return nil, false
	}
	select {
	case <-c.wire.stop: // it ended already, and gone may have looked before
		return nil, false
	default:
	}
	before = h.open[c.row.DeviceID]
	h.open[c.row.DeviceID] = c
	return before, true
}

// gone forgets a channel that ended.
func (h *Hub) gone(c *channel) {
	h.mu.Lock()
	if h.open[c.row.DeviceID] == c {
		delete(h.open, c.row.DeviceID)
	}
	stopped := h.stopped
	h.mu.Unlock()
	if c.session != nil {
		hangUp(c.session)
	}
	if !stopped {
		h.release(c)
	}
}

func (h *Hub) release(c *channel) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := h.o.Store.Release(ctx, c.row.DeviceID, c.row.ID); err != nil {
		h.o.Log.WarnContext(ctx, "the end of a channel could not be stored", "device", c.row.DeviceID, "error", err)
	}
}

// replace ends a channel whose device opened another one. If it still answers, two
// devices have the same key.
func (h *Hub) replace(ctx context.Context, old *channel, now string) {
	if _, err := old.session.Ping(); err == nil {
		h.Contested.Publish(ctx, Contested{DeviceID: old.row.DeviceID, OrganizationID: old.row.OrganizationID, Before: old.row.Address, Now: now})
	}
	h.farewell(old, Replaced, "another channel with the same key was opened")
}

// farewell says why before it closes.
func (h *Hub) farewell(c *channel, code websocket.StatusCode, reason string) {
	timer := time.AfterFunc(time.Second, c.cut) // it does not answer
	defer timer.Stop()
	defer hangUp(c.wire)
	if err := c.ws.Close(code, reason); err != nil {
		h.o.Log.Debug("a device did not hear the end of its channel", "device", c.row.DeviceID, "error", err)
	}
}

// cut ends a channel without a word.
func (c *channel) cut() { c.ws.CloseNow() } //nolint:errcheck // whether it was closed already does not matter
