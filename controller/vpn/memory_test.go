package vpn_test

import (
	"testing"

	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/controller/vpn/vpntest"
	"github.com/wispwright/wispwright/kit/memstore"
)

func TestMemory(t *testing.T) {
	vpntest.Run(t, func(*testing.T) vpntest.Storage {
		m := memstore.New()
		return vpntest.Storage{Tx: m, Stores: vpn.NewMemory(m)}
	})
}
