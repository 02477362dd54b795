package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/agent"
	agentmonitoring "github.com/wispwright/wispwright/agent/monitoring"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// TestTheMonitoringAgent runs the real agent against the real server: documents of
// this machine become charts, what waited is delivered in order, and a device that
// was deleted ends the agent.
func TestTheMonitoringAgent(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		m := newMonitored(t, db)
		base := listening(t, m.Server)
		root := t.TempDir()
		require.NoError(t, os.MkdirAll(filepath.Join(root, "etc/config"), 0o755))
		tree, err := agent.NewTree(root)
		require.NoError(t, err)
		o := agentmonitoring.Defaults()
		o.URL, o.Credentials = base, agent.Credentials{UUID: m.device, Key: wispwright.Secret(m.key)}
		o.Interval, o.BootupDelay = time.Second, 0
		spool, err := agentmonitoring.NewDirSpool(filepath.Join(root, "spool"), 1<<20)
		require.NoError(t, err)
		past := time.Now().UTC().Truncate(time.Second).Add(-10 * time.Minute)
		require.NoError(t, spool.Put(past, []byte(traffic(1e9, 1e9))))
		require.NoError(t, spool.Put(past.Add(time.Second), []byte(`{"type":"nonsense"}`)))
		require.NoError(t, spool.Put(past.Add(time.Minute), []byte(traffic(4e9, 2e9))))
		a, err := agentmonitoring.New(o, agentmonitoring.Deps{Tree: tree, Spool: spool, Random: func(int) int { return 0 }, ConfigAgentRuns: func() bool { return false }})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx) }()
		testkit.Eventually(t, "charts of the device", func(context.Context) bool {
			c := m.charts(t)
			return c["Memory Usage"] != nil && c["CPU Load"] != nil && c["Traffic: wan"]["download"] == 4
		})
		w := m.as("operator", http.MethodGet, "/api/v1/monitoring/device/"+m.device+"/?status=true&time=1d", "")
		require.Equal(t, http.StatusOK, w.Code)
		var shown struct {
			Data struct {
				Type    string
				General struct{ Hostname string }
			}
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &shown))
		require.Equal(t, "DeviceMonitoring", shown.Data.Type, "the newest document is the present one")
		for _, action := range []string{"deactivate", ""} {
			method, path := http.MethodDelete, "/api/v1/controller/device/"+m.device+"/"
			if action != "" {
				method, path = http.MethodPost, path+action+"/"
			}
			w := m.as("admin", method, path, "")
			require.Less(t, w.Code, 300, w.Body)
		}
		select {
		case err := <-ended:
			require.Equal(t, agentmonitoring.ExitGone, agentmonitoring.ExitCode(err), err)
		case <-time.After(time.Minute):
			t.Fatal("the agent goes on")
		}
	})
}

// TestRequestsOfTheUnmodifiedMonitoringAgent sends what the original sent, with what
// it collected, and expects the answers it got where they are the controller's own.
func TestRequestsOfTheUnmodifiedMonitoringAgent(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testkit.Vectors(t, "agent-monitoring"), "collect-*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var wire agentRun
	testkit.ReadVectors(t, &wire, "agent-monitoring", "wire-send-default-quiet.json")
	require.Len(t, wire.Exchanges, 1)
	recorded := wire.Exchanges[0]
	_, rest, _ := strings.Cut(recorded.Request.Line, " ")
	address, err := url.Parse(strings.TrimSuffix(rest, " HTTP/1.1"))
	require.NoError(t, err)
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		m := newMonitored(t, db)
		at := time.Now().UTC().Add(-time.Hour)
		send := func(device, key, body string) (int, string, http.Header) {
			at = at.Add(time.Minute)
			q := address.Query()
			q.Set("key", key)
			q.Set("time", at.Format("02-01-2006_15:04:05.000000"))
			w := ask(m, http.MethodPost, "/api/v1/monitoring/device/"+device+"/?"+q.Encode(), body, func(r *http.Request) {
				for _, h := range recorded.Request.Headers {
					if h[0] != "Host" && h[0] != "Content-Length" {
						r.Header.Set(h[0], h[1])
					}
				}
			})
			return w.Code, w.Body.String(), w.Header()
		}
		for _, f := range files {
			var run struct{ Output json.RawMessage }
			testkit.ReadVectors(t, &run, "agent-monitoring", filepath.Base(f))
			code, body, header := send(m.device, m.key, string(run.Output))
			require.Equal(t, *recorded.Response.Status, code, "%s: %s", f, body)
			require.Equal(t, recorded.Response.Body, body)
			require.Equal(t, "true", header.Get("X-Openwisp-Controller"))
		}
		code, _, _ := send(m.device, m.key, "")
		require.Equal(t, http.StatusBadRequest, code, "the empty sample of a collector that failed is thrown away")
		code, _, _ = send("11111111-2222-3333-4444-555555555555", m.key, `{"type":"DeviceMonitoring"}`)
		require.Equal(t, http.StatusNotFound, code, "a device that is gone ends the original")
	})
}
