package server

import (
	"context"
	"embed"
	"fmt"

	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/acme"
	"github.com/wispwright/wispwright/server/jobs"
)

// ownMigrations is what the server's own migrations are called.
const ownMigrations = "server"

//go:embed migrations
var migrations embed.FS

// migrateOwn makes the tables of the job queue, and the one in which the server
// remembers what it was before: one text by name.
func migrateOwn(ctx context.Context, db *sqlstore.DB) error {
	if err := db.Migrate(ctx, sqlstore.Migrations{Concern: ownMigrations, FS: migrations}); err != nil {
		return err
	}
	if err := db.Migrate(ctx, acme.Migrations()); err != nil {
		return err
	}
	return jobs.Migrate(ctx, db)
}

// whenChanged runs fn in one transaction with remembering the value, if another
// value, or none, was remembered before.
func (s *Server) whenChanged(ctx context.Context, name, value string, fn func(ctx context.Context) error) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		n, err := sqlstore.Exec(ctx, s.db, `INSERT INTO server_state (name, value) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE server_state.value <> excluded.value`, name, value)
		if err != nil {
			return fmt.Errorf("remember %s: %w", name, err)
		}
		if n == 0 {
			return nil
		}
		return fn(ctx)
	})
}
