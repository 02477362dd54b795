package portal_test

import (
	"testing"

	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/radius/portal"
	"github.com/wispwright/wispwright/radius/portal/portaltest"
)

func TestMemory(t *testing.T) {
	portaltest.Run(t, func(*testing.T) portaltest.Storage {
		m := memstore.New()
		return portaltest.Storage{Tx: m, Stores: portal.NewMemory(m)}
	})
}
