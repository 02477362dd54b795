package server

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/tenancy"
)

// radiusAccounts are the accounts of tenancy as RADIUS knows them. Access servers ask
// for the same people again and again, and a password hash takes a fifth of a second
// by design: what was found right is remembered for a while, by a key of this process
// and the stored hash, so that a new password counts at once.
type radiusAccounts struct {
	t     *tenancy.Tenancy
	key   [32]byte
	right *cache.Cache[[32]byte, struct{}]
	slots chan struct{}
}

var _ radius.Accounts = (*radiusAccounts)(nil)

// rightFor is how long a password that was right is remembered.
const rightFor = 10 * time.Minute

func newRadiusAccounts(t *tenancy.Tenancy) *radiusAccounts {
	a := &radiusAccounts{t: t, right: cache.New[[32]byte, struct{}]("radius.passwords", cache.Options{TTL: rightFor, Size: 100_000}), slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
	_, _ = rand.Read(a.key[:]) // never fails: crypto/rand aborts the program instead
	return a
}

func (a *radiusAccounts) account(u *tenancy.User) *radius.Account {
	return &radius.Account{ID: u.ID, Username: u.Username, Email: u.Email, Phone: u.PhoneNumber, FirstName: u.FirstName, LastName: u.LastName, IsActive: u.IsActive,
		IsSuperuser: u.IsSuperuser, IsStaff: u.IsStaff, PasswordExpired: a.t.Users.PasswordExpired(u), Joined: u.DateJoined, Expires: u.ExpirationDate}
}

// Find implements radius.Accounts.
func (a *radiusAccounts) Find(ctx context.Context, identifier string) ([]*radius.Account, error) {
	found, err := a.t.Login.Candidates(ctx, identifier)
	if err != nil {
		return nil, err
	}
	out := make([]*radius.Account, len(found))
	for i, u := range found {
		out[i] = a.account(u)
	}
	return out, nil
}

// Get implements radius.Accounts.
func (a *radiusAccounts) Get(ctx context.Context, id wispwright.ID) (*radius.Account, error) {
	u, err := a.t.Users.Get(ctx, everyone(), id)
	if err != nil {
		return nil, err
	}
	return a.account(u), nil
}

// Named implements radius.Accounts.
func (a *radiusAccounts) Named(ctx context.Context, username string) (*radius.Account, error) {
	if username == "" {
		return nil, wispwright.ErrNotFound
	}
	u, err := a.t.Users.ByUsername(ctx, everyone(), username)
	if err != nil {
		return nil, err
	}
	return a.account(u), nil
}

// errWrong: a password is not remembered that was not right.
var errWrong = errors.New("wrong password")

// Verify implements radius.Accounts. As many passwords are hashed at a time as there
// are processors; others wait.
func (a *radiusAccounts) Verify(ctx context.Context, user wispwright.ID, password string) (bool, error) {
	u, err := a.t.Users.Get(ctx, everyone(), user)
	if err != nil {
		return false, err
	}
	mac := hmac.New(sha256.New, a.key[:])
	_, _ = mac.Write([]byte(u.ID.Hex() + "\x00" + u.Password.Reveal() + "\x00" + password)) // hashes never fail
	_, err = a.right.Load(ctx, [32]byte(mac.Sum(nil)), func(ctx context.Context) (struct{}, error) {
		select {
		case a.slots <- struct{}{}:
			defer func() { <-a.slots }()
		case <-ctx.Done():
			return struct{}{}, ctx.Err()
		}
		if !a.t.Login.Verify(u, password) {
			return struct{}{}, errWrong
		}
		return struct{}{}, nil
	})
	if errors.Is(err, errWrong) {
		return false, nil
	}
	return err == nil, err
}

// IsMember implements radius.Accounts.
func (a *radiusAccounts) IsMember(ctx context.Context, user, organization wispwright.ID) (bool, error) {
	found, err := a.t.Memberships.List(ctx, everyone(), tenancy.MembershipFilter{UserID: user, OrganizationID: organization}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return false, fmt.Errorf("memberships: %w", err)
	}
	return len(found.Rows) > 0, nil
}

// radiusOrganizations are the tenants as RADIUS knows them.
type radiusOrganizations struct{ t *tenancy.Tenancy }

func (radiusOrganizations) organization(o *tenancy.Organization, err error) (radius.Organization, error) {
	if err != nil {
		return radius.Organization{}, err
	}
	return radius.Organization{ID: o.ID, Name: o.Name, Slug: o.Slug, IsActive: o.IsActive}, nil
}

// Get implements radius.Organizations.
func (r radiusOrganizations) Get(ctx context.Context, id wispwright.ID) (radius.Organization, error) {
	return r.organization(r.t.Organizations.Get(ctx, everyone(), id))
}

// BySlug implements radius.Organizations.
func (r radiusOrganizations) BySlug(ctx context.Context, slug string) (radius.Organization, error) {
	return r.organization(r.t.Organizations.BySlug(ctx, everyone(), slug))
}
