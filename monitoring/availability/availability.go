// Package availability says how much of a time devices could be reached, for people who
// have to prove it: per device or per location, as numbers, CSV and PDF.
package availability

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
)

// Device is a device that is reported on.
type Device struct {
	// ID and Name are the device's.
	ID   wispwright.ID
	Name string
	// LocationID and Location are where it is; zero: nowhere.
	LocationID wispwright.ID
	Location   string
	// Incidents is how many problems it had in the time.
	Incidents int
	// Planned are times of maintenance, in any order. What happens in them does not count.
	Planned []Span
}

// Span is a time.
type Span struct {
	// Start and End are its begin and end.
	Start, End time.Time
}

// Row is what is reported of a device, or of all devices of a location.
type Row struct {
	// ID and Name are the device's or the location's; a zero ID: devices without location.
	ID   wispwright.ID
	Name string
	// Location is where a device is; "" for locations.
	Location string
	// Devices is how many were counted in.
	Devices int
	// Measured is for how long it is known whether they could be reached, Down for how long of
	// that they could not, both added up over the devices.
	Measured, Down time.Duration
	// Planned is how long maintenance was, added up over the devices. It is no part of the others.
	Planned time.Duration
	// Incidents is how many problems there were.
	Incidents int
}

// Availability is the part of the measured time for which the devices could be reached, in
// percent; false: nothing was measured.
func (r *Row) Availability() (percent float64, ok bool) {
	if r.Measured <= 0 {
		return 0, false
	}
	return 100 * (1 - float64(r.Down)/float64(r.Measured)), true
}

func (r *Row) add(o *Row) {
	r.Devices += o.Devices
	r.Measured += o.Measured
	r.Down += o.Down
	r.Planned += o.Planned
	r.Incidents += o.Incidents
}

// Report is a table with its sum.
type Report struct {
	// Title stands above it.
	Title string
	// Start and End are the time, in the zone of the report.
	Start, End time.Time
	// Target is the availability that was promised, in percent.
	Target float64
	// Rows are sorted by name.
	Rows []*Row
	// Total is the sum of the rows.
	Total Row
}

// ByLocation adds the rows of devices up that are at one location.
func ByLocation(devices []Device, rows []*Row) []*Row {
	at := map[wispwright.ID]Device{}
	for _, d := range devices {
		at[d.ID] = d
	}
	by := map[wispwright.ID]*Row{}
	var out []*Row
	for _, r := range rows {
		d := at[r.ID]
		sum := by[d.LocationID]
		if sum == nil {
			sum = &Row{ID: d.LocationID, Name: cmp.Or(d.Location, "Without location")}
			by[d.LocationID] = sum
			out = append(out, sum)
		}
		sum.add(r)
	}
	sorted(out)
	return out
}

// Sum returns the sum of rows.
func Sum(rows []*Row) (total Row) {
	for _, r := range rows {
		total.add(r)
	}
	total.Name = "All"
	return total
}

func sorted(rows []*Row) {
	slices.SortFunc(rows, func(a, b *Row) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID.String(), b.ID.String()))
	})
}

// Month returns the begin and the end of a month such as 2026-11 in a zone; the end is not after now.
func Month(text string, zone *time.Location, now time.Time) (start, end time.Time, err error) {
	start, err = time.ParseInLocation("2006-01", text, zone)
	if err != nil {
		return start, end, fmt.Errorf("%q is no month: want one such as 2026-11", text)
	}
	end = start.AddDate(0, 1, 0)
	if now.Before(end) {
		end = now.In(zone)
	}
	if !end.After(start) {
		return start, end, fmt.Errorf("%s has not begun yet", text)
	}
	return start, end, nil
}
