package custom

import (
	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns a store that keeps everything in memory: for tests and small programs.
func NewMemory(m *memstore.Store) wispwright.Repo[Metric, Filter] {
	return memstore.NewRepo[wispwright.ID, Metric, Filter](m, memstore.Spec[Metric]{Shape: Shape()})
}
