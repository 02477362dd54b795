package connection_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
)

func fault(t *testing.T, err error, field string) string {
	t.Helper()
	var v *wispwright.ValidationError
	require.ErrorAs(t, err, &v)
	for _, f := range v.Fields {
		if f.Path == field {
			return strings.Join(f.Messages, " ")
		}
	}
	t.Fatalf("no fault of %q in %v", field, err)
	return ""
}

func TestCredentials(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	make := func(name string, organization wispwright.ID, connector, params string) error {
		return w.Credentials.Create(ctx, &connection.Credentials{Name: name, OrganizationID: organization, Connector: connector, Params: wispwright.Secret(params)})
	}
	for params, want := range map[string]string{
		`{"username":"root"}`: `{'username': 'root'} is not valid under any of the given schemas`,
		`{"username":"root","password":"password","port":"x"}`: `{'username': 'root', 'password': 'password', 'port': 'x'} is not valid under any of the given schemas`,
		`{"username":"root","password":"p"}`:                   `'p' is too short`,
		`{"username":"r","key":"garbage"}`:                     `{'username': 'r', 'key': 'garbage'} is not valid under any of the given schemas`,
		`[]`:                                                   "the supplied value is not a JSON object",
		`{`:                                                    "not valid JSON",
		``:                                                     "the supplied value is not a JSON object",
		`{"username":"root","password":"` + strings.Repeat("x", 70_000) + `"}`: "more than 65536",
	} {
		require.Contains(t, fault(t, make("a", w.acme, connection.ConnectorSSH, params), "params"), want)
	}
	require.Equal(t, `"foo" is not a valid choice.`, fault(t, make("a", w.acme, "foo", "{}"), "connector"))
	const good = `{"username":"root","password":"password"}`
	require.NoError(t, make("a", w.acme, connection.ConnectorSSH, good))
	require.Contains(t, fault(t, make("a", wispwright.ID{}, connection.ConnectorSSH, good), "name"), "credentials of another organization")
	require.NoError(t, make("shared", wispwright.ID{}, connection.ConnectorSSH, good))
	require.Contains(t, fault(t, make("shared", w.acme, connection.ConnectorSSH, good), "name"), "another shared credentials")
	require.Contains(t, fault(t, make("shared", wispwright.ID{}, connection.ConnectorSSH, good), "name"), "another shared credentials")
	var conflict *wispwright.ConflictError
	require.ErrorAs(t, make("a", w.acme, connection.ConnectorSSH, good), &conflict)
}

func TestConnectionsOfDevices(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	other := w.organization("other")
	own, foreign, shared := w.credentials("own", w.acme, false), w.credentials("foreign", other, false), w.credentials("shared", wispwright.ID{}, false)
	bare := w.newDevice("bare", w.acme, false)
	make := func(d *controller.Detail, c *connection.Credentials, strategy string) (*connection.DeviceConnection, error) {
		o := &connection.DeviceConnection{DeviceID: d.Device.ID, CredentialsID: c.ID, UpdateStrategy: strategy, Enabled: true}
		return o, w.Connections.Create(ctx, o)
	}
	_, err := make(w.box, foreign, "")
	require.Equal(t, "The organization of these credentials doesn't match the organization of the device", fault(t, err, "credentials"))
	_, err = make(bare, own, "")
	require.Contains(t, fault(t, err, "update_strategy"), "inferred from the configuration backend")
	_, err = make(bare, own, "foo")
	require.Equal(t, `"foo" is not a valid choice.`, fault(t, err, "update_strategy"))
	o, err := make(w.box, own, "")
	require.NoError(t, err)
	require.Equal(t, connection.StrategyOpenWrt, o.UpdateStrategy, "the inferred one is stored")
	_, err = make(w.box, own, "")
	require.Equal(t, "Device connection with this Device and Credentials already exists.", fault(t, err, ""))
	_, err = make(w.box, shared, "")
	require.NoError(t, err)

	sent := &connection.Command{DeviceID: w.box.Device.ID, Type: "reboot", Input: "null", ConnectionID: o.ID}
	require.NoError(t, w.Commands.Create(ctx, wispwright.ScopeAll(), sent))
	_, err = w.ctl.Devices.Update(ctx, wispwright.ScopeAll(), w.box.Device.ID, func(d *controller.Detail) error { d.Device.OrganizationID = other; return nil })
	require.NoError(t, err)
	left, err := w.Connections.List(ctx, wispwright.ScopeOf(other), connection.DeviceConnectionFilter{DeviceID: w.box.Device.ID}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 1, left.Total, "credentials of the old organization do not come along")
	require.Equal(t, shared.ID, left.Rows[0].CredentialsID)
	require.True(t, w.command(sent.ID).ConnectionID.IsZero())
	require.Equal(t, other, w.command(sent.ID).OrganizationID)
	require.NoError(t, w.Credentials.Delete(ctx, wispwright.ScopeAll(), shared.ID))
	left, err = w.Connections.List(ctx, wispwright.ScopeAll(), connection.DeviceConnectionFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Zero(t, left.Total)
	require.NoError(t, w.tenants.Organizations.Delete(ctx, wispwright.ScopeAll(), other))
	commands, err := w.Commands.List(ctx, wispwright.ScopeAll(), connection.CommandFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Zero(t, commands.Total)
}

func TestCredentialsAddThemselves(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	bare, other := w.newDevice("bare", w.acme, false), w.newDevice("elsewhere", w.organization("other"), true)
	count := func(d *controller.Detail) int {
		items, err := w.Connections.List(ctx, wispwright.ScopeAll(), connection.DeviceConnectionFilter{DeviceID: d.Device.ID}, wispwright.Page{})
		require.NoError(t, err)
		return items.Total
	}
	c := w.credentials("auto", w.acme, true)
	w.work()
	require.Equal(t, []int{1, 0, 0}, []int{count(w.box), count(bare), count(other)})
	w.credentials("for all", wispwright.ID{}, true)
	w.work()
	require.Equal(t, []int{2, 0, 1}, []int{count(w.box), count(bare), count(other)})
	_, err := w.Credentials.Update(ctx, wispwright.ScopeAll(), c.ID, func(c *connection.Credentials) error { c.Name = "renamed"; return nil })
	require.NoError(t, err)
	w.work()
	require.Equal(t, 2, count(w.box), "again is not twice")
	next := w.newDevice("next", w.acme, true)
	require.Equal(t, 2, count(next))
	_, err = w.ctl.Devices.Update(ctx, wispwright.ScopeAll(), bare.Device.ID, func(d *controller.Detail) error {
		d.Config = &controller.Config{Backend: "netjsonconfig.OpenWrt", Config: "{}", Context: "{}"}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 2, count(bare))
	require.NoError(t, w.Connections.AddAgain(ctx))
	w.work()
	require.Equal(t, 2, count(bare))
}

func TestWorkingAndNot(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	c := w.connect(w.box)
	w.device.refused = errors.New("timed out")
	_, err := w.Connections.Open(ctx, c)
	require.EqualError(t, err, "timed out")
	require.Len(t, w.events, 1)
	require.Nil(t, w.events[0].Before)
	require.Equal(t, "of box (SSH)", w.events[0].Credentials)
	_, err = w.Connections.Open(ctx, c)
	require.Error(t, err)
	require.Len(t, w.events, 1, "still failing is no news")
	w.device.refused = nil
	s, err := w.Connections.Open(ctx, c)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.Len(t, w.events, 2)
	require.Equal(t, "timed out", w.events[1].OldFailureReason)
	stored, err := w.Connections.Get(ctx, wispwright.ScopeAll(), c.ID)
	require.NoError(t, err)
	require.True(t, *stored.IsWorking)
	require.NotNil(t, stored.LastAttempt)
	require.Equal(t, "ssh-ed25519 AAAA", stored.HostKey, "pinned at first use")
	_, err = w.Connections.Open(ctx, c)
	require.NoError(t, err)
	require.Equal(t, "ssh-ed25519 AAAA", w.device.targets[len(w.device.targets)-1].HostKey)
	_, err = w.Connections.ResetHostKey(ctx, wispwright.ScopeAll(), c.ID)
	require.NoError(t, err)
	require.NoError(t, w.Connections.Test(ctx, wispwright.ScopeAll(), c.ID))
	require.ErrorIs(t, w.Connections.Test(ctx, wispwright.ScopeOf(w.organization("other")), c.ID), wispwright.ErrNotFound)
	w.work()
	tested, err := w.Connections.Get(ctx, wispwright.ScopeAll(), c.ID)
	require.NoError(t, err)
	require.True(t, *tested.IsWorking)
	require.Equal(t, "Linux box", tested.Description)
	list, names, err := w.Connections.Named(ctx, c.ID, wispwright.NewID())
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "of box (SSH)", names[c.ID])
	require.NoError(t, w.Connections.Delete(ctx, wispwright.ScopeAll(), c.ID))
	_, err = w.Connections.Open(ctx, c)
	require.ErrorIs(t, err, wispwright.ErrNotFound, "a deleted one stays deleted")
	_, _, err = w.Connections.Working(ctx, w.box.Device.ID)
	var none *connection.NoConnectionError
	require.ErrorAs(t, err, &none)
	require.Nil(t, none.Last)
}

func TestCommandsThatCannotBe(t *testing.T) {
	types, err := connection.NewCommandTypes(connection.DefaultCommands(), nil)
	require.NoError(t, err)
	w := newWorld(t, &connection.Options{Commands: types})
	ctx := context.Background()
	create := func(kind string, input wispwright.JSON, connectionID wispwright.ID) error {
		return w.Commands.Create(ctx, wispwright.ScopeAll(), &connection.Command{DeviceID: w.box.Device.ID, Type: kind, Input: input, ConnectionID: connectionID})
	}
	require.Equal(t, "Device has no credentials assigned.", fault(t, create("reboot", "null", wispwright.ID{}), "device"))
	w.connect(w.box)
	for _, c := range []struct{ kind, input, field, want string }{
		{"foo", "null", "type", `"foo" is not a valid choice.`},
		{"custom", `{"command":""}`, "input", "'' is too short"},
		{"custom", `{"command":"\n"}`, "input", "does not match"},
		{"custom", `{"command":"ls","a":1}`, "input", "Additional properties are not allowed ('a' was unexpected)"},
		{"custom", `null`, "input", "None is not of type 'object'"},
		{"reboot", `{"a":1}`, "input", "{'a': 1} is not of type 'null'"},
		{"change_password", `{"password":"a","confirm_password":"b"}`, "input", "'a' is too short"},
		{"change_password", `{"password":"newpassword","confirm_password":"other1234"}`, "input", "do not match"},
	} {
		require.Contains(t, fault(t, create(c.kind, wispwright.JSON(c.input), wispwright.ID{}), c.field), c.want, c.input)
	}
	elsewhere := w.connect(w.newDevice("elsewhere", w.acme, true))
	require.Contains(t, fault(t, create("reboot", "null", elsewhere.ID), "connection"), "object does not exist")
	_, err = w.ctl.Devices.Deactivate(ctx, wispwright.ScopeAll(), w.box.Device.ID)
	require.NoError(t, err)
	require.Equal(t, "Device is deactivated.", fault(t, create("reboot", "null", wispwright.ID{}), "device"))

	_, err = connection.NewCommandTypes(append(connection.DefaultCommands(), connection.DefaultCommands()[0]), nil)
	require.ErrorContains(t, err, "custom is an already registered Command.")
	_, err = connection.NewCommandTypes(nil, map[string][]string{connection.Everybody: {"foo"}})
	require.ErrorContains(t, err, "No such Command, foo")
	limited, err := connection.NewCommandTypes(connection.DefaultCommands(), map[string][]string{w.acme.String(): {"reboot"}, connection.Everybody: {connection.AnyCommand}})
	require.NoError(t, err)
	require.Len(t, limited.Of(w.acme), 1)
	require.Len(t, limited.Of(wispwright.NewID()), 3)
}

func TestCommandsAreBounded(t *testing.T) {
	w := newWorld(t, &connection.Options{CommandTimeout: 50 * time.Millisecond, OutputLimit: 1000, PinHostKeys: true})
	w.connect(w.box)
	w.device.answers = []answer{{stdout: strings.Repeat("x", 5_000_000), wait: true}}
	c := w.send(w.box, "custom", `{"command":"cat /dev/zero"}`)
	w.work()
	got := w.command(c.ID)
	require.Equal(t, connection.Failed, got.Status)
	require.Less(t, len(got.Output), 1300)
	require.Contains(t, got.Output, "bytes are left out")
	require.Contains(t, got.Output, "The command took longer than expected: Command timed out after 0.1 seconds.")
	require.NoError(t, w.Work(context.Background(), connection.Job{Kind: connection.JobCommand, ID: c.ID}), "it is not run again")
	require.Len(t, w.device.lines, 1)
}

func TestACommandIsCancelled(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	w.connect(w.box)
	c := w.send(w.box, "custom", `{"command":"sleep 600"}`)
	_, err := w.Commands.Cancel(ctx, wispwright.ScopeAll(), c.ID)
	require.NoError(t, err)
	w.work()
	require.Empty(t, w.device.lines, "one that waits is not run")
	require.Contains(t, w.command(c.ID).Output, "cancelled")
	w.device.answers = []answer{{stdout: "so far", wait: true}}
	c = w.send(w.box, "custom", `{"command":"sleep 600"}`)
	cancelled := false
	w.Commands.Changed.Subscribe("cancel", func(context.Context, ...connection.CommandChange) {
		if !cancelled {
			cancelled = true
			_, err := w.Commands.Cancel(ctx, wispwright.ScopeAll(), c.ID)
			require.NoError(t, err)
		}
	})
	w.work()
	got := w.command(c.ID)
	require.Equal(t, connection.Failed, got.Status)
	require.Equal(t, "so far\nThe command was cancelled.\n", got.Output)
}

// A command that was begun by a node that died is not repeated.
func TestACommandIsRunOnce(t *testing.T) {
	w := newWorld(t, nil)
	w.connect(w.box)
	c := w.send(w.box, "reboot", "null")
	w.device.answers = []answer{{err: &connection.LostError{Reason: "gone"}}}
	w.work()
	require.Equal(t, connection.Success, w.command(c.ID).Status, "a device that reboots may hang up")
	c = w.send(w.box, "custom", `{"command":"uptime"}`)
	begun := w.now
	_, err := w.stores.Commands.Update(context.Background(), wispwright.ScopeAll(), c.ID, func(c *connection.Command) error { c.Started = &begun; return nil })
	require.NoError(t, err)
	w.work()
	got := w.command(c.ID)
	require.Equal(t, connection.Failed, got.Status)
	require.Contains(t, got.Output, "it is not known whether the device executed it")
	require.Len(t, w.device.lines, 1)
}

// Whatever is written into a command's input stays one word of the shell.
func TestNothingIsInjected(t *testing.T) {
	evil := []string{`'; touch /tmp/x; '`, "`id`", "$(id)", `"$HOME"`, "a\nb", `\`, "a b", "*", "~", "", "#", "!", "ü€"}
	build, err := connection.BuildTemplate(`printf '%s|' {{.a}}{{with .b}} {{.}}{{end}}{{if eq .a "x"}} x{{end}}`, "a", "b")
	require.NoError(t, err)
	for _, text := range evil {
		line, err := build(map[string]any{"a": text, "b": []any{text, text}})
		require.NoError(t, err)
		out, err := exec.Command("sh", "-c", line).Output()
		require.NoError(t, err)
		require.Equal(t, strings.Repeat(text+"|", 3), string(out), line)
		line, err = build(map[string]any{"a": text})
		require.NoError(t, err)
		out, err = exec.Command("sh", "-c", line).Output()
		require.NoError(t, err)
		require.Equal(t, text+"|", string(out))
	}
	for _, text := range []string{"-f", "--help", "a\x00b"} {
		_, err := build(map[string]any{"a": text})
		require.Error(t, err)
	}
	for _, text := range []string{`echo "{{.a}}"`, `echo '{{.a}}'`, "echo `{{.a}}`", `echo \{{.a}}`, `echo {{printf "%x" .a}}`, `echo {{html .a}}`, `{{if .a}}"{{end}}x`, `{{template "x"}}{{define "x"}}"{{.a}}"{{end}}`, `{{.a`} {
		_, err := connection.BuildTemplate(text)
		require.Error(t, err, text)
	}
	var change connection.CommandType
	for _, c := range connection.DefaultCommands() {
		if c.Name == "change_password" {
			change = c
		}
	}
	line, err := change.Build(map[string]any{"password": `a'b"$(id)\`, "confirm_password": ""})
	require.NoError(t, err)
	out, err := exec.Command("sh", "-c", strings.Replace(line, "passwd root", "cat", 1)).Output()
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("a'b\"$(id)\\\n", 2), string(out))
}

func TestBatches(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	w.connect(w.box)
	var all []wispwright.ID
	for n := range 5 {
		d := w.newDevice(fmt.Sprintf("ap%d", n), w.acme, true)
		w.connect(d)
		all = append(all, d.Device.ID)
	}
	bare := w.newDevice("bare", w.acme, false)
	foreign := w.newDevice("foreign", w.organization("other"), true)
	sel := &connection.Selection{OrganizationID: w.acme, Devices: append(all, bare.Device.ID)}
	b := &connection.Batch{Type: "custom", Input: `{"command":"uptime"}`, Label: "look", Parallel: 2}
	require.NoError(t, w.Batches.Execute(ctx, wispwright.ScopeAll(), b, sel, false))
	require.Equal(t, map[wispwright.ID][]string{bare.Device.ID: {"Device has no credentials assigned."}}, b.Skipped)
	require.NoError(t, w.Work(ctx, connection.Job{Kind: connection.JobBatch, ID: b.ID}))
	p, err := w.Batches.Progress(ctx, wispwright.ScopeAll(), b.ID)
	require.NoError(t, err)
	require.Equal(t, connection.CommandCounts{Waiting: 3, Running: 2}, p.Counts, "two at a time")
	w.device.answers = []answer{{stdout: "same"}, {stdout: "same"}, {stdout: "other", exit: 1}, {stdout: "same"}, {stdout: "same"}}
	w.work()
	p, err = w.Batches.Progress(ctx, wispwright.ScopeAll(), b.ID)
	require.NoError(t, err)
	require.Equal(t, connection.CommandCounts{Success: 4, Failed: 1}, p.Counts)
	require.Equal(t, connection.Failed, p.Batch.Status)
	groups, err := w.Batches.Outcomes(ctx, wispwright.ScopeAll(), b.ID)
	require.NoError(t, err)
	require.Len(t, groups, 2)
	require.Equal(t, 4, groups[0].Count)

	again, err := w.Batches.Repeat(ctx, wispwright.ScopeAll(), b.ID, "")
	require.NoError(t, err)
	require.Equal(t, 2, again.DeviceCount, "the failed one and the skipped one")
	require.Equal(t, b.ID, again.RepeatOf)
	w.work()

	stop := &connection.Batch{Type: "custom", Input: `{"command":"false"}`, Label: "stop", Parallel: 1, StopAfter: 2}
	require.NoError(t, w.Batches.Execute(ctx, wispwright.ScopeAll(), stop, &connection.Selection{OrganizationID: w.acme, Devices: all}, false))
	w.device.answers = []answer{{exit: 1}, {exit: 1}, {exit: 1}}
	w.work()
	p, err = w.Batches.Progress(ctx, wispwright.ScopeAll(), stop.ID)
	require.NoError(t, err)
	require.True(t, p.Batch.Stopped)
	require.Equal(t, 5, p.Counts.Failed)
	require.Len(t, w.device.answers, 1, "what waited was not run")

	for field, s := range map[string]*connection.Selection{
		"organization": {Devices: all},
		"devices":      {OrganizationID: w.acme, Devices: []wispwright.ID{foreign.Device.ID}},
		"location":     {OrganizationID: w.acme, LocationID: wispwright.NewID()},
		"":             {OrganizationID: w.organization("empty")},
	} {
		require.NotEmpty(t, fault(t, w.Batches.Execute(ctx, wispwright.ScopeAll(), &connection.Batch{Type: "reboot", Input: "null", Label: "x"}, s, false), field))
	}
	require.Equal(t, "'a' is too short", fault(t, w.Batches.Execute(ctx, wispwright.ScopeAll(), &connection.Batch{Type: "change_password", Input: `{"password":"a","confirm_password":"a"}`, Label: "x"}, sel, false), "input"))
	secret := &connection.Batch{Type: "change_password", Input: `{"password":"newpassword","confirm_password":"newpassword"}`, Label: "x"}
	require.NoError(t, w.Batches.Execute(ctx, wispwright.ScopeAll(), secret, sel, false))
	require.Equal(t, `{"password":"********"}`, string(secret.Input))
	w.work()
	done, err := w.Batches.Get(ctx, wispwright.ScopeAll(), secret.ID)
	require.NoError(t, err)
	require.Empty(t, done.Secret.Reveal())
	_, err = w.Batches.Repeat(ctx, wispwright.ScopeAll(), secret.ID, "")
	require.Equal(t, "This field is required.", fault(t, err, "input"))
}
