package check

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Check is a check of a device (spec: monitoring §2.4).
type Check struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID and DeviceID are whose it is.
	OrganizationID, DeviceID wispwright.ID
	// Name is what people call it, Description what they say of it.
	Name, Description string
	// Type is the type's in the Registry.
	Type string
	// IsActive is false for one that does not run.
	IsActive bool
	// Params are the type's: an object.
	Params wispwright.JSON
	// NextAt is when it is due, LastRun when it ran last.
	NextAt  time.Time
	LastRun *time.Time
	// LastError is why the last run came to nothing.
	LastError string
	// LeaseUntil is until when a node runs it; nil: none does.
	LeaseUntil *time.Time
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// UniqueCheck is the rule that a device has one check of a name.
const UniqueCheck = "monitoring_check_name"

// Shape is how storages keep checks.
func Shape() store.Shape {
	return store.Shape{Table: "monitoring_check", Org: "OrganizationID", Order: store.Oldest("Name"), Search: []string{"Name"},
		Unique: []store.Unique{{Name: UniqueCheck, Fields: []string{"DeviceID", "Name"}}}}
}

// Filter selects checks; zero fields select all.
type Filter struct {
	// OrganizationID and DeviceID limit to one.
	OrganizationID, DeviceID wispwright.ID
	// DeviceIDs limits to some devices.
	DeviceIDs wispwright.Among[wispwright.ID]
	// Type limits to a type.
	Type string
	// IsActive limits to those that run, or to the others.
	IsActive *bool
	// Search finds a part of the name.
	Search string
}

// Store keeps checks.
type Store interface {
	wispwright.Repo[Check, Filter]
	// InsertMany stores new ones, all or none.
	InsertMany(ctx context.Context, list []*Check) error
	// Take leases checks that are due until a time, at most limit, the longest due first. It leaves
	// out those that are leased, and devices of which another check is.
	Take(ctx context.Context, now, until time.Time, limit int) ([]*Check, error)
	// Done stores NextAt, LastRun and LastError, and ends the lease.
	Done(ctx context.Context, list []*Check) error
	// Hasten makes active checks of some types due at a time that are due later, of devices, unless
	// they ran after since.
	Hasten(ctx context.Context, at, since time.Time, types []string, devices ...wispwright.ID) error
	// Due makes active checks of some types due at a time that are due later, of all devices, and returns
	// how many these were.
	Due(ctx context.Context, at time.Time, types []string) (int, error)
	// Lock takes a name until a time, and reports whether it did: false while somebody has it.
	Lock(ctx context.Context, name string, now, until time.Time) (bool, error)
	// Unlock gives a name back.
	Unlock(ctx context.Context, name string) error
	// DeleteOf removes those of devices.
	DeleteOf(ctx context.Context, devices ...wispwright.ID) error
	// Move makes those of a device an organization's.
	Move(ctx context.Context, device, organization wispwright.ID) error
}

// Models are the kinds of objects permissions exist for (spec: monitoring §22).
func Models() []wispwright.Model {
	return []wispwright.Model{{App: "check", Name: "check", Label: "Check", Operator: "V", Administrator: "ACDV"}}
}
