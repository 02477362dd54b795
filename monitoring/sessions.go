package monitoring

import (
	"context"
	"fmt"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wispwright/wispwright"
)

// Sessions is the service of WiFi clients and their sessions (spec: monitoring §15).
type Sessions struct {
	*base

	open  *lru.Cache[wispwright.ID, *openSessions] // by device
	alike *lru.Cache[string, uint64]               // what clients are stored as, by address
}

// Get returns a session.
func (s *Sessions) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*WifiSession, error) {
	return s.Stores.Sessions.Get(ctx, scope, id)
}

// List returns a page of sessions, the latest first.
func (s *Sessions) List(ctx context.Context, scope wispwright.Scope, f WifiSessionFilter, p wispwright.Page) (wispwright.Items[WifiSession], error) {
	return s.Stores.Sessions.List(ctx, scope, f, p)
}

// Clients returns the clients with some addresses, by address.
func (s *Sessions) Clients(ctx context.Context, addresses ...string) (map[string]*WifiClient, error) {
	out := map[string]*WifiClient{}
	slices.Sort(addresses)
	for some := range slices.Chunk(slices.Compact(addresses), 500) {
		found, err := s.Stores.Clients.List(ctx, wispwright.ScopeAll(), WifiClientFilter{MACAddresses: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, fmt.Errorf("read WiFi clients: %w", err)
		}
		for _, c := range found.Rows {
			out[c.MACAddress] = c
		}
	}
	return out, nil
}

// Close ends all open sessions of a device, which cannot be reached any more.
func (s *Sessions) Close(ctx context.Context, device wispwright.ID) error {
	defer s.lock(device)()
	if err := s.doubt(ctx, device); err != nil {
		return err
	}
	yes := true
	open, err := s.Stores.Sessions.List(ctx, wispwright.ScopeAll(), WifiSessionFilter{DeviceID: device, Open: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return fmt.Errorf("read WiFi sessions: %w", err)
	}
	ids := make([]wispwright.ID, len(open.Rows))
	for i, session := range open.Rows {
		ids[i] = session.ID
	}
	if err := s.Stores.Sessions.Stop(ctx, s.Clock().UTC(), ids...); err != nil {
		return fmt.Errorf("close WiFi sessions: %w", err)
	}
	return nil
}

// cleanAtOnce is how many rows one transaction removes.
const cleanAtOnce = 1000

// Clean removes sessions that began so long ago, and clients that have none any more.
func (s *Sessions) Clean(ctx context.Context, age time.Duration) (sessions, clients int, err error) {
	before := s.Clock().Add(-age)
	for {
		n, err := s.Stores.Sessions.DeleteBefore(ctx, before, cleanAtOnce)
		if err != nil {
			return sessions, clients, fmt.Errorf("remove old WiFi sessions: %w", err)
		}
		if sessions += n; n < cleanAtOnce {
			break
		}
	}
	for {
		n, err := s.Stores.Clients.DeleteIdle(ctx, cleanAtOnce)
		if err != nil {
			return sessions, clients, fmt.Errorf("remove old WiFi clients: %w", err)
		}
		if clients += n; n < cleanAtOnce {
			return sessions, clients, nil
		}
	}
}
