package monitoring

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// A PeriodError is a time range that cannot be answered; its text is for the caller of the
// API, which OpenWISP's clients compare (spec: monitoring §6.1).
type PeriodError struct{ message string }

// Error returns the text.
func (e *PeriodError) Error() string { return e.message }

func periodError(format string, args ...any) error { return &PeriodError{fmt.Sprintf(format, args...)} }

// Bucket returns the width of the buckets of a range of days.
func Bucket(days int) (time.Duration, error) {
	switch {
	case days < 1 || days > 365:
		return 0, periodError("Time range not supported")
	case days <= 2:
		return 10 * time.Minute, nil
	case days == 3:
		return 20 * time.Minute, nil
	case days == 7:
		return time.Hour, nil
	case days == 30:
		return 24 * time.Hour, nil
	case days == 365:
		return 7 * 24 * time.Hour, nil
	case days <= 6:
		return time.Duration(math.Round(float64(days)*20/3/5)*5) * time.Minute, nil
	case days <= 27:
		return time.Duration(math.Round(float64(days)/7)) * time.Hour, nil
	case days <= 29:
		return 4 * time.Hour, nil
	case days <= 210:
		return 24 * time.Hour, nil
	}
	return 7 * 24 * time.Hour, nil
}

// Period is what a caller asks charts of.
type Period struct {
	// Time is such as 7d.
	Time string
	// Start and End are local times of the zone as 2006-01-02 15:04:05; both or neither
	// count, and then Time does not.
	Start, End string
	// Timezone is a name such as Europe/Rome; "" is the default.
	Timezone string
}

// Range returns the time range that a period means now.
func (p Period) Range(now time.Time, defaultZone *time.Location) (timeseries.Range, error) {
	zone := defaultZone
	if zone == nil {
		zone = time.UTC
	}
	if p.Timezone != "" {
		var err error
		// names are taken as they are known, "Local" and paths are not names
		name := p.Timezone
		if strings.EqualFold(name, "utc") {
			name = "UTC"
		}
		if zone, err = time.LoadLocation(name); err != nil || p.Timezone == "Local" {
			return timeseries.Range{}, periodError("Unkown Time Zone")
		}
	}
	if p.Start != "" && p.End != "" {
		return p.custom(now, zone)
	}
	days, err := strconv.Atoi(strings.TrimSuffix(p.Time, "d"))
	if err != nil || !strings.HasSuffix(p.Time, "d") || strings.HasPrefix(p.Time, "+") {
		return timeseries.Range{}, periodError("Time range not supported")
	}
	width, err := Bucket(days)
	if err != nil {
		return timeseries.Range{}, err
	}
	local := now.In(zone)
	start := now.Add(-time.Duration(days) * 24 * time.Hour)
	if days > 3 {
		back := days
		if days == 7 { // so that today is one of them
			back = 6
		}
		start = time.Date(local.Year(), local.Month(), local.Day()-back, 0, 0, 0, 0, zone)
	}
	return timeseries.Range{Start: start, End: now, Zone: zone, Bucket: width}, nil
}

func (p Period) custom(now time.Time, zone *time.Location) (timeseries.Range, error) {
	start, err := time.ParseInLocation("2006-1-2 15:4:5", p.Start, zone)
	end, err2 := time.ParseInLocation("2006-1-2 15:4:5", p.End, zone)
	if err != nil || err2 != nil {
		return timeseries.Range{}, periodError("Incorrect custom date format, should be YYYY-MM-DD H:M:S")
	}
	days := int(math.Floor(localSpan(start, end).Hours() / 24))
	switch {
	case days > 365:
		return timeseries.Range{}, periodError("The date range shouldn't be greater than 365 days")
	case start.After(end):
		return timeseries.Range{}, periodError("start_date cannot be greater than end_date")
	case start.After(now):
		return timeseries.Range{}, periodError("start_date cannot be greater than today's date")
	case end.After(now):
		return timeseries.Range{}, periodError("end_date cannot be greater than today's date")
	}
	width, err := Bucket(max(days, 1))
	if err != nil {
		return timeseries.Range{}, err
	}
	return timeseries.Range{Start: start, End: end, Zone: zone, Bucket: width}, nil
}

// localSpan is the time between two as their clocks on the wall show it.
func localSpan(start, end time.Time) time.Duration {
	_, from := start.Zone()
	_, to := end.Zone()
	return end.Sub(start) + time.Duration(to-from)*time.Second
}
