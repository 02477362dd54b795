package connection_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/internal/testkit"
)

func TestAChangeIsPushedOnce(t *testing.T) {
	w := newWorld(t, nil)
	require.Empty(t, w.queue.jobs, "not on creation")
	w.change(w.box, "UTC+1")
	require.Empty(t, w.queue.jobs, "a device without connection is not waited for")
	w.connect(w.box)
	w.change(w.box, "UTC+2")
	w.change(w.box, "UTC+3")
	require.Len(t, w.queue.jobs, 1)
	w.device.answers = []answer{{stdout: "openwisp-config 1.1.0\n"}}
	w.work()
	require.Len(t, w.device.lines, 2)
	require.Zero(t, w.device.open, "sessions are closed")
	p := w.push(w.box)
	require.Equal(t, connection.Pushed, p.State)
	require.NotNil(t, p.Succeeded)
	d, err := w.ctl.Devices.Get(context.Background(), wispwright.ScopeAll(), w.box.Device.ID)
	require.NoError(t, err)
	require.Equal(t, controller.StatusModified, d.Config.Status, "until the agent reports")
}

func TestPushesWaitForFurtherChanges(t *testing.T) {
	w := newWorld(t, &connection.Options{PushDelay: 3 * time.Second})
	w.connect(w.box)
	w.change(w.box, "UTC+2")
	err := w.Work(context.Background(), w.queue.jobs[0])
	var later *connection.LaterError
	require.ErrorAs(t, err, &later)
	require.Greater(t, later.After, 2*time.Second)
	w.now = w.now.Add(2 * time.Second)
	w.change(w.box, "UTC+3")
	require.ErrorAs(t, w.Work(context.Background(), w.queue.jobs[0]), &later)
	require.Greater(t, later.After, 2*time.Second)
	w.work()
	require.Equal(t, connection.Pushed, w.push(w.box).State)
}

func TestAFailedPushIsTriedAgain(t *testing.T) {
	w := newWorld(t, &connection.Options{PushDelay: -1, PushAttempts: 3, PushBackoff: time.Minute})
	w.connect(w.box)
	w.device.refused = errors.New("timed out")
	w.change(w.box, "UTC+2")
	w.work()
	p := w.push(w.box)
	require.Equal(t, connection.PushWaiting, p.State)
	require.Equal(t, "timed out", p.Reason)
	require.InDelta(t, time.Minute, p.NextAttempt.Sub(*p.LastAttempt), float64(time.Second))
	n, err := w.Pushes.Resume(context.Background(), 10)
	require.NoError(t, err)
	require.Zero(t, n, "not yet")
	w.now = w.now.Add(61 * time.Second)
	resume := func() {
		n, err := w.Pushes.Resume(context.Background(), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		w.work()
	}
	resume()
	p = w.push(w.box)
	require.InDelta(t, 2*time.Minute, p.NextAttempt.Sub(*p.LastAttempt), float64(time.Second))
	w.now = w.now.Add(121 * time.Second)
	resume()
	p = w.push(w.box)
	require.Equal(t, connection.PushFailed, p.State)
	require.Nil(t, p.NextAttempt)
	w.device.refused = nil
	w.change(w.box, "UTC+3")
	w.work()
	require.Equal(t, connection.Pushed, w.push(w.box).State, "a new change begins anew")
}

func TestNothingIsPushedToADeviceThatHasIt(t *testing.T) {
	w := newWorld(t, &connection.Options{PushDelay: -1, CanPush: func(context.Context, *controller.Detail) (bool, error) { return false, nil }})
	w.connect(w.box)
	w.change(w.box, "UTC+2")
	w.work()
	require.Empty(t, w.device.targets, "the policy said no")
	require.Equal(t, connection.PushWaiting, w.push(w.box).State)

	w = newWorld(t, nil)
	w.connect(w.box)
	w.change(w.box, "UTC+2")
	_, err := w.ctl.Devices.Deactivate(context.Background(), wispwright.ScopeAll(), w.box.Device.ID)
	require.NoError(t, err)
	w.device.answers = []answer{{stdout: "openwisp_config 0.6.0"}}
	w.work()
	require.Equal(t, connection.Pushed, w.push(w.box).State, "a device that is being deactivated is told")
}

// What is wished while a push runs is done once more.
func TestAWishDuringAPushIsKept(t *testing.T) {
	w := newWorld(t, nil)
	c := w.connect(w.box)
	w.change(w.box, "UTC+2")
	w.device.answers = []answer{{stdout: "openwisp-config 1.1.0"}}
	seen := false
	w.Connections.WorkingChanged.Subscribe("in the middle", func(context.Context, ...connection.WorkingChange) {
		if !seen {
			seen = true
			w.change(w.box, "UTC+3")
		}
	})
	job := w.queue.jobs[0]
	w.queue.jobs = nil
	require.NoError(t, w.Work(context.Background(), job))
	require.True(t, seen)
	require.Equal(t, connection.PushWaiting, w.push(w.box).State)
	require.Len(t, w.queue.jobs, 1)
	w.work()
	require.Equal(t, connection.Pushed, w.push(w.box).State)
	require.Equal(t, c.ID, w.push(w.box).ConnectionID)
}

// The recorded command lines, versions and outputs (vectors/connection).
func TestRecordedPushes(t *testing.T) {
	var v struct {
		Cases []struct {
			Name   string
			Device []struct {
				Exit   int
				Stdout string
			}
			Executed []string
			Status   string `json:"config_status_after"`
		}
		VersionCommand string   `json:"version_command"`
		VersionOrder   []string `json:"version_order"`
		Results        []struct {
			Type, Command, Executed, Stdout, Stderr string
			Exit                                    int
			Status                                  connection.CommandStatus
			Output                                  string
			ConnectError                            string `json:"connect_error"`
			Soft                                    bool   `json:"worker_soft_limit"`
			Exception                               string
			Input                                   map[string]string
			After                                   map[string]string `json:"input_after"`
		} `json:"command_results"`
		Order struct {
			Stored, Tried []*bool
		} `json:"working_connection_order"`
	}
	testkit.ReadVectors(t, &v, "connection", "push.json")
	for i := 1; i < len(v.VersionOrder); i++ {
		require.True(t, connection.Older(v.VersionOrder[i-1], v.VersionOrder[i]), v.VersionOrder[i])
		require.False(t, connection.Older(v.VersionOrder[i], v.VersionOrder[i-1]), v.VersionOrder[i])
	}
	played := 0
	for _, c := range v.Cases {
		t.Run(c.Name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.connect(w.box)
			for _, a := range c.Device {
				w.device.answers = append(w.device.answers, answer{stdout: a.Stdout, exit: a.Exit})
			}
			w.change(w.box, "UTC+5")
			w.work()
			require.Len(t, w.device.lines, len(c.Executed))
			for i, want := range c.Executed {
				switch want {
				case "version":
					want = v.VersionCommand
				case "sigusr1":
					require.Contains(t, w.device.lines[i], "OW_CONFIG_PID=")
					require.Contains(t, w.device.lines[i], "kill -USR1")
					continue
				}
				require.Equal(t, want, w.device.lines[i])
			}
			d, err := w.ctl.Devices.Get(context.Background(), wispwright.ScopeAll(), w.box.Device.ID)
			require.NoError(t, err)
			require.Equal(t, c.Status, string(d.Config.Status))
		})
		played++
	}
	for _, c := range v.Results {
		t.Run(c.Type+" "+c.Output, func(t *testing.T) {
			if c.Soft {
				t.Skip("a worker's limit; see TestCommandsAreBounded")
			}
			w := newWorld(t, nil)
			w.connect(w.box)
			input := wispwright.JSON(`{"command":` + quoted(orText(c.Command, "uptime")) + `}`)
			switch c.Type {
			case "reboot":
				input = "null"
			case "change_password":
				input = wispwright.JSON(`{"password":` + quoted(c.Input["password"]) + `,"confirm_password":` + quoted(c.Input["confirm_password"]) + `}`)
			}
			a := answer{stdout: c.Stdout, stderr: c.Stderr, exit: c.Exit}
			if c.Exception != "" {
				a.err = errors.New(c.Exception)
			}
			w.device.answers = []answer{a}
			if c.ConnectError != "" {
				w.device.refused = errors.New(c.ConnectError)
			}
			sent := w.send(w.box, c.Type, input)
			require.NotContains(t, string(sent.Input), orText(c.Input["password"], "\x00"))
			w.work()
			got := w.command(sent.ID)
			require.Equal(t, c.Status, got.Status)
			require.Equal(t, c.Output, got.Output)
			require.Empty(t, got.Secret.Reveal())
			if c.After != nil {
				require.JSONEq(t, `{"password":"********"}`, string(got.Input))
			}
			if c.Executed != "" {
				require.Equal(t, []string{c.Executed}, w.device.lines)
			}
		})
		played++
	}
	t.Logf("%d played", played)
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }
