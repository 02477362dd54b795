package connectionhttp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection/terminal"
)

// TerminalSocket is the path that the sockets of terminals lie below: …/ID/.
const TerminalSocket = "/ws/controller/terminal/"

// Sockets says how the sockets of terminals are opened.
type Sockets struct {
	// Caller finds the sender of a handshake. Required.
	Caller func(*http.Request) (*wispwright.Caller, error)
	// Origins are further origins whose pages may open terminals.
	Origins []string
	// Lifetime ends all terminals. Required.
	Lifetime context.Context
}

const (
	// pageTimeout is how long a page may take to read.
	pageTimeout = 30 * time.Second
	// reviewEvery is how often the right to type is looked at again.
	reviewEvery = 20 * time.Second
	// mostTyped bounds a message of a page, in bytes.
	mostTyped = 64 << 10
)

// Terminals serves TerminalSocket. Binary messages are what is typed, and what is shown.
// Texts are JSON: {"type":"resize","cols":80,"rows":24} of the page,
// {"type":"open"} and {"type":"end","reason":"…"} of the server.
func (h *HTTP) Terminals(o *Sockets) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, caller, status := h.mayType(r, o)
		if status != http.StatusOK {
			http.Error(w, http.StatusText(status), status)
			return
		}
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: o.Origins})
		if err != nil {
			return // it has answered
		}
		ws.SetReadLimit(mostTyped)
		p := &page{ws: ws}
		defer p.close()
		ctx, cancel := context.WithCancel(wispwright.WithCaller(o.Lifetime, caller))
		defer cancel()
		t, err := h.options.Terminals.Open(ctx, id, caller.ID, p)
		if err != nil {
			if errors.Is(err, wispwright.ErrNotFound) {
				err = errors.New("this terminal is over, or was never asked for")
			}
			p.tell("end", err.Error())
			return
		}
		p.tell("open", "")
		go func() {
			<-t.Done()
			p.tell("end", t.Reason())
			p.close()
		}()
		go h.review(t, r, o)
		p.read(t)
		t.Close("The page was closed.")
		<-t.Done()
	})
}

// mayType decides whether a handshake may open a terminal.
func (h *HTTP) mayType(r *http.Request, o *Sockets) (id wispwright.ID, c *wispwright.Caller, status int) {
	id, err := wispwright.ParseID(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, TerminalSocket), "/"))
	if err != nil {
		return id, nil, http.StatusNotFound
	}
	if c, err = o.Caller(r); err != nil || c == nil || c.ID.IsZero() || c.Restricted != "" {
		return id, nil, http.StatusForbidden
	}
	t, err := h.options.Terminals.Get(r.Context(), c.WriteScope(), id)
	switch {
	case errors.Is(err, wispwright.ErrNotFound), err == nil && t.UserID != c.ID:
		return id, nil, http.StatusNotFound
	case err != nil:
		return id, nil, http.StatusServiceUnavailable
	case !c.Superuser && !(c.Staff && c.Can("connection.add_terminal")):
		return id, nil, http.StatusForbidden
	}
	return id, c, http.StatusOK
}

// review ends a terminal whose user lost the right to it.
func (h *HTTP) review(t *terminal.Live, r *http.Request, o *Sockets) {
	tick := time.NewTicker(reviewEvery)
	defer tick.Stop()
	r = r.WithContext(o.Lifetime)
	for {
		select {
		case <-t.Done():
			return
		case <-tick.C:
		}
		if _, _, status := h.mayType(r, o); status == http.StatusForbidden || status == http.StatusNotFound {
			t.Close("The right to it was lost.")
			return
		}
	}
}

// page is the page of a terminal.
type page struct{ ws *websocket.Conn }

// Write shows something.
func (p *page) Write(b []byte) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pageTimeout)
	defer cancel()
	if err := p.ws.Write(ctx, websocket.MessageBinary, b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// told is a text message of a terminal.
type told struct {
	Type   string `json:"type"`
	Reason string `json:"reason,omitempty"`
	Cols   int    `json:"cols,omitempty"`
	Rows   int    `json:"rows,omitempty"`
}

func (p *page) tell(what, reason string) {
	ctx, cancel := context.WithTimeout(context.Background(), pageTimeout)
	defer cancel()
	p.ws.Write(ctx, websocket.MessageText, encode(told{Type: what, Reason: reason})) //nolint:errcheck // a page that is closed needs no telling
}

func (p *page) close() { p.ws.Close(websocket.StatusNormalClosure, "") } //nolint:errcheck // closed in any case

// read takes what the page sends until it is closed.
func (p *page) read(t *terminal.Live) {
	for {
		kind, text, err := p.ws.Read(context.Background())
		if err != nil {
			return
		}
		if kind == websocket.MessageBinary {
			if _, err := t.Write(text); err != nil {
				return
			}
			continue
		}
		var in told
		if json.Unmarshal(text, &in) != nil || in.Type != "resize" {
			continue
		}
		if t.Resize(terminal.Size{Cols: in.Cols, Rows: in.Rows}) != nil {
			continue // a size that cannot be, or a shell that has ended
		}
	}
}
