package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq" // also the driver of PostgreSQL
)

// trigrams returns the schema in which a PostgreSQL database has the extension pg_trgm;
// empty where it has none.
func trigrams(ctx context.Context, dsn string) (schema string, err error) {
	db, err := sqlx.Open("postgres", dsn)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return readTrigrams(ctx, db)
}

func readTrigrams(ctx context.Context, db *sqlx.DB) (schema string, err error) {
	err = db.GetContext(ctx, &schema, "SELECT coalesce((SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm'), '')")
	return schema, err
}

// needTrigrams sees to it that a database has the extension where a backup expects it, and
// reports whether it does: a dump of one schema does not hold it, and not everybody may
// have it.
func needTrigrams(ctx context.Context, dsn, schema string) (have bool, err error) {
	db, err := sqlx.Open("postgres", dsn)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, refused := db.ExecContext(ctx, "CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA "+pq.QuoteIdentifier(schema))
	found, err := readTrigrams(ctx, db)
	if err != nil {
		return false, errors.Join(err, refused)
	}
	return found == schema, nil
}

// ofTrigrams are the lines of a dump's list that need the extension: indexes of searches,
// without which a search reads everything.
var ofTrigrams = regexp.MustCompile(`(?m)^[^\n]* (INDEX \S+ controller_(device|config)_search(_mac)? |(EXTENSION|COMMENT) - (EXTENSION )?"?pg_trgm"? )[^\n]*\n`)

// withoutTrigrams writes the list of a dump without what needs the extension.
func withoutTrigrams(ctx context.Context, dump, to string) error {
	list, err := exec.CommandContext(ctx, "pg_restore", "--list", dump).Output()
	if err != nil {
		return fmt.Errorf("pg_restore --list: %w", err)
	}
	return os.WriteFile(to, ofTrigrams.ReplaceAll(list, nil), 0o600)
}
