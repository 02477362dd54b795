package backends_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/backends"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

func TestDefault(t *testing.T) {
	r := backends.Default()
	for _, b := range r.Backends() {
		byKey, ok := r.Get(b.Key)
		require.True(t, ok)
		require.Same(t, b, byKey)
		byPath, ok := r.Get(b.Path)
		require.True(t, ok)
		require.Same(t, b, byPath)
		require.NotEmpty(t, b.Label)
		document, err := ordered.DecodeObject(b.Document)
		require.NoError(t, err, "the schema is there for forms")
		require.True(t, document.Has("properties"))
		require.Error(t, r.Register(b), "a key is taken once")
	}
	require.NotSame(t, r, backends.Default())
}
