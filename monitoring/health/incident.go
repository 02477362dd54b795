package health

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Incident is what went wrong at one or many devices for one reason, as far as it can be
// seen: the same kind of metric in the same organization at about the same time, or
// behind the same uplink.
type Incident struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose devices.
	OrganizationID wispwright.ID
	// Kind is the kind of metric, such as "ping".
	Kind string
	// CauseID is the device whose failure explains the others; zero: unknown.
	CauseID wispwright.ID
	// Open is true until all devices are well again.
	Open bool
	// Devices is how many were ill, Ill how many are, Told of how many people were told
	// one by one.
	Devices, Ill, Told int
	// Grown is the number of devices that people were told of last, beyond those they
	// were told of one by one.
	Grown int
	// Started is when the first became ill, Updated when a device joined last, Ended when the
	// last was well; nil: it lasts.
	Started, Updated time.Time
	Ended            *time.Time
	// AcknowledgedAt is when somebody took it upon them, AcknowledgedBy who.
	AcknowledgedAt *time.Time
	AcknowledgedBy string
	// EscalatedAt is when it was told again, because nobody did.
	EscalatedAt *time.Time
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// IncidentShape is how storages keep incidents.
func IncidentShape() store.Shape {
	return store.Shape{Table: "monitoring_incident", Org: "OrganizationID", Order: store.Newest("Started")}
}

// IncidentFilter selects incidents; zero fields select all.
type IncidentFilter struct {
	// IDs limits to some.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID limits to an organization.
	OrganizationID wispwright.ID
	// Kind limits to a kind of metric.
	Kind string
	// Open limits to those that last, or to the others.
	Open *bool
	// Acknowledged limits to those somebody has acknowledged, or to the others.
	Acknowledged *bool
	// Escalated limits in the same way.
	Escalated *bool
	// DeviceID limits to those of a device.
	DeviceID wispwright.ID
	// CauseIDs limits by the cause.
	CauseIDs wispwright.Among[wispwright.ID]
	// StartedFrom and StartedBefore bound when it began.
	StartedFrom, StartedBefore time.Time
}

// Reasons why people are not told of a device one by one.
const (
	// WhyUplink: its uplink is ill.
	WhyUplink = "uplink"
	// WhyMaintenance: somebody works there.
	WhyMaintenance = "maintenance"
	// WhyFlapping: it comes and goes.
	WhyFlapping = "flapping"
	// WhyMany: so many others are ill.
	WhyMany = "many"
	// WhyInactive: nobody wants to be told.
	WhyInactive = "inactive"
)

// Case is a device in an incident.
type Case struct {
	// ID identifies it.
	ID wispwright.ID
	// IncidentID is the incident, OrganizationID the device's.
	IncidentID, OrganizationID wispwright.ID
	// DeviceID and DeviceName are the device, MetricID and Kind what of it is ill.
	DeviceID   wispwright.ID
	DeviceName string
	MetricID   wispwright.ID
	Kind       string
	// Value and Threshold are what was measured, and what it was held against.
	Value, Threshold float64
	// Custom says that the threshold was chosen by somebody.
	Custom bool
	// Started is since when values are beyond the threshold, Ended when that ended.
	Started time.Time
	Ended   *time.Time
	// Told is true if people were told of this device, Why is the reason why not.
	Told bool
	Why  string
	// HoldUntil is when to look again whether people are to be told.
	HoldUntil *time.Time
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// CaseShape is how storages keep cases.
func CaseShape() store.Shape {
	return store.Shape{Table: "monitoring_incident_case", Org: "OrganizationID", Order: store.Oldest("Started"), Search: []string{"DeviceName"},
		Parents: []store.Parent{{Field: "IncidentID", Table: "monitoring_incident"}}}
}

// CaseFilter selects cases; zero fields select all.
type CaseFilter struct {
	// IncidentID and DeviceID limit to one.
	IncidentID, DeviceID wispwright.ID
	// MetricIDs limits to some metrics.
	MetricIDs wispwright.Among[wispwright.ID]
	// Open limits to those that last, or to the others.
	Open *bool
	// HoldUntilBefore limits to those that are to be looked at.
	HoldUntilBefore time.Time
	// StartedFrom and StartedBefore bound when it began.
	StartedFrom, StartedBefore time.Time
	// Search finds a part of the device's name.
	Search string
}

// Entry is a line of an incident's timeline.
type Entry struct {
	// ID identifies it.
	ID wispwright.ID
	// IncidentID is the incident, OrganizationID its organization.
	IncidentID, OrganizationID wispwright.ID
	// At is when.
	At time.Time
	// Kind is what: opened, grown, comment, acknowledged, escalated, cause, held, resolved.
	Kind string
	// DeviceID and DeviceName are the device it is about, if it is about one.
	DeviceID   wispwright.ID
	DeviceName string
	// Devices is how many there were then.
	Devices int
	// Author is who, Text what somebody said.
	Author, Text string
}

// EntryShape is how storages keep entries.
func EntryShape() store.Shape {
	return store.Shape{Table: "monitoring_incident_entry", Org: "OrganizationID", Order: store.Oldest("At"),
		Parents: []store.Parent{{Field: "IncidentID", Table: "monitoring_incident"}}}
}

// EntryFilter selects entries; zero fields select all.
type EntryFilter struct {
	// IncidentID limits to one incident.
	IncidentID wispwright.ID
}
