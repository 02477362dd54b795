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
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Target is where a backup is restored to.
type Target struct {
	// Data is the data folder, which must be empty or missing.
	Data string
	// DSN is the database, of the kind that the backup is of: an SQLite file that does
	// not exist, or an empty PostgreSQL database.
	DSN string
}

// ErrDamaged is returned for files that are no whole backup. Nothing was restored.
var ErrDamaged = errors.New("this is no whole backup")

// ErrUsed is returned when there is something already where a backup should go.
var ErrUsed = errors.New("there is an installation already")

// Check reads a backup through and returns its manifest. The reader is not rewound.
func Check(in io.Reader) (*Manifest, error) {
	var m *Manifest
	err := walk(in, func(name string, body io.Reader) error {
		if name != manifestName {
			return nil
		}
		m = &Manifest{}
		return json.NewDecoder(io.LimitReader(body, 1<<20)).Decode(m)
	})
	switch {
	case err != nil:
		return nil, err
	case m == nil || m.Format < 1:
		return nil, ErrDamaged
	case m.Format > format:
		return nil, fmt.Errorf("it was written by a later version (%s)", m.Build)
	}
	return m, nil
}

// walk reads all entries and holds them against the sums at the end.
func walk(in io.Reader, fn func(name string, body io.Reader) error) error {
	z, err := gzip.NewReader(in)
	if err != nil {
		return ErrDamaged
	}
	got, want := sums{}, sums(nil)
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if h.Name == sumsName {
			if err := json.NewDecoder(io.LimitReader(t, 256<<20)).Decode(&want); err != nil {
				return fmt.Errorf("%w: %w", ErrDamaged, err)
			}
			continue
		}
		sum := sha256.New()
		body := io.TeeReader(t, sum)
		if err := fn(h.Name, body); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		got[h.Name] = hex.EncodeToString(sum.Sum(nil))
	}
	if want == nil || !maps.Equal(got, want) {
		return ErrDamaged
	}
	return nil
}

// Restore restores a backup. The file is read twice: first to see that it is whole. A
// restore that failed half-way leaves what it made; empty it before the next.
func Restore(ctx context.Context, in io.ReadSeeker, t Target) (m *Manifest, err error) {
	if m, err = Check(in); err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	if postgres := isPostgres(t.DSN); postgres != (m.Database == "postgres") {
		return m, fmt.Errorf("restore: the backup is of a %s database, the configuration names another kind", m.Database)
	}
	if err := vacant(t); err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	if err := os.MkdirAll(t.Data, 0o700); err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	root, err := os.OpenRoot(t.Data)
	if err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	dump := filepath.Join(t.Data, ".database.dump")
	if err := walk(in, func(name string, body io.Reader) error {
		switch {
		case name == databaseName && m.Database == "postgres":
			return put(os.Create, dump, body)
		case name == databaseName:
			return put(os.Create, strings.TrimPrefix(t.DSN, "sqlite:"), body)
		case strings.HasPrefix(name, dataPrefix):
			name = filepath.FromSlash(strings.TrimPrefix(name, dataPrefix))
			if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
				return err
			}
			return put(root.Create, name, body)
		}
		return nil
	}); err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	if m.Database == "postgres" {
		err := restoreDump(ctx, t, m, dump)
		if err := errors.Join(err, os.Remove(dump)); err != nil {
			return m, fmt.Errorf("restore the database: %w", err)
		}
	}
	return m, nil
}

func restoreDump(ctx context.Context, t Target, m *Manifest, dump string) (err error) {
	// comments: that of an extension may be written by its owner alone
	args := []string{"--no-owner", "--no-privileges", "--no-comments", "--exit-on-error", "--single-transaction"}
	if m.Trigrams != "" {
		have, err := needTrigrams(ctx, t.DSN, m.Trigrams)
		if err != nil {
			return err
		}
		if !have {
			list := filepath.Join(t.Data, ".database.list")
			if err := withoutTrigrams(ctx, dump, list); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.Remove(list)) }()
			args = append(args, "--use-list="+list)
		}
	}
	return run(ctx, t.DSN, "pg_restore", append(args, dump)...)
}

// put writes a file that only its owner can read.
func put(create func(string) (*os.File, error), name string, body io.Reader) error {
	f, err := create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, body)
	return errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close())
}

// vacant refuses to write over an installation.
func vacant(t Target) error {
	entries, err := os.ReadDir(t.Data)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !strings.HasPrefix(e.Name(), ".") && e.Name() != "serve.lock" }) {
		return fmt.Errorf("%w: %s is not empty", ErrUsed, t.Data)
	}
	if !isPostgres(t.DSN) {
		if _, err := os.Stat(strings.TrimPrefix(t.DSN, "sqlite:")); err == nil {
			return fmt.Errorf("%w: %s", ErrUsed, t.DSN)
		}
	}
	return nil
}
