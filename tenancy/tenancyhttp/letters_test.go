package tenancyhttp_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

// linkIn is the path of the link of an e-mail.
func linkIn(t testing.TB, m tenancy.Message) string {
	t.Helper()
	found := regexp.MustCompile(`https://wifi\.example\.org(/accounts/\S+)`).FindStringSubmatch(m.Text)
	require.NotNil(t, found, m.Text)
	return found[1]
}

// keyOf is the key in it.
func keyOf(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	return parts[len(parts)-1]
}

func (s *server) form(t testing.TB, path string, values url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	return w
}

const (
	resetPath   = "/api/v1/users/password/reset/"
	confirmPath = "/api/v1/users/password/reset/confirm/"
)

// newPassword is the body that uses a link up.
func newPassword(key, plain, again string) string {
	uid, token, _ := strings.Cut(key, "-")
	return `{"uid":"` + uid + `","token":"` + token + `","new_password1":"` + plain + `","new_password2":"` + again + `"}`
}

func TestPasswordReset(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		s.recorded(t)
		known := s.as(t, "", "POST", resetPath, `{"email":"MEMBER@example.org"}`)
		require.Equal(t, 200, known.Code, known.Body)
		m := s.mail(t)
		require.Equal(t, "member@example.org", m.To, "the address of the account, not the one that was typed")
		require.Equal(t, "[Test] Choose a new password", m.Subject)
		require.Contains(t, m.Text, "member at alpha", "the organization is named")
		unknown := s.as(t, "", "POST", resetPath, `{"email":"nobody@example.org"}`)
		require.Equal(t, known.Code, unknown.Code)
		require.Equal(t, known.Body.String(), unknown.Body.String())
		require.Empty(t, s.mails)

		key := keyOf(linkIn(t, m))
		confirm := func(key, plain, again string) *httptest.ResponseRecorder {
			return s.as(t, "", "POST", confirmPath, newPassword(key, plain, again))
		}
		const bad = `{"token":["The link is invalid or has expired."]}`
		for _, wrong := range []string{"x-y", key[:len(key)-1], key + "A", strings.ToUpper(key), strings.Repeat("A", 32) + "-" + strings.Repeat("A", 199), "0-" + key[33:]} {
			require.Equal(t, bad, confirm(wrong, "brand-new-Secret", "brand-new-Secret").Body.String(), wrong)
		}
		require.Equal(t, `{"new_password2":["The two password fields didn’t match."]}`, confirm(key, "a-Secret-9", "b-Secret-9").Body.String())
		require.Equal(t, 200, confirm(key, "brand-new-Secret", "brand-new-Secret").Code)
		require.Equal(t, bad, confirm(key, "other-Secret-1", "other-Secret-1").Body.String(), "the link works once")
		require.Equal(t, 200, s.as(t, "", "POST", sessionPath, `{"username":"member","password":"brand-new-Secret"}`).Code)

		require.Equal(t, 200, s.as(t, "", "POST", resetPath, `{"email":"member@example.org"}`).Code)
		key = keyOf(linkIn(t, s.mail(t)))
		s.now = s.now.Add(72 * time.Hour)
		require.Equal(t, bad, confirm(key, "other-Secret-1", "other-Secret-1").Body.String(), "three days are over")

		require.Equal(t, 200, s.as(t, "", "POST", resetPath, `{"email":"member@example.org"}`).Code)
		key = keyOf(linkIn(t, s.mail(t)))
		require.Equal(t, 200, s.as(t, "", "POST", sessionPath, `{"username":"member","password":"brand-new-Secret"}`).Code)
		require.Equal(t, bad, confirm(key, "other-Secret-1", "other-Secret-1").Body.String(), "who knows the password needs no link")
	})
}

func TestWhoGetsAResetLink(t *testing.T) {
	s := newServer(t, nil)
	ctx := context.Background()
	for _, u := range []tenancy.User{{Username: "off", Email: "off@example.org"}, {Username: "ann", Email: "ann@example.org", IsActive: true}} {
		require.NoError(t, s.t.Users.Create(ctx, &u, "x"))
		if u.Username == "ann" {
			require.NoError(t, s.t.Emails.Create(ctx, &tenancy.Email{UserID: u.ID, Address: "second@example.org", IsVerified: true}))
			require.NoError(t, s.t.Emails.Create(ctx, &tenancy.Email{UserID: u.ID, Address: "unproven@example.org"}))
		}
	}
	for address, want := range map[string]string{
		"off@example.org": "", "unproven@example.org": "", "ann@example.org": "ann@example.org", "SECOND@example.org": "second@example.org",
		"ann@exämple.org": "", "ANN@EXAMPLE.ORG": "ann@example.org", "ann@example.org.": "",
	} {
		require.NoError(t, s.t.Letters.RequestReset(ctx, address))
		if want == "" {
			require.Empty(t, s.mails, address)
			continue
		}
		require.Equal(t, want, s.mail(t).To, address)
	}
	s.mailFault = errors.New("no way out")
	require.NoError(t, s.t.Letters.RequestReset(ctx, "ann@example.org"), "a fault would tell that there is such an account")
}

func TestResetIsThrottled(t *testing.T) {
	s := newServer(t, nil)
	for n := range 5 {
		require.Equal(t, 200, s.as(t, "", "POST", resetPath, `{"email":"who@example.org"}`).Code, n)
	}
	w := s.as(t, "", "POST", resetPath, `{"email":"Who@example.org"}`)
	require.Equal(t, 429, w.Code)
	require.Equal(t, 200, s.as(t, "", "POST", resetPath, `{"email":"other@example.org"}`).Code)
	for range 14 {
		s.as(t, "", "POST", resetPath, `{"input":"`+rand.Text()+`"}`)
	}
	require.Equal(t, 429, s.as(t, "", "POST", resetPath, `{"email":"third@example.org"}`).Code, "20 a minute from one address")
}

func TestAddressIsVerified(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		vars := s.recorded(t)
		w := s.as(t, "admin", "POST", "/api/v1/users/user/", `{"username":"new","email":"New@example.org","password":"x","first_name":"Eve\u2028Click http://x"}`)
		require.Equal(t, 201, w.Code)
		m := s.mail(t)
		require.Equal(t, "new@example.org", m.To)
		require.Equal(t, "[Test] Please confirm your e-mail address", m.Subject)
		require.Equal(t, 201, s.as(t, "admin", "POST", "/api/v1/users/user/", `{"username":"sure","email":"sure@example.org","password":"x","email_verified":true}`).Code)
		require.Empty(t, s.mails)

		key := keyOf(linkIn(t, m))
		confirm := func(key string) *httptest.ResponseRecorder {
			return s.as(t, "", "POST", "/api/v1/users/email/confirm/", `{"key":"`+key+`"}`)
		}
		require.Equal(t, 400, confirm(key[1:]).Code)
		require.Contains(t, confirm(key).Body.String(), `"email":"new@example.org","verified":true,"primary":true}`)
		require.Equal(t, 200, confirm(key).Code, "confirming twice does no harm")
		require.NotContains(t, s.as(t, "", "POST", confirmPath, newPassword(key, "a-Secret-1", "a-Secret-1")).Body.String(), "has been reset with",
			"a key is good for one purpose")

		emails := "/api/v1/users/user/" + vars["user_member"] + "/email/"
		require.Equal(t, 201, s.as(t, "admin", "POST", emails, `{"email":"more@example.org"}`).Code)
		require.Empty(t, s.mails, "adding an address sends nothing")
		items, err := s.t.Emails.List(context.Background(), wispwright.ScopeAll(), tenancy.EmailFilter{Address: "more@example.org"}, wispwright.Page{})
		require.NoError(t, err)
		again := emails + jsonNumber(items.Rows[0].ID) + "/confirmation/"
		require.Equal(t, 404, s.as(t, "betamanager", "POST", again, "").Code)
		require.Equal(t, 403, s.as(t, "operator", "POST", again, "").Code)
		require.Equal(t, 200, s.as(t, "manager", "POST", again, "").Code)
		key = keyOf(linkIn(t, s.mail(t)))
		require.Equal(t, 429, s.as(t, "manager", "POST", again, "").Code, "once in three minutes")
		require.Equal(t, 200, s.as(t, "admin", "PATCH", emails+jsonNumber(items.Rows[0].ID)+"/", `{"email":"else@example.org"}`).Code)
		require.Equal(t, 400, confirm(key).Code, "the link was for another address")
	})
}

func TestAccountPages(t *testing.T) {
	s := newServer(t, nil)
	s.recorded(t)
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.api.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	require.Equal(t, "/admin/", get("/accounts/signup/").Header().Get("Location"))
	w := get("/accounts/password/reset/")
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	require.Contains(t, w.Body.String(), `name="email"`)
	for _, address := range []string{"member@example.org", "nobody@example.org", "<script>"} {
		require.Equal(t, "/accounts/password/reset/done/", s.form(t, "/accounts/password/reset/", url.Values{"email": {address}}).Header().Get("Location"))
	}
	path := linkIn(t, s.mail(t))
	require.Contains(t, get(path).Body.String(), `name="new_password"`)
	require.Contains(t, get(path[:len(path)-3]+"/").Body.String(), "The link is invalid or has expired.")
	require.Contains(t, s.form(t, path, url.Values{"new_password": {"a"}, "confirm_password": {"b"}}).Body.String(), "match")
	require.Equal(t, "/accounts/password/reset/key/done/",
		s.form(t, path, url.Values{"new_password": {"quite-New-1"}, "confirm_password": {"quite-New-1"}}).Header().Get("Location"))
	require.Contains(t, get(path).Body.String(), "The link is invalid or has expired.")

	require.Equal(t, 201, s.as(t, "admin", "POST", "/api/v1/users/user/", `{"username":"new","email":"new@example.org","password":"x"}`).Code)
	path = linkIn(t, s.mail(t))
	require.Contains(t, get(path).Body.String(), "Confirm")
	items, err := s.t.Emails.List(context.Background(), wispwright.ScopeAll(), tenancy.EmailFilter{Address: "new@example.org"}, wispwright.Page{})
	require.NoError(t, err)
	require.False(t, items.Rows[0].IsVerified, "looking at the page confirms nothing")
	require.Equal(t, "/accounts/email-verification-success/", s.form(t, path, nil).Header().Get("Location"))
	require.Equal(t, 200, get("/accounts/email-verification-success/").Code)
	r := httptest.NewRequest("DELETE", path, nil)
	w = httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	require.Equal(t, 405, w.Code)
	require.Equal(t, 400, s.form(t, path, url.Values{"x": {strings.Repeat("x", 20<<10)}}).Code)
}
