package ipamsql

import (
	"context"
	"embed"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/kit/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the concern's tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "ipam", FS: migrations}
}

// Related are conditions on subnets and addresses by what other concerns keep of them, by
// the names of ipam.SubnetFilter.Related and ipam.AddressFilter.Related. Each makes a
// condition on the row of ipam_subnet or ipam_address.
type Related struct {
	Subnets, Addresses map[string]func(value any) sqlstore.Cond
}

// all is the condition that all of some conditions hold; one that nobody knows holds for
// nothing.
func all(known map[string]func(any) sqlstore.Cond, wanted map[string]any) (out sqlstore.Cond) {
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		part := sqlstore.Cond{SQL: "1 = 0"}
		if condition := known[name]; condition != nil {
			part = condition(wanted[name])
		}
		if out.SQL != "" {
			out.SQL += " AND "
		}
		out.SQL, out.Args = out.SQL+"("+part.SQL+")", append(out.Args, part.Args...)
	}
	return out
}

// New returns the concern's stores on a migrated database. The database is
// their transactor. related are conditions of other concerns.
func New(db *sqlstore.DB, related ...Related) (ipam.Stores, error) {
	known := Related{map[string]func(any) sqlstore.Cond{}, map[string]func(any) sqlstore.Cond{}}
	for _, r := range related {
		maps.Copy(known.Subnets, r.Subnets)
		maps.Copy(known.Addresses, r.Addresses)
	}
	s, err := sqlstore.NewRepo[wispwright.ID, ipam.Subnet, ipam.SubnetFilter](db, sqlstore.Spec{
		Shape: ipam.SubnetShape(),
		Where: map[string]func(any) sqlstore.Cond{
			"Root": func(v any) sqlstore.Cond {
				if v.(bool) {
					return sqlstore.Cond{SQL: "ipam_subnet.master_subnet_id IS NULL"}
				}
				return sqlstore.Cond{SQL: "ipam_subnet.master_subnet_id IS NOT NULL"}
			},
			"Related": func(v any) sqlstore.Cond { return all(known.Subnets, v.(map[string]any)) },
		},
	})
	if err != nil {
		return ipam.Stores{}, err
	}
	a, err := sqlstore.NewRepo[wispwright.ID, ipam.Address, ipam.AddressFilter](db, sqlstore.Spec{
		Shape: ipam.AddressShape(),
		Where: map[string]func(any) sqlstore.Cond{"Related": func(v any) sqlstore.Cond { return all(known.Addresses, v.(map[string]any)) }},
	})
	if err != nil {
		return ipam.Stores{}, err
	}
	h, err := sqlstore.NewRepo[wispwright.ID, hole, holeFilter](db, sqlstore.Spec{Shape: holeShape()})
	if err != nil {
		return ipam.Stores{}, err
	}
	return ipam.Stores{Subnets: &subnets{s, db}, Addresses: &addresses{a, db}, Holes: &holes{h, db}}, nil
}

type subnets struct {
	*sqlstore.Repo[wispwright.ID, ipam.Subnet, ipam.SubnetFilter]
	db *sqlstore.DB
}

// Serialize implements ipam.SubnetStore. SQLite has one writer at a time.
func (s *subnets) Serialize(ctx context.Context, organization wispwright.ID) error {
	const everybody = "ipam/everybody"
	if organization.IsZero() {
		return s.db.Turn(ctx, everybody)
	}
	if err := s.db.ShareTurn(ctx, everybody); err != nil {
		return err
	}
	return s.db.Turn(ctx, "ipam/"+organization.String())
}

type addresses struct {
	*sqlstore.Repo[wispwright.ID, ipam.Address, ipam.AddressFilter]
	db *sqlstore.DB
}

// DeleteOf implements ipam.AddressStore.
func (s *addresses) DeleteOf(ctx context.Context, of ...wispwright.ID) error {
	return deleteOf(ctx, s.db, "ipam_address", of)
}

// Move implements ipam.AddressStore.
func (s *addresses) Move(ctx context.Context, subnet, organization wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE ipam_address SET organization_id = ? WHERE subnet_id = ?", organization, subnet); err != nil {
		return fmt.Errorf("move addresses: %w", err)
	}
	return nil
}

// perStatement is how many keys one statement names.
const perStatement = 500

func deleteOf(ctx context.Context, db *sqlstore.DB, table string, of []wispwright.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(of, perStatement) {
			marks, args := sqlstore.In(some)
			if _, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table+" WHERE subnet_id IN ("+marks+")", args...); err != nil {
				return fmt.Errorf("clear %s: %w", table, err)
			}
		}
		return nil
	})
}

// hole is a host that is not recorded any more.
type hole struct {
	ID, SubnetID wispwright.ID
	IPAddress    netip.Addr
}

type holeFilter struct {
	SubnetID    wispwright.ID
	IPAddresses wispwright.Among[netip.Addr]
}

func holeShape() store.Shape {
	return store.Shape{
		Table: "ipam_hole", Order: []wispwright.Order{{Field: "IPAddress"}},
		Unique:  []store.Unique{{Name: "ipam_hole_subnet_ip", Fields: []string{"SubnetID", "IPAddress"}}},
		Parents: []store.Parent{{Field: "SubnetID", Table: "ipam_subnet"}},
	}
}

type holes struct {
	repo *sqlstore.Repo[wispwright.ID, hole, holeFilter]
	db   *sqlstore.DB
}

// First implements ipam.HoleStore.
func (s *holes) First(ctx context.Context, subnet wispwright.ID) (netip.Addr, error) {
	found, err := s.repo.List(ctx, wispwright.ScopeAll(), holeFilter{SubnetID: subnet}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return netip.Addr{}, err
	}
	if len(found.Rows) == 0 {
		return netip.Addr{}, wispwright.ErrNotFound
	}
	return found.Rows[0].IPAddress, nil
}

// Add implements ipam.HoleStore.
func (s *holes) Add(ctx context.Context, subnet wispwright.ID, addresses ...netip.Addr) error {
	rows := make([]*hole, len(addresses))
	for i, a := range addresses {
		rows[i] = &hole{ID: wispwright.NewID(), SubnetID: subnet, IPAddress: a}
	}
	return s.repo.InsertMany(ctx, rows)
}

// Remove implements ipam.HoleStore.
func (s *holes) Remove(ctx context.Context, subnet wispwright.ID, addresses ...netip.Addr) (removed int, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		removed = 0
		for some := range slices.Chunk(addresses, perStatement) {
			found, err := s.repo.List(ctx, wispwright.ScopeAll(), holeFilter{subnet, wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
			if err != nil {
				return err
			}
			ids := make([]wispwright.ID, len(found.Rows))
			for i, h := range found.Rows {
				ids[i] = h.ID
			}
			marks, args := sqlstore.In(ids)
			n, err := sqlstore.Exec(ctx, s.db, "DELETE FROM ipam_hole WHERE id IN ("+marks+")", args...)
			if err != nil {
				return fmt.Errorf("fill holes: %w", err)
			}
			removed += n
		}
		return nil
	})
	return removed, err
}

// Clear implements ipam.HoleStore.
func (s *holes) Clear(ctx context.Context, of ...wispwright.ID) error {
	return deleteOf(ctx, s.db, "ipam_hole", of)
}
