package server_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	crewjam "github.com/crewjam/saml"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/saml/samltest"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

func alphaLogin(more string) string {
	return "/radius/saml2/login/?RelayState=" + url.QueryEscape("https://wifi.example.org/alpha/login?org=alpha") + more
}

func anna(id string) *crewjam.Session {
	return &crewjam.Session{NameID: id, NameIDFormat: string(crewjam.PersistentNameIDFormat), UserName: "anna", UserEmail: "anna@example.org"}
}

// With several institutions people choose theirs, or a button of the login page has chosen;
// an organization that takes some of them takes nobody of the others, and the same name with
// two of them is two people.
func TestSeveralProvidersOfSAML(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		one, two, away := samltest.New(t), samltest.New(t), samltest.New(t)
		away.Close()
		e := newEnrolling(t, db, func(c *settings) {
			c.Radius.SAMLMetadata, c.Radius.SAMLEnabled = one.URL+"/metadata, "+away.URL+"/metadata,"+two.URL+"/metadata", true
			c.Radius.SAMLOrganizations = map[string]any{"beta": two.URL + "/metadata"}
		})
		for _, p := range []*samltest.IDP{one, two} {
			p.Trust(t, get(e, "/radius/saml2/metadata/").Body.Bytes())
			p.Session = anna("p-17")
		}
		b := newBrowser(t, e)
		b.get(alphaLogin("")).shows(200, "Choose where you have your account.", url.QueryEscape(one.URL+"/metadata"), url.QueryEscape(two.URL+"/metadata"))
		require.NotContains(t, b.page.Body.String(), away.URL, "one that cannot be asked is not offered")
		var names []string
		for _, p := range []*samltest.IDP{one, two} {
			to := institution(t, b, alphaLogin("&idp="+url.QueryEscape(p.URL+"/metadata")))
			require.Equal(t, "/alpha/login", to.Path, b.page.Body)
			names = append(names, to.Query().Get("username"))
		}
		require.Equal(t, "anna", names[0])
		require.Regexp(t, `^anna-[0-9a-f]{8}$`, names[1], "the same name elsewhere is somebody else")

		beta := func(p *samltest.IDP) string {
			return "/radius/saml2/login/?RelayState=" + url.QueryEscape("https://wifi.example.org/beta/login?org=beta") + "&idp=" + url.QueryEscape(p.URL+"/metadata")
		}
		b.get(beta(one)).shows(403, "Here nobody logs in with this provider.")
		b.get(alphaLogin("&idp=https://evil.example.org/")).shows(403, "Here nobody logs in with this provider.")
		b.get("/radius/saml2/login/?RelayState=" + url.QueryEscape("https://wifi.example.org/beta/login?org=beta"))
		require.Equal(t, http.StatusFound, b.page.Code, "with one there is nothing to choose")
		require.True(t, strings.HasPrefix(b.page.Header().Get("Location"), two.URL+"/sso?"))
		require.Equal(t, "/beta/login", institution(t, b, beta(two)).Path)
	})
}

// Somebody who leaves the network is logged out at the institution too, and who logs out
// there cannot go on here with the old key. Nobody else ends anything.
func TestSingleLogOut(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		p := samltest.New(t)
		key, certificate := pemFiles(t)
		e := newEnrolling(t, db, func(c *settings) {
			c.Radius.SAMLMetadata, c.Radius.SAMLEnabled, c.Radius.SAMLCertificate, c.Radius.SAMLKey = p.URL+"/metadata", true, certificate, key
		})
		p.Trust(t, get(e, "/radius/saml2/metadata/").Body.Bytes())
		e.configure("client: {components: {status_page: {saml_logout_url: 'https://wifi.example.org/radius/saml2/logout/'}}}\n")
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		there := func(where string) *url.URL {
			t.Helper()
			answer, err := client.Get(where)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			to, err := url.Parse(answer.Header.Get("Location"))
			require.NoError(t, err)
			return to
		}
		b := newBrowser(t, e)
		in := func() string {
			t.Helper()
			p.Session = anna("p-17")
			to := institution(t, b, alphaLogin(""))
			require.Equal(t, "/alpha/login", to.Path, b.page.Body)
			b.get(to.RequestURI()).shows(200, "Continue as anna?").post("/alpha/login", "return", to.Query().Get("token")).follow("/alpha/status")
			return to.Query().Get("token")
		}
		valid := func(token string) int {
			return told(t, e.Server, "", "POST", "/api/v1/radius/organization/alpha/account/token/validate/", `{"token":"`+token+`"}`).Code
		}

		token := in()
		require.Equal(t, 200, valid(token))
		b.post("/alpha/logout")
		require.Equal(t, "https://wifi.example.org/radius/saml2/logout/", b.page.Header().Get("Location"), b.page.Body)
		b.get("/radius/saml2/logout/")
		require.Equal(t, http.StatusFound, b.page.Code, b.page.Body)
		back := there(b.page.Header().Get("Location"))
		require.Equal(t, "/radius/saml2/ls/", back.Path)
		require.Equal(t, 1, p.Left)
		b.get(back.RequestURI())
		require.Equal(t, "https://wifi.example.org/alpha/login", b.page.Header().Get("Location"))
		b.get(back.RequestURI()).shows(403, "begun in another browser")
		b.get("/radius/saml2/logout/").shows(200, "You are logged out.")

		token = in()
		asks := there(p.Leave())
		require.Equal(t, "/radius/saml2/ls/", asks.Path)
		forged := asks.Query()
		forged.Del("Signature")
		b.get("/radius/saml2/ls/?"+forged.Encode()).shows(403, "no word of a provider")
		require.Equal(t, 200, valid(token))
		other := newBrowser(t, e) // the provider may tell by whatever browser: its word counts
		other.get(asks.RequestURI())
		require.True(t, strings.HasPrefix(other.page.Header().Get("Location"), p.URL+"/slo?"), other.page.Body)
		require.NotEqual(t, 200, valid(token), "the key is worth nothing any more")
		b.get(asks.RequestURI()).shows(403, "no word of a provider")
		b.get("/radius/saml2/ls/").shows(403, "begun in another browser")
		require.Equal(t, http.StatusMethodNotAllowed, newBrowser(t, e).send("POST", "/radius/saml2/logout/", "").page.Code)
		in() // and comes in again
	})
}

// Without a key of ours the institution is not told, and people are.
func TestLogOutThatTheProviderIsNotToldOf(t *testing.T) {
	p := samltest.New(t)
	e := newEnrolling(t, testkit.SQLite(t), func(c *settings) { c.Radius.SAMLMetadata, c.Radius.SAMLEnabled = p.URL+"/metadata", true })
	p.Trust(t, get(e, "/radius/saml2/metadata/").Body.Bytes())
	p.Session = anna("p-17")
	b := newBrowser(t, e)
	institution(t, b, alphaLogin(""))
	b.get("/radius/saml2/logout/").shows(200, "With your provider you may still be logged in", `href="https://wifi.example.org/alpha/login"`)
	require.Zero(t, p.Left)
}

// pemFiles are a key and its certificate in files.
func pemFiles(t *testing.T) (key, certificate string) {
	t.Helper()
	dir := t.TempDir()
	key, certificate = filepath.Join(dir, "key.pem"), filepath.Join(dir, "certificate.pem")
	k, c := samltest.PEM(t)
	require.NoError(t, os.WriteFile(key, k, 0o600))
	require.NoError(t, os.WriteFile(certificate, c, 0o600))
	return key, certificate
}
