package compress_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/server/compress"
)

// answer is what a client gets of a handler.
func answer(t *testing.T, inner http.HandlerFunc, method string, header ...string) *http.Response {
	t.Helper()
	h, err := compress.Answers(inner)
	require.NoError(t, err)
	r := httptest.NewRequest(method, "/api/v1/things/", nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// sends writes a text of a kind, with a tag.
func sends(kind, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("ETag", `"of-the-object"`)
		_, _ = io.WriteString(w, text)
	}
}

func TestAnswersAreCompressed(t *testing.T) {
	long := `{"results": [` + strings.Repeat(`{"name": "school-ap01"}, `, 200) + `{}]}`
	for _, c := range []struct {
		name, kind, text, method string
		header                   []string
		zipped                   bool
	}{
		{"long JSON", "application/json", long, "GET", []string{"Accept-Encoding", "gzip, br"}, true},
		{"to a question with a body", "application/json", long, "POST", []string{"Accept-Encoding", "gzip"}, true},
		{"a table", "text/csv", long, "GET", []string{"Accept-Encoding", "gzip"}, true},
		{"one packet", "application/json", long[:1000], "GET", []string{"Accept-Encoding", "gzip"}, false},
		{"a client that does not say so", "application/json", long, "GET", nil, false},
		{"a client that will not have it", "application/json", long, "GET", []string{"Accept-Encoding", "gzip;q=0"}, false},
		{"an archive", "application/gzip", long, "GET", []string{"Accept-Encoding", "gzip"}, false},
		{"a head", "application/json", "", "HEAD", []string{"Accept-Encoding", "gzip"}, false},
		{"a link", "application/json", long, "GET", []string{"Accept-Encoding", "gzip", "Upgrade", "websocket"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := answer(t, sends(c.kind, c.text), c.method, c.header...)
			raw, err := io.ReadAll(got.Body)
			require.NoError(t, err)
			require.Equal(t, `"of-the-object"`, got.Header.Get("ETag"))
			require.Equal(t, c.kind, got.Header.Get("Content-Type"))
			if !c.zipped {
				require.Empty(t, got.Header.Get("Content-Encoding"))
				require.Equal(t, c.text, string(raw))
				return
			}
			require.Equal(t, "gzip", got.Header.Get("Content-Encoding"))
			require.Contains(t, got.Header.Values("Vary"), "Accept-Encoding")
			require.Less(t, len(raw), len(c.text)/4)
			zipped, err := gzip.NewReader(strings.NewReader(string(raw)))
			require.NoError(t, err)
			plain, err := io.ReadAll(zipped)
			require.NoError(t, err)
			require.Equal(t, c.text, string(plain))
		})
	}
}

func TestStatusesPass(t *testing.T) {
	got := answer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }, "GET", "Accept-Encoding", "gzip")
	require.Equal(t, http.StatusNotModified, got.StatusCode)
	require.Empty(t, got.Header.Get("Content-Encoding"))
	refused := answer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"name": ["`+strings.Repeat("too long ", 300)+`"]}`)
	}, "POST", "Accept-Encoding", "gzip")
	require.Equal(t, http.StatusBadRequest, refused.StatusCode)
	require.Equal(t, "gzip", refused.Header.Get("Content-Encoding"))
}

// TestPanicsPass: a handler that breaks has answered nothing yet, so that the front can say so.
func TestPanicsPass(t *testing.T) {
	h, err := compress.Answers(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") }))
	require.NoError(t, err)
	r := httptest.NewRequest("GET", "/api/v1/things/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	require.PanicsWithValue(t, "broken", func() { h.ServeHTTP(w, r) })
	w.WriteHeader(http.StatusInternalServerError)
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Zero(t, w.Body.Len())
}

// TestLengthsTellLittle: what a text has in common with a secret beside it does not show in the length alone.
func TestLengthsTellLittle(t *testing.T) {
	lengths := map[int]bool{}
	for _, guess := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		text := `{"secret": "correct horse battery", "asked": "` + strings.Repeat(guess, 7) + `"` + strings.Repeat(`, "name": "school"`, 100) + `}`
		raw, err := io.ReadAll(answer(t, sends("application/json", text), "GET", "Accept-Encoding", "gzip").Body)
		require.NoError(t, err)
		lengths[len(raw)] = true
	}
	require.Greater(t, len(lengths), 2, "equally good guesses have different lengths")
}
