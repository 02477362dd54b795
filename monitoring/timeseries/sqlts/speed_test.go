package sqlts_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/sqlts"
	"github.com/wispwright/wispwright/monitoring/timeseries/timeseriestest"
)

// fleet makes what devices write: 49 points a document, 40 of them clients.
type fleet struct {
	r    *rand.Rand
	body []byte
}

func (f *fleet) document(device int, at time.Time) timeseries.Batch {
	id := fmt.Sprintf("%08d-0000-4000-8000-000000000000", device)
	organization := "organization-" + strconv.Itoa(device%20)
	var points []timeseries.Point
	add := func(measurement string, tags timeseries.Tags, t time.Time, fields ...timeseries.Field) {
		points = append(points, timeseries.Point{Measurement: measurement, Tags: tags, Time: t, Fields: fields})
	}
	number := func(name string, v float64) timeseries.Field {
		return timeseries.Field{Name: name, Value: timeseries.Float(v)}
	}
	count := func(name string, v int64) timeseries.Field {
		return timeseries.Field{Name: name, Value: timeseries.Int(v)}
	}
	for _, name := range []string{"wan", "lan1", "lan2", "wlan0", "wlan1"} {
		add("traffic", timeseriestest.Device(id, "ifname", name, "organization_id", organization), at,
			count("rx_bytes", int64(math.Exp(12+3*f.r.NormFloat64()))), count("tx_bytes", int64(math.Exp(11+3*f.r.NormFloat64()))))
	}
	for radio := range 2 {
		tags := timeseriestest.Device(id, "ifname", "wlan"+strconv.Itoa(radio), "organization_id", organization)
		for i := range 20 {
			mac := (device*200 + radio*100 + i + int(at.Unix()/3600)%12*i/12) % 2_000_000
			points = append(points, timeseries.Point{Measurement: "wifi_clients", Tags: tags, Time: at.Add(time.Duration(i) * time.Microsecond),
				Fields: []timeseries.Field{{Name: "clients", Value: timeseries.Text(fmt.Sprintf("02:00:00:%02x:%02x:%02x", mac>>16&255, mac>>8&255, mac&255))}}})
		}
	}
	tags := timeseriestest.Device(id)
	add("cpu", tags, at, number("cpu_usage", f.r.Float64()*100), number("load_1", math.Round(f.r.Float64()*300)/100),
		number("load_5", math.Round(f.r.Float64()*300)/100), number("load_15", math.Round(f.r.Float64()*300)/100))
	add("disk", tags, at, number("used_disk", 12.345))
	add("memory", tags, at, number("percent_used", f.r.Float64()*100), count("total_memory", 256<<20), count("free_memory", f.r.Int64N(256<<20)),
		count("buffered_memory", f.r.Int64N(1<<20)), count("shared_memory", 1<<16), count("cached_memory", f.r.Int64N(1<<24)), count("available_memory", f.r.Int64N(256<<20)))
	add("ping", tags, at.Add(1234567*time.Microsecond), count("reachable", 1), number("loss", 0), number("rtt_avg", math.Round(f.r.Float64()*1e5)/1e3),
		number("rtt_min", math.Round(f.r.Float64()*1e4)/1e3), number("rtt_max", math.Round(f.r.Float64()*1e6)/1e3))
	return timeseries.Batch{Points: points, Documents: []timeseries.Document{{Object: timeseries.Object{Type: "config.device", ID: id}, Time: at, Body: f.body, State: f.body[:400]}}}
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // zeros show in the result
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestSpeed measures what decision 0050 tells; run it with WISPWRIGHT_SOAK.
func TestSpeed(t *testing.T) {
	if os.Getenv("WISPWRIGHT_SOAK") == "" {
		t.Skip("takes minutes")
	}
	devices, days := 100, 8
	if n, err := strconv.Atoi(os.Getenv("WISPWRIGHT_SOAK")); err == nil && n > 1 {
		devices = n
	}
	ctx := context.Background()
	name := filepath.Join(t.TempDir(), "timeseries.db")
	db := testkit.Open(t, name)
	require.NoError(t, db.Migrate(ctx, sqlts.Migrations()))
	now := timeseriestest.Now()
	var clock atomic.Int64
	s, err := sqlts.New(db, &sqlts.Options{Now: func() time.Time { return time.UnixMicro(clock.Load()) }})
	require.NoError(t, err)
	start := now.Add(-time.Duration(days) * 24 * time.Hour).Truncate(24 * time.Hour)
	written, wall, used := 0, time.Duration(0), time.Duration(0)
	var upkeep time.Duration
	for at := start; at.Before(now); at = at.Add(5 * time.Minute) {
		clock.Store(at.Add(5 * time.Minute).UnixMicro())
		begin, usedBefore := time.Now(), cpu()
		var wg sync.WaitGroup
		for worker := range 32 {
			wg.Go(func() {
				f := &fleet{r: rand.New(rand.NewPCG(uint64(at.Unix()), uint64(worker))), body: make([]byte, 2500)}
				for i := range f.body {
					f.body[i] = byte(f.r.Uint32())
				}
				for d := worker; d < devices; d += 32 {
					if err := s.Write(ctx, f.document(d, at.Add(time.Duration(d)*7*time.Millisecond))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		wall += time.Since(begin)
		used += cpu() - usedBefore
		written += devices
		if at.Minute() == 0 {
			begin = time.Now()
			require.NoError(t, s.Maintain(ctx, at))
			upkeep += time.Since(begin)
		}
	}
	clock.Store(now.UnixMicro())
	require.NoError(t, s.Maintain(ctx, now))
	t.Logf("%d documents: %.0f/s, %d µs of CPU each with making them; upkeep %s in all", written, float64(written)/wall.Seconds(), used.Microseconds()/int64(written), upkeep)
	size := sizeOf(t, db)
	t.Logf("%.2f bytes a point (%d points), file %.1f MB", float64(size)/float64(written*49), written*49, float64(size)/1e6)
	for _, table := range []string{"ts_frame", "ts_chunk", "ts_sum", "ts_set", "ts_delta"} {
		n, err := sqlstore.Get[int64](ctx, db, "SELECT coalesce(sum(length(p)), 0) FROM "+table)
		require.NoError(t, err)
		t.Logf("%s: %.2f MB", table, float64(n)/1e6)
	}
	device := &timeseries.Object{Type: "config.device", ID: fmt.Sprintf("%08d-0000-4000-8000-000000000000", 3)}
	for _, span := range []struct {
		days   int
		bucket time.Duration
	}{{1, 10 * time.Minute}, {7, time.Hour}, {8, 24 * time.Hour}} {
		r := timeseries.Range{Start: now.Add(-time.Duration(span.days) * 24 * time.Hour), End: now.Add(-time.Microsecond), Bucket: span.bucket}
		begin := time.Now()
		for range 10 {
			_, err := s.Charts(ctx, deviceQueries(device, r))
			require.NoError(t, err)
		}
		t.Logf("12 charts of a device over %d days: %s", span.days, time.Since(begin)/10)
		begin = time.Now()
		for range 10 {
			_, err := s.Charts(ctx, []timeseries.Query{
				{Measurement: "traffic", Range: r, Filter: timeseries.Filter{Tags: map[string][]string{"ifname": {"wan"}}}, Traces: []timeseries.Trace{{Name: "d", Field: "rx_bytes", Func: timeseries.Sum}}},
				{Measurement: "wifi_clients", Range: r, Traces: []timeseries.Trace{{Name: "c", Field: "clients", Func: timeseries.Distinct}}}})
			require.NoError(t, err)
		}
		t.Logf("two general charts over %d days: %s", span.days, time.Since(begin)/10)
	}
}

func sizeOf(t *testing.T, db *sqlstore.DB) int64 {
	n, err := sqlstore.Get[int64](context.Background(), db, "SELECT (page_count - (SELECT freelist_count FROM pragma_freelist_count())) * page_size FROM pragma_page_count(), pragma_page_size()")
	require.NoError(t, err)
	return n
}

func deviceQueries(o *timeseries.Object, r timeseries.Range) (list []timeseries.Query) {
	add := func(measurement, ifname string, traces ...timeseries.Trace) {
		q := timeseries.Query{Measurement: measurement, Range: r, Filter: timeseries.Filter{Object: o, Tags: map[string][]string{}}, Traces: traces}
		if ifname != "" {
			q.Filter.Tags["ifname"] = []string{ifname}
		}
		list = append(list, q)
	}
	for _, name := range []string{"wan", "lan1", "lan2", "wlan0", "wlan1"} {
		add("traffic", name, timeseries.Trace{Name: "u", Field: "tx_bytes", Func: timeseries.Sum}, timeseries.Trace{Name: "d", Field: "rx_bytes", Func: timeseries.Sum})
	}
	add("wifi_clients", "wlan0", timeseries.Trace{Name: "c", Field: "clients", Func: timeseries.Distinct})
	add("wifi_clients", "wlan1", timeseries.Trace{Name: "c", Field: "clients", Func: timeseries.Distinct})
	add("cpu", "", timeseries.Trace{Name: "c", Field: "cpu_usage"})
	add("memory", "", timeseries.Trace{Name: "c", Field: "percent_used"})
	add("disk", "", timeseries.Trace{Name: "c", Field: "used_disk"})
	add("ping", "", timeseries.Trace{Name: "c", Field: "reachable"})
	add("ping", "", timeseries.Trace{Name: "c", Field: "rtt_avg"}, timeseries.Trace{Name: "d", Field: "rtt_min"}, timeseries.Trace{Name: "e", Field: "rtt_max"})
	return list
}
