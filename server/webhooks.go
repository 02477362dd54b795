package server

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
	"github.com/wispwright/wispwright/notifications/webhooks/webhookshttp"
	"github.com/wispwright/wispwright/notifications/webhooks/webhookssql"
	"github.com/wispwright/wispwright/server/jobs"
)

const (
	webhookKind    = "openwisp_notifications.webhook"
	typeEventBegin = "notification." // before the name of a type
)

// hooks makes the webhooks, before the notifications whose channel they are.
func (n *NotificationsConcern) hooks(h *Host, types *notifications.Types) error {
	stores, err := webhookssql.New(h.DB())
	if err != nil {
		return err
	}
	events := append(webhookEvents(h), n.Offers...)
	for _, name := range types.Names() {
		t, err := types.Get(name)
		if err != nil {
			return err
		}
		events = append(events, webhooks.Event{Name: typeEventBegin + name, Label: "Notification: " + t.Label})
	}
	allowed := make([]netip.Prefix, 0, len(n.Config.WebhookNetworks))
	for _, text := range n.Config.WebhookNetworks {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return err // Check has said so
		}
		allowed = append(allowed, p)
	}
	kind := jobs.Kind[wispwright.ID]{Name: "webhooks.send", Queue: "webhooks", Timeout: n.Config.WebhookTimeout + 30*time.Second}
	base := &entity.Base{Tx: h.DB(), Recorder: n.Tenancy.Trail, Tenants: n.Tenancy.Organizations}
	n.Webhooks, err = webhooks.New(base, stores, webhooks.Options{
		Events: events, Source: n.Tenancy.Config.SiteURL, Bus: h.DB(), Allowed: allowed, Agent: "Wispwright/" + h.Build(), Timeout: n.Config.WebhookTimeout,
		PauseAfter: n.Config.WebhookPauseAfter, MostWaiting: n.Config.WebhookMostWaiting, Log: h.Log(),
		Send:   func(ctx context.Context, ids ...wispwright.ID) error { return kind.Insert(ctx, h.Jobs(), ids...) },
		Paused: n.paused,
	})
	if err != nil {
		return err
	}
	h.Jobs().Add(kind.Handle(func(ctx context.Context, id wispwright.ID) error {
		again, err := n.Webhooks.Send(ctx, id)
		if err == nil && again > 0 {
			return jobs.Later(again)
		}
		return err
	}))
	wire, err := webhookshttp.New(n.Webhooks)
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	h.Watchable(webhookKind)
	n.Webhooks.Changed.Subscribe("live: "+webhookKind, func(ctx context.Context, list ...entity.Change[webhooks.Webhook]) {
		for _, c := range list {
			h.changes.tell(ctx, webhookKind, liveOwner(c.Object().OrganizationID), []string{c.Object().ID.String()})
		}
	})
	n.Webhooks.Delivered.Subscribe("live: "+webhookKind, func(ctx context.Context, list ...*webhooks.Delivery) {
		for _, d := range list {
			h.changes.tell(ctx, webhookKind, liveOwner(d.OrganizationID), []string{d.WebhookID.String()})
		}
	})
	h.Daily("webhooks.clean", func(ctx context.Context) error {
		_, err := n.Webhooks.Clean(ctx, n.Config.WebhookAge, n.Config.WebhookKeep)
		return err
	})
	return n.Webhooks.Start(h.Lifetime())
}

// paused tells people that a webhook was given up.
func (n *NotificationsConcern) paused(ctx context.Context, w *webhooks.Webhook) error {
	hook := notifications.Ref{Kind: webhookKind, ID: w.ID.String()}
	return n.Post(ctx, notifications.Event{Type: "webhook_paused", Actor: hook, Target: hook, Data: map[string]any{"reason": w.PauseReason}})
}

// webhookTypes are the notifications about webhooks themselves.
func webhookTypes() []notifications.Type {
	return []notifications.Type{{Name: "webhook_paused", Label: "Webhook PAUSED", Level: notifications.Warning, Verb: "was paused", Models: []string{webhookKind},
		Subject: `[{site.name}] PROBLEM: webhook "{notification.target}" {notification.verb}`,
		Message: "The webhook [{notification.target}]({notification.target_link}) {notification.verb}: {reason}"}}
}

// describeHooks describes webhooks.
func (n *NotificationsConcern) describeHooks(into notifications.Objects) {
	find := ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) (out []*webhooks.Webhook, err error) {
		keys, _ := ids.Keys()
		for _, id := range keys {
			w, err := n.Webhooks.Get(ctx, everyone(), id)
			switch {
			case err == nil:
				out = append(out, w)
			case !errors.Is(err, wispwright.ErrNotFound):
				return nil, err
			}
		}
		return out, nil
	})
	into[webhookKind] = func(ctx context.Context, keys []string) (map[string]notifications.Object, error) {
		found, err := find(ctx, keys)
		out := make(map[string]notifications.Object, len(found))
		for _, w := range found {
			out[w.ID.String()] = notifications.Object{Label: w.Name, Path: pageAt(webhookKind, w.ID.String()), OrganizationID: w.OrganizationID}
		}
		return out, err
	}
}

// hookChannel tells webhooks what people are told.
type hookChannel struct{ n *NotificationsConcern }

// Name implements notifications.Channel.
func (hookChannel) Name() string { return "webhook" }

// Tell implements notifications.Channel. What is addressed to particular people
// is not told to a whole organization.
func (c hookChannel) Tell(ctx context.Context, told ...notifications.Told) error {
	var messages []webhooks.Message
	for i := range told {
		t := &told[i]
		if t.Addressed {
			continue
		}
		wanted, err := c.n.Webhooks.Wanted(ctx, typeEventBegin+t.Type, t.OrganizationID)
		if err != nil {
			return err
		}
		if !wanted {
			continue
		}
		words, err := t.Words()
		if err != nil {
			c.n.log.WarnContext(ctx, "a notification cannot be worded for webhooks", "type", t.Type, "error", err)
			continue
		}
		messages = append(messages, message(t, words))
	}
	return c.n.Webhooks.Post(ctx, messages...)
}

// message is a notification as webhooks tell it.
func message(t *notifications.Told, words *notifications.Rendered) webhooks.Message {
	m := webhooks.Message{
		ID: t.ID, Name: typeEventBegin + t.Type, OrganizationID: t.OrganizationID, Time: t.Timestamp, Level: string(t.Level), Title: words.Subject,
		Text: notifications.PlainText(words.Message), Data: map[string]any{"notification_type": t.Type, "verb": t.Verb},
	}
	if words.Description != "" {
		m.Text += "\n" + notifications.PlainText(words.Description)
	}
	if words.TargetURL != "#" {
		m.URL = words.TargetURL
	}
	for name, ref := range map[string]notifications.Ref{"actor": t.Actor, "target": t.Target, "action_object": t.Action} {
		if ref.IsZero() {
			continue
		}
		m.Data[name] = map[string]any{"kind": ref.Kind, "id": ref.ID, "name": t.Objects[ref].Label}
		if name == "target" {
			m.Subject = ref.Kind + "/" + ref.ID
		}
	}
	return m
}

// Offer tells webhooks of a topic, within the transactions that publish it: what
// was committed is told, whatever becomes of this process. one makes the messages
// of an event, whose names must be among NotificationsConcern.Offers or the
// product's. It is called for events that no webhook wants too, so it should be
// quick; Webhooks.Wanted asks first where making a message takes long.
func Offer[E any](n *NotificationsConcern, topic *event.Topic[E], one func(ctx context.Context, e E) []webhooks.Message) {
	topic.Within("webhooks", func(ctx context.Context, events ...E) error {
		var all []webhooks.Message
		for _, e := range events {
			all = append(all, one(ctx, e)...)
		}
		return n.Webhooks.Post(ctx, all...)
	})
}

// liveOwner is whose a webhook is in live messages: what is
// nobody's hears of everybody's events, so that only superusers see it.
func liveOwner(organization wispwright.ID) string {
	if organization.IsZero() {
		return nobodys
	}
	return organization.String()
}
