package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/tenancy"
)

// Commands implements WithCommands, with the names they have in OpenWISP.
func (n *NotificationsConcern) Commands() []any {
	return []any{&struct {
		Populate populatePreferences `cmd:"" name:"populate_notification_preferences" help:"Forget what was chosen for types of notifications that are gone; everything else follows from types and organizations."`
		Create   createNotification  `cmd:"" name:"create_notification" help:"Send a notification about the first organization, to try out how it arrives."`
	}{}}
}

type populatePreferences struct{}

// Run forgets what cannot be chosen any more.
func (populatePreferences) Run(ctx context.Context, session *Session, n *NotificationsConcern) error {
	return session.Open(ctx, func(*Server) error {
		gone, err := n.Tidy(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(session.Out, "Preferences are complete for %d types; %d choices of types that are gone were removed.\n", len(n.Service.Types().Listed()), gone)
		return err
	})
}

type createNotification struct {
	Message string `default:"This is a test: [{notification.target}]({notification.target_link})" help:"Its text, in Markdown."`
	Level   string `default:"info" enum:"success,info,warning,error" help:"success, info, warning or error."`
	User    string `help:"Name of the user it is for. Default: everybody that is told of the organization."`
}

// Run stores the notification; a running server mails it.
func (c createNotification) Run(ctx context.Context, session *Session, n *NotificationsConcern) error {
	return session.Open(ctx, func(*Server) error {
		found, err := n.Tenancy.Organizations.List(ctx, everyone(), tenancy.OrganizationFilter{}, wispwright.Page{Limit: 1, NoTotal: true, Order: []wispwright.Order{{Field: "Name"}}})
		if err != nil {
			return err
		}
		if len(found.Rows) == 0 {
			return errors.New("there is no organization to speak of")
		}
		target := notifications.Ref{Kind: "openwisp_users.organization", ID: found.Rows[0].ID.String()}
		e := notifications.Event{Type: notifications.GenericMessage, Actor: target, Target: target, Level: notifications.Level(c.Level), Data: map[string]any{"message": c.Message}}
		if c.User != "" {
			u, err := n.Tenancy.Users.ByUsername(ctx, everyone(), c.User)
			if err != nil {
				return fmt.Errorf("user %s: %w", c.User, err)
			}
			e.Recipients = []wispwright.ID{u.ID}
		}
		if err := n.Notify(ctx, e); err != nil {
			return err
		}
		_, err = fmt.Fprintf(session.Out, "Told of the organization %s.\n", found.Rows[0].Name)
		return err
	})
}
