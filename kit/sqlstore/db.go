// Package sqlstore is how concerns and vendors keep objects in SQL: one
// database (PostgreSQL or SQLite), transactions in the context, migrations per
// concern, and Repo, which does insert, update, delete, get and list of a
// struct by its field names. Everything else is hand-written portable SQL.
//
// The settings were measured; see docs/decisions for the reasons.
package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq"  // the driver "postgres"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Options change how a database is opened; nil means the defaults.
type Options struct {
	// Conns is the size of the pool on PostgreSQL. Default: 3 per core, at least 4.
	Conns int
	// Readers is the size of SQLite's read pool. Default: one per core, at
	// least 4; -1 means that reads share the one writing connection.
	Readers int
	// BusyTimeout is how long SQLite waits for another process. Default: 5 s.
	BusyTimeout time.Duration
	// Synchronous is SQLite's setting. Default: "FULL", which keeps every
	// acknowledged write through a power failure; "NORMAL" may lose the last
	// second then, for about twice the write rate.
	Synchronous string
	// MemoryMap is how many bytes of SQLite's file readers see through the memory of the
	// system instead of copying them; for large values. Default: none.
	MemoryMap int64
	// Keys seals secrets at rest. Default: none, secrets are stored as they are.
	Keys *Keys
	// Driver is the database/sql driver to use in place of "postgres" or
	// "sqlite": one of the same kind that also counts or traces statements.
	Driver string
	// Schema is the PostgreSQL schema to work in. Default: the connection's own.
	Schema string
	// Log hears of connections that were lost while nobody was asking. Default:
	// slog.Default.
	Log *slog.Logger
}

// DB is a database. It is the Transactor of every store made on it.
type DB struct {
	dialect Dialect
	write   *sqlx.DB
	read    *sqlx.DB
	keys    *Keys
	dsn     string
	// bytewise sorts texts by their bytes where the database would not
	bytewise string
	log      *slog.Logger

	sealedMu sync.Mutex
	sealed   []sealedColumn

	uniques  sync.Map // SQLite: "table: columns" -> index name
	group    group    // SQLite: the transactions that share the writer
	hub      hub
	prepared prepared
}

// Open connects to postgres://… or to a SQLite file (a path, or "sqlite:" and
// a path) and checks that it answers before ctx ends. A file that is missing is
// made, readable for its owner alone.
func Open(ctx context.Context, dsn string, options *Options) (*DB, error) {
	o := Options{}
	if options != nil {
		o = *options
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return openPostgres(ctx, dsn, &o)
	}
	if scheme, _, ok := strings.Cut(dsn, "://"); ok {
		return nil, fmt.Errorf("open database: %q is neither postgres:// nor the file of an SQLite database", scheme+"://")
	}
	return openSQLite(ctx, strings.TrimPrefix(dsn, "sqlite:"), &o)
}

func openPostgres(ctx context.Context, dsn string, o *Options) (*DB, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", errRedacted{err})
	}
	q := u.Query()
	q.Set("binary_parameters", "yes")
	if o.Schema != "" {
		q.Set("search_path", o.Schema)
	}
	u.RawQuery = q.Encode()
	pool, err := sqlx.Open(cmp.Or(o.Driver, "postgres"), u.String())
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	n := o.Conns
	if n <= 0 {
		n = max(4, 3*runtime.GOMAXPROCS(0))
	}
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	db := &DB{dialect: Postgres, write: pool, read: pool, keys: o.Keys, dsn: u.String(), log: o.Log}
	if db, err = db.answering(ctx); err != nil {
		return nil, err
	}
	bytewise, err := Get[bool](ctx, db, "SELECT 'a' > 'B'") // most locales have a before B
	if err != nil {
		_ = db.Close() // the first error is the one to tell
		return nil, fmt.Errorf("open database: %w", err)
	}
	if !bytewise {
		db.bytewise = ` COLLATE "C"`
	}
	return db, nil
}

func openSQLite(ctx context.Context, path string, o *Options) (*DB, error) {
	if path == "" {
		return nil, fmt.Errorf("open database: no file named")
	}
	if err := makeFile(path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	timeout, sync := o.BusyTimeout, o.Synchronous
	if timeout == 0 {
		timeout = 5 * time.Second
	}
	if sync == "" {
		sync = "FULL"
	}
	common := fmt.Sprintf("file:%s?_time_format=sqlite&_timezone=UTC&_pragma=busy_timeout(%d)&_pragma=journal_mode(WAL)&_pragma=synchronous(%s)&_pragma=foreign_keys(1)&_pragma=cache_size(-20000)&_pragma=temp_store(MEMORY)&_pragma=wal_autocheckpoint(4000)",
		(&url.URL{Path: path}).EscapedPath(), timeout.Milliseconds(), url.QueryEscape(sync))
	writer, err := sqlx.Open(cmp.Or(o.Driver, "sqlite"), common+"&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	writer.SetMaxOpenConns(1)
	writer.SetMaxIdleConns(1)
	db := &DB{dialect: SQLite, write: writer, read: writer, keys: o.Keys, dsn: path, log: o.Log}
	if o.Readers >= 0 {
		reader, err := sqlx.Open(cmp.Or(o.Driver, "sqlite"), common+"&_query_only=1"+memoryMap(o))
		if err != nil {
			return nil, fmt.Errorf("open database %s: %w", path, err)
		}
		n := o.Readers
		if n == 0 {
			n = max(4, runtime.GOMAXPROCS(0))
		}
		reader.SetMaxOpenConns(n)
		reader.SetMaxIdleConns(n)
		db.read = reader
	}
	return db.answering(ctx)
}

// memoryMap is the part of the address that says so.
func memoryMap(o *Options) string {
	if o.MemoryMap <= 0 {
		return ""
	}
	return fmt.Sprintf("&_pragma=mmap_size(%d)", o.MemoryMap)
}

// makeFile makes the file of a new database, whose mode SQLite also gives to
// the files beside it. One that exists is not touched: closing it would end the
// locks this process may hold on it.
func makeFile(path string) error {
	if path == ":memory:" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// answering returns a database that answers, or closes it.
func (db *DB) answering(ctx context.Context) (*DB, error) {
	if err := db.Ping(ctx); err != nil {
		_ = db.Close() // the first error is the one to tell
		return nil, err
	}
	return db, nil
}

// Ping checks that the database answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.write.PingContext(ctx); err != nil {
		return fmt.Errorf("reach the database: %w", away(err))
	}
	return nil
}

// Close closes every connection.
func (db *DB) Close() error {
	if err := db.closeListener(); err != nil {
		return err
	}
	if db.read != db.write {
		if err := db.read.Close(); err != nil {
			return fmt.Errorf("close database: %w", err)
		}
	}
	if err := db.write.Close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// Dialect says which SQL the database speaks.
func (db *DB) Dialect() Dialect { return db.dialect }

// SQL returns the writing pool for libraries that bring their own statements,
// such as the job queue. Stores never use it.
func (db *DB) SQL() *sql.DB { return db.write.DB }

// errRedacted hides an address, which may hold a password.
type errRedacted struct{ error }

func (errRedacted) Error() string { return "malformed address" }

// Dialect names the differences between the databases, each as a function.
type Dialect string

// The databases there are.
const (
	Postgres Dialect = "postgres"
	SQLite   Dialect = "sqlite"
)

// ForUpdate is the clause that locks the rows a SELECT reads until the
// transaction ends. SQLite has one writer and needs none.
func (d Dialect) ForUpdate() string { return d.pick(" FOR UPDATE", "") }

// ForKeyShare is the clause that keeps a row from being deleted while a row
// that refers to it is written.
func (d Dialect) ForKeyShare() string { return d.pick(" FOR KEY SHARE", "") }

// Text casts an expression to text.
func (d Dialect) Text(expr string) string {
	return d.pick("("+expr+")::text", "cast("+expr+" as text)")
}

// lower is the small letters of ASCII, whatever the locale of the database.
func (d Dialect) lower(expr string) string {
	return d.pick("lower("+expr+` COLLATE "C")`, "lower("+expr+")")
}

// Fold is the expression for a text as store.Fold has it: what rules of
// uniqueness without regard to letter case are an index on.
func (d Dialect) Fold(expr string) string { return d.lower(expr) }

// JSONText is the expression for one key of a JSON object column.
func (d Dialect) JSONText(column, key string) string {
	return d.pick("("+column+"::json->>'"+key+"')", "json_extract("+column+", '$."+key+"')")
}

// timeText reads a column of times without the driver's conversion: that of
// SQLite tries spelling after spelling for every value of a column declared as
// a time, which an expression is not.
func (d Dialect) timeText(column string) string { return d.pick(column, "+"+column) }

func (d Dialect) pick(postgres, sqlite string) string {
	if d == Postgres {
		return postgres
	}
	return sqlite
}
