package tenancy

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Grants are what an account may do and where: its groups, the permissions it
// has beside those of its groups, and its memberships.
type Grants struct {
	// Groups are ids in ascending order.
	Groups []int64
	// Permissions are the user's own, sorted.
	Permissions []wispwright.Permission
	// Organizations are where the user is a member, oldest membership first;
	// inactive ones too.
	Organizations []Role
}

// Role is what a user is in an organization.
type Role struct {
	// OrganizationID is where.
	OrganizationID wispwright.ID
	// IsAdmin says that the user manages the organization.
	IsAdmin bool
}

// GrantStore keeps the groups and permissions of users.
type GrantStore interface {
	// Of returns the grants of users, with one query for all of them. Users
	// without any are left out.
	Of(ctx context.Context, users ...wispwright.ID) (map[wispwright.ID]Grants, error)
	// SetGroups replaces the groups of a user.
	SetGroups(ctx context.Context, user wispwright.ID, groups []int64) error
	// SetPermissions replaces the permissions a user has directly.
	SetPermissions(ctx context.Context, user wispwright.ID, permissions []wispwright.Permission) error
}

// Grants returns what users may do, with one query for all of them. Users
// without any grant are left out.
func (s *Users) Grants(ctx context.Context, users ...wispwright.ID) (map[wispwright.ID]Grants, error) {
	if len(users) == 0 {
		return map[wispwright.ID]Grants{}, nil
	}
	return s.grants.Of(ctx, users...)
}

// Groups returns the ids of a user's groups.
func (s *Users) Groups(ctx context.Context, user wispwright.ID) ([]int64, error) {
	g, err := s.grants.Of(ctx, user)
	return g[user].Groups, err
}

// SetGroups replaces the groups of a user; unknown ones are a fault of the
// field "groups".
func (s *Users) SetGroups(ctx context.Context, scope wispwright.Scope, user wispwright.ID, groups []int64) error {
	return s.do(ctx, "tenancy.Users.SetGroups", func(ctx context.Context) error {
		u, before, err := s.granted(ctx, scope, user)
		if err != nil {
			return err
		}
		groups = slices.Clone(groups)
		slices.Sort(groups)
		groups = slices.Compact(groups)
		for _, id := range groups {
			if _, err := s.groups.Get(ctx, wispwright.ScopeAll(), id); err != nil {
				return valid.Reference(err, "groups", id)
			}
		}
		if err := s.entrustedGroups(ctx, scope, user, before.Groups, groups); err != nil {
			return err
		}
		if err := s.grants.SetGroups(ctx, user, groups); err != nil {
			return err
		}
		return s.regranted(ctx, u, wispwright.FieldChange{Field: "Groups", Old: before.Groups, New: groups})
	})
}

// SetPermissions replaces the permissions a user has beside those of its
// groups; unknown ones are a fault of the field "user_permissions".
func (s *Users) SetPermissions(ctx context.Context, scope wispwright.Scope, user wispwright.ID, permissions []wispwright.Permission) error {
	return s.do(ctx, "tenancy.Users.SetPermissions", func(ctx context.Context) error {
		u, before, err := s.granted(ctx, scope, user)
		if err != nil {
			return err
		}
		permissions = slices.Clone(permissions)
		slices.Sort(permissions)
		permissions = slices.Compact(permissions)
		for _, p := range permissions {
			if !s.catalogue.Known(p) {
				return wispwright.Invalid("user_permissions", valid.UnknownPK(p))
			}
		}
		if slices.Equal(permissions, before.Permissions) {
			return nil
		}
		if isOwn(ctx, user) && byNamedToken(ctx) {
			return errNamedToken()
		}
		if err := s.grants.SetPermissions(ctx, user, permissions); err != nil {
			return err
		}
		return s.regranted(ctx, u, wispwright.FieldChange{Field: "Permissions", Old: before.Permissions, New: permissions})
	})
}

func (s *Users) granted(ctx context.Context, scope wispwright.Scope, user wispwright.ID) (*User, Grants, error) {
	u, err := s.store.Get(ctx, scope, user)
	if err != nil {
		return nil, Grants{}, err
	}
	grants, err := s.grants.Of(ctx, user)
	return u, grants[user], err
}

func (s *Users) regranted(ctx context.Context, u *User, change wispwright.FieldChange) error {
	if err := s.forget(ctx); err != nil {
		return err
	}
	s.Changed.Publish(ctx, entity.Change[User]{Before: u, After: u})
	return s.record(ctx, "change", "openwisp_users.user", u.ID.String(), u.Username, wispwright.ID{}, []wispwright.FieldChange{change})
}
