package counters_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/radius/counters"
)

// The windows that the recorded cases give.
func TestRecordedWindows(t *testing.T) {
	var recorded struct {
		Resets []struct {
			Now                    time.Time
			Daily, Weekly, Monthly []string
			Subscription           []struct {
				Joined string
				Window []string
			} `json:"monthly_subscription"`
		}
	}
	testkit.ReadVectors(t, &recorded, "radius", "counters.json")
	require.NotEmpty(t, recorded.Resets)
	for _, r := range recorded.Resets {
		check := func(reset counters.Reset, joined time.Time, want []string) {
			start, end := reset.Window(r.Now, joined)
			require.Equal(t, want, []string{start.Format(time.DateTime), end.Format(time.DateTime)}, "%s %s", reset, joined)
		}
		check(counters.Daily, time.Time{}, r.Daily)
		check(counters.Weekly, time.Time{}, r.Weekly)
		check(counters.Monthly, time.Time{}, r.Monthly)
		for _, s := range r.Subscription {
			joined, err := time.ParseInLocation(time.DateOnly, s.Joined, r.Now.Location())
			require.NoError(t, err)
			check(counters.MonthlySubscription, joined, s.Window)
		}
	}
}

func TestWindows(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	require.NoError(t, err)
	joined := func(day int) time.Time { return time.Date(2024, 1, day, 12, 0, 0, 0, time.UTC) }
	for name, tt := range map[string]struct {
		reset      counters.Reset
		now        time.Time
		joined     int
		start, end string
	}{
		"the day of the zone, not of UTC":           {counters.Daily, time.Date(2026, 3, 9, 23, 30, 0, 0, time.UTC).In(rome), 1, "2026-03-10T00:00:00+01:00", "2026-03-11T00:00:00+01:00"},
		"a day of 23 hours":                         {counters.Daily, time.Date(2026, 3, 29, 12, 0, 0, 0, rome), 1, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
		"a day of 25 hours":                         {counters.Daily, time.Date(2026, 10, 25, 12, 0, 0, 0, rome), 1, "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"},
		"the last day of a year":                    {counters.Daily, time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), 1, "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"},
		"a Monday begins its week":                  {counters.Weekly, time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC), 1, "2026-03-09T00:00:00Z", "2026-03-16T00:00:00Z"},
		"a Sunday ends its week":                    {counters.Weekly, time.Date(2026, 3, 15, 23, 0, 0, 0, time.UTC), 1, "2026-03-09T00:00:00Z", "2026-03-16T00:00:00Z"},
		"a week across months":                      {counters.Weekly, time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), 1, "2026-03-30T00:00:00Z", "2026-04-06T00:00:00Z"},
		"December":                                  {counters.Monthly, time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC), 1, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		"a subscription of the 31st in February":    {counters.MonthlySubscription, time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC), 31, "2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z"},
		"a subscription of the 31st in March":       {counters.MonthlySubscription, time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC), 31, "2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z"},
		"a subscription of the 30th in a leap year": {counters.MonthlySubscription, time.Date(2028, 3, 1, 0, 0, 0, 0, time.UTC), 30, "2028-02-29T00:00:00Z", "2028-03-30T00:00:00Z"},
		"a subscription across years":               {counters.MonthlySubscription, time.Date(2026, 1, 14, 0, 0, 0, 0, time.UTC), 15, "2025-12-15T00:00:00Z", "2026-01-15T00:00:00Z"},
		"a subscription on its day":                 {counters.MonthlySubscription, time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC), 15, "2026-01-15T00:00:00Z", "2026-02-15T00:00:00Z"},
	} {
		start, end := tt.reset.Window(tt.now, joined(tt.joined))
		require.Equal(t, []string{tt.start, tt.end}, []string{start.Format(time.RFC3339), end.Format(time.RFC3339)}, name)
		require.False(t, tt.now.Before(start), name)
		require.True(t, tt.now.Before(end), name)
	}
	start, end := counters.Never.Window(time.Now(), time.Time{})
	require.True(t, start.IsZero() && end.IsZero())
}
