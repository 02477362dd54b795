package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

// TestTutorialsAreTrue renders the configurations of the tutorials and reads their
// measurements.
func TestTutorialsAreTrue(t *testing.T) {
	folder := filepath.Join(testkit.Root(t), "docs", "tutorials")
	for name, want := range map[string][]string{
		"ssid.json": {"option ssid 'Guests'", "option key 'at-least-8'", "option isolate '1'", "option channel '36'"},
		"mesh.json": {"option mode 'mesh'", "option mesh_id 'roofs'", "list ports 'eth0'"},
	} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		c, err := netjsonconfig.NewJSON(openwrt.Backend(), text, &netjsonconfig.Options{Context: map[string]any{"wifi_password": "at-least-8", "mesh_key": "at-least-8"}})
		require.NoError(t, err, name)
		out, err := c.Render()
		require.NoError(t, err, name)
		for _, line := range want {
			require.Contains(t, out, line, name)
		}
		c, err = netjsonconfig.NewJSON(openwrt.Backend(), text, &netjsonconfig.Options{Context: map[string]any{"wifi_password": "short", "mesh_key": "short"}})
		require.NoError(t, err)
		require.Error(t, c.Validate(), "a key that is too short is refused")
	}
	text, err := os.ReadFile(filepath.Join(folder, "linux.json"))
	require.NoError(t, err)
	// the schema that the server checks documents against
	rules, err := os.ReadFile(filepath.Join(testkit.Root(t), "monitoring", "schema.json"))
	require.NoError(t, err)
	s, err := schema.CompileJSON(rules, nil)
	require.NoError(t, err)
	document, err := ordered.Decode(text)
	require.NoError(t, err)
	require.NoError(t, s.Validate(document))
}
