package rest

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddress is the network address, without port, of the client that sent a
// request. It is the one place that finds it: views, schemes, plain handlers and
// access logs remember the same address. What is counted, such as wrong
// passwords, goes by Source.
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

// Source is the key by which a client's attempts are counted, for handlers that are no
// views.
func (a *API) Source(r *http.Request) string { return Source(r, a.options.TrustProxy) }

// Address is the client's network address without port.
func (r *Request) Address() string { return r.api.ClientAddress(r.HTTP) }

// Source is the key by which the client's attempts are counted.
func (r *Request) Source() string { return r.api.Source(r.HTTP) }

// relayedKey marks requests that a proxy forwarded which nobody named; its value
// is the address that the proxy gives for its client, or "".
type relayedKey struct{}

// WithRelayed marks a request as forwarded by a proxy that the administrator did
// not name, so that its address is the proxy's and not the client's. claimed is
// the address that the proxy gives for its client, or "".
func WithRelayed(r *http.Request, claimed string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), relayedKey{}, claimed))
}

// Relayed reports whether a proxy forwarded the request that nobody named:
// whatever its address opens must stay shut.
func Relayed(r *http.Request) bool {
	_, relayed := r.Context().Value(relayedKey{}).(string)
	return relayed
}

// Source is the key by which a client's attempts, such as wrong passwords, are counted:
// its address, or the /64 from which an IPv6 host can choose its addresses.
//
// All clients of a proxy on this machine that nobody named have the address of
// the machine itself. They are counted by the address that this proxy gives for
// them, so that one of them does not shut out the others. Clients elsewhere are
// never counted by what they say.
func Source(r *http.Request, trustProxy bool) string {
	address := ClientAddress(r, trustProxy)
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if a.Unmap().IsLoopback() {
		claimed, _ := r.Context().Value(relayedKey{}).(string)
		if c, err := netip.ParseAddr(claimed); err == nil {
			return "behind a proxy: " + network(c)
		}
	}
	return network(a)
}

func network(a netip.Addr) string {
	a = a.Unmap()
	if a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
