// Package approvalsql keeps registrations that wait in PostgreSQL or SQLite.
package approvalsql

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/approval"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "approval", FS: migrations}
}

// New returns the stores on a migrated database. The database is their transactor.
func New(db *sqlstore.DB) (approval.Stores, error) {
	b := sqlstore.Build(db)
	stores := approval.Stores{
		Registrations: &registrations{sqlstore.Add[wispwright.ID, approval.Registration, approval.Filter](b, sqlstore.Spec{
			Shape: approval.Registration{}.Shape(), Columns: map[string]string{"MACAddress": "mac_address", "OS": "os"},
		}), db},
		Choices: sqlstore.Add[wispwright.ID, approval.Choice, approval.ChoiceFilter](b, sqlstore.Spec{Shape: approval.Choice{}.Shape()}),
	}
	return stores, b.Err()
}

type registrations struct {
	*sqlstore.Repo[wispwright.ID, approval.Registration, approval.Filter]
	db *sqlstore.DB
}

// Prune implements approval.Store.
func (s *registrations) Prune(ctx context.Context, before time.Time) (int, error) {
	n, err := sqlstore.Exec(ctx, s.db, "DELETE FROM approval_registration WHERE heard < ?", before.UTC())
	if err != nil {
		return 0, fmt.Errorf("prune approval_registration: %w", err)
	}
	return int(n), nil
}
