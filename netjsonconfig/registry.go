package netjsonconfig

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Registry holds backends by key and by path. It is a value of its owner, not
// a global; the zero Registry is empty and ready. Safe for concurrent use.
type Registry struct {
	mu   sync.RWMutex
	list []*Backend
}

// NewRegistry returns a registry of the given backends, or Register's error.
func NewRegistry(backends ...*Backend) (*Registry, error) {
	r := new(Registry)
	for _, b := range backends {
		if err := r.Register(b); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Register adds a backend. It refuses a nil backend, one without a key and one
// whose key or path is taken.
func (r *Registry) Register(b *Backend) error {
	if b == nil || b.Key == "" {
		return errors.New("register backend: a backend needs a key")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, other := range r.list {
		if other.Key == b.Key || (b.Path != "" && other.Path == b.Path) {
			return fmt.Errorf("register backend %q: %q is taken", b.Key, other.Key)
		}
	}
	r.list = append(r.list, b)
	return nil
}

// Get returns the backend with that key or path.
func (r *Registry) Get(name string) (*Backend, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, b := range r.list {
		if b.Key == name || (name != "" && b.Path == name) {
			return b, true
		}
	}
	return nil, false
}

// Backends returns all backends in the order of their registration.
func (r *Registry) Backends() []*Backend {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(r.list)
}
