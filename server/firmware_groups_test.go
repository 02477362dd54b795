package server_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

// Mass upgrades are limited to a group of the build's organization.
func TestMassUpgradesOfAGroup(t *testing.T) {
	s := filled(t, testkit.SQLite(t), nil)
	ids := identifiers(t, s)
	made := func(path string, body map[string]any) string {
		t.Helper()
		text, err := json.Marshal(body)
		require.NoError(t, err)
		w := told(t, s, "a", "POST", path, string(text))
		require.Equal(t, 201, w.Code, w.Body.String())
		var out struct{ ID string }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
		return out.ID
	}
	const base = "/api/v1/firmware-upgrader/"
	category := made(base+"category/", map[string]any{"name": "WiFi", "organization": ids["org_alpha"]})
	build := made(base+"build/", map[string]any{"category": category, "version": "1.0"})
	ours := made("/api/v1/controller/group/", map[string]any{"name": "roof", "templates": []string{}, "organization": ids["org_alpha"]})
	theirs := made("/api/v1/controller/group/", map[string]any{"name": "roof", "templates": []string{}, "organization": ids["org_beta"]})
	launch := func(group string) string {
		w := told(t, s, "a", "POST", base+"build/"+build+"/upgrade/", `{"group":"`+group+`"}`)
		require.Equal(t, 400, w.Code, w.Body.String())
		return w.Body.String()
	}
	require.Contains(t, launch(theirs), `"group"`, "of another organization")
	require.Contains(t, launch(ids["org_alpha"]), `"group"`, "no group at all")
	require.Contains(t, launch(ours), "No devices found matching the specified filters.")
}
