package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/tenancy"
)

// house is the vendor's program on an empty database, with an organization and
// a superuser.
type house struct {
	*Support
	server *server.Server
	acme   *tenancy.Organization
	token  string
}

// eachHouse runs a test on every database.
func eachHouse(t *testing.T, test func(t *testing.T, h *house)) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := t.Context()
		all := concerns()
		config, err := server.LoadConfig("", []string{"WISPWRIGHT_DATA=" + t.TempDir()}, all)
		require.NoError(t, err)
		require.NoError(t, server.Migrate(ctx, db, all))
		s, err := server.New(ctx, db, &server.Options{Config: config, Concerns: all, Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Stop(ctx)) })
		h := &house{Support: all[len(all)-1].(*Support), server: s}
		h.acme, h.token = h.organization(t, "acme"), h.user(t, &tenancy.User{Username: "ann", IsActive: true, IsSuperuser: true})
		test(t, h)
	})
}

func (h *house) organization(t *testing.T, name string) *tenancy.Organization {
	o := &tenancy.Organization{Name: name, IsActive: true}
	require.NoError(t, h.server.Tenancy().Organizations.Create(t.Context(), o))
	return o
}

// user makes an account and returns its token.
func (h *house) user(t *testing.T, u *tenancy.User) string {
	u.ID = wispwright.NewID()
	require.NoError(t, h.server.Tenancy().Users.Create(t.Context(), u, ""))
	token, err := h.server.Tenancy().Tokens.For(t.Context(), u.ID)
	require.NoError(t, err)
	return token.Key.Reveal()
}

// ask sends a request and returns the status and the body.
func (h *house) ask(token, method, path, body string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.server.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// history returns "action model label" of what happened to the concern's
// objects, the oldest first, with the cause where there is one.
func (h *house) history(t *testing.T) []string {
	items, err := h.Tenancy.Trail.List(t.Context(), wispwright.ScopeAll(), tenancy.EventFilter{}, wispwright.Page{})
	require.NoError(t, err)
	var out []string
	for _, e := range items.Rows {
		if strings.HasPrefix(e.Kind, "support.") {
			out = append([]string{strings.TrimSpace(e.Action + " " + e.Kind + " " + e.Label + " " + e.Cause)}, out...)
		}
	}
	return out
}

// TestGoneWithTheOrganization: tickets and comments do not survive it, and the
// history says why they went.
func TestGoneWithTheOrganization(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		other := h.organization(t, "other")
		kept := &Ticket{OrganizationID: other.ID, Title: "kept"}
		require.NoError(t, h.Tickets.Create(ctx, kept))
		require.NoError(t, h.Comments.Create(ctx, &Comment{TicketID: kept.ID, Text: "stays"}))
		roof := &Ticket{OrganizationID: h.acme.ID, Title: "the roof is wet"}
		require.NoError(t, h.Tickets.Create(ctx, roof))
		require.NoError(t, h.Comments.Create(ctx, &Comment{TicketID: roof.ID, Text: "still"}))

		require.NoError(t, h.server.Tenancy().Organizations.Delete(ctx, wispwright.ScopeAll(), h.acme.ID))

		tickets, err := h.Tickets.List(ctx, wispwright.ScopeAll(), TicketFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, []*Ticket{kept}, tickets.Rows)
		comments, err := h.Comments.List(ctx, wispwright.ScopeAll(), CommentFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, comments.Rows, 1)
		require.Equal(t, other.ID, comments.Rows[0].OrganizationID)
		gone := h.history(t)[4:]
		require.ElementsMatch(t, []string{
			"delete support.comment still organization acme deleted",
			"delete support.ticket the roof is wet organization acme deleted",
		}, gone)
	})
}

// TestNoTicketOfNobody: an organization that never was has no tickets, a ticket
// that never was no comments, and both stay where they are.
func TestNoTicketOfNobody(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		nobody := wispwright.NewID()
		code, body := h.ask(h.token, http.MethodPost, "/api/v1/support/ticket/", `{"title":"x","organization":"`+nobody.String()+`"}`)
		require.Equal(t, http.StatusBadRequest, code, body)
		require.JSONEq(t, `{"organization":["Invalid pk \"`+nobody.String()+`\" - object does not exist."]}`, body)
		require.ErrorContains(t, h.Tickets.Create(ctx, &Ticket{OrganizationID: nobody, Title: "x"}), "organization: Invalid pk")

		code, body = h.ask(h.token, http.MethodPost, "/api/v1/support/comment/", `{"text":"x","ticket":"`+nobody.String()+`"}`)
		require.Equal(t, http.StatusBadRequest, code, body)
		require.JSONEq(t, `{"ticket":["Invalid pk \"`+nobody.String()+`\" - object does not exist."]}`, body)
		require.ErrorContains(t, h.Comments.Create(ctx, &Comment{TicketID: nobody, Text: "x"}), "ticket: Invalid pk")

		roof := &Ticket{OrganizationID: h.acme.ID, Title: "the roof is wet"}
		require.NoError(t, h.Tickets.Create(ctx, roof))
		other := h.organization(t, "other")
		code, body = h.ask(h.token, http.MethodPatch, "/api/v1/support/ticket/"+roof.ID.String()+"/", `{"organization":"`+other.ID.String()+`"}`)
		require.Equal(t, http.StatusBadRequest, code, body)
		require.JSONEq(t, `{"organization":["A ticket stays with its organization."]}`, body)
		require.Equal(t, []string{"add support.ticket the roof is wet"}, h.history(t))
	})
}

// TestHistoryOfTickets: every change is in the audit trail.
func TestHistoryOfTickets(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		code, body := h.ask(h.token, http.MethodPost, "/api/v1/support/ticket/", `{"title":"the roof is wet","organization":"`+h.acme.ID.String()+`"}`)
		require.Equal(t, http.StatusCreated, code, body)
		roof, err := h.Tickets.First(t.Context(), wispwright.ScopeAll(), TicketFilter{})
		require.NoError(t, err)
		path := "/api/v1/support/ticket/" + roof.ID.String() + "/"
		code, body = h.ask(h.token, http.MethodPost, "/api/v1/support/comment/", `{"text":"still","ticket":"`+roof.ID.String()+`"}`)
		require.Equal(t, http.StatusCreated, code, body)
		code, body = h.ask(h.token, http.MethodPatch, path, `{"done":true}`)
		require.Equal(t, http.StatusOK, code, body)
		code, body = h.ask(h.token, http.MethodDelete, path, "")
		require.Equal(t, http.StatusNoContent, code, body)
		require.Equal(t, []string{
			"add support.ticket the roof is wet", "add support.comment still", "change support.ticket the roof is wet",
			"delete support.comment still", "delete support.ticket the roof is wet",
		}, h.history(t))
	})
}

// TestWalls: a user without the organization sees and writes nothing of it.
func TestWalls(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		roof := &Ticket{OrganizationID: h.acme.ID, Title: "the roof is wet"}
		require.NoError(t, h.Tickets.Create(ctx, roof))
		require.NoError(t, h.Comments.Create(ctx, &Comment{TicketID: roof.ID, Text: "still"}))
		require.NoError(t, h.server.Tenancy().Groups.EnsureDefaults(ctx))
		group, err := h.server.Tenancy().Groups.ByName(ctx, tenancy.AdministratorGroup)
		require.NoError(t, err)
		bob := &tenancy.User{Username: "bob", IsActive: true, IsStaff: true}
		token := h.user(t, bob)
		require.NoError(t, h.server.Tenancy().Users.SetGroups(ctx, wispwright.ScopeAll(), bob.ID, []int64{group.ID}))
		other := h.organization(t, "other")
		require.NoError(t, h.server.Tenancy().Memberships.Create(ctx, &tenancy.Membership{UserID: bob.ID, OrganizationID: other.ID, IsAdmin: true}))

		for _, path := range []string{"/api/v1/support/ticket/", "/api/v1/support/comment/"} {
			code, body := h.ask(token, http.MethodGet, path, "")
			require.Equal(t, http.StatusOK, code, body)
			require.Contains(t, body, `"count":0`)
		}
		code, body := h.ask(token, http.MethodPost, "/api/v1/support/comment/", `{"text":"x","ticket":"`+roof.ID.String()+`"}`)
		require.Equal(t, http.StatusBadRequest, code, body)
		require.Contains(t, body, "object does not exist")
	})
}
