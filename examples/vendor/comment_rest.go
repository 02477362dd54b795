package main

import (
	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

type commentIn struct {
	Ticket rest.Opt[wispwright.ID] `json:"ticket" required:"true" rel:"ticket"`
	Text   rest.Opt[string]        `json:"text" required:"true" maxLength:"2000"`
}

type commentOut struct {
	ID      wispwright.ID `json:"id"`
	Ticket  wispwright.ID `json:"ticket"`
	Text    string        `json:"text"`
	Created rest.Time     `json:"created"`
}

func mountComments(api *rest.API, comments *Comments, tickets *Tickets) {
	rest.Mount(api, rest.Resource[wispwright.ID, Comment, CommentFilter, commentIn, commentOut]{
		Path: "/api/v1/support/comment/", Name: "Comment", Noun: "Comment", ID: "support_comment", Tag: "support", Kind: "support.comment",
		Service: comments,
		Out: rest.Each(func(c *Comment) commentOut {
			return commentOut{c.ID, c.TicketID, c.Text, rest.Time(c.Created)}
		}),
		Apply: func(r *rest.Request, in *commentIn, c *Comment) error {
			in.Text.Into(&c.Text)
			if !in.Ticket.Set {
				return nil
			}
			// a ticket that the caller does not see does not exist for the caller
			ticket, err := tickets.Get(r.Context(), r.ReadScope(), in.Ticket.V)
			if err != nil {
				return valid.Reference(err, "ticket", in.Ticket.V)
			}
			c.TicketID, c.OrganizationID = ticket.ID, ticket.OrganizationID
			return nil
		},
		Organization: func(c *Comment) wispwright.ID { return c.OrganizationID },
		Filters: []rest.Filter[CommentFilter]{
			rest.FilterID("ticket", func(f *CommentFilter, id wispwright.ID) { f.TicketID = id }),
			rest.FilterText("search", func(f *CommentFilter, v string) { f.Search = v }),
		},
	})
}
