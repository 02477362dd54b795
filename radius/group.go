package radius

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Group is a set of limits and of attributes that its members get (spec: radius
// §1.3).
type Group struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose it is.
	OrganizationID wispwright.ID
	// Name begins with the organization's slug and a hyphen: 1 to 64 characters,
	// unique in the whole installation, since FreeRADIUS knows no organizations.
	Name string
	// Description has up to 64 characters.
	Description string
	// IsDefault: new members of the organization get this group. Each organization
	// has one such group.
	IsDefault bool
	// Created and Modified are when the group was stored first and last.
	Created, Modified time.Time
}

// String is the name.
func (g *Group) String() string { return g.Name }

// GroupFilter selects groups; the zero value all.
type GroupFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// Name is exactly one.
	Name string
	// IsDefault are those of new members, or the others.
	IsDefault *bool
	// Search is a part of the name, in any letter case.
	Search string
}

// uniqueGroup is the rule that no two groups have one name.
const uniqueGroup = "radius_group_name"

// Shape is how storages keep groups.
func (Group) Shape() store.Shape {
	return store.Shape{
		Table: "radius_group", Org: "OrganizationID", Order: []wispwright.Order{{Field: "Name"}}, Search: []string{"Name"},
		Unique: []store.Unique{{Name: uniqueGroup, Fields: []string{"Name"}}},
	}
}

// GroupAttribute is one check or one reply of a group (spec: radius §1.4). Limits
// are checks, such as Max-Daily-Session.
type GroupAttribute struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is the group's.
	OrganizationID wispwright.ID
	// GroupID is the group; zero: one that only FreeRADIUS knows, by GroupName.
	GroupID wispwright.ID
	// GroupName is the group's name.
	GroupName string
	// Attribute is the name in the dictionary, up to 64 characters.
	Attribute string
	// Op is one of checkOperators or replyOperators.
	Op string
	// Value has up to 253 characters.
	Value string
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// GroupAttributeFilter selects attributes of groups; the zero value all.
type GroupAttributeFilter struct {
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// GroupID is the group, GroupIDs one of several.
	GroupID  wispwright.ID
	GroupIDs wispwright.Among[wispwright.ID]
	// Attribute is a name.
	Attribute string
	// Search is a part of the name or of the value, in any letter case.
	Search string
}

// uniqueGroupCheck and uniqueGroupReply are the rules that a group has an attribute
// once.
const (
	uniqueGroupCheck = "radgroupcheck_group_attribute"
	uniqueGroupReply = "radgroupreply_group_attribute"
)

// GroupCheckShape is how storages keep checks of groups.
func GroupCheckShape() store.Shape { return groupAttributeShape("radgroupcheck", uniqueGroupCheck) }

// GroupReplyShape is how storages keep replies of groups.
func GroupReplyShape() store.Shape { return groupAttributeShape("radgroupreply", uniqueGroupReply) }

func groupAttributeShape(table, unique string) store.Shape {
	return store.Shape{
		Table: table, Org: "OrganizationID", Order: []wispwright.Order{{Field: "Created"}, {Field: "Attribute"}}, Search: []string{"Attribute", "Value"},
		Unique:  []store.Unique{{Name: unique, Fields: []string{"GroupID", "Attribute"}}},
		Parents: []store.Parent{{Field: "GroupID", Table: "radius_group"}},
	}
}

// Membership makes a user one of a group (spec: radius §1.5).
type Membership struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is the group's.
	OrganizationID wispwright.ID
	// UserID is the member, Username the member's name.
	UserID   wispwright.ID
	Username string
	// GroupID is the group, GroupName its name.
	GroupID   wispwright.ID
	GroupName string
	// Priority decides between groups of one organization: the lowest wins.
	Priority int64
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// MembershipFilter selects memberships; the zero value all.
type MembershipFilter struct {
	// OrganizationID is whose groups.
	OrganizationID wispwright.ID
	// UserID and Username are the member, GroupID the group.
	UserID   wispwright.ID
	Username string
	GroupID  wispwright.ID
	// UserIDs are several members.
	UserIDs wispwright.Among[wispwright.ID]
	// Search is a part of either name, in any letter case.
	Search string
}

// uniqueMembership is the rule that a user is in a group once.
const uniqueMembership = "radusergroup_user_group"

// Shape is how storages keep memberships.
func (Membership) Shape() store.Shape {
	return store.Shape{
		Table: "radusergroup", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"Username", "GroupName"},
		Unique:  []store.Unique{{Name: uniqueMembership, Fields: []string{"UserID", "GroupID"}}},
		Parents: []store.Parent{{Field: "GroupID", Table: "radius_group"}},
	}
}
