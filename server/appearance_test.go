package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/server/appearance"
)

func look(t *testing.T, s *server.Server, who, method, path, body string, want int) (out map[string]any) {
	t.Helper()
	w := told(t, s, who, method, path, body)
	require.Equal(t, want, w.Code, w.Body)
	if w.Body.Len() > 0 {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	}
	return out
}

// Everybody sees how the installation looks, superusers choose it.
func TestAppearance(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	const chosen = appearance.Path + "chosen/"
	require.Empty(t, look(t, s, "", "GET", appearance.Path, "", http.StatusOK)["name"])
	out := look(t, s, "a", "PUT", chosen, `{"name":"City of Udine","accent":"#7A1F5C"}`, http.StatusOK)
	require.Equal(t, "City of Udine", out["chosen"].(map[string]any)["name"])
	require.NotEmpty(t, out["shown"].(map[string]any)["accent_dark"])
	look(t, s, "a", "PATCH", chosen, `{"notice":"For the staff."}`, http.StatusOK)
	shown := look(t, s, "", "GET", appearance.Path, "", http.StatusOK)
	require.Equal(t, []any{"City of Udine", "For the staff.", "#7A1F5C"}, []any{shown["name"], shown["notice"], shown["accent"]})

	for body, field := range map[string]string{`{"bar":"#FFFFFF"}`: "bar", `{"name":{"de":"Udine"}}`: "name", `{"logo":"https://x.example/y.png"}`: "logo", `{"theme":"x"}`: "theme"} {
		w := told(t, s, "a", "PATCH", chosen, body)
		require.Equal(t, http.StatusBadRequest, w.Code, body)
		require.Contains(t, w.Body.String(), `"`+field+`":`)
	}
	for who, want := range map[string]int{"b": http.StatusForbidden, "c": http.StatusForbidden, "d": http.StatusForbidden, "": http.StatusUnauthorized} {
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			require.Equal(t, want, told(t, s, who, method, chosen, `{"name":"Mine"}`).Code, "%s by %s", method, who)
		}
	}
	require.Equal(t, shown, look(t, s, "", "GET", appearance.Path, "", http.StatusOK), "nothing of it changed anything")
	require.Contains(t, told(t, s, "a", "GET", "/api/v1/audit/event/?kind="+appearance.Kind, "").Body.String(), "City of Udine")
	look(t, s, "a", "DELETE", chosen, "", http.StatusNoContent)
	require.Empty(t, look(t, s, "", "GET", appearance.Path, "", http.StatusOK)["name"])
}

// The settings say how it looks where nobody chose, and a wrong one ends the start.
func TestAppearanceOfTheSettings(t *testing.T) {
	logo := filepath.Join(t.TempDir(), "logo.svg")
	require.NoError(t, os.WriteFile(logo, []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), 0o600))
	load := func(environment ...string) (*server.Config, []server.Concern, error) {
		concerns := server.DefaultConcerns()
		c, err := server.LoadConfig("", append(environment, "WISPWRIGHT_DATA="+t.TempDir()), concerns)
		return c, concerns, err
	}
	for environment, want := range map[string]string{
		"WISPWRIGHT_APPEARANCE_ACCENT=#FFEE00":   "appearance.accent",
		"WISPWRIGHT_APPEARANCE_LOGO=/no/such":    "appearance.logo",
		"WISPWRIGHT_APPEARANCE_THEME=colourful":  "appearance.theme",
		"WISPWRIGHT_APPEARANCE_ICON=/etc/passwd": "appearance.icon",
	} {
		_, _, err := load(environment)
		require.ErrorContains(t, err, want)
	}
	c, concerns, err := load("WISPWRIGHT_APPEARANCE_NAME=Udine", "WISPWRIGHT_APPEARANCE_LOGO="+logo, "WISPWRIGHT_APPEARANCE_BAR=#401030")
	require.NoError(t, err)
	db := testkit.SQLite(t)
	require.NoError(t, server.Migrate(t.Context(), db, concerns))
	s, err := server.New(t.Context(), db, &server.Options{Config: c, Concerns: concerns})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	shown := look(t, s, "", "GET", appearance.Path, "", http.StatusOK)
	require.Equal(t, "Udine", shown["name"])
	require.Equal(t, "#401030", shown["bar"])
	require.True(t, strings.HasPrefix(shown["logo"].(string), "data:image/svg+xml;base64,"))
}
