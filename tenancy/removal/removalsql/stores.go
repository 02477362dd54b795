// Package removalsql keeps removals of organizations in PostgreSQL or SQLite.
package removalsql

import (
	"embed"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy/removal"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the table; run them with sqlstore.DB.Migrate
// before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "removal", FS: migrations}
}

// New returns the store on a migrated database. The database is its transactor.
func New(db *sqlstore.DB) (removal.Store, error) {
	b := sqlstore.Build(db)
	s := sqlstore.Add[wispwright.ID, removal.Removal, removal.Filter](b, sqlstore.Spec{Shape: removal.Removal{}.Shape()})
	return s, b.Err()
}
