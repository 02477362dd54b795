package health

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// MaxTolerance is the longest tolerance, in minutes.
const MaxTolerance = 10080

// Rule is what somebody chose of a threshold. What is empty is as where it is inherited
// from: a device inherits from its group, that from the organization, and that from the
// kind of metric.
type Rule struct {
	// Operator is "<" or ">".
	Operator string
	// Threshold is the value.
	Threshold *float64
	// Tolerance is in minutes.
	Tolerance *int
}

// check adds what is wrong with a rule.
func (r *Rule) check(e *wispwright.ValidationError, operator, tolerance string) {
	if r.Operator != "" && r.Operator != "<" && r.Operator != ">" {
		e.Add(operator, `"`+r.Operator+`" is not a valid choice.`)
	}
	if r.Tolerance != nil && (*r.Tolerance < 0 || *r.Tolerance > MaxTolerance) {
		e.Add(tolerance, "Ensure this value is between 0 and 10080.")
	}
}

// into puts what was chosen over a threshold.
func (r *Rule) into(t *Threshold, active *bool, from Origin) {
	if active != nil {
		t.IsActive, t.Origins.IsActive = *active, from
	}
	if r.Operator != "" {
		t.Operator, t.Origins.Operator = r.Operator, from
	}
	if r.Threshold != nil {
		t.Value, t.Custom, t.Origins.Value = *r.Threshold, true, from
	}
	if r.Tolerance != nil {
		t.Tolerance, t.Origins.Tolerance = time.Duration(*r.Tolerance)*time.Minute, from
	}
}

// AlertSettings are those of a metric of a device, with what is remembered of its values
// (spec: monitoring §2.3). Without them a metric is not assessed.
type AlertSettings struct {
	// MetricID is the metric.
	MetricID wispwright.ID
	// OrganizationID and DeviceID are whose it is.
	OrganizationID, DeviceID wispwright.ID
	// IsActive turns notifications off; nil: as inherited.
	IsActive *bool
	// Operator, Threshold and Tolerance are the rule.
	Operator  string
	Threshold *float64
	Tolerance *int
	// Crossed, Since and Value are the streak.
	Crossed *bool
	Since   *time.Time
	Value   *float64
	// Flaps is how often people were told of a problem since FlapsSince.
	Flaps      int
	FlapsSince *time.Time
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// Rule is what was chosen.
func (a *AlertSettings) Rule() Rule { return Rule{a.Operator, a.Threshold, a.Tolerance} }

// SetRule chooses.
func (a *AlertSettings) SetRule(r Rule) {
	a.Operator, a.Threshold, a.Tolerance = r.Operator, r.Threshold, r.Tolerance
}

// AlertShape is how storages keep alert settings.
func AlertShape() store.Shape {
	return store.Shape{Table: "monitoring_alertsettings", Key: "MetricID", Org: "OrganizationID", Order: store.Oldest("Created"),
		Parents: []store.Parent{{Field: "MetricID", Table: "monitoring_metric"}}}
}

// AlertFilter selects alert settings; zero fields select all.
type AlertFilter struct {
	// MetricIDs and DeviceIDs limit to some.
	MetricIDs, DeviceIDs wispwright.Among[wispwright.ID]
}

// AlertDefault is a rule for all devices of an organization or a group that have none of
// their own.
type AlertDefault struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose devices.
	OrganizationID wispwright.ID
	// GroupID limits to a group; zero: the whole organization.
	GroupID wispwright.ID
	// Place is the group, or a word for the whole organization, that there is one of.
	Place string
	// Configuration is the kind of metric.
	Configuration string
	// IsActive turns notifications on or off; nil: as inherited.
	IsActive *bool
	// Operator, Threshold and Tolerance are the rule.
	Operator  string
	Threshold *float64
	Tolerance *int
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// Rule is what was chosen.
func (a *AlertDefault) Rule() Rule { return Rule{a.Operator, a.Threshold, a.Tolerance} }

// UniqueDefault is the rule that a kind of metric has one default in a place.
const UniqueDefault = "monitoring_alertdefault_place"

// DefaultShape is how storages keep them.
func DefaultShape() store.Shape {
	return store.Shape{Table: "monitoring_alertdefault", Org: "OrganizationID", Order: store.Oldest("Configuration"),
		Unique: []store.Unique{{Name: UniqueDefault, Fields: []string{"OrganizationID", "Place", "Configuration"}}}}
}

// DefaultFilter selects them; zero fields select all.
type DefaultFilter struct {
	// OrganizationID and GroupID limit to one.
	OrganizationID, GroupID wispwright.ID
	// Configuration limits to a kind.
	Configuration string
}
