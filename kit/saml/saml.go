// Package saml asks an identity provider of SAML 2.0 who somebody is: the side of the
// service provider in the web browser profile. A browser is sent with Begin and comes back
// with a form that Finish reads:
//
//	address, flow, err := sp.Begin(ctx, "")
//	…the browser keeps flow.Seal(secret) in a cookie, and goes to the address…
//	assertion, err := sp.Finish(r, flow)
//
// Only answers to what was asked are taken, each once on a node, signed by a key of the
// provider's metadata and never with SHA-1. Which account an attribute belongs to is the caller's business.
package saml

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/crewjam/saml"
	"github.com/crewjam/saml/samlsp"
	dsig "github.com/russellhaering/goxmldsig"
)

// Options are what New needs.
type Options struct {
	// EntityID is what this program is called at the provider. Default: Metadata.
	EntityID string
	// Metadata is the address under which the document of MetadataXML stands, and
	// Callback the address to which browsers come back. Both are required.
	Metadata, Callback string
	// Logout is the address to which browsers come back from logging out; empty: nobody is
	// told of log-outs.
	Logout string
	// Provider is the provider's metadata, or the address of it; one of both is required.
	Provider        []byte
	ProviderAddress string
	// ProviderID picks one of several providers of the metadata; empty: it has one.
	ProviderID string
	// Key and Certificate sign what is asked, and open what was encrypted for this
	// program; both nil: neither.
	Key         crypto.Signer
	Certificate *x509.Certificate
	// Client asks for the metadata. Default: one that waits for ten seconds.
	Client *http.Client
}

// Assertion is what a provider says of somebody.
type Assertion struct {
	// Issuer is the provider, by its entity id.
	Issuer string
	// NameID is what the provider calls the person, of the kind Format; with Transient set
	// only this once. Index is what it calls the session, "" for nothing.
	NameID, Format, Index string
	Transient             bool
	// Attributes are all values by the attribute's name, and by its friendly name where
	// no attribute has that name.
	Attributes map[string][]string
}

// First is the first value of an attribute, or "".
func (a *Assertion) First(name string) string {
	if values := a.Attributes[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// ErrRefused says that an answer is not believed, or that the provider did not let
// somebody in; it is wrapped with the reason, which is for the log.
var ErrRefused = errors.New("the answer of the provider was refused")

// ServiceProvider is this program beside one provider. Metadata with an address is asked
// for when it is needed first and once every few hours; the last one stays when that fails.
type ServiceProvider struct {
	options Options
	sp      saml.ServiceProvider

	lock  sync.Mutex
	found *saml.EntityDescriptor
	until time.Time
}

// metadataFor is how long metadata is taken for fresh; a provider that is away is asked
// again after metadataAgain.
const (
	metadataFor   = 6 * time.Hour
	metadataAgain = time.Minute
	metadataLimit = 8 << 20
)

// New returns one; no provider is asked.
func New(o Options) (*ServiceProvider, error) {
	if (len(o.Provider) == 0) == (o.ProviderAddress == "") {
		return nil, errors.New("saml: the provider's metadata or its address is required")
	}
	if (o.Key == nil) != (o.Certificate == nil) {
		return nil, errors.New("saml: a key and its certificate belong together")
	}
	metadata, err := address(o.Metadata)
	if err != nil {
		return nil, fmt.Errorf("saml: the address of the metadata: %w", err)
	}
	callback, err := address(o.Callback)
	if err != nil {
		return nil, fmt.Errorf("saml: the address of the callback: %w", err)
	}
	logout := &url.URL{}
	var bindings []string
	if o.Logout != "" {
		if logout, err = address(o.Logout); err != nil {
			return nil, fmt.Errorf("saml: the address of log-outs: %w", err)
		}
		bindings = []string{saml.HTTPRedirectBinding, saml.HTTPPostBinding}
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second}
	}
	if o.EntityID == "" {
		o.EntityID = o.Metadata
	}
	s := &ServiceProvider{options: o, sp: saml.ServiceProvider{
		EntityID: o.EntityID, MetadataURL: *metadata, AcsURL: *callback, SloURL: *logout, LogoutBindings: bindings, Key: o.Key, Certificate: o.Certificate,
		AuthnNameIDFormat: saml.UnspecifiedNameIDFormat, AssertionConsumerServiceBindings: []string{saml.HTTPPostBinding},
		RejectSHA1Signatures: true, RejectExpiredIDPMetadata: true, RequireSignedResponseForCBC: true, IgnoreCertificateExpiry: true, ReplayCache: newUsed(),
		MetadataOmitValidUntil: true,
	}}
	if o.Key != nil {
		s.sp.SignatureMethod = dsig.RSASHA256SignatureMethod
		if o.Certificate.PublicKeyAlgorithm == x509.ECDSA {
			s.sp.SignatureMethod = dsig.ECDSASHA256SignatureMethod
		}
	}
	if len(o.Provider) > 0 {
		if s.found, err = parse(o.Provider, o.ProviderID); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func address(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err == nil && (u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		err = fmt.Errorf("%q is no address", text)
	}
	return u, err
}

// parse reads metadata that must hold a provider to which browsers can be sent.
func parse(raw []byte, id string) (*saml.EntityDescriptor, error) {
	var e *saml.EntityDescriptor
	var err error
	if id != "" {
		e, err = samlsp.ParseMetadataByEntityID(raw, id)
	} else {
		e, err = samlsp.ParseMetadata(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("saml: read the provider's metadata: %w", err)
	}
	trial := saml.ServiceProvider{IDPMetadata: e}
	if trial.GetSSOBindingLocation(saml.HTTPRedirectBinding) == "" {
		return nil, errors.New("saml: the provider's metadata names no address for redirects of browsers")
	}
	return e, nil
}

// ready returns a copy of the service provider with the provider's metadata of now.
func (s *ServiceProvider) ready(ctx context.Context) (*saml.ServiceProvider, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.options.ProviderAddress != "" && time.Now().After(s.until) {
		e, err := s.fetch(ctx)
		switch {
		case err == nil:
			s.found, s.until = e, time.Now().Add(metadataFor)
		case s.found == nil:
			return nil, err
		default:
			s.until = time.Now().Add(metadataAgain)
		}
	}
	sp := s.sp
	sp.IDPMetadata = s.found
	return &sp, nil
}

func (s *ServiceProvider) fetch(ctx context.Context) (e *saml.EntityDescriptor, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.options.ProviderAddress, nil)
	if err != nil {
		return nil, err
	}
	answer, err := s.options.Client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("saml: ask for the provider's metadata: %w", err)
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("saml: ask for the provider's metadata: status %d", answer.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(answer.Body, metadataLimit+1))
	if err != nil {
		return nil, fmt.Errorf("saml: read the provider's metadata: %w", err)
	}
	if len(raw) > metadataLimit {
		return nil, fmt.Errorf("saml: the provider's metadata are larger than %d bytes", metadataLimit)
	}
	return parse(raw, s.options.ProviderID)
}

// Describe returns the provider's entity id, and what it calls itself for people.
func (s *ServiceProvider) Describe(ctx context.Context) (id, name string, err error) {
	sp, err := s.ready(ctx)
	if err != nil {
		return "", "", err
	}
	e := sp.IDPMetadata
	name = e.EntityID
	if o := e.Organization; o != nil {
		for _, names := range [][]saml.LocalizedName{o.OrganizationNames, o.OrganizationDisplayNames} {
			if len(names) > 0 && names[0].Value != "" {
				name = names[0].Value
			}
		}
	}
	return e.EntityID, name, nil
}

// MetadataXML is what the provider must know of this program.
func (s *ServiceProvider) MetadataXML() ([]byte, error) {
	raw, err := xml.MarshalIndent(s.sp.Metadata(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("saml: write the metadata: %w", err)
	}
	return append([]byte(xml.Header), append(raw, '\n')...), nil
}

// Begin returns where the browser goes, and the flow that it brings back. next is kept in
// the flow for the caller.
func (s *ServiceProvider) Begin(ctx context.Context, next string) (where string, f Flow, err error) {
	sp, err := s.ready(ctx)
	if err != nil {
		return "", Flow{}, err
	}
	request, err := sp.MakeAuthenticationRequest(sp.GetSSOBindingLocation(saml.HTTPRedirectBinding), saml.HTTPRedirectBinding, saml.HTTPPostBinding)
	if err != nil {
		return "", Flow{}, fmt.Errorf("saml: ask the provider: %w", err)
	}
	f = Flow{Request: request.ID, State: rand.Text(), Next: next, Provider: sp.IDPMetadata.EntityID, Expires: time.Now().Add(flowFor)}
	u, err := request.Redirect(f.State, sp)
	if err != nil {
		return "", Flow{}, fmt.Errorf("saml: ask the provider: %w", err)
	}
	return u.String(), f, nil
}

// Finish reads the form that a browser came back with. Errors that wrap ErrRefused say
// why it is not believed.
func (s *ServiceProvider) Finish(r *http.Request, f Flow) (*Assertion, error) {
	if f.Request == "" || time.Now().After(f.Expires) || !same(f.State, r.PostFormValue("RelayState")) {
		return nil, fmt.Errorf("%w: it took too long, or was begun in another browser", ErrRefused)
	}
	sp, err := s.ready(r.Context())
	if err != nil {
		return nil, err
	}
	// the address as the provider knows it: behind a proxy the request has another
	here := r.Clone(r.Context())
	here.URL = &sp.AcsURL
	here.Form = url.Values{"SAMLResponse": r.PostForm["SAMLResponse"]}
	here.PostForm = here.Form
	a, err := sp.ParseResponse(here, []string{f.Request})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, inside(err))
	}
	return asserted(a)
}

func asserted(a *saml.Assertion) (*Assertion, error) {
	if a.Subject == nil || a.Subject.NameID == nil || a.Subject.NameID.Value == "" {
		return nil, fmt.Errorf("%w: it does not say who it is", ErrRefused)
	}
	o := &Assertion{Issuer: a.Issuer.Value, NameID: a.Subject.NameID.Value, Format: a.Subject.NameID.Format, Transient: a.Subject.NameID.Format == string(saml.TransientNameIDFormat), Attributes: map[string][]string{}}
	for _, s := range a.AuthnStatements {
		o.Index = s.SessionIndex
	}
	friendly := map[string][]string{}
	for _, s := range a.AttributeStatements {
		for _, attribute := range s.Attributes {
			for _, v := range attribute.Values {
				o.Attributes[attribute.Name] = append(o.Attributes[attribute.Name], v.Value)
				if attribute.FriendlyName != "" {
					friendly[attribute.FriendlyName] = append(friendly[attribute.FriendlyName], v.Value)
				}
			}
		}
	}
	for name, values := range friendly {
		if _, taken := o.Attributes[name]; !taken {
			o.Attributes[name] = values
		}
	}
	return o, nil
}
