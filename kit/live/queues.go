package live

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// outbox holds what was published until it is sent. Equal events are one.
type outbox struct {
	mu     sync.Mutex
	events []Event
	known  map[Event]struct{}
	most   int
}

func newOutbox(most int) *outbox { return &outbox{most: most, known: map[Event]struct{}{}} }

// add keeps an event. When there is no room, one event that says that some of
// the topic were missed takes its place, and add returns false.
func (o *outbox) add(e Event) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	fits := len(o.events) < o.most
	if !fits {
		e = Event{Topic: e.Topic} // as many as there are topics
	}
	if _, there := o.known[e]; !there {
		o.known[e] = struct{}{}
		o.events = append(o.events, e)
	}
	return fits
}

// take empties the box, in batches that fit into a notification each.
func (o *outbox) take() (batches [][]Event) {
	o.mu.Lock()
	events := o.events
	if len(events) > 0 {
		o.events, o.known = nil, map[Event]struct{}{}
	}
	o.mu.Unlock()
	size := 0
	for _, e := range events {
		n := written(e)
		if len(batches) == 0 || size+n > mostWritten {
			batches, size = append(batches, nil), 0
		}
		last := len(batches) - 1
		batches[last] = append(batches[last], e)
		size += n
	}
	return batches
}

// mostWritten is how many bytes the events of one notification may have as JSON.
const mostWritten = MostPayload + 500

// written is how many bytes an event has as JSON at most.
func written(e Event) int { return escaped(e.Topic) + escaped(e.Group) + escaped(e.Payload) + 32 }

// escaped is how many bytes a text has within JSON at most.
func escaped(s string) int {
	n := len(s)
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			n++
		case c < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x7f:
			n += 5
		case c >= 0x80: // what is no UTF-8 becomes U+FFFD, and U+2028 an escape
			n += 5
		}
	}
	return n
}

// inbox holds what one goroutine has to tell.
type inbox struct {
	events chan Event
	// missed says that events did not fit: everybody is told.
	missed atomic.Bool
}

var seed = maphash.MakeSeed()

// deliver hands events to the goroutines that tell them. It never waits.
func (h *Hub) deliver(batch []Event) {
	for _, e := range batch {
		if e.Topic == rights {
			h.rightsChanged(e)
			continue
		}
		if e.Topic != "" && !h.clients.listening(e) {
			continue
		}
		in := h.inboxes[maphash.String(seed, e.Topic+"\x00"+e.Group)%inboxCount]
		select {
		case in.events <- e:
		default:
			h.missed.Add(1)
			in.missed.Store(true)
		}
	}
}

// tell loads the events of an inbox and gives them to the clients.
func (h *Hub) tell(in *inbox) {
	for {
		select {
		case <-h.ctx.Done():
			return
		case e := <-in.events:
			if in.missed.CompareAndSwap(true, false) {
				h.tellMissed("")
			}
			if e.Group == "" {
				h.tellMissed(e.Topic)
				continue
			}
			h.tellOne(e)
		}
	}
}

// loadTime bounds how long one event may take to be read from the database.
const loadTime = 10 * time.Second

func (h *Hub) tellOne(e Event) {
	t := h.topics[e.Topic]
	listeners := h.clients.of(e)
	if t == nil || len(listeners) == 0 {
		return
	}
	var loaded any = e.Payload
	if t.Load != nil {
		ctx, cancel := context.WithTimeout(h.ctx, loadTime)
		defer cancel()
		err := h.guarded(e.Topic, func() (err error) {
			loaded, err = t.Load(ctx, e)
			return err
		})
		if err != nil {
			if h.ctx.Err() == nil {
				h.options.Log.Warn("live: an event could not be read", "topic", e.Topic, "error", err)
				h.tellMissed(e.Topic)
			}
			return
		}
	}
	if loaded == nil {
		return
	}
	for _, c := range listeners {
		c.tell(loaded)
	}
}

// tellMissed tells the clients of a topic, or of all when it is empty, that
// events may have been lost.
func (h *Hub) tellMissed(topic string) {
	for _, c := range h.clients.all(topic) {
		if s := c.session.Load(); s.Missed != nil {
			c.send(s.Missed)
		}
	}
}
