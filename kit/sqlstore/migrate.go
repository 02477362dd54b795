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
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s: %w", m.Concern, err)
	}
	return db.learnUniques(ctx)
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
