// Package cache remembers what was read, and forgets it on every node when it
// changes.
//
// A service calls Drop or Purge inside the transaction that changes what a
// value was made of: it is forgotten after the commit, here and on every node
// that listens to the same wispwright.Bus. What is read inside a transaction
// may be undone and is never remembered; neither is what was read while
// something was forgotten, since it may be older.
package cache

import (
	"context"
	"crypto/rand"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
)

// Options change what New makes; zero fields mean the defaults.
type Options struct {
	// Bus tells the other nodes. Default: this node is alone.
	Bus wispwright.Bus
	// TTL is how long a value is believed: the net below a notification that was
	// lost. Default: 30 s.
	TTL time.Duration
	// Size is how many values are kept; some of them, any, make room for new
	// ones. Default: 10,000.
	Size int
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// Cache remembers values by key. It may be used by many goroutines.
type Cache[K comparable, V any] struct {
	channel string
	node    string // in front of what this node tells, which it need not hear
	options Options
	textual bool

	mu         sync.RWMutex
	generation uint64
	entries    map[K]entry[V]
}

type entry[V any] struct {
	value   V
	expires time.Time
}

// New returns an empty cache. Caches of the same name forget together across
// the nodes.
func New[K comparable, V any](name string, o Options) *Cache[K, V] {
	if o.TTL <= 0 {
		o.TTL = 30 * time.Second
	}
	if o.Size <= 0 {
		o.Size = 10_000
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return &Cache[K, V]{channel: "cache " + name, node: rand.Text()[:8], options: o, textual: textual(reflect.TypeFor[K]()), entries: map[K]entry[V]{}}
}

// textual reports whether JSON keeps keys of a type apart.
func textual(t reflect.Type) bool {
	if t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	}
	switch t.Kind() {
	case reflect.String, reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint, reflect.Uint64, reflect.Uint32:
		return true
	}
	return false
}

// Listen forgets what other nodes tell of, until the context ends.
func (c *Cache[K, V]) Listen(ctx context.Context) error {
	if c.options.Bus == nil {
		return nil
	}
	if err := c.options.Bus.Listen(ctx, c.channel, c.heard); err != nil {
		return fmt.Errorf("%s: %w", c.channel, err)
	}
	return nil
}

// Load returns the value of a key, which it reads where it is not remembered.
// In a transaction it always reads, and remembers nothing.
func (c *Cache[K, V]) Load(ctx context.Context, key K, read func(context.Context) (V, error)) (V, error) {
	if wispwright.Pending(ctx) {
		return read(ctx)
	}
	c.mu.RLock()
	e, ok := c.entries[key]
	before := c.generation
	c.mu.RUnlock()
	if ok && c.options.Clock().Before(e.expires) {
		return e.value, nil
	}
	value, err := read(ctx)
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation != before {
		return value, nil
	}
	if len(c.entries) >= c.options.Size {
		c.makeRoom()
	}
	c.entries[key] = entry[V]{value, c.options.Clock().Add(c.options.TTL)}
	return value, nil
}

// makeRoom drops an eighth of the entries. Which ones is left to the map's
// order: where more is asked for in turn than fits, dropping what was not used
// longest would drop just what is asked for next.
func (c *Cache[K, V]) makeRoom() {
	n := c.options.Size/8 + 1
	for k := range c.entries {
		delete(c.entries, k)
		if n--; n == 0 {
			return
		}
	}
}

// Get returns what is remembered of a key, also in a transaction: the value
// was committed once, and what depends on its being so still must be checked
// under a lock.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	c.mu.RLock()
	e, ok := c.entries[key]
	c.mu.RUnlock()
	if !ok || !c.options.Clock().Before(e.expires) {
		var none V
		return none, false
	}
	return e.value, true
}

// Drop forgets keys after the commit of the context's transaction, here and on
// every node, and nothing when it is rolled back.
func (c *Cache[K, V]) Drop(ctx context.Context, keys ...K) error {
	if len(keys) == 0 {
		return nil
	}
	wispwright.AfterCommit(ctx, func() { c.Forget(keys...) })
	if c.options.Bus == nil {
		return nil
	}
	if !c.textual {
		return c.tell(ctx, all)
	}
	for payload := range payloads(keys) {
		if err := c.tell(ctx, payload); err != nil {
			return err
		}
	}
	return nil
}

// Purge forgets everything after the commit of the context's transaction, here
// and on every node.
func (c *Cache[K, V]) Purge(ctx context.Context) error {
	wispwright.AfterCommit(ctx, c.purge)
	return c.tell(ctx, all)
}

// all is the payload that forgets everything.
const all = "*"

func (c *Cache[K, V]) tell(ctx context.Context, payload string) error {
	if c.options.Bus == nil {
		return nil
	}
	if err := c.options.Bus.Notify(ctx, c.channel, c.node+payload); err != nil {
		return fmt.Errorf("forget what other nodes remember (%s): %w", c.channel, err)
	}
	return nil
}

// heard forgets what another node tells of; what it does not understand makes
// it forget everything.
func (c *Cache[K, V]) heard(payload string) {
	payload, own := strings.CutPrefix(payload, c.node)
	if own {
		return
	}
	var keys []K
	if !c.textual || len(payload) <= len(c.node) || json.Unmarshal([]byte(payload[len(c.node):]), &keys) != nil {
		c.purge()
		return
	}
	c.Forget(keys...)
}

// payloadLimit is how many bytes of keys one notification carries.
const payloadLimit = 6_000

// payloads writes keys as JSON lists that fit a notification.
func payloads[K comparable](keys []K) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		var b strings.Builder
		for _, key := range keys {
			text, err := json.Marshal(key)
			if err != nil || len(text) > payloadLimit {
				yield(all)
				return
			}
			if b.Len() > 0 && b.Len()+len(text) >= payloadLimit {
				if !yield("[" + b.String() + "]") {
					return
				}
				b.Reset()
			}
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			b.Write(text)
		}
		yield("[" + b.String() + "]")
	}
}

// Forget forgets keys at once and on this node alone, when what is remembered
// turned out to be old, or does no harm elsewhere.
func (c *Cache[K, V]) Forget(keys ...K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	for _, k := range keys {
		delete(c.entries, k)
	}
}

func (c *Cache[K, V]) purge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	clear(c.entries)
}
