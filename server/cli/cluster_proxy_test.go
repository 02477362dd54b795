package cli_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// balancer is a reverse proxy such as stands before nodes: it asks each whether it is
// ready, sends requests to those that are, in turn, and to another one when a node does
// not even accept a connection. What broke under way it does not repeat.
type balancer struct {
	*httputil.ReverseProxy

	mu    sync.Mutex
	nodes []upstream
	turn  int
}

type upstream struct {
	url   string
	up    bool
	since time.Time
	sent  int
}

func newBalancer(n int) *balancer {
	b := &balancer{nodes: make([]upstream, n)}
	b.ReverseProxy = &httputil.ReverseProxy{
		Transport: b,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetXForwarded()
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "a-node"
			r.Out.Host = r.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	return b
}

// upstreams keeps connections to the nodes.
var upstreams = &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}

var errNoNode = errors.New("no node is ready")

// RoundTrip sends a request to a node.
func (b *balancer) RoundTrip(q *http.Request) (*http.Response, error) {
	var body []byte
	if q.Body != nil {
		var err error
		if body, err = io.ReadAll(q.Body); err != nil {
			return nil, err
		}
	}
	for {
		n, address := b.next()
		if n < 0 {
			return nil, errNoNode
		}
		to, err := url.Parse(address)
		if err != nil {
			return nil, err
		}
		out := q.Clone(q.Context())
		out.URL.Host = to.Host
		if q.Body != nil {
			out.Body = io.NopCloser(bytes.NewReader(body))
		}
		r, err := upstreams.RoundTrip(out)
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" && q.Context().Err() == nil {
			b.set(n, address, false)
			continue
		}
		return r, err
	}
}

// next is the node whose turn it is, or -1.
func (b *balancer) next() (n int, address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.nodes {
		b.turn = (b.turn + 1) % len(b.nodes)
		if one := &b.nodes[b.turn]; one.up {
			one.sent++
			return b.turn, one.url
		}
	}
	return -1, ""
}

// at tells where a node is, which it is asked for before requests go there.
func (b *balancer) at(n int, address string) {
	b.mu.Lock()
	b.nodes[n] = upstream{url: address, sent: b.nodes[n].sent}
	b.mu.Unlock()
	b.set(n, address, true)
}

// set notes whether the node of an address is ready; one that started anew elsewhere is
// another one.
func (b *balancer) set(n int, address string, up bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if one := &b.nodes[n]; one.url == address && one.up != up {
		one.up, one.since = up, time.Now()
	}
}

// down reports whether nothing is sent to a node, and since when.
func (b *balancer) down(n int) (bool, time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.nodes[n].up, b.nodes[n].since
}

// served is how many requests each node got.
func (b *balancer) served() (sent []int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.nodes {
		sent = append(sent, one.sent)
	}
	return sent
}

// watch asks each node ten times a second whether it is ready.
func (b *balancer) watch(ctx context.Context) {
	var asking sync.WaitGroup
	for n := range b.nodes {
		asking.Go(func() {
			for ctx.Err() == nil {
				b.mu.Lock()
				address := b.nodes[n].url
				b.mu.Unlock()
				b.set(n, address, ready(ctx, address))
				select {
				case <-ctx.Done():
				case <-time.After(100 * time.Millisecond):
				}
			}
		})
	}
	asking.Wait()
}
