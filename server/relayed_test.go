package server_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/tenancy"
)

// A request that a proxy forwarded is its client's, whether or not the proxy is
// named: the figures stay shut, and the log tells once that a proxy was forgotten.
func TestForwardedRequestsAreNotOfThisMachine(t *testing.T) {
	var log bytes.Buffer
	c, concerns := parts(t)
	c.HTTP.TrustedProxies = []string{"10.0.0.0/8"}
	c.HTTP.MetricsNetworks = append(c.HTTP.MetricsNetworks, "10.0.0.0/8")
	db := testkit.SQLite(t)
	require.NoError(t, server.Migrate(t.Context(), db, concerns))
	s, err := server.New(t.Context(), db, &server.Options{Config: c.Config, Concerns: concerns, Log: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	for name, c := range map[string]struct {
		request func(*http.Request)
		want    int
	}{
		"itself":                          {from("127.0.0.1"), 200},
		"a proxy nobody named":            {from("127.0.0.1", "X-Forwarded-For", "203.0.113.9"), 403},
		"one that pretends":               {from("127.0.0.1", "X-Forwarded-For", "127.0.0.1"), 403},
		"one that hides its client":       {from("127.0.0.1", "X-Forwarded-Proto", "https"), 403},
		"another header":                  {from("127.0.0.1", "Forwarded", "for=203.0.113.9"), 403},
		"the named proxy itself":          {from("10.1.1.1"), 200},
		"a client of the named proxy":     {from("10.1.1.1", "X-Forwarded-For", "203.0.113.9"), 403},
		"a client nobody can read":        {from("10.1.1.1", "X-Forwarded-For", "unknown"), 403},
		"a client that it does not tell":  {from("10.1.1.1", "X-Forwarded-Proto", "https"), 403},
		"a scraper behind the named one":  {from("10.1.1.1", "X-Forwarded-For", "10.2.2.2"), 200},
		"a stranger who invents a header": {from("203.0.113.9", "X-Forwarded-For", "127.0.0.1"), 403},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, get(s, "/metrics", c.request).Code) })
	}
	require.Equal(t, 1, strings.Count(log.String(), "trusted_proxies does not name"))
}

// Behind a proxy on this machine that nobody named, one client shuts nobody else
// out: neither of the log-in, nor of tokens, nor of registration. The clients of
// one IPv6 network are one client, and a stranger's headers count for nothing.
func TestOneClientShutsNobodyOut(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), func(c *settings) { c.Tenancy.AccountFailures = 1000 })
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(acme)))
	first, err := s.FirstStart(t.Context())
	require.NoError(t, err)
	require.Nil(t, first)
	require.NoError(t, s.Tenancy().Users.Create(t.Context(), &tenancy.User{Username: "anna", IsActive: true}, "a good password"))
	logIn := func(path, password string, f func(*http.Request)) int {
		return ask(s, "POST", path, fmt.Sprintf(`{"username":"anna","password":%q}`, password), f).Code
	}
	register := func(secret string, mac int, f func(*http.Request)) int {
		body := fmt.Sprintf("secret=%s&name=d%d&mac_address=02:00:00:00:00:%02X&backend=netjsonconfig.OpenWrt", secret, mac, mac)
		return ask(s, "POST", "/controller/register/", body, f, func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }).Code
	}
	const session, token = "/api/v1/users/session/", "/api/v1/users/token/"
	one, another := from("127.0.0.1", "X-Forwarded-For", "203.0.113.9"), from("127.0.0.1", "X-Forwarded-For", "203.0.113.10")
	for n := range 101 {
		logIn(session, "wrong", one)
		logIn(token, "wrong", one)
		register("wrongSecret123", n, one)
	}
	require.Equal(t, 429, logIn(session, "a good password", one))
	require.Equal(t, 429, logIn(token, "a good password", one))
	require.Equal(t, 429, register("s3cr3tS3cr3t", 1, one))
	require.Equal(t, 200, logIn(session, "a good password", another))
	require.Equal(t, 200, logIn(token, "a good password", another))
	require.Equal(t, 201, register("s3cr3tS3cr3t", 2, another))

	for n := range 30 {
		require.Equal(t, 400, logIn(session, "wrong", from("[2001:db8::"+strconv.Itoa(n+1)+"]")))
	}
	require.Equal(t, 429, logIn(session, "a good password", from("[2001:db8::ffff]")), "the same network")
	require.Equal(t, 200, logIn(session, "a good password", from("[2001:db8:0:1::1]")), "another one")
	for n := range 30 {
		logIn(session, "wrong", from("203.0.113.20", "X-Forwarded-For", "198.51.100."+strconv.Itoa(n)))
	}
	require.Equal(t, 429, logIn(session, "a good password", from("203.0.113.20", "X-Forwarded-For", "198.51.100.99")), "it only says so")
}

// Nodes that start at once on an empty database make one account between them.
func TestNodesStartAtOnce(t *testing.T) {
	dsn := testkit.PostgresURL(t)
	var all sync.WaitGroup
	made := make(chan *server.FirstAccount, 4)
	for range cap(made) {
		db := testkit.Open(t, dsn)
		all.Go(func() {
			_, concerns := parts(t)
			if err := server.Migrate(t.Context(), db, concerns); err != nil {
				t.Errorf("migrate: %v", err)
				return
			}
			s, err := server.New(t.Context(), db, &server.Options{Concerns: concerns, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Errorf("new: %v", err)
				return
			}
			first, err := s.FirstStart(t.Context())
			if err != nil {
				t.Errorf("first start: %v", err)
			}
			if first != nil {
				made <- first
			}
			if err := s.Stop(context.Background()); err != nil {
				t.Errorf("stop: %v", err)
			}
		})
	}
	all.Wait()
	require.Len(t, made, 1)
}

// A database that was sealed is never opened with a new key: where the key is
// gone, none is made, and the answer says what to restore.
func TestLostSecretKey(t *testing.T) {
	for name, dsn := range map[string]string{"sqlite": "", "postgresql": testkit.PostgresURL(t)} {
		t.Run(name, func(t *testing.T) {
			c, concerns := parts(t)
			c.Database = wispwright.Secret(dsn)
			var log bytes.Buffer
			open := func() (*sqlstore.DB, error) {
				return server.Open(t.Context(), c.Config, slog.New(slog.NewTextHandler(&log, nil)))
			}
			db, err := open()
			require.NoError(t, err)
			require.NoError(t, server.Migrate(t.Context(), db, concerns))
			require.NoError(t, db.Close())
			key := filepath.Join(c.Data, "secret.key")
			require.NoError(t, os.Chmod(key, 0o644))
			require.NotContains(t, log.String(), "may read the secret key")
			db, err = open()
			require.NoError(t, err)
			require.NoError(t, db.Close())
			require.Contains(t, log.String(), "may read the secret key")
			require.NoError(t, os.Remove(key))
			for range 2 { // the first try left no wrong key behind
				_, err = open()
				require.ErrorContains(t, err, "the key of its secrets is missing: restore "+key)
			}
			require.NoFileExists(t, key)
			c.SecretKey = "0123456789abcdef0123456789abcdef"
			db, err = open()
			require.NoError(t, err)
			require.NoError(t, db.Close())
		})
	}
}

// A file that is no database is not "temporarily unavailable".
func TestDamagedDatabase(t *testing.T) {
	c, _ := parts(t)
	require.NoError(t, os.WriteFile(filepath.Join(c.Data, "secret.key"), []byte(strings.Repeat("k", 64)), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(c.Data, "wispwright.db"), []byte(strings.Repeat("no database ", 1000)), 0o600))
	_, err := server.Open(t.Context(), c.Config, nil)
	require.ErrorContains(t, err, "not a database")
	require.NotErrorIs(t, err, wispwright.ErrUnavailable)
}

// A node that is stopped goes on answering for a while, says that it is not
// ready, and keeps no connection for the next request; one that waits for a request
// is answered once more, as that may be on its way.
func TestStoppedServersAnswerForAWhile(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), func(c *settings) { c.HTTP.ShutdownDelay = 5 * time.Second })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.ServeOn(ctx, l) }()
	state := func() int {
		answer, err := http.Get("http://" + l.Addr().String() + "/readyz")
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode
	}
	testkit.Eventually(t, "ready", func(context.Context) bool { return state() == http.StatusOK })
	waiting, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer func() { require.NoError(t, waiting.Close()) }()
	answers := bufio.NewReader(waiting)
	closed := func() bool {
		_, err := fmt.Fprint(waiting, "POST /controller/register/ HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b")
		require.NoError(t, err)
		answer, err := http.ReadResponse(answers, nil)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, answer.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, answer.StatusCode)
		return answer.Close
	}
	require.False(t, closed())
	stop()
	testkit.Eventually(t, "not ready any more, but there", func(context.Context) bool { return state() == http.StatusServiceUnavailable })
	require.True(t, closed())
	require.NoError(t, <-served)
	_, err = net.Dial("tcp", l.Addr().String())
	require.Error(t, err)
}

// A node whose database is read but not written, as on a full disk, is not ready.
func TestNotReadyWithoutWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "full.db")
	db, err := sqlstore.Open(t.Context(), path, &sqlstore.Options{Synchronous: "OFF"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	s := newServer(t, db, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	_, err = db.SQL().Exec("PRAGMA max_page_count = 1") // becomes the present size: no room for more
	require.NoError(t, err)
	_, err = db.SQL().Exec("CREATE TRIGGER full BEFORE INSERT ON server_state WHEN NEW.name = 'server.probe' BEGIN INSERT INTO server_state VALUES (hex(randomblob(500000)), hex(randomblob(500000))); END")
	require.NoError(t, err)
	go func() { served <- s.ServeOn(ctx, l) }()
	testkit.Eventually(t, "the node says so", func(context.Context) bool {
		w := get(s, "/readyz")
		return w.Code == http.StatusServiceUnavailable && strings.Contains(w.Body.String(), "takes no writes")
	})
	stop()
	require.NoError(t, <-served)
}
