package monitoring

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// sessionsMemory is what is remembered of the clients of a device beside its last
// document, so that those who stay cost no statement.
type sessionsMemory struct {
	// Sum recognises the set of clients with all that is stored of them.
	Sum uint64 `json:"s"`
	// Turn names what was stored last; another node has other open sessions in memory if
	// it remembers another.
	Turn uint64 `json:"n"`
	// Read is when the open sessions were last read from the store, in microseconds.
	Read int64 `json:"r"`
}

// trusted is for how long open sessions are remembered without looking: what changes
// them in other ways, such as the removal of old ones, is found out after it.
const trusted = time.Hour

func (m *sessionsMemory) holds(now time.Time) bool {
	age := now.Sub(time.UnixMicro(m.Read))
	return m.Turn != 0 && age >= 0 && age < trusted
}

// openSessions are the open sessions of a device by place.
type openSessions struct {
	turn uint64
	by   map[uint64]wispwright.ID
}

// seen is a client at an access point's interface.
type seen struct {
	ifname, ssid string
	client       *ordered.Object
	mac          string
	place        uint64 // what a session is found by
	look         uint64 // what is stored of the client
}

// clientsOf returns the clients of a document's access points, each place once, and what
// the set is recognised by, in whatever order it is told.
func clientsOf(doc *ordered.Object) (out []seen, sum uint64) {
	interfaces, _ := list(doc, "interfaces")
	var here map[uint64]bool
	for _, v := range interfaces[:min(len(interfaces), mostInterfaces)] {
		i, _ := v.(*ordered.Object)
		wireless := object(i, "wireless")
		if wireless.Len() == 0 || text(i, "type") != "wireless" || text(wireless, "mode") != "access_point" {
			continue
		}
		ifname, ssid := cut(text(i, "name"), 15), cut(text(wireless, "ssid"), 32)
		clients, _ := list(wireless, "clients")
		if here == nil {
			here, out = make(map[uint64]bool, len(clients)), make([]seen, 0, len(clients))
		}
		for _, v := range clients {
			c, _ := v.(*ordered.Object)
			mac := text(c, "mac")
			if !isMAC(mac) || len(out) >= mostClients {
				continue
			}
			place := placeOf(ifname, ssid, mac)
			if here[place] {
				continue
			}
			here[place] = true
			look := lookOf(c)
			out = append(out, seen{ifname, ssid, c, mac, place, look})
			sum += place * (look | 1) // in any order
		}
	}
	return out, sum
}

func placeOf(ifname, ssid, mac string) uint64 {
	var room [96]byte
	b := append(append(append(append(append(room[:0], ifname...), 0), ssid...), 0), mac...)
	return xxhash.Sum64(b)
}

// lookOf recognises what is stored of a client.
func lookOf(c *ordered.Object) uint64 {
	var room [256]byte
	b := append(room[:0], cut(text(c, "vendor"), 200)...)
	for _, name := range [...]string{"he", "vht", "ht"} {
		switch f := flag(c, name); {
		case f == nil:
			b = append(b, 2)
		case *f:
			b = append(b, 1)
		default:
			b = append(b, 0)
		}
	}
	for _, name := range [...]string{"wmm", "wds", "wps"} {
		if isTrue(flag(c, name)) {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	return xxhash.Sum64(b)
}

// wifiClient is what is stored of a client.
func (c *seen) wifiClient(now time.Time) *WifiClient {
	return &WifiClient{MACAddress: c.mac, Vendor: cut(text(c.client, "vendor"), 200), HE: flag(c.client, "he"), VHT: flag(c.client, "vht"), HT: flag(c.client, "ht"),
		WMM: isTrue(flag(c.client, "wmm")), WDS: isTrue(flag(c.client, "wds")), WPS: isTrue(flag(c.client, "wps")), Created: now, Modified: now}
}

// look is lookOf of a client that is stored.
func (c *WifiClient) look() uint64 {
	o := ordered.NewObject()
	o.Set("vendor", c.Vendor)
	for name, f := range map[string]*bool{"he": c.HE, "vht": c.VHT, "ht": c.HT, "wmm": &c.WMM, "wds": &c.WDS, "wps": &c.WPS} {
		if f != nil {
			o.Set(name, *f)
		}
	}
	return lookOf(o)
}

// update opens the sessions of clients that are there and closes those of others, and
// returns what is to be remembered with the document. It does the same however often it is
// called with one document. Sessions begin and end when the document was made, or
// now if that is later than now.
func (s *Sessions) update(ctx context.Context, d *Device, doc *ordered.Object, at time.Time, before sessionsMemory) (sessionsMemory, error) {
	there, sum := clientsOf(doc)
	now := s.Clock().UTC().Truncate(time.Microsecond)
	if before.holds(now) && before.Sum == sum {
		return before, nil
	}
	when := now
	if at.Before(now) {
		when = at
	}
	after := before
	after.Sum, after.Turn = sum, rand.Uint64()|1
	for try := 1; ; try++ {
		open, known := s.open.Get(d.ID)
		var gone []wispwright.ID
		if try > 1 || !known || !before.holds(now) || open.turn != before.Turn {
			var err error
			if open, gone, err = s.readOpen(ctx, d.ID); err != nil {
				return after, err
			}
			after.Read = now.UnixMicro()
		}
		next, err := s.apply(ctx, d, there, open, gone, when, now)
		if err != nil && try == 1 && ctx.Err() == nil { // a client that was remembered is there no more, or somebody was quicker
			for i := range there {
				s.alike.Remove(there[i].mac)
			}
			continue
		}
		if err != nil {
			s.open.Remove(d.ID)
			return after, fmt.Errorf("store WiFi sessions: %w", err)
		}
		next.turn = after.Turn
		s.open.Add(d.ID, next)
		return after, nil
	}
}

// readOpen reads the open sessions of a device, and those that two nodes opened at once.
func (s *Sessions) readOpen(ctx context.Context, device wispwright.ID) (*openSessions, []wispwright.ID, error) {
	yes := true
	rows, err := s.Stores.Sessions.List(ctx, wispwright.ScopeAll(), WifiSessionFilter{DeviceID: device, Open: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, nil, fmt.Errorf("read WiFi sessions: %w", err)
	}
	open := &openSessions{by: make(map[uint64]wispwright.ID, len(rows.Rows))}
	var twice []wispwright.ID
	for _, session := range rows.Rows {
		place := placeOf(session.InterfaceName, session.SSID, session.MACAddress)
		if _, found := open.by[place]; found {
			twice = append(twice, session.ID)
			continue
		}
		open.by[place] = session.ID
	}
	return open, twice, nil
}

// apply stores what differs from what is open, and returns what is open then.
func (s *Sessions) apply(ctx context.Context, d *Device, there []seen, open *openSessions, gone []wispwright.ID, when, now time.Time) (*openSessions, error) {
	next := &openSessions{by: make(map[uint64]wispwright.ID, len(there))}
	var fresh []*WifiSession
	for i := range there {
		c := &there[i]
		id, found := open.by[c.place]
		if !found {
			id = wispwright.NewID()
			fresh = append(fresh, &WifiSession{ID: id, OrganizationID: d.OrganizationID, DeviceID: d.ID, MACAddress: c.mac,
				SSID: c.ssid, InterfaceName: c.ifname, StartTime: when.Add(time.Duration(len(fresh)) * time.Microsecond), Modified: now})
		}
		next.by[c.place] = id
	}
	for place, id := range open.by {
		if _, here := next.by[place]; !here {
			gone = append(gone, id)
		}
	}
	changed, looks, err := s.changedClients(ctx, there, now)
	if err != nil {
		return nil, err
	}
	if len(changed)+len(fresh)+len(gone) > 0 {
		slices.SortFunc(gone, func(a, b wispwright.ID) int { return compare(string(a[:]), string(b[:])) })
		err = s.Tx.InTx(ctx, func(ctx context.Context) error {
			if len(changed) > 0 {
				if err := s.Stores.Clients.Put(ctx, changed); err != nil {
					return err
				}
			}
			if len(fresh) > 0 {
				if err := s.Stores.Sessions.InsertMany(ctx, fresh); err != nil {
					return err
				}
			}
			if len(gone) == 0 {
				return nil
			}
			return s.Stores.Sessions.Stop(ctx, when, gone...)
		})
		if err != nil {
			return nil, err
		}
	}
	for mac, look := range looks {
		s.alike.Add(strings.Clone(mac), look) // not the whole document
	}
	return next, nil
}

// changedClients returns the clients that are new or not as they were, and what all of
// them are recognised by that had to be looked up.
func (s *Sessions) changedClients(ctx context.Context, there []seen, now time.Time) (changed []*WifiClient, looks map[string]uint64, err error) {
	looks = map[string]uint64{}
	var doubtful []*seen
	var addresses []string
	for i := range there {
		c := &there[i]
		if look, known := s.alike.Get(c.mac); known && look == c.look {
			continue
		}
		if slices.ContainsFunc(there[:i], func(o seen) bool { return o.mac == c.mac }) { // on two radios: the first counts
			continue
		}
		looks[c.mac] = c.look
		doubtful, addresses = append(doubtful, c), append(addresses, c.mac)
	}
	if len(doubtful) == 0 {
		return nil, nil, nil
	}
	have, err := s.Clients(ctx, addresses...)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range doubtful {
		if old := have[c.mac]; old == nil || old.look() != c.look {
			changed = append(changed, c.wifiClient(now))
		}
	}
	// in an order that all share, so that no two wait for each other
	slices.SortFunc(changed, func(a, b *WifiClient) int { return compare(a.MACAddress, b.MACAddress) })
	return changed, looks, nil
}

// doubt lets the sessions of a device be read again with its next document, on whichever
// node that arrives.
func (s *Sessions) doubt(ctx context.Context, device wispwright.ID) error {
	s.open.Remove(device)
	of := timeseries.Object{Type: DeviceType, ID: device.String()}
	doc, err := s.Series.Document(ctx, of)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the last document: %w", err)
	}
	m := readMemory(doc.State)
	if m.Sessions.Turn == 0 {
		return nil
	}
	m.Sessions = sessionsMemory{}
	doc.State = m.encode()
	if err := s.Series.Write(ctx, timeseries.Batch{Documents: []timeseries.Document{*doc}}); err != nil {
		return fmt.Errorf("store the last document: %w", err)
	}
	return nil
}
