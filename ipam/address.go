package ipam

import (
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Address is an address of a subnet that is taken (spec: ipam §1).
type Address struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is the subnet's; what callers put there counts for nothing.
	OrganizationID wispwright.ID
	// SubnetID is the subnet it is recorded in. An address of a nested subnet may
	// also be recorded in its master.
	SubnetID wispwright.ID
	// IPAddress is the address, unique within the subnet.
	IPAddress netip.Addr
	// Description has up to 100 characters.
	Description string
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// AddressFilter selects addresses; the zero value all.
type AddressFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// SubnetID is the subnet they are recorded in, SubnetIDs one of several.
	SubnetID  wispwright.ID
	SubnetIDs wispwright.Among[wispwright.ID]
	// IPAddress is one address; IPAddressWithin are those of a network, IPAddressFrom
	// those from one on, IPAddressBefore those before one.
	IPAddress       netip.Addr
	IPAddressWithin netip.Prefix
	IPAddressFrom   netip.Addr
	IPAddressBefore netip.Addr
	// Related limits by what other concerns keep of addresses, as SubnetFilter.Related does.
	Related map[string]any
	// Search is a part of the description, in any letter case.
	Search string
}

// UniqueAddress is the rule that a subnet has an address once.
const UniqueAddress = "ipam_address_subnet_ip"

// AddressShape is how storages keep addresses.
func AddressShape() store.Shape {
	return store.Shape{
		Table: "ipam_address", Org: "OrganizationID", Order: []wispwright.Order{{Field: "IPAddress"}}, Search: []string{"Description"},
		Unique:  []store.Unique{{Name: UniqueAddress, Fields: []string{"SubnetID", "IPAddress"}}},
		Parents: []store.Parent{{Field: "SubnetID", Table: "ipam_subnet"}},
	}
}
