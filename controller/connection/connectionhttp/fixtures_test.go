package connectionhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/connectionhttp"
	"github.com/wispwright/wispwright/controller/connection/connectionsql"
	"github.com/wispwright/wispwright/controller/connection/snmp"
	"github.com/wispwright/wispwright/controller/connection/ssh"
	"github.com/wispwright/wispwright/controller/controllerhttp"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/rest/resttest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

// box is the device behind every address: it refuses, or runs every command.
type box struct {
	mu      sync.Mutex
	refused func(connection.Target) error
	output  string
	exit    int
	lines   []string
}

// Dial implements connection.Connector.
func (b *box) Dial(_ context.Context, t connection.Target) (connection.Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refused != nil {
		return nil, b.refused(t)
	}
	return b, nil
}

func (b *box) HostKey() string                                                     { return "" }
func (b *box) Describe(context.Context) (string, error)                            { return "Linux box", nil }
func (b *box) Upload(context.Context, string, fs.FileMode, int64, io.Reader) error { return nil }
func (b *box) Close() error                                                        { return nil }
func (b *box) Run(_ context.Context, line string, o connection.Output) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, line)
	_, _ = io.WriteString(o.Stdout, b.output)
	return b.exit, nil
}

// queue keeps jobs until the test runs them.
type queue struct {
	s    *server
	jobs []connection.Job
}

// Enqueue implements connection.Jobs.
func (q *queue) Enqueue(ctx context.Context, jobs ...connection.Job) error {
	wispwright.AfterCommit(ctx, func() {
		for _, j := range jobs {
			if !slices.Contains(q.jobs, j) {
				q.jobs = append(q.jobs, j)
			}
		}
	})
	return nil
}

// Complete implements connection.Jobs.
func (q *queue) Complete(ctx context.Context, effect func(context.Context) error) error {
	return q.s.tx.InTx(ctx, effect)
}

// server is the API over one storage.
type server struct {
	http.Handler
	tx     wispwright.Transactor
	t      *tenancy.Tenancy
	ctl    *controller.Controller
	c      *connection.Connection
	wire   *connectionhttp.HTTP
	api    *rest.API
	queue  *queue
	box    *box
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

func memory(t testing.TB, o *connectionhttp.Options) *server {
	t.Helper()
	m, stores := tenancy.NewMemory()
	return newServer(t, m, stores, controller.NewMemory(m), connection.NewMemory(m), o)
}

func newServer(t testing.TB, tx wispwright.Transactor, tenants tenancy.Stores, devices controller.Stores, stores connection.Stores, o *connectionhttp.Options) *server {
	t.Helper()
	s := &server{tx: tx, box: &box{}, now: time.Now().UTC().Truncate(time.Second).Add(123456 * time.Microsecond), tokens: map[string]string{}, orgs: map[string]wispwright.ID{}}
	s.queue = &queue{s: s}
	var err error
	s.t, err = tenancy.New(tx, tenants, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}, Clock: s.clock, Models: append(controller.Models(), connection.Models()...)})
	require.NoError(t, err)
	require.NoError(t, s.t.Groups.EnsureDefaults(context.Background()))
	s.ctl, err = controller.New(tx, devices, render.New(nil), s.t.Organizations, &controller.Options{Clock: s.clock})
	require.NoError(t, err)
	s.ctl.Attach(s.t.Organizations)
	reached := ssh.Type(&ssh.Connector{})
	reached.Connector = s.box
	registry, err := connection.NewRegistry(append([]connection.ConnectorType{reached}, snmp.Types(&snmp.Connector{})...), connection.DefaultStrategies(), connection.DefaultMapping())
	require.NoError(t, err)
	base := &entity.Base{Tx: tx, Recorder: s.t.Trail, Tenants: s.t.Organizations, Clock: s.clock}
	s.c, err = connection.New(base, stores, s.ctl, registry, &connection.Options{Jobs: s.queue, PushDelay: -1})
	require.NoError(t, err)
	users, err := tenancyhttp.New(tx, s.t, &tenancyhttp.Options{TokenRate: "none"})
	require.NoError(t, err)
	config, err := controllerhttp.New(s.ctl, nil)
	require.NoError(t, err)
	if o == nil {
		o = &connectionhttp.Options{}
	}
	o.DeviceFilters = config.DeviceFilters()
	s.wire, err = connectionhttp.New(s.c, s.ctl.Devices, o)
	require.NoError(t, err)
	s.api = rest.New(&rest.Options{Schemes: users.Schemes(), Organizations: users})
	users.Mount(s.api)
	config.Mount(s.api)
	s.wire.Mount(s.api)
	recorded := resttest.Record(t, s.api)
	mux := http.NewServeMux()
	mux.Handle("/", recorded)
	mux.Handle("/admin/", s.wire.Schemas(s.api, http.NotFoundHandler()))
	s.Handler = mux
	return s
}

func eachStorage(t *testing.T, test func(t *testing.T, s *server)) {
	t.Run("memory", func(t *testing.T) { test(t, memory(t, nil)) })
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		for _, m := range []sqlstore.Migrations{tenancysql.Migrations(), controllersql.Migrations(), connectionsql.Migrations()} {
			require.NoError(t, db.Migrate(t.Context(), m))
		}
		tenants, err := tenancysql.New(db)
		require.NoError(t, err)
		devices, err := controllersql.New(db)
		require.NoError(t, err)
		stores, err := connectionsql.New(db)
		require.NoError(t, err)
		test(t, newServer(t, db, tenants, devices, stores, nil))
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

// work runs jobs until none is left.
func (s *server) work(t testing.TB) {
	t.Helper()
	for len(s.queue.jobs) > 0 {
		job := s.queue.jobs[0]
		s.queue.jobs = s.queue.jobs[1:]
		err := s.c.Work(context.Background(), job)
		if later := (*connection.LaterError)(nil); errors.As(err, &later) {
			continue
		}
		require.NoError(t, err)
	}
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

// made creates something as a superuser and returns its id.
func (s *server) made(t testing.TB, path string, body any) string {
	t.Helper()
	status, out := s.call(t, "admin", "POST", path, body)
	require.Equal(t, 201, status, out)
	id, _ := out["id"].(string)
	return id
}

const (
	credentialPath = "/api/v1/controller/credential/"
	devicePath     = "/api/v1/controller/device/"
	batchPath      = "/api/v1/controller/batch-command/"
)

// device makes a device of an organization, with a configuration or without.
func (s *server) device(t testing.TB, name, organization, mac string, configured bool) string {
	t.Helper()
	body := object{"name": name, "organization": s.orgs[organization], "mac_address": mac, "management_ip": "10.0.0.1"}
	if configured {
		body["config"] = object{"backend": "netjsonconfig.OpenWrt", "templates": []string{}, "context": object{}, "config": object{"general": object{"timezone": "UTC"}}}
	}
	return s.made(t, devicePath, body)
}

// credentials makes SSH credentials; no organization: shared.
func (s *server) credentials(t testing.TB, name, organization string) string {
	t.Helper()
	body := object{"name": name, "connector": connection.ConnectorSSH, "params": object{"username": "root", "password": "very secret", "port": 22}, "organization": nil}
	if organization != "" {
		body["organization"] = s.orgs[organization]
	}
	return s.made(t, credentialPath, body)
}

// reached makes a device with a connection.
func (s *server) reached(t testing.TB, name, organization, mac string) (device, link string) {
	t.Helper()
	device = s.device(t, name, organization, mac, true)
	link = s.made(t, devicePath+device+"/connection/", object{"credentials": s.credentials(t, "of "+name, organization)})
	return device, link
}
