// Package checksql keeps checks in SQL.
package checksql

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/check"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the table; run them before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "monitoring_check", FS: migrations}
}

// perStatement is how many keys one statement names.
const perStatement = 500

// New returns the store on a migrated database.
func New(db *sqlstore.DB) (check.Store, error) {
	b := sqlstore.Build(db)
	s := &store{sqlstore.Add[wispwright.ID, check.Check, check.Filter](b, sqlstore.Spec{Shape: check.Shape()}), db,
		b.Prepare("UPDATE monitoring_check SET next_at = ?, last_run = ?, last_error = ?, lease_until = NULL WHERE id = ?")}
	return s, b.Err()
}

type store struct {
	*sqlstore.Repo[wispwright.ID, check.Check, check.Filter]
	db   *sqlstore.DB
	done *sqlstore.Stmt
}

func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Take implements check.Store.
func (s *store) Take(ctx context.Context, now, until time.Time, limit int) (out []*check.Check, err error) {
	lock := ""
	if s.db.Dialect() == sqlstore.Postgres {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		rows, err := s.Query(ctx, "SELECT "+s.Columns()+" FROM monitoring_check WHERE is_active AND next_at <= ? AND (lease_until IS NULL OR lease_until <= ?)"+
			" AND NOT EXISTS (SELECT 1 FROM monitoring_check o WHERE o.device_id = monitoring_check.device_id AND o.lease_until IS NOT NULL AND o.lease_until > ?)"+
			" ORDER BY next_at, id LIMIT ?"+lock, moment(now), moment(now), moment(now), limit)
		if err != nil {
			return fmt.Errorf("look for checks that are due: %w", err)
		}
		out = out[:0]
		busy := map[wispwright.ID]bool{}
		var ids []wispwright.ID
		until := moment(until)
		for _, c := range rows {
			if !busy[c.DeviceID] { // never two of one device
				busy[c.DeviceID] = true
				c.LeaseUntil = &until
				out, ids = append(out, c), append(ids, c.ID)
			}
		}
		for some := range slices.Chunk(ids, perStatement) {
			marks, args := sqlstore.In(some)
			if _, err := sqlstore.Exec(ctx, s.db, "UPDATE monitoring_check SET lease_until = ? WHERE id IN ("+marks+")", append([]any{until}, args...)...); err != nil {
				return fmt.Errorf("lease checks: %w", err)
			}
		}
		return nil
	})
	return out, err
}

// Done implements check.Store.
func (s *store) Done(ctx context.Context, list []*check.Check) error {
	sorted := slices.SortedFunc(slices.Values(list), func(a, b *check.Check) int { return cmp.Compare(string(a.ID[:]), string(b.ID[:])) })
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for _, c := range sorted {
			var last any
			if c.LastRun != nil {
				last = moment(*c.LastRun)
			}
			if _, err := s.done.Exec(ctx, moment(c.NextAt), last, c.LastError, c.ID); err != nil {
				return s.db.Explain(err)
			}
		}
		return nil
	})
}

// Hasten implements check.Store.
func (s *store) Hasten(ctx context.Context, at, since time.Time, types []string, devices ...wispwright.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		kinds, first := sqlstore.In(types)
		for some := range slices.Chunk(devices, perStatement) {
			marks, args := sqlstore.In(some)
			all := slices.Concat([]any{moment(at), moment(at), moment(since)}, first, args)
			if _, err := sqlstore.Exec(ctx, s.db, "UPDATE monitoring_check SET next_at = ? WHERE is_active AND next_at > ? AND (last_run IS NULL OR last_run <= ?) AND type IN ("+kinds+") AND device_id IN ("+marks+")", all...); err != nil {
				return fmt.Errorf("hasten checks: %w", err)
			}
		}
		return nil
	})
}

// DeleteOf implements check.Store.
func (s *store) DeleteOf(ctx context.Context, devices ...wispwright.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(devices, perStatement) {
			marks, args := sqlstore.In(some)
			if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM monitoring_check WHERE device_id IN ("+marks+")", args...); err != nil {
				return fmt.Errorf("delete checks: %w", err)
			}
		}
		return nil
	})
}

// Move implements check.Store.
func (s *store) Move(ctx context.Context, device, organization wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE monitoring_check SET organization_id = ? WHERE device_id = ?", organization, device); err != nil {
		return fmt.Errorf("move checks: %w", err)
	}
	return nil
}

// Lock implements check.Store.
func (s *store) Lock(ctx context.Context, name string, now, until time.Time) (bool, error) {
	n, err := sqlstore.Exec(ctx, s.db, "INSERT INTO monitoring_check_lock (name, until) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET until = excluded.until WHERE monitoring_check_lock.until <= ?",
		name, moment(until), moment(now))
	if err != nil {
		return false, fmt.Errorf("lock %s: %w", name, err)
	}
	return n > 0, nil
}

// Unlock implements check.Store.
func (s *store) Unlock(ctx context.Context, name string) error {
	if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM monitoring_check_lock WHERE name = ?", name); err != nil {
		return fmt.Errorf("unlock %s: %w", name, err)
	}
	return nil
}

// Due implements check.Store.
func (s *store) Due(ctx context.Context, at time.Time, types []string) (int, error) {
	kinds, args := sqlstore.In(types)
	n, err := sqlstore.Exec(ctx, s.db, "UPDATE monitoring_check SET next_at = ? WHERE is_active AND next_at > ? AND type IN ("+kinds+")", append([]any{moment(at), moment(at)}, args...)...)
	if err != nil {
		return 0, fmt.Errorf("make checks due: %w", err)
	}
	return n, nil
}
