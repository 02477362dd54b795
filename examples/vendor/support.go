package main

import (
	"context"
	"embed"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/server/admin"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed pages
var pages embed.FS

// Support is the vendor's concern: a table, permissions and an endpoint, and one
// of everything else that a concern may have.
type Support struct {
	// Config is the section support of the configuration.
	Config SupportConfig
	// Tenancy keeps the accounts; the support desk's key is one more way to be
	// recognised by them.
	Tenancy *server.TenancyConcern

	// Tickets and Comments are made by Mount.
	Tickets  *Tickets
	Comments *Comments
}

// SupportConfig is what an administrator may set.
type SupportConfig struct {
	// DeskKey lets the desk's own program in.
	DeskKey wispwright.Secret `koanf:"desk_key" doc:"Key of the support desk's program, which may see every ticket. Empty: it may not."`
	// Hotline is shown to devices.
	Hotline string `koanf:"hotline" doc:"Telephone number of the support desk, the variable hotline of every device."`
}

// Events implements server.WithEvents.
func (s *Support) Events() []event.Listed {
	return append(s.Tickets.Listed(""), s.Comments.Listed("")...)
}

// What is found by assertion: a misspelt method does not compile.
var (
	_ server.WithModels   = (*Support)(nil)
	_ server.WithEvents   = (*Support)(nil)
	_ server.WithSettings = (*Support)(nil)
	_ server.WithCommands = (*Support)(nil)
	_ server.WithAdmin    = (*Support)(nil)
)

// NewSupport returns the concern with its default settings.
func NewSupport(t *server.TenancyConcern) *Support {
	return &Support{Config: SupportConfig{Hotline: "+39 06 0000"}, Tenancy: t}
}

// Name implements server.Concern.
func (s *Support) Name() string { return "support" }

// Migrations implements server.Concern.
func (s *Support) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{{Concern: "support", FS: migrations}}
}

// Models implements server.WithModels.
func (s *Support) Models() []wispwright.Model {
	return []wispwright.Model{
		{App: "support", Name: "ticket", Label: "ticket", Operator: "ACDV", Administrator: "ACDV"},
		{App: "support", Name: "comment", Label: "comment", Operator: "ACDV", Administrator: "ACDV"},
	}
}

// Section implements server.WithSettings.
func (s *Support) Section() server.Section {
	return server.Section{Value: &s.Config, Default: &NewSupport(nil).Config}
}

// Mount implements server.Concern.
func (s *Support) Mount(_ context.Context, h *server.Host) error {
	if err := h.Mounted(s.Tenancy); err != nil {
		return err
	}
	tickets, err := sqlstore.NewRepo[wispwright.ID, Ticket, TicketFilter](h.DB(), sqlstore.Spec{Shape: ticketShape()})
	if err != nil {
		return err
	}
	comments, err := sqlstore.NewRepo[wispwright.ID, Comment, CommentFilter](h.DB(), sqlstore.Spec{Shape: commentShape()})
	if err != nil {
		return err
	}
	base := &entity.Base{Tx: h.DB(), Recorder: s.Tenancy.Trail, Tenants: s.Tenancy.Organizations}
	s.Tickets = NewTickets(base, tickets)
	s.Comments = NewComments(base, comments, s.Tickets)
	mountTickets(h.API(), s.Tickets)
	mountComments(h.API(), s.Comments, s.Tickets)
	h.Recognise(rest.Callers{Schemes: []rest.Scheme{{Authenticate: s.desk}}})
	h.Handle("/support/", http.HandlerFunc(s.status))
	return h.Metrics().Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "support_tickets", Help: "Tickets there are."}, func() float64 {
		n, err := s.count(h.Lifetime())
		if err != nil {
			return -1
		}
		return float64(n)
	}))
}

// desk recognises the desk's own program.
func (s *Support) desk(r *rest.Request) (*wispwright.Caller, error) {
	key := wispwright.Secret(r.HTTP.Header.Get("X-Desk-Key"))
	if key == "" {
		return nil, nil
	}
	if s.Config.DeskKey == "" || !s.Config.DeskKey.Equal(key.Reveal()) {
		return nil, rest.Unauthenticated("Wrong key of the support desk.")
	}
	return &wispwright.Caller{ID: wispwright.NewID(), Name: "support desk", Superuser: true}, nil
}

// status answers monitoring in front of the API, which wants no JSON.
func (s *Support) status(w http.ResponseWriter, r *http.Request) {
	n, err := s.count(r.Context())
	if err != nil {
		http.Error(w, "no database", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintf(w, "%d tickets\n", n)
}

func (s *Support) count(ctx context.Context) (int, error) {
	list, err := s.Tickets.List(ctx, wispwright.ScopeAll(), TicketFilter{}, wispwright.Page{Limit: 1})
	return list.Total, err
}

// Variables implements controller.ContextProvider.
func (s *Support) Variables(_ context.Context, devices []*controller.Device) (map[wispwright.ID]map[string]any, error) {
	out := map[wispwright.ID]map[string]any{}
	for _, d := range devices {
		out[d.ID] = map[string]any{"hotline": s.Config.Hotline}
	}
	return out, nil
}

// Admin implements server.WithAdmin: a page and its entry in the menu.
func (s *Support) Admin() admin.Extension {
	return admin.Extension{Name: "support", Files: pages, Menu: []admin.MenuEntry{
		{Label: "Tickets", Page: "pages/tickets.html", Permission: "support.view_ticket"},
	}}
}

// Commands implements server.WithCommands.
func (s *Support) Commands() []any {
	return []any{&struct {
		Tickets ticketsCommand `cmd:"" help:"Count the tickets."`
	}{}}
}

type ticketsCommand struct{}

// Run prints how many tickets there are.
func (ticketsCommand) Run(ctx context.Context, session *server.Session, s *Support) error {
	return session.Open(ctx, func(*server.Server) error {
		n, err := s.count(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(session.Out, n, "tickets")
		return err
	})
}
