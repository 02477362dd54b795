package monitoringsql

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the concern's tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "monitoring", FS: migrations}
}

// perStatement is how many keys one statement names.
const perStatement = 500

// New returns the concern's stores on a migrated database. The database is their
// transactor.
func New(db *sqlstore.DB) (monitoring.Stores, error) {
	general := func(v any) sqlstore.Cond {
		if v.(bool) {
			return sqlstore.Cond{SQL: "content_type = ''"}
		}
		return sqlstore.Cond{SQL: "content_type <> ''"}
	}
	m, err := sqlstore.NewRepo[wispwright.ID, monitoring.Metric, monitoring.MetricFilter](db, sqlstore.Spec{
		Shape: monitoring.MetricShape(), Where: map[string]func(any) sqlstore.Cond{"General": general},
	})
	if err != nil {
		return monitoring.Stores{}, err
	}
	c, err := sqlstore.NewRepo[wispwright.ID, monitoring.Chart, monitoring.ChartFilter](db, sqlstore.Spec{
		Shape: monitoring.ChartShape(), Where: map[string]func(any) sqlstore.Cond{"General": general},
	})
	if err != nil {
		return monitoring.Stores{}, err
	}
	w, err := sqlstore.NewRepo[string, monitoring.WifiClient, monitoring.WifiClientFilter](db, sqlstore.Spec{Shape: monitoring.WifiClientShape()})
	if err != nil {
		return monitoring.Stores{}, err
	}
	at := func(column, how string) func(any) sqlstore.Cond {
		return func(v any) sqlstore.Cond {
			return sqlstore.Cond{SQL: column + how + "?", Args: []any{v.(time.Time).UTC()}}
		}
	}
	s, err := sqlstore.NewRepo[wispwright.ID, monitoring.WifiSession, monitoring.WifiSessionFilter](db, sqlstore.Spec{
		Shape: monitoring.WifiSessionShape(),
		Where: map[string]func(any) sqlstore.Cond{
			"Open": func(v any) sqlstore.Cond {
				if v.(bool) {
					return sqlstore.Cond{SQL: "stop_time IS NULL"}
				}
				return sqlstore.Cond{SQL: "stop_time IS NOT NULL"}
			},
			"StartTimeAfter": at("start_time", " > "), "StartTimeUntil": at("start_time", " <= "),
			"StopTimeAfter": at("stop_time", " > "), "StopTimeUntil": at("stop_time", " <= "),
		},
	})
	if err != nil {
		return monitoring.Stores{}, err
	}
	return monitoring.Stores{Metrics: &metrics{m, db}, Charts: c, Clients: &clients{w, db}, Sessions: &sessions{s, db}}, nil
}

type metrics struct {
	*sqlstore.Repo[wispwright.ID, monitoring.Metric, monitoring.MetricFilter]
	db *sqlstore.DB
}

// DeleteOf implements monitoring.MetricStore; charts go with their metrics.
func (s *metrics) DeleteOf(ctx context.Context, contentType string, objects ...string) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(objects, perStatement) {
			marks, args := sqlstore.In(some)
			if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM monitoring_metric WHERE content_type = ? AND object_id IN ("+marks+")", append([]any{contentType}, args...)...); err != nil {
				return fmt.Errorf("delete metrics: %w", err)
			}
		}
		return nil
	})
}

// Move implements monitoring.MetricStore.
func (s *metrics) Move(ctx context.Context, contentType, object string, organization wispwright.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for _, table := range []string{"monitoring_metric", "monitoring_chart"} {
			if _, err := sqlstore.Exec(ctx, s.db, "UPDATE "+table+" SET organization_id = ? WHERE content_type = ? AND object_id = ?", organization, contentType, object); err != nil {
				return fmt.Errorf("move metrics: %w", err)
			}
		}
		return nil
	})
}

type clients struct {
	*sqlstore.Repo[string, monitoring.WifiClient, monitoring.WifiClientFilter]
	db *sqlstore.DB
}

// Put implements monitoring.ClientStore.
func (s *clients) Put(ctx context.Context, list []*monitoring.WifiClient) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(list, 50) {
			query := "INSERT INTO monitoring_wifi_client (mac_address, vendor, he, vht, ht, wmm, wds, wps, created, modified) VALUES "
			var args []any
			for i, c := range some {
				if i > 0 {
					query += ", "
				}
				query += "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
				args = append(args, c.MACAddress, c.Vendor, c.HE, c.VHT, c.HT, c.WMM, c.WDS, c.WPS, c.Created.UTC(), c.Modified.UTC())
			}
			query += " ON CONFLICT (mac_address) DO UPDATE SET vendor = excluded.vendor, he = excluded.he, vht = excluded.vht, ht = excluded.ht," +
				" wmm = excluded.wmm, wds = excluded.wds, wps = excluded.wps, modified = excluded.modified"
			if _, err := sqlstore.Exec(ctx, s.db, query, args...); err != nil {
				return fmt.Errorf("store WiFi clients: %w", err)
			}
		}
		return nil
	})
}

// DeleteIdle implements monitoring.ClientStore.
func (s *clients) DeleteIdle(ctx context.Context, limit int) (int, error) {
	n, err := sqlstore.Exec(ctx, s.db, "DELETE FROM monitoring_wifi_client WHERE mac_address IN (SELECT c.mac_address FROM monitoring_wifi_client c "+
		"WHERE NOT EXISTS (SELECT 1 FROM monitoring_wifi_session s WHERE s.mac_address = c.mac_address) LIMIT ?)", limit)
	if err != nil {
		return 0, fmt.Errorf("delete WiFi clients: %w", err)
	}
	return n, nil
}

type sessions struct {
	*sqlstore.Repo[wispwright.ID, monitoring.WifiSession, monitoring.WifiSessionFilter]
	db *sqlstore.DB
}

// Stop implements monitoring.SessionStore.
func (s *sessions) Stop(ctx context.Context, at time.Time, ids ...wispwright.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(ids, perStatement) {
			marks, args := sqlstore.In(some)
			at := at.UTC().Truncate(time.Microsecond)
			if _, err := sqlstore.Exec(ctx, s.db, "UPDATE monitoring_wifi_session SET stop_time = ?, modified = ? WHERE stop_time IS NULL AND id IN ("+marks+")", append([]any{at, at}, args...)...); err != nil {
				return fmt.Errorf("end WiFi sessions: %w", err)
			}
		}
		return nil
	})
}

// DeleteOf implements monitoring.SessionStore.
func (s *sessions) DeleteOf(ctx context.Context, devices ...wispwright.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(devices, perStatement) {
			marks, args := sqlstore.In(some)
			if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM monitoring_wifi_session WHERE device_id IN ("+marks+")", args...); err != nil {
				return fmt.Errorf("delete WiFi sessions: %w", err)
			}
		}
		return nil
	})
}

// DeleteBefore implements monitoring.SessionStore.
func (s *sessions) DeleteBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := sqlstore.Exec(ctx, s.db, "DELETE FROM monitoring_wifi_session WHERE id IN (SELECT id FROM monitoring_wifi_session WHERE start_time < ? ORDER BY start_time LIMIT ?)", before.UTC(), limit)
	if err != nil {
		return 0, fmt.Errorf("delete WiFi sessions: %w", err)
	}
	return n, nil
}

// Move implements monitoring.SessionStore.
func (s *sessions) Move(ctx context.Context, device, organization wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE monitoring_wifi_session SET organization_id = ? WHERE device_id = ?", organization, device); err != nil {
		return fmt.Errorf("move WiFi sessions: %w", err)
	}
	return nil
}
