package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Variables are described, set and removed from the command line at each level; a
// secret value comes in by a file or the standard input and goes out nowhere.
func TestVariableCommands(t *testing.T) {
	data := installed(t)
	acme := []string{"--organization", "acme"}
	of := func(args ...string) []string { return append(append([]string{"variable"}, args...), acme...) }
	require.Contains(t, done(t, data, "hidden-from-all\n", of("set", "wifi_key", "--secret", "--description", "of the guests", "--value-from", "-")...), "is set")
	done(t, data, "", of("set", "channel", "--type", "number", "--value", "11")...)
	done(t, data, "", of("set", "code", "--type", "text", "--value", "11")...)
	file := filepath.Join(t.TempDir(), "list.json")
	require.NoError(t, os.WriteFile(file, []byte("[1, \"a\"]\n"), 0o600))
	done(t, data, "", of("set", "ports", "--type", "list", "--value-from", file)...)
	listed := done(t, data, "", of("list")...)
	require.NotContains(t, listed, "hidden-from-all")
	for name, want := range map[string]string{"wifi_key": "(secret) of the guests", "channel": "number 11", "code": `text "11"`, "ports": `list [1,"a"]`} {
		require.Contains(t, strings.Join(strings.Fields(listed), " "), name+" "+want, listed)
	}
	done(t, data, "", of("set", "channel", "--description", "of the radio")...)
	require.Contains(t, strings.Join(strings.Fields(done(t, data, "", of("list")...)), " "), "channel number 11 of the radio", "what is not mentioned stays")

	require.Contains(t, done(t, data, "", "variable", "report", "acme"), "0 devices in service")
	require.Contains(t, done(t, data, "", "variable", "report", "acme"), "channel")
	folder := filepath.Join(t.TempDir(), "files")
	done(t, data, "", "export", folder)
	text, err := os.ReadFile(filepath.Join(folder, "acme", "variables.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(text), "description: of the guests")
	require.NotContains(t, string(text), "hidden-from-all")
	require.Contains(t, done(t, data, "", "plan", folder), "Nothing to do")

	done(t, data, "", of("remove", "wifi_key")...)
	require.NotContains(t, done(t, data, "", of("list")...), "wifi_key")
	for said, args := range map[string][]string{
		"there is no variable wifi_key": of("remove", "wifi_key"),
		"must be a number":              of("set", "channel", "--value", "eleven"),
		"--value-from":                  of("set", "other", "--secret", "--value", "x"),
		"name:":                         of("set", "a-b", "--value", "x"),
		"not found":                     {"variable", "list", "--organization", "nobody"},
		"is not an id":                  {"variable", "list", "--device", "nobody"},
		"missing flags":                 {"variable", "list"},
		"can't be used together":        append(of("list"), "--group", "00000000-0000-4000-8000-000000000000"),
	} {
		require.Contains(t, refused(t, data, args...), said, args)
	}
}
