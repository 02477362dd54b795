package rest

import (
	"net/http"
	"slices"
)

// CORS lets the pages of other origins call the API with the session cookie
// (rest-conventions §13).
type CORS struct {
	// Origins are allowed, each as "https://host[:port]".
	Origins []string
}

// handle sets the headers and reports whether the request was a preflight that
// is answered now.
func (c *CORS) handle(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	origin := r.Header.Get("Origin")
	preflight := r.Method == http.MethodOptions && origin != "" && r.Header.Get("Access-Control-Request-Method") != ""
	if preflight {
		h.Set("Vary", "origin")
	}
	if slices.Contains(c.Origins, origin) {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		if preflight {
			h.Set("Access-Control-Allow-Headers", "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with")
			h.Set("Access-Control-Allow-Methods", "DELETE, GET, OPTIONS, PATCH, POST, PUT")
			h.Set("Access-Control-Max-Age", "86400")
		}
	}
	if preflight {
		h.Set("Content-Length", "0")
		w.WriteHeader(http.StatusOK)
	}
	return preflight
}
