package monitoring

import (
	"fmt"
	"slices"
	"sync/atomic"
)

// Registry holds the kinds of metrics and charts. It is put together before it is used
// and not changed afterwards, but for Declare.
type Registry struct {
	metrics  []MetricConfig
	charts   []ChartConfig
	declared atomic.Pointer[map[string]*Declaration]
}

// Declaration is a kind of metric that was declared while the program runs, with its kind
// of chart, which has the same key.
type Declaration struct {
	// Metric is the kind; its Declared is set by Declare.
	Metric MetricConfig
	// Chart draws it; nil: nothing does.
	Chart *ChartConfig
}

// Declare makes some kinds known in place of those that were declared before. They are found by
// their keys, and not listed.
func (r *Registry) Declare(list []Declaration) {
	all := make(map[string]*Declaration, len(list))
	for i := range list {
		d := list[i]
		d.Metric.Declared = true
		all[d.Metric.Key] = &d
	}
	r.declared.Store(&all)
}

// declaration returns a kind that was declared, nil if there is none.
func (r *Registry) declaration(key string) *Declaration {
	if all := r.declared.Load(); all != nil {
		return (*all)[key]
	}
	return nil
}

// NewRegistry returns a registry with the kinds of the product.
func NewRegistry() *Registry {
	return &Registry{metrics: BuiltinMetrics(), charts: BuiltinCharts()}
}

// AddMetric registers a kind of metric.
func (r *Registry) AddMetric(c MetricConfig) error {
	if err := c.Check(); err != nil {
		return err
	}
	if r.Metric(c.Key) != nil {
		return fmt.Errorf("%s is an already registered metric configuration", c.Key)
	}
	r.metrics = append(r.metrics, c)
	return nil
}

// RemoveMetric removes a kind of metric.
func (r *Registry) RemoveMetric(key string) error {
	i := slices.IndexFunc(r.metrics, func(c MetricConfig) bool { return c.Key == key })
	if i < 0 {
		return fmt.Errorf("no metric configuration %q", key)
	}
	r.metrics = slices.Delete(r.metrics, i, i+1)
	return nil
}

// ChangeMetric changes a kind of metric, such as its threshold.
func (r *Registry) ChangeMetric(key string, change func(*MetricConfig)) error {
	c := r.Metric(key)
	if c == nil {
		return fmt.Errorf("no metric configuration %q", key)
	}
	changed := *c
	change(&changed)
	if err := changed.Check(); err != nil {
		return err
	}
	*c = changed
	return nil
}

// AddChart registers a kind of chart.
func (r *Registry) AddChart(c ChartConfig) error {
	if err := c.Check(); err != nil {
		return err
	}
	if r.Chart(c.Key) != nil {
		return fmt.Errorf("%s is an already registered chart configuration", c.Key)
	}
	r.charts = append(r.charts, c)
	return nil
}

// RemoveChart removes a kind of chart.
func (r *Registry) RemoveChart(key string) error {
	i := slices.IndexFunc(r.charts, func(c ChartConfig) bool { return c.Key == key })
	if i < 0 {
		return fmt.Errorf("no chart configuration %q", key)
	}
	r.charts = slices.Delete(r.charts, i, i+1)
	return nil
}

// Metric returns a kind of metric, nil if there is none.
func (r *Registry) Metric(key string) *MetricConfig {
	for i := range r.metrics {
		if r.metrics[i].Key == key {
			return &r.metrics[i]
		}
	}
	if d := r.declaration(key); d != nil {
		return &d.Metric
	}
	return nil
}

// Chart returns a kind of chart, nil if there is none.
func (r *Registry) Chart(key string) *ChartConfig {
	for i := range r.charts {
		if r.charts[i].Key == key {
			return &r.charts[i]
		}
	}
	if d := r.declaration(key); d != nil {
		return d.Chart
	}
	return nil
}

// Metrics returns all kinds of metrics, in order of registration.
func (r *Registry) Metrics() []MetricConfig { return slices.Clone(r.metrics) }

// Charts returns all kinds of charts, in order of registration.
func (r *Registry) Charts() []ChartConfig { return slices.Clone(r.charts) }
