package admin

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestPagesNameTheirFilesAhead(t *testing.T) {
	files := build()
	files["ahead.json"] = &fstest.MapFile{Data: []byte(`{"": {"scripts": ["assets/overview.js"], "styles": []},
		"devices": {"scripts": ["assets/list.js"], "styles": ["assets/list.css"], "data": ["/api/v1/things/?page=1"]},
		"devices/*": {"scripts": ["assets/object.js"], "styles": [], "data": ["/api/v1/things/*/"]}}`)}
	h := newHandler(files)
	const id = "00000000-0000-4000-8000-000000000000"
	for _, c := range []struct{ name, target, cookie, want string }{
		{"the overview", "/admin/", "sessionid=x", "assets/overview.js"},
		{"a list", "/admin/devices", "sessionid=x", "assets/list.js"},
		{"a list with a slash", "/admin/devices/", "sessionid=x", "assets/list.js"},
		{"an object", "/admin/devices/" + id, "sessionid=x", "assets/object.js"},
		{"a tab of it", "/admin/devices/" + id + "/history", "csrftoken=y; sessionid=x", "assets/object.js"},
		{"a new object", "/admin/devices/create", "sessionid=x", ""},
		{"another list", "/admin/templates", "sessionid=x", ""},
		{"nobody logged in", "/admin/devices", "", ""},
		{"a session that was ended", "/admin/devices", "sessionid=", ""},
		{"a file", "/admin/favicon.svg", "sessionid=x", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			links := strings.Join(ask(t, h, http.MethodGet, c.target, "Cookie", c.cookie).Header.Values("Link"), "\n")
			if c.want == "" {
				require.Empty(t, links)
				return
			}
			require.Contains(t, links, "</admin/"+c.want+">; rel=modulepreload; crossorigin")
			require.Contains(t, links, "</api/v1/users/session/>; rel=preload")
			require.Equal(t, c.want == "assets/list.js", strings.Contains(links, "</admin/assets/list.css>; rel=preload; as=style; crossorigin"))
		})
	}
	for target, want := range map[string]string{"/admin/devices": "/api/v1/things/?page=1", "/admin/devices?filter=%7B%7D": "", "/admin/devices/" + id: "/api/v1/things/" + id + "/", "/admin/devices/" + id + "/history?x=1": "/api/v1/things/" + id + "/",
		"/admin/devices/00000000-0000-4000-8000-00000000%3E%3B%0A": ""} {
		links := strings.Join(ask(t, h, http.MethodGet, target, "Cookie", "sessionid=x").Header.Values("Link"), "\n")
		if want == "" {
			require.NotContains(t, links, "things", target)
		} else {
			require.Contains(t, links, "<"+want+">; rel=preload; as=fetch; crossorigin=anonymous", target)
		}
	}
	list := ask(t, h, http.MethodGet, "/admin/devices", "Cookie", "sessionid=x")
	again := ask(t, h, http.MethodGet, "/admin/devices", "Cookie", "sessionid=x", "If-None-Match", list.Header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, again.StatusCode)
	require.NotEmpty(t, again.Header.Values("Link"), "also for a page that the browser has")
}

// TestPublicPageHasNothingOfTheAdmin: the page of a topology that everybody may see
// loads what draws it, and neither does a page of the admin run its script.
func TestPublicPageHasNothingOfTheAdmin(t *testing.T) {
	if !Built() {
		t.Skip("built without the pages")
	}
	html, err := embedded.ReadFile("dist/topology.html")
	require.NoError(t, err)
	require.LessOrEqual(t, strings.Count(string(html), "/assets/"), 6)
	for _, of := range []string{"/assets/admin-", "/assets/vendor-", "/assets/devices-"} {
		require.NotContains(t, string(html), of)
	}
}

// TestAheadIsOfTheBuild: what is named ahead is there, and little enough for a slow line.
func TestAheadIsOfTheBuild(t *testing.T) {
	if !Built() {
		t.Skip("built without the pages")
	}
	files, err := embedded.ReadDir("dist/assets")
	require.NoError(t, err)
	names := map[string]bool{}
	scripts := 0
	for _, f := range files {
		names["/admin/assets/"+f.Name()] = true
		if strings.HasSuffix(f.Name(), ".js") {
			scripts++
		}
	}
	require.LessOrEqual(t, scripts, 50, "a file for each concern, not for each page")
	h := Handler()
	for _, page := range []struct {
		target string
		most   int
	}{{"/admin/", 10}, {"/admin/devices", 7}, {"/admin/devices/00000000-0000-4000-8000-000000000000", 16}} {
		links := ask(t, h, http.MethodGet, page.target, "Cookie", "sessionid=x").Header.Values("Link")
		require.Greater(t, len(links), 2, page.target)
		require.LessOrEqual(t, len(links), page.most, page.target)
		for _, link := range links {
			name, _, _ := strings.Cut(strings.TrimPrefix(link, "<"), ">")
			require.True(t, names[name] || strings.HasPrefix(name, "/api/v1/"), "%s of %s", name, page.target)
		}
	}
}
