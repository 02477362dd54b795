// Package webhookssql keeps webhooks and their deliveries on SQLite and
// PostgreSQL.
package webhookssql

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications/webhooks"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "webhooks", FS: migrations}
}

// New returns the stores on a migrated database. The database is their
// transactor.
func New(db *sqlstore.DB) (webhooks.Stores, error) {
	hooks, err := sqlstore.NewRepo[wispwright.ID, webhooks.Webhook, webhooks.Filter](db, sqlstore.Spec{
		Shape: webhooks.Shape(), Where: map[string]func(any) sqlstore.Cond{"OrganizationIDs": ofOrganizations},
	})
	if err != nil {
		return webhooks.Stores{}, err
	}
	repo, err := sqlstore.NewRepo[wispwright.ID, webhooks.Delivery, webhooks.DeliveryFilter](db, sqlstore.Spec{Shape: webhooks.DeliveryShape()})
	if err != nil {
		return webhooks.Stores{}, err
	}
	return webhooks.Stores{Webhooks: hooks, Deliveries: &deliveries{repo, db}}, nil
}

// ofOrganizations finds NULL for the zero ID, which no list of values finds.
func ofOrganizations(v any) sqlstore.Cond {
	keys := v.([]wispwright.ID)
	set := slices.DeleteFunc(slices.Clone(keys), wispwright.ID.IsZero)
	marks, args := sqlstore.In(set)
	c := sqlstore.Cond{SQL: "organization_id IN (" + marks + ")", Args: args}
	if len(set) < len(keys) {
		c.SQL = "(" + c.SQL + " OR organization_id IS NULL)"
	}
	return c
}

type deliveries struct {
	*sqlstore.Repo[wispwright.ID, webhooks.Delivery, webhooks.DeliveryFilter]
	db *sqlstore.DB
}

// WaitingFor implements webhooks.DeliveryStore.
func (s *deliveries) WaitingFor(ctx context.Context, webhook wispwright.ID, most int) (int, error) {
	n, err := sqlstore.Get[int](ctx, s.db, "SELECT count(*) FROM (SELECT 1 AS one FROM webhook_delivery WHERE webhook_id = ? AND state = 'waiting' LIMIT ?) AS w", webhook, most)
	if err != nil {
		return 0, fmt.Errorf("count waiting deliveries: %w", err)
	}
	return n, nil
}

// GiveUp implements webhooks.DeliveryStore.
func (s *deliveries) GiveUp(ctx context.Context, webhook wispwright.ID, reason string, now time.Time) error {
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE webhook_delivery SET state = 'failed', next_at = NULL, finished = ?, error = ? WHERE webhook_id = ? AND state = 'waiting'",
		now.UTC().Truncate(time.Microsecond), reason, webhook); err != nil {
		return fmt.Errorf("give deliveries up: %w", err)
	}
	return nil
}

// Forget implements webhooks.DeliveryStore.
func (s *deliveries) Forget(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := sqlstore.Exec(ctx, s.db, "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery WHERE created < ? ORDER BY created LIMIT ?)", before.UTC(), limit)
	if err != nil {
		return 0, fmt.Errorf("forget deliveries: %w", err)
	}
	return n, nil
}

// Thin implements webhooks.DeliveryStore: one statement for each webhook that
// has more.
func (s *deliveries) Thin(ctx context.Context, keep int) (total int, err error) {
	hooks, err := sqlstore.Select[wispwright.ID](ctx, s.db, "SELECT webhook_id FROM webhook_delivery WHERE finished IS NOT NULL GROUP BY webhook_id HAVING count(*) > ?", keep)
	if err != nil {
		return 0, fmt.Errorf("thin deliveries: %w", err)
	}
	for _, hook := range hooks {
		n, err := sqlstore.Exec(ctx, s.db, "DELETE FROM webhook_delivery WHERE webhook_id = ? AND finished IS NOT NULL AND id NOT IN "+
			"(SELECT id FROM webhook_delivery WHERE webhook_id = ? AND finished IS NOT NULL ORDER BY created DESC, id DESC LIMIT ?)", hook, hook, keep)
		if total += n; err != nil {
			return total, fmt.Errorf("thin deliveries: %w", err)
		}
	}
	return total, nil
}

// ForgetWebhook implements webhooks.DeliveryStore.
func (s *deliveries) ForgetWebhook(ctx context.Context, webhook wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM webhook_delivery WHERE webhook_id = ?", webhook); err != nil {
		return fmt.Errorf("forget deliveries: %w", err)
	}
	return nil
}
