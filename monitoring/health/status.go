package health

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Status says how a device is (spec: monitoring §2.6).
type Status string

// The statuses.
const (
	// Unknown: nothing was assessed yet.
	Unknown Status = "unknown"
	// OK: all metrics are well.
	OK Status = "ok"
	// Problem: some are not.
	Problem Status = "problem"
	// Critical: all critical ones are not.
	Critical Status = "critical"
	// Deactivated: nothing is expected of the device.
	Deactivated Status = "deactivated"
)

// Statuses returns all, the best first.
func Statuses() []Status { return []Status{Unknown, OK, Problem, Critical, Deactivated} }

// DeviceStatus is how a device is, and since when.
type DeviceStatus struct {
	// DeviceID is the device, OrganizationID its tenant.
	DeviceID, OrganizationID wispwright.ID
	// Status is how it is.
	Status Status
	// Since is when it became so.
	Since time.Time
	// UplinkID is the device through which it is reached, as somebody said; zero:
	// nobody did.
	UplinkID wispwright.ID
	// ReachedAt is when a critical metric was well first since the device was added or
	// reset; nil: none ever was, so that nobody knows whether it could ever be reached.
	ReachedAt *time.Time
	// Modified is when it was stored last.
	Modified time.Time
}

// StatusShape is how storages keep statuses.
func StatusShape() store.Shape {
	return store.Shape{Table: "monitoring_devicemonitoring", Key: "DeviceID", Org: "OrganizationID", Order: store.Newest("Since")}
}

// StatusFilter selects statuses; zero fields select all.
type StatusFilter struct {
	// DeviceIDs limits to some.
	DeviceIDs wispwright.Among[wispwright.ID]
	// OrganizationID limits to an organization.
	OrganizationID wispwright.ID
	// Status limits to one.
	Status Status
	// UplinkIDs limits to what is reached through some devices.
	UplinkIDs wispwright.Among[wispwright.ID]
}

// StatusChange is a device that is in another way than before.
type StatusChange struct {
	// DeviceID is the device, OrganizationID its tenant.
	DeviceID, OrganizationID wispwright.ID
	// Before and Status are how it was and is.
	Before, Status Status
	// At is when.
	At time.Time
}

// CriticalMetric is a kind of values without which a device is out of reach.
type CriticalMetric struct {
	// Key and Field name the metric.
	Key, Field string
}

// DefaultCritical returns what is critical where nobody chose (additions M-1).
func DefaultCritical() []CriticalMetric {
	return []CriticalMetric{{"ping", "reachable"}, {"data_collected", "data_collected"}}
}
