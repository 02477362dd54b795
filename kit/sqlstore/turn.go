package sqlstore

import (
	"context"
	"fmt"
)

// Turn waits until no other transaction has the turn of a name, takes it, and
// keeps it until the context's transaction ends: for rules that span rows which
// may not exist yet, so that no row can be locked. On SQLite, which has one writer
// at a time, there is nothing to wait for.
func (db *DB) Turn(ctx context.Context, name string) error {
	return db.turn(ctx, "pg_advisory_xact_lock", name)
}

// ShareTurn is Turn for those that may go on beside each other, and not beside one
// that has the Turn.
func (db *DB) ShareTurn(ctx context.Context, name string) error {
	return db.turn(ctx, "pg_advisory_xact_lock_shared", name)
}

func (db *DB) turn(ctx context.Context, lock, name string) error {
	if db.dialect != Postgres {
		return nil
	}
	// locks of PostgreSQL are shared by all schemas of a database
	query := db.Rebind("SELECT " + lock + "(hashtextextended(coalesce(current_schema(), '') || '/' || ?, 0))")
	if _, err := db.Write(ctx).ExecContext(ctx, query, name); err != nil {
		return fmt.Errorf("wait for the turn of %s: %w", name, db.Explain(err))
	}
	return nil
}
