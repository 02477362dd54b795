package x509http

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/x509"
)

// ListPrefix is below which OpenWISP has revocation lists.
const ListPrefix = "/admin/pki/ca/"

// Lists serves revocation lists where OpenWISP has them: <prefix>x509/ca/<id>.crl
// and <prefix><id>.crl, PEM, or DER for clients that accept application/pkix-crl
// (spec: x509 §7). Everything else is next's.
func (h *HTTP) Lists(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, ListPrefix), ".crl")
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		h.list(w, r, strings.TrimPrefix(rest, "x509/ca/"), strings.Contains(r.Header.Get("Accept"), "application/pkix-crl"))
	})
}

// PublicPrefix is below which Public serves.
const PublicPrefix = "/pki/"

// Public serves what certificates point to: <prefix><id>.crl and .crt in DER (RFC
// 5280 §4.2.1.13, §4.2.2.1), and <prefix><id>/ocsp by POST and GET (RFC 6960 A.1).
// Nothing of it needs an account; all of it is signed.
func (h *HTTP) Public() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// the escaped path: base64 has slashes
		path := strings.TrimPrefix(r.URL.EscapedPath(), PublicPrefix)
		id, question, asks := strings.Cut(path, "/ocsp")
		if asks && (question == "" || question[0] == '/') {
			h.ocsp(w, r, id, strings.TrimPrefix(question, "/"))
			return
		}
		if id, ok := strings.CutSuffix(path, ".crl"); ok {
			h.list(w, r, id, true)
			return
		}
		if id, ok := strings.CutSuffix(path, ".crt"); ok {
			h.certificate(w, r, id)
			return
		}
		say(w, http.StatusNotFound, "Not Found")
	})
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the client went away: nobody is left to be told
}

func send(w http.ResponseWriter, r *http.Request, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client went away: nobody is left to be told
	}
}

// reads reports whether a request only reads; it answers others.
func reads(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	say(w, http.StatusMethodNotAllowed, "Method Not Allowed")
	return false
}

// failed answers an error of a public path.
func (h *HTTP) failed(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, wispwright.ErrNotFound) {
		say(w, http.StatusNotFound, "Not Found")
		return
	}
	h.options.Log.ErrorContext(r.Context(), "a public path of the PKI failed", "path", r.URL.Path, "error", err)
	say(w, http.StatusServiceUnavailable, "Temporarily unavailable")
}

func (h *HTTP) list(w http.ResponseWriter, r *http.Request, text string, der bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		say(w, http.StatusNotFound, "Not Found")
		return
	}
	if h.options.ProtectedCRL && wispwright.CallerFrom(r.Context()) == nil {
		say(w, http.StatusForbidden, "Forbidden")
		return
	}
	if !reads(w, r) {
		return
	}
	l, err := h.a.CRL(r.Context(), wispwright.ScopeAll(), id)
	if err != nil {
		h.failed(w, r, err)
		return
	}
	w.Header().Set("Last-Modified", l.ThisUpdate.UTC().Format(http.TimeFormat))
	w.Header().Set("Cache-Control", "no-cache")
	if der {
		send(w, r, "application/pkix-crl", l.DER)
		return
	}
	send(w, r, "application/x-pem-file", l.PEM())
}

func (h *HTTP) certificate(w http.ResponseWriter, r *http.Request, text string) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !reads(w, r) {
		if err != nil {
			say(w, http.StatusNotFound, "Not Found")
		}
		return
	}
	ca, err := h.a.CAs.Get(r.Context(), wispwright.ScopeAll(), id)
	if err != nil {
		h.failed(w, r, err)
		return
	}
	block, _ := pem.Decode([]byte(ca.Certificate))
	if block == nil {
		h.failed(w, r, errors.New("the certificate is no PEM"))
		return
	}
	send(w, r, "application/pkix-cert", block.Bytes)
}

// maxOCSP is the largest question that is read.
const maxOCSP = 16 << 10

func (h *HTTP) ocsp(w http.ResponseWriter, r *http.Request, text, question string) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		say(w, http.StatusNotFound, "Not Found")
		return
	}
	var request []byte
	switch {
	case r.Method == http.MethodPost && question == "":
		request, err = io.ReadAll(io.LimitReader(r.Body, maxOCSP+1))
	case r.Method == http.MethodGet && question != "" && len(question) <= 2*maxOCSP:
		if question, err = url.PathUnescape(question); err == nil {
			request, err = base64.StdEncoding.DecodeString(question)
		}
	default:
		w.Header().Set("Allow", "GET, POST")
		say(w, http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	}
	if err != nil {
		request = nil // malformed, which has an answer of its own
	}
	answer, until, err := h.a.OCSP(r.Context(), id, request)
	if err != nil {
		h.options.Log.ErrorContext(r.Context(), "a question of OCSP was not answered", "ca", id, "error", err)
	}
	// revocations must be heard of at once: nothing is kept on the way
	w.Header().Set("Cache-Control", "no-cache, no-store, must-revalidate")
	if !until.IsZero() {
		w.Header().Set("Expires", time.Now().UTC().Format(http.TimeFormat))
	}
	send(w, r, "application/ocsp-response", answer)
}

// enrollee is who a request of EST comes from; it answers when that is nobody.
func (h *HTTP) enrollee(w http.ResponseWriter, r *http.Request) *x509.Enrollee {
	source := h.options.Source(r)
	if wait := h.guesses.Wait(source); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		say(w, http.StatusTooManyRequests, "Too many log-ins failed.")
		return nil
	}
	who, err := h.options.Enrollee(r)
	switch {
	case err == nil:
		return who
	case errors.Is(err, wispwright.ErrUnauthenticated), errors.Is(err, wispwright.ErrNotFound):
		if _, _, tried := r.BasicAuth(); tried { // clients ask first without
			h.guesses.Allow(source)
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="EST", charset="UTF-8"`)
		say(w, http.StatusUnauthorized, "Unauthorized")
	case errors.Is(err, wispwright.ErrForbidden):
		say(w, http.StatusForbidden, err.Error())
	default:
		h.failed(w, r, err)
	}
	return nil
}
