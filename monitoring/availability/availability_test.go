package availability_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/availability"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

func id(n byte) wispwright.ID { return wispwright.ID{0: n, 6: 0x40} }

// pinged writes answers of a device, each minute of some hours.
func pinged(t *testing.T, s timeseries.Store, device wispwright.ID, from time.Time, count int, every time.Duration, reachable int64) {
	t.Helper()
	var points []timeseries.Point
	for n := range count {
		points = append(points, timeseries.Point{Measurement: "ping", Time: from.Add(time.Duration(n) * every),
			Tags:   timeseries.TagsOf(map[string]string{timeseries.ContentTypeTag: "config.device", timeseries.ObjectTag: device.String()}),
			Fields: []timeseries.Field{{Name: "reachable", Value: timeseries.Int(reachable)}}})
	}
	require.NoError(t, s.Write(context.Background(), timeseries.Batch{Points: points}))
}

func TestDevices(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Rome")
	require.NoError(t, err)
	start, end, err := availability.Month("2026-11", zone, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Equal(t, "2026-11-01T00:00:00+01:00", start.Format(time.RFC3339))
	require.Equal(t, "2026-12-01T00:00:00+01:00", end.Format(time.RFC3339))
	s := timeseries.NewMemory(10*365*24*time.Hour, 24*time.Hour)
	up, flaky := id(1), id(2)
	pinged(t, s, up, start, 24*12, 5*time.Minute, 1)
	// three good hours, and one in which it is asked ten times as often, because it does not answer
	pinged(t, s, flaky, start, 3*12, 5*time.Minute, 1)
	pinged(t, s, flaky, start.Add(3*time.Hour), 120, 30*time.Second, 0)
	pinged(t, s, flaky, start.Add(-time.Hour), 12, 5*time.Minute, 0) // before
	pinged(t, s, flaky, end, 12, 5*time.Minute, 0)                   // after
	devices := []availability.Device{{ID: flaky, Name: "b", LocationID: id(9), Location: "Mill", Incidents: 1}, {ID: up, Name: "a", LocationID: id(9), Location: "Mill"}, {ID: id(3), Name: "c"}}
	rows, err := availability.Devices(t.Context(), s, devices, start, end)
	require.NoError(t, err)
	require.Len(t, rows, 3)
	require.Equal(t, []string{"a", "b", "c"}, []string{rows[0].Name, rows[1].Name, rows[2].Name})
	require.Equal(t, 24*time.Hour, rows[0].Measured)
	require.Zero(t, rows[0].Down)
	require.Equal(t, 4*time.Hour, rows[1].Measured)
	require.Equal(t, time.Hour, rows[1].Down)
	a, ok := rows[1].Availability()
	require.True(t, ok)
	require.InDelta(t, 75, a, 1e-9)
	_, ok = rows[2].Availability()
	require.False(t, ok, "nothing was measured")

	places := availability.ByLocation(devices, rows)
	require.Len(t, places, 2)
	require.Equal(t, "Mill", places[0].Name)
	require.Equal(t, 2, places[0].Devices)
	require.Equal(t, 28*time.Hour, places[0].Measured)
	require.Equal(t, "Without location", places[1].Name)

	r := &availability.Report{Title: "Availability, November 2026, Zürich", Start: start, End: end, Target: 99.9, Rows: rows, Total: availability.Sum(rows)}
	rows[0].Name = "=1+1"
	var b bytes.Buffer
	require.NoError(t, availability.WriteCSV(&b, r))
	lines, err := csv.NewReader(&b).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, 5)
	require.Equal(t, []string{"'=1+1", "Mill", "1", "100", "0", "86400", "0", "0"}, lines[1])
	require.Equal(t, []string{"b", "Mill", "1", "75.000", "3600", "14400", "0", "1"}, lines[2])
	require.Equal(t, []string{"c", "", "1", "", "0", "0", "0", "0"}, lines[3])
	require.Equal(t, "All", lines[4][0])
	var many []*availability.Row
	for range 100 {
		many = append(many, rows...)
	}
	r.Rows = many
	b.Reset()
	require.NoError(t, availability.WritePDF(&b, r))
	require.True(t, bytes.HasPrefix(b.Bytes(), []byte("%PDF-")))
	require.Contains(t, b.String(), "/Count 8", "300 lines fill eight pages")
}

// Times of maintenance count neither as reachable nor as out of reach, to the minute, however they overlap.
func TestDevicesInMaintenance(t *testing.T) {
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	end := start.Add(24 * time.Hour)
	at := func(hours, minutes int) time.Time {
		return start.Add(time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute)
	}
	s := timeseries.NewMemory(10*365*24*time.Hour, 24*time.Hour)
	// up for four hours, away from 4:00 to 6:30, up until 8:00
	pinged(t, s, id(1), start, 4*12, 5*time.Minute, 1)
	pinged(t, s, id(1), at(4, 0), 30, 5*time.Minute, 0)
	pinged(t, s, id(1), at(6, 30), 18, 5*time.Minute, 1)
	for name, test := range map[string]struct {
		planned                []availability.Span
		measured, down, outage time.Duration
	}{
		"none":              {nil, 8 * time.Hour, 150 * time.Minute, 0},
		"empty":             {[]availability.Span{{Start: at(4, 0), End: at(4, 0)}}, 8 * time.Hour, 150 * time.Minute, 0},
		"whole hours":       {[]availability.Span{{Start: at(4, 0), End: at(6, 0)}}, 6 * time.Hour, 30 * time.Minute, 2 * time.Hour},
		"the outage itself": {[]availability.Span{{Start: at(4, 0), End: at(6, 30)}}, 330 * time.Minute, 0, 150 * time.Minute},
		"twice, unordered":  {[]availability.Span{{Start: at(5, 0), End: at(6, 30)}, {Start: at(4, 0), End: at(5, 45)}}, 330 * time.Minute, 0, 150 * time.Minute},
		"half of an outage": {[]availability.Span{{Start: at(3, 30), End: at(4, 45)}}, 405 * time.Minute, 105 * time.Minute, 75 * time.Minute},
		"over the edges":    {[]availability.Span{{Start: at(-5, 0), End: at(48, 0)}}, 0, 0, 24 * time.Hour},
		"another time":      {[]availability.Span{{Start: at(24, 0), End: at(48, 0)}}, 8 * time.Hour, 150 * time.Minute, 0},
	} {
		rows, err := availability.Devices(t.Context(), s, []availability.Device{{ID: id(1), Name: "a", Planned: test.planned}}, start, end)
		require.NoError(t, err, name)
		require.Equal(t, test.measured, rows[0].Measured, name)
		require.Equal(t, test.down, rows[0].Down, name)
		require.Equal(t, test.outage, rows[0].Planned, name)
	}
}

func TestMonth(t *testing.T) {
	now := time.Date(2026, 11, 15, 12, 0, 0, 0, time.UTC)
	_, end, err := availability.Month("2026-11", time.UTC, now)
	require.NoError(t, err)
	require.Equal(t, now, end, "what has not come yet is not measured")
	for _, text := range []string{"2026-12", "2026-13", "", "2026", "2026-11-01"} {
		_, _, err := availability.Month(text, time.UTC, now)
		require.Error(t, err, text)
	}
}
