package monitoring_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// listening keeps what is written.
type listening struct {
	*timeseries.Memory
	batches []timeseries.Batch
}

func (l *listening) Write(ctx context.Context, b timeseries.Batch) error {
	l.batches = append(l.batches, b)
	return l.Memory.Write(ctx, b)
}

// bench is a concern in memory.
type bench struct {
	*monitoring.Monitoring
	series *listening
	stores monitoring.Stores
	now    time.Time
}

func newBench(t testing.TB, o monitoring.Options) *bench {
	m := memstore.New()
	b := &bench{series: &listening{Memory: timeseries.NewMemory(0, 0)}, stores: monitoring.NewMemory(m), now: time.Date(2024, 11, 22, 10, 0, 0, 0, time.UTC)}
	o.Clock = func() time.Time { return b.now }
	o.Log = slog.New(slog.DiscardHandler)
	var err error
	b.Monitoring, err = monitoring.New(m, b.stores, b.series, &o)
	require.NoError(t, err)
	return b
}

type vectorStep struct {
	Status         int    `json:"http_status"`
	Prefix         string `json:"error_prefix"`
	MetricsCreated []struct {
		Name, Configuration, Key string
		Field                    string            `json:"field_name"`
		Main                     map[string]string `json:"main_tags"`
		Extra                    map[string]string `json:"extra_tags"`
	} `json:"metrics_created"`
	ChartsCreated []struct{ Configuration, Metric string } `json:"charts_created"`
	Points        []struct {
		Metric, Measurement string
		Tags                map[string]string
		Fields              map[string]json.RawMessage
		Time                time.Time
	}
	WifiSessions struct {
		Opened, Closed []json.RawMessage
		Open           int `json:"open_count_after"`
	} `json:"wifi_sessions"`
	Stored json.RawMessage `json:"stored_document"`
}

type vectorFile struct {
	Name   string
	Device struct {
		ID           wispwright.ID `json:"id"`
		Organization wispwright.ID `json:"organization_id"`
		Location     wispwright.ID `json:"location_id"`
		Floorplan    wispwright.ID `json:"floorplan_id"`
	}
	Steps []struct {
		Query    map[string]string
		Document json.RawMessage
		Case     string
	}
	Expected struct{ Steps []vectorStep }
}

// relaxed are documents that later releases accept (additions: M-8).
func relaxed() []string { return []string{"lte without rssi"} }

// TestRecordedDocuments plays documents that OpenWISP's writer got, and compares every
// point, metric, chart and session, and the stored document.
func TestRecordedDocuments(t *testing.T) {
	files, err := filepath.Glob(testkit.Vectors(t, "monitoring") + "/*.json")
	require.NoError(t, err)
	require.Len(t, files, 14)
	points := 0
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			var f vectorFile
			testkit.ReadVectors(t, &f, "monitoring", filepath.Base(name))
			b := newBench(t, monitoring.Options{ArrivalOrder: strings.HasPrefix(f.Name, "14")})
			for _, s := range f.Steps {
				if at := parseTime(t, s.Query["time"]); at.After(b.now) {
					b.now = at
				}
			}
			last := b.now
			for i, s := range f.Steps {
				if strings.HasPrefix(f.Name, "13") {
					b = newBench(t, monitoring.Options{})
				}
				b.now = parseTime(t, s.Query["time"])
				if strings.HasPrefix(f.Name, "14") {
					b.now = last
				}
				if slices.Contains(relaxed(), s.Case) {
					require.NoError(t, b.post(&f, i))
					continue
				}
				points += b.compare(t, &f, i)
			}
		})
	}
	require.Equal(t, 274, points)
}

func parseTime(t *testing.T, text string) time.Time {
	at, err := time.Parse("02-01-2006_15:04:05.000000", text)
	require.NoError(t, err)
	return at
}

func (b *bench) post(f *vectorFile, i int) error {
	at, err := time.Parse("02-01-2006_15:04:05.000000", f.Steps[i].Query["time"])
	if err != nil {
		return err
	}
	d := &monitoring.Device{ID: f.Device.ID, OrganizationID: f.Device.Organization, LocationID: f.Device.Location, FloorplanID: f.Device.Floorplan}
	return b.Collector.Collect(context.Background(), monitoring.Sample{Device: d, Body: f.Steps[i].Document, Time: at, Current: true})
}

// compare posts a step's document and compares everything that follows.
func (b *bench) compare(t *testing.T, f *vectorFile, i int) int {
	t.Helper()
	ctx, all := context.Background(), wispwright.ScopeAll()
	what := fmt.Sprintf("step %d %s", i, f.Steps[i].Case)
	want := f.Expected.Steps[i]
	metricsBefore, chartsBefore := b.metrics(t), b.charts(t)
	open := func() int {
		yes := true
		found, err := b.Sessions.List(ctx, all, monitoring.WifiSessionFilter{Open: &yes}, wispwright.Page{})
		require.NoError(t, err)
		return found.Total
	}
	openBefore := open()
	b.series.batches = nil
	err := b.post(f, i)
	if want.Status != 200 {
		var invalid *monitoring.InvalidDocumentError
		require.ErrorAs(t, err, &invalid, what)
		require.True(t, strings.HasPrefix(invalid.Error(), want.Prefix+","), "%s: %s, want %s", what, invalid, want.Prefix)
		require.Empty(t, b.series.batches, what)
		require.Equal(t, metricsBefore, b.metrics(t), what)
		return 0
	}
	require.NoError(t, err, what)
	require.Len(t, b.series.batches, 1, what)
	have := b.series.batches[0].Points
	require.Len(t, have, len(want.Points), what)
	for j, w := range want.Points {
		p := have[j]
		at := fmt.Sprintf("%s, point %d (%s)", what, j, w.Metric)
		require.Equal(t, w.Measurement, p.Measurement, at)
		require.Equal(t, w.Tags, p.Tags.Map(), at)
		require.True(t, w.Time.Equal(p.Time), "%s: %s, want %s", at, p.Time, w.Time)
		fields := map[string]timeseries.Value{}
		for _, field := range p.Fields {
			fields[field.Name] = field.Value
		}
		require.Equal(t, slices.Sorted(maps.Keys(w.Fields)), slices.Sorted(maps.Keys(fields)), at)
		for name, raw := range w.Fields {
			equalField(t, string(raw), fields[name], f.Name, at+" "+name)
		}
	}
	created := b.metrics(t)[len(metricsBefore):]
	require.Len(t, created, len(want.MetricsCreated), what)
	for j, w := range want.MetricsCreated {
		m := created[j]
		require.Equal(t, []string{w.Name, w.Configuration, w.Key, w.Field}, []string{m.Name, m.Configuration, m.Key, m.FieldName}, what)
		require.JSONEq(t, mustJSON(t, w.Main), string(m.MainTags), what)
		require.JSONEq(t, mustJSON(t, w.Extra), string(m.ExtraTags), what)
		require.Nil(t, m.IsHealthy)
	}
	charts := b.charts(t)[len(chartsBefore):]
	require.Len(t, charts, len(want.ChartsCreated), what)
	for j, w := range want.ChartsCreated {
		m, err := b.stores.Metrics.Get(ctx, all, charts[j].MetricID)
		require.NoError(t, err)
		require.Equal(t, []string{w.Configuration, w.Metric}, []string{charts[j].Configuration, m.Name}, what)
	}
	require.Equal(t, want.WifiSessions.Open, open(), what)
	require.Equal(t, len(want.WifiSessions.Opened)-len(want.WifiSessions.Closed), open()-openBefore, what)
	doc, err := b.Document(ctx, f.Device.ID)
	require.NoError(t, err)
	require.JSONEq(t, string(want.Stored), string(doc.Body), what)
	return len(want.Points)
}

// equalField compares a value and its kind: 0 and 0.0 differ in a store.
func equalField(t *testing.T, want string, have timeseries.Value, file, what string) {
	t.Helper()
	if strings.HasPrefix(want, `"`) {
		require.Equal(t, want, `"`+have.Text()+`"`, what)
		return
	}
	var f float64
	require.NoError(t, json.Unmarshal([]byte(want), &f))
	require.InDelta(t, f, have.Float(), 1e-9*(1+math.Abs(f)), what)
	kind := timeseries.IntKind
	if strings.ContainsAny(want, ".eE") {
		kind = timeseries.FloatKind
	}
	if !strings.HasPrefix(file, "11") { // whose floats stand for integers
		require.Equal(t, kind, have.Kind(), what)
	}
}

func mustJSON(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	if string(b) == "null" {
		return "{}"
	}
	return string(b)
}

// metrics returns all metrics in the order in which they were made, which is that of the batch.
func (b *bench) metrics(t *testing.T) []*monitoring.Metric {
	found, err := b.stores.Metrics.List(context.Background(), wispwright.ScopeAll(), monitoring.MetricFilter{}, wispwright.Page{})
	require.NoError(t, err)
	slices.SortStableFunc(found.Rows, func(a, b *monitoring.Metric) int { return a.Created.Compare(b.Created) })
	return found.Rows
}

func (b *bench) charts(t *testing.T) []*monitoring.Chart {
	found, err := b.stores.Charts.List(context.Background(), wispwright.ScopeAll(), monitoring.ChartFilter{}, wispwright.Page{})
	require.NoError(t, err)
	slices.SortStableFunc(found.Rows, func(a, b *monitoring.Chart) int { return a.Created.Compare(b.Created) })
	return found.Rows
}
