package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// programEnv makes the test binary the program itself.
const programEnv = "WISPWRIGHT_TEST_PROGRAM"

// statusEnv names the file for what the kernel knows of the program at its end.
const statusEnv = "WISPWRIGHT_TEST_STATUS"

func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" {
		code := run(os.Args, os.Stdout, os.Stderr)
		if name := os.Getenv(statusEnv); name != "" {
			// not the maximum the system keeps for the parent: it begins with the parent's own
			status, err := os.ReadFile("/proc/self/status")
			if err == nil {
				err = os.WriteFile(name, status, 0o600)
			}
			if err != nil {
				panic(err)
			}
		}
		os.Exit(code)
	}
	os.Exit(m.Run())
}

func program(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(append([]string{"wispwright-agent"}, args...), &out, &errs)
	return code, out.String(), errs.String()
}

func TestCommands(t *testing.T) {
	empty := t.TempDir()
	for _, c := range []struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{nil, 1, "", "usage"},
		{[]string{"--version"}, 0, "wispwright-agent unknown", ""},
		{[]string{"help"}, 0, "config", ""},
		{[]string{"nonsense"}, 1, "", "nonsense"},
		{[]string{"config", "--version"}, 0, "openwisp-config 1.1.0\n", ""},
		{[]string{"config", "--help"}, 0, "--shared-secret", ""},
		{[]string{"config", "--nope"}, 1, "Invalid option: --nope", ""},
		{[]string{"config", "--root", "/does/not/exist"}, 1, "", "root"},
		{[]string{"config", "--root", empty}, 2, "", "missing required --url option"},
		{[]string{"config", "--root", empty, "--url", "http://127.0.0.1:1"}, 3, "", "--shared-secret"},
		{[]string{"config", "--root", empty, "--url", "x", "--interval", "x"}, 1, "", "--interval"},
		{[]string{"config", "--force-update", "--root", empty}, 1, "", "not running"},
		{[]string{"wake", "--root", empty}, 1, "", "not running"},
		{[]string{"wake", "--nope"}, 1, "usage", ""},
		{[]string{"apply", "--help"}, 0, "--conf", ""},
		{[]string{"apply", "--nope"}, 1, "", "--nope"},
		{[]string{"apply", "--root=" + empty, "--conf=/does/not/exist"}, 1, "", "exist"},
	} {
		code, stdout, stderr := program(t, c.args...)
		require.Equal(t, c.code, code, c.args)
		require.Contains(t, stdout, c.stdout, c.args)
		require.Contains(t, stderr, c.stderr, c.args)
	}
	var out bytes.Buffer
	require.Equal(t, 0, run([]string{"/usr/sbin/openwisp-config", "-v"}, &out, &out), "under the original's name")
	require.Contains(t, out.String(), "openwisp-config 1.1.0")
}

func pack(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	for name, content := range files {
		require.NoError(t, tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}))
		_, err := tw.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, tw.Close())
	require.NoError(t, zw.Close())
	return b.Bytes()
}

func TestApplyCommand(t *testing.T) {
	root := t.TempDir()
	conf := filepath.Join(t.TempDir(), "conf.tar.gz")
	write := func(files map[string]string) { require.NoError(t, os.WriteFile(conf, pack(t, files), 0o600)) }

	write(map[string]string{"etc/config/network": "config interface 'lan\n"})
	code, _, stderr := program(t, "apply", "--root="+root, "--conf="+conf)
	require.Equal(t, 2, code)
	require.Contains(t, stderr, "ERROR: invalid UCI configuration file: network")
	require.Contains(t, stderr, "line 1")

	write(map[string]string{"etc/config/network": "config interface 'lan'\n\toption a '1'\n"})
	code, stdout, _ := program(t, "apply", "--root="+root, "--conf="+conf, "--dry-run")
	require.Equal(t, 0, code)
	require.Equal(t, "+ /etc/config/network\n", stdout)
	require.NoFileExists(t, root+"/etc/config/network")

	code, _, _ = program(t, "apply", "--root="+root, "--conf="+conf)
	require.Equal(t, 0, code)
	write(map[string]string{"etc/config/network": "config interface 'lan'\n\toption b '2'\n"})
	code, _, _ = program(t, "apply", "--root="+root, "--conf="+conf, "--merge=0")
	require.Equal(t, 0, code)
	b, err := os.ReadFile(root + "/etc/config/network")
	require.NoError(t, err)
	require.Equal(t, "config interface 'lan'\n\toption b '2'\n", string(b))
}

// TestARunningProgram registers, applies, is woken and stopped by signals.
func TestARunningProgram(t *testing.T) {
	var archive atomic.Pointer[[]byte]
	first := pack(t, map[string]string{"etc/greeting": "one\n"})
	archive.Store(&first)
	reports := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Openwisp-Controller", "true")
		switch strings.Split(r.URL.Path, "/")[2] {
		case "register":
			if r.PostFormValue("name") != "box-1" || r.PostFormValue("mac_address") != "02:00:00:00:00:01" {
				t.Errorf("registration: %v", r.PostForm)
			}
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte("uuid: u\nkey: k\nis-new: 1\n"))
		case "checksum":
			sum := md5.Sum(*archive.Load())
			_, _ = w.Write([]byte(hex.EncodeToString(sum[:])))
		case "download-config":
			_, _ = w.Write(*archive.Load())
		case "report-status":
			reports <- r.PostFormValue("status")
		}
	}))
	defer server.Close()

	root := t.TempDir()
	require.NoError(t, os.MkdirAll(root+"/etc/config", 0o755))
	require.NoError(t, os.WriteFile(root+"/etc/config/openwisp",
		[]byte("config controller 'http'\n\toption url '"+server.URL+"'\n\toption shared_secret 's'\n\toption bootup_delay '0'\n\toption post_reload_delay '0'\n"), 0o600))
	cmd := exec.Command(os.Args[0], "config", "--root", root, "--hostname", "box-1", "--mac-address", "02:00:00:00:00:01")
	cmd.Env = append(os.Environ(), programEnv+"=1")
	var log bytes.Buffer
	cmd.Stderr = &log
	require.NoError(t, cmd.Start())
	next := func() string {
		select {
		case s := <-reports:
			return s
		case <-time.After(time.Minute):
			_ = cmd.Process.Kill() // the test fails below
			t.Fatal("no report")
			return ""
		}
	}
	require.Equal(t, "applied", next())
	second := pack(t, map[string]string{"etc/greeting": "two\n"})
	archive.Store(&second)
	code, _, stderr := program(t, "wake", "--root", root)
	require.Equal(t, 0, code, stderr)
	require.Equal(t, "applied", next())
	for range 2 {
		code, _, stderr = program(t, "config", "--force-update", "--root", root)
		require.Equal(t, 0, code, stderr)
		require.Equal(t, "applied", next(), "the same configuration once more")
	}
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait(), "it ends with code 0")
	code, _, stderr = program(t, "config", "--force-update", "--root", root)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "the agent is not running")
	b, err := os.ReadFile(root + "/etc/greeting")
	require.NoError(t, err)
	require.Equal(t, "two\n", string(b))
	require.Contains(t, log.String(), "Received SIGUSR1")
	require.Contains(t, log.String(), "New device registered successfully as box-1, id: u")
}

// TestASmallDevice applies the largest archive that a device of 32 MiB takes,
// and refuses a larger one; neither takes much more than the program itself.
func TestASmallDevice(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes memory of its own")
	}
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(root+"/proc", 0o755))
	require.NoError(t, os.WriteFile(root+"/proc/meminfo", []byte("MemTotal:          26624 kB\nMemFree: 9000 kB\n"), 0o600))
	noise := make([]byte, 2<<20)
	rand.NewChaCha8([32]byte{}).Read(noise)
	conf := filepath.Join(t.TempDir(), "conf.tar.gz")
	apply := func(content string) (code int, peak int64, output string) {
		require.NoError(t, os.WriteFile(conf, pack(t, map[string]string{"etc/large": content}), 0o600))
		cmd := exec.Command(os.Args[0], "apply", "--root="+root, "--conf="+conf)
		status := filepath.Join(root, "status")
		cmd.Env = append(os.Environ(), programEnv+"=1", statusEnv+"="+status)
		out, err := cmd.CombinedOutput()
		if err != nil {
			require.IsType(t, new(exec.ExitError), err)
		}
		text, err := os.ReadFile(status)
		require.NoError(t, err)
		_, rest, _ := strings.Cut(string(text), "VmHWM:")
		kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		require.NoError(t, err)
		return cmd.ProcessState.ExitCode(), kib << 10, string(out)
	}
	code, least, output := apply("small")
	require.Equal(t, 0, code, output)
	code, peak, output := apply(string(noise))
	require.Equal(t, 0, code, output)
	code, again, output := apply(string(noise[:len(noise)-1]))
	require.Equal(t, 0, code, output)
	t.Logf("resident: %d KiB with nothing to do, %d and %d KiB with 2 MiB", least>>10, peak>>10, again>>10)
	require.Less(t, max(peak, again)-least, int64(14<<20))
	code, peak, output = apply(strings.Repeat("x", 3<<20))
	require.Equal(t, 1, code)
	require.Contains(t, output, "more than 4096 files or ")
	require.Less(t, peak-least, int64(8<<20), "a bomb is no reason to grow")
}
