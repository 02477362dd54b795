package server

import (
	"context"
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/server/jobs"
)

// Messenger brings what people are told in the web to them by one more way,
// such as SMS or push.
type Messenger struct {
	// Name is unique: lower-case letters, digits and "_".
	Name string
	// Send is called in a job of its own for each recipient, and again, with
	// growing pauses for a day, until it returns nil. It may be called twice for
	// one message when a node dies in between; Letter.ID is the same then. An
	// error made with jobs.Permanent gives up.
	Send func(ctx context.Context, l Letter) error
}

// Letter is a message to one recipient.
type Letter struct {
	// ID is the notification's; User is who it is for.
	ID, User wispwright.ID
	// Subject and Text are plain text; URL leads to what it is about, empty for
	// nothing.
	Subject, Text, URL string
	// Level is how serious it is, Type the type's name.
	Level, Type string
}

// addressed is the argument of a messenger's job.
type addressed struct {
	Event wispwright.ID `json:"event"`
	User  wispwright.ID `json:"user"`
}

// messages is a Messenger as a channel.
type messages struct {
	queue *jobs.Queue
	kind  jobs.Kind[addressed]
}

// Name implements notifications.Channel.
func (m messages) Name() string { return m.kind.Name }

// Tell implements notifications.Channel: a job for each recipient.
func (m messages) Tell(ctx context.Context, told ...notifications.Told) error {
	var list []addressed
	for _, t := range told {
		for _, p := range t.Recipients {
			list = append(list, addressed{t.ID, p.ID})
		}
	}
	return m.kind.Insert(ctx, m.queue, list...)
}

// messenger makes a channel of a Messenger.
func (n *NotificationsConcern) messenger(h *Host, m Messenger) notifications.Channel {
	c := messages{h.Jobs(), jobs.Kind[addressed]{Name: "notifications." + m.Name, Queue: "messengers", Attempts: 13}}
	h.Jobs().Add(c.kind.Handle(func(ctx context.Context, a addressed) error {
		s, err := n.ForRecipient(ctx, a.Event, a.User)
		if errors.Is(err, wispwright.ErrNotFound) {
			return nil // who may not know any more gets nothing
		}
		if err != nil {
			return err
		}
		l := Letter{ID: s.ID, User: a.User, Subject: s.Subject, Text: notifications.PlainText(s.Message), Level: string(s.Level), Type: s.Type}
		if s.TargetURL != "#" {
			l.URL = s.TargetURL
		}
		return m.Send(ctx, l)
	}))
	return c
}
