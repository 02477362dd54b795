package webhooks_test

import (
	"context"
	"testing"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/notifications/webhooks"
	"github.com/wispwright/wispwright/notifications/webhooks/webhookstest"
)

type (
	hookStore     struct{ webhooks.Store }
	deliveryStore struct{ webhooks.DeliveryStore }
)

// shared lists those of no organization to everybody who asks for some.
type shared struct{ hookStore }

func (s shared) List(ctx context.Context, scope wispwright.Scope, f webhooks.Filter, p wispwright.Page) (wispwright.Items[webhooks.Webhook], error) {
	f.OrganizationIDs = wispwright.Among[wispwright.ID]{}
	return s.Store.List(ctx, scope, f, p)
}

// open forgets how long an old secret signs.
type open struct{ hookStore }

func (s open) Insert(ctx context.Context, w *webhooks.Webhook) error {
	if err := s.Store.Insert(ctx, w); err != nil {
		return err
	}
	_, err := s.Update(ctx, wispwright.ScopeAll(), w.ID, func(w *webhooks.Webhook) error { w.OldSecretUntil = nil; return nil })
	return err
}

// endless counts more than is asked for.
type endless struct{ deliveryStore }

func (s endless) WaitingFor(ctx context.Context, webhook wispwright.ID, _ int) (int, error) {
	return s.DeliveryStore.WaitingFor(ctx, webhook, 1000)
}

// all counts what does not wait too.
type all struct{ deliveryStore }

func (s all) WaitingFor(ctx context.Context, webhook wispwright.ID, most int) (int, error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), webhooks.DeliveryFilter{WebhookID: webhook}, wispwright.Page{Limit: most})
	return len(found.Rows), err
}

// stubborn gives nothing up.
type stubborn struct{ deliveryStore }

func (stubborn) GiveUp(context.Context, wispwright.ID, string, time.Time) error { return nil }

// hasty thins what waits too.
type hasty struct{ deliveryStore }

func (s hasty) Thin(ctx context.Context, keep int) (int, error) {
	return s.DeliveryStore.Thin(ctx, keep-1)
}

// hoarding forgets nothing.
type hoarding struct{ deliveryStore }

func (hoarding) Forget(_ context.Context, _ time.Time, limit int) (int, error) { return limit, nil }

// clinging keeps what belongs to a webhook that is gone.
type clinging struct{ deliveryStore }

func (clinging) ForgetWebhook(context.Context, wispwright.ID) error { return nil }

// half stores the first of several.
type half struct{ deliveryStore }

func (s half) InsertMany(ctx context.Context, list []*webhooks.Delivery) error {
	return s.DeliveryStore.InsertMany(ctx, list[:len(list)/2])
}

// The suite fails for each of them.
func TestBrokenStoragesFail(t *testing.T) {
	broken := map[string]func(*testing.T){}
	for name, spoil := range map[string]func(*webhooks.Stores){
		"shared":   func(s *webhooks.Stores) { s.Webhooks = shared{hookStore{s.Webhooks}} },
		"open":     func(s *webhooks.Stores) { s.Webhooks = open{hookStore{s.Webhooks}} },
		"endless":  func(s *webhooks.Stores) { s.Deliveries = endless{deliveryStore{s.Deliveries}} },
		"all":      func(s *webhooks.Stores) { s.Deliveries = all{deliveryStore{s.Deliveries}} },
		"stubborn": func(s *webhooks.Stores) { s.Deliveries = stubborn{deliveryStore{s.Deliveries}} },
		"hasty":    func(s *webhooks.Stores) { s.Deliveries = hasty{deliveryStore{s.Deliveries}} },
		"hoarding": func(s *webhooks.Stores) { s.Deliveries = hoarding{deliveryStore{s.Deliveries}} },
		"clinging": func(s *webhooks.Stores) { s.Deliveries = clinging{deliveryStore{s.Deliveries}} },
		"half":     func(s *webhooks.Stores) { s.Deliveries = half{deliveryStore{s.Deliveries}} },
	} {
		broken[name] = func(t *testing.T) {
			webhookstest.Run(t, func(*testing.T) webhookstest.Storage {
				m := memstore.New()
				stores := webhooks.NewMemory(m)
				spoil(&stores)
				return webhookstest.Storage{Tx: m, Stores: stores}
			})
		}
	}
	storetest.MustFail(t, broken)
}
