package monitoring

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// DeviceType is the kind of object that devices are in tags (spec: monitoring §2.1).
const DeviceType = "config.device"

// Metric is something that is measured of an object, or of the whole network
// (spec: monitoring §2.1).
type Metric struct {
	// ID identifies the metric.
	ID wispwright.ID
	// OrganizationID is the object's; zero for metrics of the whole network.
	OrganizationID wispwright.ID
	// Name is at most 64 characters.
	Name string
	// Key is the measurement that its points are in.
	Key string
	// FieldName is the main value of its points, at most 16 characters.
	FieldName string
	// Configuration is its kind in the Registry.
	Configuration string
	// ContentType and ObjectID are the object it is of, such as "config.device" and
	// the device's id; both empty for the whole network.
	ContentType, ObjectID string
	// MainTags identify its series together with the object: an object of texts.
	MainTags wispwright.JSON
	// ExtraTags are written with its points and may change, such as the organization.
	ExtraTags wispwright.JSON
	// IsHealthy says whether the last value was within the threshold; nil: not assessed.
	IsHealthy *bool
	// IsHealthyTolerant is the same with respect to the tolerance.
	IsHealthyTolerant *bool
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// UniqueMetric is the rule that an object has a metric once.
const UniqueMetric = "monitoring_metric_identity"

// MetricShape is how storages keep metrics.
func MetricShape() store.Shape {
	return store.Shape{
		Table: "monitoring_metric", Org: "OrganizationID", Order: store.Oldest("Name"), Search: []string{"Name"},
		Unique: []store.Unique{{Name: UniqueMetric, Fields: []string{"Key", "FieldName", "ContentType", "ObjectID", "MainTags"}}},
	}
}

// MetricFilter selects metrics; zero fields select all.
type MetricFilter struct {
	// ContentType and ObjectID limit to the metrics of one object.
	ContentType, ObjectID string
	// ObjectIDs limits to those of several.
	ObjectIDs wispwright.Among[string]
	// Configuration limits to a kind.
	Configuration string
	// IsHealthy limits to healthy or unhealthy ones.
	IsHealthy *bool
	// General limits to metrics of the whole network, or of objects.
	General *bool
	// Search finds a part of the name.
	Search string
}

// tags returns tags that are stored as JSON.
func tags(j wispwright.JSON) map[string]string {
	var m map[string]string
	_ = j.Decode(&m) // only this package writes them
	return m
}

// Tags returns the tags that a metric's points are written with.
func (m *Metric) Tags() timeseries.Tags {
	all := map[string]string{}
	if m.ObjectID != "" {
		all[timeseries.ContentTypeTag], all[timeseries.ObjectTag] = m.ContentType, m.ObjectID
	}
	for _, j := range []wispwright.JSON{m.MainTags, m.ExtraTags} {
		for name, value := range tags(j) {
			all[name] = value
		}
	}
	return timeseries.TagsOf(all)
}

// Target is what charts of the metric are of.
func (m *Metric) Target() Target {
	return Target{Key: m.Key, Field: m.FieldName, Object: timeseries.Object{Type: m.ContentType, ID: m.ObjectID}, Tags: tags(m.MainTags)}
}

// Chart is a chart of a metric (spec: monitoring §2.2).
type Chart struct {
	// ID identifies the chart.
	ID wispwright.ID
	// OrganizationID is the metric's.
	OrganizationID wispwright.ID
	// MetricID is what is shown.
	MetricID wispwright.ID
	// ContentType and ObjectID are the metric's.
	ContentType, ObjectID string
	// Configuration is its kind in the Registry.
	Configuration string
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// UniqueChart is the rule that a metric has a chart of a kind once.
const UniqueChart = "monitoring_chart_metric"

// ChartShape is how storages keep charts.
func ChartShape() store.Shape {
	return store.Shape{
		Table: "monitoring_chart", Org: "OrganizationID", Order: store.Oldest("Created"),
		Unique:  []store.Unique{{Name: UniqueChart, Fields: []string{"MetricID", "Configuration"}}},
		Parents: []store.Parent{{Field: "MetricID", Table: "monitoring_metric"}},
	}
}

// ChartFilter selects charts; zero fields select all.
type ChartFilter struct {
	// MetricID limits to one metric.
	MetricID wispwright.ID
	// ContentType and ObjectID limit to the charts of one object.
	ContentType, ObjectID string
	// General limits to charts of the whole network, or of objects.
	General *bool
}
