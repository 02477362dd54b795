package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

const rootToken = "0123456789abcdef0123456789abcdef01234567"

const acme = `{"organizations":[{"name":"Acme","slug":"acme","shared_secret":"s3cr3tS3cr3t","registration_enabled":true}],
 "users":[{"username":"root","token":"` + rootToken + `","is_superuser":true,"is_staff":true}]}`

// site is a server that listens, with jobs running. Those of its start are
// done: late, they would make the versions a test expects of other jobs.
type site struct {
	*server.Server
	t   *testing.T
	url string
	org string
}

func newSite(t *testing.T, db *sqlstore.DB) *site {
	t.Helper()
	s := &site{Server: newServer(t, db, nil), t: t}
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(acme)))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.ServeOn(ctx, l) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-served)
	})
	s.url = "http://" + l.Addr().String()
	testkit.Eventually(t, "ready", func(context.Context) bool { return get(s, "/readyz").Code == http.StatusOK })
	idle(t, s.Server)
	o, err := s.Tenancy().Organizations.BySlug(t.Context(), wispwright.ScopeAll(), "acme")
	require.NoError(t, err)
	s.org = o.ID.String()
	return s
}

// api asks the REST API as root.
func (s *site) api(method, path string, in any, want int) map[string]any {
	s.t.Helper()
	raw, err := json.Marshal(in)
	require.NoError(s.t, err)
	r, err := http.NewRequest(method, s.url+path, bytes.NewReader(raw))
	require.NoError(s.t, err)
	r.Header.Set("Authorization", "Bearer "+rootToken)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(s.t, err)
	defer answer.Body.Close()
	var out map[string]any
	if answer.StatusCode != http.StatusNoContent {
		require.NoError(s.t, json.NewDecoder(answer.Body).Decode(&out))
	}
	require.Equal(s.t, want, answer.StatusCode, "%s %s: %v", method, path, out)
	return out
}

// template makes a default template with one file, and returns its id.
func (s *site) template(contents string) string {
	s.t.Helper()
	return s.api("POST", "/api/v1/controller/template/", map[string]any{
		"name": "motd", "organization": s.org, "backend": "netjsonconfig.OpenWrt", "type": "generic", "default": true, "config": motd(contents),
	}, http.StatusCreated)["id"].(string)
}

func motd(contents string) map[string]any {
	return map[string]any{"files": []map[string]any{{"path": "/etc/motd", "mode": "0644", "contents": contents}}}
}

// status waits until the only device has a status.
func (s *site) status(want string) {
	s.t.Helper()
	testkit.Eventually(s.t, "a device that is "+want, func(context.Context) bool {
		list := s.api("GET", "/api/v1/controller/device/?config__status="+want, nil, http.StatusOK)
		return list["count"] == 1.0
	})
}

// The real agent in a sandbox against the real server: it registers, applies,
// notices a changed template, carries on without the server, and leaves what it
// has alone when the archive cannot be stored.
func TestAgentAgainstServer(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := newSite(t, db)
		id := s.template("first {{ name }}\n")
		root := t.TempDir()
		tree, err := agent.NewTree(root)
		require.NoError(t, err)
		o := agent.Defaults()
		o.URL, o.SharedSecret, o.Hostname, o.MAC = s.url, "s3cr3tS3cr3t", "box", "02:00:00:00:00:01"
		o.Interval, o.BootupDelay, o.PostReloadDelay, o.Reload = 20*time.Millisecond, 0, 0, "none"
		o.RegistrationInterval, o.ManagementInterval = 20*time.Millisecond, 20*time.Millisecond
		o.Info = agent.Info{Model: "Sandbox", OS: "OpenWrt 23.05.5", System: "test"}
		a, err := agent.New(o, agent.Deps{Tree: tree})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx) }()
		file := func() string {
			raw, err := os.ReadFile(filepath.Join(root, "etc", "motd"))
			require.NoError(t, err)
			return string(raw)
		}
		s.status("applied")
		require.Equal(t, "first box\n", file())

		s.api("PATCH", "/api/v1/controller/template/"+id+"/", map[string]any{"config": motd("second {{ name }}\n")}, http.StatusOK)
		testkit.Eventually(t, "the changed template is applied", func(context.Context) bool { return file() == "second box\n" })
		s.status("applied")

		device := s.api("GET", "/api/v1/controller/device/", nil, http.StatusOK)["results"].([]any)[0].(map[string]any)
		require.Equal(t, "box", device["name"])
		require.Equal(t, "Sandbox", device["model"])
		require.Equal(t, "127.0.0.1", device["last_ip"])
		stop()
		require.Equal(t, 0, agent.ExitCode(<-ended))
	})
}

// The change of a template reaches every device through the queue, and every
// device of the organization that another program changes through the network.
func TestTemplatesFanOutThroughJobs(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		const devices = 600 // two batches
		s := newSite(t, db)
		id := s.template("one\n")
		client := &agent.Client{BaseURL: s.url}
		var last agent.Identity
		err := db.InTx(t.Context(), func(ctx context.Context) error { // one commit instead of a thousand
			for n := range devices {
				d, err := s.Controller().Agents.Register(ctx, protocol.Registration{
					Secret: "s3cr3tS3cr3t", Backend: "netjsonconfig.OpenWrt", Name: fmt.Sprintf("d%04d", n), MACAddress: fmt.Sprintf("02:00:00:00:%02X:%02X", n>>8, n&0xff),
				})
				if err != nil {
					return err
				}
				last = agent.Identity{Credentials: agent.Credentials{UUID: d.Device.ID.Hex(), Key: d.Device.Key}}
			}
			return nil
		})
		require.NoError(t, err)
		before, err := client.Checksum(t.Context(), last.Credentials, "")
		require.NoError(t, err)
		s.api("PATCH", "/api/v1/controller/template/"+id+"/", map[string]any{"config": motd("two\n")}, http.StatusOK)
		testkit.Eventually(t, "all devices have a new checksum", func(ctx context.Context) bool {
			after, err := client.Checksum(ctx, last.Credentials, "")
			require.NoError(t, err)
			n, err := sqlstore.Get[int](ctx, db, "SELECT count(*) FROM controller_version WHERE cause LIKE ?", "%template%")
			require.NoError(t, err)
			return after != before && n >= devices
		})
	})
}

// When the global variables differ from those of the last start, every
// configuration is made anew.
func TestGlobalVariablesReachDevicesAtTheNextStart(t *testing.T) {
	db := testkit.SQLite(t)
	var device agent.Credentials
	sum := func(variables map[string]any) string {
		s := newServer(t, db, func(c *settings) { c.Controller.Context = variables })
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(acme)))
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- s.ServeOn(ctx, l) }()
		testkit.Eventually(t, "ready", func(context.Context) bool { return get(s, "/readyz").Code == 200 })
		client := &agent.Client{BaseURL: "http://" + l.Addr().String()}
		if device.UUID == "" {
			site := &site{Server: s, t: t, url: client.BaseURL, org: ""}
			o, err := s.Tenancy().Organizations.BySlug(t.Context(), wispwright.ScopeAll(), "acme")
			require.NoError(t, err)
			site.org = o.ID.String()
			site.template("{{ motto }}\n")
			d, err := client.Register(t.Context(), agent.Registration{Secret: "s3cr3tS3cr3t", Name: "motto-box", MACAddress: "02:00:00:00:00:01"})
			require.NoError(t, err)
			device = d.Credentials
		}
		testkit.Eventually(t, "no job waits", func(ctx context.Context) bool {
			counts, err := s.Jobs().Counts(ctx)
			require.NoError(t, err)
			return counts["available"]+counts["running"]+counts["retryable"] == 0
		})
		sum, err := client.Checksum(t.Context(), device, "")
		require.NoError(t, err)
		archive, err := client.Download(t.Context(), device, "")
		require.NoError(t, err)
		require.NotEmpty(t, archive)
		stop()
		require.NoError(t, <-served)
		return sum
	}
	first := sum(map[string]any{"motto": "slow"})
	require.Equal(t, first, sum(map[string]any{"motto": "slow"}))
	require.NotEqual(t, first, sum(map[string]any{"motto": "fast"}))
}

// TestLastSeenSurvivesTheEnd: what was not written yet is written when the server ends.
func TestLastSeenSurvivesTheEnd(t *testing.T) {
	db := testkit.SQLite(t)
	s := newServer(t, db, nil)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(acme)))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.ServeOn(ctx, l) }()
	testkit.Eventually(t, "ready", func(context.Context) bool { return get(s, "/readyz").Code == http.StatusOK })
	r, err := s.Controller().Agents.Register(t.Context(), protocol.Registration{
		Secret: "s3cr3tS3cr3t", Name: "ap", MACAddress: "00:11:22:33:44:55", Backend: "netjsonconfig.OpenWrt", Peer: netip.MustParseAddr("127.0.0.1"),
	})
	require.NoError(t, err)
	stop()
	require.NoError(t, <-served)
	d, err := newServer(t, db, nil).Controller().Devices.Get(t.Context(), wispwright.ScopeAll(), r.Device.ID)
	require.NoError(t, err)
	require.NotNil(t, d.Device.LastSeen)
	require.WithinDuration(t, time.Now(), *d.Device.LastSeen, time.Hour)
}
