package radius

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Groups is the service of groups, by name. What belongs to a group goes with it.
type Groups struct {
	*entity.Service[wispwright.ID, Group, GroupFilter]
	base          *entity.Base
	stores        Stores
	organizations Organizations
	checks        *GroupAttributes
	replies       *GroupAttributes
	members       *Memberships
}

func newGroups(b *entity.Base, stores Stores, organizations Organizations, checks, replies *GroupAttributes, members *Memberships) *Groups {
	s := &Groups{base: b, stores: stores, organizations: organizations, checks: checks, replies: replies, members: members}
	s.Service = entity.New(b, stores.Groups, entity.Kind[wispwright.ID, Group]{
		Name: "radius.Groups", Model: "openwisp_radius.radiusgroup", Label: (*Group).String, Validate: s.validate, Check: s.check, Stored: s.stored,
		Unique: map[string]error{uniqueGroup: wispwright.Invalid("name", valid.Taken("Group", "group name"))},
	})
	s.Deleting.Subscribe("radius: checks, replies and members of the group", s.empty)
	return s
}

const (
	needsDefault = "There must be at least one default group present in the system. To change the default group, simply set as default the group you want to make the new default."
	keepsDefault = "The default group cannot be deleted"
)

// validate puts the organization's slug before the name (spec: radius §1.3).
func (s *Groups) validate(ctx context.Context, c entity.Change[Group]) error {
	g := c.After
	if g == nil {
		return nil
	}
	var v wispwright.ValidationError
	if g.OrganizationID.IsZero() {
		v.Add("organization", valid.Blank)
	} else {
		o, err := s.organizations.Get(ctx, g.OrganizationID)
		if err != nil {
			return valid.Reference(err, "organization", g.OrganizationID)
		}
		if g.Name != "" && !strings.HasPrefix(g.Name, o.Slug+"-") {
			g.Name = o.Slug + "-" + g.Name
		}
	}
	valid.Text(&v, "name", g.Name, valid.Required, valid.Max(64))
	valid.Text(&v, "description", g.Description, valid.Max(64))
	return v.Err()
}

// check keeps one default group in each organization. The rows of an organization's
// groups change one after the other: a caller that makes one the default holds the former.
func (s *Groups) check(ctx context.Context, c entity.Change[Group]) error {
	switch {
	case c.After == nil:
		if c.Before.IsDefault {
			return &wispwright.ForbiddenError{Message: keepsDefault}
		}
		return nil
	case c.Before != nil && c.Before.IsDefault && (!c.After.IsDefault || c.After.OrganizationID != c.Before.OrganizationID):
		return wispwright.Invalid("default", needsDefault)
	case !c.After.IsDefault || c.Before != nil && c.Before.IsDefault:
		return nil
	}
	yes := true
	former, err := s.stores.Groups.List(ctx, wispwright.ScopeAll(), GroupFilter{OrganizationID: c.After.OrganizationID, IsDefault: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, f := range former.Rows {
		if f.ID == c.After.ID {
			continue
		}
		before := *f
		after, err := s.stores.Groups.Update(ctx, wispwright.ScopeAll(), f.ID, func(g *Group) error {
			g.IsDefault, g.Modified = false, s.base.Now()
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.Note(ctx, entity.Change[Group]{Before: &before, After: after}); err != nil {
			return err
		}
	}
	return nil
}

// stored copies a new name to what FreeRADIUS reads.
func (s *Groups) stored(ctx context.Context, changes ...entity.Change[Group]) error {
	for _, c := range changes {
		if c.Before == nil || c.After == nil || c.Before.Name == c.After.Name && c.Before.OrganizationID == c.After.OrganizationID {
			continue
		}
		if err := s.stores.Names.RenameGroup(ctx, c.After.ID, c.After.OrganizationID, c.After.Name); err != nil {
			return err
		}
	}
	return nil
}

// empty removes what belongs to groups that are deleted.
func (s *Groups) empty(ctx context.Context, groups ...*Group) error {
	for _, g := range groups {
		filter := GroupAttributeFilter{GroupID: g.ID}
		if _, err := s.checks.DeleteAll(ctx, wispwright.ScopeAll(), filter); err != nil {
			return err
		}
		if _, err := s.replies.DeleteAll(ctx, wispwright.ScopeAll(), filter); err != nil {
			return err
		}
		if _, err := s.members.DeleteAll(ctx, wispwright.ScopeAll(), MembershipFilter{GroupID: g.ID}); err != nil {
			return err
		}
	}
	return nil
}

// DeleteDefault removes a group even if it is the default: for superusers, one at a
// time (spec: radius §1.3).
func (s *Groups) DeleteDefault(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.base.Do(ctx, "radius.Groups.DeleteDefault", func(ctx context.Context) error {
		g, err := s.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		_, err = s.DeleteAll(ctx, wispwright.ScopeAll(), GroupFilter{IDs: wispwright.Only(g.ID)})
		return err
	})
}

// Default returns the group that new members of an organization get, or
// wispwright.ErrNotFound.
func (s *Groups) Default(ctx context.Context, organization wispwright.ID) (*Group, error) {
	yes := true
	return s.First(ctx, wispwright.ScopeAll(), GroupFilter{OrganizationID: organization, IsDefault: &yes})
}

// Prepare makes the two groups that every organization begins with, unless it has
// groups (spec: radius §1.3).
func (s *Groups) Prepare(ctx context.Context, organization wispwright.ID) error {
	return s.base.Do(ctx, "radius.Groups.Prepare", func(ctx context.Context) error {
		_, err := s.First(ctx, wispwright.ScopeAll(), GroupFilter{OrganizationID: organization})
		if err == nil || !errors.Is(err, wispwright.ErrNotFound) {
			return err
		}
		users := &Group{OrganizationID: organization, Name: "users", Description: "Regular users", IsDefault: true}
		power := &Group{OrganizationID: organization, Name: "power-users", Description: "Users with less restrictions"}
		for _, g := range []*Group{users, power} {
			if err := s.Create(ctx, g); err != nil {
				return err
			}
		}
		for _, limit := range [][2]string{{"Max-Daily-Session", "10800"}, {"Max-Daily-Session-Traffic", "3000000000"}} {
			if err := s.checks.Create(ctx, &GroupAttribute{GroupID: users.ID, Attribute: limit[0], Op: ":=", Value: limit[1]}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Renamed gives the groups of an organization whose slug changed their new names.
func (s *Groups) Renamed(ctx context.Context, organization wispwright.ID, former, slug string) error {
	return s.base.Do(ctx, "radius.Groups.Renamed", func(ctx context.Context) error {
		found, err := s.List(ctx, wispwright.ScopeAll(), GroupFilter{OrganizationID: organization}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, g := range found.Rows {
			rest, ok := strings.CutPrefix(g.Name, former+"-")
			if !ok {
				continue
			}
			if _, err := s.Update(ctx, wispwright.ScopeAll(), g.ID, func(g *Group) error { g.Name = slug + "-" + rest; return nil }); err != nil {
				return err
			}
		}
		return nil
	})
}

// GroupAttributes is the service of checks or of replies of groups, oldest first.
type GroupAttributes struct {
	*entity.Service[wispwright.ID, GroupAttribute, GroupAttributeFilter]
	groups    wispwright.Repo[Group, GroupFilter]
	operators []string
	normal    string
}

func newGroupAttributes(b *entity.Base, store wispwright.Repo[GroupAttribute, GroupAttributeFilter], groups wispwright.Repo[Group, GroupFilter], what, unique, normal string, operators []string) *GroupAttributes {
	s := &GroupAttributes{groups: groups, operators: operators, normal: normal}
	s.Service = entity.New(b, store, entity.Kind[wispwright.ID, GroupAttribute]{
		Name: "radius.Group" + map[string]string{"check": "Checks", "reply": "Replies"}[what], Model: "openwisp_radius.radiusgroup" + what,
		Label: func(a *GroupAttribute) string { return a.GroupName + " " + a.Attribute }, Validate: s.validate,
		Unique: map[string]error{unique: wispwright.Invalid("attribute", "Another group "+what+" for the same group and with the same attribute already exists.")},
	})
	return s
}

// validate takes name and organization from the group (spec: radius §1.4).
func (s *GroupAttributes) validate(ctx context.Context, c entity.Change[GroupAttribute]) error {
	a := c.After
	if a.Op == "" {
		a.Op = s.normal
	}
	var v wispwright.ValidationError
	switch {
	case !a.GroupID.IsZero():
		g, err := s.groups.Get(ctx, wispwright.ScopeAll(), a.GroupID)
		if err != nil {
			return valid.Reference(err, "group", a.GroupID)
		}
		a.GroupName, a.OrganizationID = g.Name, g.OrganizationID
	case a.GroupName == "":
		v.Add("groupname", valid.Blank)
		v.Add("group", valid.Blank)
	}
	valid.Text(&v, "groupname", a.GroupName, valid.Max(64))
	valid.Text(&v, "attribute", a.Attribute, valid.Required, valid.Max(64))
	valid.Text(&v, "op", a.Op, valid.OneOf(s.operators...))
	valid.Text(&v, "value", a.Value, valid.Required, valid.Max(253))
	return v.Err()
}

// Memberships is the service of who is in which group, newest first.
type Memberships struct {
	*entity.Service[wispwright.ID, Membership, MembershipFilter]
	base     *entity.Base
	stores   Stores
	accounts Accounts
}

func newMemberships(b *entity.Base, stores Stores, accounts Accounts) *Memberships {
	s := &Memberships{base: b, stores: stores, accounts: accounts}
	s.Service = entity.New(b, stores.Memberships, entity.Kind[wispwright.ID, Membership]{
		Name: "radius.Memberships", Model: "openwisp_radius.radiususergroup",
		Label: func(m *Membership) string { return m.Username + " in " + m.GroupName }, Validate: s.validate,
		Unique: map[string]error{uniqueMembership: wispwright.Invalid("", valid.Taken("Radius user group", "User", "Group"))},
	})
	return s
}

// validate takes the names from user and group; the user must belong to the group's
// organization (additions: R-5).
func (s *Memberships) validate(ctx context.Context, c entity.Change[Membership]) error {
	m := c.After
	var v wispwright.ValidationError
	if m.UserID.IsZero() {
		v.Add("user", valid.Blank)
	}
	if m.GroupID.IsZero() {
		v.Add("group", valid.Blank)
	}
	if m.Priority < 0 || m.Priority > 1<<31-1 {
		v.Add("priority", "Ensure this value is between 0 and 2147483647.")
	}
	if err := v.Err(); err != nil {
		return err
	}
	if ctx.Value(completeKey{}) != nil {
		return nil
	}
	g, err := s.stores.Groups.Get(ctx, wispwright.ScopeAll(), m.GroupID)
	if err != nil {
		return valid.Reference(err, "group", m.GroupID)
	}
	u, err := s.accounts.Get(ctx, m.UserID)
	if err != nil {
		return valid.Reference(err, "user", m.UserID)
	}
	m.GroupName, m.OrganizationID, m.Username = g.Name, g.OrganizationID, u.Username
	if c.Before != nil && c.Before.GroupID == m.GroupID && c.Before.UserID == m.UserID {
		return nil
	}
	member, err := s.accounts.IsMember(ctx, m.UserID, g.OrganizationID)
	if err != nil {
		return err
	}
	if !member {
		return wispwright.Invalid("group", valid.UnknownPK(m.GroupID))
	}
	return nil
}

// Of returns the membership of a user that counts in an organization, that of the
// lowest priority, or wispwright.ErrNotFound.
func (s *Memberships) Of(ctx context.Context, user, organization wispwright.ID) (*Membership, error) {
	return s.lowest(ctx, MembershipFilter{UserID: user, OrganizationID: organization})
}

// Named is Of for a username.
func (s *Memberships) Named(ctx context.Context, username string, organization wispwright.ID) (*Membership, error) {
	return s.lowest(ctx, MembershipFilter{Username: username, OrganizationID: organization})
}

func (s *Memberships) lowest(ctx context.Context, f MembershipFilter) (*Membership, error) {
	found, err := s.stores.Memberships.List(ctx, wispwright.ScopeAll(), f,
		wispwright.Page{Limit: 1, NoTotal: true, Order: []wispwright.Order{{Field: "Priority"}, {Field: "Created"}}})
	if err != nil {
		return nil, err
	}
	if len(found.Rows) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return found.Rows[0], nil
}

// joiningKey is where the group of Joining stands in a context.
type joiningKey struct{}

// Joining returns a context in which users who join the group's organization get this
// group instead of the default one.
func Joining(ctx context.Context, group wispwright.ID) context.Context {
	if group.IsZero() {
		return ctx
	}
	return context.WithValue(ctx, joiningKey{}, group)
}

// Joined gives users who became members of an organization its default group, or that
// of Joining, unless they have a group of it already (spec: radius §7.2).
func (s *Memberships) Joined(ctx context.Context, organization wispwright.ID, users ...wispwright.ID) error {
	g, err := s.joining(ctx, organization)
	if err != nil || g == nil {
		return err
	}
	list := make([]*Membership, 0, len(users))
	for some := range slices.Chunk(users, 500) {
		there, err := s.stores.Memberships.List(ctx, wispwright.ScopeAll(), MembershipFilter{UserIDs: wispwright.Only(some...), OrganizationID: organization}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, u := range some {
			if !slices.ContainsFunc(there.Rows, func(m *Membership) bool { return m.UserID == u }) {
				list = append(list, &Membership{UserID: u, GroupID: g.ID, Priority: 1})
			}
		}
	}
	if len(list) < 2 {
		for _, m := range list {
			if err := s.Create(ctx, m); err != nil {
				return err
			}
		}
		return nil
	}
	names, err := s.accounts.Usernames(ctx, users...)
	if err != nil {
		return err
	}
	for _, m := range list { // who has just become a member is one, and has a name
		m.GroupName, m.OrganizationID, m.Username = g.Name, g.OrganizationID, names[m.UserID]
	}
	return s.CreateMany(context.WithValue(ctx, completeKey{}, true), list)
}

// completeKey marks the context of memberships whose names were filled in.
type completeKey struct{}

// joining is the group that new members get, nil for none.
func (s *Memberships) joining(ctx context.Context, organization wispwright.ID) (*Group, error) {
	if id, ok := ctx.Value(joiningKey{}).(wispwright.ID); ok {
		g, err := s.stores.Groups.Get(ctx, wispwright.ScopeOf(organization), id)
		if err == nil || !errors.Is(err, wispwright.ErrNotFound) {
			return g, err
		}
	}
	yes := true
	groups, err := s.stores.Groups.List(ctx, wispwright.ScopeAll(), GroupFilter{OrganizationID: organization, IsDefault: &yes}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(groups.Rows) == 0 {
		return nil, err
	}
	return groups.Rows[0], nil
}
