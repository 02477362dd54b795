package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// programEnv makes the test binary the program itself.
const programEnv = "WISPWRIGHT_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" {
		os.Exit(run(os.Args, os.Stdout, os.Stderr))
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
	require.NoError(t, cmd.Process.Signal(syscall.SIGUSR1))
	require.Equal(t, "applied", next())
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait(), "it ends with code 0")
	b, err := os.ReadFile(root + "/etc/greeting")
	require.NoError(t, err)
	require.Equal(t, "two\n", string(b))
	require.Contains(t, log.String(), "Received SIGUSR1")
	require.Contains(t, log.String(), "New device registered successfully as box-1, id: u")
}
