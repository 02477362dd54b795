package healthsql

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/health"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the concern's tables; run them after those of
// monitoringsql and before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "monitoring_health", FS: migrations}
}

// perStatement is how many keys one statement names.
const perStatement = 500

// New returns the concern's stores on a migrated database. The database is their
// transactor; metrics are those of monitoringsql on the same database.
func New(db *sqlstore.DB, metrics monitoring.MetricStore) (health.Stores, error) {
	type id = wispwright.ID
	b := sqlstore.Build(db)
	set := func(column string) func(any) sqlstore.Cond {
		return func(v any) sqlstore.Cond {
			if v.(bool) {
				return sqlstore.Cond{SQL: column + " IS NOT NULL"}
			}
			return sqlstore.Cond{SQL: column + " IS NULL"}
		}
	}
	unset := func(column string) func(any) sqlstore.Cond {
		return func(v any) sqlstore.Cond { return set(column)(!v.(bool)) }
	}
	out := health.Stores{
		Metrics: &metricStore{metrics, db, b.Prepare("UPDATE monitoring_metric SET is_healthy = ?, is_healthy_tolerant = ? WHERE id = ?")},
		Alerts: &alerts{sqlstore.Add[id, health.AlertSettings, health.AlertFilter](b, sqlstore.Spec{Shape: health.AlertShape()}), db,
			b.Prepare("UPDATE monitoring_alertsettings SET crossed = ?, since = ?, value = ?, flaps = ?, flaps_since = ? WHERE metric_id = ?")},
		Defaults: sqlstore.Add[id, health.AlertDefault, health.DefaultFilter](b, sqlstore.Spec{Shape: health.DefaultShape()}),
		Statuses: &statuses{sqlstore.Add[id, health.DeviceStatus, health.StatusFilter](b, sqlstore.Spec{Shape: health.StatusShape()}), db,
			b.Prepare("UPDATE monitoring_devicemonitoring SET status = ?, since = ?, reached_at = ?, modified = ? WHERE device_id = ?")},
		Incidents: sqlstore.Add[id, health.Incident, health.IncidentFilter](b, sqlstore.Spec{Shape: health.IncidentShape(), Where: map[string]func(any) sqlstore.Cond{
			"Acknowledged": set("acknowledged_at"), "Escalated": set("escalated_at"),
			"DeviceID": func(v any) sqlstore.Cond {
				return sqlstore.Cond{SQL: "monitoring_incident.id IN (SELECT c.incident_id FROM monitoring_incident_case c WHERE c.device_id = ?)", Args: []any{v}}
			},
		}}),
		Cases:   &cases{sqlstore.Add[id, health.Case, health.CaseFilter](b, sqlstore.Spec{Shape: health.CaseShape(), Where: map[string]func(any) sqlstore.Cond{"Open": unset("ended")}}), db},
		Entries: sqlstore.Add[id, health.Entry, health.EntryFilter](b, sqlstore.Spec{Shape: health.EntryShape()}),
		Windows: sqlstore.Add[id, health.Maintenance, health.MaintenanceFilter](b, sqlstore.Spec{Shape: health.MaintenanceShape()}),
		Pages:   sqlstore.Add[id, health.Page, health.PageFilter](b, sqlstore.Spec{Shape: health.PageShape()}),
	}
	return out, b.Err()
}

type metricStore struct {
	monitoring.MetricStore
	db   *sqlstore.DB
	save *sqlstore.Stmt
}

// SaveHealth implements health.MetricStore.
func (s *metricStore) SaveHealth(ctx context.Context, list []*monitoring.Metric) error {
	return each(ctx, s.db, list, func(a, b *monitoring.Metric) int { return compareIDs(a.ID, b.ID) }, func(ctx context.Context, m *monitoring.Metric) error {
		_, err := s.save.Exec(ctx, m.IsHealthy, m.IsHealthyTolerant, m.ID)
		return err
	})
}

// each writes rows in one order for all, so that no two transactions wait for each other.
func each[T any](ctx context.Context, db *sqlstore.DB, list []T, order func(a, b T) int, write func(context.Context, T) error) error {
	if len(list) == 0 {
		return nil
	}
	sorted := slices.SortedFunc(slices.Values(list), order)
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, one := range sorted {
			if err := write(ctx, one); err != nil {
				return db.Explain(err)
			}
		}
		return nil
	})
}

func compareIDs(a, b wispwright.ID) int { return cmp.Compare(string(a[:]), string(b[:])) }

// moment is a time as the columns have it, or NULL.
func moment(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Truncate(time.Microsecond)
}

type alerts struct {
	*sqlstore.Repo[wispwright.ID, health.AlertSettings, health.AlertFilter]
	db   *sqlstore.DB
	save *sqlstore.Stmt
}

// SaveStreaks implements health.AlertStore.
func (s *alerts) SaveStreaks(ctx context.Context, list []*health.AlertSettings) error {
	return each(ctx, s.db, list, func(a, b *health.AlertSettings) int { return compareIDs(a.MetricID, b.MetricID) }, func(ctx context.Context, a *health.AlertSettings) error {
		_, err := s.save.Exec(ctx, a.Crossed, moment(a.Since), a.Value, a.Flaps, moment(a.FlapsSince), a.MetricID)
		return err
	})
}

// Move implements health.AlertStore.
func (s *alerts) Move(ctx context.Context, device, organization wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE monitoring_alertsettings SET organization_id = ? WHERE device_id = ?", organization, device); err != nil {
		return fmt.Errorf("move alert settings: %w", err)
	}
	return nil
}

type statuses struct {
	*sqlstore.Repo[wispwright.ID, health.DeviceStatus, health.StatusFilter]
	db   *sqlstore.DB
	save *sqlstore.Stmt
}

// Hold implements health.StatusStore.
func (s *statuses) Hold(ctx context.Context, fresh []*health.DeviceStatus) (out []*health.DeviceStatus, err error) {
	sorted := slices.SortedFunc(slices.Values(fresh), func(a, b *health.DeviceStatus) int { return compareIDs(a.DeviceID, b.DeviceID) })
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		out = nil
		for some := range slices.Chunk(sorted, 100) {
			query := "INSERT INTO monitoring_devicemonitoring (device_id, organization_id, status, since, modified) VALUES "
			var args, ids []any
			for i, f := range some {
				if i > 0 {
					query += ", "
				}
				query += "(?, ?, ?, ?, ?)"
				args = append(args, f.DeviceID, f.OrganizationID, string(f.Status), moment(&f.Since), moment(&f.Modified))
				ids = append(ids, f.DeviceID)
			}
			if _, err := sqlstore.Exec(ctx, s.db, query+" ON CONFLICT (device_id) DO NOTHING", args...); err != nil {
				return fmt.Errorf("store statuses: %w", err)
			}
			marks, args := sqlstore.In(ids)
			rows, err := s.Query(ctx, "SELECT "+s.Columns()+" FROM monitoring_devicemonitoring WHERE device_id IN ("+marks+") ORDER BY device_id"+s.db.Dialect().ForUpdate(), args...)
			if err != nil {
				return fmt.Errorf("hold statuses: %w", err)
			}
			out = append(out, rows...)
		}
		return nil
	})
	return out, err
}

// Save implements health.StatusStore.
func (s *statuses) Save(ctx context.Context, list []*health.DeviceStatus) error {
	return each(ctx, s.db, list, func(a, b *health.DeviceStatus) int { return compareIDs(a.DeviceID, b.DeviceID) }, func(ctx context.Context, d *health.DeviceStatus) error {
		_, err := s.save.Exec(ctx, string(d.Status), moment(&d.Since), moment(d.ReachedAt), moment(&d.Modified), d.DeviceID)
		return err
	})
}

// Counts implements health.StatusStore.
func (s *statuses) Counts(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (map[health.Status]int, error) {
	type row struct {
		Status string
		N      int
	}
	where := sqlstore.ScopeCond("organization_id", scope)
	query := "SELECT status, count(*) AS n FROM monitoring_devicemonitoring WHERE 1 = 1"
	if where.SQL != "" {
		query += " AND " + where.SQL
	}
	if !organization.IsZero() {
		query, where.Args = query+" AND organization_id = ?", append(where.Args, organization)
	}
	rows, err := sqlstore.Select[row](ctx, s.db, query+" GROUP BY status", where.Args...)
	if err != nil {
		return nil, fmt.Errorf("count statuses: %w", err)
	}
	out := map[health.Status]int{}
	for _, r := range rows {
		out[health.Status(r.Status)] = r.N
	}
	return out, nil
}

// DeleteOf implements health.StatusStore.
func (s *statuses) DeleteOf(ctx context.Context, devices ...wispwright.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(devices, perStatement) {
			marks, args := sqlstore.In(some)
			if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM monitoring_devicemonitoring WHERE device_id IN ("+marks+")", args...); err != nil {
				return fmt.Errorf("delete statuses: %w", err)
			}
		}
		return nil
	})
}

// Move implements health.StatusStore.
func (s *statuses) Move(ctx context.Context, device, organization wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE monitoring_devicemonitoring SET organization_id = ? WHERE device_id = ?", organization, device); err != nil {
		return fmt.Errorf("move a status: %w", err)
	}
	return nil
}

type cases struct {
	*sqlstore.Repo[wispwright.ID, health.Case, health.CaseFilter]
	db *sqlstore.DB
}

// End implements health.CaseStore.
func (s *cases) End(ctx context.Context, at time.Time, ids ...wispwright.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(ids, perStatement) {
			marks, args := sqlstore.In(some)
			if _, err := sqlstore.Exec(ctx, s.db, "UPDATE monitoring_incident_case SET ended = ?, modified = ?, hold_until = NULL WHERE id IN ("+marks+")",
				append([]any{moment(&at), moment(&at)}, args...)...); err != nil {
				return fmt.Errorf("end cases: %w", err)
			}
		}
		return nil
	})
}
