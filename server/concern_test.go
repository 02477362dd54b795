package server_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/server/admin"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

// TestMissingDependencesAreErrorsOfNew: never a nil pointer later.
func TestMissingDependencesAreErrorsOfNew(t *testing.T) {
	db := testkit.SQLite(t)
	require.NoError(t, server.Migrate(t.Context(), db, nil))
	raw := func(prefix ...string) server.Concern {
		return &mine{"mine", func(_ context.Context, h *server.Host) error {
			for _, p := range prefix {
				h.Handle(p, http.NotFoundHandler())
			}
			return nil
		}}
	}
	accounts := server.NewTenancy()
	used := server.NewTenancy()
	_, err := server.New(t.Context(), db, &server.Options{Concerns: []server.Concern{used}})
	require.NoError(t, err)
	for want, concerns := range map[string][]server.Concern{
		"a *server.TenancyConcern must be in the list": {server.NewController(nil)},
		"must be in the list of concerns before it":    {server.NewController(accounts)},
		"TenancyConcern must be in the list of":        {server.NewController(accounts), accounts},
		"concern 1 is nil":                             {nil},
		"called \"tenancy\"":                           {server.NewTenancy(), server.NewTenancy()},
		"called \"http\"":                              {&mine{"http", nil}},
		"cannot be called \"Mine Own\"":                {&mine{"Mine Own", nil}},
		"mounted already":                              {used},
		"two handlers for /x/":                         {raw("/x/", "/x/")},
		"\"x/\" cannot be a prefix":                    {raw("x/")},
		"\"/\" cannot be a prefix":                     {raw("/")},
		"the server's own":                             {raw("/admin/")},
		"is not among its files":                       {&paged{mine{"paged", func(context.Context, *server.Host) error { return nil }}}},
	} {
		s, err := server.New(t.Context(), db, &server.Options{Concerns: concerns})
		require.ErrorContains(t, err, want)
		require.Nil(t, s)
	}
}

// migrating has migrations of its own.
type migrating struct {
	mine
	steps string
}

func (m *migrating) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{{Concern: m.steps, FS: fstest.MapFS{"migrations/00001_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE " + m.name + " (a BIGINT);")}}}}
}

// Of two concerns whose migrations share a name the second's steps would count as
// done, and its tables would be missing.
func TestMigrationsOfOneNameAreRefused(t *testing.T) {
	db := testkit.SQLite(t)
	mount := func(context.Context, *server.Host) error { return nil }
	for want, concerns := range map[string][]server.Concern{
		`one and two both have migrations called "steps"`:         {&migrating{mine{"one", mount}, "steps"}, &migrating{mine{"two", mount}, "steps"}},
		`the server and one both have migrations called "server"`: {&migrating{mine{"one", mount}, "server"}},
	} {
		require.ErrorContains(t, server.Migrate(t.Context(), db, concerns), want)
		_, err := server.New(t.Context(), db, &server.Options{Concerns: concerns})
		require.ErrorContains(t, err, want)
	}
	apart := []server.Concern{&migrating{mine{"one", mount}, "steps"}, &migrating{mine{"two", mount}, "further"}}
	require.NoError(t, server.Migrate(t.Context(), db, apart))
	_, err := server.New(t.Context(), db, &server.Options{Concerns: apart})
	require.NoError(t, err)
}

// paged has a page that is not there.
type paged struct{ mine }

func (p *paged) Admin() admin.Extension {
	return admin.Extension{Name: "paged", Files: fstest.MapFS{}, Menu: []admin.MenuEntry{{Label: "None", Page: "none.html"}}}
}

// TestAServerWithoutConcerns answers what is the server's own, and knows nobody.
func TestAServerWithoutConcerns(t *testing.T) {
	db := testkit.SQLite(t)
	require.NoError(t, server.Migrate(t.Context(), db, []server.Concern{}))
	s, err := server.New(t.Context(), db, &server.Options{Concerns: []server.Concern{}})
	require.NoError(t, err)
	require.Nil(t, s.Tenancy())
	require.Nil(t, s.Controller())
	require.Equal(t, http.StatusOK, get(s, "/healthz").Code)
	require.Equal(t, http.StatusNotFound, get(s, "/controller/checksum/x/").Code)
	require.Equal(t, http.StatusForbidden, get(s, "/api/v1/docs/").Code)
	first, err := s.FirstStart(t.Context())
	require.NoError(t, err)
	require.Nil(t, first)
	require.ErrorContains(t, s.LoadData(t.Context(), strings.NewReader(`{"organizations":[]}`)), `unknown field "organizations"`)
	var b bytes.Buffer
	require.NoError(t, s.DumpData(t.Context(), &b))
	require.Equal(t, "{}\n", b.String())
	require.NoError(t, s.Stop(t.Context()))
}

// TestAccountsAlone: without the controller nobody keeps shared secrets.
func TestAccountsAlone(t *testing.T) {
	db, accounts := testkit.SQLite(t), server.NewTenancy()
	accounts.Config.PasswordIterations = 1
	all := []server.Concern{accounts}
	require.NoError(t, server.Migrate(t.Context(), db, all))
	s, err := server.New(t.Context(), db, &server.Options{Concerns: all})
	require.NoError(t, err)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(`{"organizations":[{"name":"A","slug":"a"}]}`)))
	require.ErrorContains(t, s.LoadData(t.Context(), strings.NewReader(`{"organizations":[{"name":"B","slug":"b","shared_secret":"x"}]}`)), "shared_secret")
	var b bytes.Buffer
	require.NoError(t, s.DumpData(t.Context(), &b))
	require.Contains(t, b.String(), `"slug": "a"`)
	require.NotContains(t, b.String(), `"slug": "b"`)
	require.NotContains(t, b.String(), "shared_secret")
	require.NoError(t, s.Stop(t.Context()))
}

// loud is a vendor's renderer: what the product's makes, with a file more.
type loud struct{ render.Renderer }

func (l loud) Archive(ctx context.Context, in render.Input) ([]byte, error) {
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	files := tar.NewWriter(zipped)
	text := fmt.Sprintf("%v", in.Context["weather"])
	if err := files.WriteHeader(&tar.Header{Name: "etc/vendor", Mode: 0o644, Size: int64(len(text))}); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(files, text); err != nil {
		return nil, err
	}
	if err := files.Close(); err != nil {
		return nil, err
	}
	err := zipped.Close()
	return b.Bytes(), err
}

// weather contributes a variable to every device.
type weather struct{}

func (weather) Variables(_ context.Context, devices []*controller.Device) (map[wispwright.ID]map[string]any, error) {
	out := map[wispwright.ID]map[string]any{}
	for _, d := range devices {
		out[d.ID] = map[string]any{"weather": "sunny"}
	}
	return out, nil
}

// outbox is a vendor's way to send e-mails.
type outbox struct{ sent []string }

func (o *outbox) Send(_ context.Context, m tenancy.Message) error {
	o.sent = append(o.sent, m.Subject)
	return nil
}

// TestSeamsOfTheProduct: a renderer, a provider of variables, a way to send
// e-mails and an option nobody thought of are fields of the concerns.
func TestSeamsOfTheProduct(t *testing.T) {
	db := testkit.SQLite(t)
	c, all := parts(t)
	accounts, _ := server.Find[*server.TenancyConcern](all)
	devices, _ := server.Find[*server.ControllerConcern](all)
	tuned := 0
	accounts.Mailer = &outbox{}
	accounts.Tune = func(o *tenancy.Options) {
		tuned++
		require.Equal(t, accounts.Mailer, o.Mailer)
		o.Hasher = password.Hasher{Iterations: 2}
	}
	devices.Renderer = loud{render.New(nil)}
	devices.Providers = []controller.ContextProvider{weather{}}
	devices.Tune = func(o *controller.Options) { tuned++ }
	require.NoError(t, server.Migrate(t.Context(), db, all))
	s, err := server.New(t.Context(), db, &server.Options{Config: c.Config, Concerns: all})
	require.NoError(t, err)
	require.Equal(t, 2, tuned)
	ctx := wispwright.WithCaller(t.Context(), wispwright.System("test"))
	require.NoError(t, s.LoadData(ctx, strings.NewReader(acme)))
	w := ask(s, "POST", "/controller/register/", "secret=s3cr3tS3cr3t&name=one&mac_address=00:11:22:33:44:55&backend=netjsonconfig.OpenWrt",
		func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") })
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
	_, rest, _ := strings.Cut(w.Body.String(), "uuid: ")
	id, _, _ := strings.Cut(rest, "\n")
	_, rest, _ = strings.Cut(w.Body.String(), "key: ")
	key, _, _ := strings.Cut(rest, "\n")
	w = get(s, "/controller/download-config/"+id+"/?key="+key)
	require.Equal(t, http.StatusOK, w.Code)
	zipped, err := gzip.NewReader(w.Body)
	require.NoError(t, err)
	files := tar.NewReader(zipped)
	head, err := files.Next()
	require.NoError(t, err)
	text, err := io.ReadAll(files)
	require.NoError(t, err)
	require.Equal(t, "etc/vendor sunny", head.Name+" "+string(text))
	require.NoError(t, s.Stop(t.Context()))
}
