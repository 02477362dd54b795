package admin

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// Path is where Handler expects to be mounted; the built pages name their assets below it.
const Path = "/admin/"

//go:embed all:dist
var embedded embed.FS

// policy lets the pages run their own scripts and speak to their own origin, nothing else. Styles may be inline,
// because the component library writes its style sheets while it runs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Built reports whether the program was built with the pages of the admin in it.
func Built() bool {
	_, err := fs.Stat(embedded, "dist/index.html")
	return err == nil
}

// Handler serves the admin below Path: the built files, and the application's page for every other address below
// Path, since the application reads its own address. Without built files every address answers 501 with a page that
// says how to build them. Only GET and HEAD are allowed. The handler needs no authentication in front: the pages
// hold no data, and each request they make is checked by the API.
func Handler() http.Handler {
	built, err := fs.Sub(embedded, "dist")
	if err != nil {
		// fs.Sub fails for malformed names only, and this one is a constant
		built = embed.FS{}
	}
	return newHandler(built)
}

// Page serves one built page, such as "topology.html", at any address, under the policy of the admin; its scripts
// are below Path. Who may see it is up to the caller.
func Page(name string) http.Handler {
	built, err := fs.Sub(embedded, "dist")
	if err != nil {
		built = embed.FS{} // as in Handler
	}
	h := &handler{files: built, ready: map[string]*asset{}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !secured(w, r) {
			return
		}
		found, err := h.asset(name)
		if err != nil {
			serveMissing(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		found.serve(w, r)
	})
}

type handler struct {
	files fs.FS
	ahead ahead
	mu    sync.Mutex
	ready map[string]*asset // by name; read and compressed once
}

// asset is a file as it is sent.
type asset struct {
	plain, zipped []byte // zipped is nil where compressing gains nothing
	mediaType     string
	etag          string
}

func newHandler(files fs.FS) http.Handler {
	// a build without the list is only slower
	needed, err := readAhead(files)
	if err != nil {
		needed = ahead{}
	}
	return &handler{files: files, ahead: needed, ready: map[string]*asset{}}
}

// secured sets what every answer of the admin has, and refuses other methods than GET and HEAD.
func secured(w http.ResponseWriter, r *http.Request) bool {
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return false
	}
	return true
}

// ServeHTTP answers one request; see Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	if !secured(w, r) {
		return
	}
	if r.URL.Path == strings.TrimSuffix(Path, "/") {
		http.Redirect(w, r, Path, http.StatusMovedPermanently)
		return
	}
	name := path.Clean("/" + strings.TrimPrefix(r.URL.Path, Path))[1:]
	found, err := h.asset(name)
	if err != nil && strings.HasPrefix(name, "assets/") {
		// a page of an older build asks for scripts that are gone: it must not get a page instead
		http.NotFound(w, r)
		return
	}
	if err != nil {
		name = "index.html"
		if found, err = h.asset(name); err != nil {
			serveMissing(w, r)
			return
		}
		if links := h.ahead.of(r); len(links) > 0 {
			header["Link"] = links
		}
	}
	if strings.HasPrefix(name, "assets/") {
		header.Set("Cache-Control", "public, max-age=31536000, immutable") // the name holds a hash of the contents
	} else {
		header.Set("Cache-Control", "no-cache")
	}
	found.serve(w, r)
}

// asset reads a file of the build, once.
func (h *handler) asset(name string) (*asset, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if found, ok := h.ready[name]; ok {
		return found, nil
	}
	if name == "" || name == "README.md" || name == "ahead.json" || !fs.ValidPath(name) {
		return nil, fs.ErrNotExist
	}
	plain, err := fs.ReadFile(h.files, name)
	if err != nil {
		return nil, fmt.Errorf("reading %s of the web admin: %w", name, err)
	}
	found := &asset{plain: plain, mediaType: mediaType(name), etag: digest(plain)}
	if compressible(found.mediaType) {
		if zipped, err := compress(plain); err == nil && len(zipped) < len(plain) {
			found.zipped = zipped
		}
	}
	h.ready[name] = found
	return found, nil
}

// digest is the tag of a version of a file.
func digest(plain []byte) string {
	sum := sha256.Sum256(plain)
	return hex.EncodeToString(sum[:8])
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	body, etag := a.plain, `"`+a.etag+`"`
	if a.zipped != nil {
		header.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			header.Set("Content-Encoding", "gzip")
			body, etag = a.zipped, `"`+a.etag+`-gzip"`
		}
	}
	header.Set("ETag", etag)
	if matches(r.Header.Get("If-None-Match"), etag) {
		header.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", a.mediaType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the client went away: nobody is left to be told
	}
}

// mediaType is fixed for what a build consists of, so that it doesn't depend on the machine's tables.
func mediaType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map":
		return "application/json"
	case ".woff2":
		return "font/woff2"
	default:
		if known := mime.TypeByExtension(ext); known != "" {
			return known
		}
		return "application/octet-stream"
	}
}

func compressible(mediaType string) bool {
	return strings.HasPrefix(mediaType, "text/") || mediaType == "image/svg+xml" || mediaType == "application/json"
}

func compress(plain []byte) ([]byte, error) {
	var zipped bytes.Buffer
	// once for each file, so the smallest is worth its time
	writer, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	if _, err := writer.Write(plain); err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	return zipped.Bytes(), nil
}

// acceptsGzip reads an Accept-Encoding header: gzip named, or everything, and not with a weight of zero.
func acceptsGzip(accepted string) bool {
	all := false
	for item := range strings.SplitSeq(accepted, ",") {
		coding, parameters, _ := strings.Cut(strings.TrimSpace(item), ";")
		weight, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(parameters), "q="), 64)
		wanted := err != nil || weight > 0
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return wanted
		case "*":
			all = wanted
		}
	}
	return all
}

func matches(ifNoneMatch, etag string) bool {
	for item := range strings.SplitSeq(ifNoneMatch, ",") {
		if item = strings.TrimPrefix(strings.TrimSpace(item), "W/"); item == etag || item == "*" {
			return true
		}
	}
	return false
}

const missingPage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Wispwright</title>
<style>body{font:16px/1.5 sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem;color:#12303a}code{background:#eef2f3;padding:.1em .3em}</style>
<h1>This program was built without the web admin</h1>
<p>Everything else works: the REST API is at <a href="/api/v1/docs/">/api/v1/</a> and devices are served.</p>
<p>To have the admin here, build the program with Node.js 20 or newer installed: <code>make build</code>.</p>
</html>
`

func serveMissing(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNotImplemented)
	if r.Method == http.MethodGet {
		_, _ = w.Write([]byte(missingPage)) // the client went away: nobody is left to be told
	}
}
