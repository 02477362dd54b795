package controllerhttp_test

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
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllerhttp"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/rest/resttest"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

const openWrt = "netjsonconfig.OpenWrt"

// server is everything a device and an administrator meet, over one storage.
type server struct {
	http.Handler
	t *tenancy.Tenancy
	c *controller.Controller
	// protocol is the handler devices reach, without the API around it
	protocol http.Handler
	api      *rest.API
	tokens   map[string]string
	orgs     map[string]wispwright.ID

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

func newMemoryServer(t testing.TB, options *controller.Options) *server {
	t.Helper()
	m, stores := tenancy.NewMemory()
	return newServer(t, m, stores, controller.NewMemory(m), options)
}

func newServer(t testing.TB, tx wispwright.Transactor, tenants tenancy.Stores, stores controller.Stores, options *controller.Options) *server {
	t.Helper()
	s := &server{now: time.Date(2024, 11, 22, 7, 31, 37, 8313000, time.UTC), tokens: map[string]string{}, orgs: map[string]wispwright.ID{"": {}}}
	var err error
	s.t, err = tenancy.New(tx, tenants, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}, Clock: s.clock, Models: controller.Models()})
	require.NoError(t, err)
	require.NoError(t, s.t.Groups.EnsureDefaults(context.Background()))
	o := controller.Options{}
	if options != nil {
		o = *options
	}
	o.Clock, o.Recorder = s.clock, s.t.Trail
	renderer := render.New(nil)
	reader, ok := renderer.(render.Reader)
	require.True(t, ok)
	s.c, err = controller.New(tx, stores, renderer, s.t.Organizations, &o)
	require.NoError(t, err)
	s.c.Attach(s.t.Organizations)
	users, err := tenancyhttp.New(tx, s.t, &tenancyhttp.Options{TokenRate: "none"})
	require.NoError(t, err)
	h, err := controllerhttp.New(s.c, &controllerhttp.Options{Clock: s.clock, Reader: reader})
	require.NoError(t, err)
	s.api = rest.New(&rest.Options{Schemes: users.Schemes(), Organizations: users})
	users.Mount(s.api)
	h.Mount(s.api)
	s.protocol = controllerhttp.NewProtocol(s.c.Agents, nil)
	s.api.Handle("/controller/*", s.protocol)
	s.Handler = resttest.Record(t, s.api)
	return s
}

// organization makes a tenant with a secret of registration.
func (s *server) organization(t testing.TB, slug, secret string) wispwright.ID {
	t.Helper()
	ctx := context.Background()
	o := &tenancy.Organization{Name: slug, Slug: slug, IsActive: true}
	require.NoError(t, s.t.Organizations.Create(ctx, o))
	if secret != "" {
		_, err := s.c.Settings.Update(ctx, wispwright.ScopeAll(), o.ID, func(v *controller.Settings) error {
			v.SharedSecret = wispwright.Secret(secret)
			return nil
		})
		require.NoError(t, err)
	}
	s.orgs[slug] = o.ID
	return o.ID
}

// user makes an account with a token; group "" is none, as is organization "".
func (s *server) user(t testing.TB, name, group, organization string, superuser, manages bool) wispwright.ID {
	t.Helper()
	ctx := context.Background()
	u := &tenancy.User{Username: name, Email: name + "@example.org", IsActive: true, IsSuperuser: superuser, IsStaff: group != "" || superuser}
	require.NoError(t, s.t.Users.Create(ctx, u, name+"-Passw0rd"))
	if group != "" {
		g, err := s.t.Groups.ByName(ctx, group)
		require.NoError(t, err)
		require.NoError(t, s.t.Users.SetGroups(ctx, wispwright.ScopeAll(), u.ID, []int64{g.ID}))
	}
	if organization != "" {
		require.NoError(t, s.t.Memberships.Create(ctx, &tenancy.Membership{UserID: u.ID, OrganizationID: s.orgs[organization], IsAdmin: manages}))
	}
	token := strings.Repeat(string(rune('a'+len(s.tokens))), 40)
	_, err := s.t.Tokens.Set(ctx, u.ID, token)
	require.NoError(t, err)
	s.tokens[name] = token
	return u.ID
}

// call sends a request as a user and returns status and decoded body.
func (s *server) call(t testing.TB, user, method, path string, body any) (int, map[string]any) {
	t.Helper()
	w := s.raw(t, user, method, path, body)
	out := map[string]any{}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out), w.Body.String())
	}
	return w.Code, out
}

func (s *server) raw(t testing.TB, user, method, path string, body any) *httptest.ResponseRecorder {
	t.Helper()
	var reader *strings.Reader
	if body == nil {
		reader = strings.NewReader("")
	} else {
		b, err := json.Marshal(body)
		require.NoError(t, err)
		reader = strings.NewReader(string(b))
	}
	r := httptest.NewRequest(method, path, reader)
	if body != nil {
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

func (s *server) template(t testing.TB, name string, organization wispwright.ID, extra object) string {
	t.Helper()
	body := object{"name": name, "organization": organization, "backend": openWrt,
		"config": object{"files": []object{{"path": "/etc/" + name, "mode": "0644", "contents": name + " {{ name }}"}}}}
	for k, v := range extra {
		body[k] = v
	}
	status, out := s.call(t, "admin", "POST", "/api/v1/controller/template/", body)
	require.Equal(t, 201, status, out)
	return out["id"].(string)
}

func (s *server) device(t testing.TB, user, name string, organization wispwright.ID, mac string, config object) string {
	t.Helper()
	body := object{"name": name, "organization": organization, "mac_address": mac}
	if config != nil {
		body["config"] = config
	}
	status, out := s.call(t, user, "POST", "/api/v1/controller/device/", body)
	require.Equal(t, 201, status, out)
	return out["id"].(string)
}

func configuration(templates ...string) object {
	if templates == nil {
		templates = []string{}
	}
	return object{"backend": openWrt, "templates": templates, "context": object{}, "config": object{"general": object{"timezone": "UTC"}}}
}
