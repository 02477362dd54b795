// Package samltest is an identity provider of SAML 2.0 on loopback, for tests of whatever
// logs people in with one.
package samltest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"encoding/xml"
	"html"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/stretchr/testify/require"
)

// IDP is a provider. What it says of the person is set by the test.
type IDP struct {
	*httptest.Server
	// Session is the person who is logged in there; nil: nobody, and it refuses.
	Session *saml.Session
	// Inner is the provider, for tests that spoil it.
	Inner *saml.IdentityProvider
	// Asked counts requests for its metadata, Left people who were logged out.
	Asked, Left int

	lock  sync.Mutex
	known map[string]*saml.EntityDescriptor
	// last is the session of who was let in last, with where that was
	last *saml.Session
	at   []saml.SessionParticipant
}

// NewKey returns a key with a certificate of its own.
func NewKey(t testing.TB) (*rsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return key, certificate
}

// PEM returns what NewKey does, as it stands in files.
func PEM(t testing.TB) (key, certificate []byte) {
	t.Helper()
	k, c := NewKey(t)
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// New returns a provider that knows no service provider yet.
func New(t testing.TB) *IDP {
	t.Helper()
	key, certificate := NewKey(t)
	p := &IDP{known: map[string]*saml.EntityDescriptor{}}
	mux := http.NewServeMux()
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	at := func(path string) url.URL {
		u, err := url.Parse(p.URL + path)
		require.NoError(t, err)
		return *u
	}
	p.Inner = &saml.IdentityProvider{Key: key, Certificate: certificate, MetadataURL: at("/metadata"), SSOURL: at("/sso"), LogoutURL: at("/slo"), ServiceProviderProvider: p, SessionProvider: p, SignatureMethod: dsig.RSASHA256SignatureMethod}
	mux.HandleFunc("/metadata", func(w http.ResponseWriter, r *http.Request) {
		p.lock.Lock()
		p.Asked++
		p.lock.Unlock()
		p.Inner.ServeMetadata(w, r)
	})
	mux.HandleFunc("/sso", p.Inner.ServeSSO)
	mux.HandleFunc("/slo", p.Inner.ServeSLO)
	mux.HandleFunc("/leave", func(w http.ResponseWriter, r *http.Request) { p.Inner.StartLogout(w, r, p.last, "") })
	return p
}

// Metadata is the provider's document.
func (p *IDP) Metadata(t testing.TB) []byte {
	t.Helper()
	raw, err := xml.Marshal(p.Inner.Metadata())
	require.NoError(t, err)
	return raw
}

// Trust makes a service provider known by its metadata.
func (p *IDP) Trust(t testing.TB, metadata []byte) {
	t.Helper()
	e := &saml.EntityDescriptor{}
	require.NoError(t, xml.Unmarshal(metadata, e))
	p.lock.Lock()
	defer p.lock.Unlock()
	p.known[e.EntityID] = e
}

// GetServiceProvider implements saml.ServiceProviderProvider.
func (p *IDP) GetServiceProvider(_ *http.Request, id string) (*saml.EntityDescriptor, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if e := p.known[id]; e != nil {
		return e, nil
	}
	return nil, os.ErrNotExist
}

// GetSession implements saml.SessionProvider.
func (p *IDP) GetSession(w http.ResponseWriter, _ *http.Request, _ *saml.IdpAuthnRequest) *saml.Session {
	if p.Session == nil {
		http.Error(w, "nobody is logged in", http.StatusForbidden)
		return nil
	}
	s := *p.Session
	s.ID, s.CreateTime, s.ExpireTime, s.Index = "session", time.Now(), time.Now().Add(time.Hour), "1"
	p.lock.Lock()
	defer p.lock.Unlock()
	p.last, p.at = &s, nil
	return &s
}

// InvalidateSession implements saml.SessionInvalidator.
func (p *IDP) InvalidateSession(_ http.ResponseWriter, _ *http.Request, r *saml.IdpLogoutRequest) error {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.last != nil && r.MatchesSession(p.last) {
		p.Session, p.last = nil, nil
		p.Left++
	}
	return nil
}

// AddSessionParticipant implements saml.SessionParticipantTracker.
func (p *IDP) AddSessionParticipant(_ *http.Request, _ *saml.Session, at saml.SessionParticipant) error {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.at = append(p.at, at)
	return nil
}

// SessionParticipants implements saml.SessionParticipantTracker.
func (p *IDP) SessionParticipants(_ *http.Request, match func(*saml.Session) bool) ([]saml.SessionParticipant, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.last == nil || !match(p.last) {
		return nil, nil
	}
	return p.at, nil
}

// Leave is where somebody goes to log out at the provider, which tells the others.
func (p *IDP) Leave() string { return p.URL + "/leave" }

var (
	field  = regexp.MustCompile(`<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"`)
	action = regexp.MustCompile(`<form[^>]*action="([^"]+)"`)
)

// Form reads the first form of a page: where it goes, and its fields.
func Form(t testing.TB, page []byte) (where string, fields url.Values) {
	t.Helper()
	m := action.FindSubmatch(page)
	require.NotNil(t, m, "%s", page)
	fields = url.Values{}
	for _, f := range field.FindAllSubmatch(page, -1) {
		fields.Set(html.UnescapeString(string(f[1])), html.UnescapeString(string(f[2])))
	}
	return html.UnescapeString(string(m[1])), fields
}

// Spoil changes the answer within a form.
func Spoil(t testing.TB, fields url.Values, old, changed string) {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(fields.Get("SAMLResponse"))
	require.NoError(t, err)
	require.Contains(t, string(raw), old)
	fields.Set("SAMLResponse", base64.StdEncoding.EncodeToString(bytes.ReplaceAll(raw, []byte(old), []byte(changed))))
}
