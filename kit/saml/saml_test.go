package saml_test

import (
	"crypto"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	crewjam "github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/saml"
	"github.com/wispwright/wispwright/kit/saml/samltest"
)

const here = "https://nms.example.org/accounts/saml/"

func newProvider(t *testing.T, idp *samltest.IDP, change func(*saml.Options)) *saml.ServiceProvider {
	t.Helper()
	o := saml.Options{Metadata: here + "metadata/", Callback: here + "acs/", Provider: idp.Metadata(t)}
	if change != nil {
		change(&o)
	}
	sp, err := saml.New(o)
	require.NoError(t, err)
	metadata, err := sp.MetadataXML()
	require.NoError(t, err)
	idp.Trust(t, metadata)
	return sp
}

// ask goes to the provider and returns the form that it sends back.
func ask(t *testing.T, sp *saml.ServiceProvider) (saml.Flow, url.Values) {
	t.Helper()
	where, flow, err := sp.Begin(t.Context(), "/next/")
	require.NoError(t, err)
	answer, err := http.Get(where)
	require.NoError(t, err)
	page, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode, "%s", page)
	target, fields := samltest.Form(t, page)
	require.Equal(t, here+"acs/", target)
	return flow, fields
}

func form(fields url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://10.0.0.1:8080/behind/a/proxy/", strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func person() *crewjam.Session {
	return &crewjam.Session{NameID: "anna@example.org", NameIDFormat: string(crewjam.EmailAddressNameIDFormat), UserName: "anna", UserEmail: "anna@example.org", UserSurname: "Berg", Groups: []string{"noc", "staff"}}
}

func TestTheWayThereAndBack(t *testing.T) {
	idp := samltest.New(t)
	idp.Session = person()
	key, certificate := samltest.NewKey(t)
	for name, change := range map[string]func(*saml.Options){
		"plain":               nil,
		"signed, encrypted":   func(o *saml.Options) { o.Key, o.Certificate = key, certificate },
		"metadata by address": func(o *saml.Options) { o.Provider, o.ProviderAddress = nil, idp.URL+"/metadata" },
		"one of several":      func(o *saml.Options) { o.ProviderID = idp.URL + "/metadata" },
	} {
		t.Run(name, func(t *testing.T) {
			sp := newProvider(t, idp, change)
			flow, fields := ask(t, sp)
			require.Equal(t, "/next/", flow.Next)
			kept, ok := saml.OpenFlow("secret", flow.Seal("secret"))
			require.True(t, ok)
			a, err := sp.Finish(form(fields), kept)
			require.NoError(t, err)
			require.Equal(t, idp.URL+"/metadata", a.Issuer)
			require.Equal(t, "anna@example.org", a.NameID)
			require.False(t, a.Transient)
			require.Equal(t, []string{"noc", "staff"}, a.Attributes["eduPersonAffiliation"])
			require.Equal(t, "anna", a.First("urn:oid:0.9.2342.19200300.100.1.1"))
			require.Empty(t, a.First("unheard of"))

			_, err = sp.Finish(form(fields), kept)
			require.ErrorIs(t, err, saml.ErrRefused, "an answer is good once")
		})
	}
}

func TestAnswersThatAreNotBelieved(t *testing.T) {
	idp := samltest.New(t)
	idp.Session = person()
	sp := newProvider(t, idp, nil)
	cases := map[string]func(*saml.Flow, url.Values){
		"of another log-in":   func(f *saml.Flow, _ url.Values) { f.Request = "id-other" },
		"without a log-in":    func(f *saml.Flow, _ url.Values) { *f = saml.Flow{} },
		"with another state":  func(_ *saml.Flow, v url.Values) { v.Set("RelayState", "planted") },
		"too late":            func(f *saml.Flow, _ url.Values) { f.Expires = time.Now().Add(-time.Second) },
		"with another name":   func(_ *saml.Flow, v url.Values) { samltest.Spoil(t, v, "anna@example.org", "root@example.org") },
		"with another group":  func(_ *saml.Flow, v url.Values) { samltest.Spoil(t, v, ">staff<", ">wheel<") },
		"without a signature": func(_ *saml.Flow, v url.Values) { samltest.Spoil(t, v, "ds:Signature", "ds:Nature") },
		"for somebody else":   func(_ *saml.Flow, v url.Values) { samltest.Spoil(t, v, here+"acs/", "https://evil.example.org/") },
		"that is no XML":      func(_ *saml.Flow, v url.Values) { v.Set("SAMLResponse", "bm90IFhNTA==") },
		"that is nothing":     func(_ *saml.Flow, v url.Values) { v.Del("SAMLResponse") },
	}
	for name, spoil := range cases {
		flow, fields := ask(t, sp)
		spoil(&flow, fields)
		_, err := sp.Finish(form(fields), flow)
		require.ErrorIs(t, err, saml.ErrRefused, name)
	}
	// a name within a comment ends nothing
	flow, fields := ask(t, sp)
	samltest.Spoil(t, fields, "anna@example.org", "anna@example.org<!-- -->.evil.test")
	_, err := sp.Finish(form(fields), flow)
	require.ErrorIs(t, err, saml.ErrRefused)

	t.Run("of another key", func(t *testing.T) {
		flow, fields := ask(t, sp)
		other := samltest.New(t)
		stranger, err := saml.New(saml.Options{Metadata: here + "metadata/", Callback: here + "acs/", Provider: other.Metadata(t)})
		require.NoError(t, err)
		_, err = stranger.Finish(form(fields), flow)
		require.ErrorIs(t, err, saml.ErrRefused)
	})
	t.Run("signed with SHA-1", func(t *testing.T) {
		idp.Inner.SignatureMethod = dsig.RSASHA1SignatureMethod
		flow, fields := ask(t, sp)
		_, err := sp.Finish(form(fields), flow)
		require.ErrorIs(t, err, saml.ErrRefused)
	})
}

func TestTransientNames(t *testing.T) {
	idp := samltest.New(t)
	idp.Session = person()
	idp.Session.NameID, idp.Session.NameIDFormat = "_ce3d", string(crewjam.TransientNameIDFormat)
	sp := newProvider(t, idp, nil)
	flow, fields := ask(t, sp)
	a, err := sp.Finish(form(fields), flow)
	require.NoError(t, err)
	require.True(t, a.Transient)
}

// TestMetadataIsAskedForOnce: not at each log-in.
func TestMetadataIsAskedForOnce(t *testing.T) {
	idp := samltest.New(t)
	idp.Session = person()
	sp := newProvider(t, idp, func(o *saml.Options) { o.Provider, o.ProviderAddress = nil, idp.URL+"/metadata" })
	for range 3 {
		flow, fields := ask(t, sp)
		_, err := sp.Finish(form(fields), flow)
		require.NoError(t, err)
	}
	require.Equal(t, 1, idp.Asked)
	away, err := saml.New(saml.Options{Metadata: here, Callback: here, ProviderAddress: idp.URL + "/nowhere"})
	require.NoError(t, err)
	_, _, err = away.Begin(t.Context(), "")
	require.ErrorContains(t, err, "status 404")
}

func TestWhatNewWants(t *testing.T) {
	idp := samltest.New(t)
	key, certificate := samltest.NewKey(t)
	for name, o := range map[string]saml.Options{
		"no provider":       {Metadata: here, Callback: here},
		"two providers":     {Metadata: here, Callback: here, Provider: idp.Metadata(t), ProviderAddress: "https://idp.example.org/"},
		"no address":        {Metadata: "nms", Callback: here, Provider: idp.Metadata(t)},
		"no callback":       {Metadata: here, Provider: idp.Metadata(t)},
		"a key alone":       {Metadata: here, Callback: here, Provider: idp.Metadata(t), Key: crypto.Signer(key)},
		"certificate alone": {Metadata: here, Callback: here, Provider: idp.Metadata(t), Certificate: &x509.Certificate{Raw: certificate.Raw}},
		"no metadata":       {Metadata: here, Callback: here, Provider: []byte("<html/>")},
		"another provider":  {Metadata: here, Callback: here, Provider: idp.Metadata(t), ProviderID: "https://other.example.org/"},
	} {
		_, err := saml.New(o)
		require.Error(t, err, name)
	}
}

func TestFlowsOfOthers(t *testing.T) {
	f := saml.Flow{Request: "id-1", State: "s", Expires: time.Now().Add(time.Minute)}
	text := f.Seal("secret")
	for _, s := range []struct {
		secret wispwright.Secret
		text   string
	}{{"other", text}, {"secret", ""}, {"secret", "."}, {"secret", text + "x"}, {"secret", "e30" + text[3:]}} {
		_, ok := saml.OpenFlow(s.secret, s.text)
		require.False(t, ok, s.text)
	}
}

// TestTheSameFormOnceMore: the page holds what came, and nothing of it as code.
func TestTheSameFormOnceMore(t *testing.T) {
	w := httptest.NewRecorder()
	r := form(url.Values{"SAMLResponse": {`"><script>alert(1)</script>`}, "RelayState": {"s"}})
	require.False(t, saml.CameAgain(r))
	saml.Again(w, r)
	require.NotContains(t, w.Body.String(), "<script>alert")
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "script-src 'sha256-")
	where, fields := samltest.Form(t, w.Body.Bytes())
	require.Equal(t, "/behind/a/proxy/", where)
	require.Equal(t, `"><script>alert(1)</script>`, fields.Get("SAMLResponse"))
	require.True(t, saml.CameAgain(form(fields)))
}
