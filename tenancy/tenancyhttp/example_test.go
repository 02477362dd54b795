package tenancyhttp_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

func Example() {
	ctx := context.Background()
	tx, stores := tenancy.NewMemory()
	t, err := tenancy.New(tx, stores, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}}) // 1: for the example only
	if err != nil {
		panic(err)
	}
	h, err := tenancyhttp.New(tx, t, nil)
	if err != nil {
		panic(err)
	}
	api := rest.New(&rest.Options{Schemes: h.Schemes(), DocsSchemes: h.DocsSchemes(), Organizations: h})
	h.Mount(api)
	api.MountDocs()

	ann := &tenancy.User{Username: "ann", IsActive: true, IsSuperuser: true}
	if err := t.Users.Create(ctx, ann, "opensesame"); err != nil {
		panic(err)
	}
	if _, err := t.Tokens.Set(ctx, ann.ID, strings.Repeat("a", 40)); err != nil {
		panic(err)
	}

	ask := func(method, path, token, body string) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	ask("POST", "/api/v1/users/token/", "", `{"username":"ann","password":"opensesame"}`)
	ask("GET", "/api/v1/users/organization/", "", "")
	ask("GET", "/api/v1/users/organization/", strings.Repeat("a", 40), "")
	ask("POST", "/api/v1/users/organization/", strings.Repeat("a", 40), `{"name":"Acme","slug":"acme corp"}`)
	// Output:
	// 200 {"token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}
	// 401 {"detail":"Authentication credentials were not provided."}
	// 200 {"count":0,"next":null,"previous":null,"results":[]}
	// 400 {"slug":["Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens."]}
}
