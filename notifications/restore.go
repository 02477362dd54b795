package notifications

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
)

// What comes from an installation that is taken over is stored as it is there, and
// nobody is told of it. Each Restore returns what it took: "add", "change" or "".

// Restore stores what somebody was told. Whether it was read is the recipient's to
// change here.
func (s *Service) Restore(ctx context.Context, n *Notification) (action string, err error) {
	n.EmailDue = false
	err = s.base.Do(ctx, "notifications.Restore", func(ctx context.Context) error {
		_, action, err = entity.Put(ctx, wispwright.Repo[Notification, Filter](s.stores.Notifications), n.ID, n, func(before, after *Notification) {
			if before != nil {
				after.Unread = before.Unread && after.Unread
			}
		})
		return err
	})
	return action, err
}

// RestoreChoice stores what somebody chose, also for a type that is not known here yet.
func (s *Service) RestoreChoice(ctx context.Context, c Choice) (action string, err error) {
	c.ID = choiceID(c.UserID, c.OrganizationID, c.Type)
	err = s.base.Do(ctx, "notifications.RestoreChoice", func(ctx context.Context) error {
		_, action, err = entity.Put(ctx, wispwright.Repo[Choice, ChoiceFilter](s.stores.Choices), c.ID, &c, nil)
		return err
	})
	return action, err
}

// RestoreSilence stores that somebody does not want to hear of an object.
func (s *Service) RestoreSilence(ctx context.Context, o *Silence) (action string, err error) {
	err = s.base.Do(ctx, "notifications.RestoreSilence", func(ctx context.Context) error {
		_, action, err = entity.Put(ctx, wispwright.Repo[Silence, SilenceFilter](s.stores.Silences), o.ID, o, nil)
		return err
	})
	return action, err
}
