package agent

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/hex"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeClock passes time by itself: a sleeper wakes at once, later.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func newFakeClock() *fakeClock {
	return &fakeClock{now: time.Date(2026, 11, 22, 7, 48, 0, 0, time.UTC)}
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return nil
}

// recorder takes notes of events, log lines and reloads.
type recorder struct {
	mu     sync.Mutex
	events []string
	lines  []string
}

func (r *recorder) Event(_ context.Context, action string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, action)
	return nil
}

func (r *recorder) line(l Line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, "daemon."+string(l.Level)+" openwisp: "+l.Message)
}

func (r *recorder) logged() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

func (r *recorder) happened() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// Reload pretends to be procd.
func (*recorder) Reload(context.Context, string) (string, error) { return "procd/ubus", nil }

// sandbox makes a tree with the given files.
func sandbox(t testing.TB, files map[string]string) *Tree {
	t.Helper()
	return sandboxIn(t, t.TempDir(), files)
}

// memorySandbox is one for tests that make hundreds: in memory where the system
// has a folder for that.
func memorySandbox(t testing.TB, files map[string]string) *Tree {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "agent")
	if err != nil {
		return sandbox(t, files)
	}
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return sandboxIn(t, dir, files)
}

func sandboxIn(t testing.TB, dir string, files map[string]string) *Tree {
	t.Helper()
	for name, content := range files {
		put(t, dir, name, content)
	}
	tree, err := NewTree(dir)
	require.NoError(t, err)
	tree.volatile = true
	return tree
}

func put(t testing.TB, dir, name, content string) {
	t.Helper()
	p := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(p), 0o755))
	mode := fs.FileMode(0o644)
	if strings.HasPrefix(content, "#!") {
		mode = 0o755
	}
	require.NoError(t, os.WriteFile(p, []byte(content), mode))
}

// machine are the files that make a sandbox the recorded device.
func machine() map[string]string {
	return map[string]string{
		"/sys/class/net/eth0/address": "02:fc:00:00:00:01\n",
		"/sys/class/net/lo/address":   "00:00:00:00:00:00\n",
		"/tmp/sysinfo/model":          "Oracle Box v1\n",
		"/etc/os-release":             "NAME=\"OpenWrt\"\nOPENWRT_RELEASE=\"OpenWrt 23.05.5 r24106-10cc5fcd00\"\n",
		"/proc/cpuinfo":               "system type\t\t: Oracle CPU ver 1\nmachine : x\n",
	}
}

func addresses(iface string) []netip.Addr {
	if iface == "eth0" {
		return []netip.Addr{netip.MustParseAddr("fe80::1"), netip.MustParseAddr("192.0.2.2")}
	}
	return nil
}

// contents reads every regular file below a folder of a tree.
func contents(t testing.TB, tree *Tree, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, _, err := tree.walk(dir)
	require.NoError(t, err)
	for _, f := range files {
		b, err := tree.ReadFile(filepath.Join(dir, f))
		require.NoError(t, err)
		out[filepath.Join(dir, f)] = string(b)
	}
	return out
}

// pack makes an archive as a controller does.
func pack(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var headers []tar.Header
	for _, name := range slices.Sorted(mapKeys(files)) {
		headers = append(headers, tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg})
	}
	return packHeaders(t, headers, files)
}

func mapKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func packHeaders(t testing.TB, headers []tar.Header, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	for _, h := range headers {
		require.NoError(t, tw.WriteHeader(&h))
		if h.Typeflag == tar.TypeReg {
			_, err := tw.Write([]byte(files[h.Name]))
			require.NoError(t, err)
		}
	}
	require.NoError(t, tw.Close())
	require.NoError(t, zw.Close())
	return b.Bytes()
}

func sumOf(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

func symlink(t testing.TB, to, at string) {
	t.Helper()
	require.NoError(t, os.Symlink(to, at))
}
