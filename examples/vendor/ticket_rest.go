package main

import (
	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

type ticketIn struct {
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
	Title        rest.Opt[string]        `json:"title" required:"true" maxLength:"80"`
	Done         rest.Opt[bool]          `json:"done"`
}

type ticketOut struct {
	ID           wispwright.ID `json:"id"`
	Organization wispwright.ID `json:"organization"`
	Title        string        `json:"title"`
	Done         bool          `json:"done"`
	Created      rest.Time     `json:"created"`
}

func mountTickets(api *rest.API, tickets *Tickets) {
	rest.Mount(api, rest.Resource[wispwright.ID, Ticket, TicketFilter, ticketIn, ticketOut]{
		Path: "/api/v1/support/ticket/", Name: "Ticket", Noun: "Ticket", ID: "support_ticket", Tag: "support", Kind: "support.ticket",
		Service: tickets,
		Out: rest.Each(func(t *Ticket) ticketOut {
			return ticketOut{t.ID, t.OrganizationID, t.Title, t.Done, rest.Time(t.Created)}
		}),
		Apply: func(_ *rest.Request, in *ticketIn, t *Ticket) error {
			in.Organization.Into(&t.OrganizationID)
			in.Title.Into(&t.Title)
			in.Done.Into(&t.Done)
			return nil
		},
		Organization: func(t *Ticket) wispwright.ID { return t.OrganizationID },
		Filters: append(rest.FilterOrganization(func(f *TicketFilter, id wispwright.ID) { f.OrganizationID = id }),
			rest.FilterBool("done", func(f *TicketFilter, v bool) { f.Done = &v }),
			rest.FilterText("search", func(f *TicketFilter, v string) { f.Search = v })),
	})
}
