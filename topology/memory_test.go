package topology_test

import (
	"testing"

	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/topology"
	"github.com/wispwright/wispwright/topology/topologytest"
)

func TestMemory(t *testing.T) {
	topologytest.Run(t, func(*testing.T) topologytest.Storage {
		m := memstore.New()
		return topologytest.Storage{Tx: m, Stores: topology.NewMemory(m)}
	})
}
