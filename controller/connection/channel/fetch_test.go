package channel_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/connection"
)

type fetcher interface {
	Fetch(ctx context.Context, path string, mode fs.FileMode, size int64, sum, from string) error
}

// shop is where a device gets files; each request is told, and answered by answer
// unless that is nil.
type shop struct {
	mu     sync.Mutex
	ranges []string
	body   []byte
	answer func(n int, w http.ResponseWriter, r *http.Request) (done bool)
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.ranges = append(s.ranges, r.Header.Get("Range"))
	n, answer := len(s.ranges), s.answer
	s.mu.Unlock()
	if answer != nil && answer(n, w, r) {
		return
	}
	if r.URL.Path != "/shop/image" {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.body))
}

// half sends the first bytes of what was asked for and cuts the connection.
func (s *shop) half(w http.ResponseWriter, r *http.Request, from, n int) {
	if from > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(s.body)-1, len(s.body)))
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(s.body)-from))
	if from > 0 {
		w.WriteHeader(http.StatusPartialContent)
	}
	_, _ = w.Write(s.body[from : from+n])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func (s *shop) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ranges
}

// fetching is a device whose controller is also a shop.
func fetching(t *testing.T, s *shop) (fetch func(path, sum, from string, size int) error, folder string) {
	c := newCluster(t)
	n := c.node(nil)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/shop/") {
			s.ServeHTTP(w, r)
			return
		}
		n.Devices(func(*http.Request) netip.Addr { return netip.Addr{} }).ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	id := c.add("key")
	b := c.box(front.URL, id, "key")
	n.await(t, id)
	session, err := n.Dial(t.Context(), connection.Target{DeviceID: id})
	require.NoError(t, err)
	f := session.(fetcher)
	return func(path, sum, from string, size int) error {
		return f.Fetch(t.Context(), filepath.Join(b.dir, path), 0o640, int64(size), sum, from)
	}, b.dir
}

func sumOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func names(t *testing.T, folder string) (out []string) {
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// A device gets a file by itself and goes on where it was cut off.
func TestADeviceGetsAFile(t *testing.T) {
	s := &shop{body: bytes.Repeat([]byte("0123456789"), 30_000)}
	s.answer = func(n int, w http.ResponseWriter, r *http.Request) bool {
		switch n {
		case 1:
			s.half(w, r, 0, 1000)
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		case 3:
			s.half(w, r, 1000, 200_000)
		}
		return false
	}
	fetch, folder := fetching(t, s)
	require.NoError(t, fetch("image", sumOf(s.body), "/shop/image", len(s.body)))
	got, err := os.ReadFile(filepath.Join(folder, "image"))
	require.NoError(t, err)
	require.True(t, bytes.Equal(s.body, got))
	info, err := os.Stat(filepath.Join(folder, "image"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o640), info.Mode())
	require.Equal(t, []string{"", "bytes=1000-", "bytes=1000-", "bytes=201000-"}, s.asked())
	require.Equal(t, []string{"image"}, names(t, folder))
}

// What came before a call broke off is used by the next one, also when something on
// the way knows no ranges; what is left of other files goes.
func TestADownloadGoesOnInAnotherCall(t *testing.T) {
	s := &shop{body: bytes.Repeat([]byte("abcdefgh"), 10_000)}
	away := func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n == 1 {
			s.half(w, r, 0, 5000)
		}
		w.WriteHeader(http.StatusBadGateway)
		return true
	}
	s.answer = away
	fetch, folder := fetching(t, s)
	sum := sumOf(s.body)
	require.NoError(t, os.WriteFile(filepath.Join(folder, ".fetch-0123456789abcdef"), []byte("of another image"), 0o600))
	require.ErrorContains(t, fetch("image", sum, "/shop/image", len(s.body)), "502")
	require.Equal(t, []string{".fetch-" + sum[:16]}, names(t, folder))
	s.mu.Lock()
	s.ranges, s.answer = nil, nil
	s.mu.Unlock()
	require.NoError(t, fetch("image", sum, "/shop/image", len(s.body)))
	require.Equal(t, []string{"bytes=5000-"}, s.asked())
	got, err := os.ReadFile(filepath.Join(folder, "image"))
	require.NoError(t, err)
	require.True(t, bytes.Equal(s.body, got))

	s.mu.Lock()
	s.ranges, s.answer = nil, func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n == 1 {
			s.half(w, r, 0, 7000)
		}
		r.Header.Del("Range")
		return false
	}
	s.mu.Unlock()
	require.NoError(t, fetch("again", sum, "/shop/image", len(s.body)))
	got, err = os.ReadFile(filepath.Join(folder, "again"))
	require.NoError(t, err)
	require.True(t, bytes.Equal(s.body, got))
}

// A file that is not what was announced is not there afterwards, and a device asks
// nobody but its controller.
func TestADeviceRefusesFiles(t *testing.T) {
	s := &shop{body: []byte("the file")}
	other := httptest.NewServer(s)
	t.Cleanup(other.Close)
	fetch, folder := fetching(t, s)
	sum := sumOf(s.body)
	for _, c := range []struct {
		sum, from string
		size      int
		fault     string
	}{
		{sumOf([]byte("another")), "/shop/image", 8, "another sum"},
		{sum, "/shop/image", 7, "more came than was announced"},
		{sum, "/shop/nothing", 8, "404"},
		{sum, other.URL + "/shop/image", 8, "from the controller only"},
		{sum, "//" + strings.TrimPrefix(other.URL, "http://") + "/shop/image", 8, "from the controller only"},
		{sum, "/shop/image", 0, "positive"},
		{sum, "/shop/image", -1, "positive"},
		{"12", "/shop/image", 8, "none of SHA-256"},
		{"../../../../etc/passwd", "/shop/image", 8, "none of SHA-256"},
	} {
		require.ErrorContains(t, fetch("image", c.sum, c.from, c.size), c.fault)
		require.Empty(t, names(t, folder), c.fault)
	}
	require.ErrorContains(t, fetch("no/such/folder/image", sum, "/shop/image", 8), "no such file")
}
