package tenancy

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
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

// Shape is how storages keep memberships.
func (Membership) Shape() store.Shape {
	return store.Shape{
		Table: "tenancy_membership", Org: "OrganizationID", Order: store.Oldest("Created"),
		Unique: []store.Unique{
			{Name: "membership_user_organization", Fields: []string{"UserID", "OrganizationID"}},
		},
		Parents: []store.Parent{{Field: "UserID", Table: "tenancy_user"}, {Field: "OrganizationID", Table: "tenancy_organization"}},
	}
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
	// OrganizationIDs limits to those in several.
	OrganizationIDs wispwright.Among[wispwright.ID]
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

// Shape is how storages keep owners.
func (Owner) Shape() store.Shape {
	return store.Shape{
		Table: "tenancy_owner", Org: "OrganizationID", Order: store.Oldest("Created"),
		Unique: []store.Unique{
			{Name: "owner_organization", Fields: []string{"OrganizationID"}},
			{Name: "owner_membership", Fields: []string{"MembershipID"}},
		},
		Parents: []store.Parent{{Field: "OrganizationID", Table: "tenancy_organization"}, {Field: "MembershipID", Table: "tenancy_membership"}},
	}
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

// Memberships is the service of memberships and ownership. Changed is also
// published for members whose ownership changed.
type Memberships struct {
	*entity.Service[wispwright.ID, Membership, MembershipFilter]
	store         MembershipStore
	owners        OwnerStore
	users         UserStore
	organizations OrganizationStore
	base
}

func newMemberships(b base, stores Stores) *Memberships {
	s := &Memberships{store: stores.Memberships, owners: stores.Owners, users: stores.Users, organizations: stores.Organizations, base: b}
	s.Service = entity.New(b.entity, stores.Memberships, entity.Kind[wispwright.ID, Membership]{
		Name: "tenancy.Memberships", Model: "openwisp_users.organizationuser", Check: s.check, Stored: forgetting[Membership](b),
		Unique: map[string]error{"membership_user_organization": wispwright.Invalid("", valid.Taken("Organization user", "User", "Organization"))},
	})
	return s
}

// check wants a user that exists, and keeps an owner's membership.
func (s *Memberships) check(ctx context.Context, c entity.Change[Membership]) error {
	if c.After == nil {
		return s.refuseOwner(ctx, c.Before, "cannot be removed")
	}
	_, err := s.users.Get(ctx, wispwright.ScopeAll(), c.After.UserID)
	return valid.Reference(err, "user", c.After.UserID)
}

// Create stores a membership. The first manager of an organization without
// owner becomes its owner.
func (s *Memberships) Create(ctx context.Context, m *Membership) error {
	return s.within(ctx, func(ctx context.Context) error {
		if err := s.Service.Create(ctx, m); err != nil || !m.IsAdmin {
			return err
		}
		owner, err := s.OwnerOf(ctx, m.OrganizationID)
		if err != nil || owner != nil {
			return err
		}
		return s.setOwner(ctx, m)
	})
}

// Update makes a member a manager or the reverse; an owner stays a manager.
func (s *Memberships) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, isAdmin bool) (*Membership, error) {
	var after *Membership
	err := s.within(ctx, func(ctx context.Context) (err error) {
		after, err = s.Service.Update(ctx, scope, id, func(m *Membership) error {
			m.IsAdmin = isAdmin
			if isAdmin {
				return nil
			}
			return s.refuseOwner(ctx, m, "cannot be downgraded")
		})
		return err
	})
	return after, err
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
				return valid.Reference(err, "organization_user", membership)
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
		return s.setOwner(ctx, m)
	})
}

// publishOwner tells that a member's ownership changed.
func (s *Memberships) publishOwner(ctx context.Context, membership wispwright.ID) error {
	m, err := s.store.Get(ctx, wispwright.ScopeAll(), membership)
	if err != nil {
		return err
	}
	s.Changed.Publish(ctx, entity.Change[Membership]{Before: m, After: m})
	return s.forget(ctx)
}

func (s *Memberships) setOwner(ctx context.Context, m *Membership) error {
	o := &Owner{ID: wispwright.NewID(), OrganizationID: m.OrganizationID, MembershipID: m.ID, Created: s.now(), Modified: s.now()}
	if err := s.owners.Insert(ctx, o); err != nil {
		return err
	}
	if err := s.publishOwner(ctx, m.ID); err != nil {
		return err
	}
	return s.record(ctx, "add", "openwisp_users.organizationowner", o.ID.String(), "", o.OrganizationID, wispwright.Compare(nil, o))
}

func (s *Memberships) refuseOwner(ctx context.Context, m *Membership, what string) error {
	owner, err := s.OwnerOf(ctx, m.OrganizationID)
	if err != nil || owner == nil || owner.MembershipID != m.ID {
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
