package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/kit/storetest"
)

// TestStores: both entities keep what a storage promises, in memory and on
// every database.
func TestStores(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		s := memstore.New()
		testStores(t, s, memstore.NewRepo[wispwright.ID, Ticket, TicketFilter](s, memstore.Spec[Ticket]{Shape: ticketShape()}),
			memstore.NewRepo[wispwright.ID, Comment, CommentFilter](s, memstore.Spec[Comment]{Shape: commentShape()}))
	})
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), NewSupport(nil).Migrations()[0]))
		tickets, err := sqlstore.NewRepo[wispwright.ID, Ticket, TicketFilter](db, sqlstore.Spec{Shape: ticketShape()})
		require.NoError(t, err)
		comments, err := sqlstore.NewRepo[wispwright.ID, Comment, CommentFilter](db, sqlstore.Spec{Shape: commentShape()})
		require.NoError(t, err)
		testStores(t, db, tickets, comments)
	})
}

func testStores(t *testing.T, tx wispwright.Transactor, tickets TicketStore, comments CommentStore) {
	organizations := []wispwright.ID{wispwright.NewID(), wispwright.NewID()}
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	yes := true
	storetest.RunRepo(t, tickets, storetest.Sample[wispwright.ID, Ticket, TicketFilter]{
		Tx: tx, Organizations: organizations, Missing: wispwright.NewID(), Orders: []string{"Title", "Created"},
		New: func(n, organization int) *Ticket {
			return &Ticket{ID: wispwright.NewID(), OrganizationID: organizations[organization], Title: fmt.Sprint("ticket ", n), Done: n%2 == 0, Created: day.AddDate(0, 0, n)}
		},
		Key:    func(o *Ticket) wispwright.ID { return o.ID },
		Mutate: func(o *Ticket) { o.Title += "!" },
		Uniques: map[string]func(*Ticket) *Ticket{"ticket_title": func(first *Ticket) *Ticket {
			return &Ticket{ID: wispwright.NewID(), OrganizationID: first.OrganizationID, Title: first.Title, Created: day}
		}},
		Filters: map[string]storetest.Filter[Ticket, TicketFilter]{
			"organization": {Filter: TicketFilter{OrganizationID: organizations[1]}, Selects: func(o *Ticket) bool { return o.OrganizationID == organizations[1] }},
			"done":         {Filter: TicketFilter{Done: &yes}, Selects: func(o *Ticket) bool { return o.Done }},
		},
		Search: &storetest.Search[Ticket, TicketFilter]{
			Put: func(o *Ticket, text string) { o.Title = text }, Filter: func(text string) TicketFilter { return TicketFilter{Search: text} },
		},
	})

	parents := []wispwright.ID{wispwright.NewID(), wispwright.NewID()}
	for i, id := range parents {
		require.NoError(t, tickets.Insert(t.Context(), &Ticket{ID: id, OrganizationID: organizations[i], Title: "parent", Created: day}))
	}
	comment := func(n int, ticket, organization wispwright.ID) *Comment {
		return &Comment{ID: wispwright.NewID(), TicketID: ticket, OrganizationID: organization, Text: fmt.Sprint("comment ", n), Created: day.AddDate(0, 0, n)}
	}
	storetest.RunRepo(t, comments, storetest.Sample[wispwright.ID, Comment, CommentFilter]{
		Tx: tx, Organizations: organizations, Missing: wispwright.NewID(), Orders: []string{"Text", "Created"},
		New: func(n, organization int) *Comment {
			return comment(n, parents[organization], organizations[organization])
		},
		Orphan: func(n int) *Comment { return comment(n, wispwright.NewID(), organizations[0]) },
		Key:    func(o *Comment) wispwright.ID { return o.ID },
		Mutate: func(o *Comment) { o.Text += "!" },
		Filters: map[string]storetest.Filter[Comment, CommentFilter]{
			"ticket": {Filter: CommentFilter{TicketID: parents[1]}, Selects: func(o *Comment) bool { return o.TicketID == parents[1] }},
		},
		Search: &storetest.Search[Comment, CommentFilter]{
			Put: func(o *Comment, text string) { o.Text = text }, Filter: func(text string) CommentFilter { return CommentFilter{Search: text} },
		},
	})
}
