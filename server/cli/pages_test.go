package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The organizations/ of the original are taken as they are.
func TestLoginPagesAreImported(t *testing.T) {
	data := installed(t)
	done(t, data, `{"organizations":[{"name":"acme","slug":"acme","is_active":true},{"name":"beta","slug":"beta","is_active":true}]}`, "loaddata", "-")
	dir := filepath.Join(t.TempDir(), "organizations")
	for path, text := range map[string]string{
		"default/default.yml":            "name: nobody's\n",
		"js/index.js":                    "alert(1)",
		"acme/acme.yml":                  "name: Acme\nslug: acme\nserver: {uuid: x, secret_key: y}\nclient:\n  favicon: favicon.svg\n",
		"acme/lobby.yml":                 "name: Lobby\n",
		"acme/client_assets/favicon.svg": `<svg xmlns="http://www.w3.org/2000/svg"/>`,
		"acme/client_assets/tool.exe":    "MZ",
		"acme/server_assets/terms.md":    "Be *kind*.",
		"beta/beta.yml":                  "name: Beta\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600))
	}
	dry := wispwright(t, data, "", "radius", "import-login-pages", "--dry-run", dir)
	require.Equal(t, 0, dry.status, dry.err)
	require.Contains(t, dry.err, "tool.exe is left out")
	require.Contains(t, dry.err, "server is not used")
	require.Equal(t, "acme: file favicon.svg\nacme: file terms.md\nacme: page main\nacme: page lobby\nbeta: page main\n", dry.out)
	again := wispwright(t, data, "", "radius", "import-login-pages", dir)
	require.Equal(t, dry.out, again.out, "the first time stored nothing that the second would trip over")
	require.Equal(t, dry.out, done(t, data, "", "radius", "import-login-pages", dir), "it may be done again")

	require.Equal(t, "acme: page hall\n", done(t, data, "", "radius", "import-login-pages", "--organization", "acme", "--variant", "hall", filepath.Join(dir, "acme", "lobby.yml")))
	require.Equal(t, "beta: page main\n", done(t, data, "", "radius", "import-login-pages", filepath.Join(dir, "beta", "beta.yml")))
	require.Contains(t, refused(t, data, "radius", "import-login-pages", filepath.Join(dir, "acme", "lobby.yml")), "lobby: the organization")
	require.Contains(t, refused(t, data, "radius", "import-login-pages", filepath.Join(dir, "js")), "has no login pages")
	require.NotEmpty(t, refused(t, data, "radius", "import-login-pages", filepath.Join(dir, "missing")))
	require.Equal(t, 2, wispwright(t, data, "", "radius", "import-login-pages", "--variant", "x", dir).status)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "acme", "lobby.yml"), []byte("client: {theme: {primary: 7}}\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "acme", "acme.yml"), []byte("name: Other\n"), 0o600))
	require.Contains(t, refused(t, data, "radius", "import-login-pages", filepath.Join(dir, "acme")), "lobby.yml")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "acme", "lobby.yml"), []byte(strings.Repeat("#", 300<<10)), 0o600))
	require.Contains(t, refused(t, data, "radius", "import-login-pages", filepath.Join(dir, "acme")), "longer than")
}
