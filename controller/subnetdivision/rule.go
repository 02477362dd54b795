package subnetdivision

import (
	"context"
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Rule says how a subnet is divided (spec: subnet-division §1).
type Rule struct {
	// ID identifies the rule.
	ID wispwright.ID
	// OrganizationID is the tenant whose devices it is for.
	OrganizationID wispwright.ID
	// Type is the identifier of a Type.
	Type string
	// MasterSubnetID is the subnet that is divided.
	MasterSubnetID wispwright.ID
	// Label begins the names of variables: letters, digits and underscores, at most 30,
	// unique in the organization.
	Label string
	// NumberOfSubnets is how many networks a device gets, Size their prefix length,
	// NumberOfIPs how many addresses are taken in each. With no networks the addresses
	// are taken of the subnet itself, which Options.Direct allows; Size is the subnet's then.
	NumberOfSubnets, Size, NumberOfIPs int64
	// Created and Modified are when the rule was stored first and last.
	Created, Modified time.Time
}

// UniqueRule is the unique rule of rules: one label per organization.
const UniqueRule = "subnetdivision_rule_organization_label"

// Shape is how storages keep rules.
func (Rule) Shape() store.Shape {
	return store.Shape{
		Table: "subnetdivision_rule", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"Label"},
		Unique: []store.Unique{{Name: UniqueRule, Fields: []string{"OrganizationID", "Label"}}},
	}
}

// RuleFilter selects rules; zero fields select all.
type RuleFilter struct {
	// IDs limits to these rules.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// MasterSubnetID limits to the rules of one subnet, MasterSubnetIDs to those of some.
	MasterSubnetID  wispwright.ID
	MasterSubnetIDs wispwright.Among[wispwright.ID]
	// Type limits to one type.
	Type string
	// Search finds a text in the label.
	Search string
}

// Entry is a network or an address that a device got, and the variable that has it.
type Entry struct {
	// ID identifies the entry.
	ID wispwright.ID
	// RuleID is the rule, which may be gone; DeviceID the device.
	RuleID, DeviceID wispwright.ID
	// SubnetID is the network; AddressID the address in it, zero in the network's own
	// entry.
	SubnetID, AddressID wispwright.ID
	// Number counts the networks of a device from 1, Ordinal the addresses of a network;
	// 0 is the network itself. An address of the divided subnet itself has the number 0.
	Number, Ordinal int64
	// Keyword is the name of the variable, Value what it stands for.
	Keyword, Value string
	// Created is when it was stored.
	Created time.Time
}

// UniqueEntry is the unique rule of entries: a device has a variable once.
const UniqueEntry = "subnetdivision_entry_device_keyword"

// Shape is how storages keep entries. They are stored before the device that they
// are of, in its transaction.
func (Entry) Shape() store.Shape {
	return store.Shape{
		Table: "subnetdivision_entry", Order: []wispwright.Order{{Field: "DeviceID"}, {Field: "RuleID"}, {Field: "Number"}, {Field: "Ordinal"}},
		Unique: []store.Unique{{Name: UniqueEntry, Fields: []string{"DeviceID", "Keyword"}}},
	}
}

// network reads the value of a network's own entry.
func (e *Entry) network() netip.Prefix {
	p, err := netip.ParsePrefix(e.Value)
	if err != nil {
		return netip.Prefix{} // an address
	}
	return p
}

// EntryFilter selects entries; zero fields select all.
type EntryFilter struct {
	// RuleID limits to one rule, DeviceID to one device, DeviceIDs to some.
	RuleID, DeviceID wispwright.ID
	DeviceIDs        wispwright.Among[wispwright.ID]
	// RuleIDs limits to some rules, SubnetIDs to some networks.
	RuleIDs, SubnetIDs wispwright.Among[wispwright.ID]
	// AddressIDs limits to some addresses.
	AddressIDs wispwright.Among[wispwright.ID]
	// Networks limits to the entries of networks, or to those of addresses.
	Networks *bool
	// Direct limits to addresses of divided subnets themselves, or to the rest.
	Direct *bool
}

// RuleStore keeps rules.
type RuleStore interface {
	wispwright.Repo[Rule, RuleFilter]
	// Hold reads the rules of a subnet and keeps everybody else from holding them until
	// the transaction ends: one at a time divides it.
	Hold(ctx context.Context, master wispwright.ID) ([]*Rule, error)
}

// EntryStore keeps entries.
type EntryStore interface {
	wispwright.Repo[Entry, EntryFilter]
	// InsertMany stores new entries.
	InsertMany(ctx context.Context, entries []*Entry) error
	// DeleteMany removes entries; those that do not exist are no error.
	DeleteMany(ctx context.Context, ids ...wispwright.ID) error
}

// Stores are where the concern keeps its rows, all of the controller's transactor.
type Stores struct {
	Rules   RuleStore
	Entries EntryStore
}
