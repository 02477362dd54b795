package monitoring_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/spool"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// vendor knows the maker of everything.
type vendor struct{}

func (vendor) Vendor(mac string) string { return "maker of " + mac }

const wholeDocument = `{"type":"DeviceMonitoring","general":{"hostname":"ap1","local_time":1,"uptime":100},
	"resources":{"load":[0.5,1,2],"cpus":2,"memory":{"total":1000,"free":100,"buffered":100,"shared":1,"cached":1,"available":400},"swap":{"total":0,"free":0},"disk":[{"mount_point":"/","filesystem":"/dev/a","size_bytes":200,"used_bytes":50,"available_bytes":150,"used_percent":25}]},
	"interfaces":[{"name":"wlan0","type":"wireless","up":true,"statistics":{"rx_bytes":100,"tx_bytes":200},"wireless":{"ssid":"cafe","mode":"access_point","channel":1,"frequency":2412,"tx_power":20,"country":"DE","noise":-95,"htmode":"HT20","bitrate":866700,
		"clients":[{"mac":"02:00:00:00:00:aa","auth":true,"authorized":true,"ht":true,"vht":false,"he":false,"wmm":true,"mfp":false,"assoc":true,"rrm":[0,0,0,0,0],"aid":1,"signature":"","wds":false,"wps":false}]}},
		{"name":"wwan0","type":"modem-manager","up":true,"statistics":{"rx_bytes":1,"tx_bytes":2},"mobile":{"connection_status":"connected","imei":"865847050000000","manufacturer":"m","model":"m","operator_code":"26201","operator_name":"o","power_status":"on","signal":{"lte":{"rsrp":-95.5,"rsrq":-11,"rssi":-67,"snr":9,"more":"-7","odd":"--"}}}}],
	"neighbors":[{"ip":"10.0.0.1","mac":"02:00:00:00:00:bb","interface":"wlan0","state":"REACHABLE"}],
	"dhcp_leases":[{"expiry":1700000000,"mac":"02:00:00:00:00:cc","ip":"10.0.0.2","client_name":"c","client_id":"*"}]}`

func aDevice() *monitoring.Device {
	return &monitoring.Device{ID: wispwright.NewID(), OrganizationID: wispwright.NewID(), Name: "ap1"}
}

// written are the last values of metrics, by kind and field.
func (b *bench) written() map[string]float64 {
	out := map[string]float64{}
	for _, batch := range b.series.batches {
		for _, p := range batch.Points {
			for _, f := range p.Fields {
				out[p.Measurement+"."+f.Name] = f.Value.Float()
			}
		}
	}
	return out
}

// What a document says becomes values, and is stored with names of makers, without
// what a radio of its kind cannot know.
func TestReadingsOfADocument(t *testing.T) {
	b := newBench(t, monitoring.Options{Vendors: vendor{}})
	d := aDevice()
	var received []monitoring.Received
	b.Collector.Received.Subscribe("test", func(_ context.Context, list ...monitoring.Received) { received = append(received, list...) })
	require.NoError(t, b.Collector.Collect(t.Context(), monitoring.Sample{Device: d, Body: []byte(wholeDocument), Current: true}))
	require.Equal(t, []monitoring.Received{{Device: d, Time: b.now, Current: true}}, received)
	stored, err := b.Document(t.Context(), d.ID)
	require.NoError(t, err)
	text := string(stored.Body)
	for _, part := range []string{`"vendor":"maker of 02:00:00:00:00:aa"`, `"vendor":"maker of 02:00:00:00:00:bb"`, `"vendor":"maker of 02:00:00:00:00:cc"`, `"bitrate":866.7`, `"more":-7`, `"vht":null`, `"he":null`} {
		require.Contains(t, text, part)
	}
	require.NotContains(t, text, `"odd"`, "a text that is no number")
	told, err := b.LastTold(t.Context(), d.ID)
	require.NoError(t, err)
	require.Equal(t, b.now, told)
	nothing, err := b.LastTold(t.Context(), wispwright.NewID())
	require.NoError(t, err)
	require.True(t, nothing.IsZero())
	kinds := map[string]bool{}
	for _, m := range b.metrics(t) {
		kinds[m.Configuration] = true
	}
	for _, kind := range []string{"cpu", "memory", "disk", "clients", "signal_strength", "signal_quality", "access_tech"} {
		require.True(t, kinds[kind], kind)
	}
	_, err = b.Collector.Read([]byte(`{"type":"DeviceMonitoring","interfaces":7}`))
	var invalid *monitoring.InvalidDocumentError
	require.ErrorAs(t, err, &invalid)
	require.NotEmpty(t, invalid.Error())
	var syntax *ordered.SyntaxError
	require.ErrorAs(t, b.Collector.Collect(t.Context(), monitoring.Sample{Device: d, Body: []byte(`{`)}), &syntax)
}

// away is a time-series store that fails.
type away struct {
	timeseries.Store
	err error
}

func (s *away) Write(ctx context.Context, b timeseries.Batch) error {
	if s.err != nil {
		return s.err
	}
	return s.Store.Write(ctx, b)
}

// Documents wait in files while the store is away, and are stored in their order.
func TestDocumentsThatWait(t *testing.T) {
	ctx := t.Context()
	waiting, err := spool.Open(t.TempDir(), nil)
	require.NoError(t, err)
	b := newBench(t, monitoring.Options{Spool: waiting})
	store := &away{b.series, errors.New("connection refused")}
	m, err := monitoring.New(noTransactions{}, b.stores, store, &monitoring.Options{Spool: waiting, Clock: func() time.Time { return b.now }})
	require.NoError(t, err)
	d, gone := aDevice(), aDevice()
	for _, of := range []*monitoring.Device{d, gone, d} {
		require.NoError(t, m.Collector.Collect(ctx, monitoring.Sample{Device: of, Body: []byte(wholeDocument)}), "it is kept")
		b.now = b.now.Add(time.Minute)
	}
	told, err := m.LastTold(ctx, d.ID)
	require.NoError(t, err)
	require.Equal(t, b.now.Add(-time.Minute), told, "one that waits counts")
	find := func(_ context.Context, id wispwright.ID) (*monitoring.Device, error) {
		if id == d.ID {
			return d, nil
		}
		return nil, wispwright.ErrNotFound
	}
	require.ErrorIs(t, m.Collector.Replay(ctx, find), monitoring.ErrAway)
	require.ErrorIs(t, m.Collector.Replay(ctx, find), store.err, "and why")
	store.err = nil
	require.NoError(t, m.Collector.Replay(ctx, find))
	_, any := waiting.Newest(d.ID)
	require.False(t, any)
	_, err = m.Document(ctx, d.ID)
	require.NoError(t, err)
	_, err = m.Document(ctx, gone.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound, "those of a device that is gone are dropped")

	b = newBench(t, monitoring.Options{})
	store = &away{b.series, errors.New("connection refused")}
	m, err = monitoring.New(noTransactions{}, b.stores, store, &monitoring.Options{Clock: func() time.Time { return b.now }})
	require.NoError(t, err)
	require.ErrorIs(t, m.Collector.Collect(ctx, monitoring.Sample{Device: d, Body: []byte(wholeDocument)}), monitoring.ErrAway, "without a spool it stays with its device")
	require.NoError(t, m.Collector.Replay(ctx, find))
}

// noTransactions runs functions as they are.
type noTransactions struct{}

func (noTransactions) InTx(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

func TestRegistry(t *testing.T) {
	r := monitoring.NewRegistry()
	metric := monitoring.MetricConfig{Key: "fan", Label: "Fan", Field: "rpm", Related: []string{"watts"}, Alert: &monitoring.Threshold{Operator: ">", Value: 1}}
	chart := monitoring.ChartConfig{Key: "fan", Type: "line", Title: "Fan", Description: "of the fan"}
	metrics, charts := len(r.Metrics()), len(r.Charts())
	for says, change := range map[string]func(*monitoring.MetricConfig){
		"1 to 16 bytes":   func(c *monitoring.MetricConfig) { c.Key = strings.Repeat("x", 17) },
		"are needed":      func(c *monitoring.MetricConfig) { c.Field = "" },
		"neither the":     func(c *monitoring.MetricConfig) { c.AlertField = "other" },
		"operator is":     func(c *monitoring.MetricConfig) { c.Alert = &monitoring.Threshold{Operator: "="} },
		"already registe": func(c *monitoring.MetricConfig) { c.Key = "ping" },
	} {
		bad := metric
		change(&bad)
		require.ErrorContains(t, r.AddMetric(bad), says)
	}
	for says, change := range map[string]func(*monitoring.ChartConfig){
		"1 to 16 bytes":   func(c *monitoring.ChartConfig) { c.Key = "" },
		"are needed":      func(c *monitoring.ChartConfig) { c.Description = "" },
		"unknown type":    func(c *monitoring.ChartConfig) { c.Type = "pie" },
		"already registe": func(c *monitoring.ChartConfig) { c.Key = "uptime" },
	} {
		bad := chart
		change(&bad)
		require.ErrorContains(t, r.AddChart(bad), says)
	}
	require.Len(t, r.Metrics(), metrics)
	require.NoError(t, r.AddMetric(metric))
	require.NoError(t, r.AddChart(chart))
	require.True(t, r.Metric("fan").Has("watts"))
	require.True(t, r.Metric("fan").Has("rpm"))
	require.False(t, r.Metric("fan").Has("volts"))
	require.NoError(t, r.ChangeMetric("fan", func(c *monitoring.MetricConfig) { c.Alert.Value = 9 }))
	require.Error(t, r.ChangeMetric("fan", func(c *monitoring.MetricConfig) { c.Label = "" }))
	require.Equal(t, "Fan", r.Metric("fan").Label, "a change that is refused changes nothing")
	require.Error(t, r.ChangeMetric("none", func(*monitoring.MetricConfig) {}))
	require.NoError(t, r.RemoveMetric("fan"))
	require.NoError(t, r.RemoveChart("fan"))
	require.Error(t, r.RemoveMetric("fan"))
	require.Error(t, r.RemoveChart("fan"))
	require.Equal(t, []int{metrics, charts}, []int{len(r.Metrics()), len(r.Charts())})
}

// Declared metrics are read from documents; counters become by how much they grew.
func TestDeclaredMetrics(t *testing.T) {
	ctx := t.Context()
	value := 10.0
	registry := monitoring.NewRegistry()
	registry.Declare([]monitoring.Declaration{
		{Metric: monitoring.MetricConfig{Key: "custom.a", Label: "A", Name: "A", Measurement: "custom_a", Field: "value", Charts: []string{"custom.a"}, AlwaysCharted: true},
			Chart: &monitoring.ChartConfig{Key: "custom.a", Type: "bar", Title: "A", Description: "A", Traces: []timeseries.Trace{{Name: "a", Field: "value", Func: timeseries.Sum}}}},
		{Metric: monitoring.MetricConfig{Key: "custom.b", Label: "B", Name: "B", Measurement: "custom_b", Field: "value"}},
	})
	b := newBench(t, monitoring.Options{Registry: registry, Declared: func(context.Context, wispwright.ID, *ordered.Object) ([]monitoring.DeclaredValue, error) {
		return []monitoring.DeclaredValue{{Kind: "custom.a", Value: value, Counter: true}, {Kind: "custom.b", Value: value}, {Kind: "gone", Value: 1}, {Kind: "ping", Value: 1}}, nil
	}})
	d := aDevice()
	collect := func() {
		t.Helper()
		require.NoError(t, b.Collector.Collect(ctx, monitoring.Sample{Device: d, Body: []byte(`{"type":"DeviceMonitoring","general":{"uptime":` + strconv.Itoa(b.now.Hour()*3600+b.now.Minute()*60) + `}}`)}))
		b.now = b.now.Add(time.Minute)
	}
	collect()
	require.Equal(t, map[string]float64{"custom_b.value": 10}, b.written(), "what a counter had before nobody knows")
	value = 17
	collect()
	require.Equal(t, map[string]float64{"custom_a.value": 7, "custom_b.value": 17}, b.written())
	value = 5
	collect()
	require.Equal(t, 5.0, b.written()["custom_a.value"], "it began anew")
	require.Len(t, b.charts(t), 1)
	removed, err := b.RemoveKind(ctx, "custom.a")
	require.NoError(t, err)
	require.Len(t, removed, 1)
	require.Len(t, b.metrics(t), 1)
}

// Values that no document holds are stored with their metrics and charts, and answered
// as charts and as a table.
func TestRecordAndRead(t *testing.T) {
	ctx := t.Context()
	b := newBench(t, monitoring.Options{AutoCharts: []string{"uptime", "packet_loss", "rtt"}})
	d := aDevice()
	require.NoError(t, b.Install(ctx))
	require.NoError(t, b.Install(ctx), "once")
	for n := range 3 {
		require.NoError(t, b.Collector.Record(ctx, d, b.now.Add(time.Duration(n-3)*time.Minute), monitoring.Measured{Kind: "ping", Fields: []timeseries.Field{
			{Name: "reachable", Value: timeseries.Int(1)}, {Name: "loss", Value: timeseries.Float(0)}, {Name: "rtt_avg", Value: timeseries.Float(1.5)}}}))
	}
	require.NoError(t, b.Collector.RecordAll(ctx, b.now), "nothing to store")
	require.ErrorContains(t, b.Collector.Record(ctx, d, b.now, monitoring.Measured{Kind: "none"}), "no metric configuration")
	require.ErrorContains(t, b.Collector.Record(ctx, d, b.now, monitoring.Measured{Kind: "ping", Fields: []timeseries.Field{{Name: "volts", Value: timeseries.Int(1)}}}), "is no field of ping")
	answer, err := b.Charts.Read(ctx, monitoring.Selection{Object: timeseries.Object{Type: monitoring.DeviceType, ID: d.ID.String()}}, timeseries.Range{Start: b.now.Add(-time.Hour), End: b.now, Bucket: 10 * time.Minute})
	require.NoError(t, err)
	require.NotEmpty(t, answer.Charts)
	require.NotEmpty(t, answer.X)
	lines := strings.Split(strings.TrimSuffix(answer.CSV(), "\r\n"), "\r\n")
	require.Len(t, lines, len(answer.X)+1)
	require.Contains(t, lines[0], "time,")
	require.Contains(t, answer.CSV(), "100.0", "a float always has a fraction")
	none, err := b.Charts.Read(ctx, monitoring.Selection{Object: timeseries.Object{Type: monitoring.DeviceType, ID: wispwright.NewID().String()}}, timeseries.Range{Start: b.now.Add(-time.Hour), End: b.now, Bucket: time.Minute})
	require.NoError(t, err)
	require.Empty(t, none.Charts)
	require.Equal(t, "time\r\n", none.CSV())

	latest, err := b.Latest(ctx, b.now.Add(-time.Hour))
	if !errors.Is(err, monitoring.ErrNoLatest) {
		require.NoError(t, err)
		require.NotEmpty(t, latest[d.ID].Points)
	}
	require.NoError(t, b.Maintain(ctx))
	require.NoError(t, b.ForgetDevices(ctx, d.ID))
	of, err := b.MetricsOf(ctx, wispwright.ScopeAll(), monitoring.MetricFilter{ContentType: monitoring.DeviceType, ObjectID: d.ID.String()})
	require.NoError(t, err)
	require.Empty(t, of)
	require.NotEmpty(t, b.Events())
	require.NotEmpty(t, monitoring.Models())
	require.NotNil(t, b.Series())
	require.Equal(t, "Ping", b.Registry().Metric("ping").Label)
}

// What is taken over is stored as it was; what is measured here is newer.
func TestTakenOver(t *testing.T) {
	ctx := t.Context()
	b := newBench(t, monitoring.Options{})
	d := aDevice()
	yes := true
	at := b.now.Add(-time.Hour)
	m := &monitoring.Metric{ID: wispwright.NewID(), OrganizationID: d.OrganizationID, Name: "Ping", Key: "ping", FieldName: "reachable", Configuration: "ping", ContentType: monitoring.DeviceType, ObjectID: d.ID.String(),
		MainTags: `{ "a" : "b", "none": null }`, ExtraTags: "", Created: at, Modified: at}
	for says, change := range map[string]func(*monitoring.Metric){
		"configuration: ": func(m *monitoring.Metric) { m.Configuration = "none" }, "tags: ": func(m *monitoring.Metric) { m.MainTags = `{"a":1}` }, "tags:  ": func(m *monitoring.Metric) { m.ExtraTags = `[]` },
	} {
		bad := *m
		change(&bad)
		_, err := b.RestoreMetric(ctx, &bad)
		require.ErrorContains(t, err, strings.TrimSpace(says))
	}
	restore := func(m *monitoring.Metric) string {
		t.Helper()
		action, err := b.RestoreMetric(ctx, m)
		require.NoError(t, err)
		return action
	}
	require.Equal(t, "add", restore(m))
	require.Equal(t, wispwright.JSON(`{"a":"b"}`), b.metrics(t)[0].MainTags)
	again := *m
	again.IsHealthy, again.Name = &yes, "Ping!"
	require.Equal(t, "change", restore(&again))
	require.Nil(t, b.metrics(t)[0].IsHealthy)
	other := *m
	other.ID = wispwright.NewID()
	require.Empty(t, restore(&other))
	require.Equal(t, m.ID, other.ID, "the one that is there")

	chart := &monitoring.Chart{ID: wispwright.NewID(), MetricID: m.ID, Configuration: "uptime", Created: at, Modified: at}
	for says, bad := range map[string]monitoring.Chart{"configuration: ": {MetricID: m.ID, Configuration: "none"}, "metric: ": {MetricID: wispwright.NewID(), Configuration: "uptime"}} {
		_, err := b.RestoreChart(ctx, &bad)
		require.ErrorContains(t, err, says)
	}
	for _, want := range []string{"add", ""} {
		action, err := b.RestoreChart(ctx, chart)
		require.NoError(t, err)
		require.Equal(t, want, action)
	}
	twice := *chart
	twice.ID = wispwright.NewID()
	action, err := b.RestoreChart(ctx, &twice)
	require.NoError(t, err)
	require.Empty(t, action)
	require.Len(t, b.charts(t), 1)
	require.Equal(t, d.ID.String(), b.charts(t)[0].ObjectID, "it is of the metric's object")

	client := &monitoring.WifiClient{MACAddress: "02:00:00:00:00:aa", Created: at, Modified: at}
	action, err = b.Sessions.Restore(ctx, client)
	require.NoError(t, err)
	require.Equal(t, "add", action)
	_, err = b.Sessions.Restore(ctx, &monitoring.WifiClient{MACAddress: "x"})
	require.ErrorContains(t, err, "mac_address: ")
	stopped := at.Add(time.Minute)
	session := &monitoring.WifiSession{ID: wispwright.NewID(), OrganizationID: d.OrganizationID, DeviceID: d.ID, MACAddress: client.MACAddress, StartTime: at, StopTime: &stopped, Modified: at}
	open := *session
	open.StopTime = nil
	for _, s := range []*monitoring.WifiSession{session, &open} {
		_, err := b.Sessions.RestoreSession(ctx, s)
		require.NoError(t, err)
	}
	require.Equal(t, &stopped, open.StopTime, "one that ended here stays ended")
	require.NoError(t, b.RestoreSeries(ctx, timeseries.Batch{}))
}
