package server

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/notifications/webhooks"
)

// verbs are what happens to objects, as names of events and in sentences.
var verbs = []struct{ action, name, sentence string }{{"add", "added", "was added"}, {"change", "changed", "was changed"}, {"delete", "deleted", "was deleted"}}

// webhookEvents are the events of the concerns beside the types of
// notifications.
func webhookEvents(h *Host) (events []webhooks.Event) {
	for _, k := range h.kinds() {
		if k.event == "" {
			continue
		}
		for _, v := range verbs {
			events = append(events, webhooks.Event{Name: k.event + "." + v.name, Label: k.label + " " + v.sentence})
		}
	}
	for _, c := range h.told() {
		events = append(events, c.WebhookEvents()...)
	}
	return events
}

// offerChanges tells webhooks of objects that were added, changed or deleted.
func offerChanges[T any](n *NotificationsConcern, k Kind, changed *event.Topic[entity.Change[T]], of func(*T) Subject) {
	Offer(n, changed, func(ctx context.Context, c entity.Change[T]) []webhooks.Message {
		s := of(c.Object())
		for _, v := range verbs {
			if v.action != c.Action() {
				continue
			}
			name := k.event + "." + v.name
			if wanted, err := n.Webhooks.Wanted(ctx, name, s.OrganizationID); err == nil && !wanted {
				return nil
			}
			m := n.Message(k.name, s, name, "info", k.label+" "+quoted(s.Name)+v.sentence)
			if v.action == "change" {
				var fields []string
				for _, f := range wispwright.Compare(c.Before, c.After) {
					fields = append(fields, f.Field)
				}
				if len(fields) == 0 {
					return nil
				}
				m.Data["fields"] = fields
			}
			return []webhooks.Message{m}
		}
		return nil
	})
}

func quoted(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("%q ", name)
}

// Message is what webhooks are told of an object of a kind, for Offer: name is
// the event's, level one of notifications.Level. Data may be added to.
func (n *NotificationsConcern) Message(kind string, s Subject, name, level, title string) webhooks.Message {
	data := map[string]any{"kind": kind, "id": s.ID, "name": s.Name}
	for k, v := range s.More {
		data[k] = v
	}
	m := webhooks.Message{Name: name, OrganizationID: s.OrganizationID, Subject: kind + "/" + s.ID, Level: level, Title: title, Data: map[string]any{"object": data}}
	if n.pages[kind] {
		m.URL = n.Tenancy.Config.SiteURL + pageAt(kind, s.ID)
	}
	return m
}
