package shadow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// Writes also sends requests to the new server that change something, as agents
	// make them to report. Default: only GET and HEAD are mirrored. Registrations are
	// never mirrored: each server would give the device another id.
	Writes bool
	// Report gets a line of JSON for each difference. Default: only the summary is kept.
	Report io.Writer
	// Concurrency is how many requests of the new server may be under way; what comes
	// on top is answered but not compared. Default: 16.
	Concurrency int
	// Timeout is how long the new server may take. Default: 30 s.
	Timeout time.Duration
	// Limit is up to how many bytes of a body are compared. Default: 8 MiB.
	Limit int64
	// Ignore are names of members of JSON objects that may differ.
	Ignore []string
	// Transport asks both servers. Default: http.DefaultTransport.
	Transport http.RoundTripper
}

// Proxy answers with the old server and compares the new one. Make it with New.
type Proxy struct {
	options  Options
	old, new *url.URL
	forward  *httputil.ReverseProxy
	slots    chan struct{}
	running  sync.WaitGroup
	summary  *Summary
}

// New returns a proxy before two servers.
func New(old, new *url.URL, o *Options) (*Proxy, error) {
	for _, u := range []*url.URL{old, new} {
		if u == nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, errors.New("shadow: both servers need an address such as https://openwisp.example.org")
		}
	}
	p := &Proxy{old: old, new: new, summary: newSummary()}
	if o != nil {
		p.options = *o
	}
	if p.options.Concurrency <= 0 {
		p.options.Concurrency = 16
	}
	if p.options.Timeout <= 0 {
		p.options.Timeout = 30 * time.Second
	}
	if p.options.Limit <= 0 {
		p.options.Limit = 8 << 20
	}
	if p.options.Transport == nil {
		p.options.Transport = http.DefaultTransport
	}
	p.summary.out = p.options.Report
	p.slots = make(chan struct{}, p.options.Concurrency)
	p.forward = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
			r.SetURL(old)
			r.SetXForwarded()
			r.Out.Host = r.In.Host
		},
		Transport: p.options.Transport, ModifyResponse: p.answered,
	}
	return p, nil
}

type copyKey struct{}

// asked is a request that is mirrored, as it came.
type asked struct {
	header http.Header
	body   []byte
}

// ServeHTTP answers with the old server.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.mirrored(r) {
		a := &asked{header: r.Header.Clone()}
		if r.Body != nil && r.Body != http.NoBody {
			b, err := io.ReadAll(io.LimitReader(r.Body, p.options.Limit+1))
			rest := io.MultiReader(bytes.NewReader(b), r.Body)
			r.Body = struct {
				io.Reader
				io.Closer
			}{rest, r.Body}
			if err != nil || int64(len(b)) > p.options.Limit {
				a = nil // too large to be sent twice
			} else {
				a.body = b
			}
		}
		if a != nil {
			r = r.WithContext(context.WithValue(r.Context(), copyKey{}, a))
			// the answers must be comparable as they are
			r.Header.Del("Accept-Encoding")
			r.Header.Del("If-None-Match")
			r.Header.Del("If-Modified-Since")
		}
	}
	p.forward.ServeHTTP(w, r)
}

func (p *Proxy) mirrored(r *http.Request) bool {
	if r.Header.Get("Upgrade") != "" || strings.HasPrefix(r.URL.Path, "/controller/register") {
		return false
	}
	return r.Method == http.MethodGet || r.Method == http.MethodHead || p.options.Writes
}

// answered keeps what the old server says and lets the new one be asked.
func (p *Proxy) answered(answer *http.Response) error {
	a, ok := answer.Request.Context().Value(copyKey{}).(*asked)
	if !ok {
		p.summary.skip(answer.Request)
		return nil
	}
	if answer.ContentLength > p.options.Limit {
		p.summary.skip(answer.Request)
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, p.options.Limit+1))
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), answer.Body), answer.Body}
	if err != nil || int64(len(body)) > p.options.Limit {
		p.summary.skip(answer.Request)
		return nil
	}
	select {
	case p.slots <- struct{}{}:
	default:
		p.summary.skip(answer.Request)
		return nil
	}
	said := &Answer{Status: answer.StatusCode, Header: answer.Header.Clone(), Body: body}
	request := answer.Request
	p.running.Go(func() {
		defer func() { <-p.slots }()
		p.compare(request, a, said)
	})
	return nil
}

func (p *Proxy) compare(r *http.Request, a *asked, old *Answer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), p.options.Timeout)
	defer cancel()
	answer, err := p.ask(ctx, r, a)
	if err != nil {
		p.summary.fail(r, err)
		return
	}
	p.summary.add(r, old, answer, Differences(old, answer, p.options.Ignore))
}

// ask asks the new server what the old one was asked.
func (p *Proxy) ask(ctx context.Context, r *http.Request, a *asked) (*Answer, error) {
	target := *p.new
	target.Path, target.RawPath, target.RawQuery = r.URL.Path, r.URL.RawPath, r.URL.RawQuery
	again, err := http.NewRequestWithContext(ctx, r.Method, target.String(), bytes.NewReader(a.body))
	if err != nil {
		return nil, fmt.Errorf("ask the new server: %w", err)
	}
	again.Header = a.header.Clone()
	for _, name := range []string{"Connection", "Accept-Encoding", "If-None-Match", "If-Modified-Since"} {
		again.Header.Del(name)
	}
	again.Header.Set("X-Forwarded-For", r.Header.Get("X-Forwarded-For"))
	again.Header.Set("X-Forwarded-Proto", r.Header.Get("X-Forwarded-Proto"))
	again.Host = r.Host
	answer, err := p.options.Transport.RoundTrip(again)
	if err != nil {
		return nil, fmt.Errorf("ask the new server: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, p.options.Limit))
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return nil, fmt.Errorf("read the answer of the new server: %w", err)
	}
	return &Answer{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
}

// Wait waits until what is under way was compared.
func (p *Proxy) Wait() { p.running.Wait() }

// Summary is what was compared so far.
func (p *Proxy) Summary() *Summary { return p.summary }
