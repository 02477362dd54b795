package openwrt_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/netjsontest"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
)

// TestBackend runs the suite of any backend.
func TestBackend(t *testing.T) {
	samples := map[string]netjsontest.Sample{"nothing": {Config: `{}`}}
	for _, name := range []string{"small", "medium", "services", "bridges"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		require.NoError(t, err)
		// Wireless interfaces without an address are read last, the options of
		// merged sections are sorted.
		lossy := name == "medium" || name == "services"
		samples[name] = netjsontest.Sample{Config: string(text), Lossy: lossy}
		for _, dsa := range []bool{true, false} {
			samples[name+map[bool]string{true: " dsa", false: " old"}[dsa]] = netjsontest.Sample{Config: string(text), Options: &njc.Options{DSA: &dsa}, Lossy: lossy}
		}
	}
	t.Run("openwrt", func(t *testing.T) { netjsontest.Run(t, openwrt.Backend(), samples) })
	for _, name := range []string{"bridges", "bridges dsa", "bridges old"} {
		delete(samples, name) // has no hostname, which the older firmware wants
	}
	t.Run("openwisp", func(t *testing.T) { netjsontest.Run(t, openwrt.Legacy(), samples) })
}
