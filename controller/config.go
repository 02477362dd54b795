package controller

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Status says how far a configuration is (spec: controller-config §3).
type Status string

// The statuses. A device without configuration has none of them.
const (
	StatusModified     Status = "modified"
	StatusApplied      Status = "applied"
	StatusError        Status = "error"
	StatusDeactivating Status = "deactivating"
	StatusDeactivated  Status = "deactivated"
)

// Statuses returns every status in the order forms offer them.
func Statuses() []Status {
	return []Status{StatusModified, StatusApplied, StatusError, StatusDeactivating, StatusDeactivated}
}

// Config is the configuration of one device (spec: controller-config §1.2).
type Config struct {
	// ID identifies the configuration in imports; everything here goes by
	// DeviceID.
	ID wispwright.ID
	// DeviceID is the device; a device has at most one configuration.
	DeviceID wispwright.ID
	// OrganizationID is the device's, kept here for the sake of Scopes.
	OrganizationID wispwright.ID
	// Backend is the path of the backend, such as "netjsonconfig.OpenWrt".
	Backend string
	// Config is a NetJSON object laid over the templates; may be empty.
	Config wispwright.JSON
	// Context are the device's own variables, an object.
	Context wispwright.JSON
	// Declared says what its own variables are, see package variable; only
	// Devices.Declare changes it.
	Declared wispwright.JSON
	// Templates are the templates below Config, the first one lowest.
	Templates []wispwright.ID
	// Status says how far the device is.
	Status Status
	// ErrorReason is what the device said went wrong, at most 1024 characters.
	ErrorReason string
	// Desired is the checksum of what the device is to run: lower-case MD5 of
	// the archive.
	Desired string
	// Served is the checksum of the archive the device fetched last.
	Served string
	// Reported is the checksum of the archive the device says it runs.
	Reported string
	// VersionID is the version Desired belongs to.
	VersionID wispwright.ID
	// Inherited is the MAC address as OpenWISP wrote it, of a device that came from
	// there, while it is answered the very bytes that OpenWISP made: an archive as
	// zlib packs it, of which Desired is the checksum. It is empty for others, and
	// from the first change of the bytes on (decision 0068).
	Inherited string
	// NotRenewed is since when the configuration could not be rendered after
	// something it is made of changed; nil when it is up to date. The device is
	// served its last good version meanwhile.
	NotRenewed *time.Time
	// NotRenewedReason says what is wrong, at most 1024 characters.
	NotRenewedReason string
	// Created is when the configuration was stored first.
	Created time.Time
	// Modified is when it was stored last.
	Modified time.Time
}

// Shape is how storages keep configurations.
func (Config) Shape() store.Shape {
	return store.Shape{
		Table: "controller_config", Key: "DeviceID", Org: "OrganizationID",
		Parents: []store.Parent{{Field: "DeviceID", Table: "controller_device"}},
	}
}

// ConfigFilter selects configurations; zero fields select all.
type ConfigFilter struct {
	// DeviceIDs limits to the configurations of these devices.
	DeviceIDs wispwright.Among[wispwright.ID]
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// TemplateID limits to those that use a template.
	TemplateID wispwright.ID
	// GroupID limits to those of the devices of a group.
	GroupID wispwright.ID
	// Backend limits to one backend.
	Backend string
	// After limits to device ids greater than one, for walking through many.
	After wispwright.ID
}

// ConfigStore keeps configurations, keyed by their device.
type ConfigStore interface {
	wispwright.Repo[Config, ConfigFilter]
	// Lock reads configurations in the order of their ids and keeps others
	// from changing them until the transaction ends.
	Lock(ctx context.Context, devices []wispwright.ID) ([]*Config, error)
	// UpdateMany stores configurations that were read with Lock.
	UpdateMany(ctx context.Context, configs []*Config) error
	// SaveProgress stores of configurations that were read with Lock only
	// status, error reason, checksums, version, NotRenewed with its reason, and
	// Modified.
	SaveProgress(ctx context.Context, configs []*Config) error
	// CountTemplates counts the configurations of the scope that use each of some
	// templates. Those that nobody uses may be left out.
	CountTemplates(ctx context.Context, scope wispwright.Scope, templates []wispwright.ID) (map[wispwright.ID]int, error)
	// Count counts the devices of the scope and their configurations, with one question:
	// Devices, Statuses, NotRenewed, and as Silent the active devices that were heard of
	// before a moment and not since.
	Count(ctx context.Context, scope wispwright.Scope, heard time.Time) (*Counts, error)
}

// WaitsFor says what it takes until a device runs what it is to run: "removal" of
// its configuration by a device that is taken out of service, "renewal" by people who
// mend what keeps it from being rendered, "correction" by people since the device
// could not apply it, "fetch" and "report" by the device; empty for nothing.
func (config *Config) WaitsFor() string {
	switch {
	case config.Status == StatusDeactivated:
		return ""
	case config.Status == StatusDeactivating:
		return "removal"
	case config.NotRenewed != nil:
		return "renewal"
	case config.Status == StatusError:
		return "correction"
	case config.Status == StatusApplied:
		return ""
	case config.Served != config.Desired:
		return "fetch"
	case config.Reported != config.Desired:
		return "report"
	}
	return ""
}

// The reasons of a ConfigsModified.
const (
	ActionConfigChanged    = "config_changed"
	ActionTemplatesChanged = "m2m_templates_changed"
	ActionTemplateChanged  = "related_template_changed"
)

// ConfigsModified tells that the bytes some devices are to run changed. It is
// never told of a new configuration.
type ConfigsModified struct {
	// DeviceIDs are the devices.
	DeviceIDs []wispwright.ID
	// Action is one of the Action… constants.
	Action string
	// Cause says why, as in Version.Cause.
	Cause string
}

// StatusChange tells that a configuration's status was set: by the device,
// also when it stays the same, or by a change.
type StatusChange struct {
	// DeviceID is the device, ConfigID its configuration.
	DeviceID, ConfigID wispwright.ID
	// OrganizationID is its organization, Name its name.
	OrganizationID wispwright.ID
	// Name of the device.
	Name string
	// Before and After are the statuses.
	Before, After Status
	// ErrorReason is what the device said when After is an error.
	ErrorReason string
}

// Renewal tells that a configuration could not be rendered after something it
// is made of changed, that the reason is another one now, or that it is up to
// date again.
type Renewal struct {
	// DeviceID is the device, OrganizationID its organization.
	DeviceID, OrganizationID wispwright.ID
	// Name of the device.
	Name string
	// Since is when it failed first.
	Since time.Time
	// Reason says what is wrong; empty when it is up to date again.
	Reason string
}
