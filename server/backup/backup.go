package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite" // the driver of SQLite
)

// Source is what is kept in a backup.
type Source struct {
	// Data is the data folder.
	Data string
	// DSN is the database: the file of an SQLite database, or a PostgreSQL address.
	DSN string
	// Build is the program's version.
	Build string
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// Manifest is the first entry of a backup.
type Manifest struct {
	// Format is the version of the form of backups.
	Format int `json:"format"`
	// Build is the program that wrote it, Created when.
	Build   string    `json:"build"`
	Created time.Time `json:"created"`
	// Database is "sqlite" or "postgres".
	Database string `json:"database"`
	// Trigrams is the schema in which a PostgreSQL database has the extension pg_trgm,
	// which indexes of searches need; empty without.
	Trigrams string `json:"trigrams,omitempty"`
}

// Sums is the last entry: what each entry before must be, so that a backup that was
// cut off or damaged is known as such before anything is restored.
type sums map[string]string

const (
	format       = 1
	manifestName = "manifest.json"
	sumsName     = "sums.json"
	databaseName = "database"
	dataPrefix   = "data/"
)

// transient are files of the data folder that are of no use elsewhere.
func transient(name string) bool {
	return name == "serve.lock" || name == AutomaticFolder || strings.HasPrefix(name, AutomaticFolder+"/") || strings.HasPrefix(filepath.Base(name), ".") ||
		strings.HasSuffix(name, "-wal") || strings.HasSuffix(name, "-shm") || strings.HasSuffix(name, "-journal")
}

// Write writes a backup. The database is copied as it is at one moment, and uploaded
// files after it: every file that a row names is there. Anybody who has the backup has all
// secrets of the installation.
func Write(ctx context.Context, out io.Writer, s Source) (err error) {
	if s.Clock == nil {
		s.Clock = time.Now
	}
	folder, err := os.MkdirTemp("", "wispwright-backup-*")
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	z := gzip.NewWriter(out)
	w := &writer{tar: tar.NewWriter(z), sums: sums{}, now: s.Clock().UTC().Truncate(time.Second)}
	manifest := Manifest{Format: format, Build: s.Build, Created: w.now, Database: "sqlite"}
	copied := filepath.Join(folder, databaseName)
	if isPostgres(s.DSN) {
		manifest.Database = "postgres"
		if manifest.Trigrams, err = trigrams(ctx, s.DSN); err != nil {
			return fmt.Errorf("backup of the database: %w", err)
		}
		err = run(ctx, s.DSN, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file="+copied)
	} else {
		err = copySQLite(ctx, s.DSN, copied)
	}
	if err != nil {
		return fmt.Errorf("backup of the database: %w", err)
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := w.text(manifestName, text); err != nil {
		return err
	}
	if err := w.file(copied, databaseName); err != nil {
		return err
	}
	if err := w.data(ctx, s, folder); err != nil {
		return err
	}
	if text, err = json.Marshal(w.sums); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := w.text(sumsName, text); err != nil {
		return err
	}
	if err := errors.Join(w.tar.Close(), z.Close()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// copySQLite copies a database that may be written to meanwhile.
func copySQLite(ctx context.Context, from, to string) (err error) {
	from = strings.TrimPrefix(from, "sqlite:")
	if _, err := os.Stat(from); err != nil {
		return err
	}
	file := url.URL{Scheme: "file", Opaque: (&url.URL{Path: from}).EscapedPath(), RawQuery: "mode=ro&_pragma=busy_timeout(30000)"}
	db, err := sqlx.Open("sqlite", file.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", to)
	return err
}

// run calls a program of PostgreSQL; the password goes by the environment, which
// others on the machine cannot see.
func run(ctx context.Context, dsn, program string, args ...string) error {
	u, err := url.Parse(dsn)
	if err != nil {
		return errors.New("malformed address of the database")
	}
	c := exec.CommandContext(ctx, program, args...)
	c.Env = os.Environ()
	if u.User != nil {
		if password, ok := u.User.Password(); ok {
			c.Env = append(c.Env, "PGPASSWORD="+password)
			u.User = url.User(u.User.Username())
		}
	}
	// what only our driver knows
	q := u.Query()
	for name := range q {
		if !slices.Contains([]string{"sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port", "user", "options", "connect_timeout"}, name) {
			q.Del(name)
		}
	}
	if path := u.Query().Get("search_path"); path != "" {
		q.Set("options", "-csearch_path="+path)
		if program == "pg_dump" {
			c.Args = append(c.Args, "--schema="+path)
		}
	}
	u.RawQuery = q.Encode()
	c.Args = append(c.Args, "--dbname="+u.String())
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, strings.TrimSpace(string(out)))
	}
	return nil
}

type writer struct {
	tar  *tar.Writer
	sums sums
	now  time.Time
}

func (w *writer) text(name string, text []byte) error {
	return w.entry(name, int64(len(text)), strings.NewReader(string(text)))
}

func (w *writer) entry(name string, size int64, from io.Reader) error {
	if err := w.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: size, ModTime: w.now}); err != nil {
		return fmt.Errorf("backup of %s: %w", name, err)
	}
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(w.tar, sum), from); err != nil {
		return fmt.Errorf("backup of %s: %w", name, err)
	}
	w.sums[name] = hex.EncodeToString(sum.Sum(nil))
	return nil
}

func (w *writer) file(path, name string) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("backup of %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("backup of %s: %w", name, err)
	}
	return w.entry(name, info.Size(), io.LimitReader(f, info.Size()))
}

// data writes the data folder, databases in it as they are at one moment.
func (w *writer) data(ctx context.Context, s Source, folder string) error {
	database := strings.TrimPrefix(s.DSN, "sqlite:")
	return filepath.WalkDir(s.Data, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it went meanwhile
		}
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		name, err := filepath.Rel(s.Data, path)
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		if d.IsDir() && name == "outbox" {
			return fs.SkipDir // letters that were sent
		}
		if !d.Type().IsRegular() || transient(name) || same(path, database) {
			return ctx.Err()
		}
		entry := dataPrefix + filepath.ToSlash(name)
		if strings.HasSuffix(name, ".db") {
			copied := filepath.Join(folder, "copy.db")
			if err := copySQLite(ctx, path, copied); err != nil {
				return fmt.Errorf("backup of %s: %w", name, err)
			}
			return errors.Join(w.file(copied, entry), os.Remove(copied))
		}
		err = w.file(path, entry)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
