package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/simulate"
)

// tutorials follows docs/tutorials on an installation: what is typed in here is read there.
type tutorials struct {
	*installation
	organization string
	client       *agent.Client
	devices      int
}

// TestTutorialsWork does what the tutorials say, with a server and devices that register.
func TestTutorialsWork(t *testing.T) {
	for _, program := range []string{"curl", "awk", "sh"} {
		_, err := exec.LookPath(program)
		require.NoError(t, err)
	}
	i := install(t, toldFixture, "WISPWRIGHT_DATABASE="+testkit.PostgresURL(t), "WISPWRIGHT_TENANCY_SITE_URL=https://wifi.example.org")
	i.start()
	defer i.kill()
	var org struct{ Results []struct{ ID string } }
	i.ask("GET", "/api/v1/users/organization/", "", &org)
	s := &tutorials{installation: i, organization: org.Results[0].ID, client: simulate.NewClient(i.url, 2, patience)}
	t.Run("ssid", func(t *testing.T) {
		s.t = t
		s.variable("wifi_password", "at-least-8")
		s.has(s.device(s.template(s.config("ssid.json"))), "option ssid 'Guests'", "option key 'at-least-8'")
	})
	t.Run("mesh", func(t *testing.T) {
		s.t = t
		s.variable("mesh_key", "at-least-8")
		s.has(s.device(s.template(s.config("mesh.json"))), "option mode 'mesh'", "option mesh_id 'roofs'")
	})
	t.Run("hotspot", func(t *testing.T) { s.t = t; s.hotspot() })
	t.Run("wpa-enterprise", func(t *testing.T) { s.t = t; s.enterprise() })
	t.Run("vpn", func(t *testing.T) { s.t = t; s.vpn() })
	t.Run("linux", func(t *testing.T) { s.t = t; s.linux() })
	t.Run("all are listed", func(t *testing.T) {
		files, err := filepath.Glob(filepath.Join(testkit.Root(t), "docs", "tutorials", "*.md"))
		require.NoError(t, err)
		list := text(t, "README.md")
		for _, f := range files {
			if name := filepath.Base(f); name != "README.md" {
				require.Contains(t, list, "("+name+")")
			}
		}
		require.Len(t, files, 7, "one that is new is followed here too")
	})
}

func text(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(testkit.Root(t), "docs", "tutorials", name))
	require.NoError(t, err)
	return string(raw)
}

func (s *tutorials) config(name string) string { return text(s.t, name) }

// typed are the arguments of the command that a tutorial has, on one line or on several.
func (s *tutorials) typed(file, begins string) (args []string) {
	s.t.Helper()
	_, rest, found := strings.Cut(text(s.t, file), "\n"+begins)
	require.True(s.t, found, begins)
	line, _, _ := strings.Cut(strings.ReplaceAll(begins+rest, "\\\n", " "), "\n")
	for _, m := range regexp.MustCompile(`"([^"]*)"|(\S+)`).FindAllStringSubmatch(strings.TrimPrefix(line, "wispwright "), -1) {
		args = append(args, m[1]+m[2])
	}
	return args
}

// sent is the object that a tutorial posts.
func (s *tutorials) sent(file, begins string) string {
	s.t.Helper()
	_, rest, found := strings.Cut(text(s.t, file), begins)
	require.True(s.t, found, begins)
	body := strings.ReplaceAll(begins+rest[:strings.Index(rest, "}")+1], "…", "s3cr3tS3cr3t")
	require.True(s.t, json.Valid([]byte(body)), body)
	return body
}

func (s *tutorials) post(path, body string) (made map[string]any) {
	s.t.Helper()
	s.ask("POST", path, body, &made)
	return made
}

// template makes one of the organization.
func (s *tutorials) template(config string) string {
	s.t.Helper()
	return s.post("/api/v1/controller/template/", fmt.Sprintf(`{"name":"template %d","organization":%q,"backend":"netjsonconfig.OpenWrt","type":"generic","config":%s}`, s.devices, s.organization, config))["id"].(string)
}

// variable gives the organization a value for all.
func (s *tutorials) variable(name, value string) {
	s.t.Helper()
	got := s.command("variable", "set", name, "--value", value, "--organization", "acme")
	require.Equal(s.t, 0, got.status, got.err)
}

// device registers, gets a template, and returns its credentials.
func (s *tutorials) device(template string) agent.Credentials {
	s.t.Helper()
	s.devices++
	mac := fmt.Sprintf("02:0E:00:00:00:%02X", s.devices)
	id, err := s.client.Register(s.t.Context(), agent.Registration{Key: agent.ConsistentKey(mac, "s3cr3tS3cr3t"), Secret: "s3cr3tS3cr3t", Name: fmt.Sprintf("box-%d", s.devices), MACAddress: mac})
	require.NoError(s.t, err)
	if template != "" {
		var out json.RawMessage
		s.ask("PATCH", "/api/v1/controller/device/"+id.UUID+"/", `{"config":{"backend":"netjsonconfig.OpenWrt","templates":["`+template+`"]}}`, &out)
	}
	return id.Credentials
}

// has holds a device's configuration against what the tutorial promises.
func (s *tutorials) has(d agent.Credentials, lines ...string) {
	s.t.Helper()
	archive, err := s.client.Download(s.t.Context(), d, "")
	require.NoError(s.t, err)
	for _, line := range lines {
		require.True(s.t, holds(s.t, archive, line), line)
	}
}

// named is the id of the only template whose name holds a text.
func (s *tutorials) named(name string) string {
	s.t.Helper()
	var found []string
	for _, one := range s.all("/api/v1/controller/template/") {
		if strings.Contains(one["name"].(string), name) {
			found = append(found, one["id"].(string))
		}
	}
	require.Len(s.t, found, 1, name)
	return found[0]
}

func (s *tutorials) hotspot() {
	got := s.command(s.typed("hotspot.md", "wispwright hotspot-template")...)
	require.Equal(s.t, 0, got.status, got.err)
	first := s.newest()
	s.has(s.device(first), "Acme Guests", "opennds")
	var out json.RawMessage
	s.ask("PATCH", "/api/v1/controller/template/"+first+"/", `{"name":"the one before"}`, &out) // the other way is an alternative
	made := s.post("/api/v1/radius/organization/"+s.organization+"/hotspot-template/", s.sent("hotspot.md", `{"name": "Hotspot"`))
	require.NotEmpty(s.t, made)
	s.has(s.device(s.named("Hotspot")), "Acme Guests", "radius.example.org")
	_, shown, found := strings.Cut(text(s.t, "hotspot.md"), `{"captive":true`)
	require.True(s.t, found)
	shown, _, _ = strings.Cut(shown, "\n")
	q, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/api/v1/radius/organization/acme/captive-portal/", nil)
	require.NoError(s.t, err)
	q.Header.Set("Accept", "application/captive+json")
	answer, err := http.DefaultClient.Do(q)
	require.NoError(s.t, err)
	defer answer.Body.Close()
	var told map[string]any
	require.NoError(s.t, json.NewDecoder(answer.Body).Decode(&told))
	require.JSONEq(s.t, `{"captive":true`+shown, marshalled(s.t, told))
}

func marshalled(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return string(raw)
}

// newest is the id of the template that was made last.
func (s *tutorials) newest() (id string) {
	s.t.Helper()
	last := ""
	for _, one := range s.all("/api/v1/controller/template/") {
		if at := one["created"].(string); at > last {
			last, id = at, one["id"].(string)
		}
	}
	return id
}

func (s *tutorials) enterprise() {
	args := s.typed("wpa-enterprise.md", "wispwright radius wpa-enterprise")
	profile := filepath.Join(s.t.TempDir(), "acme.mobileconfig")
	for k := range args {
		if args[k] == "acme.mobileconfig" {
			args[k] = profile
		}
	}
	got := s.command(args...)
	require.Equal(s.t, 0, got.status, got.err)
	_, err := os.Stat(profile)
	require.NoError(s.t, err)
	s.has(s.device(s.newest()), "Acme Staff", "radius.example.org")
	nas := s.all("/api/v1/radius/nas/")
	require.NotEmpty(s.t, nas)
}

func (s *tutorials) vpn() {
	made := s.post("/api/v1/controller/management-network/", strings.Replace(s.sent("vpn.md", `{"name": "management"`), `"ID"`, `"`+s.organization+`"`, 1))
	require.NotEmpty(s.t, made)
	s.has(s.device(s.newest()), "option proto 'wireguard'", "vpn.example.org")
	got := s.command(strings.Fields("vpn-server https://nms.example.org --servers servers.yaml --unit")...)
	require.Equal(s.t, 0, got.status, got.err)
	require.Contains(s.t, got.out, "[Service]")
	require.Contains(s.t, text(s.t, "vpn.md"), "wispwright vpn-server https://nms.example.org --servers servers.yaml --unit")
}

// linux lets a device of another system report by the script of the tutorial.
func (s *tutorials) linux() {
	d := s.device("")
	url := s.url + "/api/v1/monitoring/device/" + d.UUID + "/?key=" + d.Key.Reveal()
	out, err := exec.CommandContext(s.t.Context(), "curl", "-fsS", "-o", "-", "-w", "%{http_code}", "-H", "Content-Type: application/json", "-d", s.config("linux.json"), url).CombinedOutput()
	require.NoError(s.t, err, string(out))
	require.Contains(s.t, string(out), "200")

	_, script, found := strings.Cut(text(s.t, "linux.md"), "       #!/bin/sh\n")
	require.True(s.t, found)
	script, _, found = strings.Cut(script, "\n\n4. ")
	require.True(s.t, found)
	var lines []string
	for line := range strings.SplitSeq(script, "\n") {
		lines = append(lines, strings.TrimPrefix(line, "       "))
	}
	defaults := filepath.Join(s.t.TempDir(), "report")
	require.NoError(s.t, os.WriteFile(defaults, []byte("ID="+d.UUID+"\nKEY="+d.Key.Reveal()+"\n"), 0o600))
	script = strings.NewReplacer("/etc/default/report", defaults, "https://nms.example.org", s.url).Replace(strings.Join(lines, "\n"))
	out, err = exec.CommandContext(s.t.Context(), "sh", "-ec", script).CombinedOutput()
	require.NoError(s.t, err, string(out))
	var charts map[string]any
	s.ask("GET", "/api/v1/monitoring/device/"+d.UUID+"/?key="+d.Key.Reveal(), "", &charts)
	require.NotEmpty(s.t, charts["charts"])
}
