package plan

import (
	"context"

	"github.com/wispwright/wispwright"
)

// DeviceStore keeps what plans do to devices.
type DeviceStore interface {
	wispwright.Repo[Device, DeviceFilter]
	// InsertMany stores new rows.
	InsertMany(ctx context.Context, list []*Device) error
	// Release notes whether devices of a plan are rendered with its contents; without
	// devices all of the plan.
	Release(ctx context.Context, plan wispwright.ID, released bool, devices ...wispwright.ID) error
	// Released returns the plans with whose contents some devices are rendered. Devices
	// without any are left out.
	Released(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID][]wispwright.ID, error)
	// Clear removes all rows of a plan.
	Clear(ctx context.Context, plan wispwright.ID) error
	// Forget removes the rows of deleted devices.
	Forget(ctx context.Context, devices ...wispwright.ID) error
}

// GroupStore keeps groups of devices.
type GroupStore interface {
	wispwright.Repo[Group, GroupFilter]
	// InsertMany stores new groups.
	InsertMany(ctx context.Context, list []*Group) error
	// Clear removes all groups of a plan.
	Clear(ctx context.Context, plan wispwright.ID) error
}

// Stores is what the concern keeps. All are required and belong to one
// Transactor, which is the controller's and the rollouts' too.
type Stores struct {
	// Plans keeps plans.
	Plans wispwright.Repo[Plan, PlanFilter]
	// Groups keeps groups of devices.
	Groups GroupStore
	// Devices keeps devices of plans.
	Devices DeviceStore
	// Comments keeps comments.
	Comments wispwright.Repo[Comment, CommentFilter]
}
