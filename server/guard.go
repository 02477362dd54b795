package server

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"code.dny.dev/ssrf"
)

// guard keeps requests that people ask for off private and special addresses,
// whatever a name resolves to, but for some networks.
type guard struct {
	dialer  *net.Dialer
	allowed []netip.Prefix
}

func newGuard(networks []string, timeout time.Duration) (*guard, error) {
	allowed, err := parseNetworks(networks)
	if err != nil {
		return nil, err
	}
	g := &guard{allowed: allowed}
	var v4, v6 []netip.Prefix
	for _, p := range allowed {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	g.dialer = &net.Dialer{Timeout: timeout, Control: ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...)).Safe}
	return g, nil
}

func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	return g.dialer.DialContext(ctx, network, address)
}

// privateAddress is said of an address that is never asked.
const privateAddress = "This address is private or special. The setting topology.fetch_networks allows such ones."

// refuse says why a URL is never asked, or "". Names are looked at when they are
// dialled.
func (g *guard) refuse(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "" // it is refused elsewhere
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "Only addresses with http or https can be fetched."
	}
	host := u.Hostname()
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	if slices.ContainsFunc(g.allowed, func(p netip.Prefix) bool { return p.Contains(a) }) {
		return ""
	}
	network := "tcp6"
	if a.Is4() {
		network = "tcp4"
	}
	if ssrf.New(ssrf.WithAnyPort()).Safe(network, netip.AddrPortFrom(a, 443).String(), nil) != nil {
		return privateAddress
	}
	return ""
}
