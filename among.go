package wispwright

import "slices"

// Among is a list of keys in a filter. Its zero value selects all objects;
// Only() without keys selects none. A list that turned out empty therefore
// never shows everything, which a nil slice would.
type Among[K comparable] struct {
	only bool
	keys []K
}

// Only selects the objects with one of the keys, and none without keys.
func Only[K comparable](keys ...K) Among[K] { return Among[K]{only: true, keys: keys} }

// Keys returns the keys, which must not be changed; only is false when all
// objects are selected.
func (a Among[K]) Keys() (keys []K, only bool) { return a.keys, a.only }

// Has reports whether an object with the key is selected.
func (a Among[K]) Has(key K) bool { return !a.only || slices.Contains(a.keys, key) }

// AnyKeys is Keys, as a []K, for a storage that reads filters without knowing K.
func (a Among[K]) AnyKeys() (keys any, only bool) { return a.keys, a.only }
