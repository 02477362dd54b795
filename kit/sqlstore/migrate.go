package sqlstore

import (
	"context"
	"fmt"
	"hash/crc32"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

// Migrations are the steps of one concern, in the folders "sqlite" and "pg".
type Migrations struct {
	// Concern names the sequence; its versions are kept in schema_<concern>.
	Concern string
	// FS holds the two folders.
	FS fs.FS
}

// Migrate brings the concern's tables up to date. Several nodes may call it
// at once.
func (db *DB) Migrate(ctx context.Context, m Migrations) error {
	p, err := db.provider(ctx, m)
	if err != nil {
		return fmt.Errorf("migrate %s: %w", m.Concern, err)
	}
	if err := refuseNewer(ctx, p, m.Concern); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s: %w", m.Concern, err)
	}
	return db.learnUniques(ctx)
}

// NewerSchemaError means that a later version of the program has changed the
// tables: with its own rules this one would write what the later one does not
// expect.
type NewerSchemaError struct {
	// Concern is whose tables they are.
	Concern string
	// Have is the version of the tables, Known the latest that this program knows.
	Have, Known int64
}

// Error names both versions.
func (e *NewerSchemaError) Error() string {
	return fmt.Sprintf("the tables of %s have version %d, and this program knows them up to version %d: start the newer program, or restore a backup of before",
		e.Concern, e.Have, e.Known)
}

func refuseNewer(ctx context.Context, p *goose.Provider, concern string) error {
	have, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("look for the version of %s: %w", concern, err)
	}
	if have > known {
		return &NewerSchemaError{Concern: concern, Have: have, Known: known}
	}
	return nil
}

// Exclusively runs fn while no other node of the database runs one of the same
// name; it waits for those that do. On SQLite, which belongs to one process, it
// only runs fn.
func (db *DB) Exclusively(ctx context.Context, name string, fn func(context.Context) error) error {
	if db.dialect != Postgres {
		return fn(ctx)
	}
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("wait for other nodes: %w", err)
	}
	defer conn.Close() // it goes back to the others
	var id int64
	// locks of PostgreSQL are shared by all schemas of a database
	err = conn.QueryRowContext(ctx, "SELECT hashtextextended(coalesce(current_schema(), '') || '/' || $1, 0)", name).Scan(&id)
	if err == nil {
		_, err = conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", id)
	}
	if err != nil {
		return fmt.Errorf("wait for other nodes: %w", err)
	}
	err = fn(ctx)
	// also when the context has ended: the connection lives on
	if _, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", id); err == nil && unlockErr != nil {
		err = fmt.Errorf("let other nodes go on: %w", unlockErr)
	}
	return err
}

// Pending reports whether the concern has steps that were not done yet.
func (db *DB) Pending(ctx context.Context, m Migrations) (bool, error) {
	p, err := db.provider(ctx, m)
	if err != nil {
		return false, fmt.Errorf("look for migrations of %s: %w", m.Concern, err)
	}
	pending, err := p.HasPending(ctx)
	if err != nil {
		return false, fmt.Errorf("look for migrations of %s: %w", m.Concern, err)
	}
	return pending, nil
}

func (db *DB) provider(ctx context.Context, m Migrations) (*goose.Provider, error) {
	steps, err := fs.Sub(m.FS, db.dialect.folder())
	if err != nil {
		return nil, err
	}
	dialect := database.DialectSQLite3
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if db.dialect == Postgres {
		dialect = database.DialectPostgres
		locker, err := db.migrationLock(ctx)
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	versions, err := database.NewStore(dialect, "schema_"+m.Concern)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider("", db.write.DB, steps, append(options, goose.WithStore(versions))...)
}

// migrationLock is what the nodes of one schema wait for, up to five minutes.
// Locks of PostgreSQL are shared by all schemas of a database, which have
// nothing to wait for.
func (db *DB) migrationLock(ctx context.Context) (lock.SessionLocker, error) {
	var schema string
	if err := db.write.GetContext(ctx, &schema, "SELECT coalesce(current_schema(), '')"); err != nil {
		return nil, err
	}
	id := lock.DefaultLockID&0x7fffffff<<32 | int64(crc32.ChecksumIEEE([]byte(schema)))
	return lock.NewPostgresSessionLocker(lock.WithLockID(id), lock.WithLockTimeout(1, 300))
}
