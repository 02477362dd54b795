package blob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is a Store for tests and examples. Its zero value is empty and ready.
type Memory struct {
	mu    sync.RWMutex
	files map[string]kept
}

type kept struct {
	body     []byte
	modified time.Time
}

// Put implements Store.
func (m *Memory) Put(ctx context.Context, name string, body io.Reader) error {
	if err := CheckName(name); err != nil {
		return err
	}
	text, err := io.ReadAll(&reading{ctx, body})
	if err != nil {
		return fmt.Errorf("store %s: %w", name, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files == nil {
		m.files = map[string]kept{}
	}
	m.files[name] = kept{text, time.Now()}
	return nil
}

type memoryReader struct {
	*bytes.Reader
	info Info
}

func (r *memoryReader) Info() Info   { return r.info }
func (r *memoryReader) Close() error { return nil }

// Open implements Store.
func (m *Memory) Open(_ context.Context, name string) (Reader, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	f, ok := m.files[name]
	if !ok {
		return nil, missing(name)
	}
	return &memoryReader{bytes.NewReader(f.body), Info{name, int64(len(f.body)), f.modified}}, nil
}

// Delete implements Store.
func (m *Memory) Delete(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.files[name]; !ok {
		return missing(name)
	}
	delete(m.files, name)
	return nil
}

// List implements Store.
func (m *Memory) List(ctx context.Context, prefix string, fn func(Info) error) error {
	if prefix != "" && (!strings.HasSuffix(prefix, "/") || CheckName(strings.TrimSuffix(prefix, "/")) != nil) {
		return fmt.Errorf("blob: %q is no prefix of names", prefix)
	}
	m.mu.RLock()
	files := maps.Clone(m.files)
	m.mu.RUnlock()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("list files: %w", err)
		}
		if err := fn(Info{name, int64(len(files[name].body)), files[name].modified}); err != nil {
			return fmt.Errorf("list files: %w", err)
		}
	}
	return nil
}
