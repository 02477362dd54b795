package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

// What was refused on one node is refused on the others soon, as server/README
// promises: at once while they hear each other. The bound is that of nodes which
// do not, so that a loaded machine passes too; a node that never hears fails.
func TestOtherNodesRefuseSoon(t *testing.T) {
	t.Parallel()
	dsn := testkit.PostgresURL(t)
	refusedSoon(t, dsn, dsn, 10*time.Second, nil)
}

// A node whose connection for notifications hangs, as behind a router that forgot
// it, refuses within ten seconds what another one refuses; reading the database is
// not what hangs.
func TestADeafNodeRefusesWithinTenSeconds(t *testing.T) {
	t.Parallel()
	dsn := testkit.PostgresURL(t)
	ear := newEar(t, dsn)
	// ten seconds, and what a loaded machine needs for a request
	refusedSoon(t, dsn, ear.dsn, 20*time.Second, func() { ear.deaf.Store(true) })
}

// ear is a way to PostgreSQL on which notifications can be lost without a word.
type ear struct {
	dsn  string
	deaf atomic.Bool
}

func newEar(t *testing.T, dsn string) *ear {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	upstream := u.Host
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	u.Host = l.Addr().String()
	e := &ear{dsn: u.String()}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return // closed
			}
			database, err := net.Dial("tcp", upstream)
			if err != nil {
				_ = client.Close()
				continue
			}
			var listens atomic.Bool
			go e.pump(database, client, func(b []byte) bool {
				if bytes.Contains(b, []byte("LISTEN ")) {
					listens.Store(true)
				}
				return true
			})
			go e.pump(client, database, func([]byte) bool { return !listens.Load() || !e.deaf.Load() })
		}
	}()
	return e
}

// pump hands on what passes.
func (e *ear) pump(to, from net.Conn, passes func([]byte) bool) {
	defer func() { _ = errors.Join(to.Close(), from.Close()) }()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if !passes(b[:n]) {
			continue
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

func refusedSoon(t *testing.T, dsn, other string, bound time.Duration, before func()) {
	t.Helper()
	one, two := filled(t, testkit.Open(t, dsn), nil), newServer(t, testkit.Open(t, other), nil)
	ids := identifiers(t, one)
	const devices = "/api/v1/controller/device/"
	require.Equal(t, 200, told(t, two, "b", "GET", devices, "").Code, "the token is known here")
	register(t, one, "00:11:22:33:44:55")
	var listed struct{ Results []struct{ ID, Key string } }
	require.NoError(t, json.Unmarshal(told(t, one, "a", "GET", devices, "").Body.Bytes(), &listed))
	device := listed.Results[0]
	poll := func() int { return get(two, "/controller/checksum/"+device.ID+"/?key="+device.Key).Code }
	require.Equal(t, 200, poll(), "the device is known here")

	if before != nil {
		before()
	}
	soon := func(what string, want int, ask func() int) {
		t.Helper()
		begun := time.Now()
		for ask() != want {
			require.Less(t, time.Since(begun), bound, what)
			time.Sleep(5 * time.Millisecond)
		}
		t.Logf("%s: after %s", what, time.Since(begun).Round(time.Millisecond))
	}
	require.Equal(t, 200, told(t, one, "a", "PATCH", "/api/v1/users/user/"+ids["user_manager"]+"/", `{"is_active":false}`).Code)
	soon("the token of a deactivated user", 401, func() int { return told(t, two, "b", "GET", devices, "").Code })
	require.Equal(t, 200, poll(), "the device is known here, from now on")
	require.Equal(t, 200, told(t, one, "a", "POST", devices+device.ID+"/deactivate/", "").Code)
	require.Equal(t, 204, told(t, one, "a", "DELETE", devices+device.ID+"/?force=true", "").Code)
	soon("a deleted device", 404, poll)
}

// A refused shared secret tells that another organization has it, so nobody may
// try many.
func TestSharedSecretsAreNotGuessed(t *testing.T) {
	s := filled(t, testkit.SQLite(t), nil)
	path := "/api/v1/controller/organization/" + identifiers(t, s)["org_alpha"] + "/settings/"
	try := func(who string, n int) int {
		return told(t, s, who, "PATCH", path, fmt.Sprintf(`{"shared_secret":"guessed-secret-%02d"}`, n)).Code
	}
	for n := range 20 {
		require.Equal(t, 200, try("b", n))
	}
	require.Equal(t, http.StatusTooManyRequests, try("b", 20))
	require.Equal(t, 200, told(t, s, "b", "PATCH", path, `{"registration_enabled":true}`).Code, "what is no secret goes on")
	require.Equal(t, 200, try("a", 21), "others are not held up")
}

// Only a server that speaks TLS itself keeps browsers from speaking without.
func TestBrowsersStayWithTLS(t *testing.T) {
	for _, tls := range []bool{false, true} {
		s := newServer(t, testkit.SQLite(t), func(c *settings) {
			if tls {
				c.HTTP.TLSCert, c.HTTP.TLSKey = "cert.pem", "key.pem"
			}
		})
		want := ""
		if tls {
			want = "max-age=31536000"
		}
		for _, path := range []string{"/admin/", "/api/v1/users/organization/", "/"} {
			require.Equal(t, want, get(s, path).Header().Get("Strict-Transport-Security"), path)
		}
		require.Empty(t, get(s, "/controller/checksum/x/").Header().Get("Strict-Transport-Security"), "devices read no such thing")
	}
}
