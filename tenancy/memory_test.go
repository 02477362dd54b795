package tenancy_test

import (
	"testing"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancytest"
)

func TestMemory(t *testing.T) {
	tenancytest.Run(t, func(*testing.T) (wispwright.Transactor, tenancy.Stores) {
		m, stores := tenancy.NewMemory()
		return m, stores
	})
}

// A storage of some of the stores is tested as far as it goes.
func TestPartOfAStorage(t *testing.T) {
	tenancytest.Run(t, func(*testing.T) (wispwright.Transactor, tenancy.Stores) {
		m, stores := tenancy.NewMemory()
		return m, tenancy.Stores{Users: stores.Users, Tokens: stores.Tokens, Events: stores.Events}
	})
}
