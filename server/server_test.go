package server_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/tenancy"
)

func TestFirstStart(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := newServer(t, db, nil)
		first, err := s.FirstStart(t.Context())
		require.NoError(t, err)
		require.Equal(t, "admin", first.Username)
		u, err := s.Tenancy().Login.Authenticate(t.Context(), "admin", first.Password.Reveal())
		require.NoError(t, err)
		require.True(t, u.IsSuperuser)
		_, err = s.Tenancy().Organizations.BySlug(t.Context(), wispwright.ScopeAll(), "default")
		require.NoError(t, err)
		again, err := s.FirstStart(t.Context())
		require.NoError(t, err)
		require.Nil(t, again)
	})
}

func TestServeFinishesWhatIsUnderWay(t *testing.T) {
	begun, goOn := make(chan bool), make(chan bool)
	slow := &mine{"slow", func(_ context.Context, s *server.Host) error {
		s.API().Handle("/slow/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			begun <- true
			<-goOn
			fmt.Fprint(w, "done")
		}))
		return nil
	}}
	s := newServer(t, testkit.SQLite(t), nil, slow)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.ServeOn(ctx, l) }()
	base := "http://" + l.Addr().String()
	body := make(chan string, 1)
	go func() {
		r, err := http.Get(base + "/slow/")
		if err != nil {
			body <- err.Error()
			return
		}
		defer r.Body.Close()
		var b bytes.Buffer
		_, _ = b.ReadFrom(r.Body)
		body <- b.String()
	}()
	<-begun
	require.Equal(t, 200, get(s, "/readyz").Code)
	stop()
	testkit.Eventually(t, "not ready", func(context.Context) bool { return get(s, "/readyz").Code == 503 })
	goOn <- true
	require.Equal(t, "done", <-body)
	require.NoError(t, <-served)
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed, "nothing listens any more")
}

// An older curl asks before it sends a long report; the agent reads the first
// line of what it gets.
func TestNothingPrecedesAnswersToDevices(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.ServeOn(ctx, l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	_, err = fmt.Fprint(conn, "POST /controller/register/ HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Content-Length: 3\r\nExpect: 100-continue\r\n\r\na=b")
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(answer), "HTTP/1.1 400 Bad Request\r\n"), string(answer))
	stop()
	require.NoError(t, <-served)
}

// A second process on the same SQLite database would take over the jobs of the
// first one.
func TestOneServerPerDataFolder(t *testing.T) {
	db := testkit.SQLite(t)
	dir := t.TempDir()
	nodes := []*server.Server{newServer(t, db, func(c *settings) { c.Data = dir }), newServer(t, db, func(c *settings) { c.Data = dir })}
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		return l
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- nodes[0].ServeOn(ctx, listen()) }()
	testkit.Eventually(t, "ready", func(context.Context) bool { return get(nodes[0], "/readyz").Code == 200 })
	require.ErrorContains(t, nodes[1].ServeOn(t.Context(), listen()), "another process serves")
	stop()
	require.NoError(t, <-served)
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cert.pem"), chain, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600))
	s := newServer(t, testkit.SQLite(t), func(c *settings) {
		c.HTTP.Listen, c.HTTP.TLSCert, c.HTTP.TLSKey = "127.0.0.1:0", filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	})
	l, err := s.Listen(t.Context())
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.ServeOn(ctx, l) }()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(chain)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	r, err := client.Get("https://" + l.Addr().String() + "/healthz")
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	require.Equal(t, "HTTP/2.0 200", fmt.Sprint(r.Proto, " ", r.StatusCode))
	client.CloseIdleConnections()
	stop()
	require.NoError(t, <-served)
}

const fixture = `{"organizations":[{"name":"Alpha","slug":"alpha"},{"name":"Beta","slug":"beta","is_active":false}],
 "users":[{"username":"root","email":"root@example.org","password":"clear-Password-1","token":"0123456789abcdef0123456789abcdef01234567","is_superuser":true,"is_staff":true},
          {"username":"op","password":"pbkdf2_sha256$1$salt$5QFDgTfBgs6ulgCkQmPJ6ePAXWsq5hlAT/mqzm8GSnE=","is_superuser":false,"is_staff":true,"groups":["Operator"],"password_updated":"2026-01-31",
           "organizations":[{"slug":"alpha","is_admin":true},{"slug":"beta","is_admin":false}]}]}`

func TestLoadAndDumpData(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := newServer(t, db, nil)
		ctx := t.Context()
		require.NoError(t, s.LoadData(ctx, strings.NewReader(fixture)))
		c, err := s.Tenancy().Callers.ByToken(ctx, "0123456789abcdef0123456789abcdef01234567")
		require.NoError(t, err)
		require.Equal(t, "root", c.Name)
		u, err := s.Tenancy().Login.Authenticate(ctx, "root", "clear-Password-1")
		require.NoError(t, err)
		require.NotNil(t, u)
		op, err := s.Tenancy().Users.ByUsername(ctx, wispwright.ScopeAll(), "op")
		require.NoError(t, err)
		require.Contains(t, op.Password.Reveal(), "pbkdf2_sha256$1$salt$")

		require.Equal(t, "2026-01-31", op.PasswordUpdated.Format(time.DateOnly))
		require.ErrorContains(t, s.LoadData(ctx, strings.NewReader(`{"users":[{"username":"op","password_updated":"yesterday"}]}`)), `password_updated: "yesterday" is no date`)

		var first bytes.Buffer
		require.NoError(t, s.DumpData(ctx, &first))
		trail := func() int {
			all, err := s.Tenancy().Trail.List(ctx, wispwright.ScopeAll(), tenancy.EventFilter{}, wispwright.Page{})
			require.NoError(t, err)
			return all.Total
		}
		before := trail()
		require.NoError(t, s.LoadData(ctx, strings.NewReader(fixture)))
		require.NoError(t, s.LoadData(ctx, bytes.NewReader(first.Bytes())))
		require.Equal(t, before, trail(), "loading what is there changes nothing")
		var second bytes.Buffer
		require.NoError(t, s.DumpData(ctx, &second))
		require.Equal(t, first.String(), second.String())

		// what was dumped makes an equal installation
		other := newServer(t, testkit.SQLite(t), nil)
		require.NoError(t, other.LoadData(ctx, bytes.NewReader(first.Bytes())))
		var moved bytes.Buffer
		require.NoError(t, other.DumpData(ctx, &moved))
		require.Equal(t, first.String(), moved.String())
	})
}

func TestWrongDataChangesNothing(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil)
	for name, c := range map[string]struct{ text, want string }{
		"not JSON":         {`{`, "unexpected EOF"},
		"unknown key":      {`{"organisations":[]}`, `unknown field "organisations"`},
		"two objects":      {`{} {}`, "something follows"},
		"bad slug":         {`{"organizations":[{"name":"A","slug":"a b"}]}`, `organizations[0] "a b"`},
		"unknown group":    {`{"organizations":[{"name":"A","slug":"a"}],"users":[{"username":"x","groups":["Nobody"]}]}`, `users[0] "x": group "Nobody"`},
		"unknown tenant":   {`{"users":[{"username":"x","organizations":[{"slug":"nowhere"}]}]}`, `organization "nowhere"`},
		"no username":      {`{"users":[{"username":""}]}`, "users[0]"},
		"two of one email": {`{"users":[{"username":"a","email":"x@y.zz"},{"username":"b","email":"x@y.zz"}]}`, "users[1]"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, s.LoadData(t.Context(), strings.NewReader(c.text)), c.want)
			orgs, err := s.Tenancy().Organizations.List(t.Context(), wispwright.ScopeAll(), tenancy.OrganizationFilter{}, wispwright.Page{})
			require.NoError(t, err)
			users, err := s.Tenancy().Users.List(t.Context(), wispwright.ScopeAll(), tenancy.UserFilter{}, wispwright.Page{})
			require.NoError(t, err)
			require.Zero(t, orgs.Total+users.Total)
		})
	}
}

// Two nodes on one database: what one changes the other does not believe any
// more, long before its cache expires.
func TestNodesForgetCallersTogether(t *testing.T) {
	address := testkit.PostgresURL(t)
	nodes := make([]*server.Server, 2)
	for i := range nodes {
		db, err := sqlstore.Open(t.Context(), address, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		nodes[i] = newServer(t, db, nil)
	}
	require.NoError(t, nodes[0].LoadData(t.Context(), strings.NewReader(fixture)))
	token := func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer 0123456789abcdef0123456789abcdef01234567")
	}
	const path = "/api/v1/users/organization/"
	require.Equal(t, 200, get(nodes[0], path, token).Code)
	require.Equal(t, 200, get(nodes[1], path, token).Code)
	root, err := nodes[0].Tenancy().Users.ByUsername(t.Context(), wispwright.ScopeAll(), "root")
	require.NoError(t, err)
	require.NoError(t, nodes[0].Tenancy().Tokens.Delete(t.Context(), root.ID))
	require.Equal(t, 401, get(nodes[0], path, token).Code)
	testkit.Eventually(t, "the other node heard of it", func(context.Context) bool { return get(nodes[1], path, token).Code == 401 })
}

// What one node changes, devices find on the other: no cache outlives a change.
func TestNodesServeTheSameConfigurations(t *testing.T) {
	address := testkit.PostgresURL(t)
	var nodes []*site
	for range 2 {
		db, err := sqlstore.Open(t.Context(), address, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		nodes = append(nodes, newSite(t, db))
	}
	id := nodes[0].template("one\n")
	here, there := &agent.Client{BaseURL: nodes[0].url}, &agent.Client{BaseURL: nodes[1].url}
	d, err := here.Register(t.Context(), agent.Registration{Secret: "s3cr3tS3cr3t", Name: "box", MACAddress: "02:00:00:00:00:01"})
	require.NoError(t, err)
	first, err := here.Checksum(t.Context(), d.Credentials, "")
	require.NoError(t, err)
	same, err := there.Checksum(t.Context(), d.Credentials, "")
	require.NoError(t, err)
	require.Equal(t, first, same)

	nodes[0].api("PATCH", "/api/v1/controller/template/"+id+"/", map[string]any{"config": motd("two\n")}, http.StatusOK)
	testkit.Eventually(t, "both nodes answer the new checksum", func(ctx context.Context) bool {
		a, err := here.Checksum(ctx, d.Credentials, "")
		require.NoError(t, err)
		b, err := there.Checksum(ctx, d.Credentials, "")
		require.NoError(t, err)
		return a != first && a == b
	})

	nodes[1].api("PATCH", "/api/v1/users/organization/"+nodes[1].org+"/", map[string]any{"is_active": false}, http.StatusOK)
	testkit.Eventually(t, "both nodes refuse the devices of a tenant that is switched off", func(ctx context.Context) bool {
		_, a := here.Checksum(ctx, d.Credentials, "")
		_, b := there.Checksum(ctx, d.Credentials, "")
		return a != nil && b != nil
	})
}

func TestServersThatCannotBe(t *testing.T) {
	db := testkit.SQLite(t)
	_, err := server.New(t.Context(), nil, nil)
	require.Error(t, err)
	require.NoError(t, server.Migrate(t.Context(), db, nil))
	broken := errors.New("broken")
	_, err = server.New(t.Context(), db, &server.Options{Concerns: []server.Concern{&mine{"mine", func(context.Context, *server.Host) error { return broken }}}})
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "mount mine")
	wrong := server.DefaultConfig()
	wrong.HTTP.BodyLimit = 0
	_, err = server.New(t.Context(), db, &server.Options{Config: wrong})
	require.ErrorContains(t, err, "http.body_limit")
}

func TestSessionLogIn(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(fixture)))
	form := url.Values{"username": {"root"}, "password": {"clear-Password-1"}}.Encode()
	r := httptest.NewRequest(http.MethodPost, "/api/v1/users/session/", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	require.Equal(t, 200, w.Code, w.Body.String())
	var session struct{ Permissions []string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &session))
	require.Equal(t, []string{"*"}, session.Permissions)
}
