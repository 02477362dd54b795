package x509http_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/rest/resttest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
	"github.com/wispwright/wispwright/x509"
	"github.com/wispwright/wispwright/x509/x509http"
	"github.com/wispwright/wispwright/x509/x509sql"
)

// server is the API over one storage, with what needs no account beside it.
type server struct {
	http.Handler
	t      *tenancy.Tenancy
	a      *x509.Authority
	api    *rest.API
	tokens map[string]string
	orgs   map[string]wispwright.ID

	mu  sync.Mutex
	now time.Time
}

// clock never stands still, so that "newest first" has one meaning.
func (s *server) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(time.Millisecond + time.Microsecond)
	return s.now
}

func memory(t testing.TB, o *x509http.Options) *server {
	t.Helper()
	m, stores := tenancy.NewMemory()
	return newServer(t, m, stores, x509.NewMemory(m), o)
}

func newServer(t testing.TB, tx wispwright.Transactor, tenants tenancy.Stores, stores x509.Stores, o *x509http.Options) *server {
	t.Helper()
	s := &server{now: time.Now().UTC().Truncate(time.Second).Add(123456 * time.Microsecond), tokens: map[string]string{}, orgs: map[string]wispwright.ID{"": {}}}
	var err error
	s.t, err = tenancy.New(tx, tenants, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}, Clock: s.clock, Models: x509.Models()})
	require.NoError(t, err)
	require.NoError(t, s.t.Groups.EnsureDefaults(context.Background()))
	s.a, err = x509.NewAuthority(&entity.Base{Tx: tx, Recorder: s.t.Trail, Tenants: s.t.Organizations, Clock: s.clock}, stores, nil)
	require.NoError(t, err)
	users, err := tenancyhttp.New(tx, s.t, &tenancyhttp.Options{TokenRate: "none"})
	require.NoError(t, err)
	h, err := x509http.New(s.a, o)
	require.NoError(t, err)
	s.api = rest.New(&rest.Options{Schemes: users.Schemes(), Organizations: users})
	users.Mount(s.api)
	h.Mount(s.api)
	mux := http.NewServeMux()
	mux.Handle("/", resttest.Record(t, s.api))
	mux.Handle(x509http.ListPrefix, h.Lists(http.NotFoundHandler()))
	mux.Handle(x509http.PublicPrefix, h.Public())
	mux.Handle(x509http.ESTPrefix, h.EST())
	s.Handler = mux
	return s
}

func eachStorage(t *testing.T, o *x509http.Options, test func(t *testing.T, s *server)) {
	t.Run("memory", func(t *testing.T) { test(t, memory(t, o)) })
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), tenancysql.Migrations()))
		require.NoError(t, db.Migrate(t.Context(), x509sql.Migrations()))
		tenants, err := tenancysql.New(db)
		require.NoError(t, err)
		stores, err := x509sql.New(db)
		require.NoError(t, err)
		test(t, newServer(t, db, tenants, stores, o))
	})
}

// recorded makes the fixtures of the recordings and returns what their
// placeholders stand for.
func (s *server) recorded(t testing.TB) map[string]string {
	t.Helper()
	ctx, vars := context.Background(), map[string]string{}
	for _, slug := range []string{"default", "alpha", "beta"} {
		o := &tenancy.Organization{Name: slug, Slug: slug, IsActive: true}
		require.NoError(t, s.t.Organizations.Create(ctx, o))
		s.orgs[slug], vars["org_"+slug] = o.ID, o.ID.String()
	}
	for _, u := range []struct {
		name, group, org   string
		superuser, manages bool
	}{
		{"admin", "", "", true, false},
		{"manager", "Administrator", "alpha", false, true},
		{"operator", "Operator", "alpha", false, true},
		{"member", "", "alpha", false, false},
		{"betamanager", "Administrator", "beta", false, true},
	} {
		one := &tenancy.User{Username: u.name, Email: u.name + "@example.org", IsActive: true, IsSuperuser: u.superuser, IsStaff: u.group != "" || u.superuser}
		require.NoError(t, s.t.Users.Create(ctx, one, u.name+"-Passw0rd"))
		if u.group != "" {
			g, err := s.t.Groups.ByName(ctx, u.group)
			require.NoError(t, err)
			require.NoError(t, s.t.Users.SetGroups(ctx, wispwright.ScopeAll(), one.ID, []int64{g.ID}))
		}
		if u.org != "" {
			require.NoError(t, s.t.Memberships.Create(ctx, &tenancy.Membership{UserID: one.ID, OrganizationID: s.orgs[u.org], IsAdmin: u.manages}))
		}
		s.tokens[u.name] = strings.Repeat(string(rune('a'+len(s.tokens))), 40)
		_, err := s.t.Tokens.Set(ctx, one.ID, s.tokens[u.name])
		require.NoError(t, err)
		vars["user_"+u.name] = one.ID.String()
	}
	return vars
}

func (s *server) raw(t testing.TB, user, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if user != "" {
		r.Header.Set("Authorization", "Bearer "+s.tokens[user])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

type object = map[string]any

func (s *server) call(t testing.TB, user, method, path string, body any) (int, object) {
	t.Helper()
	text := ""
	if body != nil {
		b, err := json.Marshal(body)
		require.NoError(t, err)
		text = string(b)
	}
	w := s.raw(t, user, method, path, text)
	out := object{}
	if w.Body.Len() > 0 {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out), w.Body.String())
	}
	return w.Code, out
}

const caPath, certPath = "/api/v1/controller/ca/", "/api/v1/controller/cert/"
