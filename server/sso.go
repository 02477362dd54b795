package server

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/kit/window"
	"github.com/wispwright/wispwright/tenancy/sso"
	"github.com/wispwright/wispwright/tenancy/sso/ssohttp"
	"github.com/wispwright/wispwright/tenancy/sso/ssosql"
)

// ssoConfig is how administrators log in with an account elsewhere.
type ssoConfig struct {
	// Issuer is the provider.
	Issuer string `koanf:"issuer" doc:"Address of the provider of OpenID Connect that administrators may log in with, such as https://id.example.org/realms/main. Empty: none. Its callback is SITE_URL/accounts/oidc/callback/."`
	// Label is what the button says.
	Label string `koanf:"label" doc:"What the button of the log-in calls it."`
	// ClientID is this program there.
	ClientID string `koanf:"client_id" doc:"What this program is called there."`
	// ClientSecret proves it.
	ClientSecret wispwright.Secret `koanf:"client_secret" doc:"What proves that it is this program."`
	// Scopes are asked for.
	Scopes []string `koanf:"scopes" doc:"What is asked for beside openid; a provider may want one for groups."`
	// GroupsClaim is where groups stand.
	GroupsClaim string `koanf:"groups_claim" doc:"Claim with the groups of a person."`
	// UsernameClaim is where the name stands.
	UsernameClaim string `koanf:"username_claim" doc:"Claim with the user name of a person, for new accounts."`
	// LogInGroups may log in.
	LogInGroups []string `koanf:"login_groups" doc:"Groups there that may log in; empty: everybody whom the provider lets in."`
	// SuperuserGroups become superusers.
	SuperuserGroups []string `koanf:"superuser_groups" doc:"Groups there whose members are superusers, as long as they are in one; empty: the provider does not decide."`
	// Groups map.
	Groups map[string]any `koanf:"groups" doc:"Groups of permissions here, by groups there, such as {noc: Operator}. They are given and taken at each log-in; groups that are not named stay."`
	// Organizations map.
	Organizations map[string]any `koanf:"organizations" doc:"Organizations here, by groups there: a slug for members, slug:manager for managers."`
	// Create makes accounts.
	Create bool `koanf:"create" doc:"Make accounts for people who have none."`
	// MatchEmail finds accounts.
	MatchEmail bool `koanf:"match_email" doc:"At the first log-in bind the account with the person's e-mail address, where the provider has verified it."`
	// SAMLMetadata describes the provider.
	SAMLMetadata string `koanf:"saml_metadata" doc:"Metadata of a provider of SAML 2.0 that administrators may log in with: an address, or a file. Empty: none. Its service provider is described at SITE_URL/accounts/saml/metadata/."`
	// SAMLProvider picks one of several.
	SAMLProvider string `koanf:"saml_provider" doc:"Entity id of the provider, where the metadata describe several."`
	// SAMLEntityID is this program there.
	SAMLEntityID string `koanf:"saml_entity_id" doc:"What this program is called there; empty: the address of its metadata."`
	// SAMLLabel is what the button says.
	SAMLLabel string `koanf:"saml_label" doc:"What the button of the log-in calls it."`
	// SAMLCertificate signs and opens.
	SAMLCertificate string `koanf:"saml_certificate" doc:"File with a certificate (PEM): what is asked is signed, and assertions may be encrypted for it."`
	// SAMLKey is its key.
	SAMLKey string `koanf:"saml_key" doc:"File with the private key of the certificate (PEM)."`
	// SAMLSubjectAttribute names people.
	SAMLSubjectAttribute string `koanf:"saml_subject_attribute" doc:"Attribute that names a person for good; empty: the name id, which must not be transient then."`
	// SAMLUsernameAttribute is the name.
	SAMLUsernameAttribute string `koanf:"saml_username_attribute" doc:"Attribute with the user name, for new accounts; empty: the usual names."`
	// SAMLEmailAttribute is the address.
	SAMLEmailAttribute string `koanf:"saml_email_attribute" doc:"Attribute with the e-mail address; empty: the usual names."`
	// SAMLGroupsAttribute is the groups.
	SAMLGroupsAttribute string `koanf:"saml_groups_attribute" doc:"Attribute with the groups of a person; empty: the usual names."`
	// SAMLTrustEmail takes addresses for verified.
	SAMLTrustEmail bool `koanf:"saml_trust_email" doc:"The provider has verified its people's e-mail addresses, as match_email demands."`
}

// ssoConcern lets administrators in by an account elsewhere.
type ssoConcern struct {
	Config  ssoConfig
	Tenancy *TenancyConcern
	mounted bool
}

var _ WithSettings = (*ssoConcern)(nil)

func defaultSSOConfig() ssoConfig {
	return ssoConfig{Label: "single sign-on", Scopes: []string{"profile", "email"}, GroupsClaim: "groups", UsernameClaim: "preferred_username",
		LogInGroups: []string{}, SuperuserGroups: []string{}, Groups: map[string]any{}, Organizations: map[string]any{}, SAMLLabel: "SAML"}
}

func newSSO(t *TenancyConcern) *ssoConcern {
	return &ssoConcern{Config: defaultSSOConfig(), Tenancy: t}
}

// Name implements Concern.
func (c *ssoConcern) Name() string { return "sso" }

// Migrations implements Concern.
func (c *ssoConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{ssosql.Migrations()}
}

// Section implements WithSettings.
func (c *ssoConcern) Section() Section {
	defaults := defaultSSOConfig()
	return Section{&c.Config, &defaults}
}

// Check returns what is wrong with the settings, by key.
func (c *ssoConfig) Check() error {
	e := &wispwright.ValidationError{}
	if checkSAML(e, c.SAMLMetadata, c.SAMLCertificate, c.SAMLKey); c.Issuer == "" && c.SAMLMetadata == "" {
		return e.Err()
	}
	u, err := url.Parse(c.Issuer)
	switch {
	case c.Issuer == "":
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		e.Add("issuer", "must be an address, as https://HOST.")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		e.Add("issuer", "must be https, unless it is on this machine.")
	}
	if c.Issuer != "" && c.ClientID == "" {
		e.Add("client_id", "is needed with an issuer.")
	}
	for key, m := range map[string]map[string]any{"groups": c.Groups, "organizations": c.Organizations} {
		if _, err := texts(m); err != nil {
			e.Add(key, "must hold a text for each group.")
		}
	}
	return e.Err()
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

var errNoText = errors.New("no text")

func texts(m map[string]any) (map[string]string, error) {
	out := make(map[string]string, len(m))
	for key, value := range m {
		text, ok := value.(string)
		if !ok || text == "" {
			return nil, errNoText
		}
		out[key] = text
	}
	return out, nil
}

// ssoAttempts is how often a client may begin within a minute.
const ssoAttempts = 30

// Mount implements Concern.
func (c *ssoConcern) Mount(_ context.Context, h *Host) error {
	if c.mounted {
		return errors.New("it is mounted already")
	}
	if err := h.Mounted(c.Tenancy); err != nil {
		return err
	}
	c.mounted = true
	accounts, err := c.accounts(h)
	if err != nil {
		return err
	}
	attempts := window.New(ssoAttempts, time.Minute, nil)
	o := ssohttp.Options{
		Label: c.Config.Label, Redirect: strings.TrimSuffix(c.Tenancy.Config.SiteURL, "/") + ssohttp.Path + "callback/", Open: c.Tenancy.wire.OpenSession,
		Secure: h.Config().HTTP.SecureCookies || h.Config().tls(), Admit: func(r *http.Request) bool { return attempts.Allow(rest.ClientAddress(r, true)) == 0 }, Log: h.Log(),
	}
	if err := c.mountSAML(h, accounts, o); err != nil {
		return err
	}
	if c.Config.SAMLMetadata != "" {
		o.Others = []ssohttp.Button{c.Config.samlButton()}
	}
	if c.Config.Issuer == "" {
		h.Handle(ssohttp.Path, ssohttp.Buttons(o.Others...), ssohttp.Path)
		return nil
	}
	provider, err := sso.NewProvider(sso.ProviderOptions{Issuer: c.Config.Issuer, ClientID: c.Config.ClientID, ClientSecret: c.Config.ClientSecret,
		Scopes: c.Config.Scopes, GroupsClaim: c.Config.GroupsClaim, UsernameClaim: c.Config.UsernameClaim})
	if err != nil {
		return err
	}
	wire, err := ssohttp.New(provider, accounts, o)
	if err != nil {
		return err
	}
	h.Handle(ssohttp.Path, wire, ssohttp.Path)
	return nil
}

// accounts are the accounts of people of providers, under the rules of the settings.
func (c *ssoConcern) accounts(h *Host) (*sso.Accounts, error) {
	identities, err := ssosql.New(h.DB())
	if err != nil {
		return nil, err
	}
	rules := sso.Rules{LogIn: c.Config.LogInGroups, Superuser: c.Config.SuperuserGroups, Create: c.Config.Create, MatchEmail: c.Config.MatchEmail}
	if rules.Groups, err = texts(c.Config.Groups); err != nil {
		return nil, err
	}
	if rules.Organizations, err = texts(c.Config.Organizations); err != nil {
		return nil, err
	}
	return sso.NewAccounts(h.DB(), c.Tenancy.Tenancy, identities, rules)
}
