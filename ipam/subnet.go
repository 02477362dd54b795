package ipam

import (
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Subnet is a network (spec: ipam §1).
type Subnet struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose it is; zero: shared by all.
	OrganizationID wispwright.ID
	// Name is shown to people: 1 to 100 characters, not unique.
	Name string
	// Subnet is the network, without bits of hosts. It is unique within an
	// organization.
	Subnet netip.Prefix
	// Description has up to 100 characters.
	Description string
	// MasterSubnetID is the subnet it lies in; zero: none.
	MasterSubnetID wispwright.ID
	// Created and Modified are when the subnet was stored first and last.
	Created, Modified time.Time

	// What follows is kept by the services; what callers put there counts for
	// nothing.

	// Used is how many addresses are recorded in it, those of nested subnets not
	// counted.
	Used int64
	// Fullness is the share of its hosts that is recorded, from 0 to 1.
	Fullness float64
	// Nested is how many subnets have it as their master.
	Nested int64
	// Allotted is the share of it that they take, from 0 to 1.
	Allotted float64
	// FreeFrom is a host before which every host is recorded, or a hole. Invalid:
	// the first host.
	FreeFrom netip.Addr
	// Highest is an address beyond which none is recorded. Invalid: none is at all.
	Highest netip.Addr
	// Holes is how many hosts before FreeFrom are not recorded any more.
	Holes int64
}

// String is how people call it: its name and the network.
func (n *Subnet) String() string { return n.Name + " " + n.Subnet.String() }

// Shared reports whether it belongs to all organizations.
func (n *Subnet) Shared() bool { return n.OrganizationID.IsZero() }

// keepUse makes it keep what only the services change.
func (n *Subnet) keepUse(from *Subnet) {
	n.Used, n.Fullness, n.Nested, n.Allotted, n.FreeFrom, n.Highest, n.Holes = from.Used, from.Fullness, from.Nested, from.Allotted, from.FreeFrom, from.Highest, from.Holes
}

// Generated is the name of the condition in SubnetFilter.Related and AddressFilter.Related
// that rules of another concern made something: a bool.
const Generated = "generated"

// SubnetFilter selects subnets; the zero value all.
type SubnetFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// Subnet is one network, Subnets one of several, SubnetWithin those that lie in
	// one or equal it.
	Subnet       netip.Prefix
	Subnets      wispwright.Among[netip.Prefix]
	SubnetWithin netip.Prefix
	// MasterSubnetID is what they lie in directly, MasterSubnetIDs one of several.
	MasterSubnetID  wispwright.ID
	MasterSubnetIDs wispwright.Among[wispwright.ID]
	// Root selects those without master, or those with one.
	Root *bool
	// Related limits by what other concerns keep of subnets: the name of a condition that
	// the storage was opened with, and its value. A condition that the storage does not
	// know selects nothing.
	Related map[string]any
	// Search is a part of the name or of the description, in any letter case.
	Search string
}

// UniqueSubnet is the rule that an organization has a network once.
const UniqueSubnet = "ipam_subnet_organization_subnet"

// SubnetShape is how storages keep subnets.
func SubnetShape() store.Shape {
	return store.Shape{
		Table: "ipam_subnet", Org: "OrganizationID", Order: []wispwright.Order{{Field: "Subnet"}, {Field: "Created"}}, Search: []string{"Name", "Description"},
		Unique:  []store.Unique{{Name: UniqueSubnet, Fields: []string{"OrganizationID", "Subnet"}}},
		Parents: []store.Parent{{Field: "MasterSubnetID", Table: "ipam_subnet"}},
	}
}
