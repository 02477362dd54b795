package victoriametrics_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/timeseriestest"
	"github.com/wispwright/wispwright/monitoring/timeseries/victoriametrics"
)

// options are those of a real VictoriaMetrics. All tests share it, so each has a
// part of its own: its address adds a label to all that is written and read.
func options(t *testing.T) victoriametrics.Options {
	t.Helper()
	address := os.Getenv("WISPWRIGHT_TEST_VICTORIAMETRICS")
	if address == "" {
		if os.Getenv("WISPWRIGHT_REQUIRE_SERVICES") != "" {
			t.Fatal("WISPWRIGHT_TEST_VICTORIAMETRICS is not set: scripts/services start")
		}
		t.Skip("WISPWRIGHT_TEST_VICTORIAMETRICS is not set")
	}
	part := fmt.Sprintf("%d_%d", os.Getpid(), time.Now().UnixNano())
	return victoriametrics.Options{Write: address, Read: address, Beside: timeseries.NewMemory(26280*time.Hour, 24*time.Hour),
		Keep: 26280 * time.Hour, KeepShort: 24 * time.Hour, Flush: true, Now: timeseriestest.Now, Labels: map[string]string{"part": part}}
}

func open(t *testing.T) timeseries.Store {
	s, err := victoriametrics.New(options(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestStore(t *testing.T) { timeseriestest.RunRounded(t, open, 1e-11) }

func TestChartsOfARealInfluxDB(t *testing.T) {
	folder := testkit.Vectors(t, "monitoring", "charts")
	require.Equal(t, 119, timeseriestest.Golden(t, open(t), folder))
}

// TestRestart: another process finds kinds and corrections; odd names come back.
func TestRestart(t *testing.T) {
	ctx := context.Background()
	o := options(t)
	p := timeseries.Point{Measurement: `odd "name", it's`, Tags: timeseriestest.Device(`a'b"c\d,e=f g`, "other-tag", "x|y"), Time: timeseriestest.Now(),
		Fields: []timeseries.Field{{Name: "a b", Value: timeseries.Float(1)}, {Name: "t", Value: timeseries.Text("x")}}}
	object := p.Tags.Object()
	for i := range 4 {
		s, err := victoriametrics.New(o)
		require.NoError(t, err)
		p.Fields[0].Value = timeseries.Int(int64(2 - i))
		if i == 3 {
			p.Fields[0].Value = timeseries.Int(0) // once more
		}
		require.NoError(t, s.Write(ctx, timeseries.Batch{Points: []timeseries.Point{p}}))
		rows, err := s.Read(ctx, timeseries.Rows{Measurement: p.Measurement, Filter: timeseries.Filter{Object: &object, Tags: map[string][]string{"other-tag": {"x|y", "z"}}}})
		require.NoError(t, err)
		require.Len(t, rows, 1)
		want := p.Fields[0].Value
		require.Equal(t, want, rows[0].Fields["a b"])
		require.Equal(t, timeseries.Text("x"), rows[0].Fields["t"])
		require.Equal(t, p.Tags.Map(), rows[0].Tags.Map())
	}
}

func TestOutage(t *testing.T) {
	ctx := context.Background()
	status := 200
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "u" || password != "hidden" {
			status = 401
		}
		w.WriteHeader(status)
		if strings.HasSuffix(r.URL.Path, "/series") {
			_, _ = w.Write([]byte(`{"data":[]}`))
		}
	}))
	o, err := victoriametrics.ParseURL("victoriametrics://u:hidden@" + strings.TrimPrefix(fake.URL, "http://"))
	require.NoError(t, err)
	o.Beside = timeseries.NewMemory(0, 0)
	s, err := victoriametrics.New(o)
	require.NoError(t, err)
	batch := timeseries.Batch{Points: []timeseries.Point{{Measurement: "m", Tags: timeseriestest.Device("a"), Time: time.Now(), Fields: []timeseries.Field{{Name: "v", Value: timeseries.Int(1)}}}},
		Documents: []timeseries.Document{{Object: timeseries.Object{Type: "t", ID: "i"}, Time: time.Now(), Body: []byte("x")}}}
	var outage *victoriametrics.OutageError
	for _, status = range []int{500, 503, 429} {
		err := s.Write(ctx, batch)
		require.ErrorAs(t, err, &outage, status)
		require.ErrorIs(t, err, wispwright.ErrUnavailable)
	}
	_, err = s.Document(ctx, batch.Documents[0].Object)
	require.ErrorIs(t, err, wispwright.ErrNotFound, "numbers come first")
	status = 422
	require.NotErrorIs(t, s.Write(ctx, batch), wispwright.ErrUnavailable)
	status = 200
	require.NoError(t, s.Write(ctx, batch))
	fake.Close()
	err = s.Write(ctx, batch)
	require.ErrorAs(t, err, &outage)
	require.NotContains(t, err.Error(), "hidden")
	_, err = s.Charts(ctx, []timeseries.Query{{Measurement: "m", Traces: []timeseries.Trace{{Name: "v", Field: "v"}}}})
	require.ErrorIs(t, err, wispwright.ErrUnavailable)
}

func TestParseURL(t *testing.T) {
	o, err := victoriametrics.ParseURL("victoriametricss://insert/insert/0/influx?read=https://select:8481/select/0/prometheus/")
	require.NoError(t, err)
	require.Equal(t, victoriametrics.Options{Write: "https://insert:8428/insert/0/influx", Read: "https://select:8481/select/0/prometheus"}, o)
	for _, bad := range []string{"", "victoriametrics://", "http://host", "victoriametrics://u:p%zz@h/", "victoriametrics://h/?read=x"} {
		_, err := victoriametrics.ParseURL(bad)
		require.Error(t, err, bad)
		require.NotContains(t, err.Error(), "p%zz")
	}
}
