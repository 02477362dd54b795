package cli_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	vocabulary "github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/client"
	"github.com/wispwright/wispwright/client/api"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// elsewhere is an installation that listens, with the data of a fixture.
func elsewhere(t *testing.T, db *sqlstore.DB) string {
	t.Helper()
	concerns := server.DefaultConcerns()
	config, err := server.LoadConfig("", []string{"WISPWRIGHT_DATA=" + t.TempDir(), "WISPWRIGHT_TENANCY_PASSWORD_ITERATIONS=1"}, concerns)
	require.NoError(t, err)
	require.NoError(t, server.Migrate(t.Context(), db, concerns))
	s, err := server.New(t.Context(), db, &server.Options{Config: config, Concerns: concerns, Log: slog.New(slog.DiscardHandler), Build: "test"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(toldFixture)))
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	return listening.URL
}

// TestRemote: every kind is made, listed, shown, changed and deleted on a real
// server by the commands.
func TestRemote(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		address := elsewhere(t, db)
		remote := func(stdin string, args ...string) run {
			return wispwrightIn([]string{"WISPWRIGHT_REMOTE_SERVER=" + address, "WISPWRIGHT_REMOTE_TOKEN=" + toldToken}, stdin, append([]string{"remote"}, args...)...)
		}
		ok := func(stdin string, args ...string) string {
			t.Helper()
			got := remote(stdin, args...)
			require.Equal(t, 0, got.status, got.err)
			return got.out
		}
		object := func(text string) map[string]any {
			t.Helper()
			var o map[string]any
			require.NoError(t, json.Unmarshal([]byte(text), &o), text)
			return o
		}
		made := func(stdin string, args ...string) string {
			t.Helper()
			return object(ok(stdin, append([]string{"create", "-o", "json"}, args...)...))["id"].(string)
		}
		org := made("", "organization", "name=Beta", "slug=beta")
		require.Regexp(t, `(?m)^ID +NAME +SLUG +IS_ACTIVE\n(.*\n)*`+org+` +Beta +beta +true$`, ok("", "list", "organization"))
		config := filepath.Join(t.TempDir(), "config.json")
		require.NoError(t, os.WriteFile(config, []byte(`{"general":{"timezone":"UTC"}}`), 0o600))
		template := made("", "template", "name=wifi", "organization="+org, "backend=netjsonconfig.OpenWrt", "config:=@"+config)
		group := made(`{"name":"roofs","organization":"`+org+`","templates":["`+template+`"]}`, "group", "--file", "-")
		device := made("", "device", "name=roof-1", "organization="+org, "mac_address=02:00:00:00:dd:01", "group="+group,
			"config.backend=netjsonconfig.OpenWrt", `config.templates:=["`+template+`"]`, "config.context:={}", "config.config:={}")
		user := made("gina-Passw0rd\n", "user", "username=gina", "email=gina@example.org", "password=@-")
		subnet := subnetIn(t, address, org)
		vpn := made("", "vpn", "name=hub", "host=hub.example.org", "organization="+org, "backend=openwisp_controller.vpn_backends.Wireguard", "subnet="+subnet, `config:={"wireguard":[{"name":"wg0","port":51820}]}`)
		for _, of := range [][]string{{"organization", "beta", org, "description=x"}, {"template", "wifi", template, "notes=x"}, {"group", "roofs", group, "description=x"},
			{"device", "roof-1", device, "notes=x"}, {"user", "gina", user, "notes=x"}, {"vpn", "hub", vpn, "notes=x"}} {
			kind, name, id, change := of[0], of[1], of[2], of[3]
			require.Contains(t, ok("", "list", kind, "--search", name), id)
			require.Contains(t, ok("", "show", kind, name), id)
			field, _, _ := strings.Cut(change, "=")
			require.Equal(t, "x", object(ok("", "change", "-o", "json", kind, name, change))[field], kind)
			require.Equal(t, "x", object(ok("", "show", "-o", "json", kind, id))[field], kind)
		}
		require.Contains(t, ok("", "list", "device"), "02:00:00:00:DD:01")
		var listed []map[string]any
		require.NoError(t, json.Unmarshal([]byte(ok("", "list", "template", "-o", "json", "-f", "organization="+org)), &listed))
		require.Len(t, listed, 1)
		require.NoError(t, json.Unmarshal([]byte(ok("", "list", "organization", "-o", "json", "--limit", "1")), &listed))
		require.Len(t, listed, 1)

		refused := remote("", "delete", "device", "roof-1")
		require.Equal(t, 1, refused.status)
		require.Contains(t, refused.err, "deactivated")
		require.Equal(t, "deleted device "+device+"\n", ok("", "delete", "--force", "device", "ROOF-1"))
		for _, of := range [][]string{{"vpn", vpn}, {"user", "gina"}, {"group", group}, {"template", template}, {"organization", "beta"}} {
			ok("", append([]string{"delete"}, of...)...)
			require.Equal(t, 1, remote("", "show", of[0], of[1]).status)
		}
	})
}

// subnetIn makes what a VPN server of WireGuard needs.
func subnetIn(t *testing.T, address, organization string) string {
	t.Helper()
	c, err := client.New(address, client.Options{Token: toldToken})
	require.NoError(t, err)
	org, err := vocabulary.ParseID(organization)
	require.NoError(t, err)
	s, err := api.IpamSubnets(c).Create(t.Context(), api.IpamSubnetIn{Name: client.Set("tunnels"), Subnet: client.Set("10.77.0.0/24"), Organization: client.Set(org)})
	require.NoError(t, err)
	return s.ID.String()
}

func TestRemoteMistakes(t *testing.T) {
	address := elsewhere(t, testkit.SQLite(t))
	environ := []string{"WISPWRIGHT_REMOTE_SERVER=" + address, "WISPWRIGHT_REMOTE_TOKEN=" + toldToken}
	for _, c := range []struct {
		status int
		want   string
		args   []string
	}{
		{2, "unknown field", []string{"create", "template", "nmae=x"}},
		{2, "unknown field config.tmplates", []string{"change", "device", "x", "config.tmplates:=[]"}},
		{2, "no name=text", []string{"create", "template", "name"}},
		{2, "is to be JSON", []string{"create", "template", "config:={"}},
		{2, "no field is given", []string{"create", "template"}},
		{2, "cannot be string", []string{"create", "template", "default=yes"}},
		{2, "no object", []string{"create", "template", "name=x", "name.y=z"}},
		{2, "no filter", []string{"list", "template", "-f", "x"}},
		{2, "not negative", []string{"list", "template", "--limit=-1"}},
		{2, "must be one of", []string{"list", "nonsense"}},
		{2, "--force is for devices", []string{"delete", "--force", "user", "root"}},
		{2, "is no address", []string{"list", "template", "--server", "nowhere"}},
		{1, `nothing is called "none"`, []string{"show", "template", "none"}},
		{1, "organization: ", []string{"create", "template", "name=x", "backend=netjsonconfig.OpenWrt"}},
		{1, "no such file", []string{"create", "template", "name=@/does/not/exist"}},
		{1, "no such file", []string{"list", "template", "--token-file", "/does/not/exist"}},
	} {
		got := wispwrightIn(environ, "", append([]string{"remote"}, c.args...)...)
		require.Equal(t, c.status, got.status, "%v: %s", c.args, got.err)
		require.Contains(t, got.err, c.want, c.args)
		require.NotContains(t, got.err, toldToken)
	}
	// two templates of two organizations may have one name
	for _, org := range []string{"one", "two"} {
		made := wispwrightIn(environ, "", "remote", "create", "-o", "json", "organization", "name="+org, "slug="+org)
		require.Equal(t, 0, made.status, made.err)
		var o struct{ ID string }
		require.NoError(t, json.Unmarshal([]byte(made.out), &o))
		twin := wispwrightIn(environ, "", "remote", "create", "group", "name=twin", "organization="+o.ID, "templates:=[]")
		require.Equal(t, 0, twin.status, twin.err)
	}
	both := wispwrightIn(environ, "", "remote", "delete", "group", "twin")
	require.Equal(t, 1, both.status)
	require.Contains(t, both.err, `2 are called "twin"`)
}

// TestRemoteLogin: the token is kept for its owner alone, and goes to its own
// server only.
func TestRemoteLogin(t *testing.T) {
	address, home := elsewhere(t, testkit.SQLite(t)), t.TempDir()
	environ := []string{"HOME=" + home}
	require.Equal(t, 2, wispwrightIn(environ, "", "remote", "list", "organization").status)
	wrong := wispwrightIn(environ, "wrong\n", "remote", "login", address)
	require.Equal(t, 1, wrong.status)
	require.Contains(t, wrong.err, "401")
	require.Equal(t, 2, wispwrightIn(environ, "", "remote", "login", address).status)
	file := filepath.Join(home, ".config", "wispwright", "remote.json")
	require.NoFileExists(t, file)

	in := wispwrightIn(environ, toldToken+"\n", "remote", "login", address+"/")
	require.Equal(t, 0, in.status, in.err)
	require.NotContains(t, in.out, toldToken)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	listed := wispwrightIn(environ, "", "remote", "list", "organization")
	require.Equal(t, 0, listed.status, listed.err)
	require.Contains(t, listed.out, "Acme")
	other := wispwrightIn(environ, "", "remote", "list", "organization", "--server", "http://127.0.0.1:1")
	require.Equal(t, 2, other.status)
	require.Contains(t, other.err, "no token for http://127.0.0.1:1")

	require.NoError(t, os.Chmod(file, 0o640))
	open := wispwrightIn(environ, "", "remote", "list", "organization")
	require.Equal(t, 1, open.status)
	require.Contains(t, open.err, "chmod 600")
	require.NoError(t, os.Chmod(file, 0o600))
	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	require.Contains(t, wispwrightIn(environ, "", "remote", "list", "organization").err, "not as 'remote login' writes it")

	token := filepath.Join(home, "token")
	require.NoError(t, os.WriteFile(token, []byte(toldToken+"\n"), 0o600))
	named := wispwrightIn(environ, "", "remote", "list", "organization", "--server", address, "--token-file", token)
	require.Equal(t, 0, named.status, named.err)
	require.Equal(t, 2, wispwrightIn(nil, toldToken, "remote", "login", address).status, "no home")
}
