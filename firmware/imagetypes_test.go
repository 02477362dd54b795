package firmware_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/firmware"
)

// The type of an image is derived from the name of its file, also as releases are called.
func TestTypeOfAFile(t *testing.T) {
	types, err := firmware.NewImageTypes()
	require.NoError(t, err)
	const wdr = "ath79-generic-tplink_tl-wdr4300-v1-squashfs-sysupgrade.bin"
	for name, want := range map[string]string{
		"openwrt-" + wdr:              wdr,
		"openwrt-24.10.0-" + wdr:      wdr,
		"openwrt-24.10.0-rc2-" + wdr:  wdr,
		"our-own-build-of-it-" + wdr:  wdr,
		`C:\images\openwrt-` + wdr:    wdr,
		"openwrt-unknown-board-x.bin": "unknown-board-x.bin",
		"image.bin":                   "image.bin",
		"":                            "",
	} {
		require.Equal(t, want, types.OfFile(name), name)
	}
}
