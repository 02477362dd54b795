// Package subnetdivisionsql keeps subnet division rules in PostgreSQL or SQLite.
package subnetdivisionsql

import (
	"context"
	"embed"
	"fmt"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/subnetdivision"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the concern's tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "subnetdivision", FS: migrations}
}

// New returns the concern's stores on a migrated database. The database is their
// transactor.
func New(db *sqlstore.DB) (subnetdivision.Stores, error) {
	b := sqlstore.Build(db)
	stores := subnetdivision.Stores{
		Rules: &rules{db: db, Repo: sqlstore.Add[wispwright.ID, subnetdivision.Rule, subnetdivision.RuleFilter](b, sqlstore.Spec{Shape: subnetdivision.Rule{}.Shape(), Columns: map[string]string{"NumberOfIPs": "number_of_ips"}})},
		Entries: &entries{db: db, Repo: sqlstore.Add[wispwright.ID, subnetdivision.Entry, subnetdivision.EntryFilter](b, sqlstore.Spec{
			Shape: subnetdivision.Entry{}.Shape(),
			Where: map[string]func(any) sqlstore.Cond{
				"Networks": func(v any) sqlstore.Cond {
					if v.(bool) {
						return sqlstore.Cond{SQL: "ordinal = 0"}
					}
					return sqlstore.Cond{SQL: "ordinal > 0"}
				},
				"Direct": func(v any) sqlstore.Cond {
					if v.(bool) {
						return sqlstore.Cond{SQL: "number = 0"}
					}
					return sqlstore.Cond{SQL: "number > 0"}
				},
			},
		})},
	}
	return stores, b.Err()
}

type rules struct {
	*sqlstore.Repo[wispwright.ID, subnetdivision.Rule, subnetdivision.RuleFilter]
	db *sqlstore.DB
}

// Hold implements subnetdivision.RuleStore: rows are locked in the order of their ids.
func (s *rules) Hold(ctx context.Context, master wispwright.ID) ([]*subnetdivision.Rule, error) {
	return s.Query(ctx, "SELECT "+s.Columns()+" FROM subnetdivision_rule WHERE master_subnet_id = ? ORDER BY id"+s.db.Dialect().ForUpdate(), master)
}

// perStatement is how many ids one statement carries.
const perStatement = 500

type entries struct {
	*sqlstore.Repo[wispwright.ID, subnetdivision.Entry, subnetdivision.EntryFilter]
	db *sqlstore.DB
}

// DeleteMany implements subnetdivision.EntryStore.
func (s *entries) DeleteMany(ctx context.Context, ids ...wispwright.ID) error {
	for some := range slices.Chunk(ids, perStatement) {
		marks, args := sqlstore.In(some)
		if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM subnetdivision_entry WHERE id IN ("+marks+")", args...); err != nil {
			return fmt.Errorf("delete entries: %w", err)
		}
	}
	return nil
}
