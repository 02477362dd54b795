package wispwright_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

func TestAmong(t *testing.T) {
	var found []int // what a query that found nothing returns
	for name, tt := range map[string]struct {
		among wispwright.Among[int]
		has   map[int]bool
		only  bool
	}{
		"zero value selects all":     {wispwright.Among[int]{}, map[int]bool{0: true, 7: true}, false},
		"no keys select nothing":     {wispwright.Only[int](), map[int]bool{0: false, 7: false}, true},
		"a nil list selects nothing": {wispwright.Only(found...), map[int]bool{0: false, 7: false}, true},
		"keys select theirs":         {wispwright.Only(7, 8), map[int]bool{0: false, 7: true, 8: true}, true},
	} {
		for key, want := range tt.has {
			require.Equal(t, want, tt.among.Has(key), "%s: %d", name, key)
		}
		keys, only := tt.among.Keys()
		require.Equal(t, tt.only, only, name)
		some, only := tt.among.AnyKeys()
		require.Equal(t, tt.only, only, name)
		require.Equal(t, keys, some, name)
	}
}
