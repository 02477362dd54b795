package vpn_test

import (
	"context"
	"testing"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/controller/vpn/vpntest"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
)

type (
	serverStore struct{ vpn.ServerStore }
	clientStore struct{ vpn.ClientStore }
)

// late: an earlier question of a host replaces a later one.
type late struct{ serverStore }

func (s late) Seen(ctx context.Context, id wispwright.ID, at time.Time) error {
	at = at.UTC().Truncate(time.Microsecond)
	_, err := s.Update(ctx, wispwright.ScopeAll(), id, func(o *vpn.Server) error { o.Fetched = &at; return nil })
	return err
}

// deaf: what was announced is not kept.
type deaf struct{ serverStore }

func (deaf) Note(context.Context, wispwright.ID, string, string) error { return nil }

// lonely: only the first of the servers is held.
type lonely struct{ serverStore }

func (s lonely) Hold(ctx context.Context, exclusive bool, ids ...wispwright.ID) ([]*vpn.Server, error) {
	return s.ServerStore.Hold(ctx, exclusive, ids[:min(len(ids), 1)]...)
}

// everybody: clients without an address are peers too.
type everybody struct{ clientStore }

func (s everybody) Peers(ctx context.Context, server wispwright.ID) (out []vpn.Peer, err error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), vpn.ClientFilter{ServerID: server}, wispwright.Page{})
	for _, c := range found.Rows {
		out = append(out, vpn.Peer{ClientID: c.ID, DeviceID: c.DeviceID, Address: c.Address, PublicKey: c.PublicKey, VNI: c.VNI})
	}
	return out, err
}

// unchanged: the state of the clients is always the same.
type unchanged struct{ clientStore }

func (unchanged) State(context.Context, wispwright.ID) (vpn.State, error) { return vpn.State{}, nil }

// reused: numbers of virtual networks begin anew.
type reused struct{ clientStore }

func (reused) LastVNI(context.Context, wispwright.ID) (int64, error) { return 0, nil }

// open: clients of all organizations are counted.
type open struct{ clientStore }

func (s open) Counts(ctx context.Context, _ wispwright.Scope, servers ...wispwright.ID) (map[wispwright.ID]int, error) {
	return s.ClientStore.Counts(ctx, wispwright.ScopeAll(), servers...)
}

// staying: clients do not move with their device.
type staying struct{ clientStore }

func (staying) Move(context.Context, wispwright.ID, wispwright.ID) error { return nil }

// kept: clients are not deleted.
type kept struct{ clientStore }

func (kept) DeleteMany(context.Context, ...wispwright.ID) error { return nil }

// forgetful: what hosts report is not kept.
type forgetful struct {
	wispwright.Repo[vpn.Connections, vpn.StatusFilter]
}

func (s forgetful) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, _ func(*vpn.Connections) error) (*vpn.Connections, error) {
	return s.Get(ctx, scope, id)
}

func TestBrokenStoragesAreFound(t *testing.T) {
	broken := map[string]func(t *testing.T){}
	for name, change := range map[string]func(*vpn.Stores){
		"late":      func(s *vpn.Stores) { s.Servers = late{serverStore{s.Servers}} },
		"deaf":      func(s *vpn.Stores) { s.Servers = deaf{serverStore{s.Servers}} },
		"lonely":    func(s *vpn.Stores) { s.Servers = lonely{serverStore{s.Servers}} },
		"everybody": func(s *vpn.Stores) { s.Clients = everybody{clientStore{s.Clients}} },
		"unchanged": func(s *vpn.Stores) { s.Clients = unchanged{clientStore{s.Clients}} },
		"reused":    func(s *vpn.Stores) { s.Clients = reused{clientStore{s.Clients}} },
		"open":      func(s *vpn.Stores) { s.Clients = open{clientStore{s.Clients}} },
		"staying":   func(s *vpn.Stores) { s.Clients = staying{clientStore{s.Clients}} },
		"kept":      func(s *vpn.Stores) { s.Clients = kept{clientStore{s.Clients}} },
		"forgetful": func(s *vpn.Stores) { s.Connections = forgetful{s.Connections} },
	} {
		broken[name] = func(t *testing.T) {
			vpntest.Run(t, func(*testing.T) vpntest.Storage {
				m := memstore.New()
				s := vpn.NewMemory(m)
				change(&s)
				return vpntest.Storage{Tx: m, Stores: s}
			})
		}
	}
	storetest.MustFail(t, broken)
}
