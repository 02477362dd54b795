package netdiff

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// RetrieveOptions change how a topology is fetched; nil means the defaults.
type RetrieveOptions struct {
	// Timeout ends the whole retrieval. Default: 30 seconds.
	Timeout time.Duration
	// SkipVerify accepts any certificate of an HTTPS server. Default: false.
	SkipVerify bool
	// MaxBytes refuses larger topologies. Default: 64 MiB.
	MaxBytes int64
	// Dial connects; replace it to keep requests off private addresses.
	// Default: net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Retrieve fetches a topology from an http, https or telnet URL. What it
// returns is handed to Format.Parse, never looked at as an address. Failures
// are *RetrievalError (spec: netdiff §1.3).
func Retrieve(ctx context.Context, source string, o *RetrieveOptions) ([]byte, error) {
	r := retrieval{}
	if o != nil {
		r.RetrieveOptions = *o
	}
	if r.Timeout <= 0 {
		r.Timeout = 30 * time.Second
	}
	if r.MaxBytes <= 0 {
		r.MaxBytes = defaultMaxBytes
	}
	if r.Dial == nil {
		r.Dial = (&net.Dialer{}).DialContext
	}
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	u, err := url.Parse(source)
	if err != nil {
		return nil, &RetrievalError{Source: "a malformed address", Err: errors.New("not a URL")}
	}
	var text []byte
	switch u.Scheme {
	case "http", "https":
		text, err = r.http(ctx, u)
	case "telnet":
		text, err = r.telnet(ctx, u)
	default:
		err = fmt.Errorf("the scheme %q is not supported", u.Scheme)
	}
	if err != nil {
		// keys stand in queries: neither address that an error has shows one
		shown := *u
		if shown.RawQuery != "" {
			shown.RawQuery = "…"
		}
		if fault := (*url.Error)(nil); errors.As(err, &fault) {
			err = fault.Err
		}
		return nil, &RetrievalError{Source: shown.Redacted(), Err: err}
	}
	return text, nil
}

// RetrieveFile reads a topology from a file of the caller's choice.
func RetrieveFile(path string, o *RetrieveOptions) (text []byte, err error) {
	limit := int64(defaultMaxBytes)
	if o != nil && o.MaxBytes > 0 {
		limit = o.MaxBytes
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &RetrievalError{Source: path, Err: err}
	}
	defer func() {
		if cerr := f.Close(); cerr != nil && err == nil {
			err = &RetrievalError{Source: path, Err: cerr}
		}
	}()
	if text, err = readAll(f, limit); err != nil {
		return nil, &RetrievalError{Source: path, Err: err}
	}
	return text, nil
}

type retrieval struct{ RetrieveOptions }

func (r *retrieval) http(ctx context.Context, u *url.URL) ([]byte, error) {
	transport := &http.Transport{
		DialContext:       r.Dial,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: r.SkipVerify}, //nolint:gosec // the caller's explicit choice
		DisableKeepAlives: true,
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		switch {
		case len(via) >= 10:
			return errors.New("too many redirects")
		case via[len(via)-1].URL.Scheme == "https" && next.URL.Scheme != "https":
			return errors.New("a redirect from https to http is refused")
		}
		return nil
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		if u.Scheme == "http" && strings.Contains(err.Error(), "malformed HTTP") {
			// olsrd's jsoninfo answers without HTTP headers when so configured
			return r.bare(ctx, u)
		}
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // everything was read or does not matter
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("Expecting HTTP 200 ok, got %d", res.StatusCode) //nolint:staticcheck // the text clients know
	}
	return readAll(res.Body, r.MaxBytes)
}

// bare asks as HTTP does and takes an answer that is the topology alone.
func (r *retrieval) bare(ctx context.Context, u *url.URL) ([]byte, error) {
	return r.exchange(ctx, withPort(u, "80"), "GET "+u.RequestURI()+" HTTP/1.0\r\n\r\n")
}

// telnet sends an empty line and reads until the other side closes.
func (r *retrieval) telnet(ctx context.Context, u *url.URL) ([]byte, error) {
	return r.exchange(ctx, withPort(u, "23"), "\r\n")
}

func withPort(u *url.URL, port string) string {
	if p := u.Port(); p != "" {
		port = p
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func (r *retrieval) exchange(ctx context.Context, address, request string) ([]byte, error) {
	text, err := r.converse(ctx, address, request)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err() // whichever step it cut off
	}
	return text, err
}

func (r *retrieval) converse(ctx context.Context, address, request string) ([]byte, error) {
	conn, err := r.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()                         // the answer is complete or failed already
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends a read that waits
	defer stop()
	if _, err := io.WriteString(conn, request); err != nil {
		return nil, err
	}
	return readAll(bufio.NewReader(conn), r.MaxBytes)
}

func readAll(from io.Reader, limit int64) ([]byte, error) {
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(from, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, fmt.Errorf("the topology is larger than %d bytes", limit)
	}
	return b.Bytes(), nil
}
