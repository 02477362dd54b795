package social

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/signin"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/sso"
)

// The ways to register, for radius.Options.Methods: anybody has an account elsewhere,
// while an institution knows its people.
func Method() radius.Method { return radius.Method{Name: "social_login", Label: "Social login"} }

// SAMLMethod is that of SAML.
func SAMLMethod() radius.Method {
	return radius.Method{Name: "saml", Label: "Single sign-on (SAML)", Strong: true}
}

// Accounts gives people of providers their accounts. Make it with NewAccounts.
type Accounts struct {
	tx         wispwright.Transactor
	t          *tenancy.Tenancy
	identities wispwright.Repo[sso.Identity, sso.IdentityFilter]
	r          *radius.Radius
	signIn     *signin.Service
	now        func() time.Time
}

// NewAccounts returns it.
func NewAccounts(tx wispwright.Transactor, t *tenancy.Tenancy, identities wispwright.Repo[sso.Identity, sso.IdentityFilter], r *radius.Radius, s *signin.Service) (*Accounts, error) {
	if tx == nil || t == nil || identities == nil || r == nil || s == nil {
		return nil, errors.New("social: a transactor, a tenancy, identities, the concern and its sign-in are required")
	}
	return &Accounts{tx, t, identities, r, s, time.Now}, nil
}

// issuer keeps the people of hotspots apart from administrators who come with the same
// provider: a person with an account for the one has none for the other by that.
func issuer(p *sso.Person) string { return "hotspot:" + p.Issuer }

// By returns what lets somebody into an organization who comes this way for the first
// time, verified or not. Errors that wrap sso.ErrRefused, and *wispwright.ForbiddenError,
// say why somebody does not come in.
func (a *Accounts) By(m radius.Method, verified bool) func(ctx context.Context, in radius.InForce, p *sso.Person) (*signin.Entry, error) {
	return func(ctx context.Context, in radius.InForce, p *sso.Person) (*signin.Entry, error) {
		return a.enter(ctx, in, p, radius.Registration{OrganizationID: in.Organization.ID, Method: m.Name, IsVerified: verified})
	}
}

func (a *Accounts) enter(ctx context.Context, in radius.InForce, p *sso.Person, by radius.Registration) (e *signin.Entry, err error) {
	ctx = wispwright.WithCaller(ctx, wispwright.System("social log-in"))
	err = a.tx.InTx(ctx, func(ctx context.Context) error {
		u, err := a.user(ctx, p)
		if err != nil {
			return err
		}
		switch {
		case !u.IsActive:
			return fmt.Errorf("%w: the account is switched off", sso.ErrRefused)
		case u.IsStaff, u.IsSuperuser: // a key opens everything that they may do
			return fmt.Errorf("%w: administrators log in with their passwords", sso.ErrRefused)
		}
		if has, err := a.t.SecondFactors.Has(ctx, u.ID); err != nil || has {
			return errors.Join(err, fmt.Errorf("%w: your account has a second factor: log in with your password", sso.ErrRefused))
		}
		if e, err = a.signIn.Enter(ctx, in, u, false); err != nil {
			return err
		}
		return a.register(ctx, e, by)
	})
	return e, err
}

// Leave takes the key of a person away whose provider tells that the person logged out; one
// that nobody knows has none. The issuer and the subject are as in sso.Person.
func (a *Accounts) Leave(ctx context.Context, issuerID, subject string) error {
	ctx = wispwright.WithCaller(ctx, wispwright.System("social log-out"))
	found, err := a.identities.List(ctx, wispwright.ScopeAll(), sso.IdentityFilter{Issuer: issuer(&sso.Person{Issuer: issuerID}), Subject: subject}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return err
	}
	if _, err := a.t.Tokens.Get(ctx, found.Rows[0].UserID); errors.Is(err, wispwright.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	return a.t.Tokens.Delete(ctx, found.Rows[0].UserID)
}

// register notes how somebody came to the organization, unless that is known already.
func (a *Accounts) register(ctx context.Context, e *signin.Entry, by radius.Registration) error {
	switch {
	case e.Registration == nil:
		by.UserID = e.User.ID
		return a.r.Registrations.Create(ctx, &by)
	case e.Registration.Method == radius.Pending:
		_, err := a.r.Registrations.Update(ctx, wispwright.ScopeAll(), e.Registration.ID, func(r *radius.Registration) error {
			r.Method, r.IsVerified = by.Method, by.IsVerified
			return nil
		})
		return err
	}
	return nil
}

// user is the account of a person, made when the person comes for the first time.
func (a *Accounts) user(ctx context.Context, p *sso.Person) (*tenancy.User, error) {
	found, err := a.identities.List(ctx, wispwright.ScopeAll(), sso.IdentityFilter{Issuer: issuer(p), Subject: p.Subject}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	now := a.now().UTC()
	if len(found.Rows) > 0 {
		if _, err := a.identities.Update(ctx, wispwright.ScopeAll(), found.Rows[0].ID, func(i *sso.Identity) error { i.Used = now; return nil }); err != nil {
			return nil, err
		}
		return a.t.Users.Get(ctx, wispwright.ScopeAll(), found.Rows[0].UserID)
	}
	u, err := a.create(ctx, p)
	if err != nil {
		return nil, err
	}
	return u, a.identities.Insert(ctx, &sso.Identity{ID: wispwright.NewID(), UserID: u.ID, Issuer: issuer(p), Subject: p.Subject, Created: now, Used: now})
}

var notInNames = regexp.MustCompile(`[^\pL\pN@.+_-]+`)

// create makes an account. An address that somebody has already, or that nobody has
// shown to own, is left out: the account that has it stays its owner's.
func (a *Accounts) create(ctx context.Context, p *sso.Person) (*tenancy.User, error) {
	u := &tenancy.User{FirstName: cut(p.FirstName), LastName: cut(p.LastName), IsActive: true}
	if p.EmailVerified {
		some, err := a.t.Login.Candidates(ctx, p.Email)
		if err != nil {
			return nil, err
		}
		if len(some) == 0 {
			u.Email = p.Email
		}
	}
	name, _, _ := strings.Cut(p.Email, "@")
	if p.Username != "" {
		name = p.Username
	}
	if name = strings.Trim(notInNames.ReplaceAllString(name, "-"), "-"); name == "" {
		name = "guest"
	}
	name = string([]rune(name)[:min(len([]rune(name)), 120)])
	for _, u.Username = range []string{name, name + "-" + strings.ToLower(wispwright.NewID().String()[:8])} {
		some, err := a.t.Login.Candidates(ctx, u.Username)
		if err != nil {
			return nil, err
		}
		if len(some) == 0 {
			break
		}
	}
	err := a.t.Users.Create(ctx, u, "")
	var wrong *wispwright.ValidationError
	if errors.As(err, &wrong) {
		return nil, fmt.Errorf("%w: no account can be made for you: %w", sso.ErrRefused, err)
	}
	return u, err
}

// cut bounds a part of a name.
func cut(name string) string {
	runes := []rune(name)
	return string(runes[:min(len(runes), 150)])
}
