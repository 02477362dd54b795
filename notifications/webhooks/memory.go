package webhooks

import (
	"context"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory.
func NewMemory(m *memstore.Store) Stores {
	return Stores{
		Webhooks:   memstore.NewRepo[wispwright.ID, Webhook, Filter](m, memstore.Spec[Webhook]{Shape: Shape()}),
		Deliveries: &memoryDeliveries{memstore.NewRepo[wispwright.ID, Delivery, DeliveryFilter](m, memstore.Spec[Delivery]{Shape: DeliveryShape()}), m},
	}
}

type memoryDeliveries struct {
	*memstore.Repo[wispwright.ID, Delivery, DeliveryFilter]
	store *memstore.Store
}

// WaitingFor implements DeliveryStore.
func (s *memoryDeliveries) WaitingFor(ctx context.Context, webhook wispwright.ID, most int) (int, error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), DeliveryFilter{WebhookID: webhook, State: Waiting}, wispwright.Page{NoTotal: true, Limit: most})
	return len(found.Rows), err
}

// GiveUp implements DeliveryStore.
func (s *memoryDeliveries) GiveUp(ctx context.Context, webhook wispwright.ID, reason string, now time.Time) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		found, err := s.List(ctx, wispwright.ScopeAll(), DeliveryFilter{WebhookID: webhook, State: Waiting}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, row := range found.Rows {
			if _, err := s.Update(ctx, wispwright.ScopeAll(), row.ID, func(d *Delivery) error {
				d.State, d.NextAt, d.Finished, d.Error = Failed, nil, &now, reason
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Forget implements DeliveryStore.
func (s *memoryDeliveries) Forget(ctx context.Context, before time.Time, limit int) (int, error) {
	n := 0
	return s.DeleteWhere(ctx, func(d *Delivery) bool {
		if !d.Created.Before(before) || n >= limit {
			return false
		}
		n++
		return true
	})
}

// Thin implements DeliveryStore.
func (s *memoryDeliveries) Thin(ctx context.Context, keep int) (n int, err error) {
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		all, err := s.List(ctx, wispwright.ScopeAll(), DeliveryFilter{}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		seen, drop := map[wispwright.ID]int{}, []wispwright.ID{}
		for _, d := range all.Rows { // newest first
			if d.Finished == nil {
				continue
			}
			if seen[d.WebhookID]++; seen[d.WebhookID] > keep {
				drop = append(drop, d.ID)
			}
		}
		n, err = s.DeleteWhere(ctx, func(d *Delivery) bool { return slices.Contains(drop, d.ID) })
		return err
	})
	return n, err
}

// ForgetWebhook implements DeliveryStore.
func (s *memoryDeliveries) ForgetWebhook(ctx context.Context, webhook wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(d *Delivery) bool { return d.WebhookID == webhook })
	return err
}
