package backends_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/backends"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

func TestDefault(t *testing.T) {
	require.Len(t, backends.Default().Backends(), 6)
	require.Len(t, backends.Servers().Backends(), 4)
	for _, r := range []*njc.Registry{backends.Default(), backends.Servers()} {
		walk(t, r)
	}
	require.NotSame(t, backends.Default(), backends.Default())
}

func walk(t *testing.T, r *njc.Registry) {
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
}
