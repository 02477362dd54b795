package vpn

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/hostwire"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/kit/store"
)

// Status is how a server fares, as its host said last.
type Status struct {
	// ServerID is the server.
	ServerID wispwright.ID
	// State is the report's, Reason says why it failed.
	State  hostwire.State
	Reason string
	// Checksum is that of what runs, Driver says what runs it.
	Checksum, Driver string
	// Connected is how many peers are connected.
	Connected int
	// Changed is when State became what it is.
	Changed time.Time
	// Reported is when the host said so.
	Reported time.Time
}

// Shape is how storages keep statuses.
func (Status) Shape() store.Shape { return store.Shape{Table: "vpn_status", Key: "ServerID"} }

// StatusFilter selects statuses.
type StatusFilter struct {
	// ServerIDs limits to those of some servers.
	ServerIDs wispwright.Among[wispwright.ID]
}

// Connections are the peers at a server, as its host said last.
type Connections struct {
	// ServerID is the server.
	ServerID wispwright.ID
	// Peers are those that were connected at least once.
	Peers []hostwire.Peer
}

// Shape is how storages keep connections.
func (Connections) Shape() store.Shape { return store.Shape{Table: "vpn_connections", Key: "ServerID"} }

// StatusChange tells that a server's host said something new of how it fares.
type StatusChange struct {
	// Server is the server.
	Server *Server
	// Before is nil after the first report.
	Before, After *Status
}

// limits of reports
const (
	mostReason = 1000
	mostPeers  = 100_000
)

// Versions returns what a host has to fetch, with the rules of Checksum. It waits up to
// wait until that is something else than known.
func (s *Agents) Versions(ctx context.Context, server wispwright.ID, key string, known hostwire.Versions, wait time.Duration) (hostwire.Versions, error) {
	until := time.Now().Add(min(wait, longestWait))
	for {
		a, err := s.answer(ctx, server, key, false)
		if err != nil {
			return hostwire.Versions{}, err
		}
		v := hostwire.Versions{Archive: a.Checksum}
		list, err := s.revocations(ctx, server)
		if err != nil {
			return v, err
		}
		if list != nil {
			v.Revocations = list.Checksum
		}
		if v != known || !time.Now().Before(until) {
			return v, nil
		}
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-s.core.stopping:
			return v, nil
		case <-time.After(s.core.LookEvery):
		}
	}
}

// longestWait stays below what proxies in front allow.
const longestWait = 50 * time.Second

// Revocations returns the list of revoked certificates of a server's authority for its
// host. Errors are those of Checksum; wispwright.ErrNotFound too, where there is none.
func (s *Agents) Revocations(ctx context.Context, server wispwright.ID, key string) (*hostwire.Revocations, error) {
	if _, err := s.enter(ctx, server, key); err != nil {
		return nil, err
	}
	list, err := s.revocations(ctx, server)
	if err == nil && list == nil {
		err = wispwright.ErrNotFound
	}
	return list, err
}

// revocations is nil for servers without certificates.
func (s *Agents) revocations(ctx context.Context, server wispwright.ID) (*hostwire.Revocations, error) {
	a, err := s.core.archive(ctx, server)
	if err != nil || a.authority == 0 {
		return nil, err
	}
	return s.core.pki.Revocations(ctx, a.authority)
}

// enter checks the key of a host.
func (s *Agents) enter(ctx context.Context, server wispwright.ID, key string) (*poll, error) {
	p, ok := s.core.polls.Get(server)
	if !ok {
		var err error
		if p, err = s.core.polls.Load(ctx, server, func(ctx context.Context) (*poll, error) { return s.core.poll(ctx, server) }); err != nil {
			return nil, err
		}
	}
	switch {
	case key == "":
		return nil, &protocol.MissingParameterError{Name: "key"}
	case !p.key.Equal(key):
		return nil, protocol.ErrWrongKey
	}
	return p, nil
}

// Report stores how a server fares, and answers which peers are to be disconnected: those whose
// certificates of that name are all revoked. Errors are those of Checksum, and
// *wispwright.ValidationError.
func (s *Agents) Report(ctx context.Context, server wispwright.ID, key string, r *hostwire.Report) (*hostwire.Answer, error) {
	if _, err := s.enter(ctx, server, key); err != nil {
		return nil, err
	}
	var v wispwright.ValidationError
	if r.State != hostwire.Running && r.State != hostwire.Failed {
		v.Add("state", `Want "running" or "failed".`)
	}
	if len(r.Checksum) > 64 {
		v.Add("checksum", "It is too long.")
	}
	if len(r.Driver) > 100 {
		v.Add("driver", "It is too long.")
	}
	if len(r.Peers) > mostPeers {
		v.Add("peers", fmt.Sprintf("At most %d.", mostPeers))
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	if err := s.core.storeReport(ctx, server, r); err != nil {
		return nil, err
	}
	answer := &hostwire.Answer{Disconnect: []string{}}
	var names []string
	for i := range r.Peers {
		if p := &r.Peers[i]; p.Connected && p.CommonName != "" && !slices.Contains(names, p.CommonName) {
			names = append(names, p.CommonName)
		}
	}
	if len(names) == 0 {
		return answer, nil
	}
	a, err := s.core.archive(ctx, server)
	if err != nil || a.authority == 0 {
		return answer, err
	}
	revoked, err := s.core.pki.Revoked(ctx, a.authority, names...)
	answer.Disconnect = append(answer.Disconnect, revoked...)
	return answer, err
}

// storeReport keeps a report in the place of the one before.
func (c *core) storeReport(ctx context.Context, server wispwright.ID, r *hostwire.Report) error {
	now := c.kit.Now()
	next := &Status{ServerID: server, State: r.State, Reason: cut(r.Reason, mostReason), Checksum: r.Checksum, Driver: r.Driver, Changed: now, Reported: now}
	peers := make([]hostwire.Peer, 0, len(r.Peers))
	for _, p := range r.Peers {
		if p.Connected {
			next.Connected++
		}
		p.PublicKey, p.CommonName, p.Address, p.Endpoint = cut(p.PublicKey, 44), cut(p.CommonName, 64), cut(p.Address, 64), cut(p.Endpoint, 100)
		p.Received, p.Sent = max(p.Received, 0), max(p.Sent, 0)
		peers = append(peers, p)
	}
	return c.kit.Do(ctx, "vpn: report", func(ctx context.Context) error {
		held, err := c.stores.Servers.Hold(ctx, true, server) // two reports are one after the other
		if err != nil || len(held) == 0 {
			return err
		}
		known, err := c.stores.Statuses.List(ctx, wispwright.ScopeAll(), StatusFilter{ServerIDs: wispwright.Only(server)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		var before *Status
		if len(known.Rows) > 0 {
			before = known.Rows[0]
			if before.State == next.State {
				next.Changed = before.Changed
			}
		}
		if err := c.putReport(ctx, before == nil, next, &Connections{ServerID: server, Peers: peers}); err != nil {
			return err
		}
		c.top.Reported.Publish(ctx, StatusChange{Server: held[0], Before: before, After: next})
		return nil
	})
}

func (c *core) putReport(ctx context.Context, first bool, s *Status, o *Connections) error {
	if first {
		if err := c.stores.Statuses.Insert(ctx, s); err != nil {
			return err
		}
		return c.stores.Connections.Insert(ctx, o)
	}
	if _, err := c.stores.Statuses.Update(ctx, wispwright.ScopeAll(), s.ServerID, func(old *Status) error { *old = *s; return nil }); err != nil {
		return err
	}
	_, err := c.stores.Connections.Update(ctx, wispwright.ScopeAll(), s.ServerID, func(old *Connections) error { old.Peers = o.Peers; return nil })
	return err
}

// Statuses returns how servers of a scope fare; those that never reported are left out.
func (s *Servers) Statuses(ctx context.Context, scope wispwright.Scope, servers ...wispwright.ID) (map[wispwright.ID]*Status, error) {
	out := map[wispwright.ID]*Status{}
	for some := range slices.Chunk(servers, perQuestion) {
		seen, err := s.core.stores.Servers.List(ctx, scope, ServerFilter{IDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		ids := make([]wispwright.ID, len(seen.Rows))
		for i, o := range seen.Rows {
			ids[i] = o.ID
		}
		found, err := s.core.stores.Statuses.List(ctx, wispwright.ScopeAll(), StatusFilter{ServerIDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		for _, o := range found.Rows {
			out[o.ServerID] = o
		}
	}
	return out, nil
}

// Known is the checksum of what a server is to run, where this node knows it; empty
// otherwise.
func (s *Agents) Known(server wispwright.ID) string {
	if a, ok := s.core.archives.Get(server); ok {
		return a.Checksum
	}
	return ""
}

// Connections returns what hosts said last of clients, by the ids of the clients; those
// that were never connected are left out. The clients were read within a scope.
func (s *Clients) Connections(ctx context.Context, clients ...*Client) (map[wispwright.ID]hostwire.Peer, error) {
	byServer := map[wispwright.ID][]*Client{}
	var servers []wispwright.ID
	var certs []int64
	for _, c := range clients {
		if byServer[c.ServerID] == nil {
			servers = append(servers, c.ServerID)
		}
		byServer[c.ServerID] = append(byServer[c.ServerID], c)
		if c.CertID != 0 {
			certs = append(certs, c.CertID)
		}
	}
	out := map[wispwright.ID]hostwire.Peer{}
	if len(servers) == 0 {
		return out, nil
	}
	said, err := s.core.stores.Connections.List(ctx, wispwright.ScopeAll(), StatusFilter{ServerIDs: wispwright.Only(servers...)}, wispwright.Page{NoTotal: true})
	if err != nil || len(said.Rows) == 0 {
		return out, err
	}
	certificates := map[int64]*Certificate{}
	if len(certs) > 0 {
		if certificates, err = s.core.pki.Certificates(ctx, certs...); err != nil {
			return nil, err
		}
	}
	for _, o := range said.Rows {
		byKey := make(map[string]int, len(o.Peers))
		for i, p := range o.Peers {
			byKey[p.PublicKey+" "+p.CommonName] = i
		}
		for _, c := range byServer[o.ServerID] {
			key := c.PublicKey + " "
			if cert := certificates[c.CertID]; cert != nil {
				key = " " + cert.CommonName
			}
			if i, ok := byKey[key]; ok && key != " " {
				out[c.ID] = o.Peers[i]
			}
		}
	}
	return out, nil
}

// forgetReports removes what the host of a server said. What is not there is not asked
// to be removed: that would undo the transaction.
func (c *core) forgetReports(ctx context.Context, server wispwright.ID) error {
	f, page := StatusFilter{ServerIDs: wispwright.Only(server)}, wispwright.Page{NoTotal: true}
	statuses, err := c.stores.Statuses.List(ctx, wispwright.ScopeAll(), f, page)
	if err != nil {
		return err
	}
	if len(statuses.Rows) > 0 {
		if err := c.stores.Statuses.Delete(ctx, wispwright.ScopeAll(), server); err != nil {
			return err
		}
	}
	connections, err := c.stores.Connections.List(ctx, wispwright.ScopeAll(), f, page)
	if err != nil || len(connections.Rows) == 0 {
		return err
	}
	return c.stores.Connections.Delete(ctx, wispwright.ScopeAll(), server)
}
