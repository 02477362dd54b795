package server

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/live"
)

// changesPath is where pages watch objects.
const changesPath = "/ws/live/"

const (
	// changesTopic is the socket's name in the hub. Its groups are a kind and an
	// organization, payloads are ids; none says that there were many.
	changesTopic = "changed"
	// nobodys is in the place of an organization for objects that only
	// superusers may hear of.
	nobodys = "-"
	// mostIDs is how many objects one message names.
	mostIDs = 100
	// mostWatches is how many kinds and objects one page watches.
	mostWatches = 100
	// mostExact is how many messages a page gets within a second that name
	// objects; more are told as "many".
	mostExact = 8
)

// changes tells pages that objects they show have changed.
type changes struct {
	hub   *live.Hub
	kinds []string // fixed once the server runs
}

func (c *changes) add(kinds ...string) {
	for _, kind := range kinds {
		if !slices.Contains(c.kinds, kind) {
			c.kinds = append(c.kinds, kind)
		}
	}
	slices.Sort(c.kinds)
}

// tell publishes that objects of an organization changed.
func (c *changes) tell(ctx context.Context, kind, organization string, ids []string) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	payload := strings.Join(ids, " ")
	if len(ids) > mostIDs || len(payload) > live.MostPayload/2 {
		payload = ""
	}
	c.hub.Publish(ctx, live.Event{Topic: changesTopic, Group: kind + " " + organization, Payload: kind + " " + organization + " " + payload})
}

func (c *changes) topic() live.Topic {
	return live.Topic{Name: changesTopic, Open: c.open, Load: func(_ context.Context, e live.Event) (any, error) { return parseChanged(e.Payload), nil }}
}

// changed is what a page is told.
type changed struct {
	Type         string   `json:"type"`
	Kind         string   `json:"kind"`
	Organization *string  `json:"organization"`
	IDs          []string `json:"ids"`
}

func parseChanged(payload string) any {
	kind, rest, _ := strings.Cut(payload, " ")
	organization, ids, _ := strings.Cut(rest, " ")
	out := changed{Type: changesTopic, Kind: kind, IDs: strings.Fields(ids)}
	if len(out.IDs) == 0 {
		out.IDs = nil // many, or not said which
	}
	if organization != nobodys && organization != (wispwright.ID{}).String() {
		out.Organization = &organization
	}
	return out
}

// viewable reports whether a caller may see objects of a kind.
func viewable(c *wispwright.Caller, kind string) bool {
	app, model, _ := strings.Cut(kind, ".")
	return c.Can(wispwright.Permission(app+".view_"+model)) || c.Can(wispwright.Permission(app+".change_"+model))
}

// open decides of which kinds and organizations a caller may hear at all. What
// a page watches only narrows that.
func (c *changes) open(_ context.Context, _ *http.Request, caller *wispwright.Caller) (*live.Session, error) {
	if caller == nil || caller.ID.IsZero() || caller.Restricted != "" {
		return nil, wispwright.ErrUnauthenticated
	}
	if !caller.Superuser && !caller.Staff {
		return nil, wispwright.ErrForbidden
	}
	w := &watcher{caller: caller, kinds: c.kinds, watched: map[string]map[string]bool{}}
	s := &live.Session{Missed: []byte(`{"type":"missed"}`), Frame: w.frame, Receive: w.receive}
	if caller.Superuser {
		s.Groups = []string{live.Everything}
		return s, nil
	}
	if len(caller.Managed) == 0 {
		return s, nil // hears of nothing until somebody makes the caller a manager
	}
	for _, kind := range c.kinds {
		if !viewable(caller, kind) {
			continue
		}
		for _, organization := range append(slices.Clone(caller.Managed), wispwright.ID{}) {
			s.Groups = append(s.Groups, kind+" "+organization.String())
		}
	}
	return s, nil
}

// watcher is one page: what it shows, and how much it was told lately.
type watcher struct {
	caller *wispwright.Caller // as of the handshake; only for what is answered
	kinds  []string

	mu      sync.Mutex
	watched map[string]map[string]bool // by kind; without ids: all
	second  time.Time
	told    int
}

// watch is an entry of what a page says it watches.
type watch struct {
	Kind string `json:"kind"`
	ID   string `json:"id,omitempty"`
}

// receive takes the list of what a page shows, in place of the one before.
func (w *watcher) receive(_ context.Context, text []byte) []byte {
	var in struct {
		Type  string  `json:"type"`
		Watch []watch `json:"watch"`
	}
	if err := json.Unmarshal(text, &in); err != nil || in.Type != "watch" {
		return refuseWatch(`Send {"type":"watch","watch":[{"kind":"config.device"},{"kind":"config.template","id":"…"}]}.`)
	}
	if len(in.Watch) > mostWatches {
		return refuseWatch("Watch at most 100 kinds and objects.")
	}
	accepted, watched := []watch{}, map[string]map[string]bool{}
	for _, v := range in.Watch {
		if !slices.Contains(w.kinds, v.Kind) || len(v.ID) > 64 || !viewable(w.caller, v.Kind) {
			continue
		}
		accepted = append(accepted, v)
		ids, there := watched[v.Kind]
		switch {
		case v.ID == "":
			watched[v.Kind] = nil
		case !there:
			watched[v.Kind] = map[string]bool{v.ID: true}
		case ids != nil:
			ids[v.ID] = true
		}
	}
	w.mu.Lock()
	w.watched = watched
	w.mu.Unlock()
	text, err := json.Marshal(map[string]any{"type": "watching", "watch": accepted})
	if err != nil {
		return nil // strings always encode
	}
	return text
}

func refuseWatch(why string) []byte {
	text, err := json.Marshal(map[string]any{"type": "error", "detail": why})
	if err != nil {
		return nil // strings always encode
	}
	return text
}

// frame tells a page of a change if it watches it. A page that is told much is
// told less exactly, and what waits for it is told once: the burst of a whole
// fleet does not cut it off.
func (w *watcher) frame(loaded any) []byte {
	c, ok := loaded.(changed)
	if !ok {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	ids, watched := w.watched[c.Kind]
	if !watched {
		return nil
	}
	if ids != nil && c.IDs != nil {
		var shown []string // a fresh slice: the event is all pages'
		for _, id := range c.IDs {
			if ids[id] {
				shown = append(shown, id)
			}
		}
		if c.IDs = shown; shown == nil {
			return nil
		}
	}
	now := time.Now()
	if now.Sub(w.second) >= time.Second {
		w.second, w.told = now, 0
	}
	if w.told++; w.told > mostExact {
		c.IDs, c.Organization = nil, nil
	}
	text, err := json.Marshal(c)
	if err != nil {
		return nil // strings always encode
	}
	return text
}
