package tenancyhttp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

// TestLogoutPage: it asks before it ends a session (spec: tenancy §9).
func TestLogoutPage(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		s.recorded(t)
		b := s.browser()
		w := b.ask(t, "GET", "/accounts/logout/", "")
		require.Equal(t, 302, w.Code, "nobody is logged in")
		require.Equal(t, "/", w.Header().Get("Location"))
		b.logIn(t, "manager", "manager-Passw0rd")
		w = b.ask(t, "GET", "/accounts/logout/", "")
		require.Equal(t, 200, w.Code)
		require.Contains(t, w.Body.String(), "Do you want to log out?")
		require.Equal(t, 200, b.ask(t, "GET", sessionPath, "").Code, "asking does nothing")
		b.headers["Origin"] = "http://evil.example.org"
		require.Equal(t, 403, b.ask(t, "POST", "/accounts/logout/", "").Code)
		b.headers["Origin"] = "http://example.com"
		cookie := b.cookies["sessionid"]
		w = b.ask(t, "POST", "/accounts/logout/", "")
		require.Equal(t, 302, w.Code)
		require.Equal(t, "/accounts/logout-success/", w.Header().Get("Location"))
		require.Empty(t, b.cookies["sessionid"])
		b.cookies["sessionid"] = cookie
		require.Equal(t, 401, b.ask(t, "GET", sessionPath, "").Code, "the session has ended, not only the cookie")
	})
}

func TestPagesThatLeadOn(t *testing.T) {
	s := newServer(t, nil)
	for path, to := range map[string]string{"signup/": "/admin/", "password/change/": "/admin/account"} {
		w := s.as(t, "", "GET", "/accounts/"+path, "")
		require.Equal(t, 302, w.Code, path)
		require.Equal(t, to, w.Header().Get("Location"))
	}
	for _, path := range []string{"inactive/", "logout-success/", "confirm-email/", "email-verification-success/", "password/reset/", "password/reset/done/",
		"password/reset/key/done/", "password/change/success/"} {
		require.Equal(t, 200, s.as(t, "", "GET", "/accounts/"+path, "").Code, path)
	}
}
