package geohttp

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/live"
)

// SocketPath is where pages and devices hear of locations that change: of all at
// the path itself, of one at its id below, with a slash at the end.
const SocketPath = "/ws/loci/location/"

// The names of the sockets in the hub. The groups of one are locations, those of
// the other organizations; payloads are the ids of locations.
const (
	oneTopic = "loci.location"
	allTopic = "loci.locations"
)

// oneFrame is what is said of one location beside its geometry, which stands
// before it in the same object (spec: additions G-4).
type oneFrame struct {
	Geometry geo.Geometry  `json:"geometry"`
	Address  string        `json:"address"`
	ID       wispwright.ID `json:"id"`
	Name     string        `json:"name"`
	IsMobile bool          `json:"is_mobile"`
}

// allFrame is what is said of each location (spec: additions G-3).
type allFrame struct {
	ID       wispwright.ID `json:"id"`
	Geometry geo.Geometry  `json:"geometry"`
	Address  string        `json:"address"`
	Name     string        `json:"name"`
	Type     geo.Type      `json:"type"`
	IsMobile bool          `json:"is_mobile"`
}

// Topics are the live topics of the sockets: of one location, and of all.
func (h *HTTP) Topics() (one, all live.Topic) {
	one = live.Topic{Name: oneTopic, Open: h.listenOne, Load: h.loader(func(l *geo.Location) ([]byte, error) {
		return oneText(l)
	})}
	all = live.Topic{Name: allTopic, Open: h.listenAll, Load: h.loader(func(l *geo.Location) ([]byte, error) {
		return text(allFrame{l.ID, l.Geometry, l.Address, l.Name, l.Type, l.IsMobile})
	})}
	return one, all
}

// Socket shares the handshakes below SocketPath out to the two topics.
func (h *HTTP) Socket(one, all http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == SocketPath {
			all.ServeHTTP(w, r)
			return
		}
		one.ServeHTTP(w, r)
	})
}

// oneText is a GeoJSON geometry with further members, which readers of the bare
// geometry leave alone.
func oneText(l *geo.Location) ([]byte, error) {
	rest, err := text(oneFrame{l.Geometry, l.Address, l.ID, l.Name, l.IsMobile})
	if err != nil {
		return nil, err
	}
	out := bytes.TrimSuffix([]byte(l.Geometry), []byte("}"))
	return append(append(slices.Clip(out), ','), rest[1:]...), nil
}

// loader reads the location that an event names; one without geometry, or that
// is gone, is not told of.
func (h *HTTP) loader(frame func(*geo.Location) ([]byte, error)) func(context.Context, live.Event) (any, error) {
	return func(ctx context.Context, e live.Event) (any, error) {
		id, err := wispwright.ParseID(e.Payload)
		if err != nil {
			return nil, nil // not an event of this program
		}
		l, err := h.g.Locations.Get(ctx, wispwright.ScopeAll(), id)
		if isMissing(err) || err == nil && l.Geometry == "" {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return frame(l)
	}
}

// mayListen reports whether a caller may hear of locations at all.
func mayListen(c *wispwright.Caller) error {
	switch {
	case c == nil || c.ID.IsZero() || c.Restricted != "":
		return wispwright.ErrUnauthenticated
	case c.Superuser:
		return nil
	case !c.Staff || !c.Can("geo.view_location") && !c.Can("geo.change_location"):
		return wispwright.ErrForbidden
	}
	return nil
}

func (h *HTTP) listenAll(_ context.Context, _ *http.Request, c *wispwright.Caller) (*live.Session, error) {
	if err := mayListen(c); err != nil {
		return nil, err
	}
	s := &live.Session{Missed: []byte(`{"missed":true}`)}
	if c.Superuser {
		s.Groups = []string{live.Everything}
		return s, nil
	}
	if len(c.Managed) == 0 {
		return nil, wispwright.ErrForbidden
	}
	for _, organization := range c.Managed {
		s.Groups = append(s.Groups, organization.String())
	}
	return s, nil
}

// listenOne lets people in, and devices that are at the location and bring their
// key.
func (h *HTTP) listenOne(ctx context.Context, r *http.Request, c *wispwright.Caller) (*live.Session, error) {
	id, err := wispwright.ParseID(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, SocketPath), "/"))
	if err != nil || !strings.HasSuffix(r.URL.Path, "/") {
		return nil, wispwright.ErrNotFound
	}
	scope := wispwright.ScopeAll()
	if key := r.URL.Query().Get("key"); c == nil && key != "" {
		if err := h.there(ctx, id, key); err != nil {
			return nil, err
		}
	} else {
		if err := mayListen(c); err != nil {
			return nil, err
		}
		scope = c.ReadScope()
	}
	l, err := h.g.Locations.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	return &live.Session{Groups: []string{l.ID.String()}}, nil
}

// mostKeys is how many devices of a location a key is held against.
const mostKeys = 1000

// there reports whether a device with this key is at a location.
func (h *HTTP) there(ctx context.Context, location wispwright.ID, key string) error {
	list, err := h.g.DeviceLocations.List(ctx, wispwright.ScopeAll(), geo.DeviceLocationFilter{LocationID: location}, wispwright.Page{Limit: mostKeys, NoTotal: true})
	if err != nil {
		return err
	}
	ids := make([]wispwright.ID, len(list.Rows))
	for i, d := range list.Rows {
		ids[i] = d.DeviceID
	}
	devices, err := h.known.Some(ctx, ids...)
	if err != nil {
		return err
	}
	for _, d := range devices {
		if d.Key.Equal(key) {
			return nil
		}
	}
	return wispwright.ErrUnauthenticated
}

// Tell subscribes the hub to the service: a session that listens hears of each location that
// is saved again (spec: geo §8).
func (h *HTTP) Tell(hub *live.Hub) {
	h.g.Locations.Changed.Subscribe("live: "+SocketPath, func(ctx context.Context, list ...entity.Change[geo.Location]) {
		var events []live.Event
		for _, c := range list {
			if c.Before == nil || c.After == nil || c.After.Geometry == "" {
				continue
			}
			id := c.After.ID.String()
			events = append(events, live.Event{Topic: oneTopic, Group: id, Payload: id}, live.Event{Topic: allTopic, Group: c.After.OrganizationID.String(), Payload: id})
		}
		hub.Publish(ctx, events...)
	})
}

func text(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // as the REST API writes it
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
