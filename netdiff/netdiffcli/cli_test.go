package netdiffcli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func run(t *testing.T, stdin string, args ...string) (status int, out, problem string) {
	t.Helper()
	var o, e bytes.Buffer
	status = Run(context.Background(), args, strings.NewReader(stdin), &o, &e)
	return status, o.String(), e.String()
}

const before = `[{"name":"a","links":[{"name":"b \"x\"","txRate":1,"rxRate":2}]}]`

func TestCommands(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	one, two := file("one", before), file("two", strings.Replace(before, "2", "4", 1))

	status, out, _ := run(t, before, "parse", "-compact", "bmx6", "-")
	require.Zero(t, status)
	require.Equal(t, `{"type":"NetworkGraph","protocol":"BMX6_b6m","version":"0","revision":null,"metric":"none","nodes":[{"id":"a","label":"","local_addresses":[],"properties":{}},{"id":"b \"x\"","label":"","local_addresses":[],"properties":{}}],"links":[{"source":"a","target":"b \"x\"","cost":1.5,"cost_text":"","properties":{"tx_rate":1,"rx_rate":2}}]}`+"\n", out)

	status, out, _ = run(t, "", "diff", "-compact", "bmx6", one, one)
	require.Zero(t, status)
	require.Equal(t, `{"added":null,"removed":null,"changed":null}`+"\n", out)
	status, out, _ = run(t, "", "diff", "bmx6", one, two)
	require.Equal(t, 1, status)
	require.Contains(t, out, `"cost": 2.5`)

	status, out, _ = run(t, "", "convert", "-to", "dot", "bmx6", one)
	require.Zero(t, status)
	require.Equal(t, "graph network {\n  \"a\" [label=\"a\"];\n  \"b \\\"x\\\"\" [label=\"b \\\"x\\\"\"];\n  \"a\" -- \"b \\\"x\\\"\" [label=\"1.5\"];\n}\n", out)
	status, out, _ = run(t, "", "convert", "-to", "csv", "bmx6", one)
	require.Zero(t, status)
	require.Equal(t, "source,target,cost,cost_text\na,\"b \"\"x\"\"\",1.5,\n", out)

	status, out, _ = run(t, "", "formats")
	require.Zero(t, status)
	require.Contains(t, out, "olsr netdiff.OlsrParser")
}

func TestOptionsStandAnywhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "zt")
	peers := func(last string) string {
		return `[{"address":"a","role":"LEAF","latency":1,"paths":[{"active":true,"expired":false,"preferred":true,"address":"x","lastSend":` + last + `}]}]`
	}
	require.NoError(t, os.WriteFile(file, []byte(peers("1")), 0o600))
	status, _, _ := run(t, peers("2"), "diff", "zerotier", file, "-")
	require.Equal(t, 1, status)
	for _, args := range [][]string{
		{"diff", "-ignore", "lastSend,lastReceive", "zerotier", file, "-"},
		{"diff", "zerotier", "-ignore=lastSend", file, "-", "-compact"},
	} {
		status, _, problem := run(t, peers("2"), args...)
		require.Zero(t, status, problem)
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}, {"parse", "-h"}, {"diff", "--help"}} {
		status, out, problem := run(t, "", args...)
		require.Zero(t, status, args)
		require.Contains(t, out, "usage: netdiff")
		require.Contains(t, out, "-ignore-orientation")
		require.Empty(t, problem)
	}
}

func TestWrongUse(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "usage:"},
		{[]string{"parse", "bmx6"}, "wrong use"},
		{[]string{"parse", "nonsense", "-"}, `unknown format "nonsense"`},
		{[]string{"parse", "bmx6", "/nowhere/at/all"}, "no such file"},
		{[]string{"parse", "-bogus", "bmx6", "-"}, "not defined"},
		{[]string{"convert", "-to", "pdf", "bmx6", "-"}, "cannot convert"},
		{[]string{"parse", "olsr", "-"}, "netdiff: -: "},
	} {
		stdin := before
		status, out, problem := run(t, stdin, c.args...)
		require.Equal(t, 2, status, c.args)
		require.Empty(t, out)
		require.Contains(t, problem, c.want)
	}
}
