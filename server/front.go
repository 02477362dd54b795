package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/server/admin"
	"github.com/wispwright/wispwright/server/compress"
	"github.com/wispwright/wispwright/server/tracing"
)

// front is what every request passes first: it gives it an id, removes what
// only a trusted proxy may say, counts, logs, and shares it out.
type front struct {
	server  *Server
	admin   http.Handler
	api     http.Handler
	proxies []netip.Prefix
	scrape  []netip.Prefix
	admins  []netip.Prefix
	metrics http.Handler
	areas   map[string]string
	raw     []rawPath
	// own are the first parts of paths that are no login page's
	own map[string]bool
	// named warns, once, of a proxy that nobody named
	named sync.Once
	// hsts is whether the server itself speaks TLS
	hsts    bool
	written lastWrite
}

func newFront(s *Server) (*front, error) {
	pages, err := admin.Extended(extensions(s.concerns)...)
	if err != nil {
		return nil, err
	}
	pages = admin.Showing(pages, s.host.images...)
	f := &front{server: s, admin: pages, metrics: s.metrics.handler(s.log), areas: areas(s.api, s.host.raw), raw: s.host.raw, hsts: s.config.tls()}
	if f.api, err = compress.Answers(s.api); err != nil {
		return nil, err
	}
	f.own = ownPaths(f.areas, f.raw)
	// the longest first, as the more exact one
	slices.SortStableFunc(f.raw, func(a, b rawPath) int { return len(b.prefix) - len(a.prefix) })
	if f.proxies, err = parseNetworks(s.config.HTTP.TrustedProxies); err != nil {
		return nil, err
	}
	if f.admins, err = parseNetworks(s.config.HTTP.AdminNetworks); err != nil {
		return nil, err
	}
	f.scrape, err = parseNetworks(s.config.HTTP.MetricsNetworks)
	return f, err
}

func extensions(concerns []Concern) (all []admin.Extension) {
	for _, c := range concerns {
		if a, ok := c.(WithAdmin); ok {
			all = append(all, a.Admin())
		}
	}
	return all
}

// rawHandler returns what serves a path in front of the API, or nil.
func (f *front) rawHandler(path string) http.Handler {
	for i := range f.raw {
		if f.raw[i].covers(path) {
			return f.raw[i].handler
		}
	}
	return nil
}

// ServeHTTP answers a request.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	trusted := f.fromProxy(r)
	if !trusted {
		r = f.relayed(r)
		forgetProxy(r.Header)
	}
	id := requestID(r, trusted)
	w.Header()["X-Request-Id"] = []string{id}
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, id))
	rec := &recorder{ResponseWriter: w}
	if f.server.tracing.On() {
		traced, span := f.server.tracing.Request(r, f.area(r.URL.Path), trusted)
		r = r.WithContext(traced)
		defer func() { tracing.EndRequest(span, rec.code()) }()
	}
	f.server.metrics.inFlight.Inc()
	rec.upgraded = f.server.metrics.inFlight.Dec
	defer func() {
		took := time.Since(begun)
		if rec.status != http.StatusSwitchingProtocols { // a WebSocket lasts for hours
			f.server.metrics.inFlight.Dec()
			f.server.metrics.observeRequest(f.area(r.URL.Path), r.Method, rec.code(), took)
		}
		if f.server.config.HTTP.AccessLog {
			f.server.log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("method", r.Method), slog.String("path", loggable(r.URL.Path)),
				slog.Int("status", rec.code()), slog.Int64("bytes", rec.bytes), slog.Duration("took", took), slog.String("address", rest.ClientAddress(r, true)))
		}
	}()
	defer f.recover(rec, r)
	f.route(rec, r)
}

// hsts keeps browsers from speaking to this host without TLS for a year.
var hsts = []string{"max-age=31536000"}

// route shares requests out. Everything that has no handler of its own is the
// API's, which answers what is unknown.
func (f *front) route(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	raw := f.rawHandler(path)
	if f.hsts && raw == nil {
		w.Header()["Strict-Transport-Security"] = hsts
	}
	switch {
	case !f.server.config.hostAllowed(r) && path != "/healthz" && path != "/readyz" && path != "/metrics":
		refuseHost(w)
	case raw != nil:
		raw.ServeHTTP(w, r) // devices are here: no header may be added to the answers but the id
	case path == "/" && len(f.server.config.HTTP.APIHosts) > 0 && hostAllowed(f.server.config.HTTP.APIHosts, r):
		http.Redirect(w, r, "/api/v1/docs/", http.StatusFound)
	case path == "/":
		http.Redirect(w, r, admin.Path, http.StatusFound)
	case strings.HasPrefix(path+"/", admin.Path) && !f.adminAllowed(r):
		answer(w, r, http.StatusForbidden, "not from here")
	case path+"/" == admin.Path || strings.HasPrefix(path, admin.Path):
		f.admin.ServeHTTP(w, r)
	case path == "/healthz":
		answer(w, r, http.StatusOK, "ok")
	case path == "/readyz":
		f.readiness(w, r)
	case path == "/metrics":
		f.scraped(w, r)
	case f.otherwise(r):
		f.server.host.otherwise.ServeHTTP(w, r)
	default:
		w.Header()["X-Content-Type-Options"] = []string{"nosniff"}
		f.api.ServeHTTP(w, r)
	}
}

// otherwise reports whether a path is of the handler that gets what nobody else has:
// everything below the first parts of the server's own paths is not.
func (f *front) otherwise(r *http.Request) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return f.server.host.otherwise != nil && !f.own[first] && f.server.host.otherwise.Takes(r.Context(), r.URL.Path)
}

// ownPaths are the first parts of the paths of the API, of handlers beside it, and of
// what stands before both.
func ownPaths(areas map[string]string, raw []rawPath) map[string]bool {
	out := map[string]bool{"": true, "admin": true, "api": true, "accounts": true, "radius": true, "static": true, "media": true, "assets": true, "captive-portal-mock": true, "ws": true,
		"healthz": true, "readyz": true, "metrics": true}
	add := func(path string) {
		first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		out[first] = true
	}
	for path := range areas {
		add(path)
	}
	for _, r := range raw {
		add(r.prefix)
	}
	return out
}

// recover turns a panic into a 500, so that one request ends and not the process.
func (f *front) recover(rec *recorder, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v) // net/http's own way to cut a connection
	}
	f.server.log.ErrorContext(r.Context(), "a handler panicked", "method", r.Method, "path", loggable(r.URL.Path), "panic", v, "stack", string(debug.Stack()))
	if rec.status != 0 {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	answer(rec, r, http.StatusInternalServerError, "internal error")
}

// loggable leaves the keys of e-mails out of a path: people who read the log must
// not be able to use them.
func loggable(path string) string {
	for _, before := range []string{"/accounts/password/reset/key/", "/accounts/confirm-email/"} {
		if key, found := strings.CutPrefix(path, before); found && key != "" && key != "done/" {
			return before + "…"
		}
	}
	// of login pages, with an organization before it
	if at := strings.Index(path, "/password/reset/confirm/"); at >= 0 {
		return path[:at] + "/password/reset/confirm/…"
	}
	return path
}

// readiness says whether this node should get requests.
func (f *front) readiness(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if !f.server.ready.Load() {
		answer(w, r, http.StatusServiceUnavailable, "stopping")
		return
	}
	if err := f.server.db.Ping(ctx); err != nil {
		f.server.log.WarnContext(ctx, "not ready", "error", err)
		answer(w, r, http.StatusServiceUnavailable, "no database")
		return
	}
	if err := f.written.probe(f.server.db); err != nil {
		f.server.log.WarnContext(ctx, "not ready: the database takes no writes", "error", err)
		answer(w, r, http.StatusServiceUnavailable, "the database takes no writes")
		return
	}
	answer(w, r, http.StatusOK, "ready")
}

func (f *front) scraped(w http.ResponseWriter, r *http.Request) {
	a, err := netip.ParseAddr(rest.ClientAddress(r, true))
	// a request that was forwarded is its sender's, and not the proxy's own
	if err != nil || !within(f.scrape, a) || rest.Relayed(r) || r.Header.Get("X-Forwarded-For") == "" && forwarded(r.Header) {
		answer(w, r, http.StatusForbidden, "not from here")
		return
	}
	f.metrics.ServeHTTP(w, r)
}

// answer writes a line of text.
func answer(w http.ResponseWriter, r *http.Request, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(text + "\n")) // the client went away: nobody is left to be told
	}
}

// fromProxy reports whether the connection comes from a trusted proxy, and if
// so leaves the client's own address as the only one in X-Forwarded-For.
func (f *front) fromProxy(r *http.Request) bool {
	if len(f.proxies) == 0 {
		return false
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !within(f.proxies, peer.Addr()) {
		return false
	}
	if len(r.Header["X-Forwarded-For"]) == 0 {
		return true // of the proxy itself, or of one that does not say for whom
	}
	// from the right: what the trusted proxies themselves have seen
	list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(list) - 1; i >= 0; i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(list[i]))
		if err != nil {
			// somebody forwarded it whose name nobody can read: no client, and not
			// the proxy itself either
			r.Header["X-Forwarded-For"] = nil
			return true
		}
		if i == 0 || !within(f.proxies, a) {
			r.Header.Set("X-Forwarded-For", a.String())
			return true
		}
	}
	return true
}

// forwarded reports whether some proxy forwarded a request.
func forwarded(h http.Header) bool {
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-Ip", "Forwarded"} {
		if _, there := h[name]; there {
			return true
		}
	}
	return false
}

// relayed marks a request that a proxy forwarded which trusted_proxies does not
// name: its address is not the client's. The log tells of it once, where it is
// likely that the proxy was forgotten and not invented by a client.
func (f *front) relayed(r *http.Request) *http.Request {
	if !forwarded(r.Header) {
		return r
	}
	claimed := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	claimed = strings.TrimSpace(claimed[strings.LastIndexByte(claimed, ',')+1:])
	if claimed == "" {
		claimed = r.Header.Get("X-Real-Ip")
	}
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && (peer.Addr().Unmap().IsLoopback() || peer.Addr().Unmap().IsPrivate()) {
		f.named.Do(func() {
			f.server.log.Warn("a proxy forwards requests that http.trusted_proxies does not name: all its clients seem to be one, "+
				"addresses of devices are the proxy's, and links do not know of HTTPS", "proxy", peer.Addr().Unmap().String())
		})
	}
	return rest.WithRelayed(r, claimed)
}

// forgetProxy removes the headers that only a proxy may set.
func forgetProxy(h http.Header) {
	delete(h, "X-Forwarded-For")
	delete(h, "X-Forwarded-Proto")
	delete(h, "X-Forwarded-Host")
	delete(h, "X-Request-Id")
}

// requestID is the proxy's when it is trusted and its id harmless in a log.
func requestID(r *http.Request, trusted bool) string {
	if given := r.Header.Get("X-Request-Id"); trusted && given != "" && len(given) <= 64 &&
		!strings.ContainsFunc(given, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return given
	}
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
	return hex.EncodeToString(b[:])
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	// upgraded is called when the request became a WebSocket
	upgraded func()
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 || r.status < 200 {
		r.status = status
		if status == http.StatusSwitchingProtocols && r.upgraded != nil {
			r.upgraded()
		}
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController: flushing, deadlines, WebSockets.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}
