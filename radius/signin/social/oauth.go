package social

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/endpoints"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy/sso"
)

// Provider vouches for people. *sso.Provider is one of OpenID Connect, *OAuth one of
// those that know OAuth 2.0 alone.
type Provider interface {
	// Begin returns where the browser goes, and the flow that it brings back.
	Begin(ctx context.Context, redirect string) (address string, f sso.Flow, err error)
	// Finish redeems the code that the browser came back with. Errors that wrap
	// sso.ErrRefused say why somebody does not come in.
	Finish(ctx context.Context, redirect string, f sso.Flow, state, code string) (*sso.Person, error)
}

var _ Provider = (*sso.Provider)(nil)

// OAuth is a provider that tells who somebody is at an address of its own.
type OAuth struct {
	// Issuer names the provider for good.
	Issuer string
	// ClientID and ClientSecret are what this program is known as there.
	ClientID     string
	ClientSecret wispwright.Secret
	// Endpoint is where codes are given and redeemed, Scopes what is asked for.
	Endpoint oauth2.Endpoint
	Scopes   []string
	// Person is where the provider tells who it is, as JSON.
	Person string
	// Emails is where it tells which addresses it has verified, as a list of objects with
	// email, primary and verified; empty: it tells of none.
	Emails string
	// Client asks the provider. Default: one that waits for ten seconds.
	Client *http.Client
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// Google is Google's provider of OpenID Connect.
func Google(id string, secret wispwright.Secret) (Provider, error) {
	return sso.NewProvider(sso.ProviderOptions{Issuer: "https://accounts.google.com", ClientID: id, ClientSecret: secret, UsernameClaim: "email"})
}

// Facebook tells of no address whether it is the person's.
func Facebook(id string, secret wispwright.Secret) *OAuth {
	return &OAuth{Issuer: "https://www.facebook.com", ClientID: id, ClientSecret: secret, Endpoint: endpoints.Facebook, Scopes: []string{"public_profile", "email"},
		Person: "https://graph.facebook.com/me?fields=id,name,first_name,last_name,email"}
}

// GitHub is GitHub's provider.
func GitHub(id string, secret wispwright.Secret) *OAuth {
	return &OAuth{Issuer: "https://github.com", ClientID: id, ClientSecret: secret, Endpoint: endpoints.GitHub, Scopes: []string{"read:user", "user:email"},
		Person: "https://api.github.com/user", Emails: "https://api.github.com/user/emails"}
}

// flowFor is how long somebody may take to log in there.
const flowFor = 10 * time.Minute

func (o *OAuth) now() time.Time {
	if o.Clock == nil {
		return time.Now()
	}
	return o.Clock()
}

func (o *OAuth) config(redirect string) *oauth2.Config {
	return &oauth2.Config{ClientID: o.ClientID, ClientSecret: o.ClientSecret.Reveal(), Endpoint: o.Endpoint, RedirectURL: redirect, Scopes: o.Scopes}
}

// Begin implements Provider.
func (o *OAuth) Begin(_ context.Context, redirect string) (string, sso.Flow, error) {
	f := sso.Flow{State: rand.Text(), Verifier: oauth2.GenerateVerifier(), Expires: o.now().Add(flowFor)}
	return o.config(redirect).AuthCodeURL(f.State, oauth2.S256ChallengeOption(f.Verifier)), f, nil
}

// Finish implements Provider.
func (o *OAuth) Finish(ctx context.Context, redirect string, f sso.Flow, state, code string) (*sso.Person, error) {
	if f.State == "" || subtle.ConstantTimeCompare([]byte(f.State), []byte(state)) != 1 || o.now().After(f.Expires) {
		return nil, fmt.Errorf("%w: it took too long, or was begun in another browser; begin anew", sso.ErrRefused)
	}
	client := o.Client
	if client == nil {
		client = &http.Client{Timeout: 10 * time.Second}
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, client)
	token, err := o.config(redirect).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return nil, fmt.Errorf("%w: the provider does not confirm it: %w", sso.ErrRefused, err)
	}
	asked := o.config(redirect).Client(ctx, token)
	said := map[string]any{}
	if err := ask(ctx, asked, o.Person, &said); err != nil {
		return nil, err
	}
	p := person(said)
	p.Issuer = o.Issuer
	if p.Subject == "" {
		return nil, fmt.Errorf("%w: the provider does not say who it is", sso.ErrRefused)
	}
	if o.Emails == "" {
		return p, nil
	}
	var emails []struct {
		Email             string
		Primary, Verified bool
	}
	if err := ask(ctx, asked, o.Emails, &emails); err != nil {
		return nil, err
	}
	for _, e := range emails {
		if e.Primary && e.Verified {
			p.Email, p.EmailVerified = e.Email, true
		}
	}
	return p, nil
}

// mostAnswer bounds what a provider tells of a person, in bytes.
const mostAnswer = 1 << 20

func ask(ctx context.Context, client *http.Client, address string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("social: ask the provider: %w", err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("social: the provider answers %s", answer.Status)
	}
	d := json.NewDecoder(io.LimitReader(answer.Body, mostAnswer))
	d.UseNumber() // names that are numbers have more digits than a float
	if err := d.Decode(into); err != nil {
		return errors.New("social: the provider's answer cannot be read")
	}
	return nil
}

// person reads what providers say, each under names of its own.
func person(said map[string]any) *sso.Person {
	text := func(names ...string) string {
		for _, name := range names {
			switch v := said[name].(type) {
			case string:
				if v = strings.TrimSpace(v); v != "" {
					return v
				}
			case json.Number:
				return v.String()
			}
		}
		return ""
	}
	p := &sso.Person{Subject: text("sub", "id"), Username: text("preferred_username", "login"), Email: text("email"), FirstName: text("given_name", "first_name"), LastName: text("family_name", "last_name")}
	if p.FirstName == "" && p.LastName == "" {
		p.FirstName, p.LastName, _ = strings.Cut(text("name"), " ")
	}
	return p
}
