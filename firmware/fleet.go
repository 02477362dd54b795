package firmware

import (
	"context"
	"net/netip"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
)

// Device is what is known here of a device.
type Device struct {
	// ID identifies it, OrganizationID is whose it is, GroupID its group.
	ID, OrganizationID, GroupID wispwright.ID
	// Name is what it is called, Model its hardware, OS its system, as its agent
	// reported them.
	Name, Model, OS string
	// Deactivated ones are left alone.
	Deactivated bool
	// Addresses are where it is reached.
	Addresses []netip.Addr
}

// DeviceQuery selects devices; the zero value all.
type DeviceQuery struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID, GroupID and LocationID are where they belong.
	OrganizationID, GroupID, LocationID wispwright.ID
	// Models are their hardware.
	Models wispwright.Among[string]
	// OS is their system.
	OS string
}

// Fleet are the devices.
type Fleet interface {
	// Device returns one, or wispwright.ErrNotFound.
	Device(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Device, error)
	// Find returns a page of those that are selected, the latest first.
	Find(ctx context.Context, scope wispwright.Scope, q DeviceQuery, page wispwright.Page) ([]*Device, error)
	// Group and Location return the organization of one that devices belong to, or
	// wispwright.ErrNotFound.
	Group(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (organization wispwright.ID, err error)
	Location(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (organization wispwright.ID, err error)
}

// Reacher opens sessions on devices.
type Reacher interface {
	// Strategies returns, of each device with a connection, the update strategy of
	// the first enabled one that upgrades; "" where none does.
	Strategies(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]string, error)
	// Open opens a session by the first connection that works. Errors:
	// *UnreachableError; all others are the server's own.
	Open(ctx context.Context, device wispwright.ID) (connection.Session, error)
	// Broken notes that a device cannot be reached any more, and why.
	Broken(ctx context.Context, device wispwright.ID, reason string) error
}

// UnreachableError says that no connection of a device works.
type UnreachableError struct {
	// Attempts are what was tried; none when there was nothing to try.
	Attempts []Attempt
}

// Attempt is a connection that was tried.
type Attempt struct {
	// Credentials are what they are called, Reason is why it failed.
	Credentials, Reason string
}

func (e *UnreachableError) Error() string {
	if len(e.Attempts) == 0 {
		return noConnection
	}
	return allTried
}

const (
	noConnection = "No device connection available"
	allTried     = "Failed to establish connection with the device, tried all DeviceConnections"
)
