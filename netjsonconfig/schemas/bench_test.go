package schemas_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schemas"
)

// medium is a typical access point: three radios, six WiFi networks.
func medium(b *testing.B) any {
	b.Helper()
	text, err := os.ReadFile("testdata/openwrt-ap.json")
	require.NoError(b, err)
	v, err := ordered.Decode(text)
	require.NoError(b, err)
	return v
}

// BenchmarkValid is the check every rendering makes.
func BenchmarkValid(b *testing.B) {
	v, s := medium(b), schemas.OpenWrt().Schema
	b.ReportAllocs()
	for b.Loop() {
		if !s.Valid(v) {
			b.Fatal("refused")
		}
	}
}

// BenchmarkValidate is the way to an error deep inside.
func BenchmarkValidate(b *testing.B) {
	o := medium(b).(*ordered.Object)
	interfaces, _ := o.Get("interfaces")
	interfaces.([]any)[9].(*ordered.Object).Set("mtu", ordered.Number("1"))
	s := schemas.OpenWrt().Schema
	b.ReportAllocs()
	for b.Loop() {
		if s.Validate(o) == nil {
			b.Fatal("accepted")
		}
	}
}
