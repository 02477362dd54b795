package notificationshttp

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/live"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/notifications"
)

// SocketPath is where pages hear of notifications.
const SocketPath = "/ws/notification/"

// topic is the socket's name in the hub. Its groups are users; payloads are
// the word of what happened, and the id of a notification that is new.
const topic = "notification"

const (
	wordCreated = "created" // with an id: one is new; without: many are
	wordRead    = "read"    // one was marked as read
	wordReload  = "reload"  // more than one was, or they are gone
)

// frame is what pages are told (spec: notifications §8).
type frame struct {
	Type   string `json:"type"`
	Count  any    `json:"notification_count"`
	Reload bool   `json:"reload_widget"`
	Item   *Item  `json:"notification"`
}

// silenceFrame answers whether an object is silenced.
type silenceFrame struct {
	Type      string     `json:"type"`
	ValidTill *rest.Time `json:"valid_till"`
}

// missed is said when events were lost: the page reads its list anew.
var missed = []byte(`{"type":"missed"}`)

// news is what Load read of an event, the same for all pages of the user.
type news struct {
	frame
	storm bool
}

// Topic is the live topic of the socket: any user may listen, to what is the
// user's own.
func (h *HTTP) Topic() live.Topic {
	return live.Topic{Name: topic, Open: h.listen, Load: h.load}
}

func (h *HTTP) listen(_ context.Context, _ *http.Request, c *wispwright.Caller) (*live.Session, error) {
	if c == nil || c.ID.IsZero() || c.Restricted != "" {
		return nil, wispwright.ErrUnauthenticated
	}
	storm, user := h.s.StormLimits().NewStorm(time.Now()), c.ID
	return &live.Session{
		Groups: []string{user.String()}, Missed: missed,
		Frame: func(loaded any) []byte {
			n, ok := loaded.(news)
			if !ok {
				return nil
			}
			if n.storm { // nothing is shown or sounds; the list is read anew now and then
				n.Item, n.Reload = nil, storm.Muffle(time.Now(), n.Reload)
			}
			return encode(n.frame)
		},
		Receive: func(ctx context.Context, text []byte) []byte { return h.receive(ctx, user, text) },
	}, nil
}

// load reads what an event tells the pages of a user.
func (h *HTTP) load(ctx context.Context, e live.Event) (any, error) {
	user, err := wispwright.ParseID(e.Group)
	if err != nil {
		return nil, nil // not an event of this program
	}
	count, storm, err := h.s.Unread(ctx, user)
	if err != nil {
		return nil, err
	}
	word, key, _ := strings.Cut(e.Payload, " ")
	n := news{frame{Type: topic, Count: count, Reload: word != wordRead}, storm}
	if count >= notifications.MostUnread {
		n.Count = "99+"
	}
	id, err := wispwright.ParseID(key)
	if err != nil || storm {
		return n, nil
	}
	found, err := h.s.List(ctx, notifications.Filter{IDs: wispwright.Only(id), RecipientID: user}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(found.Rows) > 0 { // else it is gone, or cannot be worded
		item := ItemOf(found.Rows[0])
		n.Item = &item
	}
	return n, nil
}

// receive takes what a page says. What it does not understand is ignored.
func (h *HTTP) receive(ctx context.Context, user wispwright.ID, text []byte) []byte {
	var in struct {
		Type   string `json:"type"`
		ID     string `json:"notification_id"`
		Object string `json:"object_id"`
		App    string `json:"app_label"`
		Model  string `json:"model_name"`
	}
	if json.Unmarshal(text, &in) != nil {
		return nil
	}
	switch in.Type {
	case topic:
		id, err := wispwright.ParseID(in.ID)
		if err == nil {
			_, err = h.s.MarkRead(ctx, user, wispwright.Only(id))
			h.log(ctx, err)
		}
	case "object_notification":
		ref := notifications.Ref{Kind: in.App + "." + in.Model, ID: in.Object}
		if _, known := h.options.ContentTypes[ref.Kind]; !known {
			return nil
		}
		s, err := h.s.Silence(ctx, user, ref)
		if err != nil {
			h.log(ctx, err)
			return nil
		}
		out := silenceFrame{Type: in.Type}
		if s.ValidTill != nil {
			till := rest.Time(*s.ValidTill)
			out.ValidTill = &till
		}
		return encode(out)
	}
	return nil
}

// Tell subscribes the hub to the service: pages hear of what is new, read and
// gone.
func (h *HTTP) Tell(hub *live.Hub) {
	s := h.s
	most := s.StormLimits().ShortCount
	s.Created.Subscribe("live: "+SocketPath, func(ctx context.Context, rows ...*notifications.Notification) {
		by := map[wispwright.ID][]*notifications.Notification{}
		var users []wispwright.ID
		for _, n := range rows {
			if by[n.RecipientID] == nil {
				users = append(users, n.RecipientID)
			}
			by[n.RecipientID] = append(by[n.RecipientID], n)
		}
		events := make([]live.Event, 0, len(rows))
		for _, user := range users {
			if len(by[user]) > max(most, 1) { // more than are shown one by one
				events = append(events, live.Event{Topic: topic, Group: user.String(), Payload: wordCreated})
				continue
			}
			for _, n := range by[user] {
				events = append(events, live.Event{Topic: topic, Group: user.String(), Payload: wordCreated + " " + n.ID.String()})
			}
		}
		hub.Publish(ctx, events...)
	})
	s.Changed.Subscribe("live: "+SocketPath, func(ctx context.Context, list ...notifications.Change) {
		for _, c := range list {
			word := wordRead
			if c.Reload {
				word = wordReload
			}
			hub.Publish(ctx, live.Event{Topic: topic, Group: c.UserID.String(), Payload: word})
		}
	})
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // as the REST API writes it
	if e.Encode(v) != nil {
		return nil // these types always encode
	}
	return bytes.TrimSpace(b.Bytes())
}
