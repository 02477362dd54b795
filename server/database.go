package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// secretFile is where the secret key is kept that nobody configured.
const secretFile = "secret.key"

// Open opens the configured database with the keys that seal its secrets. The
// data folder and the secret key are made where they are missing, readable for
// the owner alone. A log that is nil means slog's default.
func Open(ctx context.Context, c *Config, log *slog.Logger) (*sqlstore.DB, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if err := refuseLostKey(ctx, c, log); err != nil {
		return nil, err
	}
	keys, err := loadKeys(c)
	if err != nil {
		return nil, err
	}
	warnOfOpenKey(c, log)
	return sqlstore.Open(ctx, c.DSN(), &sqlstore.Options{
		Conns: c.SQL.Conns, Readers: c.SQL.Readers, Synchronous: strings.ToUpper(c.SQL.Synchronous), Keys: keys, Log: log,
	})
}

// refuseLostKey refuses to make a new secret key for a database that was sealed
// with another one.
func refuseLostKey(ctx context.Context, c *Config, log *slog.Logger) error {
	path := filepath.Join(c.Data, secretFile)
	if c.SecretKey != "" || exists(path) {
		return nil
	}
	postgres := strings.HasPrefix(c.DSN(), "postgres")
	if !postgres && !exists(c.DSN()) {
		return nil
	}
	db, err := sqlstore.Open(ctx, c.DSN(), &sqlstore.Options{Conns: 1, Readers: -1, Log: log})
	if err != nil {
		return err
	}
	query := "SELECT count(*) FROM sqlite_master WHERE name = 'schema_server'"
	if postgres {
		query = "SELECT count(*) FROM pg_class WHERE relname = 'schema_server' AND pg_table_is_visible(oid)"
	}
	used, err := sqlstore.Get[int](ctx, db, query)
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("look for a sealed database: %w", err)
	}
	if used > 0 {
		return fmt.Errorf("the database was used before, but the key of its secrets is missing: restore %s, or set secret_key, which all nodes share", path)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// warnOfOpenKey tells of a secret key that others on this machine can read.
func warnOfOpenKey(c *Config, log *slog.Logger) {
	if log == nil {
		log = slog.Default()
	}
	path := filepath.Join(c.Data, secretFile)
	if info, err := os.Stat(path); c.SecretKey == "" && err == nil && info.Mode().Perm()&0o077 != 0 {
		log.Warn("other users of this machine may read the secret key", "file", path, "mode", info.Mode().Perm().String())
	}
}

func loadKeys(c *Config) (*sqlstore.Keys, error) {
	current := c.SecretKey.Reveal()
	if current == "" {
		var err error
		if current, err = secretFromFile(filepath.Join(c.Data, secretFile)); err != nil {
			return nil, err
		}
	}
	id, key := deriveKey(current)
	keys := map[string][]byte{id: key}
	for _, old := range c.OldSecretKeys {
		oldID, oldKey := deriveKey(old.Reveal())
		keys[oldID] = oldKey
	}
	k, err := sqlstore.NewKeys(id, keys)
	if err != nil {
		return nil, fmt.Errorf("secret keys: %w", err)
	}
	return k, nil
}

// signingSecret is the secret that signs links. It is empty where there is no
// data folder yet, for servers within other programs.
func signingSecret(c *Config) (wispwright.Secret, error) {
	if c.SecretKey != "" {
		return c.SecretKey, nil
	}
	raw, err := os.ReadFile(filepath.Join(c.Data, secretFile))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the secret key: %w", err)
	}
	return wispwright.Secret(strings.TrimSpace(string(raw))), nil
}

// deriveKey makes the key and its public name from the configured text.
func deriveKey(secret string) (id string, key []byte) {
	sum := sha256.Sum256([]byte("wispwright sealing\x00" + secret))
	name := sha256.Sum256(sum[:])
	return hex.EncodeToString(name[:4]), sum[:]
}

// secretFromFile reads the secret key, or makes one.
func secretFromFile(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err == nil {
		text := strings.TrimSpace(string(raw))
		if len(text) < 32 {
			return "", fmt.Errorf("the secret key in %s is too short; restore it, or what it sealed is lost", path)
		}
		return text, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read the secret key: %w", err)
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: crypto/rand aborts the program instead
	text := hex.EncodeToString(random)
	if err := writeNew(path, text+"\n"); err != nil {
		if errors.Is(err, os.ErrExist) { // another process was faster
			return secretFromFile(path)
		}
		return "", fmt.Errorf("make the secret key: %w", err)
	}
	return text, nil
}

// writeNew writes a file that did not exist, completely or not at all: a crash
// must not leave half a key.
func writeNew(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // only the second name stays
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
