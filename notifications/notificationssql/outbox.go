package notificationssql

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications"
)

// outbox keeps posted events.
type outbox struct {
	*sqlstore.Repo[wispwright.ID, notifications.Posted, struct{}]
	db   *sqlstore.DB
	take string
}

func newOutbox(b *sqlstore.Builder) *outbox {
	s := &outbox{Repo: sqlstore.Add[wispwright.ID, notifications.Posted, struct{}](b, sqlstore.Spec{Shape: notifications.OutboxShape()}), db: b.DB()}
	s.take = "SELECT " + s.Columns() + " FROM notification_outbox WHERE not_before <= ? ORDER BY created, id LIMIT ?"
	if s.db.Dialect() == sqlstore.Postgres {
		s.take += " FOR UPDATE SKIP LOCKED" // another node tells of those
	}
	return s
}

// Add implements notifications.OutboxStore.
func (s *outbox) Add(ctx context.Context, events ...*notifications.Posted) error {
	return s.InsertMany(ctx, events)
}

// Take implements notifications.OutboxStore.
func (s *outbox) Take(ctx context.Context, now time.Time, limit int) ([]*notifications.Posted, error) {
	rows, err := s.Query(ctx, s.take, now.UTC(), limit)
	if err != nil {
		return nil, fmt.Errorf("take posted events: %w", err)
	}
	return rows, nil
}

// Defer implements notifications.OutboxStore.
func (s *outbox) Defer(ctx context.Context, e *notifications.Posted) error {
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE notification_outbox SET attempts = ?, not_before = ? WHERE id = ?", e.Attempts, e.NotBefore.UTC().Truncate(time.Microsecond), e.ID); err != nil {
		return fmt.Errorf("put a posted event off: %w", err)
	}
	return nil
}

// Remove implements notifications.OutboxStore.
func (s *outbox) Remove(ctx context.Context, ids ...wispwright.ID) error {
	for chunk := range slices.Chunk(ids, perStatement) {
		marks, args := sqlstore.In(chunk)
		if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM notification_outbox WHERE id IN ("+marks+")", args...); err != nil {
			return fmt.Errorf("remove posted events: %w", err)
		}
	}
	return nil
}

// Waiting implements notifications.OutboxStore.
func (s *outbox) Waiting(ctx context.Context, now time.Time) (bool, error) {
	n, err := sqlstore.Get[int](ctx, s.db, "SELECT count(*) FROM (SELECT 1 AS one FROM notification_outbox WHERE not_before <= ? LIMIT 1) AS o", now.UTC())
	if err != nil {
		return false, fmt.Errorf("look for posted events: %w", err)
	}
	return n > 0, nil
}
