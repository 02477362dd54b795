package controller

import (
	"fmt"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

func newLRU[K comparable, V any](size int, evicted func(K, V)) *lru.Cache[K, V] {
	l, err := lru.NewWithEvict(size, evicted)
	if err != nil {
		panic(fmt.Sprintf("controller: cache of %d: %v", size, err)) // a size below 1, which Options rules out
	}
	return l
}

// cache remembers values for some time. What was read while something was
// dropped is not remembered, since it may be older than the drop.
type cache[K comparable, V any] struct {
	mu         sync.Mutex
	generation uint64
	entries    *lru.Cache[K, entry[V]]
	ttl        time.Duration
	clock      func() time.Time
}

type entry[V any] struct {
	value   V
	expires time.Time
}

func newCache[K comparable, V any](size int, o Options) *cache[K, V] {
	return &cache[K, V]{entries: newLRU[K, entry[V]](size, nil), ttl: o.CacheFor, clock: o.Clock}
}

func (c *cache[K, V]) get(key K) (V, bool) {
	e, ok := c.entries.Get(key)
	if !ok || c.clock().After(e.expires) {
		var none V
		return none, false
	}
	return e.value, true
}

// load returns the value, which it reads when it is not remembered.
func (c *cache[K, V]) load(key K, read func() (V, error)) (V, error) {
	if v, ok := c.get(key); ok {
		return v, nil
	}
	c.mu.Lock()
	before := c.generation
	c.mu.Unlock()
	v, err := read()
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	if c.generation == before {
		c.entries.Add(key, entry[V]{v, c.clock().Add(c.ttl)})
	}
	c.mu.Unlock()
	return v, nil
}

func (c *cache[K, V]) drop(keys ...K) {
	c.mu.Lock()
	c.generation++
	for _, k := range keys {
		c.entries.Remove(k)
	}
	c.mu.Unlock()
}

func (c *cache[K, V]) purge() {
	c.mu.Lock()
	c.generation++
	c.entries.Purge()
	c.mu.Unlock()
}

// archiveCache keeps archives by their checksum, within a budget of bytes.
type archiveCache struct {
	mu      sync.Mutex
	left    int
	entries *lru.Cache[string, []byte]
}

func newArchiveCache(budget int) *archiveCache {
	c := &archiveCache{left: budget}
	// the smallest archive has some 150 bytes; entries are bounded by the budget
	c.entries = newLRU(max(1, budget/128), func(_ string, b []byte) { c.left += len(b) })
	return c
}

func (c *archiveCache) get(checksum string) ([]byte, bool) { return c.entries.Get(checksum) }

func (c *archiveCache) put(checksum string, archive []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries.Contains(checksum) {
		return
	}
	c.entries.Add(checksum, archive)
	for c.left -= len(archive); c.left < 0; {
		if _, _, ok := c.entries.RemoveOldest(); !ok {
			return
		}
	}
}
