package tenancyhttp_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

// browser keeps cookies as a web browser does.
type browser struct {
	s       *server
	cookies map[string]string
	headers map[string]string
}

func (s *server) browser() *browser {
	return &browser{s: s, cookies: map[string]string{}, headers: map[string]string{}}
}

func (b *browser) ask(t testing.TB, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range b.cookies {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	for k, v := range b.headers {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	b.s.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = c.Value
	}
	return w
}

func (b *browser) logIn(t testing.TB, user, plain string) *httptest.ResponseRecorder {
	t.Helper()
	w := b.ask(t, "POST", "/api/v1/users/session/", `{"username":"`+user+`","password":"`+plain+`"}`)
	require.Equal(t, 200, w.Code, w.Body)
	b.headers["X-CSRFToken"] = b.cookies["csrftoken"]
	return w
}

const (
	sessionPath = "/api/v1/users/session/"
	orgsPath    = "/api/v1/users/organization/"
)

func TestSessionTellsWhoIsThere(t *testing.T) {
	s := newServer(t, nil)
	vars := s.recorded(t)
	b := s.browser()
	require.Equal(t, 401, b.ask(t, "GET", sessionPath, "").Code)
	w := b.ask(t, "POST", sessionPath, `{"username":"manager","password":"wrong"}`)
	require.Equal(t, 400, w.Code)
	require.Equal(t, `{"non_field_errors":["Unable to log in with provided credentials."]}`, w.Body.String())
	require.Empty(t, b.cookies)

	w = b.logIn(t, "manager", "manager-Passw0rd")
	for _, c := range w.Result().Cookies() {
		require.Equal(t, http.SameSiteLaxMode, c.SameSite)
		require.Equal(t, c.Name == "sessionid", c.HttpOnly)
		require.Positive(t, c.MaxAge)
	}
	var out struct {
		User          map[string]any
		Permissions   []string
		Organizations []map[string]any
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	require.Equal(t, map[string]any{"id": vars["user_manager"], "username": "manager", "email": "manager@example.org", "is_superuser": false, "is_staff": true}, out.User)
	require.Contains(t, out.Permissions, "openwisp_users.view_user")
	require.Equal(t, []map[string]any{{"id": vars["org_alpha"], "name": "alpha", "slug": "alpha", "is_admin": true}}, out.Organizations)
	require.Equal(t, w.Body.String(), b.ask(t, "GET", sessionPath, "").Body.String())

	u, err := s.t.Users.ByUsername(context.Background(), wispwright.ScopeAll(), "manager")
	require.NoError(t, err)
	require.False(t, u.LastLogin.IsZero(), "a log-in by session is noted")

	admin := s.browser()
	require.Contains(t, admin.logIn(t, "admin", "admin-Passw0rd").Body.String(), `"permissions":["*"]`)
	member := s.browser()
	require.Contains(t, member.logIn(t, "member", "member-Passw0rd").Body.String(), `"is_admin":false`)
}

func TestSessionNeedsTheCSRFToken(t *testing.T) {
	s := newServer(t, &tenancyhttp.Options{TrustedOrigins: []string{"http://dashboard.example.com"}})
	s.recorded(t)
	const body = `{"name":"new","slug":"new"}`
	b := s.browser()
	b.logIn(t, "admin", "admin-Passw0rd")
	require.Equal(t, 200, b.ask(t, "GET", orgsPath, "").Code, "reading needs none")
	for _, c := range []struct {
		name    string
		prepare func()
		want    string
	}{
		{"no cookie", func() { delete(b.cookies, "csrftoken") }, "CSRF cookie not set."},
		{"no token", func() { delete(b.headers, "X-CSRFToken") }, "CSRF token missing."},
		{"another token", func() { b.headers["X-CSRFToken"] = "x" }, "CSRF token from the 'X-Csrftoken' HTTP header incorrect."},
		{"another origin", func() { b.headers["Origin"] = "https://evil.example.org" }, "Origin checking failed - https://evil.example.org does not match any trusted origins."},
	} {
		t.Run(c.name, func(t *testing.T) {
			b = s.browser()
			b.logIn(t, "admin", "admin-Passw0rd")
			c.prepare()
			w := b.ask(t, "POST", orgsPath, body)
			require.Equal(t, 403, w.Code)
			require.JSONEq(t, `{"detail":"CSRF Failed: `+c.want+`"}`, w.Body.String())
		})
	}
	b = s.browser()
	b.logIn(t, "admin", "admin-Passw0rd")
	b.headers["Origin"] = "http://dashboard.example.com"
	require.Equal(t, 201, b.ask(t, "POST", orgsPath, body).Code)
}

func TestRefererIsCheckedWithTLS(t *testing.T) {
	s := newServer(t, &tenancyhttp.Options{SecureCookies: true})
	s.recorded(t)
	b := s.browser()
	b.logIn(t, "admin", "admin-Passw0rd")
	require.JSONEq(t, `{"detail":"CSRF Failed: Referer checking failed - no Referer."}`, b.ask(t, "POST", orgsPath, "{}").Body.String())
	b.headers["Referer"] = "https://evil.example.org/x"
	require.Equal(t, 403, b.ask(t, "POST", orgsPath, "{}").Code)
	b.headers["Referer"] = "https://example.com/admin/"
	require.Equal(t, 400, b.ask(t, "POST", orgsPath, "{}").Code, "through to the faults of the body")
}

func TestLogInBehindAProxyThatSpeaksTLS(t *testing.T) {
	s := newServer(t, nil)
	s.recorded(t)
	b := s.browser()
	b.headers["Origin"] = "https://example.com"
	w := b.ask(t, "POST", "/api/v1/users/session/", `{"username":"admin","password":"admin-Passw0rd"}`)
	require.Equal(t, 403, w.Code, "the request did not come by TLS")
	b.headers["X-Forwarded-Proto"] = "https"
	require.Equal(t, 200, b.logIn(t, "admin", "admin-Passw0rd").Code)
	require.Equal(t, 400, b.ask(t, "POST", orgsPath, "{}").Code, "through to the faults of the body")
	b.headers["Origin"] = "http://example.com"
	require.Equal(t, 403, b.ask(t, "POST", orgsPath, "{}").Code)
}

func TestSessionsEnd(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, endSessions)
}

func endSessions(t *testing.T, s *server) {
	vars := s.recorded(t)
	planted := s.browser()
	planted.cookies["sessionid"] = "planted-by-somebody-else"
	planted.logIn(t, "admin", "admin-Passw0rd")
	require.NotEqual(t, "planted-by-somebody-else", planted.cookies["sessionid"], "the token is a new one")

	first, second := s.browser(), s.browser()
	first.logIn(t, "manager", "manager-Passw0rd")
	second.logIn(t, "manager", "manager-Passw0rd")
	w := first.ask(t, "PUT", "/api/v1/users/user/"+vars["user_manager"]+"/password/",
		`{"current_password":"manager-Passw0rd","new_password":"b","confirm_password":"b"}`)
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, 200, first.ask(t, "GET", sessionPath, "").Code, "who changed the password stays")
	require.Equal(t, 401, second.ask(t, "GET", sessionPath, "").Code, "others are out")

	require.Equal(t, 204, first.ask(t, "DELETE", sessionPath, "").Code)
	require.NotContains(t, first.cookies, "sessionid")
	require.Equal(t, 401, first.ask(t, "GET", sessionPath, "").Code)

	admin := s.browser()
	admin.logIn(t, "admin", "admin-Passw0rd")
	id, err := wispwright.ParseID(vars["user_admin"])
	require.NoError(t, err)
	_, err = s.t.Users.Update(context.Background(), wispwright.ScopeAll(), id, func(u *tenancy.User) error { u.IsActive = false; return nil })
	require.NoError(t, err)
	require.Equal(t, 401, admin.ask(t, "GET", sessionPath, "").Code, "a user that was switched off")
}

func TestLogInIsThrottled(t *testing.T) {
	s := newServer(t, &tenancyhttp.Options{TokenRate: "2/day", LoginRate: "3/minute"})
	s.recorded(t)
	b := s.browser()
	const body = `{"username":"admin","password":"x"}`
	for path, limit := range map[string]int{sessionPath: 3, "/api/v1/users/token/": 2} { // each by itself
		for range limit {
			require.Equal(t, 400, b.ask(t, "POST", path, body).Code)
		}
		w := b.ask(t, "POST", path, body)
		require.Equal(t, 429, w.Code, path)
		require.NotEmpty(t, w.Header().Get("Retry-After"))
	}
}
