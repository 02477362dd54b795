package rest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

// TestOrderOfChecks walks rest-conventions §1 to §3: which answer wins.
func TestOrderOfChecks(t *testing.T) {
	b := newBench(t, rest.Options{})
	id := b.add(t, "one", b.alpha)
	const list = "/api/v1/t/thing/"
	for _, c := range []struct {
		name, method, path, token, body string
		headers                         []string
		status                          int
		want                            string
	}{
		{"anonymous", "GET", list, "", "", nil, 401, `{"detail":"Authentication credentials were not provided."}`},
		{"anonymous, no such method", "PUT", list, "", "{}", nil, 401, ""},
		{"anonymous, invented method", "BREW", list, "", "", nil, 401, ""},
		{"anonymous, bad type", "POST", list, "", "<x/>", []string{"Content-Type", "application/xml"}, 401, ""},
		{"anonymous, not acceptable", "GET", list, "", "", []string{"Accept", "application/xml"}, 406, `{"detail":"Could not satisfy the request Accept header."}`},
		{"anonymous, unknown format", "GET", list + "?format=xyz", "", "", nil, 404, `{"detail":"Not found."}`},
		{"bad token", "GET", list, "nobody", "", nil, 401, `{"detail":"Invalid token."}`},
		{"token without credentials", "GET", list, "", "", []string{"Authorization", "Bearer"}, 401, `{"detail":"Invalid token header. No credentials provided."}`},
		{"token with spaces", "GET", list, "", "", []string{"Authorization", "Bearer a b"}, 401, `{"detail":"Invalid token header. Token string should not contain spaces."}`},
		{"other scheme", "GET", list, "", "", []string{"Authorization", "Basic YTpi"}, 401, `{"detail":"Authentication credentials were not provided."}`},
		{"lower-case keyword", "GET", list, "", "", []string{"Authorization", "bearer super"}, 200, ""},
		{"not a manager", "GET", list, "member", "", nil, 403, `{"detail":"User is not a manager of the organization to which the requested resource belongs."}`},
		{"may not add", "POST", list, "viewer", `{}`, nil, 403, `{"detail":"You do not have permission to perform this action."}`},
		{"change lets read", "GET", list, "changer", "", nil, 200, ""},
		{"change does not let HEAD", "HEAD", list, "changer", "", nil, 403, ""},
		{"no such method", "DELETE", list, "super", "", nil, 405, `{"detail":"Method \"DELETE\" not allowed."}`},
		{"invented method", "BREW", list, "super", "", nil, 405, `{"detail":"Method \"BREW\" not allowed."}`},
		{"malformed id", "GET", list + "nope/", "super", "", nil, 404, `{"detail":"Not found."}`},
		{"malformed id, anonymous", "GET", list + "nope/", "", "", nil, 401, ""},
		{"strict id", "GET", "/api/v1/t/nope/raw/x/", "", "", nil, 404, "<h1>Not Found</h1>"},
		{"unknown id", "GET", list + "00000000-0000-4000-8000-000000000000/", "super", "", nil, 404, `{"detail":"No Thing matches the given query."}`},
		{"unknown id wins over a bad body", "PUT", list + "00000000-0000-4000-8000-000000000000/", "super", "{bad", nil, 404, ""},
		{"any spelling of an id", "GET", list + strings.ToUpper(id) + "/", "super", "", nil, 200, ""},
		{"unknown route", "GET", "/api/v1/nope/", "super", "", nil, 404, "<h1>Not Found</h1>"},
		{"OPTIONS needs authentication", "OPTIONS", list, "", "", nil, 401, ""},
		{"format wins over Accept", "GET", list + "?format=json", "super", "", []string{"Accept", "application/xml"}, 200, ""},
		{"browser", "GET", list, "super", "", []string{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}, 200, "<!DOCTYPE html>"},
		{"browser, anonymous", "GET", list, "", "", []string{"Accept", "text/html"}, 401, "Authentication credentials were not provided."},
		{"raw", "GET", "/api/v1/t/7/raw/a%20b/", "", "", nil, 200, "7 a b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := b.ask(t, c.method, c.path, c.token, c.body, c.headers...)
			require.Equal(t, c.status, w.Code, w.Body)
			if strings.HasPrefix(c.want, "{") {
				require.Equal(t, c.want, w.Body.String())
			} else {
				require.Contains(t, w.Body.String(), c.want)
			}
			if c.status == 401 {
				require.Equal(t, "Bearer", w.Header().Get("WWW-Authenticate"))
			}
			if strings.HasPrefix(c.path, list) && c.path != list+"nope/" {
				require.NotEmpty(t, w.Header().Get("Allow"))
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	b := newBench(t, rest.Options{})
	w := b.ask(t, "GET", "/api/v1/t/thing/", "super", "")
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Vary": "Accept", "Allow": "GET, POST, HEAD, OPTIONS", "X-Frame-Options": "DENY",
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Content-Length": "52",
	} {
		require.Equal(t, want, w.Header().Get(name), name)
	}
	require.Equal(t, "Accept, Cookie", b.ask(t, "GET", "/api/v1/t/thing/", "", "").Header().Get("Vary"), "the session was consulted")
	head := b.ask(t, "HEAD", "/api/v1/t/thing/", "super", "")
	require.Equal(t, w.Header(), head.Header())
	require.Zero(t, head.Body.Len())
	gone := b.ask(t, "DELETE", "/api/v1/t/thing/"+b.add(t, "one", b.alpha)+"/", "super", "")
	require.Equal(t, 204, gone.Code)
	require.Empty(t, gone.Header().Get("Content-Type"))
	require.Equal(t, "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS", gone.Header().Get("Allow"))
	pretty := b.ask(t, "GET", "/api/v1/t/thing/", "super", "", "Accept", "application/json; indent=2")
	require.Equal(t, "{\n  \"count\": 0,\n  \"next\": null,\n  \"previous\": null,\n  \"results\": []\n}", pretty.Body.String())
}

func TestMissingSlash(t *testing.T) {
	b := newBench(t, rest.Options{})
	outer := http.NewServeMux()
	outer.Handle("/", b)
	for _, method := range []string{"GET", "POST"} {
		w := httptest.NewRecorder()
		outer.ServeHTTP(w, httptest.NewRequest(method, "/api/v1/t/thing?a=1&b=2", nil))
		require.Equal(t, 301, w.Code)
		require.Equal(t, "/api/v1/t/thing/?a=1&b=2", w.Header().Get("Location"))
		require.Zero(t, w.Body.Len())
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, httptest.NewRequest("GET", "//evil.example/api/v1/t/thing", nil))
	require.Equal(t, 404, w.Code, "no redirect to another host")
}

func TestPages(t *testing.T) {
	b := newBench(t, rest.Options{})
	for _, n := range []string{"n01", "n02", "n03", "n04", "n05"} {
		b.add(t, n, b.alpha)
	}
	type page struct {
		Count          int
		Next, Previous string
		Results        []struct{ Name string }
	}
	for _, c := range []struct {
		query, next, previous string
		rows                  int
	}{
		{"", "", "", 5},
		{"?page_size=2", "?page=2&page_size=2", "", 2},
		{"?page_size=2&page=2&foo=bar", "?foo=bar&page=3&page_size=2", "?foo=bar&page_size=2", 2},
		{"?page_size=2&page=last", "", "?page=2&page_size=2", 1},
		{"?page_size=2&page=3", "", "?page=2&page_size=2", 1},
		{"?page_size=x", "", "", 5},
		{"?page_size=0", "", "", 5},
		{"?page_size=1000", "", "", 5},
		{"?ordering=-name&page_size=1", "?ordering=-name&page=2&page_size=1", "", 1},
	} {
		w := b.ask(t, "GET", "/api/v1/t/thing/"+c.query, "manager", "")
		require.Equal(t, 200, w.Code, c.query)
		var p page
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
		require.Equal(t, 5, p.Count, c.query)
		require.Len(t, p.Results, c.rows, c.query)
		full := func(q string) string {
			if q == "" {
				return ""
			}
			return "http://example.com/api/v1/t/thing/" + q
		}
		require.Equal(t, full(c.next), p.Next, c.query)
		require.Equal(t, full(c.previous), p.Previous, c.query)
		if strings.Contains(c.query, "-name") {
			require.Equal(t, "n05", p.Results[0].Name)
		}
	}
	for _, bad := range []string{"9", "0", "-1", "abc", "99999999999999999999"} {
		w := b.ask(t, "GET", "/api/v1/t/thing/?page="+bad, "manager", "")
		require.Equal(t, 404, w.Code, bad)
		require.Equal(t, `{"detail":"Invalid page."}`, w.Body.String())
	}
}

func TestFilters(t *testing.T) {
	b := newBench(t, rest.Options{})
	b.add(t, "mine", b.alpha)
	b.add(t, "theirs", b.beta)
	for _, c := range []struct {
		token, query string
		status       int
		want         string
	}{
		{"super", "name=mine", 200, `"count":1`},
		{"super", "name=", 200, `"count":2`},
		{"super", "unknown=1", 200, `"count":2`},
		{"super", "name=a%00b", 400, `{"name":["Null characters are not allowed."]}`},
		{"super", "name=%FF", 200, `"count":0`},
		{"super", "kind=%FF", 400, "{\"kind\":[\"Select a valid choice. \uFFFD is not one of the available choices.\"]}"},
		{"super", "active=maybe", 200, `"count":2`},
		{"super", "active=TRUE", 200, `"count":0`},
		{"super", "created__gte=2030-01-01", 200, `"count":0`},
		{"super", "created__gte=x", 400, `{"created__gte":["Enter a valid date/time."]}`},
		{"super", "kind=z", 400, `{"kind":["Select a valid choice. z is not one of the available choices."]}`},
		{"super", "organization=abc", 400, `{"organization":["“abc” is not a valid UUID."]}`},
		{"super", "organization=" + b.beta.String(), 200, `"count":1`},
		{"manager", "organization=" + b.alpha.String(), 200, `"count":1`},
		{"manager", "organization=" + b.beta.String(), 400, `{"organization":["Select a valid choice. That choice is not one of the available choices."]}`},
		{"manager", "organization_slug=alpha", 200, `"count":1`},
		{"manager", "organization_slug=beta", 200, `"count":0`},
		{"manager", "organization_slug=nope", 200, `{"count":0,"next":null,"previous":null,"results":[]}`},
	} {
		w := b.ask(t, "GET", "/api/v1/t/thing/?"+c.query, c.token, "")
		require.Equal(t, c.status, w.Code, c.query)
		require.Contains(t, w.Body.String(), c.want, c.query)
	}
}

// TestTenants walks spec: tenancy §6 for one manager of one organization.
func TestTenants(t *testing.T) {
	b := newBench(t, rest.Options{})
	mine, theirs := b.add(t, "mine", b.alpha), b.add(t, "theirs", b.beta)
	shared := b.add(t, "shared", [16]byte{})
	const list = "/api/v1/t/thing/"
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"list", "GET", list, "", 200, `"count":2`},
		{"mine", "GET", list + mine + "/", "", 200, `"name":"mine"`},
		{"theirs", "GET", list + theirs + "/", "", 404, `{"detail":"No Thing matches the given query."}`},
		{"shared", "GET", list + shared + "/", "", 200, `"organization":null`},
		{"change theirs", "PATCH", list + theirs + "/", `{"name":"stolen"}`, 404, ""},
		{"delete theirs", "DELETE", list + theirs + "/", ``, 404, ""},
		{"change shared", "PATCH", list + shared + "/", `{"name":"taken"}`, 403, `{"detail":"You do not have permission to perform this action."}`},
		{"delete shared", "DELETE", list + shared + "/", ``, 403, ""},
		{"create theirs", "POST", list, `{"name":"new","organization":"` + b.beta.String() + `"}`, 400, `{"organization":["Invalid pk \"` + b.beta.String() + `\" - object does not exist."]}`},
		{"create shared", "POST", list, `{"name":"new","organization":null}`, 400, `{"organization":["This field may not be null."]}`},
		{"create without saying", "POST", list, `{"name":"new"}`, 400, `{"organization":["This field is required."]}`},
		{"give away", "PATCH", list + mine + "/", `{"organization":"` + b.beta.String() + `"}`, 400, `{"organization":["Invalid pk`},
		{"share", "PATCH", list + mine + "/", `{"organization":null}`, 400, `{"organization":["This field may not be null."]}`},
		{"change mine", "PATCH", list + mine + "/", `{"name":"still"}`, 200, `"name":"still"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := b.ask(t, c.method, c.path, "manager", c.body)
			require.Equal(t, c.status, w.Code, w.Body)
			require.Contains(t, w.Body.String(), c.want)
		})
	}
}

func TestFailures(t *testing.T) {
	b := newBench(t, rest.Options{})
	b.Handler = b.unrecorded
	for how, want := range map[string]struct {
		status int
		body   string
	}{
		"unavailable":       {503, `{"detail":"Temporarily unavailable, try again later."}`},
		"missing":           {400, `{"organization":["Invalid pk \"7\" - object does not exist."]}`},
		"missing something": {400, `{"__all__":["Invalid pk \"\" - object does not exist."]}`},
		"protected":         {409, `{"detail":"Cannot delete: 3 devices still refer to this object."}`},
		"conflict":          {409, `{"detail":"This object already exists (unknown_rule)."}`},
		"limit":             {400, `{"detail":"A limit was reached."}`},
		"forbidden":         {403, `{"detail":"Not today."}`},
		"other":             {500, `<h1>Server Error (500)</h1>`},
		"panic":             {500, `<h1>Server Error (500)</h1>`},
		"encode":            {500, `<h1>Server Error (500)</h1>`},
	} {
		w := b.ask(t, "GET", "/api/v1/t/fail/"+strings.ReplaceAll(how, " ", "%20")+"/", "super", "")
		require.Equal(t, want.status, w.Code, how)
		require.Contains(t, w.Body.String(), want.body, how)
		require.NotContains(t, w.Body.String(), "secret inside")
	}
	require.Contains(t, b.log.String(), "secret inside")
	w := b.ask(t, "GET", "/api/v1/t/fail/other/", "super", "", "Accept", "application/json")
	require.Equal(t, `{"detail":"A server error occurred."}`, w.Body.String())
	require.Equal(t, "5", b.ask(t, "GET", "/api/v1/t/fail/unavailable/", "super", "").Header().Get("Retry-After"))
}

func TestThrottle(t *testing.T) {
	b := newBench(t, rest.Options{TrustProxy: true})
	ask := func(from string) *httptest.ResponseRecorder {
		return b.ask(t, "GET", "/api/v1/t/1/raw/x/", "", "", "X-Forwarded-For", from)
	}
	require.Equal(t, 200, ask("192.0.2.1").Code)
	b.now = b.now.Add(20 * time.Second)
	require.Equal(t, 200, ask("192.0.2.1").Code)
	w := ask("192.0.2.1")
	require.Equal(t, 429, w.Code)
	require.Equal(t, "40", w.Header().Get("Retry-After"))
	require.Equal(t, `{"detail":"Request was throttled. Expected available in 40 seconds."}`, w.Body.String())
	require.Equal(t, 200, ask("192.0.2.2").Code, "others are not concerned")
	b.now = b.now.Add(39*time.Second + time.Millisecond)
	require.Equal(t, `{"detail":"Request was throttled. Expected available in 1 second."}`, ask("192.0.2.1").Body.String())
	require.Equal(t, 429, b.ask(t, "PUT", "/api/v1/t/1/raw/x/", "", "{}", "X-Forwarded-For", "192.0.2.1").Code, "before the method")
	b.now = b.now.Add(time.Second)
	require.Equal(t, 200, ask("192.0.2.1").Code)
}

func TestThrottleRates(t *testing.T) {
	for rate, ok := range map[string]bool{"": true, "1/d": true, "20/minutes": true, "x/day": false, "1": false, "1/week": false, "-1/day": false} {
		_, err := rest.NewThrottle(rate, nil)
		require.Equal(t, ok, err == nil, rate)
	}
	var none *rest.Throttle
	require.NoError(t, none.Admit(nil), "nil limits nothing")
}

func TestAddressOfTheClient(t *testing.T) {
	for _, c := range []struct {
		trust     bool
		forwarded string
		same      bool
	}{{false, "192.0.2.9", true}, {true, "192.0.2.9", false}, {true, "192.0.2.9, 192.0.2.1", true}} {
		b := newBench(t, rest.Options{TrustProxy: c.trust})
		ask := func(forwarded string) int {
			return b.ask(t, "GET", "/api/v1/t/1/raw/x/", "", "", "X-Forwarded-For", forwarded).Code
		}
		for range 2 {
			require.Equal(t, 200, ask("192.0.2.1"))
		}
		require.Equal(t, c.same, ask(c.forwarded) == 429, "only what the proxy wrote counts: %v", c)
	}
}

func TestCORS(t *testing.T) {
	b := newBench(t, rest.Options{CORS: &rest.CORS{Origins: []string{"https://dashboard.example.org"}}})
	w := b.ask(t, "OPTIONS", "/api/v1/t/thing/", "", "", "Origin", "https://dashboard.example.org", "Access-Control-Request-Method", "PUT")
	require.Equal(t, 200, w.Code)
	require.Zero(t, w.Body.Len())
	require.Equal(t, "https://dashboard.example.org", w.Header().Get("Access-Control-Allow-Origin"))
	require.Equal(t, "true", w.Header().Get("Access-Control-Allow-Credentials"))
	require.Equal(t, "DELETE, GET, OPTIONS, PATCH, POST, PUT", w.Header().Get("Access-Control-Allow-Methods"))
	w = b.ask(t, "GET", "/api/v1/t/thing/", "super", "", "Origin", "https://dashboard.example.org")
	require.Equal(t, "https://dashboard.example.org", w.Header().Get("Access-Control-Allow-Origin"))
	require.Equal(t, "Accept, origin", w.Header().Get("Vary"))
	w = b.ask(t, "GET", "/api/v1/t/thing/", "super", "", "Origin", "https://evil.example.org")
	require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
}

func TestActionOnAnItem(t *testing.T) {
	b := newBench(t, rest.Options{})
	id := b.add(t, "one", b.alpha)
	w := b.ask(t, "POST", "/api/v1/t/thing/"+id+"/", "manager", `{"street":"main"}`)
	require.Equal(t, 200, w.Code)
	require.Equal(t, `{"street":"MAIN","city":"`+id+`"}`, w.Body.String())
	require.Equal(t, 403, b.ask(t, "POST", "/api/v1/t/thing/"+id+"/", "changer", `{}`).Code)
}

// The zero id stands for "everything" in filters of Go programs, and for nothing
// on the wire.
func TestFilterByTheZeroID(t *testing.T) {
	type filter struct{ ID wispwright.ID }
	f := rest.FilterID("location", func(f *filter, id wispwright.ID) { f.ID = id })
	var got filter
	require.ErrorIs(t, f.Apply(nil, &got, "00000000-0000-0000-0000-000000000000"), rest.ErrNothing)
	id := wispwright.NewID()
	require.NoError(t, f.Apply(nil, &got, id.String()))
	require.Equal(t, id, got.ID)
	require.Error(t, f.Apply(nil, &got, "x"))
}
