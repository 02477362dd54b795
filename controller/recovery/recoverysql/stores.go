// Package recoverysql keeps deleted objects in PostgreSQL or SQLite.
package recoverysql

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/recovery"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the table; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "recovery", FS: migrations}
}

// New returns the store on a migrated database. The database is its transactor.
func New(db *sqlstore.DB) (recovery.Store, error) {
	b := sqlstore.Build(db)
	s := &store{sqlstore.Add[wispwright.ID, recovery.Deleted, recovery.Filter](b, sqlstore.Spec{Shape: recovery.Deleted{}.Shape()}), db}
	return s, b.Err()
}

type store struct {
	*sqlstore.Repo[wispwright.ID, recovery.Deleted, recovery.Filter]
	db *sqlstore.DB
}

// Prune implements recovery.Store.
func (s *store) Prune(ctx context.Context, before time.Time) (int, error) {
	n, err := sqlstore.Exec(ctx, s.db, "DELETE FROM controller_deleted WHERE created < ?", before.UTC())
	if err != nil {
		return 0, fmt.Errorf("prune controller_deleted: %w", err)
	}
	return int(n), nil
}

// Forget implements recovery.Store.
func (s *store) Forget(ctx context.Context, organization wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM controller_deleted WHERE organization_id = ?", organization); err != nil {
		return fmt.Errorf("forget what an organization deleted: %w", err)
	}
	return nil
}
