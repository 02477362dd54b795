package admin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/wispwright/wispwright/server/admin"
)

// The handler goes beside the API it speaks to, on the same origin.
func Example() {
	mux := http.NewServeMux()
	mux.Handle(admin.Path, admin.Handler())

	r := httptest.NewRequest(http.MethodGet, "/admin", nil)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Header().Get("Location"))
	// Output: /admin/
}
