package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// sandbox runs a real agent over a folder, whose next poll is far away.
func sandbox(t *testing.T, base, name string, change func(*agent.Options)) (root string) {
	t.Helper()
	root = t.TempDir()
	tree, err := agent.NewTree(root)
	require.NoError(t, err)
	o := agent.Defaults()
	o.URL, o.SharedSecret, o.Interval, o.Hostname, o.MAC = base, "secretalpha0123456789", time.Hour, name, "02:00:00:00:01:01"
	o.BootupDelay, o.PostReloadDelay, o.Channel = 0, 0, true
	if change != nil {
		change(&o)
	}
	a, err := agent.New(o, agent.Deps{Tree: tree, UserAgent: "wispwright-agent/test"})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return root
}

// device waits for a device of a name and returns its path in the API.
func deviceNamed(t *testing.T, s *server.Server, name string) (path string) {
	t.Helper()
	testkit.Eventually(t, "the device registers", func(context.Context) bool {
		for _, row := range as(t, s, "c", "GET", "/api/v1/controller/device/?page_size=100", "", 200)["results"].([]any) {
			if d := row.(map[string]any); d["name"] == name {
				path = fmt.Sprintf("/api/v1/controller/device/%s/", d["id"])
			}
		}
		return path != ""
	})
	return path
}

func channelOf(t *testing.T, s *server.Server, at string) any {
	return as(t, s, "c", "GET", at+"reach/", "", 200)["channel"]
}

func statusOf(t *testing.T, s *server.Server, at string) any {
	config, _ := as(t, s, "c", "GET", at, "", 200)["config"].(map[string]any)
	return config["status"]
}

// commandOn runs a command line to its end.
func commandOn(t *testing.T, s *server.Server, at, line string) map[string]any {
	t.Helper()
	out := as(t, s, "c", "POST", at+"command/", fmt.Sprintf(`{"type":"custom","input":{"command":%q}}`, line), 201)
	path := fmt.Sprintf("%scommand/%s/", at, out["id"])
	testkit.Eventually(t, "the command ends", func(context.Context) bool {
		out = as(t, s, "c", "GET", path, "", 200)
		return out["status"] != "in-progress"
	})
	return out
}

// A real agent that nothing leads to is reached through its channel: it gets a
// changed configuration without polling, runs commands, and loses the channel with
// its key.
func TestADeviceIsReachedThroughItsChannel(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, s.Start(t.Context()))
	base := listening(t, s)
	root := sandbox(t, base, "behind-nat", nil)
	at := deviceNamed(t, s, "behind-nat")
	testkit.Eventually(t, "the channel is open", func(context.Context) bool { return channelOf(t, s, at) != nil })
	testkit.Eventually(t, "the configuration is applied", func(context.Context) bool { return statusOf(t, s, at) == "applied" })
	open := channelOf(t, s, at).(map[string]any)
	require.Equal(t, "wispwright-agent/test", open["agent"])
	require.Equal(t, "127.0.0.1", open["address"])
	var connections []any
	testkit.Eventually(t, "it has a connection by its channel", func(context.Context) bool {
		connections = as(t, s, "c", "GET", at+"connection/", "", 200)["results"].([]any)
		return len(connections) == 1
	})

	begun := time.Now()
	as(t, s, "c", "PATCH", at, `{"config":{"config":{"files":[{"path":"/etc/pushed","mode":"0600","contents":"by the channel\n"}]}}}`, 200)
	name := filepath.Join(root, "etc", "pushed")
	testkit.Eventually(t, "the changed configuration is there", func(context.Context) bool {
		text, err := os.ReadFile(name)
		return err == nil && string(text) == "by the channel\n"
	})
	t.Logf("written %s after the change", time.Since(begun).Round(time.Millisecond))
	testkit.Eventually(t, "and applied", func(context.Context) bool { return statusOf(t, s, at) == "applied" })
	testkit.Eventually(t, "the push says so", func(context.Context) bool {
		return as(t, s, "c", "GET", at+"reach/", "", 200)["push"].(map[string]any)["state"] == "pushed"
	})

	out := commandOn(t, s, at, "cat etc/pushed; echo odd >&2; exit 3")
	require.Equal(t, "failed", out["status"])
	require.Equal(t, "by the channel\nodd\nCommand \"cat etc/pushed; echo odd >&2; exit 3\" returned non-zero exit code: 3\n", out["output"])
	require.Equal(t, connections[0].(map[string]any)["id"], out["connection"])

	as(t, s, "c", "PATCH", at, `{"key":"00112233445566778899aabbccddeeff"}`, 200)
	testkit.Eventually(t, "the channel is closed with the key", func(context.Context) bool { return channelOf(t, s, at) == nil })
	out = commandOn(t, s, at, "true")
	require.Equal(t, "the device has no open channel", out["output"])
}

// Two nodes on one PostgreSQL: what one of them has to do on a device is done by the
// channel that the other one holds, and goes on when that one stops.
func TestChannelsOfTwoNodes(t *testing.T) {
	db := testkit.Postgres(t)
	holder := newNode(t, db, func(c *settings) { c.Jobs.Off = true }) // the other one has everything to do
	require.NoError(t, holder.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, holder.Start(t.Context()))
	root := sandbox(t, holder.base, "behind-nat", nil)
	other := newNode(t, db, nil)
	require.NoError(t, other.Start(t.Context()))
	at := deviceNamed(t, other.Server, "behind-nat")
	testkit.Eventually(t, "the channel is open", func(context.Context) bool { return channelOf(t, other.Server, at) != nil })
	testkit.Eventually(t, "the configuration is applied", func(context.Context) bool { return statusOf(t, other.Server, at) == "applied" })
	for n := range 20 {
		out := commandOn(t, other.Server, at, fmt.Sprintf("echo %d >> runs; wc -l < runs", n))
		require.Equal(t, "success", out["status"], out["output"])
	}
	text, err := os.ReadFile(filepath.Join(root, "runs"))
	require.NoError(t, err)
	require.Equal(t, 20, strings.Count(string(text), "\n"), "each ran once")
	as(t, other.Server, "c", "PATCH", at, `{"config":{"config":{"files":[{"path":"/etc/pushed","mode":"0600","contents":"by the other node\n"}]}}}`, 200)
	testkit.Eventually(t, "the push arrives", func(context.Context) bool {
		text, err := os.ReadFile(filepath.Join(root, "etc", "pushed"))
		return err == nil && string(text) == "by the other node\n"
	})
}

// node is one of several servers on a database.
type node struct {
	*server.Server
	base string
}

func newNode(t *testing.T, db *sqlstore.DB, change func(*settings)) *node {
	t.Helper()
	n := &node{}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n.ServeHTTP(w, r) }))
	t.Cleanup(h.Close)
	n.base = h.URL
	n.Server = newServer(t, db, func(c *settings) {
		c.SecretKey = "a secret that all nodes have, of 32 letters"
		c.Connection.ChannelNode = h.URL
		if change != nil {
			change(c)
		}
	})
	return n
}

// The devices of a location are targets of a mass command, for who may see it.
func TestMassCommandsForALocation(t *testing.T) {
	s, _ := reaching(t, testkit.SQLite(t))
	device, _ := reachable(t, s)
	org := identifiers(t, s)["org_alpha"]
	place := as(t, s, "b", "POST", "/api/v1/controller/location/", fmt.Sprintf(`{"organization":"%s","name":"office","type":"outdoor","is_mobile":false,"address":"here","geometry":{"type":"Point","coordinates":[10,50]}}`, org), 201)["id"]
	as(t, s, "b", "PUT", "/api/v1/controller/device/"+device+"/location/", fmt.Sprintf(`{"location":"%s"}`, place), 201)
	execute := "/api/v1/controller/batch-command/execute/"
	body := fmt.Sprintf(`{"organization":"%s","location":"%s","type":"custom","input":{"command":"uptime"},"label":"of the office"}`, org, place)
	batch := as(t, s, "b", "POST", execute, body, 201)["batch"]
	targets := as(t, s, "b", "GET", fmt.Sprintf("/api/v1/controller/batch-command/%s/", batch), "", 200)
	require.Equal(t, []any{device}, targets["devices"])
	require.Equal(t, place, targets["location"])
	require.Contains(t, as(t, s, "b", "POST", execute, strings.Replace(body, place.(string), "00000000-0000-4000-8000-000000000000", 1), 400), "location")
}
