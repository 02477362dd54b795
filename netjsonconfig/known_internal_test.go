package netjsonconfig

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// slowly finds entries by looking at all of them, as the rules are written.
type slowly []identity

func (k slowly) same(id identity) int {
	for i, e := range k {
		if e.key == id.key && e.mark == id.mark {
			return i
		}
	}
	return -1
}

func (k slowly) like(id identity, before int, met map[int]*ordered.Object) int {
	for i, e := range k[:before] {
		if e.key == id.key && met[i] == nil && (id.loose || e.loose) {
			return i
		}
	}
	return -1
}

// Entries are found as if each was looked at, whatever list is laid over which.
func TestKnownEntries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.Custom(func(t *rapid.T) identity {
			return identity{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"), rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(t, "mark"), rapid.Bool().Draw(t, "loose")}
		})
		quick, slow := known{exact: map[entryKey]int{}, at: map[string]*places{}}, slowly{}
		for _, id := range rapid.SliceOfN(one, 0, 12).Draw(t, "base") {
			require.Equal(t, slow.same(id), quick.same(id))
			if slow.same(id) < 0 {
				quick.add(id, len(slow))
				slow = append(slow, id)
			}
		}
		first, met := len(slow), map[int]*ordered.Object{}
		for _, id := range rapid.SliceOfN(one, 0, 24).Draw(t, "over") {
			i := slow.same(id)
			require.Equal(t, i, quick.same(id))
			if i < 0 {
				i = slow.like(id, first, met)
				require.Equal(t, i, quick.like(id, first, met))
			}
			switch {
			case i < 0:
				quick.add(id, len(slow))
				slow = append(slow, id)
			case i < first:
				met[i] = new(ordered.Object)
			}
		}
	})
}
