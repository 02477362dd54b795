package monitoring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/monitoring/spool"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// Registry has the kinds of metrics and charts. Default: NewRegistry.
	Registry *Registry
	// AutoCharts are the kinds of charts that are made with a metric. Default:
	// DefaultAutoCharts.
	AutoCharts []string
	// Vendors finds who made clients and neighbours. Default: nobody, no vendor is added.
	Vendors Vendors
	// NoSessions keeps no WiFi sessions.
	NoSessions bool
	// ArrivalOrder counts a backlog that comes out of order as OpenWISP does: against the
	// document that came before, whatever its time. Default: by time, so that nothing is
	// counted twice.
	ArrivalOrder bool
	// Declared returns the values of metrics in a document that the organization of the device
	// declared; their kinds are known to Registry. Default: there are none.
	Declared func(ctx context.Context, organization wispwright.ID, doc *ordered.Object) ([]DeclaredValue, error)
	// Spool keeps documents while the time-series store is away; call Collector.Replay from time
	// to time. Default: there is none, and documents are refused then.
	Spool *spool.Spool
	// CachedDevices is of how many devices the metrics are remembered. Default: 10,000.
	CachedDevices int
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
	// Log hears of values that could not be stored. Default: slog.Default.
	Log *slog.Logger
}

// DefaultAutoCharts returns the kinds of charts that are made with a metric (spec:
// monitoring §18).
func DefaultAutoCharts() []string {
	return []string{"traffic", "wifi_clients", "uptime", "packet_loss", "rtt", "memory", "cpu", "disk"}
}

// base is what all services share.
type base struct {
	Options
	Tx     wispwright.Transactor
	Stores Stores
	Series timeseries.Store

	turns [256]sync.Mutex // by device: one document after the other
}

// lock waits for the turn of a device; call what it returns at the end.
func (b *base) lock(device wispwright.ID) (done func()) {
	turn := &b.turns[device[15]]
	turn.Lock()
	return turn.Unlock
}

// Monitoring is the concern.
type Monitoring struct {
	// Collector takes documents in.
	Collector *Collector
	// Charts answers with charts.
	Charts *Charts
	// Sessions are WiFi clients and their sessions.
	Sessions *Sessions

	base    *base
	metrics *metrics
}

// New returns the concern over its stores and a time-series store.
func New(tx wispwright.Transactor, stores Stores, series timeseries.Store, options *Options) (*Monitoring, error) {
	if tx == nil || series == nil {
		return nil, errors.New("monitoring: a transactor and a time-series store are required")
	}
	if err := store.Complete("monitoring", stores); err != nil {
		return nil, err
	}
	b := &base{Tx: tx, Stores: stores, Series: series}
	if options != nil {
		b.Options = *options
	}
	if b.Registry == nil {
		b.Registry = NewRegistry()
	}
	if b.AutoCharts == nil {
		b.AutoCharts = DefaultAutoCharts()
	}
	for _, kind := range b.AutoCharts {
		if b.Registry.Chart(kind) == nil {
			return nil, fmt.Errorf("monitoring: no chart configuration %q", kind)
		}
	}
	if b.Clock == nil {
		b.Clock = time.Now
	}
	if b.Log == nil {
		b.Log = slog.Default()
	}
	known, err := lru.New[wispwright.ID, map[identity]*knownMetric](cmp.Or(max(b.CachedDevices, 0), 10_000))
	if err != nil {
		return nil, fmt.Errorf("monitoring: %w", err)
	}
	docs, err := newDocuments()
	if err != nil {
		return nil, err
	}
	m := &Monitoring{base: b, metrics: &metrics{base: b, known: known}, Sessions: &Sessions{base: b}}
	if m.Sessions.open, err = lru.New[wispwright.ID, *openSessions](cmp.Or(max(b.CachedDevices, 0), 10_000)); err != nil {
		return nil, fmt.Errorf("monitoring: %w", err)
	}
	if m.Sessions.alike, err = lru.New[string, uint64](20 * cmp.Or(max(b.CachedDevices, 0), 10_000)); err != nil {
		return nil, fmt.Errorf("monitoring: %w", err)
	}
	m.Collector = &Collector{base: b, documents: docs, metrics: m.metrics, sessions: m.Sessions}
	m.metrics.made = &m.Collector.Made
	m.Charts = &Charts{b}
	return m, nil
}

// Registry returns the kinds of metrics and charts.
func (m *Monitoring) Registry() *Registry { return m.base.Registry }

// Events lists the events of the concern.
func (m *Monitoring) Events() []event.Listed {
	return []event.Listed{
		m.Collector.Received.Listed("monitoring.Collector.Received", "device_metrics_received"),
		m.Collector.Writing.Listed("monitoring.Collector.Writing", "pre_metric_write"),
		m.Collector.Made.Listed("monitoring.Collector.Made", ""),
		m.Collector.Written.Listed("monitoring.Collector.Written", "post_metric_write"),
	}
}

// general are the metrics of the whole network, with ids that all installations share so
// that they are made once.
func general(now time.Time) (metrics []*Metric, charts []*Chart) {
	for i, kind := range []struct{ config, name, key, field, chart string }{
		{"general_clients", "General Clients", "wifi_clients", "clients", "gen_wifi_clients"},
		{"general_traffic", "General Traffic", "traffic", "rx_bytes", "general_traffic"},
	} {
		id := wispwright.ID{0: 0x6d, 1: 0x6f, 2: 0x6e, 6: 0x40, 8: 0x80, 15: byte(i + 1)}
		chart := id
		chart[14] = 1
		at := now.Add(time.Duration(i) * time.Microsecond)
		metrics = append(metrics, &Metric{ID: id, Name: kind.name, Key: kind.key, FieldName: kind.field, Configuration: kind.config, MainTags: "{}", ExtraTags: "{}", Created: at, Modified: at})
		charts = append(charts, &Chart{ID: chart, MetricID: id, Configuration: kind.chart, Created: at, Modified: at})
	}
	return metrics, charts
}

// Install makes the metrics of the whole network and their charts, if they are not there
// (spec: monitoring §3).
func (m *Monitoring) Install(ctx context.Context) error {
	metrics, charts := general(m.base.Clock().UTC().Truncate(time.Microsecond))
	for i := range metrics {
		_, err := m.base.Stores.Charts.Get(ctx, wispwright.ScopeAll(), charts[i].ID)
		if err == nil {
			continue
		}
		if !isNotFound(err) {
			return fmt.Errorf("look for general metrics: %w", err)
		}
		err = m.base.Tx.InTx(ctx, func(ctx context.Context) error {
			if err := m.base.Stores.Metrics.Insert(ctx, metrics[i]); err != nil {
				return err
			}
			return m.base.Stores.Charts.Insert(ctx, charts[i])
		})
		var conflict *wispwright.ConflictError
		if err != nil && !errors.As(err, &conflict) { // another node was quicker
			return fmt.Errorf("make general metrics: %w", err)
		}
	}
	return nil
}

// MetricsOf returns the metrics of an object, by name.
func (m *Monitoring) MetricsOf(ctx context.Context, scope wispwright.Scope, f MetricFilter) ([]*Metric, error) {
	found, err := m.base.Stores.Metrics.List(ctx, scope, f, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	return found.Rows, nil
}

// Document returns the last document of a device, or wispwright.ErrNotFound.
func (m *Monitoring) Document(ctx context.Context, device wispwright.ID) (*timeseries.Document, error) {
	return m.base.Series.Document(ctx, timeseries.Object{Type: DeviceType, ID: device.String()})
}

// ForgetDevices removes what is kept of devices that are deleted: rows in the transaction
// of the context, series after its commit.
func (m *Monitoring) ForgetDevices(ctx context.Context, devices ...wispwright.ID) error {
	ids := make([]string, len(devices))
	for i, d := range devices {
		ids[i] = d.String()
	}
	if err := m.base.Stores.Sessions.DeleteOf(ctx, devices...); err != nil {
		return fmt.Errorf("remove WiFi sessions: %w", err)
	}
	if err := m.base.Stores.Metrics.DeleteOf(ctx, DeviceType, ids...); err != nil {
		return fmt.Errorf("remove metrics: %w", err)
	}
	later := context.WithoutCancel(ctx)
	wispwright.AfterCommit(ctx, func() {
		m.metrics.forget(devices...)
		for _, id := range ids {
			if err := m.base.Series.Delete(later, "", timeseries.Filter{Object: &timeseries.Object{Type: DeviceType, ID: id}}); err != nil {
				m.base.Log.ErrorContext(later, "the series of a deleted device could not be removed", "device", id, "error", err)
			}
		}
	})
	return nil
}

// MoveDevice makes what is kept of a device another organization's. Points that were
// written keep the organization of their time.
func (m *Monitoring) MoveDevice(ctx context.Context, device, organization wispwright.ID) error {
	if err := m.base.Stores.Metrics.Move(ctx, DeviceType, device.String(), organization); err != nil {
		return fmt.Errorf("move metrics: %w", err)
	}
	if err := m.base.Stores.Sessions.Move(ctx, device, organization); err != nil {
		return fmt.Errorf("move WiFi sessions: %w", err)
	}
	wispwright.AfterCommit(ctx, func() { m.metrics.forget(device) })
	return nil
}

// Maintain does the house-keeping of the time-series store.
func (m *Monitoring) Maintain(ctx context.Context) error {
	if err := m.base.Series.Maintain(ctx, m.base.Clock()); err != nil {
		return fmt.Errorf("maintain time series: %w", err)
	}
	return nil
}

// Models are the kinds of objects permissions exist for (spec: monitoring §22).
func Models() []wispwright.Model {
	const app = "device_monitoring"
	return []wispwright.Model{
		{App: "monitoring", Name: "metric", Label: "Metric"},
		{App: "monitoring", Name: "chart", Label: "Chart"},
		{App: app, Name: "wificlient", Label: "WiFi Client", Operator: "V", Administrator: "ACDV"},
		{App: app, Name: "wifisession", Label: "WiFi Session", Operator: "V", Administrator: "ACDV"},
		{App: app, Name: "devicedata", Label: "Device Data", Operator: "V", Administrator: "ACDV"},
	}
}

func isNotFound(err error) bool { return errors.Is(err, wispwright.ErrNotFound) }

func compare(a, b string) int { return cmp.Compare(a, b) }

// Series is the store of what was measured.
func (m *Monitoring) Series() timeseries.Store { return m.base.Series }
