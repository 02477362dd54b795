// Package estimatesql keeps what package estimate needs in PostgreSQL or SQLite.
package estimatesql

import (
	"embed"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo/estimate"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "estimate", FS: migrations}
}

// New returns the stores on a migrated database. The database is their
// transactor.
func New(db *sqlstore.DB) (estimate.Stores, error) {
	b := sqlstore.Build(db)
	stores := estimate.Stores{
		Choices: sqlstore.Add[wispwright.ID, estimate.Choice, estimate.ChoiceFilter](b, sqlstore.Spec{Shape: estimate.Choice{}.Shape()}),
		Notes:   sqlstore.Add[string, estimate.Note, estimate.NoteFilter](b, sqlstore.Spec{Shape: estimate.Note{}.Shape()}),
	}
	return stores, b.Err()
}
