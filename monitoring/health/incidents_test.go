package health_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/health"
)

// incidents returns all, the first first.
func (b *bench) list(t testing.TB) []*health.Incident {
	t.Helper()
	found, err := b.Incidents.List(context.Background(), wispwright.ScopeAll(), health.IncidentFilter{}, wispwright.Page{Order: []wispwright.Order{{Field: "Created"}}})
	require.NoError(t, err)
	return found.Rows
}

// take returns what was told since the last call.
func (b *bench) take() []string {
	out := b.notices
	b.notices = nil
	return out
}

// fill adds devices that were well once.
func (b *bench) fill(t testing.TB, from, to int) (ids []wispwright.ID) {
	for n := from; n < to; n++ {
		ids = append(ids, b.add(n))
	}
	b.measure(t, "ping", 1, ids...)
	b.now = b.now.Add(time.Minute)
	return ids
}

// TestManyAtOnce: people are told of the first devices, and then of their number alone.
func TestManyAtOnce(t *testing.T) {
	b := newBench(t, tolerances(t), health.Options{})
	ids := b.fill(t, 0, 70)
	b.measure(t, "ping", 0, ids...)
	told := b.take()
	require.Equal(t, []string{"ping_problem", "ping_problem", "ping_problem", "ping_problem", "ping_problem", "grown", "grown"}, told)
	list := b.list(t)
	require.Len(t, list, 1)
	require.Equal(t, []int{70, 70, 5, 60}, []int{list[0].Devices, list[0].Ill, list[0].Told, list[0].Grown})
	for _, id := range ids {
		require.Equal(t, health.Critical, b.status(t, id))
	}
	b.now = b.now.Add(time.Minute)
	b.measure(t, "ping", 1, ids...)
	require.Equal(t, []string{"ping_recovery", "ping_recovery", "ping_recovery", "ping_recovery", "ping_recovery", "resolved"}, b.take())
	list = b.list(t)
	require.False(t, list[0].Open)
	require.Equal(t, 0, list[0].Ill)
	require.NotNil(t, list[0].Ended)
	timeline, err := b.Incidents.Timeline(context.Background(), wispwright.ScopeAll(), health.EntryFilter{IncidentID: list[0].ID}, wispwright.Page{})
	require.NoError(t, err)
	var kinds []string
	for _, e := range timeline.Rows {
		kinds = append(kinds, e.Kind)
	}
	require.Equal(t, []string{"opened", "grown", "grown", "resolved"}, kinds)
}

// TestUplink: what is behind a dead uplink is not told of.
func TestUplink(t *testing.T) {
	ctx := context.Background()
	for name, order := range map[string]string{"the uplink first": "ul", "the others first": "lu"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, tolerances(t), health.Options{})
			ids := b.fill(t, 0, 20)
			uplink, others := ids[0], ids[1:]
			for _, id := range others {
				require.NoError(t, b.SetUplink(ctx, b.fleet[id], uplink))
			}
			var doubted []wispwright.ID
			b.Doubted.Subscribe("test", func(_ context.Context, list ...wispwright.ID) { doubted = append(doubted, list...) })
			if order == "ul" {
				b.measure(t, "ping", 0, uplink)
			}
			b.measure(t, "ping", 0, others...)
			if order == "lu" {
				require.Empty(t, b.take(), "they wait for the uplink")
				require.Contains(t, doubted, uplink)
				b.measure(t, "ping", 0, uplink)
			}
			b.now = b.now.Add(time.Minute)
			require.NoError(t, b.Incidents.Review(ctx))
			require.Equal(t, []string{"ping_problem"}, b.take())
			list := b.list(t)
			require.Len(t, list, 1)
			require.Equal(t, uplink, list[0].CauseID)
			require.Equal(t, 20, list[0].Ill)

			// all but one come back with the uplink
			b.now = b.now.Add(time.Minute)
			b.measure(t, "ping", 1, append([]wispwright.ID{uplink}, others[1:]...)...)
			require.Equal(t, []string{"ping_recovery"}, b.take())
			require.NoError(t, b.Incidents.Review(ctx))
			require.Empty(t, b.take(), "it may need a moment")
			b.now = b.now.Add(6 * time.Minute)
			require.NoError(t, b.Incidents.Review(ctx))
			require.Equal(t, []string{"ping_problem"}, b.take(), "one is ill by itself")
			b.measure(t, "ping", 1, others[0])
			require.Equal(t, []string{"ping_recovery"}, b.take())
			require.False(t, b.list(t)[0].Open)
		})
	}
	t.Run("an uplink that is well", func(t *testing.T) {
		b := newBench(t, tolerances(t), health.Options{})
		ids := b.fill(t, 0, 2)
		require.NoError(t, b.SetUplink(ctx, b.fleet[ids[1]], ids[0]))
		require.Error(t, b.SetUplink(ctx, b.fleet[ids[1]], ids[1]))
		b.measure(t, "ping", 0, ids[1])
		require.Empty(t, b.take())
		b.now = b.now.Add(30 * time.Second)
		require.NoError(t, b.Incidents.Review(ctx))
		require.Equal(t, []string{"ping_problem"}, b.take())
		require.NoError(t, b.Incidents.Review(ctx))
		require.Empty(t, b.take(), "once")
	})
}

// TestFlapping: what comes and goes is told of a few times, then that it does so.
func TestFlapping(t *testing.T) {
	b := newBench(t, tolerances(t), health.Options{})
	id := b.fill(t, 0, 1)[0]
	for range 10 {
		for _, v := range []float64{0, 1} {
			b.now = b.now.Add(time.Minute)
			b.measure(t, "ping", v, id)
		}
	}
	told := b.take()
	problems, flapping := 0, 0
	for _, name := range told {
		switch name {
		case "ping_problem":
			problems++
		case "ping_flapping":
			flapping++
		}
	}
	require.Equal(t, 5, problems)
	require.Equal(t, 1, flapping, "%v", told)
	require.Len(t, b.list(t), 1, "one incident that begins again")
	b.now = b.now.Add(2 * time.Hour)
	b.measure(t, "ping", 0, id)
	require.Equal(t, []string{"ping_problem"}, b.take())
}

// TestMaintenance: nobody is told while somebody works there, and afterwards of what is still
// ill.
func TestMaintenance(t *testing.T) {
	ctx := context.Background()
	b := newBench(t, tolerances(t), health.Options{})
	ids := b.fill(t, 0, 2)
	w := &health.Maintenance{OrganizationID: organization(), Name: "mast", Start: b.now.Add(-time.Minute), Finish: b.now.Add(time.Hour), TimeZone: "Europe/Rome", Devices: ids[:1]}
	require.NoError(t, b.Windows.Create(ctx, w))
	b.measure(t, "ping", 0, ids...)
	require.Equal(t, []string{"ping_problem"}, b.take(), "of the other device")
	require.Equal(t, health.Critical, b.status(t, ids[0]), "health does not wait")
	require.NoError(t, b.Incidents.Review(ctx))
	require.Empty(t, b.take())
	b.now = b.now.Add(61 * time.Minute)
	require.NoError(t, b.Incidents.Review(ctx))
	require.Equal(t, []string{"ping_problem"}, b.take(), "it lasts longer than the work")
	for name, change := range map[string]func(*health.Maintenance){
		"name": func(m *health.Maintenance) { m.Name = " " }, "time_zone": func(m *health.Maintenance) { m.TimeZone = "Mars/Olympus" },
		"end": func(m *health.Maintenance) { m.Finish = m.Start }, "repeat": func(m *health.Maintenance) { m.Repeat = "yearly" },
	} {
		bad := *w
		bad.ID = wispwright.ID{}
		change(&bad)
		var invalid *wispwright.ValidationError
		require.ErrorAs(t, b.Windows.Create(ctx, &bad), &invalid, name)
		require.Contains(t, invalid.Error(), name)
	}
}

func TestMaintenanceComesAgain(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	require.NoError(t, err)
	start := time.Date(2026, 10, 20, 2, 30, 0, 0, rome) // a Tuesday; the clock goes back on the 25th
	m := health.Maintenance{Start: start, Finish: start.Add(time.Hour), TimeZone: "Europe/Rome", Repeat: health.Weekly}
	for at, want := range map[time.Time]bool{
		start: true, start.Add(-time.Second): false, start.Add(time.Hour): false,
		time.Date(2026, 10, 27, 2, 31, 0, 0, rome): true, time.Date(2026, 10, 27, 1, 31, 0, 0, rome): false, time.Date(2026, 10, 28, 2, 31, 0, 0, rome): false,
		time.Date(2027, 3, 30, 3, 29, 0, 0, rome): true, time.Date(2027, 3, 30, 3, 30, 0, 0, rome): false,
	} {
		end, in := m.Covers(at)
		require.Equal(t, want, in, "%s", at)
		if in {
			require.True(t, end.After(at) && end.Sub(at) <= time.Hour)
		}
	}
	m.Repeat = health.Daily
	day := func(d, hour int) time.Time { return time.Date(2026, 10, d, hour, 0, 0, 0, rome) }
	var began []string
	for from, to := range m.Times(day(23, 3), day(26, 2)) {
		require.Equal(t, time.Hour, to.Sub(from))
		began = append(began, from.In(rome).Format("02 15:04"))
	}
	require.Equal(t, []string{"23 02:30", "24 02:30", "25 02:30"}, began, "the first one has begun, the day of 25 hours has one")
	_, in := m.Covers(time.Date(2026, 10, 28, 2, 31, 0, 0, rome))
	require.True(t, in)
	ancient := m
	ancient.Start = time.Date(1, 10, 20, 2, 30, 0, 0, rome)
	ancient.Finish = ancient.Start.Add(time.Hour)
	end, in := ancient.Covers(day(28, 2).Add(45 * time.Minute))
	require.True(t, in, "since two thousand years")
	require.Equal(t, day(28, 3).Add(30*time.Minute), end.In(rome))
	until := time.Date(2026, 10, 26, 0, 0, 0, 0, rome)
	m.Until = &until
	_, in = m.Covers(time.Date(2026, 10, 28, 2, 31, 0, 0, rome))
	require.False(t, in)
	m.Repeat = health.Once
	_, in = m.Covers(start.AddDate(0, 0, 1))
	require.False(t, in)
}

func TestAcknowledgeAndEscalate(t *testing.T) {
	ctx := context.Background()
	b := newBench(t, tolerances(t), health.Options{EscalateAfter: time.Hour})
	ids := b.fill(t, 0, 1)
	b.measure(t, "ping", 0, ids...)
	b.take()
	b.now = b.now.Add(59 * time.Minute)
	require.NoError(t, b.Incidents.Review(ctx))
	require.Empty(t, b.take())
	b.now = b.now.Add(2 * time.Minute)
	require.NoError(t, b.Incidents.Review(ctx))
	require.NoError(t, b.Incidents.Review(ctx))
	require.Equal(t, []string{"escalated"}, b.take(), "once")
	i := b.list(t)[0]
	b.now = b.now.Add(time.Second)
	_, err := b.Incidents.Acknowledge(ctx, wispwright.ScopeOf(deviceID(9)), i.ID, "eve", "")
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	i, err = b.Incidents.Acknowledge(ctx, wispwright.ScopeAll(), i.ID, "anna", "on my way")
	require.NoError(t, err)
	require.Equal(t, "anna", i.AcknowledgedBy)
	b.now = b.now.Add(time.Second)
	i, err = b.Incidents.Acknowledge(ctx, wispwright.ScopeAll(), i.ID, "bert", "me too")
	require.NoError(t, err)
	require.Equal(t, "anna", i.AcknowledgedBy, "the first")
	_, err = b.Incidents.Comment(ctx, wispwright.ScopeAll(), i.ID, "bert", " ")
	require.Error(t, err)
	timeline, err := b.Incidents.Timeline(ctx, wispwright.ScopeAll(), health.EntryFilter{IncidentID: i.ID}, wispwright.Page{})
	require.NoError(t, err)
	var lines []string
	for _, e := range timeline.Rows {
		lines = append(lines, e.Kind+" "+e.Author+" "+e.Text)
	}
	require.Equal(t, []string{"opened  ", "escalated  ", "acknowledged anna on my way", "comment bert me too"}, lines)
	b.measure(t, "ping", 1, ids...)
	b.now = b.now.Add(time.Hour)
	b.measure(t, "ping", 0, ids...)
	i = b.list(t)[1]
	_, err = b.Incidents.Acknowledge(ctx, wispwright.ScopeAll(), i.ID, "anna", "")
	require.NoError(t, err)
	b.take()
	b.now = b.now.Add(3 * time.Hour)
	require.NoError(t, b.Incidents.Review(ctx))
	require.Empty(t, b.take(), "somebody is at it")
}
