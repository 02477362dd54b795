package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// probeEvery is how long the outcome of a write is good for: anybody may ask
// whether the node is ready, as often as they like.
const probeEvery = 5 * time.Second

// lastWrite knows whether the database took a write lately. A full disk is read
// from without complaint.
type lastWrite struct {
	mu   sync.Mutex
	at   time.Time
	fail error
}

// probe writes, unless that was done a moment ago, and returns why it cannot be
// done. A database that is merely busy is no failure.
func (l *lastWrite) probe(db *sqlstore.DB) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.at) < probeEvery {
		return l.fail
	}
	// not the request's context: the outcome is for others too
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_, err := sqlstore.Exec(ctx, db, "INSERT INTO server_state (name, value) VALUES ('server.probe', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		time.Now().UTC().Format(time.RFC3339))
	l.at, l.fail = time.Now(), nil
	if ctx.Err() == nil && errors.Is(err, wispwright.ErrUnavailable) {
		l.fail = err
	}
	return l.fail
}
