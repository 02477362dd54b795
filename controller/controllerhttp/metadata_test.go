package controllerhttp_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDeviceMetadata: what OPTIONS says a script may choose from is what the
// server has.
func TestDeviceMetadata(t *testing.T) {
	s := newMemoryServer(t, nil)
	tenants(t, s)
	type field struct {
		Type     string
		ReadOnly bool `json:"read_only"`
		Choices  []struct {
			Value string
			Name  string `json:"display_name"`
		}
		Children map[string]field
	}
	var out struct {
		Description string
		Actions     map[string]map[string]field
	}
	require.NoError(t, json.Unmarshal(s.raw(t, "admin", "OPTIONS", "/api/v1/controller/device/", nil).Body.Bytes(), &out))
	require.Contains(t, out.Description, "required will be added automatically")
	config := out.Actions["POST"]["config"].Children
	require.Equal(t, "choice", config["backend"].Type)
	var backends []string
	for _, c := range config["backend"].Choices {
		backends = append(backends, c.Value)
		require.NotEmpty(t, c.Name)
	}
	var schemas map[string]any
	require.NoError(t, json.Unmarshal(s.raw(t, "admin", "GET", "/config/schema.json", nil).Body.Bytes(), &schemas))
	require.NotEmpty(t, backends) // the schemas are also those of VPN servers
	for _, b := range backends {
		require.Contains(t, schemas, b)
	}
	require.True(t, config["status"].ReadOnly)
	require.Equal(t, "field", config["templates"].Type)
}
