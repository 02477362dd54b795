package memstore

import (
	"context"
	"maps"
	"slices"
)

// Map keeps a relation that is no entity, such as the groups of a user.
type Map[K comparable, V any] struct {
	store *Store
	rows  map[K][]V
}

// NewMap adds a relation to a store.
func NewMap[K comparable, V any](s *Store) *Map[K, V] {
	m := &Map[K, V]{store: s, rows: map[K][]V{}}
	s.tables = append(s.tables, m)
	return m
}

func (m *Map[K, V]) snapshot() func() {
	rows := maps.Clone(m.rows)
	return func() { m.rows = rows }
}

// Get returns a copy of the values of a key.
func (m *Map[K, V]) Get(ctx context.Context, key K) (out []V) {
	m.store.read(ctx, func(context.Context) { out = slices.Clone(m.rows[key]) })
	return out
}

// Set replaces the values of a key; none removes it.
func (m *Map[K, V]) Set(ctx context.Context, key K, values []V) error {
	return m.store.InTx(ctx, func(context.Context) error {
		if len(values) == 0 {
			delete(m.rows, key)
		} else {
			m.rows[key] = slices.Clone(values)
		}
		return nil
	})
}

// All returns a copy of the whole relation.
func (m *Map[K, V]) All(ctx context.Context) (out map[K][]V) {
	m.store.read(ctx, func(context.Context) { out = maps.Clone(m.rows) })
	return out
}
