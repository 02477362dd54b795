package sqlstore

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/lib/pq"

	"github.com/wispwright/wispwright"
)

// hub delivers notifications inside one process, which is all SQLite has.
type hub struct {
	mu        sync.Mutex
	listeners map[string][]func(payload string)
}

func (h *hub) add(channel string, fn func(string)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listeners == nil {
		h.listeners = map[string][]func(string){}
	}
	h.listeners[channel] = append(h.listeners[channel], fn)
}

func (h *hub) send(channel, payload string) {
	h.mu.Lock()
	fns := h.listeners[channel]
	h.mu.Unlock()
	for _, fn := range fns {
		fn(payload)
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
// connection it calls fn with an empty payload, since some may have been missed.
func (db *DB) Listen(ctx context.Context, channel string, fn func(payload string)) error {
	if db.dialect == SQLite {
		db.hub.add(channel, func(p string) {
			if ctx.Err() == nil {
				fn(p)
			}
		})
		return nil
	}
	l := pq.NewListener(db.dsn, 100*time.Millisecond, 10*time.Second, func(_ pq.ListenerEventType, err error) {
		if err != nil && ctx.Err() == nil {
			slog.Warn("notification connection", "channel", channel, "error", err)
		}
	})
	if err := l.Listen(channel); err != nil {
		_ = l.Close() // the first error is the one to tell
		return fmt.Errorf("listen on %s: %w", channel, err)
	}
	go func() {
		defer func() { _ = l.Close() }() // nothing is left to be told
		for {
			select {
			case <-ctx.Done():
				return
			case n := <-l.Notify:
				if n == nil {
					fn("")
				} else {
					fn(n.Extra)
				}
			}
		}
	}()
	return nil
}
