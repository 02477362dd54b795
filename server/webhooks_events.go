package server

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/notifications/webhooks"
	"github.com/wispwright/wispwright/tenancy"
)

// verbs are what happens to objects, as names of events and in sentences.
var verbs = []struct{ action, name, sentence string }{{"add", "added", "was added"}, {"change", "changed", "was changed"}, {"delete", "deleted", "was deleted"}}

// offered is one kind of objects whose changes webhooks are told of.
type offered struct {
	name, label string
	connect     func(n *NotificationsConcern, name string)
}

// ownEvents are the events of the product beside the types of notifications.
func (n *NotificationsConcern) ownEvents() (events []webhooks.Event) {
	for _, o := range n.objects() {
		for _, v := range verbs {
			events = append(events, webhooks.Event{Name: o.name + "." + v.name, Label: o.label + " " + v.sentence})
		}
	}
	if n.Controller == nil {
		return events
	}
	events = append(events, webhooks.Event{Name: "device.registered", Label: "Device registered"},
		webhooks.Event{Name: "configuration.not_renewed", Label: "Configuration could not be renewed"},
		webhooks.Event{Name: "configuration.renewed", Label: "Configuration is up to date again"})
	for _, status := range statuses() {
		events = append(events, webhooks.Event{Name: "configuration." + status.name, Label: status.label})
	}
	return events
}

type statusEvent struct {
	status             controller.Status
	name, label, level string
}

func statuses() []statusEvent {
	return []statusEvent{
		{controller.StatusModified, "modified", "Configuration modified", "info"},
		{controller.StatusApplied, "applied", "Configuration applied", "success"},
		{controller.StatusError, "failed", "Configuration failed", "error"},
		{controller.StatusDeactivating, "deactivating", "Device deactivating", "info"},
		{controller.StatusDeactivated, "deactivated", "Device deactivated", "info"},
	}
}

// objects are the kinds of objects that webhooks are told of.
func (n *NotificationsConcern) objects() []offered {
	t := n.Tenancy.Tenancy
	list := []offered{
		offer("organization", "Organization", func() *event.Topic[entity.Change[tenancy.Organization]] { return &t.Organizations.Changed }, func(o *tenancy.Organization) object {
			return object{o.ID, "openwisp_users.organization", o.ID.String(), o.Name, nil}
		}),
		offer("user", "User", func() *event.Topic[entity.Change[tenancy.User]] { return &t.Users.Changed }, func(u *tenancy.User) object {
			return object{wispwright.ID{}, "openwisp_users.user", u.ID.String(), u.Username, nil}
		}),
		offer("membership", "Member of an organization", func() *event.Topic[entity.Change[tenancy.Membership]] { return &t.Memberships.Changed }, func(m *tenancy.Membership) object {
			return object{m.OrganizationID, "openwisp_users.organizationuser", m.ID.String(), "", map[string]any{"user": m.UserID.String(), "is_admin": m.IsAdmin}}
		}),
	}
	if n.Controller == nil {
		return list
	}
	c := n.Controller.Controller
	return append(list,
		offer("device", "Device", func() *event.Topic[entity.Change[controller.Device]] { return &c.Devices.Changed }, func(d *controller.Device) object {
			return object{d.OrganizationID, "config.device", d.ID.String(), d.Name, map[string]any{"mac_address": d.MACAddress, "model": d.Model, "os": d.OS}}
		}),
		offer("template", "Template", func() *event.Topic[entity.Change[controller.Template]] { return &c.Templates.Changed }, func(t *controller.Template) object {
			return object{t.OrganizationID, "config.template", t.ID.String(), t.Name, nil}
		}))
}

// object is what a message says of an object.
type object struct {
	organization   wispwright.ID
	kind, id, name string
	more           map[string]any
}

// offer describes a kind of objects by its topic.
func offer[T any](name, label string, topic func() *event.Topic[entity.Change[T]], of func(*T) object) offered {
	return offered{name, label, func(n *NotificationsConcern, name string) {
		Offer(n, topic(), func(ctx context.Context, c entity.Change[T]) []webhooks.Message {
			o := of(c.Object())
			for _, v := range verbs {
				if v.action != c.Action() {
					continue
				}
				if wanted, err := n.Webhooks.Wanted(ctx, name+"."+v.name, o.organization); err == nil && !wanted {
					return nil
				}
				m := n.told(o, name+"."+v.name, "info", label+" "+quoted(o.name)+v.sentence)
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
	}}
}

func quoted(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("%q ", name)
}

// told is a message about an object.
func (n *NotificationsConcern) told(o object, name, level, title string) webhooks.Message {
	data := map[string]any{"kind": o.kind, "id": o.id, "name": o.name}
	for k, v := range o.more {
		data[k] = v
	}
	m := webhooks.Message{Name: name, OrganizationID: o.organization, Subject: o.kind + "/" + o.id, Level: level, Title: title, Data: map[string]any{"object": data}}
	if n.pages[o.kind] {
		m.URL = n.Tenancy.Config.SiteURL + pageAt(o.kind, o.id)
	}
	return m
}

// offerEvents connects the product's topics to webhooks.
func (n *NotificationsConcern) offerEvents() {
	for _, o := range n.objects() {
		o.connect(n, o.name)
	}
	if n.Controller == nil {
		return
	}
	c := n.Controller.Controller
	device := func(organization, id wispwright.ID, name string) object {
		return object{organization, "config.device", id.String(), name, nil}
	}
	Offer(n, &c.Agents.Registered, func(_ context.Context, r controller.Registered) []webhooks.Message {
		m := n.told(device(r.Device.OrganizationID, r.Device.ID, r.Device.Name), "device.registered", "success", "Device "+quoted(r.Device.Name)+"registered")
		m.Data["is_new"] = r.IsNew
		return []webhooks.Message{m}
	})
	Offer(n, &c.Devices.StatusChanged, func(_ context.Context, s controller.StatusChange) []webhooks.Message {
		for _, status := range statuses() {
			if status.status != s.After {
				continue
			}
			m := n.told(device(s.OrganizationID, s.DeviceID, s.Name), "configuration."+status.name, status.level, status.label+": "+s.Name)
			m.Text = s.ErrorReason
			m.Data["before"], m.Data["after"] = string(s.Before), string(s.After)
			if s.ErrorReason != "" {
				m.Data["error_reason"] = s.ErrorReason
			}
			return []webhooks.Message{m}
		}
		return nil
	})
	Offer(n, &c.Devices.Renewal, func(_ context.Context, r controller.Renewal) []webhooks.Message {
		name, level, title := "configuration.renewed", "success", "Configuration is up to date again: "
		if r.Reason != "" {
			name, level, title = "configuration.not_renewed", "warning", "Configuration could not be renewed: "
		}
		m := n.told(device(r.OrganizationID, r.DeviceID, r.Name), name, level, title+r.Name)
		m.Text = r.Reason
		m.Data["since"] = r.Since
		return []webhooks.Message{m}
	})
}
