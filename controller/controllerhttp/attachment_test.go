package controllerhttp

import (
	"mime"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever a device or template is called, its archive has one file name, which
// says no more than that.
func TestAttachment(t *testing.T) {
	for name, want := range map[string]string{
		"box":                  `attachment; filename=box.tar.gz`,
		"02-00-00-00-00-01":    `attachment; filename=02-00-00-00-00-01.tar.gz`,
		"a; filename=evil.exe": `attachment; filename="a_ filename=evil.exe.tar.gz"`,
		"<script>":             `attachment; filename="<script>.tar.gz"`,
		"a\r\nb\"c\\d/ü":       `attachment; filename=a__b_c_d__.tar.gz`,
	} {
		got := attachment(name)
		require.Equal(t, want, got)
		_, parameters, err := mime.ParseMediaType(got)
		require.NoError(t, err)
		require.Len(t, parameters, 1)
	}
}
