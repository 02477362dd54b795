package admin

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestExtensions(t *testing.T) {
	files := fstest.MapFS{"support.js": {Data: []byte("export default 1")}, "page/tickets.html": {Data: []byte("<h1>Tickets</h1>")}}
	h, err := Extended(Extension{Name: "support", Files: files, Module: "support.js", Menu: []MenuEntry{
		{Label: "Tickets", Page: "page/tickets.html", Permission: "support.view_ticket"}, {Label: "Board", Page: "/support/board"},
	}})
	require.NoError(t, err)
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	require.JSONEq(t, `{"extensions":[{"name":"support","module":"/admin/extensions/support/support.js","menu":[
		{"label":"Tickets","address":"/admin/extensions/support/page/tickets.html","permission":"support.view_ticket"},
		{"label":"Board","address":"/support/board"}]}]}`, get("/admin/extensions.json").Body.String())
	w := get("/admin/extensions/support/page/tickets.html")
	require.Equal(t, "<h1>Tickets</h1>", w.Body.String())
	require.Equal(t, policy, w.Header().Get("Content-Security-Policy"))
	require.Equal(t, "text/javascript; charset=utf-8", get("/admin/extensions/support/support.js").Header().Get("Content-Type"))
	for _, path := range []string{"/admin/extensions/support/", "/admin/extensions/support/none.js", "/admin/extensions/other/support.js", "/admin/extensions/support/../support/support.js"} {
		require.Equal(t, http.StatusNotFound, get(path).Code, path)
	}
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/admin/extensions/support/support.js", nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)

	none, err := Extended()
	require.NoError(t, err)
	w = httptest.NewRecorder()
	none.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/admin/extensions.json", nil))
	require.Equal(t, `{"extensions":[]}`, w.Body.String())
}

func TestExtensionsThatCannotBeServed(t *testing.T) {
	files := fstest.MapFS{"a.js": {Data: []byte("1")}, "dir/b.js": {Data: []byte("1")}}
	for name, list := range map[string][]Extension{
		"no name":            {{Files: files}},
		"a path as name":     {{Name: "a/b", Files: files}},
		"no files":           {{Name: "a"}},
		"a module not there": {{Name: "a", Files: files, Module: "b.js"}},
		"a folder as module": {{Name: "a", Files: files, Module: "dir"}},
		"a page not there":   {{Name: "a", Files: files, Menu: []MenuEntry{{Label: "A", Page: "x.html"}}}},
		"an address of none": {{Name: "a", Files: files, Menu: []MenuEntry{{Label: "A", Page: "/a"}}}},
		"no label":           {{Name: "a", Files: files, Menu: []MenuEntry{{Page: "a.js"}}}},
		"one name twice":     {{Name: "a", Files: files}, {Name: "a", Files: files}},
	} {
		_, err := Extended(list...)
		require.Error(t, err, name)
	}
}
