// Package vpntest checks that a storage keeps everything the concern vpn relies on.
// Any implementation must pass Run.
package vpntest

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/hostwire"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/kit/storetest"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores vpn.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("servers", func(t *testing.T) { RunServers(t, h) })
	t.Run("clients", func(t *testing.T) { RunClients(t, h) })
	t.Run("departures", func(t *testing.T) { RunDepartures(t, h) })
	t.Run("reports", func(t *testing.T) { RunReports(t, h) })
}

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xab, 0x40, byte(n>>8), byte(n)
	return out
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

func address(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}) }

func server(n, organization int) *vpn.Server {
	s := &vpn.Server{
		ID: id(1000 + n), OrganizationID: id(organization), Name: fmt.Sprintf("näher %d", n), Host: fmt.Sprintf("h%d.example.org", n%2), Key: wispwright.Secret(fmt.Sprintf("key%d", n)),
		Backend: fmt.Sprintf("backend.%d", n%2), CAID: int64(n % 2), CertID: int64(n), OwnCert: n%2 == 0, Config: `{"wireguard": [{"name": "ä", "port": 1}]}`, Notes: "a note",
		SubnetID: id(5000 + n%2), Subnet: netip.MustParsePrefix("10.0.0.0/16"), AddressID: id(6000 + n), Address: address(n), OwnAddress: n%3 == 0, Hub: n%2 == 1,
		WebhookEndpoint: "https://example.org/", AuthToken: "token", DH: "dh", PublicKey: "public", PrivateKey: "private", PeerKeys: `{"a":"b"}`, NodeID: "0123456789", NetworkID: "0123456789abcdef",
		Announced: "state", Trouble: "none", Created: at(n), Modified: at(n),
	}
	if n%2 == 1 {
		seen := at(n).UTC().Truncate(time.Microsecond)
		s.Fetched = &seen
	}
	if n%5 == 4 {
		s.SubnetID, s.Subnet, s.AddressID, s.Address = wispwright.ID{}, netip.Prefix{}, wispwright.ID{}, netip.Addr{}
	}
	return s
}

// RunServers checks the store of servers.
func RunServers(t *testing.T, h Harness) {
	ctx, yes := context.Background(), true
	s := h(t)
	type filter = storetest.Filter[vpn.Server, vpn.ServerFilter]
	storetest.RunRepo[wispwright.ID, vpn.Server, vpn.ServerFilter](t, s.Stores.Servers, storetest.Sample[wispwright.ID, vpn.Server, vpn.ServerFilter]{
		Tx: s.Tx, New: func(n, o int) *vpn.Server { return server(n, 1+o) }, Key: func(s *vpn.Server) wispwright.ID { return s.ID },
		Mutate: func(s *vpn.Server) { s.Notes += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Name", "Backend", "Created"},
		Uniques: map[string]func(*vpn.Server) *vpn.Server{vpn.UniqueServer: func(first *vpn.Server) *vpn.Server {
			s := *first
			s.ID = id(1900)
			return &s
		}},
		Filters: map[string]filter{
			"ids":          {Filter: vpn.ServerFilter{IDs: wispwright.Only(id(1001))}, Selects: func(s *vpn.Server) bool { return s.ID == id(1001) }},
			"organization": {Filter: vpn.ServerFilter{OrganizationID: id(2)}, Selects: func(s *vpn.Server) bool { return s.OrganizationID == id(2) }},
			"name":         {Filter: vpn.ServerFilter{Name: "näher 2"}, Selects: func(s *vpn.Server) bool { return s.Name == "näher 2" }},
			"host":         {Filter: vpn.ServerFilter{Host: "h1.example.org"}, Selects: func(s *vpn.Server) bool { return s.Host == "h1.example.org" }},
			"backend":      {Filter: vpn.ServerFilter{Backend: "backend.1"}, Selects: func(s *vpn.Server) bool { return s.Backend == "backend.1" }},
			"subnet":       {Filter: vpn.ServerFilter{SubnetID: id(5001)}, Selects: func(s *vpn.Server) bool { return s.SubnetID == id(5001) }},
			"address":      {Filter: vpn.ServerFilter{AddressID: id(6002)}, Selects: func(s *vpn.Server) bool { return s.AddressID == id(6002) }},
			"addresses":    {Filter: vpn.ServerFilter{AddressIDs: wispwright.Only(id(6002), id(6003))}, Selects: func(s *vpn.Server) bool { return s.AddressID == id(6002) || s.AddressID == id(6003) }},
			"authority":    {Filter: vpn.ServerFilter{CAID: 1}, Selects: func(s *vpn.Server) bool { return s.CAID == 1 }},
			"hub":          {Filter: vpn.ServerFilter{Hub: &yes}, Selects: func(s *vpn.Server) bool { return s.Hub }},
			"certificate":  {Filter: vpn.ServerFilter{CertID: 3}, Selects: func(s *vpn.Server) bool { return s.CertID == 3 }},
			"since":        {Filter: vpn.ServerFilter{CreatedFrom: at(2)}, Selects: func(s *vpn.Server) bool { return !s.Created.Before(at(2).Truncate(time.Microsecond)) }},
			"before":       {Filter: vpn.ServerFilter{CreatedBefore: at(2)}, Selects: func(s *vpn.Server) bool { return s.Created.Before(at(2).Truncate(time.Microsecond)) }},
		},
		Search: &storetest.Search[vpn.Server, vpn.ServerFilter]{
			Put: func(s *vpn.Server, text string) { s.Name = text }, Filter: func(text string) vpn.ServerFilter { return vpn.ServerFilter{Search: text} },
		},
	})
	t.Run("held and noted", func(t *testing.T) {
		s := h(t)
		for n := range 3 {
			require.NoError(t, s.Stores.Servers.Insert(ctx, server(n, 1)))
		}
		require.NoError(t, s.Tx.InTx(ctx, func(ctx context.Context) error {
			found, err := s.Stores.Servers.Hold(ctx, false, id(1002), id(9999), id(1000))
			require.NoError(t, err)
			require.Len(t, found, 2)
			found, err = s.Stores.Servers.Hold(ctx, true, id(1001))
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Equal(t, wispwright.Secret("private"), found[0].PrivateKey)
			require.Equal(t, wispwright.Secret(`{"a":"b"}`), found[0].PeerKeys)
			found, err = s.Stores.Servers.Hold(ctx, true)
			require.NoError(t, err)
			require.Empty(t, found)
			return nil
		}))
		require.NoError(t, s.Stores.Servers.Note(ctx, id(1000), "said", "broken"))
		require.NoError(t, s.Stores.Servers.Note(ctx, id(9999), "said", "broken"))
		require.NoError(t, s.Stores.Servers.Seen(ctx, id(1000), at(9)))
		require.NoError(t, s.Stores.Servers.Seen(ctx, id(1000), at(8)))
		require.NoError(t, s.Stores.Servers.Seen(ctx, id(9999), at(8)))
		want := server(0, 1)
		seen := at(9).UTC().Truncate(time.Microsecond)
		want.Announced, want.Trouble, want.Fetched = "said", "broken", &seen
		want.Created, want.Modified = want.Created.UTC().Truncate(time.Microsecond), want.Modified.UTC().Truncate(time.Microsecond)
		got, err := s.Stores.Servers.Get(ctx, all(), id(1000))
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func client(n, organization int) *vpn.Client {
	c := &vpn.Client{
		ID: id(2000 + n), ServerID: id(1000 + n%2), DeviceID: id(3000 + n), TemplateID: id(4000), OrganizationID: id(organization), AutoCert: n%3 != 2, CertID: int64(n),
		AddressID: id(6000 + n), Address: address(n), PublicKey: "public", PrivateKey: "private", Identity: "identity", Created: at(n), Modified: at(n),
	}
	if n%2 == 0 {
		vni := int64(n + 1)
		c.VNI = &vni
	}
	if n%5 == 4 {
		c.AddressID, c.Address = wispwright.ID{}, netip.Addr{}
	}
	return c
}

// RunClients checks the store of clients.
func RunClients(t *testing.T, h Harness) {
	s := h(t)
	type filter = storetest.Filter[vpn.Client, vpn.ClientFilter]
	storetest.RunRepo[wispwright.ID, vpn.Client, vpn.ClientFilter](t, s.Stores.Clients, storetest.Sample[wispwright.ID, vpn.Client, vpn.ClientFilter]{
		Tx: s.Tx, New: func(n, o int) *vpn.Client { return client(n, 1+o) }, Key: func(c *vpn.Client) wispwright.ID { return c.ID },
		Mutate: func(c *vpn.Client) { c.PublicKey += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Created"},
		Uniques: map[string]func(*vpn.Client) *vpn.Client{
			vpn.UniqueClient: func(first *vpn.Client) *vpn.Client {
				c := *first
				c.ID, c.VNI = id(2900), nil
				return &c
			},
			vpn.UniqueVNI: func(first *vpn.Client) *vpn.Client {
				c := *first
				c.ID, c.DeviceID = id(2901), id(3901)
				return &c
			},
		},
		Filters: map[string]filter{
			"ids":          {Filter: vpn.ClientFilter{IDs: wispwright.Only(id(2001))}, Selects: func(c *vpn.Client) bool { return c.ID == id(2001) }},
			"organization": {Filter: vpn.ClientFilter{OrganizationID: id(2)}, Selects: func(c *vpn.Client) bool { return c.OrganizationID == id(2) }},
			"server":       {Filter: vpn.ClientFilter{ServerID: id(1001)}, Selects: func(c *vpn.Client) bool { return c.ServerID == id(1001) }},
			"device":       {Filter: vpn.ClientFilter{DeviceID: id(3002)}, Selects: func(c *vpn.Client) bool { return c.DeviceID == id(3002) }},
			"devices":      {Filter: vpn.ClientFilter{DeviceIDs: wispwright.Only(id(3001), id(3003))}, Selects: func(c *vpn.Client) bool { return c.DeviceID == id(3001) || c.DeviceID == id(3003) }},
			"address":      {Filter: vpn.ClientFilter{AddressID: id(6002)}, Selects: func(c *vpn.Client) bool { return c.AddressID == id(6002) }},
			"addresses":    {Filter: vpn.ClientFilter{AddressIDs: wispwright.Only(id(6002), id(6003))}, Selects: func(c *vpn.Client) bool { return c.AddressID == id(6002) || c.AddressID == id(6003) }},
			"certificate":  {Filter: vpn.ClientFilter{CertID: 3}, Selects: func(c *vpn.Client) bool { return c.CertID == 3 }},
		},
	})
	t.Run("what servers ask", func(t *testing.T) { runQuestions(t, h(t)) })
}

func runQuestions(t *testing.T, s Storage) {
	ctx := context.Background()
	clients := s.Stores.Clients
	state, err := clients.State(ctx, id(1000))
	require.NoError(t, err)
	require.Equal(t, vpn.State{}, state)
	last, err := clients.LastVNI(ctx, id(1000))
	require.NoError(t, err)
	require.Zero(t, last)
	require.NoError(t, clients.InsertMany(ctx, nil))
	var list []*vpn.Client
	for n := range 12 {
		list = append(list, client(n, 1+n%3))
	}
	require.NoError(t, clients.InsertMany(ctx, list))

	state, err = clients.State(ctx, id(1000))
	require.NoError(t, err)
	require.Equal(t, 6, state.Count)
	require.True(t, state.Modified.Equal(at(10).Truncate(time.Microsecond)), state.Modified)
	last, err = clients.LastVNI(ctx, id(1000))
	require.NoError(t, err)
	require.EqualValues(t, 11, last)
	last, err = clients.LastVNI(ctx, id(1001))
	require.NoError(t, err)
	require.Zero(t, last)

	peers, err := clients.Peers(ctx, id(1000))
	require.NoError(t, err)
	var want []vpn.Peer
	for _, n := range []int{0, 6, 10} { // 2 and 8 have no certificate, 4 has no address
		c := client(n, 1)
		want = append(want, vpn.Peer{ClientID: c.ID, DeviceID: c.DeviceID, Address: c.Address, PublicKey: "public", VNI: c.VNI})
	}
	require.Equal(t, want, peers)

	counts, err := clients.Counts(ctx, all(), id(1000), id(1001), id(9999))
	require.NoError(t, err)
	require.Equal(t, map[wispwright.ID]int{id(1000): 6, id(1001): 6}, counts)
	counts, err = clients.Counts(ctx, wispwright.ScopeOf(id(2)), id(1000))
	require.NoError(t, err)
	require.Equal(t, map[wispwright.ID]int{id(1000): 2}, counts)
	counts, err = clients.Counts(ctx, wispwright.Scope{}, id(1000))
	require.NoError(t, err)
	require.Empty(t, counts)

	require.NoError(t, clients.Move(ctx, id(3003), id(7)))
	moved, err := clients.List(ctx, wispwright.ScopeOf(id(7)), vpn.ClientFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 1, moved.Total)
	require.Equal(t, id(3003), moved.Rows[0].DeviceID)

	require.NoError(t, clients.DeleteMany(ctx))
	require.NoError(t, clients.DeleteMany(ctx, id(2000), id(9999), id(2006)))
	state, err = clients.State(ctx, id(1000))
	require.NoError(t, err)
	require.Equal(t, 4, state.Count)
}

// RunDepartures checks the store of networks that are to be removed.
func RunDepartures(t *testing.T, h Harness) {
	ctx := context.Background()
	s := h(t)
	d := &vpn.Departure{ID: id(1), Host: "127.0.0.1:9993", Token: "token", NetworkID: "0123456789abcdef"}
	require.NoError(t, s.Stores.Departures.Insert(ctx, d))
	got, err := s.Stores.Departures.Get(ctx, all(), id(1))
	require.NoError(t, err)
	require.Equal(t, d, got)
	require.NoError(t, s.Stores.Departures.Delete(ctx, all(), id(1)))
	_, err = s.Stores.Departures.Get(ctx, all(), id(1))
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}

// RunReports checks the stores of what hosts report.
func RunReports(t *testing.T, h Harness) {
	ctx, s := context.Background(), h(t)
	when := at(1).UTC().Truncate(time.Microsecond)
	for n := range 3 {
		require.NoError(t, s.Stores.Statuses.Insert(ctx, &vpn.Status{
			ServerID: id(n), State: hostwire.Running, Reason: "ä", Checksum: "c", Driver: "d", Connected: n, Changed: when, Reported: when,
		}))
		require.NoError(t, s.Stores.Connections.Insert(ctx, &vpn.Connections{ServerID: id(n), Peers: []hostwire.Peer{{PublicKey: fmt.Sprint(n), Seen: when, Connected: true, Received: 1 << 40}}}))
	}
	_, err := s.Stores.Statuses.Update(ctx, all(), id(1), func(o *vpn.Status) error { o.State, o.Reported = hostwire.Failed, when.Add(time.Hour); return nil })
	require.NoError(t, err)
	_, err = s.Stores.Connections.Update(ctx, all(), id(1), func(o *vpn.Connections) error { o.Peers = []hostwire.Peer{}; return nil })
	require.NoError(t, err)
	statuses, err := s.Stores.Statuses.List(ctx, all(), vpn.StatusFilter{ServerIDs: wispwright.Only(id(1), id(9999))}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, []*vpn.Status{{ServerID: id(1), State: hostwire.Failed, Reason: "ä", Checksum: "c", Driver: "d", Connected: 1, Changed: when, Reported: when.Add(time.Hour)}}, statuses.Rows)
	connections, err := s.Stores.Connections.List(ctx, all(), vpn.StatusFilter{ServerIDs: wispwright.Only(id(1), id(2))}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, connections.Rows, 2)
	for _, o := range connections.Rows {
		if o.ServerID == id(1) {
			require.Empty(t, o.Peers)
			continue
		}
		require.Equal(t, []hostwire.Peer{{PublicKey: "2", Seen: when, Connected: true, Received: 1 << 40}}, o.Peers)
	}
	require.NoError(t, s.Stores.Statuses.Delete(ctx, all(), id(1)))
	require.NoError(t, s.Stores.Connections.Delete(ctx, all(), id(1)))
	_, err = s.Stores.Statuses.Get(ctx, all(), id(1))
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}
