package rest

import (
	"net"
	"net/http"
	"strings"
)

// ClientAddress is the network address, without port, of the client that sent a
// request. It is the one place that finds it: views, schemes, plain handlers and
// access logs count and remember the same address.
//
// With trustProxy it is the last entry of X-Forwarded-For, which the reverse
// proxy in front has written; without that header, and without trustProxy, the
// address of the connection.
func ClientAddress(r *http.Request, trustProxy bool) string {
	if trustProxy {
		if f := r.Header.Get("X-Forwarded-For"); f != "" {
			return strings.TrimSpace(f[strings.LastIndexByte(f, ',')+1:])
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// ClientAddress is the address of the client as this API knows it, for handlers
// that are no views.
func (a *API) ClientAddress(r *http.Request) string {
	return ClientAddress(r, a.options.TrustProxy)
}

// Address is the client's network address without port.
func (r *Request) Address() string { return r.api.ClientAddress(r.HTTP) }
