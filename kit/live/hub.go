package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wispwright/wispwright"
)

// Bus is how nodes tell each other; a sqlstore.DB is one. Listen's function is
// called with an empty payload when some may have been missed.
type Bus interface {
	Notify(ctx context.Context, channel, payload string) error
	Listen(ctx context.Context, channel string, fn func(payload string)) error
}

// channel is the hub's on the bus.
const channel = "wispwright_live"

// Options change what NewHub makes; nil means the defaults.
type Options struct {
	// Authenticate finds the caller that opens a socket, nil for a stranger; rest.API.Caller
	// is one. Default: everybody is a stranger.
	Authenticate func(r *http.Request) (*wispwright.Caller, error)
	// Origins are hosts besides the request's own whose pages may open sockets,
	// such as "wifi.example.org". Default: none.
	Origins []string
	// Queue is how many frames wait for a client that reads slowly before it is
	// cut. Default: 32.
	Queue int
	// Events is how many events wait on a node to be told. Default: 8,192, of at
	// most MostPayload bytes each.
	Events int
	// Clients is how many sockets a node takes; one more gets a 503. Each costs
	// about 20 KiB. Default: 20,000.
	Clients int
	// PerCaller is how many of them one caller may have. Default: 64.
	PerCaller int
	// Gather is how long events wait for more to be told with them between
	// nodes. Default: 50 ms.
	Gather time.Duration
	// Ping is how often a client that is silent is asked whether it lives.
	// Default: 30 s.
	Ping time.Duration
	// Patience is how long a client may take to answer, or to read what it is
	// sent, before it is cut. Default: 15 s.
	Patience time.Duration
	// Review is how often each client's right to listen is looked at anew.
	// Default: 5 minutes.
	Review time.Duration
	// Log receives what goes wrong. Default: slog's own.
	Log *slog.Logger
}

func (o *Options) complete() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Authenticate == nil {
		c.Authenticate = func(*http.Request) (*wispwright.Caller, error) { return nil, nil }
	}
	setDefault(&c.Queue, 32)
	setDefault(&c.Events, 8192)
	setDefault(&c.Clients, 20_000)
	setDefault(&c.PerCaller, 64)
	setDefault(&c.Gather, 50*time.Millisecond)
	setDefault(&c.Ping, 30*time.Second)
	setDefault(&c.Patience, 15*time.Second)
	setDefault(&c.Review, 5*time.Minute)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

func setDefault[N int | time.Duration](v *N, d N) {
	if *v <= 0 {
		*v = d
	}
}

// Hub carries events to sockets. Make one per server.
type Hub struct {
	bus     Bus
	options Options
	topics  map[string]*Topic // fixed once the server runs
	clients *clients
	outbox  *outbox
	inboxes []*inbox

	ctx   context.Context
	end   context.CancelFunc
	tasks sync.WaitGroup

	// changes counts the changes of rights this node has heard of
	changes atomic.Int64
	// untold are the topics of which other nodes were not told something; it
	// belongs to gather
	untold map[string]time.Time

	told, missed, cut, refused atomic.Int64
}

// Stats is what a hub counts since it was made; Clients is the number now.
type Stats struct {
	// Clients is the number of open sockets.
	Clients int
	// Told is the number of frames handed to clients.
	Told int64
	// Missed is the number of times that events were lost for want of room.
	Missed int64
	// Cut is the number of clients cut because they did not read or answer.
	Cut int64
	// Refused is the number of handshakes refused.
	Refused int64
}

// inboxCount is how many goroutines load and tell events. Events of one group
// keep their order.
const inboxCount = 4

// NewHub makes a hub that listens on the bus until Close or the end of ctx.
func NewHub(ctx context.Context, bus Bus, o *Options) (*Hub, error) {
	if bus == nil {
		return nil, errors.New("live: a bus is required")
	}
	h := &Hub{bus: bus, options: o.complete(), topics: map[string]*Topic{}, untold: map[string]time.Time{}}
	h.clients = newClients(h.options.Clients, h.options.PerCaller)
	h.outbox = newOutbox(h.options.Events)
	h.ctx, h.end = context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, h.Close)
	for range inboxCount {
		in := &inbox{events: make(chan Event, h.options.Events/inboxCount+1)}
		h.inboxes = append(h.inboxes, in)
		h.tasks.Go(func() { h.tell(in) })
	}
	h.tasks.Go(h.gather)
	h.tasks.Go(h.watch)
	h.tasks.Go(h.review)
	if err := bus.Listen(h.ctx, channel, h.arrived); err != nil {
		h.Close()
		return nil, fmt.Errorf("live: %w", err)
	}
	return h, nil
}

// Topic adds a topic and returns the handler of its sockets. Topics are added
// while the program is put together; a name twice is a panic of that moment.
func (h *Hub) Topic(t Topic) http.Handler {
	if t.Name == "" || t.Open == nil {
		panic("live: a topic needs a name and Open")
	}
	if h.topics[t.Name] != nil {
		panic("live: two topics are called " + t.Name)
	}
	h.topics[t.Name] = &t
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.serve(&t, w, r) })
}

// Publish tells the listeners of all nodes, after the commit of the context's
// transaction. It never waits and never fails the caller: what does not fit is
// told as missed. The same event published again before it was told is told
// once.
func (h *Hub) Publish(ctx context.Context, events ...Event) {
	wispwright.AfterCommit(ctx, func() {
		for _, e := range events {
			if len(e.Group)+len(e.Payload) > MostPayload || written(e) > mostWritten {
				h.options.Log.ErrorContext(ctx, "live: event is too long", "topic", e.Topic, "bytes", len(e.Payload))
				e = Event{Topic: e.Topic}
			}
			if !h.outbox.add(e) {
				h.missed.Add(1)
			}
		}
	})
}

// rights is the topic of events that are the hub's own: what the group, a user,
// may hear has changed.
const rights = "\x00rights"

// Recheck looks at once, on all nodes, at what each client of the users may
// still hear, or at every client's when there is none or the zero ID among
// them. It is done after the commit of the context's transaction; Recheck does
// not wait for it.
func (h *Hub) Recheck(ctx context.Context, users ...wispwright.ID) {
	if len(users) == 0 {
		users = []wispwright.ID{{}}
	}
	events := make([]Event, 0, len(users))
	for _, u := range users {
		events = append(events, Event{Topic: rights, Group: u.String()})
	}
	h.Publish(ctx, events...)
}

// rightsChanged takes an event of the topic rights. One without a user says that
// some were lost.
func (h *Hub) rightsChanged(e Event) {
	user, err := wispwright.ParseID(e.Group)
	if err != nil {
		user = wispwright.ID{}
	}
	h.changes.Add(1) // first: a client that is being let in looks at it
	h.clients.recheck(user)
}

// Stats returns the counts for metrics.
func (h *Hub) Stats() Stats {
	return Stats{Clients: h.clients.count(), Told: h.told.Load(), Missed: h.missed.Load(), Cut: h.cut.Load(), Refused: h.refused.Load()}
}

// Close tells every client that the server goes away, and ends the hub. It may
// be called more than once.
func (h *Hub) Close() {
	h.end()
	h.clients.closeAll()
	h.tasks.Wait()
}

// gather sends what was published to all nodes, this one included, in as few
// notifications as possible.
func (h *Hub) gather() {
	timer := time.NewTicker(h.options.Gather)
	defer timer.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-timer.C:
			for _, batch := range h.outbox.take() {
				h.send(batch)
			}
			h.makeUp()
		}
	}
}

func (h *Hub) send(batch []Event) {
	if err := h.notify(batch); err != nil && h.ctx.Err() == nil {
		// this node's clients need not wait for the others'
		h.options.Log.Warn("live: other nodes were not told", "error", err)
		h.deliver(batch)
		for _, e := range batch {
			h.untold[e.Topic] = time.Now()
		}
	}
}

func (h *Hub) notify(batch []Event) error {
	text, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(h.ctx, h.options.Patience)
	defer cancel()
	return h.bus.Notify(ctx, channel, string(text))
}

// again is how long after a notification that failed the next one is tried.
const again = time.Second

// makeUp tells the other nodes that something was lost on the way to them. A
// node whose own connection was in order all the time learns it from nobody
// else.
func (h *Hub) makeUp() {
	var batch []Event
	for topic, failed := range h.untold {
		if time.Since(failed) < again {
			return
		}
		batch = append(batch, Event{Topic: topic})
	}
	if len(batch) == 0 || h.ctx.Err() != nil {
		return
	}
	if err := h.notify(batch); err != nil {
		for topic := range h.untold {
			h.untold[topic] = time.Now()
		}
		return
	}
	clear(h.untold)
}

// guarded runs a function of a topic. One that panics ends neither the process
// nor what the others are told.
func (h *Hub) guarded(topic string, fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			h.options.Log.Error("live: a topic panicked", "topic", topic, "panic", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("live: topic %s panicked: %v", topic, v)
		}
	}()
	return fn()
}

// arrived takes a notification of the bus. It must be quick.
func (h *Hub) arrived(payload string) {
	if payload == "" {
		h.deliver([]Event{{}, {Topic: rights}})
		return
	}
	var batch []Event
	if err := json.Unmarshal([]byte(payload), &batch); err != nil {
		h.options.Log.Warn("live: a notification that cannot be read", "error", err)
		return
	}
	h.deliver(batch)
}
