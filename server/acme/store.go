package acme

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/kit/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the tables of SQLStore.
func Migrations() sqlstore.Migrations { return sqlstore.Migrations{Concern: "acme", FS: migrations} }

// file is what is kept under a name: keys among them, hence sealed.
type file struct {
	Name     string
	Content  wispwright.Secret
	Size     int64
	Modified time.Time
}

// Shape is how storages keep files.
func (file) Shape() store.Shape { return store.Shape{Table: "acme_file", Key: "Name"} }

// SQLStore keeps what certmagic gets in the database, sealed, where all nodes see it.
// It implements certmagic.Storage.
type SQLStore struct {
	db    *sqlstore.DB
	files *sqlstore.Repo[string, file, struct{}]
	now   func() time.Time
	node  string

	lock sync.Mutex
	held map[string]context.CancelFunc
}

// NewSQLStore returns the store on a migrated database.
func NewSQLStore(db *sqlstore.DB) (*SQLStore, error) {
	b := sqlstore.Build(db)
	s := &SQLStore{
		db: db, files: sqlstore.Add[string, file, struct{}](b, sqlstore.Spec{Shape: file{}.Shape()}), now: time.Now, node: rand.Text(),
		held: map[string]context.CancelFunc{},
	}
	return s, b.Err()
}

// Store implements certmagic.Storage.
func (s *SQLStore) Store(ctx context.Context, key string, value []byte) error {
	o := &file{key, wispwright.Secret(base64.StdEncoding.EncodeToString(value)), int64(len(value)), s.now().UTC()}
	update := func() error {
		_, err := s.files.Update(ctx, wispwright.ScopeAll(), key, func(f *file) error { *f = *o; return nil })
		return err
	}
	err := update()
	if !errors.Is(err, wispwright.ErrNotFound) {
		return err
	}
	err = s.files.Insert(ctx, o)
	var taken *wispwright.ConflictError
	if errors.As(err, &taken) { // another node was faster
		return update()
	}
	return err
}

// Load implements certmagic.Storage.
func (s *SQLStore) Load(ctx context.Context, key string) ([]byte, error) {
	f, err := s.files.Get(ctx, wispwright.ScopeAll(), key)
	if err != nil {
		return nil, missing(err)
	}
	return base64.StdEncoding.DecodeString(f.Content.Reveal())
}

// missing is how certmagic wants to be told.
func missing(err error) error {
	if errors.Is(err, wispwright.ErrNotFound) {
		return fs.ErrNotExist
	}
	return err
}

// Delete implements certmagic.Storage.
func (s *SQLStore) Delete(ctx context.Context, key string) error {
	_, err := sqlstore.Exec(ctx, s.db, "DELETE FROM acme_file WHERE name = ? OR substr(name, 1, ?) = ?", key, len(key)+1, key+"/")
	return err
}

// Exists implements certmagic.Storage.
func (s *SQLStore) Exists(ctx context.Context, key string) bool {
	n, err := sqlstore.Get[int](ctx, s.db, "SELECT count(*) FROM acme_file WHERE name = ? OR substr(name, 1, ?) = ?", key, len(key)+1, key+"/")
	return err == nil && n > 0
}

// List implements certmagic.Storage.
func (s *SQLStore) List(ctx context.Context, path string, recursive bool) ([]string, error) {
	path = strings.TrimSuffix(path, "/")
	prefix := path + "/"
	if path == "" {
		prefix = ""
	}
	names, err := sqlstore.Select[string](ctx, s.db, "SELECT name FROM acme_file WHERE substr(name, 1, ?) = ? ORDER BY name", len(prefix), prefix)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fs.ErrNotExist
	}
	if recursive {
		return names, nil
	}
	for i, name := range names {
		first, _, _ := strings.Cut(strings.TrimPrefix(name, prefix), "/")
		names[i] = prefix + first
	}
	return slices.Compact(names), nil
}

// Stat implements certmagic.Storage.
func (s *SQLStore) Stat(ctx context.Context, key string) (certmagic.KeyInfo, error) {
	f, err := s.files.Get(ctx, wispwright.ScopeAll(), key)
	if err == nil {
		return certmagic.KeyInfo{Key: key, Modified: f.Modified, Size: f.Size, IsTerminal: true}, nil
	}
	if errors.Is(err, wispwright.ErrNotFound) && s.Exists(ctx, key) {
		return certmagic.KeyInfo{Key: key}, nil
	}
	return certmagic.KeyInfo{}, missing(err)
}

// leaseFor is how long a node that says nothing more keeps a lock.
const leaseFor = 30 * time.Second

// Lock implements certmagic.Locker: a row that its node renews while it lives.
func (s *SQLStore) Lock(ctx context.Context, name string) error {
	for {
		now := s.now()
		n, err := sqlstore.Exec(ctx, s.db, `INSERT INTO acme_lock (name, node, until) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET node = excluded.node, until = excluded.until WHERE acme_lock.until < ?`, name, s.node, now.Add(leaseFor).UnixMilli(), now.UnixMilli())
		if err != nil {
			return fmt.Errorf("lock %s: %w", name, err)
		}
		if n > 0 {
			s.keep(name)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// keep renews a lock until it is given back.
func (s *SQLStore) keep(name string) {
	ctx, cancel := context.WithCancel(context.Background())
	s.lock.Lock()
	s.held[name] = cancel
	s.lock.Unlock()
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(leaseFor / 3):
			}
			// one that fails is tried again before the lease ends
			_, _ = sqlstore.Exec(ctx, s.db, "UPDATE acme_lock SET until = ? WHERE name = ? AND node = ?", s.now().Add(leaseFor).UnixMilli(), name, s.node)
		}
	}()
}

// Unlock implements certmagic.Locker.
func (s *SQLStore) Unlock(ctx context.Context, name string) error {
	s.lock.Lock()
	cancel := s.held[name]
	delete(s.held, name)
	s.lock.Unlock()
	if cancel != nil {
		cancel()
	}
	_, err := sqlstore.Exec(ctx, s.db, "DELETE FROM acme_lock WHERE name = ? AND node = ?", name, s.node)
	return err
}

var _ certmagic.Storage = (*SQLStore)(nil)
