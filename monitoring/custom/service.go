package custom

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// Bus tells other nodes of changes. Default: there are none.
	Bus wispwright.Bus
	// Reloaded is called after the registry was told of other kinds. Default: nothing.
	Reloaded func()
	// Log hears of what cannot be read. Default: slog.Default.
	Log *slog.Logger
}

// Custom is the service of metrics that organizations declare.
type Custom struct {
	*entity.Service[wispwright.ID, Metric, Filter]

	store    wispwright.Repo[Metric, Filter]
	registry *monitoring.Registry
	o        Options
	reading  sync.Mutex // who reads
	turn     atomic.Uint64
	known    atomic.Pointer[map[wispwright.ID][]measured] // by organization; nil: to be read
}

// measured is a metric with its path.
type measured struct {
	*Metric
	path []step
}

// New returns the service; the kinds that are declared become known to the registry.
func New(base *entity.Base, store wispwright.Repo[Metric, Filter], registry *monitoring.Registry, options *Options) (*Custom, error) {
	if base == nil || store == nil || registry == nil {
		return nil, errors.New("custom: a base, a store and a registry are required")
	}
	c := &Custom{store: store, registry: registry}
	if options != nil {
		c.o = *options
	}
	c.o.Log = cmp.Or(c.o.Log, slog.Default())
	c.Service = entity.New(base, store, entity.Kind[wispwright.ID, Metric]{
		Name: "custom.Metrics", Model: "monitoring.custommetric", Validate: validate, Check: c.few, Stored: c.stored,
		Unique: map[string]error{UniqueKey: wispwright.Invalid("key", "The organization has a metric with this key already.")},
	})
	return c, nil
}

// few keeps documents cheap to read.
func (c *Custom) few(ctx context.Context, change entity.Change[Metric]) error {
	if change.Before != nil || change.After == nil {
		return nil
	}
	have, err := c.store.List(ctx, wispwright.ScopeAll(), Filter{OrganizationID: change.After.OrganizationID}, wispwright.Page{Limit: 1})
	if err != nil {
		return fmt.Errorf("count declared metrics: %w", err)
	}
	if have.Total >= MostOfAnOrganization {
		return wispwright.Invalid("organization", fmt.Sprintf("An organization declares at most %d metrics.", MostOfAnOrganization))
	}
	return nil
}

const channel = "monitoring_custom"

func (c *Custom) stored(ctx context.Context, _ ...entity.Change[Metric]) error {
	later := context.WithoutCancel(ctx)
	wispwright.AfterCommit(ctx, func() { c.changed(later) })
	if c.o.Bus == nil {
		return nil
	}
	if err := c.o.Bus.Notify(ctx, channel, "*"); err != nil {
		return fmt.Errorf("tell other nodes of declared metrics: %w", err)
	}
	return nil
}

// changed reads anew what is declared.
func (c *Custom) changed(ctx context.Context) {
	c.turn.Add(1)
	c.known.Store(nil)
	if err := c.Load(ctx); err != nil { // it is tried again with the next document
		c.o.Log.WarnContext(ctx, "declared metrics could not be read", "error", err)
	}
}

// Start reads what is declared, and listens to other nodes until the context ends.
func (c *Custom) Start(ctx context.Context) error {
	if err := c.Load(ctx); err != nil {
		return err
	}
	if c.o.Bus == nil {
		return nil
	}
	return c.o.Bus.Listen(ctx, channel, func(string) { go c.changed(ctx) })
}

// Load makes the declared kinds known to the registry, if they are not.
func (c *Custom) Load(ctx context.Context) error {
	_, err := c.all(ctx)
	return err
}

// all returns what is declared, by organization.
func (c *Custom) all(ctx context.Context) (map[wispwright.ID][]measured, error) {
	if known := c.known.Load(); known != nil {
		return *known, nil
	}
	c.reading.Lock()
	defer c.reading.Unlock()
	if known := c.known.Load(); known != nil {
		return *known, nil
	}
	before := c.turn.Load()
	found, err := c.store.List(ctx, wispwright.ScopeAll(), Filter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("read declared metrics: %w", err)
	}
	known := map[wispwright.ID][]measured{}
	for _, m := range found.Rows {
		path, err := parse(m.Path)
		if err != nil {
			c.o.Log.WarnContext(ctx, "a declared metric has no path", "metric", m.ID, "error", err)
			continue
		}
		known[m.OrganizationID] = append(known[m.OrganizationID], measured{m, path})
	}
	if wispwright.Pending(ctx) { // it may be undone
		return known, nil
	}
	c.registry.Declare(declarations(found.Rows))
	if c.turn.Load() == before {
		c.known.Store(&known)
	}
	if c.o.Reloaded != nil {
		c.o.Reloaded()
	}
	return known, nil
}

// prefix begins the kinds of declared metrics.
const prefix = "custom."

// Kind is what a declared metric's kind is called in the registry.
func (m *Metric) Kind() string { return prefix + m.ID.String() }

// Declared reports whether a kind of metric is one that an organization declared.
func Declared(kind string) bool { return strings.HasPrefix(kind, prefix) }

// Measurement is what its points are called in the time-series store.
func (m *Metric) Measurement() string { return "custom_" + m.Key }

// Field is the field of its points.
const Field = "value"

// declarations are the kinds of metrics and charts of declared metrics.
func declarations(list []*Metric) []monitoring.Declaration {
	out := make([]monitoring.Declaration, 0, len(list))
	for _, m := range list {
		d := monitoring.Declaration{Metric: monitoring.MetricConfig{Key: m.Kind(), Label: m.Name, Name: m.Name, Measurement: m.Measurement(), Field: Field}}
		if m.Operator != "" && m.Threshold != nil {
			d.Metric.Alert = &monitoring.Threshold{Operator: m.Operator, Value: *m.Threshold, Tolerance: m.Tolerance}
		}
		d.Metric.Charts, d.Metric.AlwaysCharted = []string{m.Kind()}, true // also for later
		if m.Chart != NoChart {
			kind, fn, label := m.Chart, timeseries.Mean, "Average"
			if kind == Line {
				kind = "scatter"
			}
			if m.Counter {
				fn, label = timeseries.Sum, "Total"
			}
			unit := m.Unit
			if unit != "" && unit != "%" {
				unit = " " + unit
			}
			d.Chart = &monitoring.ChartConfig{Key: m.Kind(), Type: kind, Label: m.Name, Title: m.Name, Description: cmp.Or(m.Description, m.Name), Order: 400, Unit: unit,
				SummaryLabels: []string{label}, Traces: []timeseries.Trace{{Name: m.Key, Field: Field, Func: fn}}}
		}
		out = append(out, d)
	}
	return out
}

// Read returns the values of declared metrics in a document of a device of an
// organization, for monitoring.Options.Declared.
func (c *Custom) Read(ctx context.Context, organization wispwright.ID, doc *ordered.Object) ([]monitoring.DeclaredValue, error) {
	all, err := c.all(ctx)
	if err != nil {
		return nil, err
	}
	list := all[organization]
	if len(list) == 0 {
		return nil, nil
	}
	out := make([]monitoring.DeclaredValue, 0, len(list))
	for _, m := range list {
		if !m.IsActive {
			continue
		}
		if v, ok := resolve(doc, m.path); ok {
			out = append(out, monitoring.DeclaredValue{Kind: m.Kind(), Value: v, Counter: m.Counter})
		}
	}
	return out, nil
}

// ByKey returns the declared metrics of organizations, by measurement and organization, for
// those who show values.
func (c *Custom) ByKey(ctx context.Context) (map[string]map[wispwright.ID]*Metric, error) {
	all, err := c.all(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]map[wispwright.ID]*Metric{}
	for organization, list := range all {
		for _, m := range list {
			if out[m.Measurement()] == nil {
				out[m.Measurement()] = map[wispwright.ID]*Metric{}
			}
			out[m.Measurement()][organization] = m.Metric
		}
	}
	return out, nil
}

// Models are the kinds of objects permissions exist for.
func Models() []wispwright.Model {
	return []wispwright.Model{{App: "monitoring", Name: "custommetric", Label: "Custom metric", Operator: "V", Administrator: "ACDV"}}
}
