package admin_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

var update = flag.Bool("update", false, "write the expected outputs anew, to be read before they are kept")

// addressed is what DNS servers show in: they are options of networks.
const addressed = `{"interfaces": [{"type": "ethernet", "name": "eth0", "network": "lan",
	"addresses": [{"proto": "static", "family": "ipv4", "address": "10.0.0.2", "mask": 24}]}]}`

// TestTasksRender renders what the tasks of the gallery write: documents.json
// is made, and compared, by the tests of the pages, so this tells that every
// task writes a valid configuration and what it becomes on a device.
func TestTasksRender(t *testing.T) {
	folder := filepath.Join("src", "controller", "tasks", "testdata")
	text, err := os.ReadFile(filepath.Join(folder, "documents.json"))
	require.NoError(t, err)
	var documents map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &documents))
	require.NotEmpty(t, documents)

	// what the variables of the documents are on the device
	variables := map[string]any{"wifi_password": "from the device", "wg_private_key": "aFByaXZhdGUta2V5LWZvci10aGUtc2FtcGxlcy0wMDA=", "ntp_server": "ntp.example.net", "zerotier_secret": "secret", "name": "ap-1"}
	lowest, err := ordered.DecodeObject([]byte(addressed))
	require.NoError(t, err)
	var all bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(documents)) {
		options := &netjsonconfig.Options{Context: variables}
		if strings.HasPrefix(name, "dns-") {
			options.Templates = []*ordered.Object{lowest}
		}
		config, err := netjsonconfig.NewJSON(openwrt.Backend(), documents[name], options)
		require.NoError(t, err, name)
		rendered, err := config.Render()
		require.NoError(t, err, "%s: %s", name, documents[name])
		require.NotContains(t, rendered, "{{", name)
		all.WriteString("######## " + name + "\n\n" + rendered + "\n")
	}
	file := filepath.Join(folder, "documents.uci")
	if *update {
		require.NoError(t, os.WriteFile(file, all.Bytes(), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), all.String())
}
