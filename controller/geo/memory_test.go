package geo_test

import (
	"testing"

	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/controller/geo/geotest"
	"github.com/wispwright/wispwright/kit/memstore"
)

func memory() geotest.Storage {
	m := memstore.New()
	return geotest.Storage{Tx: m, Stores: geo.NewMemory(m)}
}

func TestMemory(t *testing.T) {
	geotest.Run(t, func(*testing.T) geotest.Storage { return memory() })
}
