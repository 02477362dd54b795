package monitoring

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
)

func resolve(t *testing.T, files map[string]string, args ...string) (Options, []error, error) {
	t.Helper()
	tree, err := agent.NewTree(t.TempDir())
	require.NoError(t, err)
	for name, text := range files {
		require.NoError(t, tree.WriteFile(name, []byte(text), 0o600))
	}
	inv, err := ParseArgs(args)
	require.NoError(t, err)
	return inv.Options(tree, func(string) (string, bool) { return "", false })
}

func TestOptions(t *testing.T) {
	files := map[string]string{
		"/etc/config/openwisp": "config controller 'http'\n\toption url 'https://c/'\n\toption uuid 'u'\n\toption key 'k'\n\toption verify_ssl '0'\n\toption cacert '/ca'\n",
		"/etc/config/openwisp-monitoring": "config monitoring 'monitoring'\n\toption monitored_interfaces '\"tun0 eth0\"'\n\toption interval '2m'\n\toption verbose_mode '1'\n" +
			"\toption required_memory '0.1'\n\toption max_retries 'x'\n\toption bootup_delay '3'\n\toption spool_limit '64'\n",
	}
	o, warnings, err := resolve(t, files, "--interval", "7", "--mode=send")
	require.NoError(t, err)
	require.Len(t, warnings, 1, "max_retries")
	require.Equal(t, ModeSend, o.Mode)
	require.Equal(t, 7*time.Second, o.Interval, "the flag over the file")
	require.Equal(t, "https://c", o.URL)
	require.Equal(t, agent.Credentials{UUID: "u", Key: "k"}, o.Credentials)
	require.True(t, o.HTTP.SkipVerify)
	require.Equal(t, "/ca", o.HTTP.CACert)
	require.True(t, o.Verbose)
	require.InDelta(t, 0.1, o.RequiredMemory, 1e-9)
	require.Equal(t, 5, o.MaxRetries)
	require.Equal(t, 3*time.Second, o.BootupDelay)
	require.Equal(t, int64(64<<10), o.SpoolLimit)
	require.True(t, o.Monitored.has("tun0") && o.Monitored.has("eth0") && !o.Monitored.has("eth1"))

	o, _, err = resolve(t, nil)
	require.NoError(t, err)
	require.Equal(t, 5*time.Minute, o.Interval)
	require.True(t, o.Monitored.has("anything"))
	require.False(t, ParseMonitored("").has("eth0"))
	_, err = New(o, Deps{})
	require.ErrorIs(t, err, ErrNoURL)

	files["/etc/config/openwisp-monitoring"] = "config monitoring\n\toption interval '0'\n"
	_, _, err = resolve(t, files)
	require.ErrorIs(t, err, ErrInterval)
	_, warnings, err = resolve(t, map[string]string{"/etc/config/openwisp-monitoring": "config 'x"})
	require.NoError(t, err)
	require.Len(t, warnings, 1, "a slip in a file does not end the agent")
	_, _, err = resolve(t, nil, "--max_retries", "0")
	require.ErrorContains(t, err, "--max_retries")
}

func TestIntervals(t *testing.T) {
	for v, want := range map[string]time.Duration{"10": 10 * time.Second, "10s": 10 * time.Second, "2m": 2 * time.Minute, "3h": 3 * time.Hour, "1d": 24 * time.Hour} {
		got, err := ParseInterval(v)
		require.NoError(t, err, v)
		require.Equal(t, want, got, v)
	}
	for _, v := range []string{"", "s", "0", "-1", "1w", "1.5", "10 s", "99999999999", "99999999d"} {
		_, err := ParseInterval(v)
		require.ErrorIs(t, err, ErrInterval, v)
	}
}

func TestArguments(t *testing.T) {
	for _, c := range []struct{ arg, want string }{{"--nope", "Invalid option: --nope"}, {"x", "Invalid option: x"}, {"--url", "needs a value"}} {
		_, err := ParseArgs([]string{c.arg})
		require.ErrorContains(t, err, c.want)
	}
	_, err := ParseArgs([]string{"--mode", "both"})
	require.EqualError(t, err, "The supplied mode is invalid. Only send and collect are allowed")
	inv, err := ParseArgs([]string{"--monitored-interfaces", "a b", "--dump", "*"})
	require.NoError(t, err)
	require.True(t, inv.Dump)
	require.Equal(t, "*", inv.DumpInterfaces)
	require.Contains(t, Usage(), "--required_memory")
	require.Equal(t, ExitUsage, ExitCode(ErrNoURL))
}
