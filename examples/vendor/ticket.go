package main

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
)

// Ticket is something a customer asked for: the vendor's own entity.
type Ticket struct {
	ID             wispwright.ID
	OrganizationID wispwright.ID
	Title          string
	Done           bool
	Created        time.Time
}

// TicketFilter selects tickets; zero fields select all.
type TicketFilter struct {
	OrganizationID wispwright.ID
	Done           *bool
	Search         string
}

// TicketStore keeps tickets.
type TicketStore interface {
	wispwright.KeyedRepo[wispwright.ID, Ticket, TicketFilter]
}

// ticketShape is how every storage keeps tickets.
func ticketShape() store.Shape {
	return store.Shape{
		Table: "support_ticket", Org: "OrganizationID", Search: []string{"Title"}, Order: store.Newest("Created"),
		Unique: []store.Unique{{Name: "ticket_title", Fields: []string{"OrganizationID", "Title"}}},
	}
}

// Tickets is the service of tickets. They go with their organization.
type Tickets struct {
	*entity.Service[wispwright.ID, Ticket, TicketFilter]
}

// NewTickets returns the service over a store.
func NewTickets(b *entity.Base, tickets TicketStore) *Tickets {
	return &Tickets{entity.New(b, tickets, entity.Kind[wispwright.ID, Ticket]{
		Name: "support.Tickets", Model: "support.ticket", Label: func(t *Ticket) string { return t.Title },
		Validate: validTicket,
		Unique:   map[string]error{"ticket_title": wispwright.Invalid("title", valid.Taken("ticket", "title"))},
	})}
}

func validTicket(_ context.Context, c entity.Change[Ticket]) error {
	var v wispwright.ValidationError
	valid.Text(&v, "title", c.After.Title, valid.Required, valid.Max(80))
	if c.Before != nil && c.After.OrganizationID != c.Before.OrganizationID {
		v.Add("organization", "A ticket stays with its organization.")
	}
	return v.Err()
}
