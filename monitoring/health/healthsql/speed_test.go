package healthsql_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/monitoring/health/healthsql"
	"github.com/wispwright/wispwright/monitoring/monitoringsql"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

type fleet map[wispwright.ID]*health.Device

// Some implements health.Devices.
func (f fleet) Some(_ context.Context, ids ...wispwright.ID) (map[wispwright.ID]*health.Device, error) {
	out := map[wispwright.ID]*health.Device{}
	for _, id := range ids {
		if f[id] != nil {
			out[id] = f[id]
		}
	}
	return out, nil
}

// storm is a fleet of which each device is pinged.
type storm struct {
	*health.Health
	metrics []*monitoring.Metric
	notices int
	first   time.Time
}

func newStorm(t *testing.T, db *sqlstore.DB, size int) *storm {
	t.Helper()
	ctx := context.Background()
	require.NoError(t, db.Migrate(ctx, monitoringsql.Migrations()))
	require.NoError(t, db.Migrate(ctx, healthsql.Migrations()))
	rows, err := monitoringsql.New(db)
	require.NoError(t, err)
	stores, err := healthsql.New(db, rows.Metrics)
	require.NoError(t, err)
	devices := fleet{}
	s := &storm{}
	s.Health, err = health.New(&entity.Base{Tx: db, Tenants: entity.NoTenants{}}, stores, monitoring.NewRegistry(), devices, nil)
	require.NoError(t, err)
	organization := wispwright.ID{0: 1, 6: 0x40}
	now := time.Now().Truncate(time.Microsecond)
	for n := range size {
		d := &health.Device{ID: wispwright.NewID(), OrganizationID: organization, Name: fmt.Sprintf("ap-%d", n)}
		devices[d.ID] = d
		s.metrics = append(s.metrics, &monitoring.Metric{ID: wispwright.NewID(), OrganizationID: organization, Name: "Ping", Key: "ping", FieldName: "reachable", Configuration: "ping",
			ContentType: monitoring.DeviceType, ObjectID: d.ID.String(), MainTags: "{}", ExtraTags: "{}", Created: now, Modified: now})
	}
	require.NoError(t, db.InTx(ctx, func(ctx context.Context) error {
		if err := rows.Metrics.InsertMany(ctx, s.metrics); err != nil {
			return err
		}
		return s.Made(ctx, s.metrics...)
	}))
	zero := 0
	require.NoError(t, s.Defaults.Create(ctx, &health.AlertDefault{OrganizationID: organization, Configuration: "ping", Tolerance: &zero}))
	s.Notices.Subscribe("count", func(_ context.Context, list ...health.Notice) {
		if s.notices == 0 {
			s.first = time.Now()
		}
		s.notices += len(list)
	})
	return s
}

// ping assesses an answer of every device, as a group of checks brings them.
func (s *storm) ping(t *testing.T, reachable int64, group int) (took time.Duration) {
	t.Helper()
	begun := time.Now()
	for from := 0; from < len(s.metrics); from += group {
		var writes []monitoring.Write
		for _, m := range s.metrics[from:min(from+group, len(s.metrics))] {
			writes = append(writes, monitoring.Write{Metric: m, Time: time.Now(), Fields: []timeseries.Field{{Name: "reachable", Value: timeseries.Int(reachable)}}})
		}
		require.NoError(t, s.Assess(context.Background(), writes...))
	}
	return time.Since(begun)
}

// A whole fleet goes away at once and comes back: people are told a bounded number of times, and afterwards
// everything is as it was. With WISPWRIGHT_SOAK it is 10,000 devices, and figures are told.
func TestFleetGoesAwayAtOnce(t *testing.T) {
	size := 600
	soak := os.Getenv("WISPWRIGHT_SOAK") != ""
	if soak {
		size = 10_000
	}
	run := func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		s := newStorm(t, db, size)
		first := s.ping(t, 1, 1000)
		anew := s.ping(t, 1, 1000) // what changed is read anew, once
		quiet := s.ping(t, 1, 1000)
		require.Zero(t, s.notices)
		begun := time.Now()
		away := s.ping(t, 0, 1000)
		require.LessOrEqual(t, s.notices, 9, "people are told of the first ones, and then of the number")
		told := s.first.Sub(begun)
		counts, err := s.Counts(ctx, wispwright.ScopeAll(), wispwright.ID{})
		require.NoError(t, err)
		require.Equal(t, size, counts[health.Critical])
		begun = time.Now()
		yes := true
		list, err := s.Incidents.List(ctx, wispwright.ScopeAll(), health.IncidentFilter{Open: &yes}, wispwright.Page{Limit: 25})
		require.NoError(t, err)
		require.Len(t, list.Rows, 1)
		require.Equal(t, size, list.Rows[0].Devices)
		cases, err := s.Incidents.Cases(ctx, wispwright.ScopeAll(), health.CaseFilter{IncidentID: list.Rows[0].ID}, wispwright.Page{Limit: 100})
		require.NoError(t, err)
		require.Equal(t, size, cases.Total)
		_, err = s.Incidents.Timeline(ctx, wispwright.ScopeAll(), health.EntryFilter{IncidentID: list.Rows[0].ID}, wispwright.Page{Limit: 100})
		require.NoError(t, err)
		page := time.Since(begun)
		s.notices = 0
		back := s.ping(t, 1, 1000)
		require.LessOrEqual(t, s.notices, 9)
		counts, err = s.Counts(ctx, wispwright.ScopeAll(), wispwright.ID{})
		require.NoError(t, err)
		require.Equal(t, map[health.Status]int{health.OK: size}, counts)
		list, err = s.Incidents.List(ctx, wispwright.ScopeAll(), health.IncidentFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 1, list.Total)
		require.False(t, list.Rows[0].Open)
		if soak {
			t.Logf("%d devices: first values %s, read anew %s; then %.0f thresholds/s where nothing changes; all away in %s, the first notice after %s; incident page %s; all back in %s", size, first, anew, float64(size)/quiet.Seconds(), away, told, page, back)
		}
	}
	t.Run("sqlite", func(t *testing.T) { run(t, testkit.Open(t, filepath.Join(t.TempDir(), "fleet.db"))) })
	t.Run("postgresql", func(t *testing.T) { run(t, testkit.Postgres(t)) })
}
