package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLibraryCommands(t *testing.T) {
	run := func(stdin string, args ...string) (int, string, string) {
		var out, problem bytes.Buffer
		status := Run(Program{Args: args, In: strings.NewReader(stdin), Out: &out, Err: &problem, Environ: []string{"ssid=free"}})
		return status, out.String(), problem.String()
	}
	status, out, _ := run(`[{"name":"a","links":[{"name":"b","txRate":1,"rxRate":2}]}]`, "netdiff", "convert", "-to", "csv", "bmx6", "-")
	require.Zero(t, status)
	require.Equal(t, "source,target,cost,cost_text\na,b,1.5,\n", out)
	status, _, problem := run("x", "netdiff", "parse", "bmx6", "-")
	require.Equal(t, 2, status)
	require.Equal(t, "netdiff: -: Could not recognize format\n", problem, "the program adds nothing to it")

	status, out, _ = run("", "netjsonconfig", "--backend", "openwrt", "--method", "render", "--config", `{"general":{"hostname":"{{ssid}}"}}`)
	require.Zero(t, status)
	require.Equal(t, "package system\n\nconfig system 'system'\n\toption hostname 'free'\n\n", out)
	status, out, _ = run("", "netjsonconfig", "--config", `{"general":{"hostname":"own"}}`, "-b", "openwrt", "-m", "render")
	require.Zero(t, status)
	require.Contains(t, out, "'own'", "the option is the library's, not the program's")
	for _, name := range []string{"netdiff", "netjsonconfig"} {
		for _, flag := range []string{"-h", "--help"} {
			status, out, _ = run("", name, flag)
			require.Zero(t, status)
			require.True(t, strings.HasPrefix(out, "usage: "+name), out)
		}
	}
	status, out, _ = run("", "netjsonconfig", "-b", "openwrt", "-m", "render", "-c", `{"general":{"hostname":7}}`)
	require.NotZero(t, status)
	require.NotEmpty(t, out)
}
