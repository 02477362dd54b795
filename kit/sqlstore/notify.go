package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/lib/pq"

	"github.com/wispwright/wispwright"
)

// hub delivers notifications to the functions that listen in this process.
// SQLite has nothing else; on PostgreSQL one connection feeds it.
type hub struct {
	mu        sync.Mutex
	listeners map[string][]*func(payload string)
	server    *pq.Listener
}

func (h *hub) add(channel string, fn *func(string)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listeners == nil {
		h.listeners = map[string][]*func(string){}
	}
	h.listeners[channel] = append(h.listeners[channel], fn)
}

func (h *hub) remove(channel string, fn *func(string)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	// a fresh slice: send may be walking over the old one
	h.listeners[channel] = slices.DeleteFunc(slices.Clone(h.listeners[channel]), func(f *func(string)) bool { return f == fn })
}

func (h *hub) send(channel, payload string) {
	h.mu.Lock()
	fns := h.listeners[channel]
	h.mu.Unlock()
	for _, fn := range fns {
		(*fn)(payload)
	}
}

// all calls every function: after a lost connection anything may have been
// missed.
func (h *hub) all() {
	h.mu.Lock()
	var fns []*func(string)
	for _, list := range h.listeners {
		fns = append(fns, list...)
	}
	h.mu.Unlock()
	for _, fn := range fns {
		(*fn)("")
	}
}

// Notify tells every node's listeners after the commit of the context's
// transaction. The payload is limited to 7,000 bytes.
func (db *DB) Notify(ctx context.Context, channel, payload string) error {
	if db.dialect == SQLite {
		wispwright.AfterCommit(ctx, func() { db.hub.send(channel, payload) })
		return nil
	}
	if _, err := db.Write(ctx).ExecContext(ctx, "SELECT pg_notify($1, $2)", channel, payload); err != nil {
		return fmt.Errorf("notify %s: %w", channel, err)
	}
	return nil
}

// Listen calls fn for every notification until the context ends. After a lost
// connection it calls fn with an empty payload, since some may have been
// missed. All channels share one connection and one goroutine, so fn must be
// quick and must not query the database.
func (db *DB) Listen(ctx context.Context, channel string, fn func(payload string)) error {
	guarded := func(payload string) {
		if ctx.Err() == nil {
			fn(payload)
		}
	}
	db.hub.add(channel, &guarded)
	context.AfterFunc(ctx, func() { db.hub.remove(channel, &guarded) })
	if db.dialect == SQLite {
		return nil
	}
	// the channel stays listened to when its last function is gone: it costs
	// nothing, and leaving it would race with the next one who comes
	if err := db.serverListener().Listen(channel); err != nil && !errors.Is(err, pq.ErrChannelAlreadyOpen) {
		db.hub.remove(channel, &guarded)
		return fmt.Errorf("listen on %s: %w", channel, err)
	}
	return nil
}

// serverListener returns the connection that receives notifications, which is
// opened by the first one who needs it and closed by Close.
func (db *DB) serverListener() *pq.Listener {
	db.hub.mu.Lock()
	defer db.hub.mu.Unlock()
	if db.hub.server != nil {
		return db.hub.server
	}
	l := pq.NewListener(db.dsn, 100*time.Millisecond, 2*time.Second, func(_ pq.ListenerEventType, err error) {
		if err != nil {
			db.log.Warn("notification connection", "error", err)
		}
	})
	db.hub.server = l
	go func() {
		for n := range l.Notify { // closed by Close
			if n == nil {
				db.hub.all()
			} else {
				db.hub.send(n.Channel, n.Extra)
			}
		}
	}()
	return l
}

// closeListener ends the connection that receives notifications.
func (db *DB) closeListener() error {
	db.hub.mu.Lock()
	defer db.hub.mu.Unlock()
	if db.hub.server == nil {
		return nil
	}
	if err := db.hub.server.Close(); err != nil {
		return fmt.Errorf("close notification connection: %w", err)
	}
	db.hub.server = nil
	return nil
}
