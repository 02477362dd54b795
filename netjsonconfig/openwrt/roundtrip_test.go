package openwrt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
)

// TestWrittenIsReadBack writes what the reference's inputs describe, reads it
// and writes it again: nothing may be lost or changed on the way.
func TestWrittenIsReadBack(t *testing.T) {
	files := []string{
		"openwrt-system", "openwrt-interfaces", "openwrt-routing", "openwrt-wireless", "openwrt-services",
		"openwrt-devices", "openwrt-vlan-filtering",
	}
	for _, file := range files {
		var vectors []vector
		testkit.ReadVectors(t, &vectors, "netjsonconfig", file+".json")
		for _, v := range vectors {
			if v.Operation != "render" || v.Expected.Error != "" {
				continue
			}
			t.Run(file+"/"+v.Name, func(t *testing.T) {
				if reason, ok := lossy()[v.Name]; ok {
					t.Skip(reason)
				}
				config, err := open(v)
				require.NoError(t, err)
				rewrite(t, openwrt.Backend(), config, v.Options.DSA)
			})
		}
	}
}

// lossy are the inputs whose text is not reproduced, with the reason of each.
func lossy() map[string]string {
	return map[string]string{
		"default extends network package":     "a route among the blocks of the package becomes one of routes, which say their metric",
		"default overrides generated section": "what a block added is among the section's own options, in their order",
	}
}

func rewrite(t *testing.T, b *njc.Backend, config *njc.Config, dsa *bool) {
	t.Helper()
	text, err := config.RenderNative()
	require.NoError(t, err)
	read, err := njc.Parse(b, []byte(text), &njc.Options{DSA: dsa})
	require.NoError(t, err, "%s", text)
	again, err := read.RenderNative()
	require.NoError(t, err)
	require.Equal(t, text, again, "%s", read.Merged())
}
