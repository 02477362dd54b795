package ipam_test

import (
	"testing"

	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/ipam/ipamtest"
	"github.com/wispwright/wispwright/kit/memstore"
)

func TestMemory(t *testing.T) {
	ipamtest.Run(t, func(*testing.T) ipamtest.Storage {
		m := memstore.New()
		return ipamtest.Storage{Tx: m, Stores: ipam.NewMemory(m)}
	})
}
