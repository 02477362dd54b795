package monitoring

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// DeclaredValue is the value of a declared metric in a document.
type DeclaredValue struct {
	// Kind is the metric's in the Registry.
	Kind string
	// Value is the number.
	Value float64
	// Counter says that it only grows, so that by how much it grew is stored.
	Counter bool
}

// declared returns the readings of declared metrics. Counters are remembered in now; they are
// not counted where a later document has done it.
func (c *Collector) declared(ctx context.Context, d *Device, doc *ordered.Object, now, before *memory, counted bool) ([]reading, error) {
	if c.Declared == nil {
		return nil, nil
	}
	values, err := c.Declared(ctx, d.OrganizationID, doc)
	if err != nil {
		return nil, fmt.Errorf("read declared metrics: %w", err)
	}
	var out []reading
	for _, v := range values {
		config := c.Registry.Metric(v.Kind)
		if config == nil || !config.Declared {
			continue
		}
		if v.Counter {
			if now.Declared == nil {
				now.Declared = map[string]float64{}
			}
			now.Declared[v.Kind] = v.Value
			then, known := before.Declared[v.Kind]
			if !counted || !known { // what was before nobody knows
				continue
			}
			if v.Value >= then && !now.restarted(before) {
				v.Value -= then
			}
		}
		out = append(out, reading{config: config, name: config.Name, fields: []timeseries.Field{{Name: config.Field, Value: timeseries.Float(v.Value)}}})
	}
	return out, nil
}

// MetricsChanged drops what is remembered of the metrics of devices, after kinds were
// declared or removed.
func (m *Monitoring) MetricsChanged() { m.metrics.known.Purge() }

// RemoveKind removes all metrics of a declared kind with their charts, and returns them; their
// points stay. Call it in a transaction.
func (m *Monitoring) RemoveKind(ctx context.Context, kind string) ([]*Metric, error) {
	found, err := m.base.Stores.Metrics.List(ctx, wispwright.ScopeAll(), MetricFilter{Configuration: kind}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("read metrics of a kind: %w", err)
	}
	for _, o := range found.Rows {
		if err := m.base.Stores.Metrics.Delete(ctx, wispwright.ScopeAll(), o.ID); err != nil {
			return nil, fmt.Errorf("remove a metric: %w", err)
		}
	}
	wispwright.AfterCommit(ctx, m.MetricsChanged)
	return found.Rows, nil
}
