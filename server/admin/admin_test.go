package admin

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func build() fstest.MapFS {
	return fstest.MapFS{
		"README.md":            {Data: []byte("not for visitors")},
		"index.html":           {Data: []byte("<!doctype html>" + strings.Repeat("<p>page</p>", 50))},
		"favicon.svg":          {Data: []byte("<svg>" + strings.Repeat("<g/>", 50) + "</svg>")},
		"assets/app-a1b2c3.js": {Data: []byte(strings.Repeat("console.log(1);\n", 100))},
		"assets/tiny-0.css":    {Data: []byte("a{}")},
		"assets/dot-1.png":     {Data: bytes.Repeat([]byte{0}, 500)},
	}
}

func ask(t *testing.T, h http.Handler, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, answer *http.Response) string {
	t.Helper()
	var reader io.Reader = answer.Body
	if answer.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(answer.Body)
		require.NoError(t, err)
		reader = unzipped
	}
	text, err := io.ReadAll(reader)
	require.NoError(t, err)
	return string(text)
}

func TestHandlerServesTheBuild(t *testing.T) {
	const forever, revalidate = "public, max-age=31536000, immutable", "no-cache"
	h := newHandler(build())
	for _, c := range []struct {
		name, target string
		status       int
		mediaType    string
		cache        string
		file         string
	}{
		{"the page", "/admin/", 200, "text/html; charset=utf-8", revalidate, "index.html"},
		{"an address of the application", "/admin/devices/3f/1", 200, "text/html; charset=utf-8", revalidate, "index.html"},
		{"a file beside the page", "/admin/favicon.svg", 200, "image/svg+xml", revalidate, "favicon.svg"},
		{"a script", "/admin/assets/app-a1b2c3.js", 200, "text/javascript; charset=utf-8", forever, "assets/app-a1b2c3.js"},
		{"a style sheet", "/admin/assets/tiny-0.css", 200, "text/css; charset=utf-8", forever, "assets/tiny-0.css"},
		{"an image", "/admin/assets/dot-1.png", 200, "image/png", forever, "assets/dot-1.png"},
		{"a script of an older build", "/admin/assets/app-000000.js", 404, "text/plain; charset=utf-8", "", ""},
		{"the note in the folder", "/admin/README.md", 200, "text/html; charset=utf-8", revalidate, "index.html"},
		{"an address that climbs", "/admin/assets/../../admin.go", 200, "text/html; charset=utf-8", revalidate, "index.html"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, encoding := range []string{"", "gzip"} {
				answer := ask(t, h, http.MethodGet, c.target, "Accept-Encoding", encoding)
				require.Equal(t, c.status, answer.StatusCode)
				require.Equal(t, c.mediaType, answer.Header.Get("Content-Type"))
				require.Equal(t, c.cache, answer.Header.Get("Cache-Control"))
				require.Contains(t, answer.Header.Get("Content-Security-Policy"), "script-src 'self';")
				require.Equal(t, "nosniff", answer.Header.Get("X-Content-Type-Options"))
				if c.file != "" {
					require.Equal(t, string(build()[c.file].Data), body(t, answer))
				}
			}
		})
	}
}

func TestHandlerCompressesWhatGains(t *testing.T) {
	h := newHandler(build())
	for target, zipped := range map[string]bool{
		"/admin/":                     true,
		"/admin/assets/app-a1b2c3.js": true,
		"/admin/assets/tiny-0.css":    false,
		"/admin/assets/dot-1.png":     false,
	} {
		answer := ask(t, h, http.MethodGet, target, "Accept-Encoding", "br, gzip;q=0.8")
		require.Equal(t, zipped, answer.Header.Get("Content-Encoding") == "gzip", target)
		require.Equal(t, zipped, answer.Header.Get("Vary") == "Accept-Encoding", target)
	}
}

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "br": false, "deflate, gzip;q=1.0, *;q=0.5": true,
		"gzip;q=0": false, "*": true, "*;q=0": false, "gzip;q=0, *": false, "identity": false,
	} {
		require.Equal(t, want, acceptsGzip(header), header)
	}
}

func TestHandlerRevalidates(t *testing.T) {
	h := newHandler(build())
	first := ask(t, h, http.MethodGet, "/admin/", "Accept-Encoding", "gzip")
	etag := first.Header.Get("ETag")
	require.NotEmpty(t, etag)

	again := ask(t, h, http.MethodGet, "/admin/", "Accept-Encoding", "gzip", "If-None-Match", `"x", W/`+etag)
	require.Equal(t, http.StatusNotModified, again.StatusCode)
	require.Empty(t, body(t, again))

	plain := ask(t, h, http.MethodGet, "/admin/", "If-None-Match", etag)
	require.Equal(t, http.StatusOK, plain.StatusCode, "the plain form is another representation")
}

func TestHandlerMethods(t *testing.T) {
	h := newHandler(build())
	head := ask(t, h, http.MethodHead, "/admin/")
	require.Equal(t, http.StatusOK, head.StatusCode)
	require.Empty(t, body(t, head))
	require.NotEqual(t, "0", head.Header.Get("Content-Length"))

	post := ask(t, h, http.MethodPost, "/admin/")
	require.Equal(t, http.StatusMethodNotAllowed, post.StatusCode)
	require.Equal(t, "GET, HEAD", post.Header.Get("Allow"))

	bare := ask(t, h, http.MethodGet, "/admin")
	require.Equal(t, http.StatusMovedPermanently, bare.StatusCode)
	require.Equal(t, "/admin/", bare.Header.Get("Location"))
}

func TestHandlerWithoutBuildSaysSo(t *testing.T) {
	h := newHandler(fstest.MapFS{"README.md": {Data: []byte("x")}})
	answer := ask(t, h, http.MethodGet, "/admin/devices")
	require.Equal(t, http.StatusNotImplemented, answer.StatusCode)
	require.Contains(t, body(t, answer), "built without the web admin")
	require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
}

func TestHandlerOfThisProgram(t *testing.T) {
	want := http.StatusNotImplemented
	if Built() {
		want = http.StatusOK
	}
	require.Equal(t, want, ask(t, Handler(), http.MethodGet, Path).StatusCode)
}
