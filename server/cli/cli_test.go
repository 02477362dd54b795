package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/server/cli"
)

type run struct {
	status   int
	out, err string
}

// wispwright runs the program with a data folder and cheap password hashes.
func wispwright(t *testing.T, data, stdin string, args ...string) run {
	t.Helper()
	return wispwrightIn([]string{"WISPWRIGHT_DATA=" + data}, stdin, args...)
}

// wispwrightIn runs it with variables of the environment.
func wispwrightIn(environ []string, stdin string, args ...string) run {
	var out, errs bytes.Buffer
	status := cli.Run(cli.Program{
		Build: "1.2.3", Args: args, In: strings.NewReader(stdin), Out: &out, Err: &errs,
		Environ: append([]string{"WISPWRIGHT_TENANCY_PASSWORD_ITERATIONS=1", "WISPWRIGHT_LOG_LEVEL=warn"}, environ...),
	})
	return run{status, out.String(), errs.String()}
}

func TestCommands(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	require.Equal(t, run{0, "wispwright 1.2.3\n", ""}, wispwright(t, data, "", "version"))
	require.Equal(t, run{0, "The tables are up to date.\n", ""}, wispwright(t, data, "", "migrate"))
	require.Equal(t, run{0, "User anna\n", ""}, wispwright(t, data, "a-long-Password-1\n", "user", "create", "anna", "--superuser", "--password-stdin", "--email", "anna@example.org"))
	again := wispwright(t, data, "a-long-Password-1\n", "user", "create", "anna", "--password-stdin")
	require.Equal(t, 1, again.status)
	require.Contains(t, again.err, "already exists")
	random := wispwright(t, data, "", "user", "create", "ben")
	require.Equal(t, 0, random.status, random.err)
	require.Regexp(t, `^User ben, password [A-Z2-7]{16}\n$`, random.out)
	require.Contains(t, wispwright(t, data, "", "user", "password", "nobody").err, "nobody")
	require.Contains(t, wispwright(t, data, "", "user", "remove-second-factor", "nobody").err, "nobody")
	require.Contains(t, wispwright(t, data, "", "user", "remove-second-factor", "ben").err, "second factor of ben: ")
	require.Regexp(t, `^User ben, password`, wispwright(t, data, "", "user", "password", "ben").out)

	dumped := wispwright(t, data, "", "dumpdata")
	require.Equal(t, 0, dumped.status, dumped.err)
	var d struct{ Users []struct{ Username string } }
	require.NoError(t, json.Unmarshal([]byte(dumped.out), &d))
	require.Len(t, d.Users, 2)
	require.Equal(t, "anna", d.Users[0].Username)

	file := filepath.Join(t.TempDir(), "data.json")
	require.NoError(t, os.WriteFile(file, []byte(dumped.out), 0o600))
	elsewhere := filepath.Join(t.TempDir(), "data")
	require.Equal(t, run{0, "", ""}, wispwright(t, elsewhere, "", "loaddata", file))
	require.Equal(t, run{0, "", ""}, wispwright(t, elsewhere, dumped.out, "loaddata", "-"))
	require.Equal(t, dumped.out, wispwright(t, elsewhere, "", "dumpdata").out)

	shown := wispwright(t, data, "", "config")
	require.Equal(t, 0, shown.status)
	require.Contains(t, shown.out, "data: "+data)
}

func TestWrongCommandLines(t *testing.T) {
	data := t.TempDir()
	for _, args := range [][]string{{"unknown"}, {"user", "create"}, {"serve", "--no-such-flag"}, {"simulate", "http://127.0.0.1:1"}} {
		got := wispwright(t, data, "", args...)
		require.Equal(t, 2, got.status, args)
		require.Contains(t, got.err, "wispwright --help", args)
	}
	require.Equal(t, 2, wispwright(t, data, "\n", "user", "create", "x", "--password-stdin").status)
	require.Equal(t, 2, wispwright(t, data, "", "simulate", "--secret", "x", "127.0.0.1:1").status)
	require.Equal(t, 1, wispwright(t, data, "", "--config", filepath.Join(data, "missing.yaml"), "migrate").status)
	require.Equal(t, 1, wispwright(t, data, "", "loaddata", filepath.Join(data, "missing.json")).status)
	help := wispwright(t, data, "", "--help")
	require.Equal(t, 0, help.status)
	require.Contains(t, help.out, "simulate")
	require.Equal(t, 0, wispwright(t, data, "").status)
}
