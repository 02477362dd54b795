package connectionsql

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the concern's tables; run them with
// sqlstore.DB.Migrate after those of controllersql and before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "connection", FS: migrations}
}

// New returns the concern's stores on a migrated database. The database is
// their transactor.
func New(db *sqlstore.DB) (connection.Stores, error) {
	b := sqlstore.Build(db)
	stores := connection.Stores{
		Credentials: sqlstore.Add[wispwright.ID, connection.Credentials, connection.CredentialsFilter](b, sqlstore.Spec{Shape: connection.Credentials{}.Shape()}),
		Connections: &connections{db: db, Repo: sqlstore.Add[wispwright.ID, connection.DeviceConnection, connection.DeviceConnectionFilter](b, sqlstore.Spec{
			Shape: connection.DeviceConnection{}.Shape(),
			Where: map[string]func(any) sqlstore.Cond{
				"Connector": func(v any) sqlstore.Cond {
					return sqlstore.Cond{SQL: "credentials_id IN (SELECT id FROM connection_credentials WHERE connector = ?)", Args: []any{v}}
				},
				"Connectors": func(v any) sqlstore.Cond {
					marks, args := sqlstore.In(v.([]string))
					return sqlstore.Cond{SQL: "credentials_id IN (SELECT id FROM connection_credentials WHERE connector IN (" + marks + "))", Args: args}
				},
			},
		})},
		Batches: sqlstore.Add[wispwright.ID, connection.Batch, connection.BatchFilter](b, sqlstore.Spec{Shape: connection.Batch{}.Shape()}),
		Commands: &commands{db: db, Repo: sqlstore.Add[wispwright.ID, connection.Command, connection.CommandFilter](b, sqlstore.Spec{
			Shape: connection.Command{}.Shape(),
			Where: map[string]func(any) sqlstore.Cond{
				"Waiting": func(v any) sqlstore.Cond {
					if v.(bool) {
						return sqlstore.Cond{SQL: "queued IS NULL"}
					}
					return sqlstore.Cond{SQL: "queued IS NOT NULL"}
				},
			},
		})},
		Pushes: &pushes{db: db, Repo: sqlstore.Add[wispwright.ID, connection.Push, connection.PushFilter](b, sqlstore.Spec{Shape: connection.Push{}.Shape()})},
	}
	return stores, b.Err()
}

// perStatement is how many rows or ids one statement carries.
const perStatement = 500

type connections struct {
	*sqlstore.Repo[wispwright.ID, connection.DeviceConnection, connection.DeviceConnectionFilter]
	db *sqlstore.DB
}

// AddMissing implements connection.DeviceConnectionStore.
func (s *connections) AddMissing(ctx context.Context, list []*connection.DeviceConnection) (n int, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		n = 0
		for chunk := range slices.Chunk(list, perStatement) {
			var all []any
			var rows []string
			for _, c := range chunk {
				args, err := s.Args(c)
				if err != nil {
					return err
				}
				marks, _ := sqlstore.In(args)
				all, rows = append(all, args...), append(rows, "("+marks+")")
			}
			added, err := sqlstore.Exec(ctx, s.db, "INSERT INTO connection_device ("+s.Columns()+") VALUES "+strings.Join(rows, ", ")+
				" ON CONFLICT (device_id, credentials_id) DO NOTHING", all...)
			if err != nil {
				return fmt.Errorf("add connections: %w", err)
			}
			n += added
		}
		return nil
	})
	return n, err
}

type pushes struct {
	*sqlstore.Repo[wispwright.ID, connection.Push, connection.PushFilter]
	db *sqlstore.DB
}

// Request implements connection.PushStore.
func (s *pushes) Request(ctx context.Context, now time.Time, devices ...wispwright.ID) error {
	now = now.UTC().Truncate(time.Microsecond)
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for chunk := range slices.Chunk(devices, perStatement) {
			args := make([]any, 0, 3*len(chunk))
			for _, id := range chunk {
				args = append(args, id, string(connection.PushWaiting), now)
			}
			rows := strings.TrimSuffix(strings.Repeat("(?, ?, ?, 0, ''), ", len(chunk)), ", ")
			if _, err := sqlstore.Exec(ctx, s.db, "INSERT INTO connection_push (device_id, state, requested, attempts, reason) VALUES "+rows+
				" ON CONFLICT (device_id) DO UPDATE SET state = excluded.state, requested = excluded.requested, attempts = 0, next_attempt = NULL", args...); err != nil {
				return fmt.Errorf("request pushes: %w", err)
			}
		}
		return nil
	})
}

// Due implements connection.PushStore.
func (s *pushes) Due(ctx context.Context, at, forgotten time.Time, limit int) ([]wispwright.ID, error) {
	ids, err := sqlstore.Select[wispwright.ID](ctx, s.db, "SELECT device_id FROM connection_push WHERE next_attempt <= ? AND state = ? ORDER BY next_attempt, device_id LIMIT ?",
		at.UTC().Truncate(time.Microsecond), string(connection.PushWaiting), limit)
	if err != nil {
		return nil, fmt.Errorf("find due pushes: %w", err)
	}
	if len(ids) >= limit {
		return ids, nil
	}
	// the state is written out, so that the small index is used
	lost, err := sqlstore.Select[wispwright.ID](ctx, s.db, "SELECT device_id FROM connection_push WHERE next_attempt IS NULL AND state = 'waiting' AND requested <= ? ORDER BY requested, device_id LIMIT ?",
		forgotten.UTC().Truncate(time.Microsecond), limit-len(ids))
	if err != nil {
		return nil, fmt.Errorf("find forgotten pushes: %w", err)
	}
	return append(ids, lost...), nil
}

// ForgetDevices implements connection.PushStore.
func (s *pushes) ForgetDevices(ctx context.Context, devices ...wispwright.ID) error {
	return forget(ctx, s.db, "connection_push", devices)
}

func forget(ctx context.Context, db *sqlstore.DB, table string, devices []wispwright.ID) error {
	for chunk := range slices.Chunk(devices, perStatement) {
		marks, args := sqlstore.In(chunk)
		if _, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table+" WHERE device_id IN ("+marks+")", args...); err != nil {
			return fmt.Errorf("clear %s: %w", table, err)
		}
	}
	return nil
}
