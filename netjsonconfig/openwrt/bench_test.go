package openwrt_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// sizes are an almost empty device, a typical access point (3 radios, 6
// networks) and a large one.
var sizes = []string{"small", "medium", "large"}

func sample(t testing.TB, name string) *ordered.Object {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	require.NoError(t, err)
	object, err := njc.DecodeObject(text)
	require.NoError(t, err)
	return object
}

// BenchmarkRender measures everything from decoded JSON on: merging, validation,
// conversion and text.
func BenchmarkRender(b *testing.B) {
	backend := openwrt.Backend()
	for _, size := range sizes {
		object := sample(b, size)
		b.Run(size, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				config, err := njc.New(backend, object, nil)
				require.NoError(b, err)
				_, err = config.Render()
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkGenerate is BenchmarkRender for the archive.
func BenchmarkGenerate(b *testing.B) {
	backend := openwrt.Backend()
	for _, size := range sizes {
		object := sample(b, size)
		b.Run(size, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				config, err := njc.New(backend, object, nil)
				require.NoError(b, err)
				archive, err := config.Generate()
				require.NoError(b, err)
				n = len(archive)
			}
			b.ReportMetric(float64(n), "archive-bytes")
		})
	}
}

// BenchmarkValidate is the share of validation in the above.
func BenchmarkValidate(b *testing.B) {
	backend := openwrt.Backend()
	for _, size := range sizes {
		object := sample(b, size)
		b.Run(size, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.True(b, backend.Schema.Valid(object))
			}
		})
	}
}
