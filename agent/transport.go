package agent

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// ErrNoHeader means that an answer lacks "X-Openwisp-Controller: true": it is a
// proxy's or another server's.
var ErrNoHeader = errors.New("missing X-Openwisp-Controller header")

// StatusError is an answer with an unexpected status.
type StatusError struct {
	// Op is the request: "registration", "checksum".
	Op string
	// Code is the HTTP status.
	Code int
	// Line is the status line: "HTTP/1.1 500 Internal Server Error".
	Line string
	// Body is the beginning of the answer's body.
	Body string
}

// Error names the request and the status.
func (e *StatusError) Error() string { return e.Op + ": " + e.Line }

// TransportError means that a request got no answer. Its text never holds the
// request's address, which carries the device's key.
type TransportError struct {
	// Op is the request.
	Op string
	// Err is the cause.
	Err error
}

// Error names the request and the cause.
func (e *TransportError) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// CurlCode returns the exit code curl has for the same failure, which log
// watchers know from the original agent's messages.
func (e *TransportError) CurlCode() int {
	var dns *net.DNSError
	var timeout net.Error
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var files *certFilesError
	switch {
	case errors.As(e.Err, &files):
		return 77
	case errors.As(e.Err, &dns):
		return 6
	case errors.Is(e.Err, context.DeadlineExceeded), errors.As(e.Err, &timeout) && timeout.Timeout():
		return 28
	case errors.As(e.Err, &cert):
		return 60
	case errors.As(e.Err, &record):
		return 35
	case errors.Is(e.Err, syscall.ECONNRESET):
		return 56
	case errors.Is(e.Err, syscall.ECONNREFUSED), errors.Is(e.Err, syscall.EHOSTUNREACH), errors.Is(e.Err, syscall.ENETUNREACH):
		return 7
	case errors.Is(e.Err, io.EOF):
		return 52
	case errors.Is(e.Err, io.ErrUnexpectedEOF):
		return 18
	}
	return 7
}

// withoutURL takes the address out of an error of net/http.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// HTTPOptions say how requests are made (§2).
type HTTPOptions struct {
	// SkipVerify accepts any certificate; CAPath and CACert are then ignored.
	SkipVerify bool
	// CACert is a file and CAPath a folder of PEM certificates trusted instead
	// of the system's. Empty means the system's.
	CACert, CAPath string
	// ConnectTimeout bounds connecting, MaxTime a whole request; 0 means no limit.
	ConnectTimeout, MaxTime time.Duration
}

// NewHTTPClient returns a client that behaves as curl does for the original
// agent: no redirections, no cookies, no compression and no connections
// kept between requests (§3). Every request has a connection of its own and
// reads CACert and CAPath anew, so that the test of a new configuration does not
// ride on an old connection or on certificates that are not there any more. When
// they cannot be read the request fails, and the next one may work.
func NewHTTPClient(o HTTPOptions) *http.Client {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.SkipVerify} //nolint:gosec // the option verify_ssl
	dialer := &net.Dialer{Timeout: o.ConnectTimeout}
	return &http.Client{
		Timeout: o.MaxTime,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
		Transport: closing{o.trusted, &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         dialer.DialContext,
			TLSClientConfig:     config,
			TLSHandshakeTimeout: o.ConnectTimeout,
			DisableCompression:  true,
			MaxIdleConns:        1,
			IdleConnTimeout:     time.Second,
		}},
	}
}

// closing drops what idle connections there are before each request. Asking
// the server to close instead would add a header curl does not send.
type closing struct {
	trusted func() (*x509.CertPool, error)
	*http.Transport
}

// RoundTrip makes the request on a connection of its own.
func (c closing) RoundTrip(r *http.Request) (*http.Response, error) {
	c.CloseIdleConnections()
	pool, err := c.trusted()
	switch {
	case err != nil:
		return nil, err
	case pool == nil:
		return c.Transport.RoundTrip(r)
	}
	t := c.Clone()
	t.TLSClientConfig.RootCAs = pool
	return t.RoundTrip(r)
}

// trusted reads the certificates the options name; nil means the system's.
func (o HTTPOptions) trusted() (*x509.CertPool, error) {
	if o.SkipVerify || o.CACert == "" && o.CAPath == "" {
		return nil, nil
	}
	pool, err := certPool(o.CACert, o.CAPath)
	if err != nil {
		return nil, &certFilesError{err}
	}
	return pool, nil
}

// certFilesError means that the certificates to trust could not be read.
type certFilesError struct{ error }

// Unwrap returns the cause.
func (e *certFilesError) Unwrap() error { return e.error }

func certPool(file, dir string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	files := []string{}
	if file != "" {
		files = append(files, file)
	}
	if dir != "" {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("capath: %w", err)
		}
		for _, e := range entries {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	found := false
	for _, f := range files {
		pem, err := os.ReadFile(f)
		if err != nil {
			if f == file {
				return nil, fmt.Errorf("cacert: %w", err)
			}
			continue // a folder of certificates may hold folders and dead links
		}
		found = pool.AppendCertsFromPEM(pem) || found
	}
	if !found {
		return nil, errors.New("cacert, capath: no certificates found")
	}
	return pool, nil
}
