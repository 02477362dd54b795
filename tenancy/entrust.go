package tenancy

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
)

// An account belongs to a person, who may be a member here and a manager there.
// A manager of one of the organizations sees the account and may describe
// it; what decides who can use it, password, addresses, activity and existence,
// is for those who manage all of them. (OpenWISP protects owners in its web
// admin only; spec: tenancy §7.1.)

// Entrusted returns nil when a caller with this scope may decide over a user's
// account: over its own, or when every organization the user belongs to is the
// caller's to manage. Otherwise it is a ForbiddenError. Named tokens decide over
// no account (decision 0013).
func (s *Users) Entrusted(ctx context.Context, scope wispwright.Scope, user wispwright.ID) error {
	if byNamedToken(ctx) {
		return errNamedToken()
	}
	return s.wholly(ctx, scope, user)
}

// wholly is Entrusted without the rule of named tokens.
func (s *Users) wholly(ctx context.Context, scope wispwright.Scope, user wispwright.ID) error {
	if scope.All() || isOwn(ctx, user) {
		return nil
	}
	caller := wispwright.CallerFrom(ctx)
	ids := []wispwright.ID{user}
	if caller != nil && !caller.ID.IsZero() {
		ids = append(ids, caller.ID)
	}
	grants, err := s.grants.Of(ctx, ids...)
	if err != nil {
		return err
	}
	managed := func(organization wispwright.ID) bool {
		if scope.Allows(organization) {
			return true
		}
		// one that is switched off is in no scope
		return caller != nil && slices.Contains(grants[caller.ID].Organizations, Role{OrganizationID: organization, IsAdmin: true})
	}
	for _, role := range grants[user].Organizations {
		if !managed(role.OrganizationID) {
			return wispwright.Forbidden("This user belongs to organizations you do not manage: only managers of all of them may do this.")
		}
	}
	return nil
}

func byNamedToken(ctx context.Context) bool {
	c := wispwright.CallerFrom(ctx)
	return c != nil && c.Method == APITokenMethod
}

func errNamedToken() error { return wispwright.Forbidden("Named tokens may not do this; log in.") }

func isOwn(ctx context.Context, user wispwright.ID) bool {
	c := wispwright.CallerFrom(ctx)
	return c != nil && !user.IsZero() && c.ID == user
}

// entrustedChange asks whether a caller may decide over an account where a
// change does.
func (s *Users) entrustedChange(ctx context.Context, scope wispwright.Scope, before, after *User) error {
	proof := before.Username != after.Username || before.Email != after.Email || before.PhoneNumber != after.PhoneNumber || before.IsSuperuser != after.IsSuperuser
	standing := before.IsActive != after.IsActive || before.IsStaff && !after.IsStaff
	switch {
	case proof, standing && isOwn(ctx, before.ID):
		return s.Entrusted(ctx, scope, before.ID)
	case standing:
		return s.wholly(ctx, scope, before.ID)
	}
	return nil
}

// entrustedGroups asks the same of groups: what is given counts here, what is
// taken away counts wherever the user belongs. A named token leaves what its own
// user may do alone.
func (s *Users) entrustedGroups(ctx context.Context, scope wispwright.Scope, user wispwright.ID, before, after []int64) error {
	if slices.Equal(before, after) {
		return nil
	}
	if isOwn(ctx, user) && byNamedToken(ctx) {
		return errNamedToken()
	}
	if slices.ContainsFunc(before, func(id int64) bool { return !slices.Contains(after, id) }) {
		return s.wholly(ctx, scope, user)
	}
	return nil
}
