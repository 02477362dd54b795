package tenancyhttp_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/sesame"
)

// magicLink is a link that logs a user in, as path and query, and its token.
func magicLink(t testing.TB, s *server, user, next string) (path, token string) {
	t.Helper()
	w := s.as(t, "admin", "POST", "/api/v1/users/user/"+user+"/sesame/", `{"next":"`+next+`"}`)
	require.Equal(t, 201, w.Code, w.Body)
	var out struct{ Token, URL string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	u, err := url.Parse(out.URL)
	require.NoError(t, err)
	return u.RequestURI(), out.Token
}

func TestMagicLink(t *testing.T) {
	s := newServerIn(t, tenancy.Options{SecretKey: "secret", Sesame: sesame.Options{MaxAge: 30 * time.Minute, OneTime: true}})
	vars := s.recorded(t)
	path, token := magicLink(t, s, vars["user_manager"], "/admin/?x=1")
	b := s.browser()
	planted := "planted-by-somebody-else"
	b.cookies["sessionid"] = planted
	w := b.ask(t, "GET", path, "")
	require.Equal(t, 302, w.Code)
	require.Equal(t, "/admin/?x=1", w.Header().Get("Location"))
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.NotEqual(t, planted, b.cookies["sessionid"])
	require.Contains(t, b.ask(t, "GET", sessionPath, "").Body.String(), `"username":"manager"`)

	again := s.browser()
	w = again.ask(t, "GET", path, "")
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "The link is invalid or has expired.")
	require.Empty(t, again.cookies, "the link works once")

	path, _ = magicLink(t, s, vars["user_manager"], "")
	s.now = s.now.Add(30 * time.Minute)
	require.Contains(t, s.browser().ask(t, "GET", path, "").Body.String(), "expired")
	for _, next := range []string{"https://evil.example.org/", "//evil.example.org", `/\evil.example.org`, "javascript:alert(1)"} {
		path, _ = magicLink(t, s, vars["user_manager"], "")
		w = s.browser().ask(t, "GET", path+"&next="+url.QueryEscape(next), "")
		require.Equal(t, "/admin/", w.Header().Get("Location"), next)
		body, err := json.Marshal(map[string]string{"next": next})
		require.NoError(t, err)
		require.Equal(t, 400, s.as(t, "admin", "POST", "/api/v1/users/user/"+vars["user_manager"]+"/sesame/", string(body)).Code)
	}
	for _, bad := range []string{"x", token[:len(token)-1], strings.Repeat("A", 500)} {
		require.Equal(t, 200, s.browser().ask(t, "GET", "/accounts/login/?sesame="+bad, "").Code)
	}
	require.Equal(t, "/admin/", s.browser().ask(t, "GET", "/accounts/login/", "").Header().Get("Location"))
	require.Equal(t, 403, s.as(t, "manager", "POST", "/api/v1/users/user/"+vars["user_member"]+"/sesame/", "{}").Code, "only superusers")
	require.Equal(t, 404, s.as(t, "admin", "POST", "/api/v1/users/user/"+wispwright.NewID().String()+"/sesame/", "{}").Code)
	require.Contains(t, s.as(t, "admin", "GET", "/api/v1/audit/event/?object_id="+vars["user_manager"], "").Body.String(), "make a log-in link")
}

func TestSesameHeader(t *testing.T) {
	s := newServerIn(t, tenancy.Options{SecretKey: "secret"})
	vars := s.recorded(t)
	type who struct {
		Name string `json:"name"`
	}
	s.api.Mount(&rest.View{Path: "/api/v1/test/", Name: "Test", Access: rest.Authenticated, Schemes: []rest.Scheme{s.h.SesameScheme()}},
		rest.Action("GET", "test_read", 200, func(r *rest.Request, _ *rest.None) (who, error) { return who{r.Caller.Name}, nil }))
	_, token := magicLink(t, s, vars["user_member"], "")
	for header, want := range map[string]string{
		"sesame " + token: `{"name":"member"}`, "SESAME " + token: `{"name":"member"}`,
		"sesame":          `{"detail":"Invalid token header. No credentials provided."}`,
		"sesame a b":      `{"detail":"Invalid token header. Token string should not contain spaces."}`,
		"sesame x":        `{"detail":"Invalid or expired token."}`,
		"Bearer " + token: `{"detail":"Authentication credentials were not provided."}`,
	} {
		require.Equal(t, want, s.as(t, "", "GET", "/api/v1/test/", "", "Authorization", header).Body.String(), header)
	}
	require.Equal(t, 200, s.as(t, "admin", "PUT", "/api/v1/users/user/"+vars["user_member"]+"/password/", `{"current_password":null,"new_password":"n","confirm_password":"n"}`).Code)
	require.Equal(t, 401, s.as(t, "", "GET", "/api/v1/test/", "", "Authorization", "sesame "+token).Code, "a new password ends links")
}

func TestNoMagicLinksWithoutSecret(t *testing.T) {
	s := newServer(t, nil)
	vars := s.recorded(t)
	require.Equal(t, 503, s.as(t, "admin", "POST", "/api/v1/users/user/"+vars["user_member"]+"/sesame/", "{}").Code)
	require.Equal(t, 200, s.browser().ask(t, "GET", "/accounts/login/?sesame=x", "").Code)
}
