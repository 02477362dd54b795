package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing/fstest"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/tenancy"
)

// greeting is a vendor's own concern with nothing but an endpoint.
type greeting struct{}

func (greeting) Name() string                      { return "greeting" }
func (greeting) Migrations() []sqlstore.Migrations { return nil }
func (greeting) Mount(_ context.Context, h *server.Host) error {
	h.API().Handle("/vendor/hello/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "hello, technician")
	}))
	return nil
}

// A vendor's server: everything there is, and an endpoint of its own.
func Example() {
	s, done, err := assemble(append(server.DefaultConcerns(), greeting{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer done()
	// s.Serve(ctx) would listen; a test asks directly
	fmt.Println(visit(s, http.MethodGet, "/vendor/hello/", ""))
	// Output: 200 hello, technician
}

// assemble puts a server together on SQLite in a folder of its own.
func assemble(concerns []server.Concern) (*server.Server, func(), error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "vendor")
	if err != nil {
		return nil, nil, err
	}
	config := server.DefaultConfig()
	config.Data = dir
	db, err := server.Open(ctx, config, nil)
	if err != nil {
		return nil, nil, err
	}
	done := func() {
		_ = db.Close()        // the example is over
		_ = os.RemoveAll(dir) // the example is over
	}
	if err := server.Migrate(ctx, db, concerns); err != nil {
		return nil, done, err
	}
	s, err := server.New(ctx, db, &server.Options{Config: config, Concerns: concerns, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, done, err
	}
	return s, func() {
		_ = s.Stop(ctx) // nothing runs
		done()
	}, nil
}

func visit(h http.Handler, method, path, body string, header ...string) string {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return fmt.Sprint(w.Code, " ", w.Body)
}

// directory is a vendor's own tenancy: the customers of its other product, which
// come with a key of their own.
type directory struct {
	customers map[string]*tenancy.Organization
}

func (d *directory) Name() string { return "directory" }

// Migrations make the table by which the controller's statements see to it that
// an organization is there; PostgreSQL's would be in the folder "pg".
func (d *directory) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{{Concern: "directory", FS: fstest.MapFS{"sqlite/00001_organization.sql": {Data: []byte(
		"-- +goose Up\nCREATE TABLE tenancy_organization (id TEXT PRIMARY KEY);")}}}}
}

func (d *directory) Mount(ctx context.Context, h *server.Host) error {
	for _, o := range d.customers {
		if _, err := sqlstore.Exec(ctx, h.DB(), "INSERT INTO tenancy_organization (id) VALUES (?) ON CONFLICT DO NOTHING", o.ID); err != nil {
			return err
		}
	}
	h.Recognise(rest.Callers{Schemes: []rest.Scheme{{Challenge: "Key", Authenticate: d.recognise}}, Organizations: d})
	return nil
}

func (d *directory) recognise(r *rest.Request) (*wispwright.Caller, error) {
	key := r.HTTP.Header.Get("X-Customer")
	o := d.customers[key]
	if o == nil {
		return nil, nil
	}
	own := []wispwright.ID{o.ID}
	return &wispwright.Caller{ID: o.ID, Name: o.Name, Member: own, Managed: own,
		Permissions: []wispwright.Permission{"config.add_device", "config.view_device"}}, nil
}

// Tenant implements controller.Organizations.
func (d *directory) Tenant(_ context.Context, id wispwright.ID) (*entity.Tenant, error) {
	for _, o := range d.customers {
		if o.ID == id {
			return &entity.Tenant{ID: o.ID, Name: o.Name, IsActive: o.IsActive}, nil
		}
	}
	return nil, wispwright.ErrNotFound
}

// OrganizationExists implements rest.Organizations.
func (d *directory) OrganizationExists(ctx context.Context, id wispwright.ID) (bool, error) {
	_, err := d.Tenant(ctx, id)
	return err == nil, nil
}

// OrganizationBySlug implements rest.Organizations.
func (d *directory) OrganizationBySlug(_ context.Context, slug string) (wispwright.ID, error) {
	for _, o := range d.customers {
		if o.Slug == slug {
			return o.ID, nil
		}
	}
	return wispwright.ID{}, wispwright.ErrNotFound
}

// Configuration management over a vendor's own tenancy: the product's accounts
// are left out.
func Example_ownTenancy() {
	acme := &tenancy.Organization{ID: wispwright.NewID(), Name: "Acme", Slug: "acme", IsActive: true}
	other := &tenancy.Organization{ID: wispwright.NewID(), Name: "Other", Slug: "other", IsActive: true}
	d := &directory{map[string]*tenancy.Organization{"key-of-acme": acme, "key-of-other": other}}
	devices := server.NewController(nil)
	devices.Organizations = d
	s, done, err := assemble([]server.Concern{d, devices})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer done()
	const path = "/api/v1/controller/device/"
	device := fmt.Sprintf(`{"name":"router","organization":%q,"mac_address":"00:11:22:33:44:55"}`, acme.ID)
	fmt.Println(visit(s, http.MethodPost, path, device, "X-Customer", "key-of-other")[:3])
	fmt.Println(visit(s, http.MethodPost, path, device, "X-Customer", "key-of-acme")[:3])
	fmt.Println(strings.Contains(visit(s, http.MethodGet, path, "", "X-Customer", "key-of-acme"), `"count":1`))
	fmt.Println(strings.Contains(visit(s, http.MethodGet, path, "", "X-Customer", "key-of-other"), `"count":0`))
	fmt.Println(visit(s, http.MethodGet, path, "")[:3], visit(s, http.MethodGet, "/api/v1/users/user/", "", "X-Customer", "key-of-acme")[:3])
	// Output:
	// 400
	// 201
	// true
	// true
	// 401 404
}

// Text messages beside web and e-mail: a Messenger of one's own.
func Example_messenger() {
	sent := make(chan string, 1)
	concerns := server.DefaultConcerns()
	told, _ := server.Find[*server.NotificationsConcern](concerns)
	told.Messengers = []server.Messenger{{Name: "sms", Send: func(_ context.Context, l server.Letter) error {
		sent <- "SMS: " + l.Text // here one would ask the provider, with l.ID against doubles
		return nil
	}}}
	s, done, err := assemble(concerns)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer done()
	ctx := context.Background()
	if _, err := s.FirstStart(ctx); err != nil { // who makes the account admin
		fmt.Println(err)
		return
	}
	if err := s.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = s.Stop(ctx) }() // the example is over
	err = told.Notify(ctx, notifications.Event{Type: notifications.GenericMessage, Data: map[string]any{"message": "The **roof** is wet."}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(<-sent)
	// Output: SMS: The roof is wet.
}
