package monitoring_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/monitoring"
)

func TestNormaliseKey(t *testing.T) {
	for name, want := range map[string]string{
		"eth0.2": "eth0_2", "br-lan": "br_lan", "WAN": "wan", "Test metric-(1)": "test_metric_1", "wlan0": "wlan0",
		"--a  b--": "a_b", "é ü": "e_u", "日本": "", "_x_": "x", "a__b": "a__b", "": "", "wlan0-1.5": "wlan0_1_5", "ﬁ": "fi",
	} {
		require.Equal(t, want, monitoring.NormaliseKey(name), name)
	}
}

func TestBuckets(t *testing.T) {
	for days, want := range map[int]string{
		1: "10m0s", 2: "10m0s", 3: "20m0s", 4: "25m0s", 5: "35m0s", 6: "40m0s", 7: "1h0m0s", 8: "1h0m0s", 10: "1h0m0s", 11: "2h0m0s", 12: "2h0m0s", 17: "2h0m0s",
		18: "3h0m0s", 24: "3h0m0s", 25: "4h0m0s", 27: "4h0m0s", 28: "4h0m0s", 29: "4h0m0s", 30: "24h0m0s", 31: "24h0m0s", 99: "24h0m0s", 210: "24h0m0s",
		211: "168h0m0s", 364: "168h0m0s", 365: "168h0m0s",
	} {
		width, err := monitoring.Bucket(days)
		require.NoError(t, err)
		require.Equal(t, want, width.String(), days)
	}
	for _, days := range []int{-1, 0, 366} {
		_, err := monitoring.Bucket(days)
		require.EqualError(t, err, "Time range not supported")
	}
}

func TestPeriods(t *testing.T) {
	now := time.Date(2024, 11, 22, 11, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		p           monitoring.Period
		start, end  string
		fault, zone string
	}{
		{p: monitoring.Period{Time: "1d"}, start: "2024-11-21 11:30:00", end: "2024-11-22 11:30:00"},
		{p: monitoring.Period{Time: "3d", Timezone: "Asia/Kolkata"}, start: "2024-11-19 17:00:00", end: "2024-11-22 17:00:00"},
		{p: monitoring.Period{Time: "7d", Timezone: "Europe/Rome"}, start: "2024-11-16 00:00:00", end: "2024-11-22 12:30:00"},
		{p: monitoring.Period{Time: "30d", Timezone: "Europe/Rome"}, start: "2024-10-23 00:00:00", end: "2024-11-22 12:30:00"},
		{p: monitoring.Period{Time: "7d", Start: "2024-11-01 00:00:00"}, start: "2024-11-16 00:00:00", end: "2024-11-22 11:30:00"},
		{p: monitoring.Period{Time: "x", Start: "2024-11-01 00:00:00", End: "2024-11-03 10:00:00"}, start: "2024-11-01 00:00:00", end: "2024-11-03 10:00:00"},
		{p: monitoring.Period{Time: "3w"}, fault: "Time range not supported"},
		{p: monitoring.Period{Time: "xd"}, fault: "Time range not supported"},
		{p: monitoring.Period{Time: "+3d"}, fault: "Time range not supported"},
		{p: monitoring.Period{Time: ""}, fault: "Time range not supported"},
		{p: monitoring.Period{Time: "0d"}, fault: "Time range not supported"},
		{p: monitoring.Period{Time: "7d", Timezone: `'; DROP TABLE x`}, fault: "Unkown Time Zone"},
		{p: monitoring.Period{Time: "7d", Timezone: "../etc/passwd"}, fault: "Unkown Time Zone"},
		{p: monitoring.Period{Time: "7d", Timezone: "Local"}, fault: "Unkown Time Zone"},
		{p: monitoring.Period{Start: "2024-11-01", End: "2024-11-03"}, fault: "Incorrect custom date format, should be YYYY-MM-DD H:M:S"},
		{p: monitoring.Period{Start: "2022-11-01 00:00:00", End: "2024-11-03 00:00:00"}, fault: "The date range shouldn't be greater than 365 days"},
		{p: monitoring.Period{Start: "2024-11-05 00:00:00", End: "2024-11-03 00:00:00"}, fault: "start_date cannot be greater than end_date"},
		{p: monitoring.Period{Start: "2024-11-23 00:00:00", End: "2024-11-24 00:00:00"}, fault: "start_date cannot be greater than today's date"},
		{p: monitoring.Period{Start: "2024-11-21 00:00:00", End: "2024-11-24 00:00:00"}, fault: "end_date cannot be greater than today's date"},
		{p: monitoring.Period{Start: "2024-11-22 00:00:00", End: "2024-11-22 12:00:00", Timezone: "Europe/Rome"}, start: "2024-11-22 00:00:00", end: "2024-11-22 12:00:00"},
	} {
		r, err := c.p.Range(now, nil)
		if c.fault != "" {
			require.EqualError(t, err, c.fault, "%+v", c.p)
			continue
		}
		require.NoError(t, err, "%+v", c.p)
		require.Equal(t, c.start, r.Start.In(r.Zone).Format(time.DateTime), "%+v", c.p)
		require.Equal(t, c.end, r.End.In(r.Zone).Format(time.DateTime), "%+v", c.p)
	}
}

func TestBuiltinsAreSound(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range monitoring.BuiltinCharts() {
		require.NoError(t, c.Check())
		require.False(t, seen[c.Key], c.Key)
		seen[c.Key] = true
	}
	for _, m := range monitoring.BuiltinMetrics() {
		require.NoError(t, m.Check())
		for _, chart := range m.Charts {
			require.True(t, seen[chart], chart)
		}
	}
}
