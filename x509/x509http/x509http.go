package x509http

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/x509"
)

// Options change what New makes; zero fields mean the defaults.
type Options struct {
	// NoPrivateKeys keeps private keys out of all answers, PKCS#12 files too.
	// Default: callers who may change an object in its own organization get them
	// (spec: README, standing decision 4).
	NoPrivateKeys bool
	// ProtectedCRL refuses revocation lists to callers without account.
	ProtectedCRL bool
	// PathLength is that of CAs that say nothing else. Default: 0.
	PathLength int64
	// Enrollee recognises devices that enrol (EST). Errors: ErrUnauthenticated.
	// Default: nobody enrols.
	Enrollee func(*http.Request) (*x509.Enrollee, error)
	// FailedRate is how many log-ins of enrolment may fail from one place, such as
	// "10/minute"; "none" means no limit. Default: "30/minute".
	FailedRate string
	// Source is what failed log-ins are counted by. Default: the network address.
	Source func(*http.Request) string
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
	// Log hears of what went wrong inside. Default: slog.Default.
	Log *slog.Logger
}

// HTTP is the concern's part of an API.
type HTTP struct {
	a       *x509.Authority
	options Options
	// guesses throttles places from which log-ins of devices fail
	guesses *rest.Throttle
}

// New returns the HTTP side of an authority.
func New(a *x509.Authority, options *Options) (*HTTP, error) {
	if a == nil {
		return nil, errors.New("x509http: an authority is required")
	}
	h := &HTTP{a: a}
	if options != nil {
		h.options = *options
	}
	if h.options.Log == nil {
		h.options.Log = slog.Default()
	}
	if h.options.Source == nil {
		h.options.Source = func(r *http.Request) string { return rest.Source(r, false) }
	}
	rate := cmp.Or(h.options.FailedRate, "30/minute")
	if rate == "none" {
		rate = ""
	}
	var err error
	if h.guesses, err = rest.NewThrottle(rate, h.options.Clock); err != nil {
		return nil, fmt.Errorf("x509http: %w", err)
	}
	return h, nil
}

const (
	caPath     = "/api/v1/controller/ca/"
	certPath   = "/api/v1/controller/cert/"
	changeCA   = wispwright.Permission("pki.change_ca")
	changeCert = wispwright.Permission("pki.change_cert")
)

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	h.mountCAs(api)
	h.mountCerts(api)
	h.mountExpiring(api)
	// 24.11 has this path without a slash at its end
	api.Handle(caPath+"{id}/crl", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		slashed := r.Clone(context.WithValue(r.Context(), chi.RouteCtxKey, nil))
		slashed.URL.Path += "/"
		if slashed.URL.RawPath != "" {
			slashed.URL.RawPath += "/"
		}
		api.ServeHTTP(w, slashed)
	}))
}

// mayReveal reports whether a caller gets the private key of an object.
func (h *HTTP) mayReveal(r *rest.Request, p wispwright.Permission, d *x509.Details) bool {
	return !h.options.NoPrivateKeys && r.Can(p) && r.WriteScope().Allows(d.OrganizationID)
}

// reach returns an object of the path that the caller may change: what it may
// only see is forbidden.
func reach[T any](r *rest.Request, get func(context.Context, wispwright.Scope, int64) (*T, error), details func(*T) *x509.Details) (*T, error) {
	o, err := get(r.Context(), r.ReadScope(), r.Int("id"))
	if err == nil && !r.WriteScope().Allows(details(o).OrganizationID) {
		err = wispwright.ErrForbidden
	}
	return o, err
}

func ofCA(c *x509.CA) *x509.Details     { return &c.Details }
func ofCert(c *x509.Cert) *x509.Details { return &c.Details }

// choices are the values of an enum tag.
func choices[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

// pemFile is an answer with certificates.
func pemFile(text string) rest.Raw {
	return rest.Raw{ContentType: "application/x-pem-file", Body: []byte(text)}
}

// fileName keeps the name of an object usable in a header.
func fileName(name, ending string) string {
	name = strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
			return c
		}
		return '_'
	}, name)
	return `attachment; filename="` + name + ending + `"`
}
