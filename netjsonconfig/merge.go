package netjsonconfig

import (
	"fmt"
	"hash/maphash"
	"math"
	"strconv"

	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// manyItems is the list length from which equal items are found by their hash
// instead of by comparing each with each.
const manyItems = 24

// merger lays configurations over each other (§3).
type merger struct {
	identifiers []string
	identify    func(list string, item *ordered.Object, id any) Identity
	seed        maphash.Seed
}

// Identity tells one entry of a list from the others of the same identifier.
type Identity struct {
	// Key is what the entry is known by: equal keys may be one entry.
	Key any
	// Mark sets entries of one key apart, such as the section each becomes. Within
	// one list, entries of one key and different marks are different entries.
	Mark string
	// Loose says that an entry of the other layer with the same key and another
	// mark is this one all the same, when none has the same mark. Between two
	// entries that are not loose a different mark is a difference.
	Loose bool
}

// Merge lays the objects over each other, the last one on top, by the rules of
// §3, with the backend's list identifiers. The result is a new object that
// shares nothing with the arguments. It fails with a *ValidationError when an
// object meets a list.
func (b *Backend) Merge(objects ...*ordered.Object) (*ordered.Object, error) {
	m := merger{identifiers: b.Identifiers, identify: b.Identify}
	var result *ordered.Object
	for _, o := range objects {
		if o == nil {
			continue
		}
		if result == nil {
			result = o.Clone()
			continue
		}
		if err := m.object(result, o); err != nil {
			return nil, err
		}
	}
	if result == nil {
		result = new(ordered.Object)
	}
	return result, nil
}

// object merges over into base, which it alters.
func (m *merger) object(base, over *ordered.Object) error {
	for key, member := range over.All() {
		old := value.Of(base, key)
		switch over := member.(type) {
		case *ordered.Object:
			switch old := old.(type) {
			case *ordered.Object:
				if err := m.object(old, over); err != nil {
					return under(key, err)
				}
			case []any:
				return incompatible(key)
			default:
				base.Set(key, over.Clone())
			}
		case []any:
			switch old := old.(type) {
			case []any:
				merged, err := m.list(key, old, over)
				if err != nil {
					return under(key, err)
				}
				base.Set(key, merged)
			case *ordered.Object:
				return incompatible(key)
			default:
				base.Set(key, clone(over))
			}
		default:
			base.Set(key, member)
		}
	}
	return nil
}

func incompatible(key string) error {
	return Invalid(fmt.Sprintf("Incompatible type for %q: a list and an object cannot be merged", key), key)
}

// list joins two lists; the items of base are reused, those of over copied.
func (m *merger) list(name string, base, over []any) ([]any, error) {
	known := known{exact: make(map[entryKey]int, len(base)+len(over)), at: make(map[string]*places, len(base)+len(over))}
	out := make([]any, 0, len(base)+len(over))
	for _, item := range base {
		id, ok := m.identity(name, item)
		if !ok {
			out = append(out, item)
		} else if i := known.same(id); i >= 0 {
			out[i] = item
		} else {
			known.add(id, len(out))
			out = append(out, item)
		}
	}
	first := len(out)
	equal := m.finder(base, len(over))
	var meeting map[int]*ordered.Object // what meets an item of base: the last of an identity
	for _, item := range over {
		if equal(item) {
			continue
		}
		id, ok := m.identity(name, item)
		if !ok {
			out = append(out, clone(item))
			continue
		}
		i := known.same(id)
		if i < 0 {
			i = known.like(id, first, meeting)
		}
		switch {
		case i < 0:
			known.add(id, len(out))
			out = append(out, clone(item))
		case i >= first:
			out[i] = clone(item)
		default:
			if meeting == nil {
				meeting = make(map[int]*ordered.Object)
			}
			meeting[i] = item.(*ordered.Object) // or it had no identity
		}
	}
	for i := 0; i < first && len(meeting) > 0; i++ {
		if item := meeting[i]; item != nil {
			if err := m.object(out[i].(*ordered.Object), item); err != nil {
				return nil, under(i, err)
			}
		}
	}
	return out, nil
}

// identity is an Identity with its key as text.
type identity struct {
	key, mark string
	loose     bool
}

// known are the entries of a list by their identity.
type known struct {
	exact map[entryKey]int   // places by key and mark
	at    map[string]*places // places by key
	marks []identity         // by place; empty where an item has no identity
}

type entryKey struct{ key, mark string }

// places are those of one key, in order, and how far like has looked: what has
// met an entry once never becomes free again.
type places struct {
	all        []int
	any, loose int
}

func (k *known) add(id identity, at int) {
	for len(k.marks) <= at {
		k.marks = append(k.marks, identity{})
	}
	k.marks[at] = id
	k.exact[entryKey{id.key, id.mark}] = at
	if k.at[id.key] == nil {
		k.at[id.key] = &places{}
	}
	k.at[id.key].all = append(k.at[id.key].all, at)
}

// same returns the place of the entry of that key and mark, or -1.
func (k *known) same(id identity) int {
	if i, ok := k.exact[entryKey{id.key, id.mark}]; ok {
		return i
	}
	return -1
}

// like returns the first place before the given one whose entry is the same
// under another mark and has not met one yet, or -1.
func (k *known) like(id identity, before int, met map[int]*ordered.Object) int {
	p := k.at[id.key]
	if p == nil {
		return -1
	}
	next := &p.loose
	if id.loose {
		next = &p.any
	}
	for ; *next < len(p.all) && p.all[*next] < before; *next++ {
		if i := p.all[*next]; met[i] == nil && (id.loose || k.marks[i].loose) {
			return i
		}
	}
	return -1
}

// identity returns what an item of the list of that name is known by.
func (m *merger) identity(list string, item any) (identity, bool) {
	o, ok := item.(*ordered.Object)
	if !ok {
		return identity{}, false
	}
	for _, name := range m.identifiers {
		v, ok := o.Get(name)
		if !ok {
			continue
		}
		id := Identity{Key: v}
		if m.identify != nil {
			id = m.identify(list, o, v)
		}
		if text, ok := id.Key.(string); ok {
			return identity{text, id.Mark, id.Loose}, true
		}
		// A number is not the text that spells it.
		return identity{"\x00" + string(ordered.Append(nil, id.Key)), id.Mark, id.Loose}, true
	}
	return identity{}, false
}

// finder returns a test whether a value equals one of list's items.
func (m *merger) finder(list []any, queries int) func(any) bool {
	if len(list)*queries < manyItems*manyItems {
		return func(v any) bool {
			for _, w := range list {
				if ordered.Equal(v, w) {
					return true
				}
			}
			return false
		}
	}
	if m.seed == (maphash.Seed{}) {
		m.seed = maphash.MakeSeed()
	}
	buckets := make(map[uint64][]any, len(list))
	for _, w := range list {
		h := m.hash(w)
		buckets[h] = append(buckets[h], w)
	}
	return func(v any) bool {
		for _, w := range buckets[m.hash(v)] {
			if ordered.Equal(v, w) {
				return true
			}
		}
		return false
	}
}

// hash gives equal values equal hashes: the order of keys and the spelling of
// numbers do not count.
func (m *merger) hash(v any) uint64 {
	switch v := v.(type) {
	case string:
		return maphash.String(m.seed, v)
	case ordered.Number:
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil {
			return 3 // beyond float64: rare enough to share a bucket
		}
		if f == 0 {
			f = 0 // -0 equals 0
		}
		return maphash.Comparable(m.seed, math.Float64bits(f))
	case []any:
		h := uint64(5)
		for _, w := range v {
			h = h*1099511628211 + m.hash(w)
		}
		return h
	case *ordered.Object:
		h := uint64(7)
		for key, w := range v.All() {
			h += (maphash.String(m.seed, key) | 1) * (m.hash(w) + 11)
		}
		return h
	case bool:
		if v {
			return 2
		}
		return 1
	}
	return 0
}

// clone copies a JSON value deeply.
func clone(v any) any {
	switch v := v.(type) {
	case *ordered.Object:
		return v.Clone()
	case []any:
		out := make([]any, len(v))
		for i, w := range v {
			out[i] = clone(w)
		}
		return out
	}
	return v
}
