package ipam

import (
	"context"
	"net/netip"

	"github.com/wispwright/wispwright"
)

// Stores are where the concern keeps its rows, all of one transactor.
type Stores struct {
	Subnets   SubnetStore
	Addresses AddressStore
	Holes     HoleStore
}

// SubnetStore keeps subnets. Deleting one deletes its addresses and holes; those
// nested in it have no master then.
type SubnetStore interface {
	wispwright.Repo[Subnet, SubnetFilter]
	// Serialize keeps others from changing which subnets an organization has until
	// the transaction of the context ends; with the zero ID, those of everybody.
	Serialize(ctx context.Context, organization wispwright.ID) error
}

// AddressStore keeps addresses.
type AddressStore interface {
	wispwright.Repo[Address, AddressFilter]
	// InsertMany stores new addresses, all or none.
	InsertMany(ctx context.Context, addresses []*Address) error
	// DeleteOf removes all addresses of subnets.
	DeleteOf(ctx context.Context, subnets ...wispwright.ID) error
	// Move makes all addresses of a subnet an organization's.
	Move(ctx context.Context, subnet, organization wispwright.ID) error
}

// HoleStore keeps the hosts before Subnet.FreeFrom that are not recorded any
// more, so that the lowest is found at once.
type HoleStore interface {
	// First returns the lowest one of a subnet, or wispwright.ErrNotFound.
	First(ctx context.Context, subnet wispwright.ID) (netip.Addr, error)
	// Add stores some; they are not there yet.
	Add(ctx context.Context, subnet wispwright.ID, addresses ...netip.Addr) error
	// Remove removes those that are there and returns their number.
	Remove(ctx context.Context, subnet wispwright.ID, addresses ...netip.Addr) (int, error)
	// Clear removes all of subnets.
	Clear(ctx context.Context, subnets ...wispwright.ID) error
}
