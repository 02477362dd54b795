package vpn

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory, in a store that other
// concerns share.
func NewMemory(m *memstore.Store) Stores {
	return Stores{
		Servers:     &memoryServers{memstore.NewRepo[wispwright.ID, Server, ServerFilter](m, memstore.Spec[Server]{Shape: Server{}.Shape()})},
		Clients:     &memoryClients{store: m, Repo: memstore.NewRepo[wispwright.ID, Client, ClientFilter](m, memstore.Spec[Client]{Shape: Client{}.Shape()})},
		Departures:  memstore.NewRepo[wispwright.ID, Departure, struct{}](m, memstore.Spec[Departure]{Shape: Departure{}.Shape()}),
		Statuses:    memstore.NewRepo[wispwright.ID, Status, StatusFilter](m, memstore.Spec[Status]{Shape: Status{}.Shape()}),
		Connections: memstore.NewRepo[wispwright.ID, Connections, StatusFilter](m, memstore.Spec[Connections]{Shape: Connections{}.Shape()}),
	}
}

type memoryServers struct {
	*memstore.Repo[wispwright.ID, Server, ServerFilter]
}

// Hold implements ServerStore: transactions here are one after the other.
func (s *memoryServers) Hold(ctx context.Context, _ bool, ids ...wispwright.ID) ([]*Server, error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), ServerFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	return found.Rows, err
}

// Note implements ServerStore.
func (s *memoryServers) Note(ctx context.Context, id wispwright.ID, announced, trouble string) error {
	return s.set(ctx, id, func(o *Server) { o.Announced, o.Trouble = announced, trouble })
}

// Seen implements ServerStore.
func (s *memoryServers) Seen(ctx context.Context, id wispwright.ID, at time.Time) error {
	at = at.UTC().Truncate(time.Microsecond)
	return s.set(ctx, id, func(o *Server) {
		if o.Fetched == nil || o.Fetched.Before(at) {
			o.Fetched = &at
		}
	})
}

func (s *memoryServers) set(ctx context.Context, id wispwright.ID, change func(*Server)) error {
	if _, err := s.Get(ctx, wispwright.ScopeAll(), id); errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	_, err := s.Update(ctx, wispwright.ScopeAll(), id, func(o *Server) error { change(o); return nil })
	return err
}

type memoryClients struct {
	*memstore.Repo[wispwright.ID, Client, ClientFilter]
	store *memstore.Store
}

// DeleteMany implements ClientStore.
func (s *memoryClients) DeleteMany(ctx context.Context, ids ...wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(c *Client) bool { return slices.Contains(ids, c.ID) })
	return err
}

func (s *memoryClients) of(ctx context.Context, server wispwright.ID) ([]*Client, error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), ClientFilter{ServerID: server}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Created"}, {Field: "ID"}}})
	return found.Rows, err
}

// Peers implements ClientStore.
func (s *memoryClients) Peers(ctx context.Context, server wispwright.ID) (out []Peer, err error) {
	all, err := s.of(ctx, server)
	for _, c := range all {
		if c.AutoCert && c.Address.IsValid() {
			out = append(out, Peer{c.ID, c.DeviceID, c.Address, c.PublicKey, c.VNI})
		}
	}
	return out, err
}

// State implements ClientStore.
func (s *memoryClients) State(ctx context.Context, server wispwright.ID) (out State, err error) {
	all, err := s.of(ctx, server)
	for _, c := range all {
		out.Count++
		if c.Modified.After(out.Modified) {
			out.Modified = c.Modified
		}
	}
	return out, err
}

// LastVNI implements ClientStore.
func (s *memoryClients) LastVNI(ctx context.Context, server wispwright.ID) (last int64, err error) {
	all, err := s.of(ctx, server)
	for _, c := range all {
		if c.VNI != nil {
			last = max(last, *c.VNI)
		}
	}
	return last, err
}

// Counts implements ClientStore.
func (s *memoryClients) Counts(ctx context.Context, scope wispwright.Scope, servers ...wispwright.ID) (map[wispwright.ID]int, error) {
	out := map[wispwright.ID]int{}
	all, err := s.List(ctx, scope, ClientFilter{}, wispwright.Page{NoTotal: true})
	for _, c := range all.Rows {
		if slices.Contains(servers, c.ServerID) {
			out[c.ServerID]++
		}
	}
	return out, err
}

// Move implements ClientStore.
func (s *memoryClients) Move(ctx context.Context, device, organization wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		found, err := s.List(ctx, wispwright.ScopeAll(), ClientFilter{DeviceID: device}, wispwright.Page{NoTotal: true})
		for _, c := range found.Rows {
			if err == nil {
				_, err = s.Update(ctx, wispwright.ScopeAll(), c.ID, func(c *Client) error { c.OrganizationID = organization; return nil })
			}
		}
		return err
	})
}
