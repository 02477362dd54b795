package sqlts_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/sqlts"
	"github.com/wispwright/wispwright/monitoring/timeseries/timeseriestest"
)

// TestLargeLocations: charts of a location are the same with and without sums of it, over
// the time at which these begin, with late points and points that are written again.
func TestLargeLocations(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, sqlts.Migrations()))
		now := timeseriestest.Now().Truncate(time.Hour)
		s, err := sqlts.New(db, &sqlts.Options{Now: func() time.Time { return now }, LargeLocation: 3})
		require.NoError(t, err)
		memory := timeseries.NewMemory(26280*time.Hour, 24*time.Hour)
		start := now
		write := func(device int, at time.Time, n int64) {
			t.Helper()
			location := "large"
			if device >= 5 {
				location = "small"
			}
			id, organization := fmt.Sprintf("%08d-0000-4000-8000-000000000000", device), fmt.Sprint("organization-", device%5/4) // the fifth of the location is another's
			b := timeseries.Batch{Points: []timeseries.Point{
				{Measurement: "traffic", Tags: timeseriestest.Device(id, "ifname", "wan", "organization_id", organization, "location_id", location), Time: at,
					Fields: []timeseries.Field{{Name: "rx_bytes", Value: timeseries.Int(n)}}},
				{Measurement: "wifi_clients", Tags: timeseriestest.Device(id, "ifname", "wlan0", "organization_id", organization, "location_id", location), Time: at,
					Fields: []timeseries.Field{{Name: "clients", Value: timeseries.Text(fmt.Sprint("client-", n%17))}}},
			}}
			require.NoError(t, s.Write(ctx, b))
			require.NoError(t, memory.Write(ctx, b))
		}
		compare := func(when string) {
			t.Helper()
			for _, locations := range [][]string{{"large"}, {"small"}, {"large", "small"}, {"none"}} {
				for _, organizations := range [][]string{nil, {"organization-0"}, {"organization-1"}} {
					filter := timeseries.Filter{Tags: map[string][]string{"location_id": locations, "organization_id": organizations}}
					r := timeseries.Range{Start: start, End: now.Add(time.Hour - time.Microsecond), Bucket: 10 * time.Minute}
					queries := []timeseries.Query{
						{Measurement: "traffic", Filter: filter, Range: r, Traces: []timeseries.Trace{{Name: "d", Field: "rx_bytes", Func: timeseries.Sum}}},
						{Measurement: "wifi_clients", Filter: filter, Range: r, Traces: []timeseries.Trace{{Name: "c", Field: "clients", Func: timeseries.Distinct}}},
					}
					want, err := memory.Charts(ctx, queries)
					require.NoError(t, err)
					got, err := s.Charts(ctx, queries)
					require.NoError(t, err)
					require.Equal(t, want, got, "%s: %v of %v", when, locations, organizations)
				}
			}
		}
		n := int64(0)
		for round := range 12 {
			now = start.Add(time.Duration(round) * 5 * time.Minute)
			for device := range 7 {
				n += 13
				write(device, now.Add(time.Duration(device)*time.Second), n)
			}
			require.NoError(t, s.Maintain(ctx, now))
			compare(fmt.Sprint("round ", round))
		}
		have, err := sqlstore.Get[int](ctx, db, "SELECT COUNT(*) FROM ts_place")
		require.NoError(t, err)
		require.Equal(t, 1, have, "four of one organization are large, one of another is not")
		sums, err := sqlstore.Get[int](ctx, db, "SELECT COUNT(*) FROM ts_sum WHERE scope IN (SELECT scope FROM ts_place)")
		require.NoError(t, err)
		require.Positive(t, sums)
		write(1, now.Add(time.Second), 1027+17) // again, with the client that was there
		write(2, start.Add(51*time.Minute), 1000)
		write(2, start.Add(time.Minute), 2000)
		compare("late ones")
		now = now.Add(30 * time.Hour)
		require.NoError(t, s.Maintain(ctx, now))
		now = start.Add(time.Hour)
		compare("compressed")
	})
}
