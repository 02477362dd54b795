package monitoring

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
)

// options are those of a device that is registered, at a controller.
func options(url string) Options {
	o := Defaults()
	o.URL, o.Credentials, o.Interval, o.MaxRetries = url, agent.Credentials{UUID: "u", Key: "k"}, time.Minute, 2
	return o
}

func put(t *testing.T, b *bench, documents ...string) {
	t.Helper()
	for n, text := range documents {
		require.NoError(t, b.spool.Put(b.clock.Now().Add(time.Duration(n)*time.Second), []byte(text)))
	}
}

func waiting(t *testing.T, b *bench) int {
	t.Helper()
	list, err := b.spool.List()
	require.NoError(t, err)
	return len(list)
}

// Documents are made in the interval and delivered, the oldest first.
func TestBothHalves(t *testing.T) {
	var b *bench
	c := newController(t, func(int) (int, string) { b.clock.end(); return 200, "" })
	b = newBench(t, options(c.URL), nil, 100_000*time.Hour)
	b.agent.d.Collector = newRouter().collector()
	require.ErrorIs(t, b.agent.Run(b.ctx), context.Canceled)
	require.NotEmpty(t, c.seen())
	require.Contains(t, c.bodies[0], `"hostname":"ap1"`)
	require.Contains(t, c.lines[0], "/api/v1/monitoring/device/u/?key=k&time=")
	seen, err := b.tree.ReadFile(bootupFile)
	require.NoError(t, err)
	require.NotEmpty(t, seen)
	require.Contains(t, b.lines(agent.LevelInfo), "Delaying initialization of the monitoring agent for 10 seconds.")
	require.Equal(t, ExitOK, ExitCode(context.Canceled))
}

// What the controller does not take is tried again, with pauses that grow; what it
// refuses for good is dropped.
func TestDelivery(t *testing.T) {
	answers := []int{500, 500, 200, 400, 413, 200}
	c := newController(t, func(n int) (int, string) {
		if n < len(answers) {
			return answers[n], "no"
		}
		return 200, ""
	})
	b := newBench(t, options(c.URL), nil, 5*time.Minute)
	put(t, b, "one", "two", "three", "four")
	require.ErrorIs(t, b.agent.Send(b.ctx), context.Canceled)
	require.Zero(t, waiting(t, b))
	require.Equal(t, []string{"one", "one", "one", "two", "three", "four"}, c.bodies)
	require.Contains(t, c.lines[5], "current=true")
	require.NotContains(t, c.lines[0], "current=true")
	require.Equal(t, []string{`Data not sent successfully. Response code is "500". Error message is "no". Run with verbose mode to find more.`,
		"Data not sent successfully (HTTP status 400), discarding data.", "Data not sent successfully (HTTP status 413), discarding data."}, b.lines(agent.LevelErr))
	require.Contains(t, b.lines(agent.LevelInfo), "Data sent successfully.", "an outage is over")
	require.Equal(t, []time.Duration{15 * time.Second, 30 * time.Second, time.Minute}, []time.Duration{
		(&delivery{Agent: b.agent, failures: 1}).backoff(), (&delivery{Agent: b.agent, failures: 2}).backoff(), (&delivery{Agent: b.agent, failures: 9}).backoff()})
}

// A device that is gone ends the agent, unless another one may register it again.
func TestDevicesThatAreGone(t *testing.T) {
	c := newController(t, func(int) (int, string) { return 404, "" })
	o := options(c.URL)
	o.Mode, o.Verbose = ModeSend, true
	b := newBench(t, o, nil, time.Hour)
	put(t, b, "one")
	err := b.agent.Run(b.ctx)
	require.ErrorIs(t, err, ErrGone)
	require.Equal(t, ExitGone, ExitCode(err))
	require.Equal(t, 1, waiting(t, b))
	require.Contains(t, b.lines(agent.LevelErr), "Giving up and shutting down: the device may have been deleted from OpenWISP Controller")

	b = newBench(t, o, nil, 5*time.Minute)
	b.agent.d.ConfigAgentRuns = func() bool { return true }
	put(t, b, "one")
	require.ErrorIs(t, b.agent.Run(b.ctx), context.Canceled)
	require.Equal(t, 1, waiting(t, b), "it waits for the registration")
	require.Contains(t, b.lines(agent.LevelWarning), "Data not sent successfully. Retrying in 15 seconds.")
}

// Nothing is sent before the device is registered; its credentials are read then.
func TestNotRegistered(t *testing.T) {
	c := newController(t, func(int) (int, string) { return 200, "" })
	o := options(c.URL)
	o.Credentials = agent.Credentials{}
	b := newBench(t, o, nil, 2*time.Minute)
	put(t, b, "one")
	require.ErrorIs(t, b.agent.Send(b.ctx), context.Canceled)
	require.Empty(t, c.seen())
	require.Equal(t, []string{"Waiting for device to register."}, b.lines(agent.LevelInfo), "told once")

	b = newBench(t, o, nil, 2*time.Minute)
	put(t, b, "one")
	require.NoError(t, b.tree.WriteFile("/etc/config/openwisp", []byte("config controller 'http'\n\toption uuid 'new'\n\toption key 'secret'\n"), 0o600))
	require.ErrorIs(t, b.agent.Send(b.ctx), context.Canceled)
	require.Len(t, c.seen(), 1)
	require.Contains(t, c.lines[0], "/device/new/?key=secret&")
}

// Somebody that wakes the sender need not wait for the interval.
func TestWake(t *testing.T) {
	b := newBench(t, options("http://127.0.0.1:1"), nil, time.Hour)
	b.agent.d.Clock = agent.RealClock{}
	b.agent.Wake()
	b.agent.Wake()
	require.NoError(t, (&delivery{Agent: b.agent}).pause(b.ctx, time.Hour))
	stopped, stop := context.WithCancel(b.ctx)
	stop()
	require.ErrorIs(t, (&delivery{Agent: b.agent}).pause(stopped, time.Hour), context.Canceled)
}

// No document is made while the clock is not set or memory is short; then the
// oldest documents make room first.
func TestWhatKeepsFromCollecting(t *testing.T) {
	o := options("http://127.0.0.1:1")
	o.Verbose, o.RequiredMemory = true, 0.5
	b := newBench(t, o, nil, time.Hour)
	r := newRouter()
	b.agent.d.Collector = r.collector()
	b.clock.now = time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC)
	b.agent.collectOnce(b.ctx)
	require.Zero(t, waiting(t, b))
	require.Contains(t, b.lines(agent.LevelWarning), "The clock is not set, skipping collect data.")

	b.clock.now = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	b.agent.collectOnce(b.ctx)
	require.Equal(t, 1, waiting(t, b))
	r.files["/proc/meminfo"] = "MemTotal: 1000 kB\nMemAvailable: 100 kB\n"
	b.agent.collectOnce(b.ctx)
	require.Zero(t, waiting(t, b), "the spool lies in memory")
	require.Contains(t, b.lines(agent.LevelWarning), "Not enough memory available, skipping collect data.")

	delete(r.files, "/proc/meminfo")
	r.answers = nil
	b.agent.collectOnce(b.ctx)
	require.Zero(t, waiting(t, b))
	require.Len(t, b.lines(agent.LevelErr), 1)
	require.Equal(t, 4, len(slices.DeleteFunc(slices.Clone(b.clock.slept), func(d time.Duration) bool { return d != collectPause })), "it is tried five times")
}

func TestNewAgent(t *testing.T) {
	tree, err := agent.NewTree(t.TempDir())
	require.NoError(t, err)
	_, err = New(Options{}, Deps{Tree: tree})
	require.ErrorIs(t, err, ErrNoURL)
	require.Equal(t, ExitUsage, ExitCode(err))
	o := Defaults()
	o.Mode = ModeCollect
	a, err := New(o, Deps{Tree: tree})
	require.NoError(t, err)
	require.NotNil(t, a.d.Collector)
	a.d.Collector.Failed("wireless", os.ErrNotExist)
	o.SpoolLimit = 7
	require.Equal(t, int64(7), spoolLimit(o, tree))
	require.GreaterOrEqual(t, spoolLimit(Defaults(), tree), int64(512<<10))
	require.False(t, processNamed("a-program-that-does-not-run"))
}
