package sso

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/wispwright/wispwright"
)

// ProviderOptions say which provider is asked.
type ProviderOptions struct {
	// Issuer is the provider's address, below which its discovery document lies.
	Issuer string
	// ClientID and ClientSecret are what this program is known as there.
	ClientID     string
	ClientSecret wispwright.Secret
	// Scopes are asked for beside "openid". Default: profile, email.
	Scopes []string
	// GroupsClaim is where the groups of a person stand. Default: "groups".
	GroupsClaim string
	// UsernameClaim is where the user name stands. Default: "preferred_username".
	UsernameClaim string
	// Client asks the provider. Default: one that waits for ten seconds.
	Client *http.Client
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// Person is whom a provider vouches for.
type Person struct {
	// Issuer and Subject are the provider and its own, lasting name of the person.
	Issuer, Subject string
	// Username, Email, FirstName and LastName are what the person is called; empty where
	// the provider does not say.
	Username, Email, FirstName, LastName string
	// EmailVerified says that the provider has seen that the address is the person's.
	EmailVerified bool
	// Groups are the groups there.
	Groups []string
}

// Flow is one log-in that is under way; it stays with the browser that began it.
type Flow struct {
	// State comes back with the browser, Nonce within the token, and Verifier proves
	// that the program that redeems the code began the flow.
	State, Nonce, Verifier string
	// Expires ends the flow.
	Expires time.Time
}

// flowFor is how long somebody may take to log in there.
const flowFor = 10 * time.Minute

// ErrRefused says that a provider, or a rule here, does not let somebody in; it is
// wrapped with a sentence for the person.
var ErrRefused = errors.New("the log-in was refused")

// Provider is a provider of OpenID Connect. It is found when it is needed first, so that
// one that is away does not keep the program from starting.
type Provider struct {
	options ProviderOptions

	lock  sync.Mutex
	found *oidc.Provider
}

// NewProvider returns one; the provider is not asked.
func NewProvider(o ProviderOptions) (*Provider, error) {
	if o.Issuer == "" || o.ClientID == "" {
		return nil, errors.New("sso: an issuer and a client id are required")
	}
	if o.Scopes == nil {
		o.Scopes = []string{"profile", "email"}
	}
	if o.GroupsClaim == "" {
		o.GroupsClaim = "groups"
	}
	if o.UsernameClaim == "" {
		o.UsernameClaim = "preferred_username"
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return &Provider{options: o}, nil
}

func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// the keys are fetched with this context later on: it must not end with the request
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.options.Client), p.options.Issuer)
	if err != nil {
		return nil, fmt.Errorf("sso: ask %s: %w", p.options.Issuer, err)
	}
	p.found = found
	return found, nil
}

func (p *Provider) config(found *oidc.Provider, redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.options.ClientID, ClientSecret: p.options.ClientSecret.Reveal(), Endpoint: found.Endpoint(), RedirectURL: redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.options.Scopes...),
	}
}

// Begin returns where the browser goes, and the flow that it brings back.
func (p *Provider) Begin(ctx context.Context, redirect string) (address string, f Flow, err error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", Flow{}, err
	}
	f = Flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Expires: p.options.Clock().Add(flowFor)}
	return p.config(found, redirect).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), f, nil
}

// Finish redeems the code that the browser came back with.
func (p *Provider) Finish(ctx context.Context, redirect string, f Flow, state, code string) (*Person, error) {
	if f.State == "" || subtle.ConstantTimeCompare([]byte(f.State), []byte(state)) != 1 || p.options.Clock().After(f.Expires) {
		return nil, fmt.Errorf("%w: it took too long, or was begun in another browser; begin anew", ErrRefused)
	}
	found, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	ctx = oidc.ClientContext(ctx, p.options.Client)
	token, err := p.config(found, redirect).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return nil, fmt.Errorf("%w: the provider does not confirm it: %w", ErrRefused, err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, fmt.Errorf("%w: the provider sent no id token", ErrRefused)
	}
	id, err := found.Verifier(&oidc.Config{ClientID: p.options.ClientID, Now: p.options.Clock}).Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.Nonce)) != 1 {
		return nil, fmt.Errorf("%w: the token belongs to another log-in", ErrRefused)
	}
	return p.person(id)
}

func (p *Provider) person(id *oidc.IDToken) (*Person, error) {
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return nil, fmt.Errorf("%w: the token cannot be read: %w", ErrRefused, err)
	}
	text := func(name string) string {
		s, _ := claims[name].(string)
		return strings.TrimSpace(s)
	}
	o := &Person{
		Issuer: id.Issuer, Subject: id.Subject, Username: text(p.options.UsernameClaim), Email: text("email"),
		FirstName: text("given_name"), LastName: text("family_name"),
	}
	o.EmailVerified, _ = claims["email_verified"].(bool)
	switch groups := claims[p.options.GroupsClaim].(type) {
	case []any:
		for _, g := range groups {
			if name, ok := g.(string); ok {
				o.Groups = append(o.Groups, name)
			}
		}
	case string:
		o.Groups = strings.Fields(groups)
	}
	return o, nil
}
