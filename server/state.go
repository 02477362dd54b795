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

// inSteps runs fn until it has ended once without an error, for work in transactions of its
// own that finds by itself what is left: a node that dies in it has it done by the next.
// Two nodes may do it at the same time.
func (s *Server) inSteps(ctx context.Context, name, value string, fn func(ctx context.Context) error) error {
	is, err := sqlstore.Get[int](ctx, s.db, "SELECT count(*) FROM server_state WHERE name = ? AND value = ?", name, value)
	if err != nil || is > 0 {
		return err
	}
	if err := fn(ctx); err != nil {
		return err
	}
	return s.whenChanged(ctx, name, value, func(context.Context) error { return nil })
}
