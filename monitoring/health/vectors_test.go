package health_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// fleet are devices of a test.
type fleet map[wispwright.ID]*health.Device

func (f fleet) Some(_ context.Context, ids ...wispwright.ID) (map[wispwright.ID]*health.Device, error) {
	out := map[wispwright.ID]*health.Device{}
	for _, id := range ids {
		if d := f[id]; d != nil {
			out[id] = d
		}
	}
	return out, nil
}

// bench is monitoring with health, in memory, at a time that the test sets.
type bench struct {
	*monitoring.Monitoring
	*health.Health
	stores  health.Stores
	fleet   fleet
	now     time.Time
	notices []string
	told    []health.Notice
}

// tolerances are those of OpenWISP 24.11.
func tolerances(t testing.TB) *monitoring.Registry {
	r := monitoring.NewRegistry()
	for kind, minutes := range map[string]int{"ping": 0, "config_applied": 5, "cpu": 5, "memory": 5, "disk": 0} {
		require.NoError(t, r.ChangeMetric(kind, func(c *monitoring.MetricConfig) {
			alert := *c.Alert
			alert.Tolerance = minutes
			c.Alert = &alert
		}))
	}
	return r
}

func newBench(t testing.TB, registry *monitoring.Registry, o health.Options) *bench {
	b := &bench{fleet: fleet{}, now: time.Date(2024, 11, 22, 10, 0, 0, 0, time.UTC)}
	m := memstore.New()
	clock := func() time.Time { return b.now }
	stores := monitoring.NewMemory(m)
	o.Log = slog.New(slog.DiscardHandler)
	var err error
	b.Monitoring, err = monitoring.New(m, stores, timeseries.NewMemory(0, 0), &monitoring.Options{Registry: registry, Clock: clock, Log: o.Log})
	require.NoError(t, err)
	b.stores = health.NewMemory(m, stores.Metrics)
	b.Health, err = health.New(&entity.Base{Tx: m, Clock: clock, Tenants: entity.NoTenants{}}, b.stores, registry, b.fleet, &o)
	require.NoError(t, err)
	b.Collector.Made.Subscribe("health", b.Made)
	b.Collector.Written.Subscribe("health", func(ctx context.Context, writes ...monitoring.Write) {
		require.NoError(t, b.Assess(ctx, writes...))
	})
	b.Notices.Subscribe("test", func(_ context.Context, list ...health.Notice) {
		for _, n := range list {
			b.told = append(b.told, n)
			name := n.Kind
			if n.Case != nil {
				name = n.Case.Kind + "_" + n.Kind
			}
			b.notices = append(b.notices, name)
		}
	})
	return b
}

func (b *bench) status(t testing.TB, id wispwright.ID) health.Status {
	found, err := b.StatusOf(context.Background(), id)
	require.NoError(t, err)
	if found[id] == nil {
		return health.Unknown
	}
	return found[id].Status
}

// TestRecordedHealth plays the documents that OpenWISP got, and compares alert settings,
// the health of each metric, notifications and the status of the device.
func TestRecordedHealth(t *testing.T) {
	files, err := filepath.Glob(testkit.Vectors(t, "monitoring") + "/*.json")
	require.NoError(t, err)
	steps := 0
	for _, name := range files {
		if strings.HasPrefix(filepath.Base(name), "13") {
			continue // what is refused is not assessed
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			var f struct {
				Device struct {
					ID           wispwright.ID `json:"id"`
					Organization wispwright.ID `json:"organization_id"`
				}
				Steps []struct {
					Query    map[string]string
					Document json.RawMessage
				}
				Expected struct {
					Steps []struct {
						Alerts []struct {
							Metric, Operator string
							Threshold        float64
							Tolerance        int
						} `json:"alert_settings_created"`
						Health        map[string]bool
						Notifications []string `json:"immediate_notifications"`
						Status        string   `json:"device_status_after"`
					}
				}
			}
			testkit.ReadVectors(t, &f, "monitoring", filepath.Base(name))
			ctx := context.Background()
			b := newBench(t, tolerances(t), health.Options{})
			b.fleet[f.Device.ID] = &health.Device{ID: f.Device.ID, OrganizationID: f.Device.Organization, Name: "device"}
			times := make([]time.Time, len(f.Steps))
			for i, s := range f.Steps {
				times[i], err = time.Parse("02-01-2006_15:04:05.000000", s.Query["time"])
				require.NoError(t, err)
			}
			for i, want := range f.Expected.Steps {
				b.now = times[i] // the backlog too: what is too old is not assessed here
				before := b.alerts(t)
				b.notices = nil
				require.NoError(t, b.Collector.Collect(ctx, monitoring.Sample{Device: &monitoring.Device{ID: f.Device.ID, OrganizationID: f.Device.Organization}, Body: f.Steps[i].Document, Time: times[i], Current: true}))
				require.Equal(t, len(want.Alerts), len(b.alerts(t))-len(before), "step %d", i)
				metrics, err := b.MetricsOf(ctx, wispwright.ScopeAll(), monitoring.MetricFilter{})
				require.NoError(t, err)
				have := map[string]bool{}
				for _, m := range metrics {
					if b.alerts(t)[m.ID] && m.IsHealthy != nil {
						have[m.Name] = *m.IsHealthy
					}
				}
				if want.Health == nil {
					want.Health = map[string]bool{}
				}
				require.Equal(t, want.Health, have, "step %d", i)
				require.ElementsMatch(t, want.Notifications, b.notices, "step %d", i)
				require.Equal(t, want.Status, string(b.status(t, f.Device.ID)), "step %d", i)
				steps++
			}
		})
	}
	require.Greater(t, steps, 20)
	t.Logf("%d steps", steps)
}

func (b *bench) alerts(t testing.TB) map[wispwright.ID]bool {
	found, err := b.stores.Alerts.List(context.Background(), wispwright.ScopeAll(), health.AlertFilter{}, wispwright.Page{})
	require.NoError(t, err)
	out := map[wispwright.ID]bool{}
	for _, a := range found.Rows {
		out[a.MetricID] = true
	}
	return out
}
