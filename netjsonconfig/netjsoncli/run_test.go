package netjsoncli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/backends"
	"github.com/wispwright/wispwright/netjsonconfig/netjsoncli"
)

func run(args []string, environ ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	p := netjsoncli.Program{Backends: backends.Default()}
	status = p.Run(args, &out, &errs, environ)
	return status, out.String(), errs.String()
}

type member struct{ Name, Mode, Contents string }

// TestVectors repeats recorded runs of the original command.
func TestVectors(t *testing.T) {
	var vectors []struct {
		Name     string
		Argv     []string
		Files    map[string]string
		Archives map[string][]member
		Env      map[string]string
		Expected struct {
			Exit    int
			Stdout  *string
			JSON    json.RawMessage `json:"stdout_json"`
			Prefix  string          `json:"stdout_prefix"`
			Archive []member        `json:"stdout_archive"`
			Created []string        `json:"created_files"`
		}
	}
	testkit.ReadVectors(t, &vectors, "netjsonconfig", "cli.json")
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for name, contents := range v.Files {
				require.NoError(t, os.WriteFile(name, []byte(contents), 0o600))
			}
			for name, members := range v.Archives {
				writeArchive(t, name, members)
			}
			var environ []string
			for name, value := range v.Env {
				environ = append(environ, name+"="+value)
			}
			status, stdout, _ := run(v.Argv, environ...)
			require.Equal(t, v.Expected.Exit, status, stdout)
			if v.Expected.Stdout != nil {
				require.Equal(t, *v.Expected.Stdout, stdout)
			}
			if v.Expected.JSON != nil {
				require.JSONEq(t, string(v.Expected.JSON), stdout)
			}
			require.True(t, strings.HasPrefix(stdout, v.Expected.Prefix), stdout)
			if v.Expected.Archive != nil {
				files, err := njc.Unpack([]byte(stdout))
				require.NoError(t, err)
				var got []member
				for _, f := range files {
					got = append(got, member{f.Path, f.Mode, f.Contents})
				}
				require.Equal(t, v.Expected.Archive, got)
			}
			for _, name := range v.Expected.Created {
				require.FileExists(t, name)
			}
		})
	}
}

// writeArchive makes an archive out of members, as a configuration's files.
func writeArchive(t *testing.T, name string, members []member) {
	t.Helper()
	var files []any
	for _, m := range members {
		files = append(files, map[string]string{"path": m.Name, "mode": "0644", "contents": m.Contents})
	}
	text, err := json.Marshal(map[string]any{"files": files})
	require.NoError(t, err)
	b, _ := backends.Default().Get("openwrt")
	config, err := njc.NewJSON(b, text, nil)
	require.NoError(t, err)
	packed, err := config.Generate()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, packed, 0o600))
}

const minimal = `{"general":{"hostname":"ap-1"}}`

func TestStatuses(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("bad.uci", []byte("package x\nconfig 'open"), 0o600))
	cases := []struct {
		name   string
		args   []string
		status int
		stdout string
	}{
		{"inline values", []string{"--config=" + minimal, "-bopenwrt", "--meth", "validate"}, 0, ""},
		{"missing file", []string{"-c", "nowhere.json", "-b", "openwrt", "-m", "render"}, 1, "netjsonconfig: cannot open \"nowhere.json\": file not found\n"},
		{"a name is told as it is", []string{"-c", "né\"w.json", "-b", "openwrt", "-m", "render"}, 1, "netjsonconfig: cannot open \"né\"w.json\": file not found\n"},
		{"an option of the encoder", []string{"-c", minimal, "-b", "openwrt", "-m", "json", "-a", "ensure_ascii=False"}, 0, "{\"general\""},
		{"missing template", []string{"-c", minimal, "-t", "t.json", "-b", "openwrt", "-m", "render"}, 1, "netjsonconfig: cannot open \"t.json\": file not found\n"},
		{"missing native", []string{"-n", "x", "-b", "openwrt", "-m", "render"}, 1, "netjsonconfig: cannot open \"x\": file not found\n"},
		{"native nobody can read", []string{"-n", "bad.uci", "-b", "openwrt", "-m", "json"}, 1, "netjsonconfig: parse native configuration: line 2"},
		{"a backend without parser", []string{"-n", "bad.uci", "-b", "wireguard", "-m", "json"}, 1, "netjsonconfig: wireguard: this backend has no parser"},
		{"a list is no configuration", []string{"-c", `{"a":1}x`, "-b", "openwrt", "-m", "render"}, 2, "netjsonconfig: invalid JSON passed in config or templates\n"},
		{"an argument twice assigned", []string{"-c", minimal, "-b", "openwrt", "-m", "render", "-a", "a=b=c"}, 3, "netjsonconfig: --arg option expects"},
		{"unknown backend", []string{"-c", minimal, "-b", "nope", "-m", "render"}, 2, ""},
		{"no backend", []string{"-c", minimal, "-m", "render"}, 2, ""},
		{"option without value", []string{"-c", "-b", "openwrt", "-m", "render"}, 2, ""},
		{"flag with value", []string{"--verbose=1", "-b", "openwrt", "-m", "render"}, 2, ""},
		{"ambiguous option", []string{"--ver", "-b", "openwrt", "-m", "render"}, 2, ""},
		{"stray word", []string{"word"}, 2, ""},
		{"json to nothing", []string{"-c", minimal, "-b", "openwrt", "-m", "json", "-a", "indent=many"}, 5, "netjsonconfig: json() argument"},
		{"sorted json", []string{"-c", `{"b":[{"z":1,"a":2}],"a":{}}`, "-b", "openwrt", "-m", "json", "-a", "sort_keys=1"}, 0, "{\"a\":{},\"b\":[{\"a\":2,\"z\":1}],\"type\":\"DeviceConfiguration\"}\n"},
		{"indented json", []string{"-c", `{"a":{"b":1}}`, "-b", "openwrt", "-m", "json", "-a", "indent=2"}, 0, "{\n  \"a\": {\n    \"b\": 1\n"},
		{"list against object", []string{"-c", `{"general":{}}`, "-t", `{"general":[]}`, "-b", "openwrt", "-m", "render"}, 4, "netjsonconfig: JSON Schema violation\n"},
		{"verbose", []string{"-c", `{"general":{"hostname":"!"}}`, "-b", "openwrt", "-m", "render", "--verbose"}, 4, "netjsonconfig: JSON Schema violation\nInvalid configuration triggered by"},
		{"version", []string{"--version"}, 0, "netjsonconfig 1.1.3\n"},
		{"help", []string{"-h"}, 0, "usage: netjsonconfig"},
		{"write into a folder that is not there", []string{"-c", minimal, "-b", "openwrt", "-m", "write", "-a", "name=x", "path=none"}, 1, "netjsonconfig: write archive"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			status, stdout, stderr := run(c.args)
			require.Equal(t, c.status, status, stdout+stderr)
			require.True(t, strings.HasPrefix(stdout, c.stdout), stdout)
			require.Equal(t, c.status == 2 && c.stdout == "", stderr != "", stderr)
		})
	}
}

func TestEnvironmentIsTheContext(t *testing.T) {
	status, stdout, _ := run([]string{"-c", `{"general":{"hostname":"{{NAME}}"}}`, "-b", "openwrt", "-m", "render"}, "NAME=ap-7", "odd")
	require.Zero(t, status)
	require.Contains(t, stdout, "option hostname 'ap-7'")
}

func TestSkippedBlocksAreTold(t *testing.T) {
	status, stdout, stderr := run([]string{"-c", `{"custom":[{"x":1}]}`, "-b", "openwrt", "-m", "render"})
	require.Zero(t, status)
	require.Equal(t, "\n", stdout)
	require.Equal(t, "netjsonconfig: Unrecognized config block was skipped: custom\n", stderr)
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	status, stdout, stderr := run([]string{"-c", minimal, "-b", "openwrt", "-m", "write", "-a", "name=device", "path=" + dir})
	require.Zero(t, status, stderr)
	require.Empty(t, stdout)
	archive := filepath.Join(dir, "device.tar.gz")
	status, stdout, stderr = run([]string{"-n", archive, "-b", "openwrt", "-m", "json"})
	require.Zero(t, status, stderr)
	require.JSONEq(t, `{"general":{"hostname":"ap-1"},"type":"DeviceConfiguration"}`, stdout)
}
