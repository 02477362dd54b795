// Package webhookstest checks that a storage keeps everything webhooks rely on.
// Any implementation of their stores must pass Run.
package webhookstest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/notifications/webhooks"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores webhooks.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

func all() wispwright.Scope { return wispwright.ScopeAll() }

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xcd, 0x40, byte(n>>8), byte(n)
	return out
}

// at is a moment in the exactness of storages.
func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456000, time.UTC).Add(time.Duration(n) * time.Minute)
}

func hook(n, organization int) *webhooks.Webhook {
	until := at(n)
	return &webhooks.Webhook{ID: id(n), OrganizationID: id(9000 + organization), Name: fmt.Sprintf("Hook %d", n), URL: wispwright.Secret(fmt.Sprintf("https://example.org/%d", n)),
		Format: webhooks.Slack, Room: "!r", Token: "t", Events: []string{"a", "b"}, Enabled: n%2 == 0, Secret: "whsec_x", OldSecret: "old", OldSecretUntil: &until,
		Failures: n, FailingSince: &until, Paused: &until, PauseReason: "why", Created: at(n), Modified: at(n + 1)}
}

func delivery(n, webhook int) *webhooks.Delivery {
	next := at(n)
	d := &webhooks.Delivery{ID: id(1000 + n), WebhookID: id(webhook), OrganizationID: id(9000), EventID: id(2000 + n), Event: fmt.Sprintf("event.%d", n%2), Message: `{"a":"b"}`,
		State: webhooks.Waiting, Attempts: n, NextAt: &next, Status: 200, Took: time.Duration(n) * time.Millisecond, Request: "POST", Answer: "ok", Error: "e", Created: at(n)}
	if n%2 == 1 {
		d.State, d.NextAt, d.Finished = webhooks.Delivered, nil, &next
	}
	return d
}

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("webhooks", func(t *testing.T) { RunWebhooks(t, h) })
	t.Run("deliveries", func(t *testing.T) { RunDeliveries(t, h) })
}

// RunWebhooks checks the store of webhooks.
func RunWebhooks(t *testing.T, h Harness) {
	s := h(t)
	yes := true
	storetest.RunRepo[wispwright.ID, webhooks.Webhook, webhooks.Filter](t, s.Stores.Webhooks, storetest.Sample[wispwright.ID, webhooks.Webhook, webhooks.Filter]{
		Tx: s.Tx, New: hook, Key: func(w *webhooks.Webhook) wispwright.ID { return w.ID }, Mutate: func(w *webhooks.Webhook) { w.Room += "!" }, Missing: id(999),
		Organizations: []wispwright.ID{id(9000), id(9001)}, Orders: []string{"Name", "Created"},
		Uniques: map[string]func(*webhooks.Webhook) *webhooks.Webhook{"webhook_name": func(first *webhooks.Webhook) *webhooks.Webhook {
			w := *first
			w.ID = id(998)
			return &w
		}},
		Filters: map[string]storetest.Filter[webhooks.Webhook, webhooks.Filter]{
			"organization":  {Filter: webhooks.Filter{OrganizationID: id(9001)}, Selects: func(w *webhooks.Webhook) bool { return w.OrganizationID == id(9001) }},
			"organizations": {Filter: webhooks.Filter{OrganizationIDs: wispwright.Only(id(9000))}, Selects: func(w *webhooks.Webhook) bool { return w.OrganizationID == id(9000) }},
			"enabled":       {Filter: webhooks.Filter{Enabled: &yes}, Selects: func(w *webhooks.Webhook) bool { return w.Enabled }},
			"format":        {Filter: webhooks.Filter{Format: webhooks.Teams}, Selects: func(*webhooks.Webhook) bool { return false }},
		},
		Search: &storetest.Search[webhooks.Webhook, webhooks.Filter]{
			Put: func(w *webhooks.Webhook, text string) { w.Name = text }, Filter: func(text string) webhooks.Filter { return webhooks.Filter{Search: text} },
		},
	})
	t.Run("of no organization", func(t *testing.T) {
		s := h(t)
		w := hook(50, 0)
		w.OrganizationID = wispwright.ID{}
		require.NoError(t, s.Stores.Webhooks.Insert(context.Background(), w))
		require.NoError(t, s.Stores.Webhooks.Insert(context.Background(), hook(51, 0)))
		found, err := s.Stores.Webhooks.List(context.Background(), all(), webhooks.Filter{OrganizationIDs: wispwright.Only(wispwright.ID{})}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, found.Rows, 1)
		require.Equal(t, w, found.Rows[0])
	})
}

// RunDeliveries checks the store of deliveries.
func RunDeliveries(t *testing.T, h Harness) {
	ctx := context.Background()
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		storetest.RunRepo[wispwright.ID, webhooks.Delivery, webhooks.DeliveryFilter](t, s.Stores.Deliveries, storetest.Sample[wispwright.ID, webhooks.Delivery, webhooks.DeliveryFilter]{
			Tx: s.Tx, New: func(n, _ int) *webhooks.Delivery { return delivery(n, n%3) }, Key: func(d *webhooks.Delivery) wispwright.ID { return d.ID },
			Mutate: func(d *webhooks.Delivery) { d.Answer += "!" }, Missing: id(999), Orders: []string{"Created"},
			Filters: map[string]storetest.Filter[webhooks.Delivery, webhooks.DeliveryFilter]{
				"webhook": {Filter: webhooks.DeliveryFilter{WebhookID: id(1)}, Selects: func(d *webhooks.Delivery) bool { return d.WebhookID == id(1) }},
				"state":   {Filter: webhooks.DeliveryFilter{State: webhooks.Delivered}, Selects: func(d *webhooks.Delivery) bool { return d.State == webhooks.Delivered }},
				"event":   {Filter: webhooks.DeliveryFilter{Event: "event.1"}, Selects: func(d *webhooks.Delivery) bool { return d.Event == "event.1" }},
			},
		})
	})
	ids := func(t *testing.T, s Storage) (out []wispwright.ID) {
		t.Helper()
		found, err := s.Stores.Deliveries.List(ctx, all(), webhooks.DeliveryFilter{}, wispwright.Page{})
		require.NoError(t, err)
		for _, d := range found.Rows {
			out = append(out, d.ID)
		}
		return out
	}
	t.Run("many", func(t *testing.T) {
		s := h(t)
		var list []*webhooks.Delivery
		for n := range 10 {
			list = append(list, delivery(n, n%2*5))
		}
		require.NoError(t, s.Stores.Deliveries.InsertMany(ctx, list))
		n, err := s.Stores.Deliveries.WaitingFor(ctx, id(0), 100)
		require.NoError(t, err)
		require.Equal(t, 5, n)
		n, err = s.Stores.Deliveries.WaitingFor(ctx, id(0), 3)
		require.NoError(t, err)
		require.Equal(t, 3, n, "no more than is asked for")
		n, err = s.Stores.Deliveries.WaitingFor(ctx, id(5), 3)
		require.NoError(t, err)
		require.Zero(t, n)

		require.NoError(t, s.Stores.Deliveries.GiveUp(ctx, id(0), "over", at(99)))
		d, err := s.Stores.Deliveries.Get(ctx, all(), id(1004))
		require.NoError(t, err)
		require.Equal(t, webhooks.Failed, d.State)
		require.Equal(t, "over", d.Error)
		require.Nil(t, d.NextAt)
		require.Equal(t, at(99), *d.Finished)
		d, err = s.Stores.Deliveries.Get(ctx, all(), id(1003))
		require.NoError(t, err)
		require.Equal(t, webhooks.Delivered, d.State)

		n, err = s.Stores.Deliveries.Thin(ctx, 3)
		require.NoError(t, err)
		require.Equal(t, 4, n, "two of each")
		require.ElementsMatch(t, []wispwright.ID{id(1009), id(1007), id(1005), id(1008), id(1006), id(1004)}, ids(t, s))
		n, err = s.Stores.Deliveries.Forget(ctx, at(7), 2)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		n, err = s.Stores.Deliveries.Forget(ctx, at(7), 5)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.NoError(t, s.Stores.Deliveries.ForgetWebhook(ctx, id(5)))
		require.ElementsMatch(t, []wispwright.ID{id(1008)}, ids(t, s))
	})
}
