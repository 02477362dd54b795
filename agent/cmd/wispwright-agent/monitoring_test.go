package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMonitoringCommands(t *testing.T) {
	empty := t.TempDir()
	for _, c := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"monitoring", "--version"}, 0, "openwisp-monitoring 0.2.1\n", ""},
		{[]string{"monitoring", "--help"}, 0, "--required_memory", ""},
		{[]string{"monitoring", "--nope"}, 1, "", "Invalid option: --nope"},
		{[]string{"monitoring", "--mode", "x"}, 1, "", "Only send and collect are allowed"},
		{[]string{"monitoring", "--root", empty}, 1, "", "missing required --url option"},
		{[]string{"monitoring", "--root", empty, "--interval", "0"}, 1, "", "Interval is invalid"},
		{[]string{"monitoring", "--root", "/does/not/exist"}, 1, "", "root"},
		{[]string{"monitoring", "--root", empty, "--dump", "*"}, 0, `"type":"DeviceMonitoring"`, ""},
	} {
		code, stdout, stderr := program(t, c.args...)
		require.Equal(t, c.code, code, c.args)
		require.Contains(t, stdout, c.stdout, c.args)
		require.Contains(t, stderr, c.stderr, c.args)
	}
	as := func(name string, args ...string) (int, string) {
		var out bytes.Buffer
		return run(append([]string{"/usr/sbin/" + name}, args...), &out, &out), out.String()
	}
	code, out := as("openwisp-monitoring", "--url", "x")
	require.Equal(t, 1, code)
	require.Contains(t, out, "missing required --mode option")
	code, out = as("netjson-monitoring", "--help")
	require.Equal(t, 0, code)
	require.Contains(t, out, "--dump")
	code, out = as("netjson-monitoring", "--dump", "")
	require.Equal(t, 0, code)
	require.NotContains(t, out, "rx_bytes", "no traffic without interfaces")
}

// TestMonitoringAtWork runs both halves, in one process and in two, against a
// controller, wakes and ends them, and tells the memory they take.
func TestMonitoringAtWork(t *testing.T) {
	for _, modes := range [][]string{{""}, {"collect", "send"}} {
		documents := make(chan map[string]any, 10)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			var d map[string]any
			if err := json.Unmarshal(body, &d); err != nil {
				t.Error(err)
			}
			if r.URL.Path != "/api/v1/monitoring/device/u/" || r.URL.Query().Get("key") != "k" {
				t.Error(r.URL)
			}
			documents <- d
		}))
		root := t.TempDir()
		require.NoError(t, os.MkdirAll(root+"/etc/config", 0o755))
		require.NoError(t, os.MkdirAll(root+"/proc", 0o755))
		require.NoError(t, os.WriteFile(root+"/proc/meminfo", []byte("MemTotal: 61440 kB\nMemFree: 30000 kB\nMemAvailable: 40000 kB\n"), 0o600))
		require.NoError(t, os.WriteFile(root+"/etc/config/openwisp", []byte("config controller 'http'\n\toption url '"+server.URL+"'\n\toption uuid 'u'\n\toption key 'k'\n"), 0o600))
		var running []*exec.Cmd
		for _, mode := range modes {
			args := []string{"monitoring", "--root", root, "--bootup_delay", "0", "--interval", "1"}
			if mode != "" {
				args = append(args, "--mode", mode)
			}
			cmd := exec.Command(os.Args[0], args...)
			cmd.Env = append(os.Environ(), programEnv+"=1", statusEnv+"="+filepath.Join(root, "status"+mode))
			cmd.Stderr = os.Stderr
			require.NoError(t, cmd.Start())
			running = append(running, cmd)
		}
		for range 3 {
			select {
			case d := <-documents:
				require.Equal(t, "DeviceMonitoring", d["type"])
			case <-time.After(time.Minute):
				for _, cmd := range running {
					_ = cmd.Process.Kill() // the test fails below
				}
				t.Fatal("no document")
			}
		}
		code, _, stderr := program(t, append([]string{"monitoring", "--root", root}, map[bool][]string{true: {"--mode", "send"}, false: nil}[len(modes) > 1]...)...)
		require.Equal(t, 1, code, "a second one has nothing to do")
		require.Contains(t, stderr, "another agent")
		for i, cmd := range running {
			require.NoError(t, cmd.Process.Signal(syscall.SIGUSR1))
			require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
			require.NoError(t, cmd.Wait(), "it ends with code 0")
			text, err := os.ReadFile(filepath.Join(root, "status"+modes[i]))
			require.NoError(t, err)
			for _, key := range []string{"VmHWM:", "VmRSS:", "RssAnon:"} {
				_, rest, _ := strings.Cut(string(text), key)
				kib, err := strconv.Atoi(strings.Fields(rest)[0])
				require.NoError(t, err)
				t.Logf("%q %s %d KiB", modes[i], key, kib)
				if key == "RssAnon:" && !raceDetector {
					require.Less(t, kib, 12<<10, "what the program takes beside its text, which is read from the flash")
				}
			}
		}
		server.Close()
	}
}
