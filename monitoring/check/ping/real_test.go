//go:build linux

package ping_test

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/monitoring/check/ping"
)

// inside says which part of a test a child runs in its own network namespace.
const inside = "WISPWRIGHT_PING_INSIDE"

// isolated runs a test of this program in a network namespace of its own, as a user.
func isolated(t *testing.T, name string, user uint32, prepare string) {
	t.Helper()
	for _, program := range []string{"unshare", "ip"} {
		if _, err := exec.LookPath(program); err != nil || os.Geteuid() != 0 {
			t.Skipf("%s is not here, or not root", program)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "unshare", "--net", "ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Skipf("no namespaces here: %v: %s", err, out)
	}
	self, err := os.Executable()
	require.NoError(t, err)
	// the program may lie where another user may not look
	dir, err := os.MkdirTemp("", "ping")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	text, err := os.ReadFile(self)
	require.NoError(t, err)
	program := filepath.Join(dir, "ping.test")
	require.NoError(t, os.WriteFile(program, text, 0o755))
	line := prepare + "\nexec " + program + " -test.run '^" + name + "$' -test.v"
	if user != 0 {
		line = prepare + "\nexec setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all --inh-caps -all " + program + " -test.run '^" + name + "$' -test.v"
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "--net", "sh", "-ec", line)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), inside+"=1", "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	require.NoError(t, err)
	require.Contains(t, string(out), "--- PASS: "+name)
}

func many(t *testing.T, o ping.Options, addresses ...string) []ping.Result {
	t.Helper()
	var list []netip.Addr
	for _, text := range addresses {
		list = append(list, netip.MustParseAddr(text))
	}
	results, err := ping.Many(context.Background(), list, o)
	require.NoError(t, err)
	return results
}

// Links that are cut, delayed and lossy, in a network of the test's own.
func TestLinksInANamespace(t *testing.T) {
	if os.Getenv(inside) == "" {
		isolated(t, t.Name(), 0, "ip link set lo up; for n in 1 2 3; do ip addr add 10.66.0.$n/32 dev lo; done; ip -6 addr add fd66::1/128 dev lo nodad")
		return
	}
	run := func(line string) error {
		out, err := exec.Command("sh", "-ec", line).CombinedOutput()
		if err != nil {
			t.Logf("%s: %v: %s", line, err, out)
		}
		return err
	}
	o := ping.Options{Count: 5, Interval: 20 * time.Millisecond, Bytes: 56, Timeout: 3 * time.Second}
	testkit.Eventually(t, "the new addresses answer", func(context.Context) bool {
		return !slices.ContainsFunc(many(t, o, "10.66.0.1", "10.66.0.2", "10.66.0.3", "fd66::1"), func(r ping.Result) bool { return r.Received < 5 })
	})
	for i, r := range many(t, o, "10.66.0.1", "10.66.0.2", "fd66::1") {
		require.Equal(t, 5, r.Received, "address %d", i)
		require.Zero(t, r.Loss())
	}
	// one is cut: what is sent to it goes nowhere, and the others do not notice
	require.NoError(t, run("ip addr del 10.66.0.2/32 dev lo; ip route add blackhole 10.66.0.2/32"))
	o.Timeout = 500 * time.Millisecond
	results := many(t, o, "10.66.0.1", "10.66.0.2", "10.66.0.3")
	require.Equal(t, []int{5, 0, 5}, []int{results[0].Received, results[1].Received, results[2].Received})
	require.Equal(t, 100.0, results[1].Loss())
	// and is back
	require.NoError(t, run("ip route del blackhole 10.66.0.2/32; ip addr add 10.66.0.2/32 dev lo"))
	o.Timeout = 3 * time.Second
	require.Equal(t, 5, many(t, o, "10.66.0.2")[0].Received)
	if run("tc qdisc add dev lo root netem delay 40ms") != nil {
		t.Log("this kernel has no netem: delay and loss are not tried")
		return
	}
	r := many(t, o, "10.66.0.1")[0]
	require.Equal(t, 5, r.Received)
	require.GreaterOrEqual(t, r.Min, 80*time.Millisecond, "there and back")
	require.NoError(t, run("tc qdisc change dev lo root netem loss 50%"))
	o.Count, o.Interval, o.Timeout = 20, 10*time.Millisecond, 500*time.Millisecond
	lost := many(t, o, "10.66.0.1", "10.66.0.2", "10.66.0.3")
	sum := lost[0].Received + lost[1].Received + lost[2].Received
	require.Positive(t, sum)
	require.Less(t, sum, 60)
	require.NoError(t, run("tc qdisc change dev lo root netem loss 100%"))
	require.Zero(t, many(t, o, "10.66.0.1")[0].Received)
}

// A program that may open no ICMP socket says so, and what has to be changed.
func TestNotPermitted(t *testing.T) {
	if os.Getenv(inside) == "" {
		if _, err := exec.LookPath("setpriv"); err != nil {
			t.Skip("setpriv is not here")
		}
		if testing.CoverMode() != "" {
			t.Skip("a user without rights may not write where coverage is kept")
		}
		isolated(t, t.Name(), 65534, "ip link set lo up; echo '1 0' > /proc/sys/net/ipv4/ping_group_range 2>/dev/null || true")
		return
	}
	_, err := ping.Many(t.Context(), []netip.Addr{netip.MustParseAddr("127.0.0.1")}, ping.Options{Count: 1, Bytes: 56, Timeout: time.Second})
	require.ErrorIs(t, err, ping.ErrNotPermitted)
	require.True(t, strings.Contains(err.Error(), "ping_group_range"), err)
}

// TestSpeedOfPings pings 10,000 addresses of loopback within a minute; run it with WISPWRIGHT_SOAK.
func TestSpeedOfPings(t *testing.T) {
	if os.Getenv("WISPWRIGHT_SOAK") == "" {
		t.Skip("measures")
	}
	var list []netip.Addr
	for n := range 10_000 {
		list = append(list, netip.AddrFrom4([4]byte{127, 1, byte(n >> 8), byte(n)}))
	}
	var before, after syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &before))
	begun, sent, received := time.Now(), 0, 0
	for from := 0; from < len(list); from += 1000 {
		results, err := ping.Many(context.Background(), list[from:from+1000], ping.Options{Count: 5, Interval: 25 * time.Millisecond, Bytes: 56, Timeout: 800 * time.Millisecond})
		require.NoError(t, err)
		for _, r := range results {
			sent, received = sent+r.Sent, received+r.Received
		}
	}
	took := time.Since(begun)
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &after))
	cpu := time.Duration(after.Utime.Nano() - before.Utime.Nano() + after.Stime.Nano() - before.Stime.Nano())
	t.Logf("10,000 addresses, %d requests in %s, %s CPU (%.1f %% of a core over a minute), %d lost", sent, took, cpu, cpu.Seconds()/60*100, sent-received)
}
