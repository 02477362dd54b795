package server_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/internal/box"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// A real agent behind a real daemon, whose next poll is far away, gets a changed
// configuration by a push and applies it.
func TestAPushUntilApplied(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		box      func(testing.TB, string) *box.Box
		database func(testing.TB) *sqlstore.DB
	}{"openssh": {box.OpenSSH, testkit.SQLite}, "dropbear": {box.Dropbear, testkit.Postgres}} {
		t.Run(name, func(t *testing.T) { pushUntilApplied(t, c.box(t, ""), c.database(t)) })
	}
}

func pushUntilApplied(t *testing.T, b *box.Box, db *sqlstore.DB) {
	c, all := parts(t)
	c.Connection.RefusedNetworks = nil // the box is on loopback
	c.Connection.AuthTimeout = time.Minute
	c.Connection.ManagementIPOnly = false // an agent tells its management address in its second cycle only
	s := started(t, db, c, all)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, s.Start(t.Context()))
	base := listening(t, s)
	org := identifiers(t, s)["org_alpha"]
	as(t, s, "b", "POST", "/api/v1/controller/credential/", fmt.Sprintf(`{"name":"root","organization":"%s","connector":"%s","auto_add":true,"params":{"username":"root","password":"%s","port":%d}}`,
		org, connection.ConnectorSSH, box.Password, b.At.Port()), 201)
	b.StartAgent("--url", base, "--shared_secret", "secretalpha0123456789", "--interval", "3600", "--hostname", "box", "--mac_address", "02:00:00:00:00:01",
		"--post_reload_delay", "0", "--bootup_delay", "0")
	one := func() map[string]any {
		list := as(t, s, "c", "GET", "/api/v1/controller/device/", "", 200)["results"].([]any)
		if len(list) == 0 {
			return map[string]any{}
		}
		d, _ := list[0].(map[string]any)
		return d
	}
	status := func() any {
		config, _ := one()["config"].(map[string]any)
		return config["status"]
	}
	testkit.Eventually(t, "the agent registers and applies what there is", func(context.Context) bool { return status() == "applied" })
	at := fmt.Sprintf("/api/v1/controller/device/%s/", one()["id"])
	begun := time.Now()
	as(t, s, "c", "PATCH", at, `{"config":{"config":{"files":[{"path":"/etc/pushed","mode":"0600","contents":"by a push\n"}]}}}`, 200)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%v", as(t, s, "c", "GET", at+"reach/", "", 200))
		}
	})
	testkit.Eventually(t, "the push is followed", func(context.Context) bool { return status() == "applied" })
	t.Logf("applied %s after the change, of which the push waits %s", time.Since(begun).Round(time.Millisecond), c.Connection.PushDelay)
	text, err := os.ReadFile(filepath.Join(b.Root(), "etc", "pushed"))
	require.NoError(t, err)
	require.Equal(t, "by a push\n", string(text))
	reach := as(t, s, "c", "GET", at+"reach/", "", 200)
	require.Equal(t, "pushed", reach["push"].(map[string]any)["state"])
	row := reach["connections"].([]any)[0].(map[string]any)
	require.Contains(t, row["host_key"], "SHA256:", "pinned at first use")

	// commands, as the wire has them
	run := func(input string) map[string]any {
		out := as(t, s, "c", "POST", at+"command/", `{"type":"custom","input":{"command":`+input+`}}`, 201)
		path := fmt.Sprintf("%scommand/%s/", at, out["id"])
		testkit.Eventually(t, "the command ends", func(context.Context) bool {
			out = as(t, s, "c", "GET", path, "", 200)
			return out["status"] != "in-progress"
		})
		return out
	}
	out := run(fmt.Sprintf(`"cat %s/etc/pushed; echo odd >&2; exit 3"`, b.Root()))
	require.Equal(t, "failed", out["status"])
	require.Equal(t, fmt.Sprintf("by a push\nodd\nCommand \"cat %s/etc/pushed; echo odd >&2; exit 3\" returned non-zero exit code: 3\n", b.Root()), out["output"])
	out = run(`"head -c 5000000 /dev/zero | tr '\\0' x"`)
	require.Equal(t, "success", out["status"])
	require.Less(t, len(out["output"].(string)), c.Connection.OutputLimit+200)
	require.Contains(t, out["output"], "bytes are left out")

	// nothing is pushed to a device that has it already
	as(t, s, "c", "POST", at+"push/", "", 202)
	testkit.Eventually(t, "the push is found needless", func(context.Context) bool {
		return as(t, s, "c", "GET", at+"reach/", "", 200)["push"].(map[string]any)["state"] == "current"
	})
}
