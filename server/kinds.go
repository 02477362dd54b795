package server

import (
	"context"
	"fmt"
	"strconv"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
)

// WithKinds is a concern whose objects others hear of: pages that watch them,
// webhooks, people.
type WithKinds interface {
	// Kinds are the kinds of objects. It is called after Mount.
	Kinds() []Kind
}

// WithNotifications is a concern that tells people and webhooks of more than
// changes of its objects. It must stand before the notifications in the list of
// concerns.
type WithNotifications interface {
	// NotificationTypes are what people are told of.
	NotificationTypes() []notifications.Type
	// WebhookEvents are what webhooks are told of beside those types and the
	// changes of objects.
	WebhookEvents() []webhooks.Event
	// Notify connects the concern's events: people are told with n.Post in the
	// transaction that causes it, webhooks with Offer. The lines it returns are
	// connected when everything is mounted.
	Notify(n *NotificationsConcern) []Wire
}

// Subject is what is said of an object.
type Subject struct {
	// OrganizationID is whose it is; zero for nobody's.
	OrganizationID wispwright.ID
	// ID is its key, Name what people call it.
	ID, Name string
	// More is what webhooks are told beside; no secrets.
	More map[string]any
}

// KindOptions say how others hear of a kind of objects.
type KindOptions[T any] struct {
	// Kind is its name in permissions and paths of the admin: "config.device".
	Kind string
	// Event begins the names of events of webhooks, "device" that of
	// "device.added"; Label is it in sentences. Without an Event webhooks are not
	// told.
	Event, Label string
	// Changed tells of changes.
	Changed *event.Topic[entity.Change[T]]
	// Subject is what is said of one.
	Subject func(*T) Subject
	// Find finds objects by their keys, so that notifications can name them; see
	// ByID and ByNumber. Describe is for those that are called and shown in a way
	// of their own. Without either they cannot.
	Find     func(ctx context.Context, keys []string) ([]*T, error)
	Describe notifications.Describer
	// Unwatched says that the concern lets pages watch them in a way of its own.
	Unwatched bool
}

// Kind is one kind of a concern's objects; make it with NewKind.
type Kind struct {
	name, event, label string
	watch              func(h *Host)
	offer              func(n *NotificationsConcern, k Kind)
	forget             func(n *NotificationsConcern)
	describe           notifications.Describer
}

// NewKind makes a kind: pages may watch its objects at /ws/live/, webhooks are
// told when one is added, changed or deleted, notifications name it and end with
// it.
func NewKind[T any](o KindOptions[T]) Kind {
	k := Kind{name: o.Kind, event: o.Event, label: o.Label}
	k.watch = func(h *Host) {
		if !o.Unwatched {
			Watched(h, o.Kind, o.Changed, func(t *T) (wispwright.ID, string) {
				s := o.Subject(t)
				return s.OrganizationID, s.ID
			})
		}
	}
	k.offer = func(n *NotificationsConcern, k Kind) { offerChanges(n, k, o.Changed, o.Subject) }
	k.describe = o.Describe
	if o.Find != nil {
		k.describe = o.found
	}
	if k.describe == nil {
		return k
	}
	k.forget = func(n *NotificationsConcern) {
		o.Changed.Within("notifications: what was said of it", func(ctx context.Context, list ...entity.Change[T]) error {
			var refs []notifications.Ref
			for _, c := range list {
				if c.After == nil {
					refs = append(refs, notifications.Ref{Kind: o.Kind, ID: o.Subject(c.Before).ID})
				}
			}
			if len(refs) == 0 {
				return nil
			}
			return n.ForgetObjects(ctx, refs...)
		})
	}
	return k
}

// found describes objects that are called by their names and have pages of their
// own.
func (o *KindOptions[T]) found(ctx context.Context, keys []string) (map[string]notifications.Object, error) {
	rows, err := o.Find(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", o.Kind, err)
	}
	out := make(map[string]notifications.Object, len(rows))
	for _, row := range rows {
		s := o.Subject(row)
		out[s.ID] = notifications.Object{Label: s.Name, Path: pageAt(o.Kind, s.ID), OrganizationID: s.OrganizationID}
	}
	return out, nil
}

// ByID makes KindOptions.Find of a list whose filter takes ids.
func ByID[T any](list func(ctx context.Context, ids wispwright.Among[wispwright.ID]) ([]*T, error)) func(context.Context, []string) ([]*T, error) {
	return func(ctx context.Context, keys []string) ([]*T, error) {
		ids := make([]wispwright.ID, 0, len(keys))
		for _, key := range keys {
			if id, err := wispwright.ParseID(key); err == nil {
				ids = append(ids, id)
			}
		}
		return list(ctx, wispwright.Only(ids...))
	}
}

// ByNumber makes KindOptions.Find of a list whose filter takes numbers.
func ByNumber[T any](list func(ctx context.Context, ids wispwright.Among[int64]) ([]*T, error)) func(context.Context, []string) ([]*T, error) {
	return func(ctx context.Context, keys []string) ([]*T, error) {
		ids := make([]int64, 0, len(keys))
		for _, key := range keys {
			if id, err := strconv.ParseInt(key, 10, 64); err == nil {
				ids = append(ids, id)
			}
		}
		return list(ctx, wispwright.Only(ids...))
	}
}

// kinds are those of the concerns that are mounted.
func (h *Host) kinds() (all []Kind) {
	for _, c := range h.mounted {
		if k, ok := c.(WithKinds); ok {
			all = append(all, k.Kinds()...)
		}
	}
	return all
}

// told are the mounted concerns that tell people of something.
func (h *Host) told() (all []WithNotifications) {
	for _, c := range h.mounted {
		if t, ok := c.(WithNotifications); ok {
			all = append(all, t)
		}
	}
	return all
}
