package monitoring

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Sessions is the service of WiFi clients and their sessions (spec: monitoring §15).
type Sessions struct{ *base }

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

// seen is a client at an access point's interface.
type seen struct {
	ifname, ssid string
	client       *WifiClient
}

// place is what a session is found by.
type place struct{ ifname, ssid, mac string }

// clientsOf returns the clients of a document's access points.
func clientsOf(doc *ordered.Object) (out []seen) {
	interfaces, _ := list(doc, "interfaces")
	for _, v := range interfaces {
		i, _ := v.(*ordered.Object)
		wireless := object(i, "wireless")
		if text(i, "type") != "wireless" || wireless.Len() == 0 || text(wireless, "mode") != "access_point" {
			continue
		}
		clients, _ := list(wireless, "clients")
		for _, v := range clients {
			c, _ := v.(*ordered.Object)
			if mac := text(c, "mac"); isMAC(mac) {
				out = append(out, seen{cut(text(i, "name"), 15), cut(text(wireless, "ssid"), 32), &WifiClient{
					MACAddress: mac, Vendor: cut(text(c, "vendor"), 200), HE: flag(c, "he"), VHT: flag(c, "vht"), HT: flag(c, "ht"),
					WMM: isTrue(flag(c, "wmm")), WDS: isTrue(flag(c, "wds")), WPS: isTrue(flag(c, "wps")),
				}})
			}
		}
	}
	return out
}

// update opens the sessions of clients that are there and closes those of others. It does
// the same however often it is called with one document. They begin and
// end when the document was made, or now if that is later than now.
func (s *Sessions) update(ctx context.Context, d *Device, doc *ordered.Object, at time.Time) (opened, closed int, err error) {
	there := clientsOf(doc)
	yes := true
	open, err := s.Stores.Sessions.List(ctx, wispwright.ScopeAll(), WifiSessionFilter{DeviceID: d.ID, Open: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return 0, 0, fmt.Errorf("read WiFi sessions: %w", err)
	}
	now := s.Clock().UTC().Truncate(time.Microsecond)
	when := now
	if at.Before(now) {
		when = at
	}
	known := map[place]*WifiSession{}
	var gone []wispwright.ID
	for _, session := range open.Rows {
		at := place{session.InterfaceName, session.SSID, session.MACAddress}
		if known[at] != nil { // two nodes opened it
			gone = append(gone, session.ID)
			continue
		}
		known[at] = session
	}
	var fresh []*WifiSession
	here := map[place]bool{}
	var clients []*WifiClient
	for _, c := range there {
		at := place{c.ifname, c.ssid, c.client.MACAddress}
		if here[at] {
			continue
		}
		here[at] = true
		clients = append(clients, c.client)
		if known[at] == nil {
			fresh = append(fresh, &WifiSession{ID: wispwright.NewID(), OrganizationID: d.OrganizationID, DeviceID: d.ID, MACAddress: c.client.MACAddress,
				SSID: c.ssid, InterfaceName: c.ifname, StartTime: when.Add(time.Duration(len(fresh)) * time.Microsecond), Modified: now})
		}
	}
	for at, session := range known {
		if !here[at] {
			gone = append(gone, session.ID)
		}
	}
	changed, err := s.changedClients(ctx, clients, now)
	if err != nil {
		return 0, 0, err
	}
	if len(changed)+len(fresh)+len(gone) == 0 {
		return 0, 0, nil
	}
	err = s.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.Stores.Clients.Put(ctx, changed); err != nil {
			return err
		}
		if err := s.Stores.Sessions.InsertMany(ctx, fresh); err != nil {
			return err
		}
		return s.Stores.Sessions.Stop(ctx, when, gone...)
	})
	if err != nil {
		return 0, 0, fmt.Errorf("store WiFi sessions: %w", err)
	}
	return len(fresh), len(gone), nil
}

// changedClients returns the clients that are new or not as they were.
func (s *Sessions) changedClients(ctx context.Context, clients []*WifiClient, now time.Time) (changed []*WifiClient, err error) {
	addresses := make([]string, len(clients))
	for i, c := range clients {
		addresses[i] = c.MACAddress
	}
	have, err := s.Clients(ctx, addresses...)
	if err != nil {
		return nil, err
	}
	done := map[string]bool{}
	for _, c := range clients {
		if old := have[c.MACAddress]; old != nil && old.same(c) || done[c.MACAddress] {
			continue
		}
		done[c.MACAddress] = true
		c.Created, c.Modified = now, now
		changed = append(changed, c)
	}
	// in an order that all share, so that no two wait for each other
	slices.SortFunc(changed, func(a, b *WifiClient) int { return compare(a.MACAddress, b.MACAddress) })
	return changed, nil
}

// Close ends all open sessions of a device, which cannot be reached any more.
func (s *Sessions) Close(ctx context.Context, device wispwright.ID) error {
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
