package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
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
	// POST 201 the roof is wet
	// POST 400 ticket with this title already exists.
	// GET 200 "count":1
	// GET 401 not provided
}

// demonstrate makes an installation, a user and a ticket, and asks for it.
func demonstrate(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "vendor")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	config := server.DefaultConfig()
	config.Data = dir
	s, done, err := assemble(ctx, config)
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
	ask := func(method, body, token, want string) {
		r := httptest.NewRequest(method, "/api/v1/support/ticket/?organization_slug=acme", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), want) {
			want = w.Body.String()
		}
		fmt.Println(method, w.Code, want)
	}
	ticket := fmt.Sprintf(`{"organization":%q,"title":"the roof is wet"}`, acme.ID)
	key := token.Key.Reveal()
	ask(http.MethodPost, ticket, key, "the roof is wet")
	ask(http.MethodPost, ticket, key, "ticket with this title already exists.")
	ask(http.MethodGet, "", key, `"count":1`)
	ask(http.MethodGet, "", "", "not provided")
	if err := s.Stop(ctx); err != nil {
		return err
	}
	return done()
}
