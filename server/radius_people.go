package server

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/entity"
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
	// found, users and members are accounts by what they are asked for, by id, and who
	// belongs where: what is there, never that something is missing
	found   *cache.Cache[string, []*tenancy.User]
	users   *cache.Cache[wispwright.ID, *tenancy.User]
	members *cache.Cache[string, struct{}]
}

var _ radius.Accounts = (*radiusAccounts)(nil)

// rightFor is how long a password that was right is remembered.
const rightFor = 10 * time.Minute

func newRadiusAccounts(t *tenancy.Tenancy, bus wispwright.Bus) *radiusAccounts {
	o := cache.Options{Bus: bus, Size: 50_000}
	a := &radiusAccounts{t: t, right: cache.New[[32]byte, struct{}]("radius.passwords", cache.Options{TTL: rightFor, Size: 100_000}), slots: make(chan struct{}, runtime.GOMAXPROCS(0)),
		found: cache.New[string, []*tenancy.User]("radius.identifiers", o), users: cache.New[wispwright.ID, *tenancy.User]("radius.users", o), members: cache.New[string, struct{}]("radius.belongs", o)}
	_, _ = rand.Read(a.key[:]) // never fails: crypto/rand aborts the program instead
	t.Users.Changed.Within("radius: remembered accounts", a.userChanged)
	t.Memberships.Changed.Within("radius: remembered members", func(ctx context.Context, changes ...entity.Change[tenancy.Membership]) error {
		var keys []string
		for _, c := range changes {
			if c.Before != nil {
				keys = append(keys, c.Before.UserID.Hex()+c.Before.OrganizationID.Hex())
			}
		}
		return a.members.Drop(ctx, keys...)
	})
	return a
}

// listen forgets what other nodes tell of.
func (a *radiusAccounts) listen(ctx context.Context) error {
	return errors.Join(a.found.Listen(ctx), a.users.Listen(ctx), a.members.Listen(ctx))
}

// userChanged forgets accounts by what they were and are called.
func (a *radiusAccounts) userChanged(ctx context.Context, changes ...entity.Change[tenancy.User]) error {
	var names []string
	var ids []wispwright.ID
	for _, c := range changes {
		for _, u := range []*tenancy.User{c.Before, c.After} {
			if u == nil {
				continue
			}
			ids = append(ids, u.ID)
			names = append(names, u.Username)
			if u.Email != "" {
				names = append(names, strings.ToLower(u.Email))
			}
		}
	}
	return errors.Join(a.found.Drop(ctx, names...), a.users.Drop(ctx, ids...))
}

// rememberable reports whether those whom an identifier may mean are known by what it
// says alone: a telephone number is written in several ways, and an e-mail address in
// any letter case.
func rememberable(identifier string) bool {
	if strings.Contains(identifier, "@") {
		return identifier == strings.ToLower(identifier)
	}
	return strings.ContainsFunc(identifier, unicode.IsLetter)
}

// errNobody: it is not remembered that nobody has a name.
var errNobody = errors.New("nobody has this name")

func (a *radiusAccounts) candidates(ctx context.Context, identifier string) ([]*tenancy.User, error) {
	if !rememberable(identifier) {
		return a.t.Login.Candidates(ctx, identifier)
	}
	found, err := a.found.Load(ctx, identifier, func(ctx context.Context) ([]*tenancy.User, error) {
		found, err := a.t.Login.Candidates(ctx, identifier)
		if err == nil && len(found) == 0 {
			err = errNobody
		}
		return found, err
	})
	if errors.Is(err, errNobody) {
		return nil, nil
	}
	return found, err
}

func (a *radiusAccounts) account(u *tenancy.User) *radius.Account {
	return &radius.Account{ID: u.ID, Username: u.Username, Email: u.Email, Phone: u.PhoneNumber, FirstName: u.FirstName, LastName: u.LastName, IsActive: u.IsActive,
		IsSuperuser: u.IsSuperuser, IsStaff: u.IsStaff, PasswordExpired: a.t.Users.PasswordExpired(u), Joined: u.DateJoined, Expires: u.ExpirationDate}
}

// Find implements radius.Accounts.
func (a *radiusAccounts) Find(ctx context.Context, identifier string) ([]*radius.Account, error) {
	found, err := a.candidates(ctx, identifier)
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

// Usernames implements radius.Accounts.
func (a *radiusAccounts) Usernames(ctx context.Context, users ...wispwright.ID) (map[wispwright.ID]string, error) {
	out := make(map[wispwright.ID]string, len(users))
	for some := range slices.Chunk(users, 500) {
		found, err := a.t.Users.List(ctx, everyone(), tenancy.UserFilter{IDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, fmt.Errorf("names of users: %w", err)
		}
		for _, u := range found.Rows {
			out[u.ID] = u.Username
		}
	}
	return out, nil
}

// errWrong: a password is not remembered that was not right.
var errWrong = errors.New("wrong password")

// Verify implements radius.Accounts. As many passwords are hashed at a time as there
// are processors; others wait.
func (a *radiusAccounts) Verify(ctx context.Context, user wispwright.ID, password string) (bool, error) {
	u, err := a.users.Load(ctx, user, func(ctx context.Context) (*tenancy.User, error) { return a.t.Users.Get(ctx, everyone(), user) })
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
	_, err := a.members.Load(ctx, user.Hex()+organization.Hex(), func(ctx context.Context) (none struct{}, err error) {
		found, err := a.t.Memberships.List(ctx, everyone(), tenancy.MembershipFilter{UserID: user, OrganizationID: organization}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return none, fmt.Errorf("memberships: %w", err)
		}
		if len(found.Rows) == 0 {
			err = errNobody
		}
		return none, err
	})
	if errors.Is(err, errNobody) {
		return false, nil
	}
	return err == nil, err
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
