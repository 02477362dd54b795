package server

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/window"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/signin/social"
	"github.com/wispwright/wispwright/tenancy/sso"
	"github.com/wispwright/wispwright/tenancy/sso/ssosql"
)

// checkSocial looks at the settings of log-ins with accounts elsewhere.
func (c *RadiusConfig) checkSocial(e *wispwright.ValidationError) {
	for key, pair := range map[string]struct {
		id     string
		secret wispwright.Secret
	}{
		"social_google_secret": {c.SocialGoogleID, c.SocialGoogleKey}, "social_facebook_secret": {c.SocialFacebookID, c.SocialFacebookKey},
		"social_github_secret": {c.SocialGitHubID, c.SocialGitHubKey}, "social_client_secret": {c.SocialClientID, c.SocialClientSecret},
	} {
		if (pair.id == "") != (pair.secret == "") {
			e.Add(key, "client id and secret are needed together.")
		}
	}
	for _, one := range listed(c.SAMLMetadata, ",") {
		checkSAML(e, one, "", "")
	}
	checkSAML(e, "", c.SAMLCertificate, c.SAMLKey)
	if len(listed(c.SAMLMetadata, ",")) > 1 && c.SAMLProvider != "" {
		e.Add("saml_provider", "is for metadata of one place that has several providers.")
	}
	if _, err := texts(c.SAMLOrganizations); err != nil {
		e.Add("saml_organizations", "must hold a text for each organization.")
	}
	u, err := url.Parse(c.SocialIssuer)
	switch {
	case (c.SocialIssuer == "") != (c.SocialClientID == ""):
		e.Add("social_client_id", "address and client id of the provider are needed together.")
	case c.SocialIssuer == "":
	case err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		e.Add("social_issuer", "must be an address, as https://HOST.")
	}
}

// providers are who is asked of people with accounts elsewhere, by name.
func (c *RadiusConfig) providers() (map[string]social.Provider, error) {
	out := map[string]social.Provider{}
	var err error
	if c.SocialGoogleID != "" {
		if out["google"], err = social.Google(c.SocialGoogleID, c.SocialGoogleKey); err != nil {
			return nil, err
		}
	}
	if c.SocialFacebookID != "" {
		out["facebook"] = social.Facebook(c.SocialFacebookID, c.SocialFacebookKey)
	}
	if c.SocialGitHubID != "" {
		out["github"] = social.GitHub(c.SocialGitHubID, c.SocialGitHubKey)
	}
	if c.SocialIssuer != "" {
		if out["openid"], err = sso.NewProvider(sso.ProviderOptions{Issuer: c.SocialIssuer, ClientID: c.SocialClientID, ClientSecret: c.SocialClientSecret}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// methods are the ways to register.
func (c *RadiusConfig) methods() []radius.Method {
	out := radius.DefaultMethods()
	if c.SocialGoogleID != "" || c.SocialFacebookID != "" || c.SocialGitHubID != "" || c.SocialIssuer != "" {
		out = append(out, social.Method())
	}
	if c.SAMLMetadata != "" {
		out = append(out, social.SAMLMethod())
	}
	return out
}

// social lets people in with accounts that they have elsewhere.
func (c *RadiusConcern) social(h *Host) error {
	providers, err := c.Config.providers()
	if err != nil || len(providers) == 0 && c.Config.SAMLMetadata == "" {
		return err
	}
	identities, err := ssosql.New(h.DB())
	if err != nil {
		return err
	}
	accounts, err := social.NewAccounts(h.DB(), c.Tenancy.Tenancy, identities, c.Radius, c.signIn)
	if err != nil {
		return err
	}
	attempts := window.New(ssoAttempts, time.Minute, nil)
	o := social.Options{
		Providers: providers, Organization: c.signIn.Organization, Enter: accounts.By(social.Method(), false), Site: c.Tenancy.Config.SiteURL, Log: h.Log(),
		Secure: h.Config().HTTP.SecureCookies || h.Config().tls(), Admit: func(r *http.Request) bool { return attempts.Allow(rest.ClientAddress(r, true)) == 0 },
		Leads: c.leads,
	}
	if err := c.saml(h, accounts, o); err != nil || len(providers) == 0 {
		return err
	}
	wire, err := social.New(o)
	if err != nil {
		return err
	}
	h.Handle(social.SocialPath, wire, social.SocialPath)
	for name := range providers {
		h.Handle(social.AccountsPath+name+"/", wire, social.AccountsPath+name+"/")
	}
	return nil
}

// listed are the parts of a text that a separator divides, without what is empty.
func listed(text, separator string) (out []string) {
	for part := range strings.SplitSeq(text, separator) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// samlProviders are the institutions, for paths that begin with this address: one of each
// place, or several of one place.
func (c *RadiusConfig) samlProviders(site string) (out []social.SAMLProvider, err error) {
	ids := listed(c.SAMLProvider, ",")
	if len(ids) == 0 {
		ids = []string{""}
	}
	for _, metadata := range listed(c.SAMLMetadata, ",") {
		for _, id := range ids {
			p, err := samlSource{"radius", metadata, c.SAMLEntityID, id, c.SAMLCertificate, c.SAMLKey}.open(site)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
	}
	return out, nil
}

// saml lets people in with accounts of an institution.
func (c *RadiusConcern) saml(h *Host, accounts *social.Accounts, o social.Options) error {
	s := &c.Config
	if s.SAMLMetadata == "" {
		return nil
	}
	site := strings.TrimSuffix(o.Site, "/") + social.SAMLPath
	providers, err := s.samlProviders(site)
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
	o.Enter = accounts.By(social.SAMLMethod(), s.SAMLVerified)
	names := sso.AttributeNames{Subject: s.SAMLSubjectAttribute, Username: s.SAMLUsernameAttribute, Email: s.SAMLEmailAttribute, TrustEmail: s.SAMLTrustEmail}
	takes, err := texts(s.SAMLOrganizations)
	if err != nil {
		return err
	}
	wire, err := social.NewSAML(social.SAML{Providers: providers, Names: names, Leave: accounts.Leave, Secret: secret, Taken: func(slug, provider string) bool {
		some, named := takes[slug]
		return !named || slices.Contains(strings.Fields(some), provider)
	}}, o)
	if err != nil {
		return err
	}
	h.Handle(social.SAMLPath, wire, social.SAMLPath)
	return nil
}

// leads says whether people are led to a page with their keys: our own ones, and those
// that the organization named.
func (c *RadiusConcern) leads(ctx context.Context, in radius.InForce, page *url.URL) (bool, error) {
	own, err := c.Settings.Of(ctx, everyone(), in.Organization.ID)
	if err != nil {
		return false, err
	}
	for _, known := range []string{c.Tenancy.Config.SiteURL, own.LoginURL, own.StatusURL} {
		if u, err := url.Parse(known); err == nil && u.Host != "" && strings.EqualFold(u.Host, page.Host) && (u.Scheme == page.Scheme || page.Scheme == "https") {
			return true, nil
		}
	}
	return false, nil
}
