package controller

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// caches are what this node remembers. All of it can be read again, and all of
// it is dropped by whoever changes what it was made of.
type caches struct {
	polls    *cache[wispwright.ID, *poll]
	tenants  *cache[wispwright.ID, *tenant]
	secrets  *cache[string, wispwright.ID] // digest of a shared secret -> organization
	defaults *cache[defaultsKey, []*Template]
	// revisions never change and are never dropped
	revisions *lru.Cache[wispwright.ID, *Revision]
	archives  *archiveCache
}

// tenant is what is known of an organization.
type tenant struct {
	organization *tenancy.Organization
	settings     *Settings
}

// poll is a Poll with the digest in the form it is compared in.
type poll struct {
	Poll
	digest [sha256.Size]byte
}

type defaultsKey struct {
	organization wispwright.ID
	backend      string
}

const (
	cachedTenants   = 10_000
	cachedRevisions = 5_000
	busChannel      = "controller_forget"
	// forgetAll and forgetTenants are payloads of the bus besides lists of
	// device ids
	forgetAll     = "*"
	forgetTenants = "organizations"
	// payloads are limited to 7,000 bytes
	idsPerPayload = 200
)

type noBus struct{}

func (noBus) Notify(context.Context, string, string) error               { return nil }
func (noBus) Listen(context.Context, string, func(payload string)) error { return nil }

func newCaches(o Options) caches {
	return caches{
		polls:     newCache[wispwright.ID, *poll](o.CachedDevices, o),
		tenants:   newCache[wispwright.ID, *tenant](cachedTenants, o),
		secrets:   newCache[string, wispwright.ID](cachedTenants, o),
		defaults:  newCache[defaultsKey, []*Template](cachedTenants, o),
		revisions: newLRU[wispwright.ID, *Revision](cachedRevisions, nil),
		archives:  newArchiveCache(o.CachedArchives),
	}
}

func newLRU[K comparable, V any](size int, evicted func(K, V)) *lru.Cache[K, V] {
	l, err := lru.NewWithEvict(size, evicted)
	if err != nil {
		panic(fmt.Sprintf("controller: cache of %d: %v", size, err)) // a size below 1, which Options rules out
	}
	return l
}

// forgetDevices drops devices after the commit, here and on other nodes.
func (c *core) forgetDevices(ctx context.Context, ids ...wispwright.ID) error {
	all := ids // the loop eats ids up before the commit
	wispwright.AfterCommit(ctx, func() { c.polls.drop(all...) })
	for len(ids) > 0 {
		n := min(len(ids), idsPerPayload)
		var b strings.Builder
		for _, id := range ids[:n] {
			b.WriteString(id.Hex())
		}
		if err := c.Bus.Notify(ctx, busChannel, b.String()); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// forgetTenants drops organizations, settings and default templates after the
// commit, here and on other nodes. They change rarely, so all go.
func (c *core) forgetTenants(ctx context.Context) error {
	wispwright.AfterCommit(ctx, c.dropTenants)
	return c.Bus.Notify(ctx, busChannel, forgetTenants)
}

func (c *core) dropTenants() {
	c.tenants.purge()
	c.secrets.purge()
	c.defaults.purge()
}

// heard drops what another node changed; anything that is not understood drops
// everything.
func (c *core) heard(payload string) {
	switch {
	case payload == forgetTenants:
		c.dropTenants()
		return
	case payload != "" && payload != forgetAll && len(payload)%32 == 0:
		ids := make([]wispwright.ID, 0, len(payload)/32)
		for ; payload != ""; payload = payload[32:] {
			id, err := wispwright.ParseID(payload[:32])
			if err != nil {
				break
			}
			ids = append(ids, id)
		}
		if payload == "" {
			c.polls.drop(ids...)
			return
		}
	}
	c.polls.purge()
	c.dropTenants()
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

// tenant returns an organization with its settings.
func (c *core) tenant(ctx context.Context, id wispwright.ID) (*tenant, error) {
	return c.tenants.load(id, func() (*tenant, error) {
		o, err := c.organizations.Get(ctx, wispwright.ScopeAll(), id)
		if err != nil {
			return nil, err
		}
		s, err := c.stores.Settings.Get(ctx, wispwright.ScopeAll(), id)
		if isNotFound(err) { // an organization older than this concern
			s = newSettings(id)
			err = c.stores.Settings.Insert(ctx, s)
			var conflict *wispwright.ConflictError
			if errors.As(err, &conflict) { // somebody else made them
				s, err = c.stores.Settings.Get(ctx, wispwright.ScopeAll(), id)
			}
		}
		if err != nil {
			return nil, err
		}
		return &tenant{o, s}, nil
	})
}

// digest is what a secret is found by.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
