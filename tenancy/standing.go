package tenancy

import (
	"context"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy/password"
)

// Standing is everything that decides what a user may do, read at once.
type Standing struct {
	// UserID is the user.
	UserID wispwright.ID
	// Username is the name of the account.
	Username string
	// IsSuperuser, IsStaff and IsActive are those of the account.
	IsSuperuser, IsStaff, IsActive bool
	// PasswordUpdated is the day the password was set; zero when never.
	PasswordUpdated time.Time
	// HasPassword is false when no password can match.
	HasPassword bool
	// HasSecondFactor says that a generator is confirmed or there is a passkey.
	HasSecondFactor bool
	// Member are the active organizations the user belongs to, in ascending
	// order, as are Managed and Owned.
	Member []wispwright.ID
	// Managed are those the user manages.
	Managed []wispwright.ID
	// Owned are those the user owns.
	Owned []wispwright.ID
	// Permissions are the user's own and those of its groups, sorted.
	Permissions []wispwright.Permission
}

// StandingStore reads standings with one query each, as every request of a
// caller the cache does not know asks for one. Unknown is ErrNotFound.
type StandingStore interface {
	// ByUser returns the standing of a user.
	ByUser(ctx context.Context, user wispwright.ID) (*Standing, error)
	// ByToken returns the standing of whose bearer token has the digest.
	ByToken(ctx context.Context, digest string) (*Standing, error)
}

// composed reads standings from the other stores, one after the other.
type composed struct{ Stores }

// ComposeStandings returns a StandingStore for storages that have none of their
// own: it asks the other stores, with about seven queries.
func ComposeStandings(s Stores) StandingStore { return composed{s} }

// ByToken returns the standing of whose bearer token has the digest.
func (s composed) ByToken(ctx context.Context, digest string) (*Standing, error) {
	items, err := s.Tokens.List(ctx, wispwright.ScopeAll(), TokenFilter{Digest: digest}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if digest == "" || len(items.Rows) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return s.ByUser(ctx, items.Rows[0].UserID)
}

// ByUser returns the standing of a user.
func (s composed) ByUser(ctx context.Context, user wispwright.ID) (*Standing, error) {
	u, err := s.Users.Get(ctx, wispwright.ScopeAll(), user)
	if err != nil {
		return nil, err
	}
	out := &Standing{UserID: u.ID, Username: u.Username, IsSuperuser: u.IsSuperuser, IsStaff: u.IsStaff, IsActive: u.IsActive,
		PasswordUpdated: day(u.PasswordUpdated), HasPassword: password.Usable(u.Password.Reveal())}
	f, err := s.SecondFactors.Get(ctx, wispwright.ScopeAll(), user)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	keys, kerr := s.Passkeys.List(ctx, wispwright.ScopeAll(), PasskeyFilter{UserID: user}, wispwright.Page{Limit: 1, NoTotal: true})
	if kerr != nil {
		return nil, kerr
	}
	out.HasSecondFactor = err == nil && !f.Confirmed.IsZero() || len(keys.Rows) > 0
	if err := s.roles(ctx, out); err != nil {
		return nil, err
	}
	return out, s.permissions(ctx, out)
}

// roles fills in the active organizations by role (spec: tenancy §2).
func (s composed) roles(ctx context.Context, out *Standing) error {
	all := wispwright.ScopeAll()
	memberships, err := s.Memberships.List(ctx, all, MembershipFilter{UserID: out.UserID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	var orgs, ids []wispwright.ID
	for _, m := range memberships.Rows {
		orgs, ids = append(orgs, m.OrganizationID), append(ids, m.ID)
	}
	yes := true
	active, err := s.Organizations.List(ctx, all, OrganizationFilter{IDs: wispwright.Only(orgs...), IsActive: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	owners, err := s.Owners.List(ctx, all, OwnerFilter{MembershipIDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, m := range memberships.Rows {
		if !slices.ContainsFunc(active.Rows, func(o *Organization) bool { return o.ID == m.OrganizationID }) {
			continue
		}
		out.Member = append(out.Member, m.OrganizationID)
		if m.IsAdmin {
			out.Managed = append(out.Managed, m.OrganizationID)
		}
		if slices.ContainsFunc(owners.Rows, func(o *Owner) bool { return o.MembershipID == m.ID }) {
			out.Owned = append(out.Owned, m.OrganizationID)
		}
	}
	out.sort()
	return nil
}

func (s composed) permissions(ctx context.Context, out *Standing) error {
	grants, err := s.Grants.Of(ctx, out.UserID)
	if err != nil {
		return err
	}
	out.Permissions = slices.Clone(grants[out.UserID].Permissions)
	groups, err := s.Groups.List(ctx, wispwright.ScopeAll(), GroupFilter{IDs: wispwright.Only(grants[out.UserID].Groups...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, g := range groups.Rows {
		out.Permissions = append(out.Permissions, g.Permissions...)
	}
	out.sort()
	return nil
}

// sort brings the lists into the order that is promised.
func (s *Standing) sort() {
	for _, list := range [][]wispwright.ID{s.Member, s.Managed, s.Owned} {
		slices.SortFunc(list, func(a, b wispwright.ID) int { return slices.Compare(a[:], b[:]) })
	}
	slices.Sort(s.Permissions)
	s.Permissions = slices.Compact(s.Permissions)
}
