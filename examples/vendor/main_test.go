package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/tenancy"
)

func Example() {
	if err := demonstrate(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// POST /api/v1/support/ticket/ 201 the roof is wet
	// POST /api/v1/support/ticket/ 400 ticket with this title already exists.
	// GET /api/v1/support/ticket/ 200 "count":1
	// GET /api/v1/support/ticket/ 401 not provided
	// GET /api/v1/support/ticket/ 200 the roof is wet
	// GET /api/v1/support/ticket/ 401 Wrong key
	// GET /support/status 200 1 tickets
	// GET /metrics 200 support_tickets 1
	// GET /admin/extensions.json 200 "label":"Tickets","address":"/admin/extensions/support/pages/tickets.html"
	// GET /admin/extensions/support/pages/tickets.html 200 <h1>Tickets</h1>
}

// desk is the key of the desk's own program.
const desk = "the key of the support desk"

// demonstrate makes an installation, a user and a ticket, and asks for it.
func demonstrate(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "vendor")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	all := concerns()
	config, err := server.LoadConfig("", []string{"WISPWRIGHT_DATA=" + dir, "WISPWRIGHT_SUPPORT_DESK_KEY=" + desk}, all)
	if err != nil {
		return err
	}
	db, err := server.Open(ctx, config, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := server.Migrate(ctx, db, all); err != nil {
		return err
	}
	s, err := server.New(ctx, db, &server.Options{Config: config, Concerns: all, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	acme := &tenancy.Organization{Name: "acme", IsActive: true}
	if err := s.Tenancy().Organizations.Create(ctx, acme); err != nil {
		return err
	}
	ann := &tenancy.User{ID: wispwright.NewID(), Username: "ann", IsActive: true, IsSuperuser: true}
	if err := s.Tenancy().Users.Create(ctx, ann, ""); err != nil {
		return err
	}
	token, err := s.Tenancy().Tokens.For(ctx, ann.ID)
	if err != nil {
		return err
	}
	tour(s, acme.ID, "Bearer "+token.Key.Reveal())
	return s.Stop(ctx)
}

// tour visits what the concern adds.
func tour(s http.Handler, organization wispwright.ID, bearer string) {
	ask := func(method, path, body, want string, header ...string) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.RemoteAddr = "127.0.0.1:5000" // who may read the metrics
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), want) {
			want = w.Body.String()
		}
		fmt.Println(method, path, w.Code, want)
	}
	const tickets = "/api/v1/support/ticket/"
	ticket := fmt.Sprintf(`{"organization":%q,"title":"the roof is wet"}`, organization)
	ask(http.MethodPost, tickets, ticket, "the roof is wet", "Authorization", bearer)
	ask(http.MethodPost, tickets, ticket, "ticket with this title already exists.", "Authorization", bearer)
	ask(http.MethodGet, tickets, "", `"count":1`, "Authorization", bearer)
	ask(http.MethodGet, tickets, "", "not provided")
	ask(http.MethodGet, tickets, "", "the roof is wet", "X-Desk-Key", desk)
	ask(http.MethodGet, tickets, "", "Wrong key", "X-Desk-Key", "guessed")
	ask(http.MethodGet, "/support/status", "", "1 tickets")
	ask(http.MethodGet, "/metrics", "", "support_tickets 1")
	ask(http.MethodGet, "/admin/extensions.json", "", `"label":"Tickets","address":"/admin/extensions/support/pages/tickets.html"`)
	ask(http.MethodGet, "/admin/extensions/support/pages/tickets.html", "", "<h1>Tickets</h1>")
}

// The program has the vendor's settings and commands beside the product's.
func Example_program() {
	dir, err := os.MkdirTemp("", "vendor")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "vendor.yaml")
	if err := os.WriteFile(path, []byte("data: "+dir+"\nsupport:\n  hotline: '112'\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(run([]string{"tickets", "--config", path}, nil, os.Stdout, os.Stderr))
	var config bytes.Buffer
	fmt.Println(run([]string{"config", "--config", path}, nil, &config, os.Stderr))
	_, support, _ := strings.Cut(config.String(), "support:")
	fmt.Println(strings.TrimSpace(support))
	// Output:
	// 0 tickets
	// 0
	// 0
	// # Key of the support desk's program, which may see every ticket. Empty: it may not.
	//   # WISPWRIGHT_SUPPORT_DESK_KEY, default: ""
	//   desk_key: ""
	//   # Telephone number of the support desk, the variable hotline of every device.
	//   # WISPWRIGHT_SUPPORT_HOTLINE, default: +39 06 0000
	//   hotline: "112"
}
