package controller

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Group is a set of devices of one organization that have templates and
// variables in common (spec: controller-config §1.6, §7).
type Group struct {
	// ID identifies the group.
	ID wispwright.ID
	// OrganizationID is the tenant; required.
	OrganizationID wispwright.ID
	// Name is unique in the organization, at most 60 characters.
	Name string
	// Description is free text for people.
	Description string
	// Templates are given to the devices of the group, which may lose them
	// again one by one; the first one is lowest.
	Templates []wispwright.ID
	// Context are variables of the devices of the group, an object.
	Context wispwright.JSON
	// Declared says what these variables are, see package variable; only
	// Groups.Declare changes it.
	Declared wispwright.JSON
	// MetaData is an object of the form that Options.GroupSchema asks for.
	MetaData wispwright.JSON
	// Created is when the group was stored first.
	Created time.Time
	// Modified is when it was stored last.
	Modified time.Time
}

// Shape is how storages keep groups.
func (Group) Shape() store.Shape {
	return store.Shape{
		Table: "controller_group", Org: "OrganizationID", Order: store.Newest("Created"),
		Search: []string{"ID", "Name", "Description", "MetaData"},
		Unique: []store.Unique{
			{Name: UniqueGroupName, Fields: []string{"OrganizationID", "Name"}},
		},
	}
}

// GroupFilter selects groups; zero fields select all.
type GroupFilter struct {
	// IDs limits to these groups.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// Name limits to one name.
	Name string
	// TemplateID limits to groups that give a template.
	TemplateID wispwright.ID
	// HasDevices limits to groups with or without devices.
	HasDevices *bool
	// Search finds a text in id, name, description or the metadata.
	Search string
}

// UniqueGroupName is the unique rule of groups: one name per organization.
const UniqueGroupName = "group_organization_name"

// GroupStore keeps groups. Its unique rule is UniqueGroupName.
type GroupStore interface {
	wispwright.Repo[Group, GroupFilter]
	// Hold reads groups and keeps them from changing until the transaction
	// ends. Those that do not exist are left out.
	Hold(ctx context.Context, ids []wispwright.ID) ([]*Group, error)
	// CountDevices counts the devices of the scope in each of some groups. Those
	// without devices may be left out.
	CountDevices(ctx context.Context, scope wispwright.Scope, groups []wispwright.ID) (map[wispwright.ID]int, error)
}
