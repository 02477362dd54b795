package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/ssh"
	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// connectionDeviations are those the tests of connectionhttp give the sentences
// for.
func connectionDeviations() map[int][]replay.Deviation {
	const inferred, reachable = "the inferred strategy is stored and answered", "a device without credentials gets no commands"
	refused := map[string]any{"device": []string{"Device has no credentials assigned."}}
	const strategy, failed = connection.StrategyOpenWrt, "[Errno None] Unable to connect to port 22 on 127.0.0.9: the server does not connect to this network"
	const network = "the server's own network is refused"
	return map[int][]replay.Deviation{
		25: {instead("body.update_strategy", strategy, inferred)},
		28: {instead("body.results[0].update_strategy", strategy, inferred)},
		37: {instead("body.input", "********", "passwords are not answered")},
		46: {instead("status", 400, reachable), instead("body", refused, reachable)},
		47: {instead("status", 400, reachable), instead("body", refused, reachable)},
		51: {instead("body.results[0].output", failed, inferred), instead("body.results[1].output", failed, inferred), instead("body.results[2].output", failed, inferred),
			instead("body.results[3].output", failed, network)},
		55: {instead("body.results[0].update_strategy", strategy, inferred), instead("body.results[0].failure_reason", failed, inferred),
			instead("body.results[1].failure_reason", failed, network), instead("body.results[2].failure_reason", strings.Replace(failed, "22", "2222", 1), network)},
	}
}

// router is the device behind every address: it refuses, or answers every
// command.
type router struct {
	mu      sync.Mutex
	refused error
	lines   []string
	// hold, when set, keeps commands running until it is closed
	hold chan struct{}
}

// Dial implements connection.Connector.
func (b *router) Dial(context.Context, connection.Target) (connection.Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refused != nil {
		return nil, b.refused
	}
	return b, nil
}

func (b *router) refuse(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused = err
}

func (b *router) HostKey() string                                                     { return "" }
func (b *router) Describe(context.Context) (string, error)                            { return "Linux box", nil }
func (b *router) Upload(context.Context, string, fs.FileMode, int64, io.Reader) error { return nil }
func (b *router) Close() error                                                        { return nil }
func (b *router) Run(ctx context.Context, line string, o connection.Output) (int, error) {
	b.mu.Lock()
	b.lines = append(b.lines, line)
	hold := b.hold
	b.mu.Unlock()
	_, _ = io.WriteString(o.Stdout, "openwisp-config 1.1.0\n") // into memory
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return 0, nil
}

// reaching is a server whose devices are all one router.
func reaching(t *testing.T, db *sqlstore.DB) (*server.Server, *router) {
	t.Helper()
	b := &router{}
	c, all := parts(t)
	c.Connection.PushDelay = 0
	c.Connection.PushBackoff = 10 * time.Millisecond
	c.Tenancy.SiteURL = "https://example.com"
	for _, one := range all {
		if reach, ok := one.(*server.ConnectionConcern); ok {
			by := ssh.Type(&ssh.Connector{})
			by.Connector = b
			reach.Connectors = []connection.ConnectorType{by}
		}
	}
	s := started(t, db, c, all)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, s.Start(t.Context()))
	return s, b
}

// as asks as a user of recordedData and reads the answer.
func as(t *testing.T, s http.Handler, letter, method, path, body string, status int) map[string]any {
	t.Helper()
	w := ask(s, method, path, body, with(strings.Repeat(letter, 40)))
	require.Equal(t, status, w.Code, "%s %s: %s", method, path, w.Body)
	out := map[string]any{}
	if w.Body.Len() > 0 {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out), w.Body.String())
	}
	return out
}

// reachable makes a device of alpha with a connection.
func reachable(t *testing.T, s *server.Server) (device, link string) {
	t.Helper()
	org := identifiers(t, s)["org_alpha"]
	as(t, s, "b", "POST", "/api/v1/controller/credential/", `{"name":"c1","organization":"`+org+`","connector":"`+connection.ConnectorSSH+`","auto_add":true,"params":{"username":"root","password":"secret"}}`, 201)
	d := as(t, s, "b", "POST", "/api/v1/controller/device/", `{"name":"box","organization":"`+org+`","mac_address":"02:00:00:00:00:01","management_ip":"10.0.0.1",
		"config":{"backend":"netjsonconfig.OpenWrt","templates":[],"context":{},"config":{"general":{"timezone":"UTC"}}}}`, 201)
	device, _ = d["id"].(string)
	list := as(t, s, "c", "GET", "/api/v1/controller/device/"+device+"/connection/", "", 200)
	require.Len(t, list["results"], 1, "the credentials are added by themselves")
	link, _ = list["results"].([]any)[0].(map[string]any)["id"].(string)
	return device, link
}

// A change of a configuration reaches the device; a failing connection is told
// of, and so is its recovery.
func TestADeviceIsReached(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s, box := reaching(t, db)
		device, link := reachable(t, s)
		at := "/api/v1/controller/device/" + device + "/"
		change := func(zone string) {
			as(t, s, "c", "PATCH", at, `{"config":{"config":{"general":{"description":"`+zone+`"}}}}`, 200)
		}
		state := func() map[string]any {
			push, _ := as(t, s, "c", "GET", at+"reach/", "", 200)["push"].(map[string]any)
			return push
		}
		change("one")
		testkit.Eventually(t, "the push is made", func(context.Context) bool { return state()["state"] == "pushed" })
		require.Len(t, box.lines, 2)

		box.refuse(errors.New("timed out"))
		change("two")
		testkit.Eventually(t, "the push fails", func(context.Context) bool { return state()["reason"] == "timed out" })
		told := func(kind string) bool {
			return strings.Contains(ask(s, "GET", "/api/v1/notifications/notification/?type="+kind, "", with(strings.Repeat("c", 40))).Body.String(), `"count":1`)
		}
		testkit.Eventually(t, "people are told", func(context.Context) bool { return told("connection_is_not_working") })
		list := ask(s, "GET", "/api/v1/notifications/notification/?type=connection_is_not_working", "", with(strings.Repeat("c", 40))).Body.String()
		require.Contains(t, list, "c1 (SSH) connection to device")
		require.Contains(t, list, "is not working. timed out")
		require.Contains(t, list, "/admin/config/device/"+device+"/change/#deviceconnection_set-group")
		box.refuse(nil)
		testkit.Eventually(t, "it is tried again by itself", func(context.Context) bool { return state()["state"] == "pushed" })
		testkit.Eventually(t, "people are told of the recovery", func(context.Context) bool { return told("connection_is_working") })

		as(t, s, "c", "POST", at+"connection/"+link+"/test/", "", 202)
		testkit.Eventually(t, "the test is made", func(context.Context) bool {
			row := as(t, s, "c", "GET", at+"reach/", "", 200)["connections"].([]any)[0].(map[string]any)
			return row["description"] == "Linux box"
		})
	})
}

// What a command writes is seen while it runs (spec: connection §7).
func TestCommandsAreSeenLive(t *testing.T) {
	s, box := reaching(t, testkit.SQLite(t))
	device, _ := reachable(t, s)
	base := listening(t, s)
	box.hold = make(chan struct{})
	socket := open(t, base, "/ws/controller/device/"+device+"/command", "c")
	_, _, err := dial(t, base, "/ws/controller/device/"+device+"/command", "Authorization", "Bearer "+strings.Repeat("e", 40))
	require.Error(t, err, "another organization's")
	_, _, err = dial(t, base, "/ws/controller/device/"+device+"/command", "Authorization", "Bearer "+strings.Repeat("d", 40))
	require.Error(t, err, "no staff")
	out := as(t, s, "c", "POST", "/api/v1/controller/device/"+device+"/command/", `{"type":"custom","input":{"command":"uptime"}}`, 201)
	id, _ := out["id"].(string)
	type frame struct {
		Model string
		Data  struct{ ID, Status, Output string }
	}
	read := func() (f frame) {
		require.NoError(t, json.Unmarshal([]byte(socket.next()), &f))
		require.Equal(t, "Command", f.Model)
		require.Equal(t, id, f.Data.ID)
		return f
	}
	f := read()
	require.Equal(t, "in-progress", f.Data.Status)
	require.Equal(t, "openwisp-config 1.1.0\n", f.Data.Output)
	close(box.hold)
	for f.Data.Status == "in-progress" {
		f = read()
	}
	require.Equal(t, "success", f.Data.Status)

	// a running one is stopped
	box.mu.Lock()
	box.hold = make(chan struct{})
	box.mu.Unlock()
	out = as(t, s, "c", "POST", "/api/v1/controller/device/"+device+"/command/", `{"type":"custom","input":{"command":"sleep 1000"}}`, 201)
	id, _ = out["id"].(string)
	for read().Data.Output == "" { // it runs
	}
	as(t, s, "c", "POST", "/api/v1/controller/device/"+device+"/command/"+id+"/cancel/", "", 200)
	for f = read(); f.Data.Status == "in-progress"; f = read() {
	}
	require.Equal(t, "failed", f.Data.Status)
	require.Contains(t, f.Data.Output, "The command was cancelled.")
}

// Reasons that the administrator does not want to hear of.
func TestIgnoredReasons(t *testing.T) {
	c, all := parts(t)
	b := &router{refused: errors.New("timed out")}
	c.Connection.IgnoredReasons = []string{"timed out"}
	for _, one := range all {
		if reach, ok := one.(*server.ConnectionConcern); ok {
			by := ssh.Type(&ssh.Connector{})
			by.Connector = b
			reach.Connectors = []connection.ConnectorType{by}
		}
	}
	s := started(t, testkit.SQLite(t), c, all)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, s.Start(t.Context()))
	device, link := reachable(t, s)
	test := func(reason string) {
		at := "/api/v1/controller/device/" + device + "/connection/" + link + "/"
		as(t, s, "c", "POST", at+"test/", "", 202)
		testkit.Eventually(t, "the test is made", func(context.Context) bool {
			out := as(t, s, "c", "GET", at, "", 200)
			return out["last_attempt"] != nil && out["failure_reason"] == reason
		})
		idle(t, s)
	}
	count := func() any {
		return as(t, s, "c", "GET", "/api/v1/notifications/notification/", "", 200)["count"]
	}
	test("timed out")
	require.EqualValues(t, 0, count(), "not of this reason")
	b.refuse(nil)
	test("")
	require.EqualValues(t, 0, count(), "nor of the recovery from it")
	b.refuse(errors.New("Authentication failed."))
	test("Authentication failed.")
	require.EqualValues(t, 1, count())
}

func TestSettingsOfConnections(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*server.ConnectionConfig)
		says   string
	}{
		"as they are": {func(*server.ConnectionConfig) {}, ""},
		"own command": {func(c *server.ConnectionConfig) {
			c.UserCommands["ping"] = map[string]any{"label": "Ping", "command": "ping -c 4 {{.host}}", "schema": map[string]any{"type": "object", "required": []any{"host"}, "properties": map[string]any{"host": map[string]any{"type": "string"}}}}
			c.EnabledCommands = map[string]any{connection.Everybody: []any{"ping", "reboot"}, wispwright.NewID().String(): "*"}
		}, ""},
		"a template between quotes": {func(c *server.ConnectionConfig) {
			c.UserCommands["ping"] = map[string]any{"command": "ping '{{.host}}'"}
		}, "user_commands"},
		"a command of the product's name": {func(c *server.ConnectionConfig) {
			c.UserCommands["reboot"] = map[string]any{"command": "reboot -f"}
		}, "already registered"},
		"no command":        {func(c *server.ConnectionConfig) { c.UserCommands["x"] = map[string]any{"label": "X"} }, "a command is required"},
		"an unknown type":   {func(c *server.ConnectionConfig) { c.EnabledCommands["__all__"] = []any{"foo"} }, "No such Command, foo"},
		"no list":           {func(c *server.ConnectionConfig) { c.EnabledCommands["__all__"] = 1 }, "organization_enabled_commands"},
		"no network":        {func(c *server.ConnectionConfig) { c.RefusedNetworks = []string{"x"} }, "refused_networks"},
		"no strategy":       {func(c *server.ConnectionConfig) { c.UpdateMapping = map[string]any{"netjsonconfig.OpenWrt": 1} }, "update_mapping"},
		"no workers":        {func(c *server.ConnectionConfig) { c.Workers = 0 }, "workers"},
		"too many workers":  {func(c *server.ConnectionConfig) { c.Workers = 5000 }, "workers"},
		"secrets of nobody": {func(c *server.ConnectionConfig) { c.Secrets = "all" }, "api_secrets"},
	} {
		s := server.DefaultConnectionConfig()
		c.change(&s)
		err := s.Check()
		if c.says == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, c.says, name)
		}
	}
}

// Settings from a file, in which keys with dots are maps within maps, and from
// variables.
func TestConnectionSettingsAreRead(t *testing.T) {
	c, all := parts(t)
	var reach *server.ConnectionConcern
	for _, one := range all {
		if c, ok := one.(*server.ConnectionConcern); ok {
			reach = c
		}
	}
	file := t.TempDir() + "/config.yaml"
	require.NoError(t, os.WriteFile(file, []byte(`connection:
  update_mapping:
    netjsonconfig.OpenWrt: `+connection.StrategyOpenWisp1+`
  user_commands:
    logs:
      label: Last lines of the log
      command: logread | tail -n {{.lines}}
      schema: {type: object, required: [lines], properties: {lines: {type: integer, minimum: 1, maximum: 1000}}, additionalProperties: false}
  organization_enabled_commands:
    __all__: [logs]
`), 0o600))
	_, err := server.LoadConfig(file, []string{"WISPWRIGHT_CONNECTION_REFUSED_NETWORKS=127.0.0.0/8,::1", "WISPWRIGHT_CONNECTION_SSH_COMMAND_TIMEOUT=1m"}, all)
	require.NoError(t, err)
	require.Equal(t, []string{"127.0.0.0/8", "::1"}, reach.Config.RefusedNetworks)
	require.Equal(t, time.Minute, reach.Config.CommandTimeout)
	s := started(t, testkit.SQLite(t), c, all)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	org := identifiers(t, s)["org_alpha"]
	credentials := as(t, s, "b", "POST", "/api/v1/controller/credential/", `{"name":"c1","organization":"`+org+`","connector":"`+connection.ConnectorSSH+`","params":{"username":"root","password":"secret"}}`, 201)
	d := as(t, s, "b", "POST", "/api/v1/controller/device/", `{"name":"box","organization":"`+org+`","mac_address":"02:00:00:00:00:01","config":{"backend":"netjsonconfig.OpenWrt","templates":[],"context":{},"config":{}}}`, 201)
	link := as(t, s, "b", "POST", fmt.Sprintf("/api/v1/controller/device/%s/connection/", d["id"]), fmt.Sprintf(`{"credentials":"%s"}`, credentials["id"]), 201)
	require.Equal(t, connection.StrategyOpenWisp1, link["update_strategy"])
	types := reach.Types().Of(wispwright.NewID())
	require.Len(t, types, 1)
	line, err := types[0].Build(map[string]any{"lines": json.Number("20")})
	require.NoError(t, err)
	require.Equal(t, "logread | tail -n '20'", line)
}
