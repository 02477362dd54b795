package tenancy

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
)

// Membership binds a user to an organization (spec: tenancy §1.3).
type Membership struct {
	// ID identifies the membership.
	ID wispwright.ID
	// UserID is the member.
	UserID wispwright.ID
	// OrganizationID is where.
	OrganizationID wispwright.ID
	// IsAdmin makes the member a manager of the organization.
	IsAdmin bool
	// Created is when the user joined.
	Created time.Time
	// Modified is when the membership was stored last.
	Modified time.Time
}

// MembershipFilter selects memberships; zero fields select all.
type MembershipFilter struct {
	// IDs limits to these memberships.
	IDs wispwright.Among[wispwright.ID]
	// UserID limits to those of one user.
	UserID wispwright.ID
	// UserIDs limits to those of several users.
	UserIDs wispwright.Among[wispwright.ID]
	// OrganizationID limits to those in one organization.
	OrganizationID wispwright.ID
	// IsAdmin limits to managers or plain members.
	IsAdmin *bool
}

// MembershipStore keeps memberships. Its unique rule is
// "membership_user_organization".
type MembershipStore interface {
	wispwright.Repo[Membership, MembershipFilter]
}

// Owner names the one membership that owns an organization (spec: tenancy §1.4).
type Owner struct {
	// ID identifies the row.
	ID wispwright.ID
	// OrganizationID is what is owned.
	OrganizationID wispwright.ID
	// MembershipID is the owning member.
	MembershipID wispwright.ID
	// Created is when the ownership began.
	Created time.Time
	// Modified is when it was stored last.
	Modified time.Time
}

// OwnerFilter selects owners; zero fields select all.
type OwnerFilter struct {
	// OrganizationID limits to the owner of one organization.
	OrganizationID wispwright.ID
	// OrganizationIDs limits to the owners of several.
	OrganizationIDs wispwright.Among[wispwright.ID]
	// MembershipID limits to what one membership owns.
	MembershipID wispwright.ID
	// MembershipIDs limits to what several memberships own.
	MembershipIDs wispwright.Among[wispwright.ID]
}

// OwnerStore keeps owners. Its unique rules are "owner_organization" and
// "owner_membership".
type OwnerStore interface {
	wispwright.Repo[Owner, OwnerFilter]
}

// Memberships is the service of memberships and ownership.
type Memberships struct {
	// Changed is published with the users whose rights may have changed.
	Changed event.Topic[wispwright.ID]

	store         MembershipStore
	owners        OwnerStore
	users         UserStore
	organizations OrganizationStore
	base
}

// Create stores a membership. The first manager of an organization without
// owner becomes its owner.
func (s *Memberships) Create(ctx context.Context, m *Membership) error {
	return s.do(ctx, "tenancy.Memberships.Create", func(ctx context.Context) error {
		if m.ID.IsZero() {
			m.ID = wispwright.NewID()
		}
		m.Created = s.now()
		m.Modified = m.Created
		if _, err := s.users.Get(ctx, wispwright.ScopeAll(), m.UserID); err != nil {
			return s.reference(err, "user", m.UserID)
		}
		if _, err := s.organizations.Get(ctx, wispwright.ScopeAll(), m.OrganizationID); err != nil {
			return s.reference(err, "organization", m.OrganizationID)
		}
		if err := s.store.Insert(ctx, m); err != nil {
			return conflictAs(err, map[string]fieldMessage{"membership_user_organization": {"", "Organization user with this User and Organization already exists."}})
		}
		if m.IsAdmin {
			owner, err := s.OwnerOf(ctx, m.OrganizationID)
			if err != nil {
				return err
			}
			if owner == nil {
				if err := s.setOwner(ctx, m); err != nil {
					return err
				}
			}
		}
		return s.saved(ctx, nil, m)
	})
}

// Get returns a membership.
func (s *Memberships) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Membership, error) {
	return s.store.Get(ctx, scope, id)
}

// List returns a page of memberships.
func (s *Memberships) List(ctx context.Context, scope wispwright.Scope, f MembershipFilter, p wispwright.Page) (wispwright.Items[Membership], error) {
	return s.store.List(ctx, scope, f, p)
}

// Update makes a member a manager or the reverse; an owner stays a manager.
func (s *Memberships) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, isAdmin bool) (*Membership, error) {
	var after *Membership
	err := s.do(ctx, "tenancy.Memberships.Update", func(ctx context.Context) error {
		if !isAdmin {
			if err := s.refuseOwner(ctx, scope, id, "cannot be downgraded"); err != nil {
				return err
			}
		}
		var before Membership
		var err error
		after, err = s.store.Update(ctx, scope, id, func(m *Membership) error {
			before = *m
			m.IsAdmin, m.Modified = isAdmin, s.now()
			return nil
		})
		if err != nil {
			return err
		}
		return s.saved(ctx, &before, after)
	})
	return after, err
}

// Delete ends a membership; an owner's is refused.
func (s *Memberships) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.do(ctx, "tenancy.Memberships.Delete", func(ctx context.Context) error {
		before, err := s.store.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		if err := s.refuseOwner(ctx, scope, id, "cannot be removed"); err != nil {
			return err
		}
		if err := s.store.Delete(ctx, scope, id); err != nil {
			return err
		}
		s.Changed.Publish(ctx, before.UserID)
		return s.record(ctx, "delete", "openwisp_users.organizationuser", id.String(), "", before.OrganizationID, wispwright.Compare(before, nil))
	})
}

// OwnerOf returns the owner of an organization, or nil when it has none.
func (s *Memberships) OwnerOf(ctx context.Context, organization wispwright.ID) (*Owner, error) {
	items, err := s.owners.List(ctx, wispwright.ScopeAll(), OwnerFilter{OrganizationID: organization}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(items.Rows) == 0 {
		return nil, err
	}
	return items.Rows[0], nil
}

// SetOwner makes a membership the owner of its organization; the zero ID
// removes the owner.
func (s *Memberships) SetOwner(ctx context.Context, organization, membership wispwright.ID) error {
	return s.do(ctx, "tenancy.Memberships.SetOwner", func(ctx context.Context) error {
		current, err := s.OwnerOf(ctx, organization)
		if err != nil {
			return err
		}
		if current != nil && current.MembershipID == membership {
			return nil
		}
		var m *Membership
		if !membership.IsZero() {
			if m, err = s.store.Get(ctx, wispwright.ScopeAll(), membership); err != nil {
				return s.reference(err, "organization_user", membership)
			}
			if m.OrganizationID != organization {
				return wispwright.Invalid("organization_user", "The selected user is not member of this organization.")
			}
		}
		if current != nil {
			if err := s.owners.Delete(ctx, wispwright.ScopeAll(), current.ID); err != nil {
				return err
			}
			if err := s.publishOwner(ctx, current.MembershipID); err != nil {
				return err
			}
		}
		if m == nil {
			return nil
		}
		s.Changed.Publish(ctx, m.UserID)
		return s.setOwner(ctx, m)
	})
}

func (s *Memberships) publishOwner(ctx context.Context, membership wispwright.ID) error {
	m, err := s.store.Get(ctx, wispwright.ScopeAll(), membership)
	if err != nil {
		return err
	}
	s.Changed.Publish(ctx, m.UserID)
	return nil
}

func (s *Memberships) setOwner(ctx context.Context, m *Membership) error {
	o := &Owner{ID: wispwright.NewID(), OrganizationID: m.OrganizationID, MembershipID: m.ID, Created: s.now(), Modified: s.now()}
	if err := s.owners.Insert(ctx, o); err != nil {
		return err
	}
	return s.record(ctx, "add", "openwisp_users.organizationowner", o.ID.String(), "", o.OrganizationID, wispwright.Compare(nil, o))
}

func (s *Memberships) refuseOwner(ctx context.Context, scope wispwright.Scope, id wispwright.ID, what string) error {
	m, err := s.store.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	owner, err := s.OwnerOf(ctx, m.OrganizationID)
	if err != nil || owner == nil || owner.MembershipID != id {
		return err
	}
	u, err := s.users.Get(ctx, wispwright.ScopeAll(), m.UserID)
	if err != nil {
		return err
	}
	o, err := s.organizations.Get(ctx, wispwright.ScopeAll(), m.OrganizationID)
	if err != nil {
		return err
	}
	return wispwright.Invalid("", fmt.Sprintf("%s is the owner of the organization: %s, and %s", u.Username, o.Name, what))
}

func (s *Memberships) reference(err error, field string, id wispwright.ID) error {
	if isNotFound(err) {
		return wispwright.Invalid(field, unknownPK(id))
	}
	return err
}

func (s *Memberships) saved(ctx context.Context, before, after *Membership) error {
	s.Changed.Publish(ctx, after.UserID)
	return s.record(ctx, action(before == nil), "openwisp_users.organizationuser", after.ID.String(), "", after.OrganizationID, wispwright.Compare(before, after))
}
