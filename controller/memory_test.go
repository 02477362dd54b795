package controller_test

import (
	"testing"

	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllertest"
	"github.com/wispwright/wispwright/tenancy"
)

func TestMemory(t *testing.T) {
	controllertest.Run(t, func(*testing.T) controllertest.Storage {
		m, stores := tenancy.NewMemory()
		return controllertest.Storage{Tx: m, Stores: controller.NewMemory(m), Tenancy: stores}
	})
}

// A storage of some of the stores is tested as far as it goes.
func TestPartOfAStorage(t *testing.T) {
	controllertest.Run(t, func(*testing.T) controllertest.Storage {
		m, stores := tenancy.NewMemory()
		return controllertest.Storage{Tx: m, Stores: controller.Stores{Templates: controller.NewMemory(m).Templates}, Tenancy: stores}
	})
}
