package controller

import (
	"context"
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Device is a router or another machine under management
// (spec: controller-config §1.1).
type Device struct {
	// ID identifies the device.
	ID wispwright.ID
	// OrganizationID is the tenant; required.
	OrganizationID wispwright.ID
	// Name is a host name or a MAC address, at most 64 characters, unique in
	// its organization without regard to letter case.
	Name string
	// NameKey is the name as uniqueness sees it; the service sets it, empty
	// when names need not be unique.
	NameKey string
	// MACAddress is written in upper case, unique in its organization.
	MACAddress string
	// Key is the shared secret of device and server, at most 64 characters;
	// made by the service when empty.
	Key wispwright.Secret
	// KeyDigest is the SHA-256 of Key in hexadecimal, by which a device is
	// found; the service sets it. Unique over all organizations.
	KeyDigest string
	// KeyHint finds the device by the beginning of Key, see KeyHint; the service
	// sets it.
	KeyHint string
	// Model of the hardware, at most 64 characters.
	Model string
	// OS names the operating system with its version, at most 128 characters.
	OS string
	// System is the SOC or CPU, at most 128 characters.
	System string
	// Notes are free text of administrators.
	Notes string
	// GroupID is the group the device is in, of its own organization; zero for
	// none.
	GroupID wispwright.ID
	// LastIP is where the last request of the device's agent came from.
	LastIP netip.Addr
	// ManagementIP is where the device can be reached, as its agent said.
	ManagementIP netip.Addr
	// HardwareID is a serial number, at most 32 characters, unique in its
	// organization; empty for none.
	HardwareID string
	// IsDeactivated is true from deactivation to activation.
	IsDeactivated bool
	// LastSeen is when the last request of the device's agent came, to within the
	// interval in which that is written (Agents.WriteSeen); nil for a device that
	// was never heard of.
	LastSeen *time.Time
	// Created is when the device was stored first.
	Created time.Time
	// Modified is when it was stored last.
	Modified time.Time
}

// Shape is how storages keep devices.
func (Device) Shape() store.Shape {
	return store.Shape{
		Table: "controller_device", Org: "OrganizationID", Order: store.Newest("Created"),
		Search: []string{"ID", "Name", "MACAddress", "HardwareID", "Model", "OS", "System", "LastIP", "ManagementIP", "Notes"},
		Unique: []store.Unique{
			{Name: UniqueDeviceName, Fields: []string{"NameKey", "OrganizationID"}},
			{Name: UniqueDeviceMAC, Fields: []string{"MACAddress", "OrganizationID"}},
			{Name: UniqueDeviceHardware, Fields: []string{"HardwareID", "OrganizationID"}},
			{Name: UniqueDeviceKey, Fields: []string{"KeyDigest"}},
		},
	}
}

// DeviceFilter selects devices; zero fields select all.
type DeviceFilter struct {
	// IDs limits to these devices.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// OrganizationIDs limits to some organizations.
	OrganizationIDs wispwright.Among[wispwright.ID]
	// NameContains finds a part of the name, MACAddressContains of the MAC
	// address, both without regard to letter case.
	NameContains, MACAddressContains string
	// MACAddress limits to one address, HardwareID to one serial number.
	MACAddress, HardwareID string
	// LastIPs limits to devices last seen at some addresses.
	LastIPs wispwright.Among[netip.Addr]
	// LastIPWithin and ManagementIPWithin limit to devices with an address in a network.
	LastIPWithin, ManagementIPWithin netip.Prefix
	// GroupID limits to the devices of one group.
	GroupID wispwright.ID
	// KeyDigest limits to the device with one key.
	KeyDigest string
	// Status limits to devices whose configuration has a status.
	Status Status
	// Backend limits to devices whose configuration has a backend.
	Backend string
	// TemplateID limits to devices whose configuration uses a template.
	TemplateID wispwright.ID
	// NotRenewed limits to devices whose configuration could not be renewed, or
	// to the others.
	NotRenewed *bool
	// HasConfig limits to devices with or without configuration.
	HasConfig *bool
	// IsDeactivated limits to deactivated or active ones.
	IsDeactivated *bool
	// Created limits to devices stored first at one moment; CreatedFrom to
	// that moment or later, CreatedBefore to an earlier one.
	Created, CreatedFrom, CreatedBefore time.Time
	// ModelContains finds a part of the model, OSContains of the operating
	// system, both without regard to letter case.
	ModelContains, OSContains string
	// Models limits to devices of some models, OS to those of one operating system.
	Models wispwright.Among[string]
	OS     string
	// Tag limits to devices whose configuration uses a template with a tag.
	Tag string
	// LastSeenFrom limits to devices that were heard of at a moment or later,
	// LastSeenBefore to those that were heard of before it and not since.
	LastSeenFrom, LastSeenBefore time.Time
	// NeverSeen limits to devices that were never heard of, or to the others.
	NeverSeen *bool
	// Related limits to devices by what other concerns keep of them: the name of a
	// condition that the storage was opened with, and its value. A condition that the
	// storage does not know selects nothing.
	Related map[string]any
	// WithoutKeyHint limits to devices whose key cannot be searched for yet.
	WithoutKeyHint bool
	// Search finds a text in id, name, serial number, model, os, system, addresses,
	// notes, what a device reported as error or why it could not be renewed; a MAC
	// address in any writing (MACDigits); a key by its beginning (KeyHint).
	Search string
}

// Poll is what the device protocol must know of a device to answer it.
type Poll struct {
	// DeviceID and OrganizationID identify device and tenant.
	DeviceID, OrganizationID wispwright.ID
	// KeyDigest is the digest of the device's key.
	KeyDigest string
	// Name is the device's name, for file names and the history.
	Name string
	// LastIP and ManagementIP are the addresses known so far.
	LastIP, ManagementIP netip.Addr
	// IsDeactivated is true from deactivation to activation.
	IsDeactivated bool
	// HasConfig is false for a device without configuration.
	HasConfig bool
	// Status is the configuration's status.
	Status Status
	// Desired is the checksum of what the device is to run, Served that of
	// what it fetched last.
	Desired, Served string
	// VersionID is the version Desired belongs to.
	VersionID wispwright.ID
}

// The unique rules of devices, as every store names them.
const (
	UniqueDeviceName     = "device_name_organization"
	UniqueDeviceMAC      = "device_mac_address_organization"
	UniqueDeviceHardware = "device_hardware_id_organization"
	UniqueDeviceKey      = "device_key"
)

// DeviceStore keeps devices. Its unique rules are the Unique… constants.
type DeviceStore interface {
	wispwright.Repo[Device, DeviceFilter]
	// Enroll inserts a new device with its configuration and the first version
	// of that, like three inserts but in as few round trips as possible.
	Enroll(ctx context.Context, d *Device, c *Config, v *Version) error
	// EnrollUnchanged is Enroll if the settings still are the given ones and the
	// configuration's templates those the version was made of, which it compares
	// by their revisions and keeps from changing until the transaction ends.
	// Else it stores nothing and is false.
	EnrollUnchanged(ctx context.Context, d *Device, c *Config, v *Version, settings *Settings) (bool, error)
	// Poll reads what the protocol needs of device and configuration in one
	// query.
	Poll(ctx context.Context, id wispwright.ID) (*Poll, error)
	// Known finds the device with a key digest, else the one the organization
	// has with the MAC address, else that with the hardware id. An empty text
	// finds nothing.
	Known(ctx context.Context, digest string, organization wispwright.ID, mac, hardwareID string) (wispwright.ID, error)
	// Detail reads a device with its configuration in one query.
	Detail(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Detail, error)
	// Details is List with configurations, in one query. Of devices all but
	// NameKey, KeyDigest and KeyHint is read, of configurations DeviceID, Backend,
	// Status, ErrorReason, NotRenewed and NotRenewedReason.
	Details(ctx context.Context, scope wispwright.Scope, f DeviceFilter, p wispwright.Page) (wispwright.Items[Detail], error)
	// Seen stores when devices were heard of, where that is later than what is
	// stored. Devices that are gone are left out. The ids are in order.
	Seen(ctx context.Context, list []Sighting) error
	// Clashes names every unique rule that storing the device would break, in
	// the order name, MAC address, hardware id, key.
	Clashes(ctx context.Context, d *Device) ([]string, error)
	// ClearAddresses takes the device's management address, and its last one
	// when lastToo is set, from every other device that has the same; only
	// within one organization unless the zero ID is given. It returns the
	// devices as they were before.
	ClearAddresses(ctx context.Context, d *Device, organization wispwright.ID, lastToo bool) ([]*Device, error)
}

// Detail is a device with its configuration.
type Detail struct {
	// Device is never nil.
	Device *Device
	// Config is nil for a device without configuration.
	Config *Config
}
