package main

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
)

// Comment is what somebody wrote about a ticket.
type Comment struct {
	ID       wispwright.ID
	TicketID wispwright.ID
	// OrganizationID is the ticket's; the service sets it.
	OrganizationID wispwright.ID
	Text           string
	Created        time.Time
}

// CommentFilter selects comments; zero fields select all.
type CommentFilter struct {
	TicketID wispwright.ID
	Search   string
}

// CommentStore keeps comments. One of an unknown ticket is a
// *wispwright.MissingError.
type CommentStore interface {
	wispwright.KeyedRepo[wispwright.ID, Comment, CommentFilter]
}

// commentShape is how every storage keeps comments.
func commentShape() store.Shape {
	return store.Shape{
		Table: "support_comment", Org: "OrganizationID", Search: []string{"Text"}, Order: store.Newest("Created"),
		Parents: []store.Parent{{Field: "TicketID", Table: "support_ticket"}},
	}
}

// Comments is the service of comments. They go with their ticket.
type Comments struct {
	*entity.Service[wispwright.ID, Comment, CommentFilter]
	tickets *Tickets
}

// NewComments returns the service over a store.
func NewComments(b *entity.Base, comments CommentStore, tickets *Tickets) *Comments {
	s := &Comments{tickets: tickets}
	s.Service = entity.New(b, comments, entity.Kind[wispwright.ID, Comment]{
		Name: "support.Comments", Model: "support.comment", Label: func(c *Comment) string { return c.Text },
		Validate: s.validate,
	})
	tickets.Deleting.Subscribe("comments of a deleted ticket", func(ctx context.Context, deleted ...*Ticket) error {
		for _, t := range deleted {
			if _, err := s.DeleteAll(ctx, wispwright.ScopeAll(), CommentFilter{TicketID: t.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}

func (s *Comments) validate(ctx context.Context, c entity.Change[Comment]) error {
	var v wispwright.ValidationError
	valid.Text(&v, "text", c.After.Text, valid.Required, valid.Max(2000))
	if c.Before != nil && c.After.TicketID != c.Before.TicketID {
		v.Add("ticket", "A comment stays with its ticket.")
	}
	if err := v.Err(); err != nil {
		return err
	}
	ticket, err := s.tickets.Get(ctx, wispwright.ScopeAll(), c.After.TicketID)
	if err != nil {
		return valid.Reference(err, "ticket", c.After.TicketID)
	}
	c.After.OrganizationID = ticket.OrganizationID
	return nil
}
