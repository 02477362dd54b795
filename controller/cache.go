package controller

import (
	"fmt"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

func newLRU[K comparable, V any](size int, evicted func(K, V)) *lru.Cache[K, V] {
	l, err := lru.NewWithEvict(size, evicted)
	if err != nil {
		panic(fmt.Sprintf("controller: cache of %d: %v", size, err)) // a size below 1, which Options rules out
	}
	return l
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
