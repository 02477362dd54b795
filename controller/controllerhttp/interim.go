package controllerhttp

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// interimBody is the largest body that is read ahead; the protocol takes no
	// larger one.
	interimBody = 64 << 10
	// interimPatience is how long its sender may take.
	interimPatience = 30 * time.Second
)

// WithoutInterim lets no "100 Continue" precede answers of the device protocol:
// agents look at the first line only, and older versions of curl ask for one
// before every report longer than 1024 bytes (spec: controller-config §10.2).
// curl sends the body by itself after a second. It belongs outside whatever
// counts and logs requests; other requests pass it unchanged.
func WithoutInterim(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Expect") == "" || r.ProtoMajor != 1 || r.ContentLength <= 0 || r.ContentLength > interimBody ||
			!strings.HasPrefix(r.URL.Path, "/controller/") {
			next.ServeHTTP(w, r)
			return
		}
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil { // not a plain connection: the interim answer then
			next.ServeHTTP(w, r)
			return
		}
		defer conn.Close() // the answer was sent, or cannot be
		if conn.SetDeadline(time.Now().Add(interimPatience)) != nil {
			return
		}
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(buffered, body); err != nil {
			return // half a request is ignored
		}
		ahead := r.Clone(r.Context())
		ahead.Header.Del("Expect")
		ahead.Body = io.NopCloser(bytes.NewReader(body))
		a := &laterAnswer{header: http.Header{}}
		next.ServeHTTP(a, ahead)
		a.WriteHeader(http.StatusOK) // if nothing was answered
		a.header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
		answer := http.Response{StatusCode: a.status, ProtoMajor: 1, ProtoMinor: 1, Header: a.header, Request: r, Close: true,
			Body: io.NopCloser(&a.body), ContentLength: int64(a.body.Len())}
		if answer.Write(buffered) != nil || buffered.Flush() != nil {
			return // a device that went away hears nothing either way
		}
	})
}

// laterAnswer keeps an answer until it is complete.
type laterAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the header to fill.
func (a *laterAnswer) Header() http.Header { return a.header }

// WriteHeader keeps the first status.
func (a *laterAnswer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write keeps a part of the body.
func (a *laterAnswer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}
