package vpnsql

import (
	"context"
	"embed"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the concern's tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "vpn", FS: migrations}
}

// New returns the concern's stores on a migrated database. The database is their
// transactor.
func New(db *sqlstore.DB) (vpn.Stores, error) {
	b := sqlstore.Build(db)
	stores := vpn.Stores{
		Servers:     &servers{db: db, Repo: sqlstore.Add[wispwright.ID, vpn.Server, vpn.ServerFilter](b, sqlstore.Spec{Shape: vpn.Server{}.Shape(), Columns: map[string]string{"CAID": "ca_id"}})},
		Clients:     &clients{db: db, Repo: sqlstore.Add[wispwright.ID, vpn.Client, vpn.ClientFilter](b, sqlstore.Spec{Shape: vpn.Client{}.Shape()}), peers: newPeers(b)},
		Departures:  sqlstore.Add[wispwright.ID, vpn.Departure, struct{}](b, sqlstore.Spec{Shape: vpn.Departure{}.Shape()}),
		Statuses:    sqlstore.Add[wispwright.ID, vpn.Status, vpn.StatusFilter](b, sqlstore.Spec{Shape: vpn.Status{}.Shape()}),
		Connections: sqlstore.Add[wispwright.ID, vpn.Connections, vpn.StatusFilter](b, sqlstore.Spec{Shape: vpn.Connections{}.Shape()}),
	}
	return stores, b.Err()
}

func newPeers(b *sqlstore.Builder) *sqlstore.Repo[wispwright.ID, peer, struct{}] {
	shape := vpn.Client{}.Shape()
	shape.Org = ""
	return sqlstore.Add[wispwright.ID, peer, struct{}](b, sqlstore.Spec{Shape: shape})
}

// perStatement is how many ids one statement carries.
const perStatement = 500

type servers struct {
	*sqlstore.Repo[wispwright.ID, vpn.Server, vpn.ServerFilter]
	db *sqlstore.DB
}

// Hold implements vpn.ServerStore: rows are locked in the order of their ids, so that
// two transactions do not wait for each other for ever.
func (s *servers) Hold(ctx context.Context, exclusive bool, ids ...wispwright.ID) ([]*vpn.Server, error) {
	lock := ""
	if s.db.Dialect() == sqlstore.Postgres {
		lock = " FOR SHARE"
		if exclusive {
			lock = " FOR UPDATE"
		}
	}
	marks, args := sqlstore.In(ids)
	return s.Query(ctx, "SELECT "+s.Columns()+" FROM vpn_server WHERE id IN ("+marks+") ORDER BY id"+lock, args...)
}

// Note implements vpn.ServerStore.
func (s *servers) Note(ctx context.Context, id wispwright.ID, announced, trouble string) error {
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE vpn_server SET announced = ?, trouble = ? WHERE id = ?", announced, trouble, id); err != nil {
		return fmt.Errorf("note of a VPN server: %w", err)
	}
	return nil
}

// Seen implements vpn.ServerStore.
func (s *servers) Seen(ctx context.Context, id wispwright.ID, at time.Time) error {
	at = at.UTC().Truncate(time.Microsecond)
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE vpn_server SET fetched = ? WHERE id = ? AND (fetched IS NULL OR fetched < ?)", at, id, at); err != nil {
		return fmt.Errorf("note of a VPN server: %w", err)
	}
	return nil
}

type clients struct {
	*sqlstore.Repo[wispwright.ID, vpn.Client, vpn.ClientFilter]
	peers *sqlstore.Repo[wispwright.ID, peer, struct{}]
	db    *sqlstore.DB
}

// DeleteMany implements vpn.ClientStore.
func (s *clients) DeleteMany(ctx context.Context, ids ...wispwright.ID) error {
	for some := range slices.Chunk(ids, perStatement) {
		marks, args := sqlstore.In(some)
		if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM vpn_client WHERE id IN ("+marks+")", args...); err != nil {
			return fmt.Errorf("delete VPN clients: %w", err)
		}
	}
	return nil
}

// peer is a client without its secrets, which would all be unsealed for nothing.
type peer struct {
	ID, ServerID, DeviceID wispwright.ID
	Address                netip.Addr
	PublicKey              string
	VNI                    *int64
	Created                time.Time
}

// Peers implements vpn.ClientStore.
func (s *clients) Peers(ctx context.Context, server wispwright.ID) ([]vpn.Peer, error) {
	rows, err := s.peers.Query(ctx, "SELECT "+s.peers.Columns()+" FROM vpn_client WHERE server_id = ? AND auto_cert AND address IS NOT NULL ORDER BY created, id", server)
	if err != nil {
		return nil, fmt.Errorf("read peers: %w", err)
	}
	out := make([]vpn.Peer, len(rows))
	for i, p := range rows {
		out[i] = vpn.Peer{ClientID: p.ID, DeviceID: p.DeviceID, Address: p.Address, PublicKey: p.PublicKey, VNI: p.VNI}
	}
	return out, nil
}

// State implements vpn.ClientStore.
func (s *clients) State(ctx context.Context, server wispwright.ID) (out vpn.State, err error) {
	if out.Count, err = sqlstore.Get[int](ctx, s.db, "SELECT count(*) FROM vpn_client WHERE server_id = ?", server); err != nil {
		return out, fmt.Errorf("count VPN clients: %w", err)
	}
	last, err := s.Query(ctx, "SELECT "+s.Columns()+" FROM vpn_client WHERE server_id = ? ORDER BY modified DESC LIMIT 1", server)
	if err != nil {
		return out, fmt.Errorf("last VPN client: %w", err)
	}
	if len(last) > 0 {
		out.Modified = last[0].Modified
	}
	return out, nil
}

// LastVNI implements vpn.ClientStore.
func (s *clients) LastVNI(ctx context.Context, server wispwright.ID) (int64, error) {
	last, err := sqlstore.Get[int64](ctx, s.db, "SELECT coalesce(max(vni), 0) FROM vpn_client WHERE server_id = ?", server)
	if err != nil {
		return 0, fmt.Errorf("last virtual network: %w", err)
	}
	return last, nil
}

// Counts implements vpn.ClientStore.
func (s *clients) Counts(ctx context.Context, scope wispwright.Scope, servers ...wispwright.ID) (map[wispwright.ID]int, error) {
	type row struct {
		ServerID wispwright.ID `db:"server_id"`
		N        int           `db:"n"`
	}
	out := map[wispwright.ID]int{}
	seen := sqlstore.ScopeCond("organization_id", scope)
	for some := range slices.Chunk(servers, perStatement) {
		marks, args := sqlstore.In(some)
		where := "server_id IN (" + marks + ")"
		if seen.SQL != "" {
			where, args = where+" AND "+seen.SQL, append(args, seen.Args...)
		}
		rows, err := sqlstore.Select[row](ctx, s.db, "SELECT server_id, count(*) AS n FROM vpn_client WHERE "+where+" GROUP BY server_id", args...)
		if err != nil {
			return nil, fmt.Errorf("count VPN clients: %w", err)
		}
		for _, r := range rows {
			out[r.ServerID] = r.N
		}
	}
	return out, nil
}

// Move implements vpn.ClientStore.
func (s *clients) Move(ctx context.Context, device, organization wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE vpn_client SET organization_id = ? WHERE device_id = ?", organization, device); err != nil {
		return fmt.Errorf("move VPN clients: %w", err)
	}
	return nil
}
