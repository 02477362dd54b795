package connectionsql

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

type commands struct {
	*sqlstore.Repo[wispwright.ID, connection.Command, connection.CommandFilter]
	db *sqlstore.DB
}

// Progress implements connection.CommandStore: one statement, which finds nothing
// once the command is done.
func (s *commands) Progress(ctx context.Context, id wispwright.ID, output string, now time.Time) (cancelled bool, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if cancelled, err = sqlstore.Get[bool](ctx, s.db, "SELECT cancelled FROM connection_command WHERE id = ?", id); err != nil {
			return fmt.Errorf("progress of a command: %w", err)
		}
		if _, err := sqlstore.Exec(ctx, s.db, "UPDATE connection_command SET output = ?, modified = ? WHERE id = ? AND status = ? AND output <> ?",
			output, now.UTC().Truncate(time.Microsecond), id, string(connection.InProgress), output); err != nil {
			return fmt.Errorf("progress of a command: %w", err)
		}
		return nil
	})
	return cancelled, err
}

// Counts implements connection.CommandStore.
func (s *commands) Counts(ctx context.Context, batch wispwright.ID) (n connection.CommandCounts, err error) {
	type row struct {
		Status string
		Queued bool
		N      int
	}
	rows, err := sqlstore.Select[row](ctx, s.db, "SELECT status, queued IS NOT NULL AS queued, count(*) AS n FROM connection_command WHERE batch_id = ? GROUP BY status, queued IS NOT NULL", batch)
	if err != nil {
		return n, fmt.Errorf("count commands: %w", err)
	}
	for _, r := range rows {
		switch {
		case r.Status == string(connection.Success):
			n.Success += r.N
		case r.Status == string(connection.Failed):
			n.Failed += r.N
		case r.Queued:
			n.Running += r.N
		default:
			n.Waiting += r.N
		}
	}
	return n, nil
}

// Outcomes implements connection.CommandStore.
func (s *commands) Outcomes(ctx context.Context, batch wispwright.ID, limit int) (out []connection.Outcome, err error) {
	type row struct {
		Status, Digest string
		N              int
		ID             wispwright.ID
	}
	first := "min(" + s.db.Dialect().Text("id") + ")"
	rows, err := sqlstore.Select[row](ctx, s.db, "SELECT status, output_digest AS digest, count(*) AS n, "+first+" AS id FROM connection_command WHERE batch_id = ? AND status <> ?"+
		" GROUP BY status, output_digest ORDER BY count(*) DESC, status, output_digest LIMIT ?", batch, string(connection.InProgress), limit)
	if err != nil {
		return nil, fmt.Errorf("group commands: %w", err)
	}
	for _, r := range rows {
		out = append(out, connection.Outcome{Status: connection.CommandStatus(r.Status), Digest: r.Digest, Count: r.N, CommandID: r.ID})
	}
	return out, nil
}

// Targets implements connection.CommandStore.
func (s *commands) Targets(ctx context.Context, batch wispwright.ID, status connection.CommandStatus) ([]wispwright.ID, error) {
	query, args := "SELECT DISTINCT device_id FROM connection_command WHERE batch_id = ?", []any{batch}
	if status != "" {
		query, args = query+" AND status = ?", append(args, string(status))
	}
	ids, err := sqlstore.Select[wispwright.ID](ctx, s.db, query+" ORDER BY device_id", args...)
	if err != nil {
		return nil, fmt.Errorf("devices of a batch: %w", err)
	}
	return ids, nil
}

// Forget implements connection.CommandStore.
func (s *commands) Forget(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := sqlstore.Exec(ctx, s.db, "DELETE FROM connection_command WHERE id IN (SELECT id FROM connection_command WHERE created < ? AND status <> ? ORDER BY created LIMIT ?)",
		before.UTC().Truncate(time.Microsecond), string(connection.InProgress), limit)
	if err != nil {
		return 0, fmt.Errorf("forget commands: %w", err)
	}
	return n, nil
}

// ForgetDevices implements connection.CommandStore.
func (s *commands) ForgetDevices(ctx context.Context, devices ...wispwright.ID) error {
	return forget(ctx, s.db, "connection_command", devices)
}

// Leave implements connection.CommandStore.
func (s *commands) Leave(ctx context.Context, list ...wispwright.ID) error {
	for chunk := range slices.Chunk(list, perStatement) {
		marks, args := sqlstore.In(chunk)
		if _, err := sqlstore.Exec(ctx, s.db, "UPDATE connection_command SET connection_id = NULL WHERE connection_id IN ("+marks+")", args...); err != nil {
			return fmt.Errorf("take connections out of commands: %w", err)
		}
	}
	return nil
}

// Move implements connection.CommandStore.
func (s *commands) Move(ctx context.Context, device, organization wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE connection_command SET organization_id = ? WHERE device_id = ?", organization, device); err != nil {
		return fmt.Errorf("move commands: %w", err)
	}
	return nil
}
