package netjsoncli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/backends"
	"github.com/wispwright/wispwright/netjsonconfig/netjsoncli"
)

// TestEveryTreeIsRead runs the command over the configuration trees and the
// OpenVPN files, and over what it printed.
func TestEveryTreeIsRead(t *testing.T) {
	program := netjsoncli.Program{Backends: backends.Default()}
	for pattern, backend := range map[string]string{"../openwrt/testdata/corpus/*": "openwrt", "../vpn/testdata/corpus/*": "openvpn"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, paths)
		for _, path := range paths {
			var out, errs bytes.Buffer
			require.Zero(t, program.Run([]string{"-n", path, "-b", backend, "-m", "json", "-v"}, &out, &errs, nil), "%s: %s", path, &out)
			require.True(t, json.Valid(out.Bytes()), path)
			file := filepath.Join(t.TempDir(), "config.json")
			require.NoError(t, os.WriteFile(file, out.Bytes(), 0o600))
			out.Reset()
			require.Zero(t, program.Run([]string{"-c", file, "-b", backend, "-m", "render"}, &out, &errs, nil), "%s: %s", path, &out)
		}
	}
}

// TestReportIsPrinted prints what was kept, changed and dropped when asked to,
// apart from the output.
func TestReportIsPrinted(t *testing.T) {
	program := netjsoncli.Program{Backends: backends.Default()}
	file := filepath.Join(t.TempDir(), "native")
	require.NoError(t, os.WriteFile(file, []byte("package firewall\nconfig rule\n\toption name 'a'\n"+strings.Repeat("config rule\n\toption x ''\n", 3000)), 0o600))
	var out, errs bytes.Buffer
	require.Zero(t, program.Run([]string{"-n", file, "-b", "openwrt", "-m", "json", "-v"}, &out, &errs, nil))
	require.Contains(t, errs.String(), "dropped firewall.x: UCI has no options without a value")
	require.Contains(t, errs.String(), "more\n")
	require.NotContains(t, out.String(), "dropped")
	errs.Reset()
	require.Zero(t, program.Run([]string{"-n", file, "-b", "openwrt", "-m", "json"}, &out, &errs, nil))
	require.Empty(t, errs.String())
	out.Reset()
	require.Zero(t, program.Run([]string{"-v"}, &out, &errs, nil))
	require.Equal(t, "netjsonconfig "+netjsoncli.Version+"\n", out.String(), "alone it asks for the version")
	out.Reset()
	require.Zero(t, program.Run([]string{"--version", "-b", "openwrt"}, &out, &errs, nil))
	require.Equal(t, "netjsonconfig "+netjsoncli.Version+"\n", out.String())
}
