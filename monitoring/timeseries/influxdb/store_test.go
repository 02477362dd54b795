package influxdb_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/influxdb"
	"github.com/wispwright/wispwright/monitoring/timeseries/timeseriestest"
)

// server returns the address of a real InfluxDB.
func server(t *testing.T) string {
	t.Helper()
	address := os.Getenv("WISPWRIGHT_TEST_INFLUXDB")
	if address == "" {
		if os.Getenv("WISPWRIGHT_REQUIRE_SERVICES") != "" {
			t.Fatal("WISPWRIGHT_TEST_INFLUXDB is not set: scripts/services start")
		}
		t.Skip("WISPWRIGHT_TEST_INFLUXDB is not set")
	}
	return address
}

func command(t *testing.T, address, q string) {
	t.Helper()
	resp, err := http.PostForm(address+"/query", url.Values{"q": {q}})
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 200, resp.StatusCode, q)
}

// database makes a database that goes with the test. Its policies keep for good: the suite
// lives in a time that any real policy has forgotten.
func database(t *testing.T, address string) string {
	name := fmt.Sprintf("wispwright_%d_%d", os.Getpid(), time.Now().UnixNano())
	command(t, address, "CREATE DATABASE "+name)
	t.Cleanup(func() { command(t, address, "DROP DATABASE "+name) })
	return name
}

func options(t *testing.T) influxdb.Options {
	address := server(t)
	return influxdb.Options{URL: address, Database: database(t, address), Documents: timeseries.NewMemory(0, 0), Keep: 26280 * time.Hour, KeepShort: 24 * time.Hour,
		LeavePolicies: true, Now: timeseriestest.Now}
}

func open(t *testing.T) timeseries.Store {
	s, err := influxdb.New(context.Background(), options(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestStore(t *testing.T) { timeseriestest.Run(t, open) }

func TestChartsOfARealInfluxDB(t *testing.T) {
	folder := testkit.Vectors(t, "monitoring", "charts")
	require.Equal(t, 119, timeseriestest.Golden(t, open(t), folder))
}

// TestRestart: another process finds the kinds of fields that are there.
func TestRestart(t *testing.T) {
	o := options(t)
	ctx := context.Background()
	p := timeseries.Point{Measurement: `odd "name", it's`, Tags: timeseriestest.Device(`a'b"c\d,e=f g`), Time: timeseriestest.Now(),
		Fields: []timeseries.Field{{Name: "a b", Value: timeseries.Float(1)}, {Name: "t", Value: timeseries.Text("\"q\\\" \n, =")}}}
	s, err := influxdb.New(ctx, o)
	require.NoError(t, err)
	require.NoError(t, s.Write(ctx, timeseries.Batch{Points: []timeseries.Point{p}}))
	again, err := influxdb.New(ctx, o)
	require.NoError(t, err)
	q := p
	q.Time = q.Time.Add(time.Second)
	q.Fields = []timeseries.Field{{Name: "a b", Value: timeseries.Int(2)}}
	require.NoError(t, again.Write(ctx, timeseries.Batch{Points: []timeseries.Point{q}}))
	q.Fields = []timeseries.Field{{Name: "a b", Value: timeseries.Text("x")}}
	var faults timeseries.PointErrors
	require.ErrorAs(t, again.Write(ctx, timeseries.Batch{Points: []timeseries.Point{q}}), &faults)
	object := p.Tags.Object()
	rows, err := again.Read(ctx, timeseries.Rows{Measurement: p.Measurement, Filter: timeseries.Filter{Object: &object}})
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, p.Fields[1].Value, rows[0].Fields["t"])
	require.Equal(t, timeseries.Float(2), rows[1].Fields["a b"])
	require.Equal(t, p.Tags.Map(), rows[0].Tags.Map())
}

// TestOutage: what can be repeated is told as such, without the password.
func TestOutage(t *testing.T) {
	ctx := context.Background()
	status := http.StatusOK
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "u" || password != "hidden" {
			status = http.StatusUnauthorized
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"results":[]}`))
	}))
	o, err := influxdb.ParseURL("influxdb://u:hidden@" + strings.TrimPrefix(fake.URL, "http://") + "/db")
	require.NoError(t, err)
	o.Documents = timeseries.NewMemory(0, 0)
	s, err := influxdb.New(ctx, o)
	require.NoError(t, err)
	batch := timeseries.Batch{Points: []timeseries.Point{{Measurement: "m", Tags: timeseriestest.Device("a"), Time: time.Now(), Fields: []timeseries.Field{{Name: "v", Value: timeseries.Int(1)}}}},
		Documents: []timeseries.Document{{Object: timeseries.Object{Type: "t", ID: "i"}, Time: time.Now(), Body: []byte("x")}}}
	var outage *influxdb.OutageError
	for _, status = range []int{500, 503, 429} {
		err := s.Write(ctx, batch)
		require.ErrorAs(t, err, &outage, status)
		require.ErrorIs(t, err, wispwright.ErrUnavailable)
	}
	_, err = s.Document(ctx, batch.Documents[0].Object)
	require.ErrorIs(t, err, wispwright.ErrNotFound, "points come first")
	status = 400
	require.NotErrorIs(t, s.Write(ctx, batch), wispwright.ErrUnavailable)
	fake.Close()
	err = s.Write(ctx, batch)
	require.ErrorAs(t, err, &outage)
	require.NotContains(t, err.Error(), "hidden")
	_, err = s.Read(ctx, timeseries.Rows{Measurement: "other"})
	require.ErrorIs(t, err, wispwright.ErrUnavailable)
}

// TestAwayAtTheStart: a store that is made while InfluxDB is away works when it is back; one that is refused
// is an error at once.
func TestAwayAtTheStart(t *testing.T) {
	ctx := context.Background()
	address, o := server(t), options(t)
	var status atomic.Int64
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code := int(status.Load()); code != 200 {
			w.WriteHeader(code)
			return
		}
		target, err := url.Parse(address)
		if err != nil {
			panic(err)
		}
		httputil.NewSingleHostReverseProxy(target).ServeHTTP(w, r)
	}))
	defer front.Close()
	o.URL, o.LeavePolicies = front.URL, false
	command(t, address, "DROP DATABASE "+o.Database)
	status.Store(401)
	_, err := influxdb.New(ctx, o)
	require.ErrorContains(t, err, "401")
	status.Store(503)
	s, err := influxdb.New(ctx, o)
	require.NoError(t, err)
	batch := timeseries.Batch{Points: []timeseries.Point{{Measurement: "m", Tags: timeseriestest.Device("a"), Time: timeseriestest.Now(), Fields: []timeseries.Field{{Name: "v", Value: timeseries.Int(1)}}}}}
	require.ErrorIs(t, s.Write(ctx, batch), wispwright.ErrUnavailable)
	_, err = s.Read(ctx, timeseries.Rows{Measurement: "m"})
	require.ErrorIs(t, err, wispwright.ErrUnavailable)
	_, err = s.Charts(ctx, nil)
	require.ErrorIs(t, err, wispwright.ErrUnavailable)
	_, err = s.TopFields(ctx, "m", timeseries.Filter{}, time.Time{}, timeseriestest.Now(), 1)
	require.ErrorIs(t, err, wispwright.ErrUnavailable)
	require.ErrorIs(t, s.Delete(ctx, "m", timeseries.Filter{}), wispwright.ErrUnavailable)
	status.Store(200)
	testkit.Eventually(t, "it is back", func(ctx context.Context) bool { return s.Write(ctx, batch) == nil })
	rows, err := s.Read(ctx, timeseries.Rows{Measurement: "m"})
	require.NoError(t, err)
	require.Len(t, rows, 1)
}

// TestUDP: points of the default class go as datagrams, none too large.
func TestUDP(t *testing.T) {
	o := options(t)
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer conn.Close()
	o.UDP = conn.LocalAddr().String()
	ctx := context.Background()
	s, err := influxdb.New(ctx, o)
	require.NoError(t, err)
	var points []timeseries.Point
	for i := range 3 {
		points = append(points, timeseries.Point{Measurement: "m", Tags: timeseriestest.Device("a"), Time: timeseriestest.Now().Add(time.Duration(i) * time.Second),
			Fields: []timeseries.Field{{Name: "v", Value: timeseries.Text(strings.Repeat("x", 25000))}}})
	}
	require.NoError(t, s.Write(ctx, timeseries.Batch{Points: points}))
	got := ""
	buffer := make([]byte, 1<<16)
	for strings.Count(got, "\n") < 3 {
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
		n, _, err := conn.ReadFrom(buffer)
		require.NoError(t, err)
		require.LessOrEqual(t, n, 60<<10)
		require.Equal(t, byte('\n'), buffer[n-1], "whole lines")
		got += string(buffer[:n])
	}
	require.Contains(t, got, fmt.Sprintf(" %d\n", timeseriestest.Now().UnixNano()), "in nanoseconds, as InfluxDB takes them by UDP")
}

func TestParseURL(t *testing.T) {
	o, err := influxdb.ParseURL("influxdbs://host/openwisp2?udp=host:8089")
	require.NoError(t, err)
	require.Equal(t, influxdb.Options{URL: "https://host:8086", Database: "openwisp2", UDP: "host:8089"}, o)
	for _, bad := range []string{"", "influxdb://host", "influxdb:///db", "http://host/db", "influxdb://host/a/b", "influxdb://u:p%zz@h/db"} {
		_, err := influxdb.ParseURL(bad)
		require.Error(t, err, bad)
		require.NotContains(t, err.Error(), "p%zz")
	}
}
