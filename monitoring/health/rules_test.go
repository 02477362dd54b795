package health_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

func deviceID(n int) wispwright.ID {
	return wispwright.ID{0: 0xde, 6: 0x40, 8: 0x80, 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}
}

func organization() wispwright.ID { return wispwright.ID{0: 0x0a, 6: 0x40, 8: 0x80, 15: 1} }

// add adds a device.
func (b *bench) add(n int) wispwright.ID {
	id := deviceID(n)
	b.fleet[id] = &health.Device{ID: id, OrganizationID: organization(), Name: fmt.Sprintf("ap-%d", n)}
	return id
}

// measure writes values of devices now.
func (b *bench) measure(t testing.TB, kind string, value float64, ids ...wispwright.ID) {
	t.Helper()
	b.measureAt(t, b.now, kind, value, ids...)
}

func (b *bench) measureAt(t testing.TB, at time.Time, kind string, value float64, ids ...wispwright.ID) {
	t.Helper()
	var all []monitoring.Measurement
	field := b.Registry().Metric(kind).Field
	for _, id := range ids {
		all = append(all, monitoring.Measurement{Device: &monitoring.Device{ID: id, OrganizationID: organization()},
			Values: []monitoring.Measured{{Kind: kind, Fields: []timeseries.Field{{Name: field, Value: timeseries.Float(value)}}}}})
	}
	require.NoError(t, b.Collector.RecordAll(context.Background(), at, all...))
}

// setRule chooses a threshold for a device's metric.
func (b *bench) setRule(t testing.TB, id wispwright.ID, kind string, r health.Rule, active bool) {
	t.Helper()
	metrics, err := b.MetricsOf(context.Background(), wispwright.ScopeAll(), monitoring.MetricFilter{ObjectID: id.String(), Configuration: kind})
	require.NoError(t, err)
	require.Len(t, metrics, 1)
	_, err = b.Alerts.Update(context.Background(), wispwright.ScopeAll(), metrics[0].ID, func(a *health.AlertSettings) error {
		a.SetRule(r)
		a.IsActive = &active
		return nil
	})
	require.NoError(t, err)
}

type step struct{ minute, value float64 }

// TestTolerance holds the examples of the specification (spec: monitoring §13).
func TestTolerance(t *testing.T) {
	for name, c := range map[string]struct {
		operator             string
		threshold, tolerance float64
		steps                []step
		healthy, tolerant    bool
		problems, recoveries int
	}{
		"not yet":           {">", 90, 5, []step{{0, 99}, {2, 99}, {4, 99}}, false, true, 0, 0},
		"long enough":       {">", 90, 5, []step{{0, 99}, {2, 99}, {4, 99}, {6, 99}}, false, false, 1, 0},
		"exactly":           {">", 90, 5, []step{{0, 99}, {5, 99}}, false, false, 1, 0},
		"well again":        {">", 90, 5, []step{{0, 99}, {2, 99}, {4, 99}, {6, 99}, {7, 71}, {12, 71}}, true, true, 1, 1},
		"not yet well":      {">", 90, 5, []step{{0, 99}, {6, 99}, {7, 71}, {11, 71}}, true, false, 1, 0},
		"comes and goes":    {"<", 1, 10, []step{{-25, 1}, {-20, 0}, {-15, 1}, {-10, 0}, {-5, 0}, {0, 0}}, false, false, 1, 0},
		"no tolerance":      {">", 90, 0, []step{{0, 99}, {5, 95}, {10, 60}, {15, 40}}, true, true, 1, 1},
		"well at first":     {">", 90, 0, []step{{0, 10}}, true, true, 0, 0},
		"the border":        {">", 90, 0, []step{{0, 90}}, true, true, 0, 0},
		"two far apart":     {">", 90, 5, []step{{0, 99}, {120, 99}}, false, true, 0, 0},
		"silence, then ill": {">", 90, 5, []step{{0, 99}, {6, 99}, {126, 10}, {127, 99}}, false, false, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			streak := health.Streak{}
			rule := health.Threshold{IsActive: true, Operator: c.operator, Value: c.threshold, Tolerance: time.Duration(c.tolerance) * time.Minute}
			problems, recoveries := 0, 0
			begin, last := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}
			for _, s := range c.steps {
				at := begin.Add(time.Duration(s.minute * float64(time.Minute)))
				next, turn := streak.Next(rule, s.value, at, last, 5*time.Minute)
				streak, last = next, at
				if turn.Beyond && turn.Problem {
					problems++
				}
				if turn.Beyond && !turn.Problem && !turn.First {
					recoveries++
				}
			}
			require.Equal(t, c.healthy, *streak.Healthy)
			require.Equal(t, c.tolerant, *streak.Tolerant)
			require.Equal(t, []int{c.problems, c.recoveries}, []int{problems, recoveries})
		})
	}
}

func TestStatus(t *testing.T) {
	b := newBench(t, tolerances(t), health.Options{})
	id := b.add(1)
	require.Equal(t, health.Unknown, b.status(t, id))
	walk := func(kind string, value float64, want health.Status) {
		t.Helper()
		b.now = b.now.Add(time.Second)
		b.measure(t, kind, value, id)
		require.Equal(t, want, b.status(t, id))
	}
	walk("disk", 10, health.OK) // passive alone
	walk("disk", 95, health.Problem)
	walk("ping", 0, health.Critical)
	walk("disk", 10, health.Critical)
	walk("data_collected", 1, health.Problem) // one of two critical metrics
	walk("data_collected", 0, health.Critical)
	walk("ping", 1, health.Problem)
	walk("data_collected", 1, health.OK)
	t.Run("reset", func(t *testing.T) {
		require.NoError(t, b.Reset(context.Background(), health.Unknown, id))
		require.Equal(t, health.Unknown, b.status(t, id))
		metrics, err := b.MetricsOf(context.Background(), wispwright.ScopeAll(), monitoring.MetricFilter{ObjectID: id.String()})
		require.NoError(t, err)
		for _, m := range metrics {
			require.Nil(t, m.IsHealthy)
			require.Nil(t, m.IsHealthyTolerant)
		}
		walk("ping", 1, health.OK)
	})
	t.Run("deactivated", func(t *testing.T) {
		require.NoError(t, b.Reset(context.Background(), health.Deactivated, id))
		b.fleet[id].Deactivated = true
		walk("ping", 0, health.Deactivated)
	})
}

func TestInheritedThresholds(t *testing.T) {
	ctx := context.Background()
	b := newBench(t, tolerances(t), health.Options{})
	id := b.add(1)
	group := wispwright.ID{0: 9, 6: 0x40, 8: 0x80}
	b.fleet[id].GroupID = group
	b.measure(t, "disk", 50, id)
	is := func(want bool) {
		t.Helper()
		b.now = b.now.Add(time.Second)
		b.measure(t, "disk", 50, id)
		metrics, err := b.MetricsOf(ctx, wispwright.ScopeAll(), monitoring.MetricFilter{ObjectID: id.String()})
		require.NoError(t, err)
		require.Equal(t, want, *metrics[0].IsHealthy)
	}
	value := func(v float64) *float64 { return &v }
	is(true)
	whole := &health.AlertDefault{OrganizationID: organization(), Configuration: "disk", Threshold: value(40)}
	require.NoError(t, b.Defaults.Create(ctx, whole))
	is(false)
	ofGroup := &health.AlertDefault{OrganizationID: organization(), GroupID: group, Configuration: "disk", Threshold: value(60)}
	require.NoError(t, b.Defaults.Create(ctx, ofGroup))
	is(true)
	b.setRule(t, id, "disk", health.Rule{Threshold: value(45)}, true)
	is(false)
	b.setRule(t, id, "disk", health.Rule{}, true)
	is(true)
	require.NoError(t, b.Defaults.Delete(ctx, wispwright.ScopeAll(), ofGroup.ID))
	is(false)
	twin := *whole
	twin.ID = wispwright.ID{}
	require.ErrorContains(t, b.Defaults.Create(ctx, &twin), "already")
	require.ErrorContains(t, b.Defaults.Create(ctx, &health.AlertDefault{OrganizationID: organization(), Configuration: "traffic"}), "not a valid choice")
}

// TestClocks: points from the future, late ones, and a clock that is set back.
func TestClocks(t *testing.T) {
	b := newBench(t, tolerances(t), health.Options{})
	id := b.add(1)
	b.measure(t, "disk", 99, id)
	require.Equal(t, health.Problem, b.status(t, id))
	now := b.now
	b.measureAt(t, now.Add(-time.Minute), "disk", 10, id) // late
	b.measureAt(t, now.Add(time.Hour), "disk", 99, id)    // from the future
	b.now = now.Add(time.Second)
	b.measure(t, "disk", 99, id)
	require.Equal(t, []string{"disk_problem"}, b.notices)
	b.now = now.Add(-24 * time.Hour) // set back
	b.measure(t, "disk", 10, id)
	require.Equal(t, health.OK, b.status(t, id))
}

// TestWorse is what waves ask: which devices became ill since they began.
func TestWorse(t *testing.T) {
	b := newBench(t, tolerances(t), health.Options{})
	before, after, well := b.add(1), b.add(2), b.add(3)
	b.measure(t, "ping", 1, before, after, well)
	b.measure(t, "ping", 0, before)
	b.now = b.now.Add(time.Minute)
	since := b.now
	b.now = b.now.Add(time.Minute)
	b.measure(t, "disk", 99, after)
	worse, err := b.Worse(context.Background(), since, before, after, well, deviceID(99))
	require.NoError(t, err)
	require.Len(t, worse, 1)
	require.Equal(t, after, worse[0].DeviceID)

	// one that could never be reached is as it was, also after a reset; one that answered once is worse
	never := b.add(4)
	b.measure(t, "ping", 0, never)
	require.Equal(t, health.Critical, b.status(t, never))
	ask := func(id wispwright.ID) int {
		worse, err := b.Worse(context.Background(), since, id)
		require.NoError(t, err)
		return len(worse)
	}
	require.Zero(t, ask(never))
	b.measure(t, "ping", 1, never)
	b.measure(t, "ping", 0, never)
	require.Equal(t, 1, ask(never))
	require.NoError(t, b.Reset(context.Background(), health.Unknown, never))
	b.measure(t, "ping", 0, never)
	require.Equal(t, health.Critical, b.status(t, never))
	require.Zero(t, ask(never))
}

// TestOrigins: each part of a threshold says where it was chosen.
func TestOrigins(t *testing.T) {
	ctx := context.Background()
	b := newBench(t, tolerances(t), health.Options{})
	id, group := b.add(1), wispwright.ID{0: 0x0b, 6: 0x40, 15: 1}
	b.fleet[id].GroupID = group
	b.measure(t, "cpu", 1, id)
	seven, limit := 7, 55.0
	require.NoError(t, b.Defaults.Create(ctx, &health.AlertDefault{OrganizationID: organization(), Configuration: "cpu", Operator: ">", Tolerance: &seven}))
	require.NoError(t, b.Defaults.Create(ctx, &health.AlertDefault{OrganizationID: organization(), GroupID: group, Configuration: "cpu", Threshold: &limit}))
	b.setRule(t, id, "cpu", health.Rule{}, false)
	metrics, err := b.MetricsOf(ctx, wispwright.ScopeAll(), monitoring.MetricFilter{ObjectID: id.String(), Configuration: "cpu"})
	require.NoError(t, err)
	found, err := b.Alerts.List(ctx, wispwright.ScopeAll(), health.AlertFilter{DeviceIDs: wispwright.Only(id)}, wispwright.Page{})
	require.NoError(t, err)
	effective, err := b.Effective(ctx, found.Rows, map[wispwright.ID]*monitoring.Metric{metrics[0].ID: metrics[0]})
	require.NoError(t, err)
	require.Equal(t, health.Threshold{Operator: ">", Value: 55, Custom: true, Tolerance: 7 * time.Minute,
		Origins: health.Origins{IsActive: health.OfDevice, Operator: health.OfOrganization, Value: health.OfGroup, Tolerance: health.OfOrganization}}, effective[0])
}
