package server

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/saml"
	"github.com/wispwright/wispwright/tenancy/sso"
	"github.com/wispwright/wispwright/tenancy/sso/ssohttp"
)

// checkSAML adds what is wrong with the settings of SAML.
func checkSAML(e *wispwright.ValidationError, metadata, certificate, key string) {
	if u, err := url.Parse(metadata); err == nil && u.Scheme == "http" && !loopback(u.Hostname()) {
		e.Add("saml_metadata", "must be https, unless it is on this machine.")
	}
	if (certificate == "") != (key == "") {
		e.Add("saml_key", "and certificate belong together.")
	}
}

func (c *ssoConfig) samlButton() ssohttp.Button {
	return ssohttp.Button{Label: c.SAMLLabel, URL: ssohttp.SAMLPath + "login/"}
}

// samlSource is what the settings of a section say of a provider of SAML.
type samlSource struct {
	section                                       string
	metadata, entity, provider, certificate, file string
}

// open returns the provider, for paths that begin with this address.
func (s samlSource) open(at string) (*saml.ServiceProvider, error) {
	o := saml.Options{EntityID: s.entity, Metadata: at + "metadata/", Callback: at + "acs/", ProviderID: s.provider}
	if s.section == "radius" { // administrators end their session here alone
		o.Logout = at + "ls/"
	}
	if strings.HasPrefix(s.metadata, "https://") || strings.HasPrefix(s.metadata, "http://") {
		o.ProviderAddress = s.metadata
	} else {
		raw, err := os.ReadFile(s.metadata)
		if err != nil {
			return nil, fmt.Errorf("%s.saml_metadata: %w", s.section, err)
		}
		o.Provider = raw
	}
	if s.certificate != "" {
		pair, err := tls.LoadX509KeyPair(s.certificate, s.file)
		if err != nil {
			return nil, fmt.Errorf("%s.saml_certificate: %w", s.section, err)
		}
		key, ok := pair.PrivateKey.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("%s.saml_key: a %T cannot sign", s.section, pair.PrivateKey)
		}
		o.Key = key
		if o.Certificate, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return nil, fmt.Errorf("%s.saml_certificate: %w", s.section, err)
		}
	}
	return saml.New(o)
}

// mountSAML serves the paths of SAML.
func (c *ssoConcern) mountSAML(h *Host, accounts *sso.Accounts, o ssohttp.Options) error {
	s := &c.Config
	if s.SAMLMetadata == "" {
		h.Handle(ssohttp.SAMLPath, http.NotFoundHandler(), ssohttp.SAMLPath)
		return nil
	}
	source := samlSource{"sso", s.SAMLMetadata, s.SAMLEntityID, s.SAMLProvider, s.SAMLCertificate, s.SAMLKey}
	provider, err := source.open(strings.TrimSuffix(c.Tenancy.Config.SiteURL, "/") + ssohttp.SAMLPath)
	if err != nil {
		return err
	}
	secret, err := h.SecretKey()
	if err != nil {
		return err
	}
	if secret == "" { // no data folder yet: the API is described, nothing is served
		secret = "none"
	}
	names := sso.AttributeNames{Subject: s.SAMLSubjectAttribute, Username: s.SAMLUsernameAttribute, Email: s.SAMLEmailAttribute, Groups: s.SAMLGroupsAttribute, TrustEmail: s.SAMLTrustEmail}
	wire, err := ssohttp.NewSAML(provider, accounts, names, secret, o)
	if err != nil {
		return err
	}
	h.Handle(ssohttp.SAMLPath, wire, ssohttp.SAMLPath)
	return nil
}
