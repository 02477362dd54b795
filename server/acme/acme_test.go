package acme_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/acme"
)

const host = "nms.example.org"

// port is one that nobody listened on a moment ago: pebble takes only numbers.
func port(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return l.Addr().(*net.TCPAddr).Port
}

// names answers that every name is this machine.
func names(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &dns.Server{PacketConn: c, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg).SetReply(r)
		for _, q := range r.Question {
			if q.Qtype == dns.TypeA {
				m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(127, 0, 0, 1)})
			}
		}
		_ = w.WriteMsg(m) // who does not hear it asks again
	})}
	go func() { _ = s.ActivateAndServe() }()
	t.Cleanup(func() { _ = s.Shutdown() })
	return c.LocalAddr().String()
}

// authority is a real ACME server on loopback.
type authority struct {
	directory string
	roots     *x509.CertPool
	stop      func()
}

func newAuthority(t *testing.T, httpPort, tlsPort int) *authority {
	t.Helper()
	program, err := exec.LookPath("pebble")
	if err != nil {
		t.Skip("the program pebble is not installed")
	}
	// its own certificate is that of a server of net/http/httptest
	own := httptest.NewTLSServer(nil)
	defer own.Close()
	pair := own.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, pemOf(kind, der), 0o600))
		return path
	}
	listen := port(t)
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": fmt.Sprintf("127.0.0.1:%d", listen), "managementListenAddress": "127.0.0.1:0",
		"certificate": write("cert.pem", "CERTIFICATE", pair.Certificate[0]), "privateKey": write("key.pem", "PRIVATE KEY", key),
		"httpPort": httpPort, "tlsPort": tlsPort,
	}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600))
	c := exec.CommandContext(t.Context(), program, "-config", filepath.Join(dir, "config.json"), "-dnsserver", names(t))
	c.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	require.NoError(t, c.Start())
	a := &authority{directory: fmt.Sprintf("https://127.0.0.1:%d/dir", listen), roots: x509.NewCertPool()}
	a.stop = func() { _ = c.Process.Kill(); _ = c.Wait() } // it has no other end
	t.Cleanup(a.stop)
	a.roots.AddCert(own.Certificate())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.roots}}}
	testkit.Eventually(t, "pebble answers", func(context.Context) bool {
		r, err := client.Get(a.directory)
		return err == nil && r.Body.Close() == nil && r.StatusCode == http.StatusOK
	})
	return a
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// node is one that serves over TLS.
type node struct {
	*acme.Certificates
	address string
}

func newNode(t *testing.T, db *sqlstore.DB, l net.Listener, plain net.Listener, a *authority) *node {
	t.Helper()
	store, err := acme.NewSQLStore(db)
	require.NoError(t, err)
	o := acme.Options{Hosts: []string{host}, Email: "noc@example.org", Directory: a.directory, Roots: a.roots, Store: store, Log: slog.New(slog.DiscardHandler),
		TLSPort: l.Addr().(*net.TCPAddr).Port, HTTPPort: -1}
	if plain != nil {
		o.HTTPPort = plain.Addr().(*net.TCPAddr).Port
	}
	c, err := acme.New(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	s := &http.Server{Handler: hello, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	go func() { _ = s.Serve(tls.NewListener(l, c.TLS())) }()
	t.Cleanup(func() { _ = s.Close() })
	n := &node{Certificates: c, address: l.Addr().String()}
	if plain != nil {
		p := &http.Server{Handler: c.Challenges(hello), ErrorLog: s.ErrorLog}
		go func() { _ = p.Serve(plain) }()
		t.Cleanup(func() { _ = p.Close() })
	}
	require.NoError(t, c.Manage(t.Context()))
	return n
}

// certificate is what a node shows for a name, nil for none.
func (n *node) certificate(name string) *x509.Certificate {
	d := tls.Dialer{Config: &tls.Config{ServerName: name, InsecureSkipVerify: true}} // who signed it is looked at by the test
	c, err := d.Dial("tcp", n.address)
	if err != nil {
		return nil
	}
	defer func() { _ = c.Close() }()
	return c.(*tls.Conn).ConnectionState().PeerCertificates[0]
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

// TestCertificatesAreGotOnceAndShared: one node gets a certificate, another one has it
// without the authority.
func TestCertificatesAreGotOnceAndShared(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), acme.Migrations()))
		l := listen(t)
		a := newAuthority(t, port(t), l.Addr().(*net.TCPAddr).Port)
		first := newNode(t, db, l, nil, a)
		var got *x509.Certificate
		testkit.Eventually(t, "the first node has a certificate", func(context.Context) bool {
			got = first.certificate(host)
			return got != nil
		})
		require.Equal(t, []string{host}, got.DNSNames)
		require.Nil(t, first.certificate("other.example.org"), "nobody asked for this name")
		a.stop()
		second := newNode(t, db, listen(t), nil, a)
		testkit.Eventually(t, "the second node has the same", func(context.Context) bool {
			c := second.certificate(host)
			return c != nil && c.SerialNumber.Cmp(got.SerialNumber) == 0
		})
	})
}

// TestChallengesOnPlainHTTP: the handler in front of the redirect answers those.
func TestChallengesOnPlainHTTP(t *testing.T) {
	db := testkit.SQLite(t)
	require.NoError(t, db.Migrate(t.Context(), acme.Migrations()))
	plain := listen(t)
	// the TLS port that the authority asks is nobody's
	a := newAuthority(t, plain.Addr().(*net.TCPAddr).Port, port(t))
	n := newNode(t, db, listen(t), plain, a)
	testkit.Eventually(t, "there is a certificate", func(context.Context) bool { return n.certificate(host) != nil })
}

func TestSQLStore(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := t.Context()
		require.NoError(t, db.Migrate(ctx, acme.Migrations()))
		s, err := acme.NewSQLStore(db)
		require.NoError(t, err)
		_, err = s.Load(ctx, "a/b")
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.NoError(t, s.Store(ctx, "a/b", []byte{0, 1, 255}))
		require.NoError(t, s.Store(ctx, "a/b", []byte("two")))
		require.NoError(t, s.Store(ctx, "a/c/d", []byte("three")))
		require.NoError(t, s.Store(ctx, "ab/x", []byte("another folder")))
		got, err := s.Load(ctx, "a/b")
		require.NoError(t, err)
		require.Equal(t, "two", string(got))
		list, err := s.List(ctx, "a", false)
		require.NoError(t, err)
		require.Equal(t, []string{"a/b", "a/c"}, list)
		list, err = s.List(ctx, "a", true)
		require.NoError(t, err)
		require.Equal(t, []string{"a/b", "a/c/d"}, list)
		info, err := s.Stat(ctx, "a/b")
		require.NoError(t, err)
		require.True(t, info.IsTerminal)
		require.EqualValues(t, 3, info.Size)
		require.True(t, s.Exists(ctx, "a/c"))
		require.NoError(t, s.Delete(ctx, "a"))
		require.False(t, s.Exists(ctx, "a"))
		require.True(t, s.Exists(ctx, "ab/x"))

		// a lock is one node's
		other, err := acme.NewSQLStore(db)
		require.NoError(t, err)
		require.NoError(t, s.Lock(ctx, "issue"))
		short, cancel := context.WithTimeout(ctx, 700*time.Millisecond)
		defer cancel()
		require.Error(t, other.Lock(short, "issue"))
		var had atomic.Bool
		go func() { had.Store(other.Lock(ctx, "issue") == nil) }()
		require.NoError(t, s.Unlock(ctx, "issue"))
		testkit.Eventually(t, "the other node has the lock", func(context.Context) bool { return had.Load() })
		require.NoError(t, other.Unlock(ctx, "issue"))
	})
}

func TestKeysAreSealed(t *testing.T) {
	keys, err := sqlstore.NewKeys("now", map[string][]byte{"now": make([]byte, 32)})
	require.NoError(t, err)
	db, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "sealed.db"), &sqlstore.Options{Keys: keys})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(t.Context(), acme.Migrations()))
	s, err := acme.NewSQLStore(db)
	require.NoError(t, err)
	require.NoError(t, s.Store(t.Context(), "a.key", []byte("-----BEGIN EC PRIVATE KEY-----")))
	kept, err := sqlstore.Get[string](t.Context(), db, "SELECT content FROM acme_file")
	require.NoError(t, err)
	require.NotContains(t, kept, "LS0tLS1CRUdJTi", "this is base64 of what begins a key")
	got, err := s.Load(t.Context(), "a.key")
	require.NoError(t, err)
	require.Contains(t, string(got), "PRIVATE KEY")
}
