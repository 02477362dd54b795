package vpnhost_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/hostwire"
	"github.com/wispwright/wispwright/controller/vpn/vpnhost"
)

// pack makes an archive of files.
func pack(t testing.TB, files map[string]string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, content := range files {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}))
		_, err := io.WriteString(w, content)
		require.NoError(t, err)
	}
	require.NoError(t, errors.Join(w.Close(), z.Close()))
	return b.Bytes()
}

func sum(content []byte) string {
	if len(content) == 0 {
		return ""
	}
	s := md5.Sum(content)
	return hex.EncodeToString(s[:])
}

// source is an installation that serves what it is told.
type source struct {
	mu          sync.Mutex
	archive     []byte
	revocations []byte
	err         error
	answer      vpnhost.Answer
	reports     []vpnhost.Report
	asked       chan struct{}
}

func (s *source) Versions(ctx context.Context, _ vpnhost.Server, known vpnhost.Versions, wait time.Duration) (vpnhost.Versions, error) {
	if s.asked != nil {
		select {
		case s.asked <- struct{}{}:
		default:
		}
	}
	s.mu.Lock()
	v, err := vpnhost.Versions{Archive: sum(s.archive), Revocations: sum(s.revocations)}, s.err
	s.mu.Unlock()
	if err == nil && v == known && wait > 0 {
		<-ctx.Done()
		return v, ctx.Err()
	}
	return v, err
}

func (s *source) Archive(context.Context, vpnhost.Server) ([]byte, error) { return s.archive, s.err }

func (s *source) Revocations(context.Context, vpnhost.Server) ([]byte, error) {
	return s.revocations, s.err
}

func (s *source) Report(_ context.Context, _ vpnhost.Server, r *vpnhost.Report) (*vpnhost.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports = append(s.reports, *r)
	return &s.answer, nil
}

func (s *source) last() vpnhost.Report { return s.reports[len(s.reports)-1] }

// driver runs in memory whatever does not say "broken".
type driver struct {
	mu      sync.Mutex
	running map[string]string
	did     []string
	peers   []vpnhost.Peer
	ended   bool
}

func (d *driver) note(what string) { d.did = append(d.did, what) }

func (d *driver) Runs(b *vpnhost.Bundle) bool { return !strings.HasPrefix(b.Main, "strange") }

func (d *driver) Apply(_ context.Context, b *vpnhost.Bundle) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.note("apply " + b.Name + " " + b.Main)
	d.running[b.Name] = "half of " + b.Main
	if strings.Contains(b.Main, "broken") {
		return errors.New("it is broken")
	}
	d.running[b.Name], d.ended = b.Main, false
	return nil
}

func (d *driver) Revoke(_ context.Context, b *vpnhost.Bundle) error {
	d.note("revoke " + string(b.Revocations))
	return nil
}

func (d *driver) Status(context.Context, *vpnhost.Bundle) (string, []vpnhost.Peer, error) {
	if d.ended {
		return "memory", nil, errors.New("it has ended")
	}
	return "memory", d.peers, nil
}

func (d *driver) Disconnect(_ context.Context, _ *vpnhost.Bundle, names ...string) error {
	d.note("disconnect " + strings.Join(names, " "))
	return nil
}

func (d *driver) Remove(_ context.Context, b *vpnhost.Bundle) error {
	d.note("remove " + b.Name)
	delete(d.running, b.Name)
	return nil
}

type world struct {
	*source
	*driver
	folder string
	host   *vpnhost.Host
	now    time.Time
	id     wispwright.ID
}

func newWorld(t *testing.T) *world {
	w := &world{source: &source{}, driver: &driver{running: map[string]string{}}, folder: t.TempDir(), now: time.Now(), id: wispwright.NewID()}
	w.start(t)
	return w
}

func (w *world) start(t *testing.T) {
	var err error
	w.host, err = vpnhost.New(w.source, []vpnhost.Server{{ID: w.id, Key: "k"}}, &vpnhost.Options{
		Folder: w.folder, Drivers: []vpnhost.Driver{w.driver}, Interval: time.Hour, Log: slog.New(slog.DiscardHandler), Clock: func() time.Time { return w.now },
	})
	require.NoError(t, err)
}

func TestWhatDoesNotComeUpIsTakenBack(t *testing.T) {
	w := newWorld(t)
	w.archive = pack(t, map[string]string{"wg0.conf": "first"})
	good := sum(w.archive)
	require.NoError(t, w.host.Once(t.Context()))
	require.Equal(t, map[string]string{"wg0": "first"}, w.running)
	require.Equal(t, hostwire.Running, w.last().State)
	require.Equal(t, "memory", w.last().Driver)

	w.archive = pack(t, map[string]string{"wg0.conf": "broken"})
	require.ErrorContains(t, w.host.Once(t.Context()), "it is broken")
	require.Equal(t, map[string]string{"wg0": "first"}, w.running, "what ran before runs again")
	require.Equal(t, vpnhost.Report{State: hostwire.Failed, Reason: "it is broken", Checksum: good, Driver: "memory", Peers: []vpnhost.Peer{}}, w.last())

	w.did = nil
	require.ErrorContains(t, w.host.Once(t.Context()), "it is broken")
	require.Empty(t, w.did, "it is not tried all the time")
	w.now = w.now.Add(time.Hour)
	require.Error(t, w.host.Once(t.Context()))
	require.Contains(t, w.did, "apply wg0 broken", "the reason may lie outside")

	w.archive = pack(t, map[string]string{"wg1.conf": "broken too"})
	require.Error(t, w.host.Once(t.Context()))
	require.Equal(t, map[string]string{"wg0": "first"}, w.running, "of another interface nothing is left")
	w.archive = pack(t, map[string]string{"wg1.conf": "third"})
	require.NoError(t, w.host.Once(t.Context()))
	require.Equal(t, map[string]string{"wg1": "third"}, w.running)
	require.Equal(t, hostwire.Running, w.last().State)

	w.archive = pack(t, map[string]string{"wg1.conf": "strange"})
	require.ErrorContains(t, w.host.Once(t.Context()), "nothing here runs")
	w.archive = []byte("no archive")
	require.ErrorContains(t, w.host.Once(t.Context()), "archive")
	require.Equal(t, map[string]string{"wg1": "third"}, w.running)
}

func TestAHostStartsAgain(t *testing.T) {
	w := newWorld(t)
	w.archive, w.revocations = pack(t, map[string]string{"o.conf": "first"}), []byte("list")
	require.NoError(t, w.host.Once(t.Context()))

	w.running, w.did = map[string]string{}, nil
	w.err = errors.New("the installation is away")
	w.start(t)
	require.ErrorContains(t, w.host.Once(t.Context()), "away")
	require.Equal(t, map[string]string{"o": "first"}, w.running, "what ran last comes up without the installation")
	w.err = nil
	w.did = nil
	require.NoError(t, w.host.Once(t.Context()))
	require.Empty(t, w.did)

	w.ended = true
	require.NoError(t, w.host.Once(t.Context()))
	require.Equal(t, []string{"apply o first"}, w.did, "what ended by itself is started again")
}

func TestRevocations(t *testing.T) {
	w := newWorld(t)
	w.archive, w.revocations = pack(t, map[string]string{"o.conf": "first"}), []byte("nobody")
	require.NoError(t, w.host.Once(t.Context()))
	require.Equal(t, []string{"apply o first"}, w.did, "the list is there before it starts")
	w.revocations, w.did = []byte("anna"), nil
	w.answer.Disconnect = []string{"anna"}
	w.peers = []vpnhost.Peer{{CommonName: "anna", Connected: true}}
	require.NoError(t, w.host.Once(t.Context()))
	require.Equal(t, []string{"revoke anna", "disconnect anna"}, w.did)
	require.Equal(t, w.peers, w.last().Peers)
}

func TestAServerThatIsGone(t *testing.T) {
	w := newWorld(t)
	w.archive = pack(t, map[string]string{"wg0.conf": "first"})
	require.NoError(t, w.host.Once(t.Context()))
	w.err = vpnhost.ErrGone
	require.ErrorIs(t, w.host.Once(t.Context()), vpnhost.ErrGone)
	require.Empty(t, w.running)
	left, err := os.ReadDir(w.folder)
	require.NoError(t, err)
	require.Empty(t, left, "its keys are gone too")
	w.err = nil
	require.NoError(t, w.host.Once(t.Context()))
	require.Equal(t, map[string]string{"wg0": "first"}, w.running)
}

func TestAWebhookWakes(t *testing.T) {
	w := newWorld(t)
	w.asked = make(chan struct{}, 1)
	w.archive = pack(t, map[string]string{"wg0.conf": "first"})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.host.Run(ctx) }()
	<-w.asked // with nothing running
	<-w.asked // waiting for something new
	hook := w.host.Webhook("secret")
	ask := func(method, target string) int {
		r := httptest.NewRecorder()
		hook.ServeHTTP(r, httptest.NewRequest(method, target, nil))
		return r.Code
	}
	require.Equal(t, http.StatusMethodNotAllowed, ask("GET", "/?key=secret"))
	require.Equal(t, http.StatusForbidden, ask("POST", "/?key=other"))
	require.Equal(t, http.StatusForbidden, ask("POST", "/"))
	w.source.mu.Lock()
	w.archive = pack(t, map[string]string{"wg0.conf": "second"})
	w.source.mu.Unlock()
	require.Equal(t, http.StatusOK, ask("POST", "/any/?key=secret"))
	require.Eventually(t, func() bool {
		w.driver.mu.Lock()
		defer w.driver.mu.Unlock()
		return w.running["wg0"] == "second"
	}, 20*time.Second, 5*time.Millisecond)
	stop()
	require.ErrorIs(t, <-done, context.Canceled)
	require.Equal(t, "second", w.running["wg0"], "what runs runs on")
}

func TestArchivesThatLeadOut(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"out": {"wg0.conf": "x", "../evil": "x"}, "nothing": {"a": "x"}, "hidden": {"-x.conf": "x"},
	} {
		_, err := vpnhost.Unpack(pack(t, files))
		require.Error(t, err, name)
	}
	b, err := vpnhost.Unpack(pack(t, map[string]string{"/wg0.conf": "x", "/etc/a.pem": "y"}))
	require.NoError(t, err)
	require.Equal(t, "wg0", b.Name)
	require.Equal(t, "y", string(b.Files["etc/a.pem"].Content))
}

func TestTheWireOfAHost(t *testing.T) {
	id := wispwright.NewID()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path+"?"+r.URL.RawQuery)
		w.Header().Set("X-Openwisp-Controller", "true")
		switch {
		case strings.Contains(r.URL.Path, "/report/"):
			w.WriteHeader(404) // an OpenWISP
		case strings.Contains(r.URL.Path, "/revocations/"):
			w.WriteHeader(500)
		default:
			w.Header().Set(hostwire.RevocationsHeader, "r")
			_, _ = io.WriteString(w, strings.Repeat("ab", 16))
		}
	}))
	defer server.Close()
	c, s := &vpnhost.Client{URL: server.URL + "/"}, vpnhost.Server{ID: id, Key: "s3cret"}
	v, err := c.Versions(t.Context(), s, vpnhost.Versions{Archive: "a", Revocations: "b"}, 5*time.Second)
	require.NoError(t, err)
	require.Equal(t, vpnhost.Versions{Archive: strings.Repeat("ab", 16), Revocations: "r"}, v)
	_, err = c.Report(t.Context(), s, &vpnhost.Report{})
	require.NoError(t, err, "nobody hears it there")
	_, err = c.Revocations(t.Context(), s)
	require.ErrorContains(t, err, "500")
	require.True(t, slices.Contains(asked, "GET /controller/vpn/checksum/"+id.String()+"/?checksum=a&key=s3cret&revocations=b&wait=5"), asked)
	server.Close()
	_, err = c.Archive(t.Context(), s)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "s3cret")
}
