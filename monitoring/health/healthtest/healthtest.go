// Package healthtest checks that a storage keeps everything that health relies on. Any
// implementation of its stores must pass Run.
package healthtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/health"
)

// Storage is what a Harness makes: empty stores with metrics, and their transactor.
type Storage struct {
	Tx      wispwright.Transactor
	Metrics monitoring.MetricStore
	Stores  health.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("alerts", func(t *testing.T) { RunAlerts(t, h) })
	t.Run("statuses", func(t *testing.T) { RunStatuses(t, h) })
	t.Run("incidents", func(t *testing.T) { RunIncidents(t, h) })
	t.Run("others", func(t *testing.T) { RunOthers(t, h) })
}

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute).Truncate(time.Microsecond)
}

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xab, 0x40, byte(n>>8), byte(n)
	return out
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

func metrics(t *testing.T, s Storage) {
	t.Helper()
	var list []*monitoring.Metric
	for n := range 110 {
		list = append(list, &monitoring.Metric{ID: id(1000 + n), OrganizationID: id(1), Name: fmt.Sprint("m", n), Key: "k", FieldName: "f", Configuration: "disk", ContentType: monitoring.DeviceType,
			ObjectID: id(100 + n).String(), MainTags: "{}", ExtraTags: "{}", Created: at(n), Modified: at(n)})
	}
	require.NoError(t, s.Metrics.InsertMany(context.Background(), list))
}

func alert(n, organization int) *health.AlertSettings {
	since, value, minutes, crossed := at(n), float64(n)+.5, n, n%2 == 0
	return &health.AlertSettings{MetricID: id(1000 + n), OrganizationID: id(1 + organization), DeviceID: id(100 + n%3), Operator: ">", Threshold: &value, Tolerance: &minutes,
		Crossed: &crossed, Since: &since, Value: &value, Flaps: n, FlapsSince: &since, Created: at(n), Modified: at(n + 1)}
}

// RunAlerts checks alert settings and the health of metrics.
func RunAlerts(t *testing.T, h Harness) {
	ctx := context.Background()
	type filter = health.AlertFilter
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		metrics(t, s)
		storetest.RunRepo[wispwright.ID, health.AlertSettings, filter](t, s.Stores.Alerts, storetest.Sample[wispwright.ID, health.AlertSettings, filter]{
			Tx: s.Tx, New: alert, Key: func(a *health.AlertSettings) wispwright.ID { return a.MetricID }, Mutate: func(a *health.AlertSettings) { a.Flaps++ },
			Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Created"},
			Orphan: func(n int) *health.AlertSettings { a := alert(n, 0); a.MetricID = id(7000 + n); return a },
			Filters: map[string]storetest.Filter[health.AlertSettings, filter]{
				"metrics": {Filter: filter{MetricIDs: wispwright.Only(id(1001))}, Selects: func(a *health.AlertSettings) bool { return a.MetricID == id(1001) }},
				"devices": {Filter: filter{DeviceIDs: wispwright.Only(id(101), id(102))}, Selects: func(a *health.AlertSettings) bool { return a.DeviceID != id(100) }},
			},
		})
	})
	t.Run("streaks", func(t *testing.T) {
		s := h(t)
		metrics(t, s)
		require.NoError(t, s.Stores.Alerts.InsertMany(ctx, nil))
		require.NoError(t, s.Stores.Alerts.InsertMany(ctx, []*health.AlertSettings{alert(0, 0), alert(1, 0), alert(2, 0)}))
		changed := alert(1, 0)
		changed.Crossed, changed.Since, changed.Value, changed.Flaps, changed.FlapsSince, changed.Operator = nil, nil, nil, 9, nil, "<"
		require.NoError(t, s.Stores.Alerts.SaveStreaks(ctx, []*health.AlertSettings{changed}))
		have, err := s.Stores.Alerts.Get(ctx, all(), id(1001))
		require.NoError(t, err)
		require.Nil(t, have.Crossed)
		require.Nil(t, have.Since)
		require.Nil(t, have.Value)
		require.Nil(t, have.FlapsSince)
		require.Equal(t, 9, have.Flaps)
		require.Equal(t, ">", have.Operator, "what people chose stays")
		other, err := s.Stores.Alerts.Get(ctx, all(), id(1002))
		require.NoError(t, err)
		require.NotNil(t, other.Since)
		require.NoError(t, s.Stores.Alerts.Move(ctx, id(101), id(2)))
		_, err = s.Stores.Alerts.Get(ctx, wispwright.ScopeOf(id(2)), id(1001))
		require.NoError(t, err)
		_, err = s.Stores.Alerts.Get(ctx, wispwright.ScopeOf(id(2)), id(1002))
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	})
	t.Run("health of metrics", func(t *testing.T) {
		s := h(t)
		metrics(t, s)
		yes, no := true, false
		require.NoError(t, s.Stores.Metrics.SaveHealth(ctx, []*monitoring.Metric{{ID: id(1003), IsHealthy: &no, IsHealthyTolerant: &yes}}))
		found, err := s.Stores.Metrics.List(ctx, all(), monitoring.MetricFilter{IsHealthy: &no}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, found.Rows, 1)
		require.True(t, *found.Rows[0].IsHealthyTolerant)
		require.Equal(t, "m3", found.Rows[0].Name)
	})
}

func status(n, organization int) *health.DeviceStatus {
	s := &health.DeviceStatus{DeviceID: id(100 + n), OrganizationID: id(1 + organization), Status: health.Statuses()[n%5], Since: at(n), UplinkID: id(100 + n%2), Modified: at(n)}
	if reached := at(n - 1); n%2 == 0 {
		s.ReachedAt = &reached
	}
	return s
}

// RunStatuses checks statuses of devices.
func RunStatuses(t *testing.T, h Harness) {
	ctx := context.Background()
	type filter = health.StatusFilter
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		storetest.RunRepo[wispwright.ID, health.DeviceStatus, filter](t, s.Stores.Statuses, storetest.Sample[wispwright.ID, health.DeviceStatus, filter]{
			Tx: s.Tx, New: status, Key: func(d *health.DeviceStatus) wispwright.ID { return d.DeviceID },
			Mutate:  func(d *health.DeviceStatus) { d.Since = d.Since.Add(time.Minute) },
			Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Since"},
			Filters: map[string]storetest.Filter[health.DeviceStatus, filter]{
				"status":  {Filter: filter{Status: health.OK}, Selects: func(d *health.DeviceStatus) bool { return d.Status == health.OK }},
				"uplinks": {Filter: filter{UplinkIDs: wispwright.Only(id(101))}, Selects: func(d *health.DeviceStatus) bool { return d.UplinkID == id(101) }},
				"devices": {Filter: filter{DeviceIDs: wispwright.Only(id(102))}, Selects: func(d *health.DeviceStatus) bool { return d.DeviceID == id(102) }},
			},
		})
	})
	t.Run("held", func(t *testing.T) {
		s := h(t)
		first := status(3, 0)
		require.NoError(t, s.Stores.Statuses.Insert(ctx, first))
		again := status(3, 0)
		again.Status = health.Unknown
		held, err := s.Stores.Statuses.Hold(ctx, []*health.DeviceStatus{status(9, 0), again, status(1, 1)})
		require.NoError(t, err)
		require.Len(t, held, 3)
		for i, n := range []int{1, 3, 9} {
			require.Equal(t, id(100+n), held[i].DeviceID, "in order")
		}
		require.Equal(t, first.Status, held[1].Status, "the row that there is")
		reached := at(7)
		held[0].Status, held[0].ReachedAt = health.Problem, &reached
		require.NoError(t, s.Stores.Statuses.Save(ctx, held[:1]))
		saved, err := s.Stores.Statuses.Get(ctx, all(), held[0].DeviceID)
		require.NoError(t, err)
		require.NotNil(t, saved.ReachedAt)
		require.True(t, saved.ReachedAt.Equal(reached))
		counts, err := s.Stores.Statuses.Counts(ctx, all(), wispwright.ID{})
		require.NoError(t, err)
		require.Equal(t, 1, counts[health.Problem])
		counts, err = s.Stores.Statuses.Counts(ctx, wispwright.ScopeOf(id(1)), wispwright.ID{})
		require.NoError(t, err)
		require.Zero(t, counts[health.Problem])
		counts, err = s.Stores.Statuses.Counts(ctx, wispwright.Scope{}, wispwright.ID{})
		require.NoError(t, err)
		require.Empty(t, counts)
		require.NoError(t, s.Stores.Statuses.Move(ctx, id(101), id(1)))
		counts, err = s.Stores.Statuses.Counts(ctx, all(), id(1))
		require.NoError(t, err)
		require.Equal(t, 1, counts[health.Problem])
		require.NoError(t, s.Stores.Statuses.DeleteOf(ctx, id(101), id(109)))
		found, err := s.Stores.Statuses.List(ctx, all(), filter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 1, found.Total)
	})
}

func incident(n, organization int) *health.Incident {
	i := &health.Incident{ID: id(2000 + n), OrganizationID: id(1 + organization), Kind: []string{"ping", "disk"}[n%2], Open: n%3 != 0, Devices: n, Ill: n, Told: 1, Grown: n, Started: at(n), Updated: at(n),
		Created: at(n), Modified: at(n)}
	moment := at(n)
	if n%2 == 0 {
		i.AcknowledgedAt, i.AcknowledgedBy, i.CauseID = &moment, "anna", id(100)
	}
	if n%3 == 0 {
		i.Ended, i.EscalatedAt = &moment, &moment
	}
	return i
}

func sick(n, organization int) *health.Case {
	c := &health.Case{ID: id(3000 + n), IncidentID: id(2000 + n%2), OrganizationID: id(1 + organization), DeviceID: id(100 + n%3), DeviceName: fmt.Sprint("ap-", n), MetricID: id(1000 + n%4), Kind: "ping",
		Value: float64(n), Threshold: 1, Started: at(n), Told: n%2 == 0, Why: health.WhyMany, Created: at(n), Modified: at(n)}
	moment := at(n + 5)
	if n%3 == 0 {
		c.Ended = &moment
	} else if n%3 == 1 {
		c.HoldUntil = &moment
	}
	return c
}

// RunIncidents checks incidents with their cases and timelines.
func RunIncidents(t *testing.T, h Harness) {
	ctx := context.Background()
	yes, no := true, false
	t.Run("incidents", func(t *testing.T) {
		type filter = health.IncidentFilter
		s := h(t)
		storetest.RunRepo[wispwright.ID, health.Incident, filter](t, s.Stores.Incidents, storetest.Sample[wispwright.ID, health.Incident, filter]{
			Tx: s.Tx, New: incident, Key: func(i *health.Incident) wispwright.ID { return i.ID }, Mutate: func(i *health.Incident) { i.Ill++ },
			Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Started", "Created"},
			Filters: map[string]storetest.Filter[health.Incident, filter]{
				"ids":            {Filter: filter{IDs: wispwright.Only(id(2001))}, Selects: func(i *health.Incident) bool { return i.ID == id(2001) }},
				"open":           {Filter: filter{Open: &yes}, Selects: func(i *health.Incident) bool { return i.Open }},
				"over":           {Filter: filter{Open: &no}, Selects: func(i *health.Incident) bool { return !i.Open }},
				"kind":           {Filter: filter{Kind: "disk"}, Selects: func(i *health.Incident) bool { return i.Kind == "disk" }},
				"acknowledged":   {Filter: filter{Acknowledged: &yes}, Selects: func(i *health.Incident) bool { return i.AcknowledgedAt != nil }},
				"nobody's":       {Filter: filter{Acknowledged: &no}, Selects: func(i *health.Incident) bool { return i.AcknowledgedAt == nil }},
				"escalated":      {Filter: filter{Escalated: &yes}, Selects: func(i *health.Incident) bool { return i.EscalatedAt != nil }},
				"cause":          {Filter: filter{CauseIDs: wispwright.Only(id(100))}, Selects: func(i *health.Incident) bool { return i.CauseID == id(100) }},
				"started before": {Filter: filter{StartedBefore: at(3)}, Selects: func(i *health.Incident) bool { return i.Started.Before(at(3)) }},
				"started from":   {Filter: filter{StartedFrom: at(3)}, Selects: func(i *health.Incident) bool { return !i.Started.Before(at(3)) }},
				"device":         {Filter: filter{DeviceID: id(100)}, Selects: func(*health.Incident) bool { return false }},
			},
		})
	})
	t.Run("cases", func(t *testing.T) {
		type filter = health.CaseFilter
		s := h(t)
		for n := range 2 {
			require.NoError(t, s.Stores.Incidents.Insert(ctx, incident(n, 0)))
		}
		storetest.RunRepo[wispwright.ID, health.Case, filter](t, s.Stores.Cases, storetest.Sample[wispwright.ID, health.Case, filter]{
			Tx: s.Tx, New: sick, Key: func(c *health.Case) wispwright.ID { return c.ID }, Mutate: func(c *health.Case) { c.Value++ },
			Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Started"},
			Orphan: func(n int) *health.Case { c := sick(n, 0); c.IncidentID = id(7777); return c },
			Search: &storetest.Search[health.Case, filter]{Put: func(c *health.Case, text string) { c.DeviceName = text }, Filter: func(text string) filter { return filter{Search: text} }},
			Filters: map[string]storetest.Filter[health.Case, filter]{
				"incident": {Filter: filter{IncidentID: id(2001)}, Selects: func(c *health.Case) bool { return c.IncidentID == id(2001) }},
				"device":   {Filter: filter{DeviceID: id(101)}, Selects: func(c *health.Case) bool { return c.DeviceID == id(101) }},
				"metrics":  {Filter: filter{MetricIDs: wispwright.Only(id(1001))}, Selects: func(c *health.Case) bool { return c.MetricID == id(1001) }},
				"open":     {Filter: filter{Open: &yes}, Selects: func(c *health.Case) bool { return c.Ended == nil }},
				"over":     {Filter: filter{Open: &no}, Selects: func(c *health.Case) bool { return c.Ended != nil }},
				"held":     {Filter: filter{HoldUntilBefore: at(8)}, Selects: func(c *health.Case) bool { return c.HoldUntil != nil && c.HoldUntil.Before(at(8)) }},
			},
		})
	})
	t.Run("life of an incident", func(t *testing.T) {
		s := h(t)
		require.NoError(t, s.Stores.Incidents.Insert(ctx, incident(0, 0)))
		require.NoError(t, s.Stores.Incidents.Insert(ctx, incident(1, 0)))
		require.NoError(t, s.Stores.Cases.InsertMany(ctx, []*health.Case{sick(1, 0), sick(2, 0), sick(5, 0)}))
		require.NoError(t, s.Stores.Cases.End(ctx, at(50), id(3001), id(3002)))
		c, err := s.Stores.Cases.Get(ctx, all(), id(3001))
		require.NoError(t, err)
		require.True(t, c.Ended.Equal(at(50)))
		require.Nil(t, c.HoldUntil, "nothing is left to look at")
		c, err = s.Stores.Cases.Get(ctx, all(), id(3005))
		require.NoError(t, err)
		require.Nil(t, c.Ended)
		found, err := s.Stores.Incidents.List(ctx, all(), health.IncidentFilter{DeviceID: c.DeviceID}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 2, found.Total, "one of each of two incidents")
		var lines []*health.Entry
		for n := range 3 {
			lines = append(lines, &health.Entry{ID: id(4000 + 10 - n), IncidentID: id(2001), OrganizationID: id(1), At: at(n), Kind: "comment", Author: "anna", Text: fmt.Sprint(n)})
		}
		require.NoError(t, s.Stores.Entries.InsertMany(ctx, lines))
		timeline, err := s.Stores.Entries.List(ctx, all(), health.EntryFilter{IncidentID: id(2001)}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, "0", timeline.Rows[0].Text, "by time")
		require.NoError(t, s.Stores.Incidents.Delete(ctx, all(), id(2001)))
		left, err := s.Stores.Cases.List(ctx, all(), health.CaseFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 1, left.Total, "cases go with their incident")
		timeline, err = s.Stores.Entries.List(ctx, all(), health.EntryFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Zero(t, timeline.Total)
	})
}

// RunOthers checks defaults, times of maintenance and status pages.
func RunOthers(t *testing.T, h Harness) {
	t.Run("defaults", func(t *testing.T) {
		type filter = health.DefaultFilter
		s := h(t)
		storetest.RunRepo[wispwright.ID, health.AlertDefault, filter](t, s.Stores.Defaults, storetest.Sample[wispwright.ID, health.AlertDefault, filter]{
			Tx: s.Tx, Key: func(d *health.AlertDefault) wispwright.ID { return d.ID },
			New: func(n, organization int) *health.AlertDefault {
				v := float64(n)
				return &health.AlertDefault{ID: id(5000 + n), OrganizationID: id(1 + organization), GroupID: id(200 + n%2), Place: fmt.Sprint("p", n), Configuration: fmt.Sprintf("k%03d", n), Threshold: &v, Created: at(n), Modified: at(n)}
			},
			Mutate: func(d *health.AlertDefault) { d.Operator += "<" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Configuration"},
			Uniques: map[string]func(*health.AlertDefault) *health.AlertDefault{
				health.UniqueDefault: func(first *health.AlertDefault) *health.AlertDefault {
					second := *first
					second.ID = id(5900)
					return &second
				},
			},
			Filters: map[string]storetest.Filter[health.AlertDefault, filter]{
				"group": {Filter: filter{GroupID: id(201)}, Selects: func(d *health.AlertDefault) bool { return d.GroupID == id(201) }},
				"kind":  {Filter: filter{Configuration: "k001"}, Selects: func(d *health.AlertDefault) bool { return d.Configuration == "k001" }},
			},
		})
	})
	t.Run("maintenance", func(t *testing.T) {
		type filter = health.MaintenanceFilter
		s := h(t)
		storetest.RunRepo[wispwright.ID, health.Maintenance, filter](t, s.Stores.Windows, storetest.Sample[wispwright.ID, health.Maintenance, filter]{
			Tx: s.Tx, Key: func(m *health.Maintenance) wispwright.ID { return m.ID },
			New: func(n, organization int) *health.Maintenance {
				until := at(n + 90)
				return &health.Maintenance{ID: id(6000 + n), OrganizationID: id(1 + organization), Name: fmt.Sprint("w", n), Start: at(n), Finish: at(n + 60), Repeat: health.Weekly, TimeZone: "Europe/Rome", Until: &until,
					Devices: []wispwright.ID{id(100), id(101)}, Created: at(n), Modified: at(n)}
			},
			Mutate: func(m *health.Maintenance) { m.Name += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Start"},
			Search: &storetest.Search[health.Maintenance, filter]{Put: func(m *health.Maintenance, text string) { m.Name = text }, Filter: func(text string) filter { return filter{Search: text} }},
		})
	})
	t.Run("pages", func(t *testing.T) {
		type filter = health.PageFilter
		s := h(t)
		storetest.RunRepo[wispwright.ID, health.Page, filter](t, s.Stores.Pages, storetest.Sample[wispwright.ID, health.Page, filter]{
			Tx: s.Tx, Key: func(p *health.Page) wispwright.ID { return p.ID },
			New: func(n, organization int) *health.Page {
				return &health.Page{ID: id(6500 + n), OrganizationID: id(1 + organization), Title: fmt.Sprintf("page %03d", n), Token: wispwright.Secret(fmt.Sprint("secret", n)), Digest: fmt.Sprint("d", n), Created: at(n), Modified: at(n)}
			},
			Mutate: func(p *health.Page) { p.Title += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Title"},
			Search: &storetest.Search[health.Page, filter]{Put: func(p *health.Page, text string) { p.Title = text }, Filter: func(text string) filter { return filter{Search: text} }},
			Uniques: map[string]func(*health.Page) *health.Page{health.UniquePage: func(first *health.Page) *health.Page {
				second := *first
				second.ID = id(6900)
				return &second
			}},
			Filters: map[string]storetest.Filter[health.Page, filter]{"digest": {Filter: filter{Digest: "d1"}, Selects: func(p *health.Page) bool { return p.Digest == "d1" }}},
		})
	})
}
