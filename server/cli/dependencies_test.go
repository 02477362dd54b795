package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDependencies: what configurations are made of is listed with how many devices it
// leads to.
func TestDependencies(t *testing.T) {
	i := install(t, crashFixture)
	i.start()
	acme := i.organization()
	const backend = "netjsonconfig.OpenWrt"
	i.api("POST", "/api/v1/controller/template/", map[string]any{"name": "wan", "organization": acme, "backend": backend, "default": true, "config": map[string]any{"general": map[string]any{"timezone": "UTC"}}}, 201)
	i.api("POST", "/api/v1/controller/group/", map[string]any{"name": "roofs", "organization": acme, "templates": []string{}}, 201)
	i.api("POST", "/api/v1/controller/device/", map[string]any{"name": "ap1", "organization": acme, "mac_address": "02:00:00:00:00:01",
		"config": map[string]any{"backend": backend, "templates": []string{}, "context": map[string]any{}, "config": map[string]any{}}}, 201)
	i.kill()
	text := strings.Join(strings.Fields(done(t, i.data, "", "dependencies")), " ")
	require.Contains(t, text, "global variables setting controller.context 1")
	require.Contains(t, text, "wan 1")
	require.Contains(t, text, "roofs 0")
	var list []struct {
		Kind, Name string
		Devices    int
	}
	require.NoError(t, json.Unmarshal([]byte(done(t, i.data, "", "dependencies", "--format", "json")), &list))
	devices := map[string]int{}
	for _, d := range list {
		devices[d.Kind] += d.Devices
	}
	require.Equal(t, map[string]int{"global variables": 1, "organization variables": 1, "group": 0, "template": 1}, devices)
	require.NotEmpty(t, refused(t, i.data, "dependencies", "--format", "xml"))
}
