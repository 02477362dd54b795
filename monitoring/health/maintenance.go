package health

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
)

// Repetitions of maintenance windows.
const (
	Once   = ""
	Daily  = "daily"
	Weekly = "weekly"
)

// Maintenance is a time in which nobody is told of problems, because somebody works there.
type Maintenance struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose devices.
	OrganizationID wispwright.ID
	// Name says what is done.
	Name string
	// Start and Finish are the first, or only, time.
	Start, Finish time.Time
	// Repeat says how often it comes again, at the same local time of TimeZone; Until ends that.
	Repeat   string
	TimeZone string
	Until    *time.Time
	// GroupID limits it to a group, Devices to some devices; neither: the whole
	// organization.
	GroupID wispwright.ID
	Devices []wispwright.ID
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// MaintenanceShape is how storages keep them.
func MaintenanceShape() store.Shape {
	return store.Shape{Table: "monitoring_maintenance", Org: "OrganizationID", Order: store.Oldest("Start"), Search: []string{"Name"}}
}

// MaintenanceFilter selects them; zero fields select all.
type MaintenanceFilter struct {
	// OrganizationID limits to an organization.
	OrganizationID wispwright.ID
	// Search finds a part of the name.
	Search string
}

// longestWindow is how long one may be.
const longestWindow = 31 * 24 * time.Hour

func validMaintenance(_ context.Context, c entity.Change[Maintenance]) error {
	m := c.After
	e := &wispwright.ValidationError{}
	m.Name = strings.TrimSpace(m.Name)
	if m.Devices == nil {
		m.Devices = []wispwright.ID{} // storages keep a list
	}
	if m.Name == "" {
		e.Add("name", "This field may not be blank.")
	}
	if _, err := time.LoadLocation(m.TimeZone); err != nil || m.TimeZone == "" {
		e.Add("time_zone", "Enter the name of a time zone, such as Europe/Rome.")
	}
	if m.OrganizationID.IsZero() {
		e.Add("organization", "This field may not be null.")
	}
	long := m.Finish.Sub(m.Start)
	switch {
	case long <= 0:
		e.Add("end", "It must be later than the start.")
	case long > longestWindow:
		e.Add("end", "A window lasts for 31 days at most.")
	case m.Repeat == Daily && long > 24*time.Hour, m.Repeat == Weekly && long > 7*24*time.Hour:
		e.Add("end", "It would begin again before it ends.")
	}
	if !slices.Contains([]string{Once, Daily, Weekly}, m.Repeat) {
		e.Add("repeat", `"`+m.Repeat+`" is not a valid choice.`)
	}
	return e.Err()
}

// Covers returns the end of the window that a moment is in; ok is false if it is in none.
// Windows that come again begin at the same local time, also where the clock is changed
// in between.
func (m *Maintenance) Covers(at time.Time) (end time.Time, ok bool) {
	for start, finish := range m.Times(at, at) {
		if !at.Before(start) && at.Before(finish) {
			return finish, true
		}
	}
	return time.Time{}, false
}

// Times are the begins and ends of the window, each time it comes, that touch the time between two
// moments, the first first.
func (m *Maintenance) Times(from, to time.Time) iter.Seq2[time.Time, time.Time] {
	long := m.Finish.Sub(m.Start)
	touches := func(start time.Time) bool { return !start.After(to) && !start.Add(long).Before(from) }
	return func(yield func(start, finish time.Time) bool) {
		if touches(m.Start) && !yield(m.Start, m.Finish) {
			return
		}
		if m.Repeat == Once || m.Start.After(to) {
			return
		}
		zone, err := time.LoadLocation(m.TimeZone)
		if err != nil {
			zone = time.UTC
		}
		step := 1
		if m.Repeat == Weekly {
			step = 7
		}
		local := m.Start.In(zone)
		// days have 23 to 25 hours: one time earlier than the count of days says; in seconds, since a
		// duration ends at 292 years, from where there were many times to go through
		passed := (from.Unix() - m.Start.Unix() - int64(long/time.Second)) / (24 * 60 * 60)
		for n := max(int(passed)/step-1, 1); ; n++ {
			start := time.Date(local.Year(), local.Month(), local.Day()+n*step, local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), zone)
			if start.After(to) || m.Until != nil && start.After(*m.Until) {
				return
			}
			if touches(start) && !yield(start, start.Add(long)) {
				return
			}
		}
	}
}

// Of reports whether a device is meant.
func (m *Maintenance) Of(d *Device) bool {
	switch {
	case m.OrganizationID != d.OrganizationID:
		return false
	case len(m.Devices) > 0:
		return slices.Contains(m.Devices, d.ID)
	case !m.GroupID.IsZero():
		return m.GroupID == d.GroupID
	}
	return true
}

// within returns the end of the window that a device is in at a moment.
func within(list []*Maintenance, d *Device, at time.Time) (end time.Time, ok bool) {
	for _, m := range list {
		if until, in := m.Covers(at); in && m.Of(d) && until.After(end) {
			end, ok = until, true
		}
	}
	return end, ok
}
