package backends

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
)

// TestOneKeyTwice panics, for it would be a fault of this package's lists.
func TestOneKeyTwice(t *testing.T) {
	require.Panics(t, func() { registry(openwrt.Backend(), openwrt.Backend()) })
}
