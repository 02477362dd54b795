package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"

	crewjam "github.com/crewjam/saml"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/saml/samltest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/sso/ssotest"
)

const socialNext = "/accounts/openid/login/?next=%2Fradius%2Fsocial-login%2Falpha%2F%3Fcp%3Dhttps%3A%2F%2Fwifi.example.org%2Falpha%2Flogin%26last%3D"

// away follows a browser to the provider and back, and returns where it is led then.
func away(t *testing.T, b *browser) *url.URL {
	t.Helper()
	b.get(socialNext)
	require.Equal(t, http.StatusFound, b.page.Code, b.page.Body)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(b.page.Header().Get("Location"))
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	back, err := url.Parse(answer.Header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, "wifi.example.org", back.Host)
	b.get(back.RequestURI())
	to, err := url.Parse(b.page.Header().Get("Location"))
	require.NoError(t, err)
	return to
}

// Somebody with an account elsewhere comes to the login page, goes there and back, and
// is let in by the RADIUS server; the next time it is the same account.
func TestSocialLogIn(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		p := ssotest.NewProvider(t)
		p.Claims = map[string]any{"sub": "4711", "preferred_username": "zoe", "email": "zoe@example.org", "email_verified": true, "given_name": "Zoe"}
		e := newEnrolling(t, db, func(c *settings) {
			c.Radius.SocialIssuer, c.Radius.SocialClientID, c.Radius.SocialClientSecret = p.URL, ssotest.ClientID, ssotest.ClientSecret
		})
		alpha := "/api/v1/radius/organization/" + e.ids["org_alpha"] + "/settings/"
		b := newBrowser(t, e)
		b.get(socialNext).shows(403, "Here nobody logs in with an account elsewhere.")
		require.Equal(t, false, e.ask("b", "GET", alpha, "", 200)["social_registration_enabled"])
		e.ask("b", "PATCH", alpha, `{"social_registration_enabled":true}`, 200)
		e.configure("client: {components: {login_form: {social_login: {links: [{text: {en: Elsewhere}, url: '" + socialNext + "'}]}}}}\n")
		b.get("/alpha/login").shows(200, "Elsewhere", socialNext)

		to := away(t, b)
		require.Equal(t, http.StatusFound, b.page.Code, b.page.Body)
		require.Equal(t, "https://wifi.example.org/alpha/login", to.Scheme+"://"+to.Host+to.Path)
		q := to.Query()
		require.Equal(t, "zoe", q.Get("username"))
		require.Contains(t, e.send("POST", "authorize/", `{"username":"zoe","password":"`+q.Get("radius_user_token")+`"}`).Body.String(), "Accept")
		b.get(to.RequestURI()).shows(200, "Continue as zoe?").post("/alpha/login", "return", q.Get("token")).follow("/alpha/status")
		who := e.ask("a", "GET", "/api/v1/users/user/?search=zoe", "", 200)["results"].([]any)
		require.Len(t, who, 1)
		zoe := who[0].(map[string]any)
		require.Equal(t, "zoe@example.org", zoe["email"])
		require.Equal(t, false, zoe["is_staff"])
		r, _ := server.Find[*server.RadiusConcern](e.Concerns())
		registration, err := r.Registrations.Of(t.Context(), mustID(t, zoe["id"].(string)), mustID(t, e.ids["org_alpha"]))
		require.NoError(t, err)
		require.Equal(t, "social_login", registration.Method)
		require.False(t, registration.IsVerified)

		p.Claims["preferred_username"] = "zoe.of.old" // names there change; the subject does not
		require.Equal(t, "zoe", away(t, newBrowser(t, e)).Query().Get("username"))
		p.Claims["sub"] = "4712" // somebody else with the same name and address
		p.Claims["preferred_username"] = "zoe"
		other := away(t, newBrowser(t, e)).Query().Get("username")
		require.Regexp(t, `^zoe-[0-9a-f]{8}$`, other)
		require.Len(t, e.ask("a", "GET", "/api/v1/users/user/?email=zoe@example.org", "", 200)["results"], 1)

		// where identities are verified this one is not
		e.ask("b", "PATCH", alpha, `{"needs_identity_verification":true}`, 200)
		again := away(t, newBrowser(t, e))
		require.NotContains(t, e.send("POST", "authorize/", `{"username":"`+other+`","password":"`+again.Query().Get("radius_user_token")+`"}`).Body.String(), "Accept")
	})
}

// What is forged, or would lead people elsewhere with their keys, is refused; no
// administrator comes in this way.
func TestSocialLogInAttacked(t *testing.T) {
	p := ssotest.NewProvider(t)
	p.Claims = map[string]any{"sub": "1", "preferred_username": "eve"}
	db := testkit.SQLite(t)
	e := newEnrolling(t, db, func(c *settings) {
		c.Radius.SocialIssuer, c.Radius.SocialClientID, c.Radius.SocialClientSecret, c.Radius.SocialEnabled = p.URL, ssotest.ClientID, ssotest.ClientSecret, true
	})
	b := newBrowser(t, e)
	next := func(path string) string { return "/accounts/openid/login/?next=" + url.QueryEscape(path) }
	for path, c := range map[string]struct {
		status int
		says   string
	}{
		"/accounts/openid/login/": {400, "begin on the login page"},
		next("/admin/"):           {400, "begin on the login page"},
		next("https://evil.example.org/radius/social-login/alpha/?cp=https://wifi.example.org/"): {400, "begin on the login page"},
		next("//evil.example.org/radius/social-login/alpha/?cp=https://wifi.example.org/"):       {400, "begin on the login page"},
		next("/radius/social-login/alpha/"):                                                      {400, "missing cp GET param"},
		next("/radius/social-login/nobody/?cp=https://wifi.example.org/"):                        {404, ""},
		next("/radius/social-login/alpha/?cp=https://evil.example.org/"):                         {400, "none of this network"},
		next("/radius/social-login/alpha/?cp=http://wifi.example.org/"):                          {400, "none of this network"},
		next("/radius/social-login/alpha/?cp=https://wifi.example.org@evil.example.org/"):        {400, "no address"},
		next("/radius/social-login/alpha/?cp=javascript:alert(1)"):                               {400, "no address"},
		"/radius/social-login/alpha/":                                                            {400, "missing cp GET param"},
		"/radius/social-login/alpha/?cp=https://wifi.example.org/":                               {403, "Choose on the login page"},
		"/accounts/openid/login/callback/?state=x&code=the-code":                                 {403, "begun in another browser"},
		"/accounts/openid/nothing/":                                                              {404, ""},
	} {
		b.get(path).shows(c.status, c.says)
	}
	require.Equal(t, http.StatusMethodNotAllowed, newBrowser(t, e).send("POST", socialNext, "").page.Code)

	// a state of another browser
	b.get(socialNext)
	b.get("/accounts/openid/login/callback/?state=another&code=the-code").shows(403, "another browser")
	b.get("/accounts/openid/login/callback/?state="+url.QueryEscape(p.Asked.Get("state"))+"&code=the-code").shows(403, "another browser")
	b.get(socialNext).get("/accounts/openid/login/callback/?error=access_denied")
	require.Equal(t, "https://wifi.example.org/alpha/login", b.page.Header().Get("Location"), "somebody changed their mind")

	require.Equal(t, "eve", away(t, newBrowser(t, e)).Query().Get("username"))
	ten, _ := server.Find[*server.TenancyConcern](e.Concerns())
	found, err := ten.Tenancy.Login.Candidates(t.Context(), "eve")
	require.NoError(t, err)
	change := func(fn func(*tenancy.User)) {
		_, err := ten.Tenancy.Users.Update(t.Context(), wispwright.ScopeAll(), found[0].ID, func(u *tenancy.User) error { fn(u); return nil })
		require.NoError(t, err)
	}
	change(func(u *tenancy.User) { u.IsStaff = true })
	again := newBrowser(t, e)
	away(t, again)
	again.shows(403, "Administrators log in with their passwords.")
	change(func(u *tenancy.User) { u.IsStaff, u.IsActive = false, false })
	away(t, again)
	again.shows(403, "The account is switched off.")

	// who may not join by oneself does not join this way either
	e.ask("b", "PATCH", "/api/v1/radius/organization/"+e.ids["org_alpha"]+"/settings/", `{"registration_enabled":false}`, 200)
	p.Claims = map[string]any{"sub": "2", "preferred_username": "mallory"}
	away(t, again)
	again.shows(403, "does not allow self registration")
	found, err = ten.Tenancy.Login.Candidates(t.Context(), "mallory")
	require.NoError(t, err)
	require.Empty(t, found, "no account is left of it")
}

// institution follows a browser to a provider of SAML and back, and returns where it
// is led then.
func institution(t *testing.T, b *browser, login string) *url.URL {
	t.Helper()
	b.get(login)
	require.Equal(t, http.StatusFound, b.page.Code, b.page.Body)
	answer, err := http.Get(b.page.Header().Get("Location"))
	require.NoError(t, err)
	raw, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	where, fields := samltest.Form(t, raw)
	require.Equal(t, "https://wifi.example.org/radius/saml2/acs/", where)
	kept := b.cookies
	b.cookies = map[string]string{} // from another site: without cookies
	b.send("POST", "/radius/saml2/acs/", fields.Encode()).shows(200)
	where, fields = samltest.Form(t, b.page.Body.Bytes())
	b.cookies = kept
	b.send("POST", where, fields.Encode())
	to, err := url.Parse(b.page.Header().Get("Location"))
	require.NoError(t, err)
	return to
}

// Somebody of an institution logs in by SAML, counts as verified where the settings say
// so, and comes in; the page that was named gets the key, others nothing.
func TestSAMLOfLoginPages(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		p := samltest.New(t)
		e := newEnrolling(t, db, func(c *settings) { c.Radius.SAMLMetadata, c.Radius.SAMLVerified = p.URL+"/metadata", true })
		p.Trust(t, get(e, "/radius/saml2/metadata/").Body.Bytes())
		p.Session = &crewjam.Session{NameID: "p-17", NameIDFormat: string(crewjam.PersistentNameIDFormat), UserName: "anna", UserEmail: "anna@example.org", UserGivenName: "Anna"}
		login := "/radius/saml2/login/?RelayState=" + url.QueryEscape("https://wifi.example.org/alpha/login?org=alpha")
		b := newBrowser(t, e)
		b.get(login).shows(403, "Here nobody logs in with an account elsewhere.")
		e.ask("b", "PATCH", "/api/v1/radius/organization/"+e.ids["org_alpha"]+"/settings/", `{"saml_registration_enabled":true,"needs_identity_verification":true}`, 200)

		to := institution(t, b, login)
		require.Equal(t, http.StatusFound, b.page.Code, b.page.Body)
		require.Equal(t, "https://wifi.example.org/alpha/login", to.Scheme+"://"+to.Host+to.Path)
		q := to.Query()
		require.Equal(t, []string{"anna", "saml", ""}, []string{q.Get("username"), q.Get("login_method"), q.Get("radius_user_token")})
		b.get(to.RequestURI()).shows(200, "Continue as anna?").post("/alpha/login", "return", q.Get("token")).follow("/alpha/status")
		known := told(t, e.Server, "", "POST", "/api/v1/radius/organization/alpha/account/token/validate/", `{"token":"`+q.Get("token")+`"}`)
		require.Equal(t, 200, known.Code, known.Body)
		var in map[string]any
		require.NoError(t, json.Unmarshal(known.Body.Bytes(), &in))
		require.Equal(t, []any{"saml", true, false}, []any{in["method"], in["is_verified"], in["password_expired"]})
		require.Contains(t, e.send("POST", "authorize/", `{"username":"anna","password":"`+in["radius_user_token"].(string)+`"}`).Body.String(), "Accept")

		for state, c := range map[string]struct {
			status int
			says   string
		}{
			"":                                     {400, "begin on the login page"},
			"https://wifi.example.org/alpha/login": {400, "begin on the login page"},
			"https://wifi.example.org/alpha/login?org=nobody": {404, ""},
			"https://evil.example.org/alpha/login?org=alpha":  {400, "none of this network"},
			"https://wifi.example.org/beta/login?org=beta":    {403, "Here nobody logs in"},
			"javascript:alert(1)?org=alpha":                   {400, ""},
		} {
			newBrowser(t, e).get("/radius/saml2/login/?RelayState="+url.QueryEscape(state)).shows(c.status, c.says)
		}
		require.Equal(t, http.StatusMethodNotAllowed, newBrowser(t, e).get("/radius/saml2/acs/").page.Code)
		newBrowser(t, e).get("/radius/saml2/ls/").shows(403, "begun in another browser")
		// an answer without the browser that asked
		again := newBrowser(t, e)
		again.send("POST", "/radius/saml2/acs/", "SAMLResponse=x&RelayState=y&wispwright_again=1").shows(403, "begin anew")

		p.Session.NameIDFormat = string(crewjam.TransientNameIDFormat)
		institution(t, again, login)
		again.shows(403, "another name each time")
	})
}
