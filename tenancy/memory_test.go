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
