package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright/kit/sqlstore"
)

// AutomaticFolder is where automatic backups lie in the data folder; no backup holds
// them.
const AutomaticFolder = "backups"

// Automatic are the backups that are written before a newer program changes tables.
type Automatic struct {
	// Source is what is kept.
	Source Source
	// Dir is where they are written. Default: AutomaticFolder in the data folder.
	Dir string
	// Keep is how many of them are kept; the oldest go. Default: 3.
	Keep int
	// Log hears of them. Default: slog.Default.
	Log *slog.Logger
}

// automaticPrefix begins their names; what follows sorts by time.
const automaticPrefix = "before-migration-"

// Before writes a backup if the database was used before and some tables are of an older
// version than the program's, and returns its file, or "" when nothing was to be done. Nothing may be
// migrated when it fails.
func (a Automatic) Before(ctx context.Context, db *sqlstore.DB, all []sqlstore.Migrations) (file string, err error) {
	query := "SELECT count(*) FROM sqlite_master WHERE name = 'schema_server'"
	if db.Dialect() == sqlstore.Postgres {
		query = "SELECT count(*) FROM pg_class WHERE relname = 'schema_server' AND pg_table_is_visible(oid)"
	}
	used, err := sqlstore.Get[int](ctx, db, query)
	if err != nil {
		return "", fmt.Errorf("backup before a migration: %w", err)
	}
	if used == 0 {
		return "", nil
	}
	pending := false
	for _, m := range all {
		one, err := db.Pending(ctx, m)
		if err != nil {
			return "", err
		}
		pending = pending || one
	}
	if !pending {
		return "", nil
	}
	if a.Source.Clock == nil {
		a.Source.Clock = time.Now
	}
	if a.Dir == "" {
		a.Dir = filepath.Join(a.Source.Data, AutomaticFolder)
	}
	if a.Log == nil {
		a.Log = slog.Default()
	}
	if err := os.MkdirAll(a.Dir, 0o700); err != nil {
		return "", fmt.Errorf("backup before a migration: %w", err)
	}
	file = filepath.Join(a.Dir, automaticPrefix+a.Source.Clock().UTC().Format("20060102T150405.000")+".backup")
	if err := WriteFile(ctx, file, a.Source); err != nil {
		return "", fmt.Errorf("backup before a migration: %w", err)
	}
	a.Log.InfoContext(ctx, "the tables are about to change: everything was written into a backup", "file", file)
	return file, a.tidy()
}

// tidy removes the oldest.
func (a Automatic) tidy() error {
	entries, err := os.ReadDir(a.Dir)
	if err != nil {
		return fmt.Errorf("backups: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), automaticPrefix) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	keep := a.Keep
	if keep < 1 {
		keep = 3
	}
	for len(names) > keep {
		if err := os.Remove(filepath.Join(a.Dir, names[0])); err != nil {
			return fmt.Errorf("backups: %w", err)
		}
		names = names[1:]
	}
	return nil
}

// WriteFile writes a backup into a file that only its owner can read, completely or not
// at all.
func WriteFile(ctx context.Context, path string, s Source) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".backup-*") // 0600
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	err = errors.Join(Write(ctx, f, s), f.Sync())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // half a backup is of no use
	}
	return err
}
