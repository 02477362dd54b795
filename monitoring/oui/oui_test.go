package oui_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/monitoring/oui"
)

func Example() {
	fmt.Println(oui.New().Vendor("00:00:00:12:34:56"))
	// Output: XEROX CORPORATION
}

func TestVendor(t *testing.T) {
	table := oui.New()
	require.NotEmpty(t, table.Vendor("3c:22:fb:19:3b:38"))
	require.Equal(t, table.Vendor("3c:22:fb:19:3b:38"), table.Vendor("3C-22-FB-19-3B-38"))
	require.Equal(t, table.Vendor("3c:22:fb:19:3b:38"), table.Vendor("3c22.fb19.3b38"))
	for _, none := range []string{"", "x", "02:00:00:00:00:00", "3c:22:fb", "3c:22:fb:19:3b:38:00", "zz:14:78:19:3b:38", "ff:ff:ff:ff:ff:ff"} {
		require.Empty(t, table.Vendor(none), none)
	}
}
