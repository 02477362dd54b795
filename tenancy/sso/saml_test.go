package sso_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	crewjam "github.com/crewjam/saml"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/saml"
	"github.com/wispwright/wispwright/kit/saml/samltest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/sso"
	"github.com/wispwright/wispwright/tenancy/sso/ssohttp"
	"github.com/wispwright/wispwright/tenancy/sso/ssosql"
)

// newSAML is an installation that trusts a provider of SAML.
func newSAML(t *testing.T, db *sqlstore.DB, p *samltest.IDP, names sso.AttributeNames) *installation {
	t.Helper()
	i := newInstallation(t, db, newIDP(t), rules())
	identities, err := ssosql.New(db)
	require.NoError(t, err)
	accounts, err := sso.NewAccounts(db, i.t, identities, rules())
	require.NoError(t, err)
	var handler http.Handler
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(i.Close)
	sp, err := saml.New(saml.Options{Metadata: i.URL + ssohttp.SAMLPath + "metadata/", Callback: i.URL + ssohttp.SAMLPath + "acs/", ProviderAddress: p.URL + "/metadata"})
	require.NoError(t, err)
	handler, err = ssohttp.NewSAML(sp, accounts, names, "a secret", ssohttp.Options{Open: func(_ http.Header, _ *http.Request, u *tenancy.User) error {
		i.opened = append(i.opened, u)
		return nil
	}})
	require.NoError(t, err)
	answer, err := http.Get(i.URL + ssohttp.SAMLPath + "metadata/")
	require.NoError(t, err)
	metadata, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, "application/samlmetadata+xml", answer.Header.Get("Content-Type"))
	p.Trust(t, metadata)
	return i
}

// browse goes the way of a browser: it has no cookies of ours along when the provider's
// page makes it send the form, and has when our own page does. It returns the status, where
// it was led and the forms that it sent.
func (i *installation) browse(t *testing.T, next string) (status int, where string, sent []url.Values) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host == i.Listener.Addr().String() {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	page := func(r *http.Response, err error) []byte {
		require.NoError(t, err)
		raw, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		status, where = r.StatusCode, r.Header.Get("Location")
		return raw
	}
	form := page(browser.Get(i.URL + ssohttp.SAMLPath + "login/?next=" + url.QueryEscape(next)))
	if status != http.StatusOK {
		return status, where, nil
	}
	target, fields := samltest.Form(t, form)
	require.Equal(t, i.URL+ssohttp.SAMLPath+"acs/", target)
	form = page(http.PostForm(target, fields)) // from another site: without cookies
	require.Equal(t, http.StatusOK, status)
	target, fields = samltest.Form(t, form)
	require.Equal(t, ssohttp.SAMLPath+"acs/", target)
	page(browser.PostForm(i.URL+target, fields))
	return status, where, []url.Values{fields}
}

func TestLogInWithSAML(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		p := samltest.New(t)
		i := newSAML(t, db, p, sso.AttributeNames{Groups: "eduPersonAffiliation"})
		p.Session = &crewjam.Session{NameID: "p-17", NameIDFormat: string(crewjam.PersistentNameIDFormat), UserName: "anna", UserEmail: "anna@example.org", UserSurname: "Berg", Groups: []string{"noc", "staff", "root"}}
		status, where, sent := i.browse(t, "/admin/config/device/")
		require.Equal(t, http.StatusFound, status)
		require.Equal(t, "/admin/config/device/", where)
		require.Len(t, i.opened, 1)
		u := i.opened[0]
		require.Equal(t, []string{"anna", "Berg", ""}, []string{u.Username, u.LastName, u.Email}, "nobody has verified the address")
		require.True(t, u.IsStaff && u.IsSuperuser)
		groups, err := i.t.Users.Groups(t.Context(), u.ID)
		require.NoError(t, err)
		require.Len(t, groups, 1)

		// a caught answer is worth nothing, neither with nor without a page of ours
		for _, fields := range sent {
			r, err := http.PostForm(i.URL+ssohttp.SAMLPath+"acs/", fields)
			require.NoError(t, err)
			require.NoError(t, r.Body.Close())
			require.Equal(t, http.StatusForbidden, r.StatusCode)
		}
		require.Len(t, i.opened, 1)

		// fewer groups there: fewer rights here, and no path of others
		p.Session.UserName, p.Session.Groups = "anna.b", []string{"staff"}
		status, where, _ = i.browse(t, "//evil.example.org/")
		require.Equal(t, http.StatusFound, status)
		require.Equal(t, "/admin/", where)
		require.Equal(t, u.ID, i.opened[1].ID)
		require.False(t, i.opened[1].IsSuperuser)

		p.Session.Groups = []string{"guests"}
		status, _, _ = i.browse(t, "/")
		require.Equal(t, http.StatusForbidden, status)
		p.Session.Groups, p.Session.NameIDFormat = []string{"staff"}, string(crewjam.TransientNameIDFormat)
		status, _, _ = i.browse(t, "/")
		require.Equal(t, http.StatusForbidden, status, "nobody is bound by a name of one day")
		require.Len(t, i.opened, 2)
	})
}

func TestPathsOfSAML(t *testing.T) {
	p := samltest.New(t)
	i := newSAML(t, testkit.SQLite(t), p, sso.AttributeNames{})
	for path, wants := range map[string]int{"GET acs/": http.StatusMethodNotAllowed, "POST login/": http.StatusMethodNotAllowed, "GET ": http.StatusNotFound, "GET nothing/": http.StatusNotFound} {
		method, path, _ := strings.Cut(path, " ")
		r, err := http.NewRequest(method, i.URL+ssohttp.SAMLPath+path, nil)
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, wants, answer.StatusCode, "%s %s", method, path)
	}
	p.Close()
	r, err := http.Get(i.URL + ssohttp.SAMLPath + "login/")
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	require.Equal(t, http.StatusBadGateway, r.StatusCode)
}

func TestFromAttributes(t *testing.T) {
	adfs := map[string][]string{
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name": {"anna"}, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": {"a@example.org"},
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname": {"Anna"}, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname": {"Berg"},
		"http://schemas.microsoft.com/ws/2008/06/identity/claims/role": {"noc", "staff"}, "employee": {"17"}, "two": {"a", "b"},
	}
	p, err := sso.FromAttributes("https://idp", "_x", true, adfs, sso.AttributeNames{Subject: "employee", TrustEmail: true})
	require.NoError(t, err)
	require.Equal(t, &sso.Person{Issuer: "https://idp", Subject: "17", Username: "anna", Email: "a@example.org", FirstName: "Anna", LastName: "Berg", EmailVerified: true, Groups: []string{"noc", "staff"}}, p)
	p, err = sso.FromAttributes("https://idp", "a", false, adfs, sso.AttributeNames{Username: "employee", Groups: "none", Email: "none", TrustEmail: true})
	require.NoError(t, err)
	require.Equal(t, []any{"a", "17", "", false, 0}, []any{p.Subject, p.Username, p.Email, p.EmailVerified, len(p.Groups)})
	for _, n := range []sso.AttributeNames{{}, {Subject: "absent"}, {Subject: "two"}} {
		_, err = sso.FromAttributes("https://idp", "_x", true, adfs, n)
		require.ErrorIs(t, err, sso.ErrRefused)
	}
}
