package saml_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/kit/saml"
	"github.com/wispwright/wispwright/kit/saml/samltest"
)

// led follows one step of a browser and returns where it is led.
func led(t *testing.T, where string) *url.URL {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(where)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	to, err := url.Parse(answer.Header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, answer.StatusCode, where)
	return to
}

func loggingOut(t *testing.T) (*samltest.IDP, *saml.ServiceProvider, saml.Session) {
	t.Helper()
	idp := samltest.New(t)
	idp.Session = person()
	key, certificate := samltest.NewKey(t)
	sp := newProvider(t, idp, func(o *saml.Options) { o.Key, o.Certificate, o.Logout = key, certificate, here+"ls/" })
	flow, fields := ask(t, sp)
	require.Equal(t, idp.URL+"/metadata", flow.Provider)
	a, err := sp.Finish(form(fields), flow)
	require.NoError(t, err)
	require.Equal(t, "1", a.Index)
	return idp, sp, saml.Session{Issuer: a.Issuer, NameID: a.NameID, Format: a.Format, Index: a.Index, Next: "/next/"}
}

// Somebody logs out here, is led to the provider with what we have signed, and comes back
// logged out there too; an answer counts once, in the browser that asked.
func TestLogOutAtTheProvider(t *testing.T) {
	idp, sp, session := loggingOut(t)
	kept, ok := saml.OpenSession("secret", session.Seal("secret"))
	require.True(t, ok)
	require.Equal(t, session, kept)
	_, ok = saml.OpenSession("another", session.Seal("secret"))
	require.False(t, ok)
	_, ok = saml.OpenFlow("secret", session.Seal("secret"))
	require.False(t, ok, "a session is no log-in")

	where, flow, err := sp.BeginLogout(t.Context(), session)
	require.NoError(t, err)
	require.Equal(t, "/next/", flow.Next)
	back := led(t, where)
	require.Equal(t, here+"ls/", back.Scheme+"://"+back.Host+back.Path)
	require.Equal(t, []any{1, true}, []any{idp.Left, idp.Session == nil})
	came := func(query string) *http.Request {
		return httptest.NewRequest(http.MethodGet, "http://10.0.0.1:8080/behind/ls/?"+query, nil)
	}
	other := flow
	other.Request = "id-other"
	require.ErrorIs(t, sp.FinishLogout(came(back.RawQuery), other), saml.ErrRefused, "an answer to something else")
	late := flow
	late.Expires = time.Now().Add(-time.Second)
	require.ErrorIs(t, sp.FinishLogout(came(back.RawQuery), late), saml.ErrRefused)
	require.ErrorIs(t, sp.FinishLogout(came(back.RawQuery), saml.Flow{}), saml.ErrRefused)
	spoilt := back.Query()
	spoilt.Set("Signature", "AAAA")
	require.ErrorIs(t, sp.FinishLogout(came(spoilt.Encode()), flow), saml.ErrRefused)
	require.NoError(t, sp.FinishLogout(came(back.RawQuery), flow))
}

// The provider tells that somebody logged out elsewhere; only it may, and once.
func TestLogOutElsewhere(t *testing.T) {
	idp, sp, session := loggingOut(t)
	asks := led(t, idp.Leave())
	require.Equal(t, here+"ls/", asks.Scheme+"://"+asks.Host+asks.Path)
	came := func(query string) *http.Request {
		return httptest.NewRequest(http.MethodGet, "http://10.0.0.1:8080/ls/?"+query, nil)
	}
	unsigned := asks.Query()
	unsigned.Del("Signature")
	_, _, err := sp.Asked(came(unsigned.Encode()))
	require.ErrorIs(t, err, saml.ErrRefused)
	who, answer, err := sp.Asked(came(asks.RawQuery))
	require.NoError(t, err)
	require.Equal(t, []string{session.Issuer, session.NameID, session.Index}, []string{who.Issuer, who.NameID, who.Index})
	require.True(t, strings.HasPrefix(answer, idp.URL+"/slo?"), answer)
	_, _, err = sp.Asked(came(asks.RawQuery))
	require.ErrorIs(t, err, saml.ErrRefused, "once")
}

// Providers that take only what is signed are told of nothing by an installation without a
// key, nor is one without an address for that.
func TestLogOutThatIsNotTold(t *testing.T) {
	idp := samltest.New(t)
	key, certificate := samltest.NewKey(t)
	for name, change := range map[string]func(*saml.Options){
		"no key":     func(o *saml.Options) { o.Logout = here + "ls/" },
		"no address": func(o *saml.Options) { o.Key, o.Certificate = key, certificate },
	} {
		sp := newProvider(t, idp, change)
		_, _, err := sp.BeginLogout(t.Context(), saml.Session{NameID: "x"})
		require.ErrorIs(t, err, saml.ErrNoLogOut, name)
	}
	sp := newProvider(t, idp, nil)
	_, _, err := sp.Asked(httptest.NewRequest(http.MethodGet, "/ls/?SAMLRequest=x", nil))
	require.ErrorIs(t, err, saml.ErrRefused)
	_, err = saml.New(saml.Options{Metadata: here + "metadata/", Callback: here + "acs/", Logout: "nowhere", Provider: idp.Metadata(t)})
	require.ErrorContains(t, err, "the address of log-outs")
}
