package agent

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

func TestConsistentKey(t *testing.T) {
	require.Equal(t, "1ab99d4facd0b450d0d50af615a62fbf", ConsistentKey("02:FC:00:00:00:01", "abcdefg").Reveal())
	require.Equal(t, "5950b81ec7baf3682e306920df363bcd", ConsistentKey("HW-0001", "s3cret!&=x").Reveal())
}

func TestChooseName(t *testing.T) {
	for _, c := range []struct{ hostname, factory, want string }{
		{"ap-1", "LEDE", "ap-1"}, {"", "LEDE", "MAC"}, {"OpenWrt", "LEDE", "MAC"}, {"openwrt", "LEDE", "MAC"},
		{"LEDE", "LEDE", "MAC"}, {"lede", "LEDE", "lede"}, {"ap-1", "*", "MAC"}, {"ap-1", "ap-1", "MAC"},
	} {
		require.Equal(t, c.want, ChooseName(c.hostname, "MAC", c.factory), c)
	}
}

// echo answers with what it was asked.
func echo(t *testing.T, status int, header bool) (*Client, *string) {
	got := new(string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*got = r.Method + " " + r.RequestURI + "\n" + string(body)
		if header {
			w.Header().Set("x-openwisp-controller", "True")
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("first\nlast\n"))
	}))
	t.Cleanup(server.Close)
	return &Client{BaseURL: server.URL, HTTP: NewHTTPClient(HTTPOptions{ConnectTimeout: time.Minute, MaxTime: time.Minute})}, got
}

func TestRequests(t *testing.T) {
	ctx := context.Background()
	d := Credentials{UUID: "ab/c d", Key: "k&1"}
	c, got := echo(t, 200, true)
	sum, err := c.Checksum(ctx, d, "fe80::1")
	require.NoError(t, err)
	require.Equal(t, "last", sum)
	require.Equal(t, "GET /controller/checksum/ab%2Fc%20d/?key=k%261&management_ip=fe80%3A%3A1\n", *got)
	_, err = c.Download(ctx, d, "")
	require.NoError(t, err)
	require.Equal(t, "GET /controller/download-config/ab%2Fc%20d/?key=k%261\n", *got)
	require.NoError(t, c.UpdateInfo(ctx, d, Info{Model: "A+B", OS: "O ü", System: ""}))
	require.Equal(t, "POST /controller/update-info/ab%2Fc%20d/\nkey=k%261&model=A%2BB&os=O+%C3%BC&system=", *got)
	require.NoError(t, c.ReportStatus(ctx, d, ReportApplied, ""))
	require.Equal(t, "POST /controller/report-status/ab%2Fc%20d/\nkey=k%261&status=applied&", *got)
	require.NoError(t, c.ReportStatus(ctx, d, ReportError, "a\nb"))
	require.Equal(t, "POST /controller/report-status/ab%2Fc%20d/\nkey=k%261&status=error&error_reason=a%0Ab", *got)
	c, got = echo(t, 201, true)
	_, err = c.Register(ctx, Registration{Secret: "s", MACAddress: "02:00", Backend: "x.Y"})
	require.ErrorContains(t, err, "no uuid")
	require.Equal(t, "POST /controller/register/\nbackend=x.Y&secret=s&name=&hardware_id=&mac_address=02%3A00&tags=&model=&os=&system=", *got)
}

func TestUnexpectedAnswers(t *testing.T) {
	ctx := context.Background()
	d := Credentials{UUID: "u", Key: "k"}
	c, _ := echo(t, 200, false)
	_, err := c.Checksum(ctx, d, "")
	require.ErrorIs(t, err, ErrNoHeader)
	require.ErrorIs(t, c.UpdateInfo(ctx, d, Info{}), ErrNoHeader)
	require.ErrorIs(t, c.ReportStatus(ctx, d, ReportApplied, ""), ErrNoHeader)
	_, err = c.Download(ctx, d, "")
	require.NoError(t, err, "a download needs no header")
	_, err = c.Register(ctx, Registration{})
	require.ErrorIs(t, err, ErrNoHeader)
	c.MaxArchive = 3
	_, err = c.Download(ctx, d, "")
	require.ErrorContains(t, err, "longer than 3 bytes")

	c, _ = echo(t, 302, true)
	var status *StatusError
	_, err = c.Download(ctx, d, "")
	require.ErrorAs(t, err, &status)
	require.Equal(t, "HTTP/1.1 302 Found", status.Line)
	require.ErrorAs(t, c.Reach(ctx, d, ""), &status, "reached, but told")
	_, err = c.Checksum(ctx, d, "")
	require.ErrorAs(t, err, &status)

	c, _ = echo(t, 500, false)
	_, err = c.Register(ctx, Registration{})
	require.ErrorIs(t, err, ErrNoHeader, "the header is looked at first")
	c, _ = echo(t, 400, true)
	_, err = c.Register(ctx, Registration{})
	require.ErrorAs(t, err, &status)
	require.Equal(t, "first\nlast", status.Body)
}

func TestAnInterimAnswerIsSkipped(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		status(w, 200, "sum")
	}))
	defer server.Close()
	sum, err := (&Client{BaseURL: server.URL}).Checksum(context.Background(), Credentials{}, "")
	require.NoError(t, err)
	require.Equal(t, "sum", sum)
}

func TestCurlCodes(t *testing.T) {
	ctx := context.Background()
	code := func(c *Client) int {
		_, err := c.Checksum(ctx, Credentials{UUID: "u", Key: "k"}, "")
		var transport *TransportError
		require.ErrorAs(t, err, &transport)
		return transport.CurlCode()
	}
	h := NewHTTPClient
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer slow.Close()
	defer close(release)
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { status(w, 200, "x") }))
	defer secure.Close()
	secure.Config.ErrorLog = nil
	closing := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer closing.Close()
	require.Equal(t, 7, code(&Client{BaseURL: "http://127.0.0.1:1", HTTP: h(HTTPOptions{})}))
	require.Equal(t, 28, code(&Client{BaseURL: slow.URL, HTTP: h(HTTPOptions{MaxTime: 50 * time.Millisecond})}))
	require.Equal(t, 60, code(&Client{BaseURL: secure.URL, HTTP: h(HTTPOptions{})}))
	require.Equal(t, 52, code(&Client{BaseURL: closing.URL, HTTP: h(HTTPOptions{})}))
	_, err := (&Client{BaseURL: secure.URL, HTTP: h(HTTPOptions{SkipVerify: true})}).Checksum(ctx, Credentials{}, "")
	require.NoError(t, err)
}

// TestTrustedCertificatesAreReadAnew: a configuration may replace the file, and
// its test must not succeed with what the file held before.
func TestTrustedCertificatesAreReadAnew(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { status(w, 200, "sum") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "ca.pem")
	good := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	write := func(content []byte) { require.NoError(t, os.WriteFile(file, content, 0o600)) }
	for name, o := range map[string]HTTPOptions{"file": {CACert: file}, "folder": {CAPath: dir}} {
		c := &Client{BaseURL: server.URL, HTTP: NewHTTPClient(o)}
		code := func() int {
			_, err := c.Checksum(context.Background(), Credentials{}, "")
			var transport *TransportError
			if errors.As(err, &transport) {
				return transport.CurlCode()
			}
			require.NoError(t, err, name)
			return 0
		}
		require.Equal(t, 77, code(), "%s: not there yet", name)
		write(good)
		require.Equal(t, 0, code(), name)
		write([]byte("no certificate"))
		require.Equal(t, 77, code(), name)
		require.NoError(t, os.Remove(file))
	}
}

func TestEveryRequestHasItsConnection(t *testing.T) {
	seen := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen[r.RemoteAddr] = true
		status(w, 200, "x")
	}))
	defer server.Close()
	c := &Client{BaseURL: server.URL, HTTP: NewHTTPClient(HTTPOptions{})}
	for range 5 {
		_, err := c.Checksum(context.Background(), Credentials{}, "")
		require.NoError(t, err)
	}
	require.Len(t, seen, 5)
}

func TestParseIdentity(t *testing.T) {
	require.Equal(t, Identity{Credentials: Credentials{UUID: "u", Key: "k"}, Hostname: "name", New: true},
		parseIdentity([]byte("registration-result: success\r\nuuid: u\r\nkey: k\r\nhostname: name with words\r\nis-new: 1\r\n")))
	require.Equal(t, Identity{Credentials: Credentials{UUID: "u", Key: "k"}, New: true}, parseIdentity([]byte("uuid: u\nkey: k")))
	require.False(t, parseIdentity([]byte("is-new: 0")).New)
}

func TestTruncateReason(t *testing.T) {
	require.Equal(t, "short", truncateReason("short"))
	exact := strings.Repeat("x", 1011)
	require.Equal(t, exact, truncateReason(exact))
	long := truncateReason(strings.Repeat("x", 1012))
	require.Len(t, long, 1024)
	require.True(t, strings.HasSuffix(long, `x\n[truncated]`))
	wide := truncateReason(strings.Repeat("ü", 1000))
	require.LessOrEqual(t, len(wide), 1024)
	require.Equal(t, strings.Repeat("ü", 505)+`\n[truncated]`, wide)
}

func FuzzParseIdentity(f *testing.F) {
	f.Add([]byte("uuid: u\nkey: k\nis-new: 0\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		id := parseIdentity(body)
		require.NotContains(t, id.UUID, "\n")
		require.NotContains(t, id.Key.Reveal(), "\n")
	})
}

func BenchmarkChecksum(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { status(w, 200, "0123456789abcdef0123456789abcdef") }))
	defer server.Close()
	c := &Client{BaseURL: server.URL}
	d := Credentials{UUID: "b9e088cee5f34d40a198572cc6ee2853", Key: wispwright.Secret("d70c67d6cdcbb20d3d7a6d40825db7b1")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Checksum(context.Background(), d, ""); err != nil {
			b.Fatal(err)
		}
	}
}
