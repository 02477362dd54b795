package social_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/wispwright/wispwright/radius/signin/social"
	"github.com/wispwright/wispwright/tenancy/sso"
	"github.com/wispwright/wispwright/tenancy/sso/ssotest"
)

const redirect = "https://wifi.example.org/accounts/github/login/callback/"

// gone goes to the provider as a browser does, and returns what it comes back with.
func gone(t *testing.T, address string) url.Values {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(address)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	to, err := url.Parse(answer.Header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, redirect, to.Scheme+"://"+to.Host+to.Path)
	return to.Query()
}

// at is a provider of OAuth 2.0 at p.
func at(p *ssotest.Provider) *social.OAuth {
	return &social.OAuth{Issuer: "https://elsewhere.example.org", ClientID: ssotest.ClientID, ClientSecret: ssotest.ClientSecret,
		Endpoint: oauth2.Endpoint{AuthURL: p.URL + "/auth", TokenURL: p.URL + "/token"}, Scopes: []string{"who"}, Person: p.URL + "/me"}
}

// Providers say who somebody is, each in its own words.
func TestWhoSomebodyIs(t *testing.T) {
	for name, c := range map[string]struct {
		said   map[string]any
		emails any
		want   sso.Person
	}{
		"as GitHub": {map[string]any{"id": 12345678901234567, "login": "ann", "name": "Ann Lee Bo", "email": nil},
			[]map[string]any{{"email": "old@example.org", "primary": false, "verified": true}, {"email": "ann@example.org", "primary": true, "verified": true}},
			sso.Person{Subject: "12345678901234567", Username: "ann", Email: "ann@example.org", FirstName: "Ann", LastName: "Lee Bo", EmailVerified: true}},
		"an address that nobody verified": {map[string]any{"id": 7, "login": "ann", "email": "ann@example.org"}, []map[string]any{{"email": "ann@example.org", "primary": true, "verified": false}},
			sso.Person{Subject: "7", Username: "ann", Email: "ann@example.org"}},
		"as Facebook": {map[string]any{"id": "10", "name": "Ann Lee", "first_name": "Ann", "last_name": "Lee", "email": "ann@example.org", "email_verified": true}, nil,
			sso.Person{Subject: "10", Email: "ann@example.org", FirstName: "Ann", LastName: "Lee"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := ssotest.NewProvider(t)
			p.Claims, p.Emails = c.said, c.emails
			o := at(p)
			if c.emails != nil {
				o.Emails = p.URL + "/emails"
			}
			address, flow, err := o.Begin(t.Context(), redirect)
			require.NoError(t, err)
			back := gone(t, address)
			require.Equal(t, "who", p.Asked.Get("scope"))
			who, err := o.Finish(t.Context(), redirect, flow, back.Get("state"), back.Get("code"))
			require.NoError(t, err)
			c.want.Issuer = "https://elsewhere.example.org"
			require.Equal(t, &c.want, who)
		})
	}
}

// A log-in that was begun elsewhere, took too long, or is not confirmed is none.
func TestLogInsThatAreNone(t *testing.T) {
	p := ssotest.NewProvider(t)
	p.Claims = map[string]any{"id": 7}
	o := at(p)
	address, flow, err := o.Begin(t.Context(), redirect)
	require.NoError(t, err)
	back := gone(t, address)
	state, code := back.Get("state"), back.Get("code")
	late := at(p)
	late.Clock = func() time.Time { return time.Now().Add(11 * time.Minute) }
	secret := at(p)
	secret.ClientSecret = "another"
	other := flow
	other.Verifier = oauth2.GenerateVerifier()
	for name, try := range map[string]func() (*sso.Person, error){
		"another state":    func() (*sso.Person, error) { return o.Finish(t.Context(), redirect, flow, "x", code) },
		"no flow":          func() (*sso.Person, error) { return o.Finish(t.Context(), redirect, sso.Flow{}, "", code) },
		"too late":         func() (*sso.Person, error) { return late.Finish(t.Context(), redirect, flow, state, code) },
		"another code":     func() (*sso.Person, error) { return o.Finish(t.Context(), redirect, flow, state, "x") },
		"another secret":   func() (*sso.Person, error) { return secret.Finish(t.Context(), redirect, flow, state, code) },
		"another verifier": func() (*sso.Person, error) { return o.Finish(t.Context(), redirect, other, state, code) },
	} {
		_, err := try()
		require.ErrorIs(t, err, sso.ErrRefused, name)
		require.NotContains(t, err.Error(), ssotest.ClientSecret, name)
	}
	p.Claims = map[string]any{"login": "nobody"}
	_, err = o.Finish(t.Context(), redirect, flow, state, code)
	require.ErrorIs(t, err, sso.ErrRefused, "who is it?")
	o.Person = p.URL + "/nothing"
	_, err = o.Finish(t.Context(), redirect, flow, state, code)
	require.ErrorContains(t, err, "404")
}
