// Package whoissql keeps what is known of addresses in PostgreSQL or SQLite.
package whoissql

import (
	"context"
	"embed"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/whois"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "whois", FS: migrations}
}

// New returns the stores on a migrated database. The database is their
// transactor.
func New(db *sqlstore.DB) (whois.Stores, error) {
	b := sqlstore.Build(db)
	stores := whois.Stores{
		Records: &records{sqlstore.Add[netip.Addr, whois.Record, whois.RecordFilter](b, sqlstore.Spec{
			Shape: whois.Record{}.Shape(), Columns: map[string]string{"ISP": "isp", "ASN": "asn", "CIDR": "cidr"},
			Where: map[string]func(any) sqlstore.Cond{
				"UnreferencedBefore": func(v any) sqlstore.Cond {
					return sqlstore.Cond{SQL: "unreferenced_since < ?", Args: []any{v.(time.Time).UTC()}}
				},
			},
		})},
		Choices: sqlstore.Add[wispwright.ID, whois.Choice, whois.ChoiceFilter](b, sqlstore.Spec{Shape: whois.Choice{}.Shape()}),
		Notes:   sqlstore.Add[string, whois.Note, whois.NoteFilter](b, sqlstore.Spec{Shape: whois.Note{}.Shape()}),
	}
	return stores, b.Err()
}

type records struct {
	*sqlstore.Repo[netip.Addr, whois.Record, whois.RecordFilter]
}

// perStatement is how many addresses are looked for at once.
const perStatement = 500

// Mark implements whois.RecordStore. Few records change at a time, so each is
// updated by itself.
func (s *records) Mark(ctx context.Context, since *time.Time, addresses ...netip.Addr) error {
	for some := range slices.Chunk(addresses, perStatement) {
		found, err := s.List(ctx, wispwright.ScopeAll(), whois.RecordFilter{Addresses: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return fmt.Errorf("mark addresses: %w", err)
		}
		for _, r := range found.Rows {
			if (since == nil) == (r.UnreferencedSince == nil) {
				continue
			}
			_, err := s.Update(ctx, wispwright.ScopeAll(), r.Address, func(r *whois.Record) error {
				if since == nil || r.UnreferencedSince == nil {
					r.UnreferencedSince = since
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("mark %s: %w", r.Address, err)
			}
		}
	}
	return nil
}
