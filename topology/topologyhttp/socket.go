package topologyhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/live"
	"github.com/wispwright/wispwright/topology"
)

// SocketPath is where pages hear of a topology: its id and a slash follow
// (spec: topology §3).
const SocketPath = "/ws/network-topology/topology/"

// topic is the socket's name in the hub. Its groups are topologies.
const topic = "topology"

// pause is how long a topology is quiet after it was told of; what changes
// meanwhile is told at its end.
const pause = time.Second

// Topic is the live topic of the sockets.
func (h *HTTP) Topic() live.Topic {
	return live.Topic{Name: topic, Open: h.listen, Load: h.load}
}

// watched is a topology as it is told of, once for all pages that see all of it.
type watched struct {
	graph *topology.Graph
	once  func() []byte
}

func (h *HTTP) listen(ctx context.Context, r *http.Request, c *wispwright.Caller) (*live.Session, error) {
	id, err := wispwright.ParseID(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, SocketPath), "/"))
	if err != nil {
		return nil, wispwright.ErrNotFound
	}
	t, err := h.s.Topologies.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return nil, err
	}
	scope := c.ReadScope()
	manages := c != nil && c.Restricted == "" && (c.Can("topology.view_topology") || c.Can("topology.change_topology")) && scope.Allows(t.OrganizationID)
	switch {
	case manages:
	case h.o.Public && t.Published:
		scope = wispwright.ScopeAll()
	default:
		return nil, wispwright.ErrForbidden
	}
	return &live.Session{Groups: []string{id.String()}, Frame: func(loaded any) []byte {
		w, ok := loaded.(*watched)
		if !ok {
			return nil
		}
		if g := w.graph.Restrict(scope); g != w.graph {
			return frame(g)
		}
		return w.once()
	}}, nil
}

func (h *HTTP) load(ctx context.Context, e live.Event) (any, error) {
	id, err := wispwright.ParseID(e.Group)
	if err != nil {
		return nil, nil // not an event of this program
	}
	t, err := h.s.Topologies.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return nil, err
	}
	graphs, err := h.s.Graphs(ctx, t)
	if err != nil {
		return nil, err
	}
	g := graphs[0]
	return &watched{g, sync.OnceValue(func() []byte { return frame(g) })}, nil
}

// frame is what pages are told: the document, as text within JSON.
func frame(g *topology.Graph) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(struct {
		Type     string `json:"type"`
		Topology string `json:"topology"`
	}{"broadcast_topology", string(g.Document())}) != nil {
		return nil // texts always encode
	}
	return bytes.TrimSpace(b.Bytes())
}

// teller tells of topologies, of each once a second at most.
type teller struct {
	hub *live.Hub
	ctx context.Context //nolint:containedctx // the server's lifetime

	mu    sync.Mutex
	quiet map[wispwright.ID]bool // until its pause ends; true: something changed since
}

// Tell subscribes the hub to the service: pages hear of what changed, however
// much it was, in one message. The context is the lifetime of the server.
func (h *HTTP) Tell(ctx context.Context, hub *live.Hub) {
	t := &teller{hub: hub, ctx: ctx, quiet: map[wispwright.ID]bool{}}
	h.s.Updated.Subscribe("live: "+SocketPath, func(_ context.Context, list ...topology.Update) {
		for _, u := range list {
			t.tell(u.TopologyID)
		}
	})
}

func (t *teller) tell(id wispwright.ID) {
	t.mu.Lock()
	_, waiting := t.quiet[id]
	t.quiet[id] = waiting
	t.mu.Unlock()
	if !waiting {
		t.publish(id)
	}
}

func (t *teller) publish(id wispwright.ID) {
	t.hub.Publish(t.ctx, live.Event{Topic: topic, Group: id.String()})
	time.AfterFunc(pause, func() {
		t.mu.Lock()
		again := t.quiet[id]
		t.quiet[id] = false
		if !again {
			delete(t.quiet, id)
		}
		t.mu.Unlock()
		if again && t.ctx.Err() == nil {
			t.publish(id)
		}
	})
}
