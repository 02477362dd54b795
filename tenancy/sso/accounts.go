package sso

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/tenancy"
)

// Rules say what groups of a provider mean here. Groups and organizations that no rule
// names are left as they are here.
type Rules struct {
	// LogIn are the groups that may log in; empty: everybody whom the provider lets in.
	LogIn []string
	// Superuser are the groups whose members are superusers; empty: nobody becomes one,
	// and nobody ceases to be one.
	Superuser []string
	// Groups are groups of permissions here by groups there.
	Groups map[string]string
	// Organizations are organizations by groups there: a slug for members, "slug:manager"
	// for managers.
	Organizations map[string]string
	// Create makes accounts for people who have none.
	Create bool
	// MatchEmail binds an account that has the verified address of the person.
	MatchEmail bool
}

// Identity binds an account to a person of a provider.
type Identity struct {
	// ID identifies it.
	ID wispwright.ID
	// UserID is the account.
	UserID wispwright.ID
	// Issuer and Subject are the person.
	Issuer, Subject string
	// Created is when it was bound, Used when it was logged in with last.
	Created, Used time.Time
}

// uniqueIdentity is the rule that a person has one account.
const uniqueIdentity = "sso_identity_person"

// Shape is how storages keep identities.
func (Identity) Shape() store.Shape {
	return store.Shape{Table: "sso_identity", Order: store.Oldest("Created"), Unique: []store.Unique{{Name: uniqueIdentity, Fields: []string{"Issuer", "Subject"}}},
		Parents: []store.Parent{{Field: "UserID", Table: "tenancy_user"}}}
}

// IdentityFilter selects identities; zero fields select all.
type IdentityFilter struct {
	// UserID, Issuer and Subject are as in Identity.
	UserID          wispwright.ID
	Issuer, Subject string
}

// Accounts gives people of a provider their accounts here.
type Accounts struct {
	tx    wispwright.Transactor
	t     *tenancy.Tenancy
	store wispwright.Repo[Identity, IdentityFilter]
	rules Rules
	now   func() time.Time
}

// NewAccounts returns it over the accounts of a tenancy.
func NewAccounts(tx wispwright.Transactor, t *tenancy.Tenancy, identities wispwright.Repo[Identity, IdentityFilter], rules Rules) (*Accounts, error) {
	if tx == nil || t == nil || identities == nil {
		return nil, errors.New("sso: a transactor, a tenancy and identities are required")
	}
	return &Accounts{tx, t, identities, rules, time.Now}, nil
}

// LogIn returns the account of a person with the rights that the rules give it. Errors
// that wrap ErrRefused say why somebody does not come in.
func (a *Accounts) LogIn(ctx context.Context, p *Person) (u *tenancy.User, err error) {
	if p.Issuer == "" || p.Subject == "" {
		return nil, fmt.Errorf("%w: the provider does not say who it is", ErrRefused)
	}
	if len(a.rules.LogIn) > 0 && !inAny(a.rules.LogIn, p.Groups) {
		return nil, fmt.Errorf("%w: you are in none of the groups that may log in", ErrRefused)
	}
	ctx = wispwright.WithCaller(ctx, wispwright.System("single sign-on"))
	bound, err := a.bound(ctx, p)
	if err != nil {
		return nil, err
	}
	err = a.tx.InTx(ctx, func(ctx context.Context) error {
		if bound == nil {
			if u, err = a.bind(ctx, p); err != nil {
				return err
			}
		} else if u, err = a.t.Users.Get(ctx, wispwright.ScopeAll(), bound.UserID); err != nil {
			return err
		} else if _, err := a.store.Update(ctx, wispwright.ScopeAll(), bound.ID, func(i *Identity) error { i.Used = a.now().UTC(); return nil }); err != nil {
			return err
		}
		if !u.IsActive {
			return fmt.Errorf("%w: the account is switched off", ErrRefused)
		}
		return a.grant(ctx, u, p)
	})
	if err != nil {
		return nil, err
	}
	return a.t.Users.Get(ctx, wispwright.ScopeAll(), u.ID)
}

func inAny(wanted, had []string) bool {
	return slices.ContainsFunc(wanted, func(g string) bool { return slices.Contains(had, g) })
}

// bound is the identity of a person, or nil.
func (a *Accounts) bound(ctx context.Context, p *Person) (*Identity, error) {
	found, err := a.store.List(ctx, wispwright.ScopeAll(), IdentityFilter{Issuer: p.Issuer, Subject: p.Subject}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return nil, err
	}
	return found.Rows[0], nil
}

// bind finds or makes the account of a person who comes for the first time.
func (a *Accounts) bind(ctx context.Context, p *Person) (*tenancy.User, error) {
	var u *tenancy.User
	if a.rules.MatchEmail && p.EmailVerified && p.Email != "" {
		some, err := a.t.Login.Candidates(ctx, p.Email)
		if err != nil {
			return nil, err
		}
		for _, c := range some {
			if strings.EqualFold(c.Email, p.Email) {
				u = c
			}
		}
	}
	if u == nil {
		if !a.rules.Create {
			return nil, fmt.Errorf("%w: there is no account for you here; ask its administrators", ErrRefused)
		}
		u = &tenancy.User{Username: username(p), Email: p.Email, FirstName: p.FirstName, LastName: p.LastName, IsActive: true, IsStaff: true}
		if !p.EmailVerified {
			u.Email = "" // nobody has shown to own it
		}
		if err := a.t.Users.Create(ctx, u, ""); err != nil {
			var wrong *wispwright.ValidationError
			if errors.As(err, &wrong) {
				return nil, fmt.Errorf("%w: no account can be made for you: %w", ErrRefused, err)
			}
			return nil, err
		}
	}
	now := a.now().UTC()
	return u, a.store.Insert(ctx, &Identity{ID: wispwright.NewID(), UserID: u.ID, Issuer: p.Issuer, Subject: p.Subject, Created: now, Used: now})
}

var notInNames = regexp.MustCompile(`[^\pL\pN@.+_-]+`)

// username is what a new account is called.
func username(p *Person) string {
	for _, name := range []string{p.Username, p.Email, p.Subject} {
		if name = notInNames.ReplaceAllString(name, "-"); name != "" {
			return name[:min(len(name), 150)]
		}
	}
	return p.Subject
}

// grant gives an account what the rules say of the person's groups.
func (a *Accounts) grant(ctx context.Context, u *tenancy.User, p *Person) error {
	super := inAny(a.rules.Superuser, p.Groups)
	if len(a.rules.Superuser) > 0 && u.IsSuperuser != super || !u.IsStaff {
		if _, err := a.t.Users.Update(ctx, wispwright.ScopeAll(), u.ID, func(o *tenancy.User) error {
			if o.IsStaff = true; len(a.rules.Superuser) > 0 {
				o.IsSuperuser = super
			}
			return nil
		}); err != nil {
			return err
		}
	}
	if err := a.grantGroups(ctx, u, p); err != nil {
		return err
	}
	return a.grantOrganizations(ctx, u, p)
}

func (a *Accounts) grantGroups(ctx context.Context, u *tenancy.User, p *Person) error {
	had, err := a.t.Users.Groups(ctx, u.ID)
	if err != nil {
		return err
	}
	want := slices.Clone(had)
	for _, name := range slices.Sorted(maps.Values(a.rules.Groups)) {
		g, err := a.t.Groups.ByName(ctx, name)
		if err != nil {
			return fmt.Errorf("sso: group %q: %w", name, err)
		}
		want = slices.DeleteFunc(want, func(id int64) bool { return id == g.ID })
		for there, here := range a.rules.Groups {
			if here == name && slices.Contains(p.Groups, there) && !slices.Contains(want, g.ID) {
				want = append(want, g.ID)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(had)
	if slices.Equal(had, want) {
		return nil
	}
	return a.t.Users.SetGroups(ctx, wispwright.ScopeAll(), u.ID, want)
}

func (a *Accounts) grantOrganizations(ctx context.Context, u *tenancy.User, p *Person) error {
	// whether a member manages, by slug; absent: no member
	want, named := map[string]bool{}, map[string]bool{}
	for there, here := range a.rules.Organizations {
		slug, role, _ := strings.Cut(here, ":")
		named[slug] = true
		if slices.Contains(p.Groups, there) {
			want[slug] = want[slug] || role == "manager"
		}
	}
	if len(named) == 0 {
		return nil
	}
	have, err := a.t.Memberships.List(ctx, wispwright.ScopeAll(), tenancy.MembershipFilter{UserID: u.ID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, slug := range slices.Sorted(maps.Keys(named)) {
		found, err := a.t.Organizations.List(ctx, wispwright.ScopeAll(), tenancy.OrganizationFilter{Slug: slug}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return err
		}
		if len(found.Rows) == 0 {
			return fmt.Errorf("sso: there is no organization %q", slug)
		}
		id := found.Rows[0].ID
		at := slices.IndexFunc(have.Rows, func(m *tenancy.Membership) bool { return m.OrganizationID == id })
		manages, member := want[slug]
		if at >= 0 && have.Rows[at].IsAdmin && !manages {
			// a person who owns it by the rule does so no longer than the rule says
			if err := a.disown(ctx, have.Rows[at]); err != nil {
				return err
			}
		}
		switch {
		case member && at < 0:
			err = a.t.Memberships.Create(ctx, &tenancy.Membership{UserID: u.ID, OrganizationID: id, IsAdmin: manages})
		case member && have.Rows[at].IsAdmin != manages:
			_, err = a.t.Memberships.Update(ctx, wispwright.ScopeAll(), have.Rows[at].ID, manages)
		case !member && at >= 0:
			err = a.t.Memberships.Delete(ctx, wispwright.ScopeAll(), have.Rows[at].ID)
		}
		if err != nil {
			return fmt.Errorf("sso: organization %s: %w", slug, err)
		}
	}
	return nil
}

// disown takes the ownership that goes with a membership, if it has it: an owner cannot
// be removed otherwise.
func (a *Accounts) disown(ctx context.Context, m *tenancy.Membership) error {
	owner, err := a.t.Memberships.OwnerOf(ctx, m.OrganizationID)
	if err != nil || owner == nil || owner.MembershipID != m.ID {
		return err
	}
	return a.t.Memberships.SetOwner(ctx, m.OrganizationID, wispwright.ID{})
}
