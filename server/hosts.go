package server

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// hostAllowed reports whether a request names a host this server answers for
// (spec: rest-conventions §1): one of the list, below a domain that is written
// with a leading dot, or any when the list is empty.
func hostAllowed(allowed []string, r *http.Request) bool {
	if len(allowed) == 0 {
		return true
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	return slices.ContainsFunc(allowed, func(a string) bool {
		a = strings.ToLower(a)
		if domain, ok := strings.CutPrefix(a, "."); ok {
			return host == domain || strings.HasSuffix(host, a)
		}
		return a == "*" || host == a
	})
}

// refuseHost answers a request for somebody else.
func refuseHost(w http.ResponseWriter) {
	w.Header()["Content-Type"] = []string{"text/html; charset=utf-8"}
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write([]byte("<!doctype html>\n<title>Bad Request (400)</title>\n<h1>Bad Request (400)</h1>\n")) // the client may be gone
}

// hostAllowed reports whether a request is for this server; the names of the API are
// its own too.
func (c *Config) hostAllowed(r *http.Request) bool {
	return hostAllowed(c.HTTP.AllowedHosts, r) || len(c.HTTP.APIHosts) > 0 && hostAllowed(c.HTTP.APIHosts, r)
}
