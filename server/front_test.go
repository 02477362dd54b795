package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// settings are those of a server with the product's concerns.
type settings struct {
	*server.Config
	Tenancy       *server.TenancyConfig
	IPAM          *server.IPAMConfig
	Controller    *server.ControllerConfig
	Connection    *server.ConnectionConfig
	Geo           *server.GeoConfig
	Topology      *server.TopologyConfig
	VPN           *server.VPNConfig
	Radius        *server.RadiusConfig
	Monitoring    *server.MonitoringConfig
	Notifications *server.NotificationsConfig
}

// parts returns the product's concerns and their settings.
func parts(t testing.TB) (*settings, []server.Concern) {
	t.Helper()
	all := server.DefaultConcerns()
	ten, addresses, con := part[*server.TenancyConcern](t, all), part[*server.IPAMConcern](t, all), part[*server.ControllerConcern](t, all)
	reach, places, graphs := part[*server.ConnectionConcern](t, all), part[*server.GeoConcern](t, all), part[*server.TopologyConcern](t, all)
	tunnels, access, measured, told := part[*server.VPNConcern](t, all), part[*server.RadiusConcern](t, all), part[*server.MonitoringConcern](t, all), part[*server.NotificationsConcern](t, all)
	c := &settings{server.DefaultConfig(), &ten.Config, &addresses.Config, &con.Config, &reach.Config, &places.Config, &graphs.Config, &tunnels.Config, &access.Config, &measured.Config, &told.Config}
	c.Data = t.TempDir()
	c.HTTP.ShutdownDelay = 0 // tests wait for nobody
	c.Tenancy.PasswordIterations = 1
	// no packet leaves for the addresses of the tests' devices
	c.Monitoring.Checks, c.Monitoring.AutoPing, c.Monitoring.AutoConfigCheck, c.Monitoring.AutoDataCollected = false, false, false, false
	return c, all
}

// part is the concern of a type.
func part[C server.Concern](t testing.TB, all []server.Concern) C {
	t.Helper()
	found, ok := server.Find[C](all)
	require.True(t, ok)
	return found
}

// newServer puts a server together on a database, with a vendor's concern that
// adds endpoints for the tests.
func newServer(t *testing.T, db *sqlstore.DB, change func(*settings), concerns ...server.Concern) *server.Server {
	t.Helper()
	c, all := parts(t)
	if change != nil {
		change(c)
	}
	return started(t, db, c, append(all, concerns...))
}

// started puts a server together of concerns, with their settings.
func started(t *testing.T, db *sqlstore.DB, c *settings, all []server.Concern) *server.Server {
	t.Helper()
	require.NoError(t, server.Migrate(t.Context(), db, all))
	s, err := server.New(t.Context(), db, &server.Options{Config: c.Config, Concerns: all, Log: slog.New(slog.DiscardHandler), Build: "test"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	return s
}

// mine is a vendor's concern that only mounts something.
type mine struct {
	name  string
	mount func(ctx context.Context, h *server.Host) error
}

func (m *mine) Name() string                                    { return m.name }
func (m *mine) Migrations() []sqlstore.Migrations               { return nil }
func (m *mine) Mount(ctx context.Context, h *server.Host) error { return m.mount(ctx, h) }

func get(h http.Handler, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	return ask(h, http.MethodGet, path, "", change...)
}

func ask(h http.Handler, method, path, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:5000"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func from(address string, header ...string) func(*http.Request) {
	return func(r *http.Request) {
		r.RemoteAddr = address + ":5000"
		for i := 0; i < len(header); i += 2 {
			r.Header.Add(header[i], header[i+1])
		}
	}
}

// seen is what a handler behind the front sees of a request.
type seen struct{ For, Proto, ID string }

func mirror() server.Concern {
	return &mine{"mirror", func(_ context.Context, s *server.Host) error {
		s.API().Handle("/mirror/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = json.NewEncoder(w).Encode(seen{r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Request-Id")})
		}))
		s.API().Handle("/panic/", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") }))
		return nil
	}}
}

func TestPathsOfTheFront(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil, mirror())
	for path, want := range map[string]int{
		"/healthz": 200, "/readyz": 503, "/metrics": 200, "/": 302, "/admin": 301, "/nothing/": 404,
		"/api/v1/users/organization/": 401, "/api/v1/docs/": 403, "/panic/": 500,
	} {
		w := get(s, path)
		require.Equal(t, want, w.Code, path)
		require.NotEmpty(t, w.Header().Get("X-Request-Id"), path)
		if path != "/" && path != "/metrics" {
			require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"), path)
		}
	}
	require.Equal(t, "/admin/", get(s, "/").Header().Get("Location"))
}

func TestForwardedHeadersAreBelievedFromProxiesOnly(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), func(c *settings) { c.HTTP.TrustedProxies = []string{"10.0.0.0/8"} }, mirror())
	for name, c := range map[string]struct {
		request func(*http.Request)
		want    seen
	}{
		"a client pretends":     {from("192.0.2.7", "X-Forwarded-For", "198.51.100.1", "X-Forwarded-Proto", "https", "X-Request-Id", "mine"), seen{}},
		"a proxy":               {from("10.1.1.1", "X-Forwarded-For", "198.51.100.1", "X-Forwarded-Proto", "https", "X-Request-Id", "abc"), seen{"198.51.100.1", "https", "abc"}},
		"a client lies to it":   {from("10.1.1.1", "X-Forwarded-For", "127.0.0.1, 198.51.100.1"), seen{"198.51.100.1", "", ""}},
		"two proxies":           {from("10.1.1.1", "X-Forwarded-For", "198.51.100.1, 10.2.2.2"), seen{"198.51.100.1", "", ""}},
		"two headers":           {from("10.1.1.1", "X-Forwarded-For", "127.0.0.1", "X-Forwarded-For", "198.51.100.1"), seen{"198.51.100.1", "", ""}},
		"the proxy's own":       {from("10.1.1.1", "X-Forwarded-For", "10.3.3.3"), seen{"10.3.3.3", "", ""}},
		"nonsense":              {from("10.1.1.1", "X-Forwarded-For", "unknown"), seen{}},
		"nonsense on the right": {from("10.1.1.1", "X-Forwarded-For", "198.51.100.1, <x>"), seen{}},
	} {
		t.Run(name, func(t *testing.T) {
			var got seen
			require.NoError(t, json.Unmarshal(get(s, "/mirror/", c.request).Body.Bytes(), &got))
			require.Equal(t, c.want, got)
		})
	}
	w := get(s, "/mirror/", from("10.1.1.1", "X-Request-Id", "abc"))
	require.Equal(t, "abc", w.Header().Get("X-Request-Id"))
	w = get(s, "/mirror/", from("10.1.1.1", "X-Request-Id", "a\x01b"))
	require.Len(t, w.Header().Get("X-Request-Id"), 16)
}

// TestUsersBehindAProxyAreCountedOneByOne: a client that guesses passwords at
// the API's documentation keeps nobody else behind the same proxy out.
func TestUsersBehindAProxyAreCountedOneByOne(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), func(c *settings) {
		c.HTTP.TrustedProxies = []string{"10.0.0.0/8"}
		c.Tenancy.AddressFailures = 3
	})
	first, err := s.FirstStart(t.Context())
	require.NoError(t, err)
	docs := func(client, name, password string) int {
		return get(s, "/api/v1/docs/", from("10.1.1.1", "X-Forwarded-For", client), func(r *http.Request) { r.SetBasicAuth(name, password) }).Code
	}
	for i := range 5 {
		require.NotEqual(t, http.StatusOK, docs("198.51.100.1", "nobody-"+strconv.Itoa(i), "wrong"))
	}
	require.NotEqual(t, http.StatusOK, docs("198.51.100.1", first.Username, first.Password.Reveal()), "that client guessed too often")
	require.Equal(t, http.StatusOK, docs("198.51.100.2", first.Username, first.Password.Reveal()))
}

func TestMetrics(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), func(c *settings) { c.HTTP.TrustedProxies = []string{"10.0.0.0/8"} })
	get(s, "/api/v1/users/organization/")
	get(s, "/api/v1/users/organization/0b2d1e0e-7f6b-4b59-9a1e-0123456789ab/")
	get(s, "/invented/by/a/client/")
	get(s, "/api/v1/users/organization/", func(r *http.Request) { r.Method = "INVENTED" })
	w := get(s, "/metrics")
	require.Equal(t, http.StatusOK, w.Code)
	for _, line := range []string{
		`wispwright_http_request_seconds_count{area="api/v1/users/organization",method="GET",status="401"} 2`,
		`wispwright_http_request_seconds_count{area="api/v1/users/organization",method="other",status="401"} 1`,
		`wispwright_http_request_seconds_count{area="other",method="GET",status="404"} 1`,
		`wispwright_build_info{version="test"} 1`, `go_goroutines`, `go_sql_max_open_connections{db_name="sqlite"}`,
	} {
		require.Contains(t, w.Body.String(), line)
	}
	require.NotContains(t, w.Body.String(), "invented")
	require.Equal(t, http.StatusForbidden, get(s, "/metrics", from("192.0.2.7")).Code)
	require.Equal(t, http.StatusForbidden, get(s, "/metrics", from("192.0.2.7", "X-Forwarded-For", "127.0.0.1")).Code, "not by pretending")
	require.Equal(t, http.StatusForbidden, get(s, "/metrics", from("10.0.0.1", "X-Forwarded-For", "192.0.2.7")).Code, "nor through a proxy")
}

func TestRequestIDsInTheLog(t *testing.T) {
	var b strings.Builder
	log, err := server.NewLog(&b, server.LogConfig{Level: "info", Format: "json"})
	require.NoError(t, err)
	c, all := parts(t)
	c.HTTP.AccessLog = true
	db := testkit.SQLite(t)
	all = append(all, mirror())
	require.NoError(t, server.Migrate(t.Context(), db, all))
	s, err := server.New(t.Context(), db, &server.Options{Config: c.Config, Concerns: all, Log: log})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	w := get(s, "/panic/")
	id := w.Header().Get("X-Request-Id")
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	require.Len(t, lines, 2, b.String())
	for i, msg := range []string{"a handler panicked", "request"} {
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(lines[i]), &line))
		require.Equal(t, msg, line["msg"])
		require.Equal(t, id, line["request"])
	}
	require.Contains(t, lines[1], `"status":500`)
	for _, path := range []string{"/accounts/password/reset/key/verysecret/", "/accounts/confirm-email/verysecret/", "/accounts/login/?sesame=verysecret"} {
		get(s, path)
	}
	require.Contains(t, b.String(), "/accounts/confirm-email/…")
	require.NotContains(t, b.String(), "verysecret", "keys of e-mails stay out of the log")
}

func TestHosts(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), func(c *settings) { c.HTTP.AllowedHosts = []string{"nms.example.org", ".wifi.example.org"} })
	ask := func(host, path string) int {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = host
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	for _, host := range []string{"nms.example.org", "NMS.example.org:8443", "wifi.example.org", "a.b.wifi.example.org."} {
		require.Equal(t, http.StatusUnauthorized, ask(host, "/api/v1/users/user/"), host)
	}
	for _, host := range []string{"evil.org", "xwifi.example.org", "nms.example.org.evil.org", "", "[::1]:80"} {
		for _, path := range []string{"/api/v1/users/user/", "/admin/", "/controller/checksum/x/"} {
			require.Equal(t, http.StatusBadRequest, ask(host, path), host)
		}
	}
	require.Equal(t, http.StatusOK, ask("10.0.0.7", "/healthz"), "probes come by address")
}

// A handler that panics in the middle of its answer cuts the connection: the
// half of an archive must not look like a whole one.
func TestHalfAnAnswerIsNotAWholeOne(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil, &mine{"half", func(_ context.Context, h *server.Host) error {
		h.Handle("/half/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("the first half"))
			panic("broken")
		}))
		return nil
	}})
	web := httptest.NewServer(s)
	defer web.Close()
	answer, err := web.Client().Get(web.URL + "/half/")
	if err == nil {
		_, err = io.ReadAll(answer.Body)
		require.NoError(t, answer.Body.Close())
	}
	require.Error(t, err)
	require.Equal(t, 200, get(s, "/healthz").Code, "the process goes on")
}

// What was begun before a start that fails is ended again, and stopping does
// what concerns asked for, the last one first.
func TestAStartThatFailsEndsWhatWasBegun(t *testing.T) {
	var did []string
	var lifetime context.Context
	s := newServer(t, testkit.SQLite(t), nil, &mine{"starting", func(_ context.Context, h *server.Host) error {
		lifetime = h.Lifetime()
		for _, name := range []string{"one", "two"} {
			h.AtStop(func(context.Context) error {
				did = append(did, "stop "+name)
				return nil
			})
		}
		h.AtStart(func(context.Context) error { did = append(did, "start"); return nil })
		h.AtStart(func(context.Context) error { return errors.New("no power") })
		return nil
	}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.ErrorContains(t, s.ServeOn(t.Context(), l), "no power")
	require.Equal(t, []string{"start", "stop two", "stop one"}, did)
	require.Error(t, lifetime.Err())
}
