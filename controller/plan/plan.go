package plan

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Status is how far a plan is.
type Status string

// The statuses of plans.
const (
	// Draft may be edited and was not looked at yet.
	Draft Status = "draft"
	// Computing is being rehearsed.
	Computing Status = "computing"
	// Planned says what it would do; editing makes it a Draft again.
	Planned Status = "planned"
	// Applying is carried out by its rollout.
	Applying Status = "applying"
	// Applied was carried out.
	Applied Status = "applied"
	// RolledBack was taken back.
	RolledBack Status = "rolled_back"
)

// Statuses are all statuses in the order of a plan's life.
func Statuses() []Status { return []Status{Draft, Computing, Planned, Applying, Applied, RolledBack} }

// Editable reports whether the changes may be edited.
func (s Status) Editable() bool { return s == Draft || s == Computing || s == Planned }

// Plan is a set of changes that belong together.
type Plan struct {
	// ID identifies the plan.
	ID wispwright.ID
	// OrganizationID is the tenant whose objects are changed; zero for a plan over
	// shared templates or several organizations, which only superusers may have.
	OrganizationID wispwright.ID
	// Name says what it is for, at most 128 characters. Notes are free text.
	Name, Notes string
	// Status is how far it is, Problem why it could not be rehearsed.
	Status  Status
	Problem string
	// Source says where it comes from, such as a folder; may be empty.
	Source string
	// Changes are the changes, in the order in which they are made.
	Changes []Change
	// Turn counts how often the changes were edited.
	Turn int64
	// Computed is when it was rehearsed last, nil when it was not since the changes
	// were edited.
	Computed *time.Time
	// Affected is how many devices the changes may touch. Of these Changed would run
	// something else, Invalid could not be rendered, and Away are those of both that are
	// not in touch.
	Affected, Changed, Invalid, Away int
	// SignedByID and SignedBy are the user that approved of what was rehearsed, Signed when.
	SignedByID wispwright.ID
	SignedBy   string
	Signed     *time.Time
	// RolloutID is what carries it out; zero before, and where no device changes.
	RolloutID wispwright.ID
	// Ended is when it was applied or taken back.
	Ended *time.Time
	// ActorID and Actor are the user that made it.
	ActorID wispwright.ID
	Actor   string
	// Created is when it was made, Modified when it changed last.
	Created, Modified time.Time
}

// Shape is how storages keep plans.
func (Plan) Shape() store.Shape {
	return store.Shape{Table: "plan", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"Name", "Notes"}}
}

// PlanFilter selects plans; zero fields select all.
type PlanFilter struct {
	// IDs limits to some plans.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// Status limits to one status.
	Status Status
	// RolloutID limits to the plan of a rollout.
	RolloutID wispwright.ID
	// Search finds a text in name or notes.
	Search string
}

// Group is a set of devices to which a plan does the same.
type Group struct {
	// ID identifies the group, PlanID its plan.
	ID, PlanID wispwright.ID
	// OrganizationID is the plan's.
	OrganizationID wispwright.ID
	// Digest tells equal differences.
	Digest string
	// Diff is the difference of what the devices run, in the format of diff -u; what is a
	// device's own is written as {{ name }}. Empty for devices that cannot be rendered.
	Diff string
	// Fault says why they cannot be rendered.
	Fault string
	// Added and Removed are how many lines come and go.
	Added, Removed int
	// Count is how many devices there are, Away how many of them are not in touch.
	Count, Away int
	// SampleID and Sample are one of the devices.
	SampleID wispwright.ID
	Sample   string
}

// Shape is how storages keep groups.
func (Group) Shape() store.Shape {
	return store.Shape{Table: "plan_group", Org: "OrganizationID", Order: store.Newest("Count"), Parents: []store.Parent{{Field: "PlanID", Table: "plan"}}}
}

// GroupFilter selects groups; zero fields select all.
type GroupFilter struct {
	// PlanID limits to one plan.
	PlanID wispwright.ID
}

// Device is what a plan does to one device.
type Device struct {
	// ID identifies the row, PlanID the plan; a device has one row in it.
	ID, PlanID wispwright.ID
	// DeviceID is the device, OrganizationID its organization, Name its name then.
	DeviceID, OrganizationID wispwright.ID
	Name                     string
	// GroupID is the group it belongs to; zero for a device that stays as it is.
	GroupID wispwright.ID
	// Ground is a digest of what its configuration was made of.
	Ground string
	// Away: it was not in touch.
	Away bool
	// Released: it is rendered with the staged contents.
	Released bool
}

// Shape is how storages keep devices of plans.
func (Device) Shape() store.Shape {
	return store.Shape{
		Table: "plan_device", Org: "OrganizationID", Order: store.Oldest("Name"), Search: []string{"Name"},
		Unique: []store.Unique{{Name: UniqueDevice, Fields: []string{"PlanID", "DeviceID"}}}, Parents: []store.Parent{{Field: "PlanID", Table: "plan"}},
	}
}

// UniqueDevice is the rule that a device has one row in a plan.
const UniqueDevice = "plan_device_plan"

// DeviceFilter selects devices of plans; zero fields select all.
type DeviceFilter struct {
	// PlanID limits to one plan, GroupID to one group.
	PlanID, GroupID wispwright.ID
	// Away limits to devices that were not in touch, or to the others.
	Away *bool
	// DeviceIDs limits to some devices.
	DeviceIDs wispwright.Among[wispwright.ID]
	// Search finds a text in the name.
	Search string
}

// Comment is what somebody says about a plan.
type Comment struct {
	// ID identifies the comment, PlanID the plan, OrganizationID is the plan's.
	ID, PlanID, OrganizationID wispwright.ID
	// ActorID and Actor are the user that says it.
	ActorID wispwright.ID
	Actor   string
	// Text is what is said, at most 10,000 characters.
	Text string
	// Created is when it was said.
	Created time.Time
}

// Shape is how storages keep comments.
func (Comment) Shape() store.Shape {
	return store.Shape{Table: "plan_comment", Org: "OrganizationID", Order: store.Oldest("Created"), Parents: []store.Parent{{Field: "PlanID", Table: "plan"}}}
}

// CommentFilter selects comments; zero fields select all.
type CommentFilter struct {
	// PlanID limits to one plan.
	PlanID wispwright.ID
}

// Models are the kinds of objects permissions exist for, with what the default
// groups may do: to apply a plan needs the permission to change it.
func Models() []wispwright.Model {
	return []wispwright.Model{{App: "config", Name: "plan", Label: "plan", Operator: "ACV", Administrator: "ACDV"}}
}
