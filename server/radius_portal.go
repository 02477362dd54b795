package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/portal"
	"github.com/wispwright/wispwright/radius/portal/portalhttp"
	"github.com/wispwright/wispwright/radius/portal/portalsql"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/tenancy"
)

// portalDefaults are the settings of portals that the configuration says.
func (c *RadiusConcern) portalDefaults(site string) portal.Defaults {
	s := &c.Config
	return portal.Defaults{PortalURL: strings.ReplaceAll(s.PortalURL, "{site}", site), VenueURL: s.VenueURL, GuestsEnabled: s.GuestsEnabled, SponsorDomains: strings.Join(s.SponsorDomains, ","),
		GuestHours: int64(s.GuestAccess / time.Hour), ApprovalHours: int64(s.GuestApproval / time.Hour), GraceMinutes: int64(s.GraceSession / time.Minute), RememberDays: int64(s.RememberDevices / (24 * time.Hour))}
}

// checkPortal looks at what concerns captive portals.
func (c *RadiusConfig) checkPortal(e *wispwright.ValidationError) {
	for _, n := range []leastNumber{{"guest_access", int64(c.GuestAccess), int64(time.Hour)}, {"guest_approval", int64(c.GuestApproval), int64(time.Hour)}, {"guest_age", int64(c.GuestAge), 0},
		{"grace_session", int64(c.GraceSession), 0}, {"remember_devices", int64(c.RememberDevices), 0}} {
		n.check(e)
	}
	if _, err := rest.NewThrottle(c.GuestRate, nil); c.GuestRate != "none" && (err != nil || c.GuestRate == "") {
		e.Add("guest_rate", "want a number, a slash and second, minute, hour or day, or none.")
	}
	if c.GuestsEnabled && len(c.SponsorDomains) == 0 {
		e.Add("sponsor_domains", "are needed with guests_enabled.")
	}
	if c.PortalURL == "" {
		e.Add("portal_url", "must be an address.")
	}
}

// mountPortal makes captive portals: their services, endpoints, letters and what
// follows from sessions and confirmed addresses.
func (c *RadiusConcern) mountPortal(h *Host) error {
	t := c.Tenancy.Tenancy
	stores, err := portalsql.New(h.DB())
	if err != nil {
		return err
	}
	key, err := h.SecretKey()
	if err != nil {
		return err
	}
	if key == "" { // within another program that keeps no files: links end with the process
		key = wispwright.Secret(rand.Text())
	}
	site := strings.TrimRight(c.Tenancy.Config.SiteURL, "/")
	sponsors := jobs.Kind[wispwright.ID]{Name: "portal.sponsor", Queue: "mail", Attempts: 12}
	welcomes := jobs.Kind[wispwright.ID]{Name: "portal.guest", Queue: "mail", Attempts: 12}
	c.portal, err = portal.New(&entity.Base{Tx: h.DB(), Recorder: t.Trail, Tenants: t.Organizations}, stores, c.Radius, portalPeople{c.accounts, c.Radius}, &portal.Options{
		Defaults: c.portalDefaults(site), Key: key, Bus: h.DB(), Log: h.Log(),
		AskSponsor: func(ctx context.Context, guest wispwright.ID) error { return sponsors.Insert(ctx, h.Jobs(), guest) },
		TellGuest:  func(ctx context.Context, guest wispwright.ID) error { return welcomes.Insert(ctx, h.Jobs(), guest) },
	})
	if err != nil {
		return err
	}
	if err := c.portal.Start(h.Lifetime()); err != nil {
		return err
	}
	c.Authorizer.Receive(c.portal)
	letters, err := c.portalLetters(h, site)
	if err != nil {
		return err
	}
	h.Jobs().Add(sponsors.Handle(letters.sponsor), welcomes.Handle(letters.guest))
	wire, err := portalhttp.New(c.portal, radiusOrganizations{t}, &portalhttp.Options{GuestRate: c.Config.GuestRate})
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	c.mountHotspots(h)
	h.Handle(sponsorBase, c.sponsorPages(h), sponsorBase)
	sweep, err := jobs.Kind[struct{}]{Name: "portal.sweep"}.Every(time.Minute, struct{}{}, func(ctx context.Context, _ struct{}) error { return c.portal.Guests.Sweep(ctx) })
	if err != nil {
		return err
	}
	h.Jobs().AddPeriodic(sweep)
	Watched(h, "portal.guest", &c.portal.Guests.Changed, func(g *portal.Guest) (wispwright.ID, string) { return g.OrganizationID, g.ID.String() })
	Watched(h, "portal.device", &c.portal.Devices.Changed, func(d *portal.Device) (wispwright.ID, string) { return d.OrganizationID, d.ID.String() })
	c.Accounting.Accounted.Subscribe("portal: devices that are remembered", func(ctx context.Context, list ...radius.Accounted) {
		for _, a := range list {
			if a.Status != radius.Start || !a.Created {
				continue
			}
			if err := c.portal.Devices.Remember(context.WithoutCancel(ctx), a.Session); err != nil {
				h.Log().WarnContext(ctx, "a device is not remembered", "error", err)
			}
		}
	})
	h.wire(
		Wire{"tenancy.Emails.Saved", "portal: people who confirmed their address are verified", hook(t.Emails.Saved.Subscribe, c.confirmed)},
		Wire{"tenancy.Users.Deleting", "portal: devices and short stays of users", hook(t.Users.Deleting.Subscribe, func(ctx context.Context, users ...*tenancy.User) error {
			for _, u := range users {
				if err := c.portal.ForgetUser(ctx, u.ID); err != nil {
					return err
				}
			}
			return nil
		})},
	)
	return nil
}

// Portal is the captive portal's side of the concern, made by Mount.
func (c *RadiusConcern) Portal() *portal.Service { return c.portal }

// confirmed verifies people who registered by e-mail when they have shown that they
// receive mail: where a short stay let them in, they stay now.
func (c *RadiusConcern) confirmed(ctx context.Context, changes ...entity.Change[tenancy.Email]) error {
	no := false
	for _, e := range changes {
		if !e.After.IsVerified || e.Before != nil && e.Before.IsVerified {
			continue
		}
		found, err := c.Registrations.List(ctx, everyone(), radius.RegistrationFilter{UserID: e.After.UserID, Method: "email", IsVerified: &no}, unpaged)
		if err != nil {
			return err
		}
		for _, r := range found.Rows {
			if _, err := c.Registrations.Update(ctx, everyone(), r.ID, func(r *radius.Registration) error { r.IsVerified = true; return nil }); err != nil {
				return err
			}
		}
	}
	return nil
}

// portalPeople are the accounts of tenancy as captive portals change them.
type portalPeople struct {
	*radiusAccounts
	r *radius.Radius
}

var _ portal.People = portalPeople{}

// MakeGuest implements portal.People.
func (p portalPeople) MakeGuest(ctx context.Context, organization wispwright.ID, username, name, password string, until time.Time) (*radius.Account, error) {
	hash, err := radiusHasher{}.HashRandom(password)
	if err != nil {
		return nil, err
	}
	first, last, _ := strings.Cut(name, " ")
	u := &tenancy.User{Username: username, FirstName: cut(first), LastName: cut(last), IsActive: true, ExpirationDate: until.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)}
	if err := p.t.Users.CreateHashed(ctx, u, hash); err != nil {
		return nil, err
	}
	if err := p.Join(ctx, u.ID, organization); err != nil {
		return nil, err
	}
	err = p.r.Registrations.Create(ctx, &radius.Registration{UserID: u.ID, OrganizationID: organization, Method: "manual", IsVerified: true})
	return p.account(u), err
}

// cut shortens a name to what accounts keep.
func cut(name string) string {
	if r := []rune(name); len(r) > 30 {
		return string(r[:30])
	}
	return name
}

// Close implements portal.People.
func (p portalPeople) Close(ctx context.Context, user wispwright.ID) error {
	_, err := p.t.Users.Update(ctx, everyone(), user, func(u *tenancy.User) error { u.IsActive = false; return nil })
	return err
}

// portalLetters are the letters of guests and sponsors.
type portalLetters struct {
	c    *RadiusConcern
	send func(ctx context.Context, to, subject, text string) error
	site string
	name string
}

func (c *RadiusConcern) portalLetters(h *Host, site string) (*portalLetters, error) {
	mailer := c.Tenancy.Mailer
	if mailer == nil {
		var err error
		if mailer, err = h.Mailer(); err != nil {
			return nil, err
		}
	}
	return &portalLetters{c: c, site: site, name: c.Tenancy.Config.SiteName, send: func(ctx context.Context, to, subject, text string) error {
		m := tenancy.Message{To: to, Subject: subject, Text: text}
		if err := m.Validate(); err != nil {
			return jobs.Permanent(err)
		}
		return mailer.Send(ctx, m)
	}}, nil
}

// about is what letters say of a guest.
func (l *portalLetters) about(ctx context.Context, id wispwright.ID) (*portal.Guest, radius.Organization, error) {
	g, err := l.c.portal.Guests.Get(ctx, everyone(), id)
	if err != nil {
		return nil, radius.Organization{}, err
	}
	o, err := radiusOrganizations{l.c.Tenancy.Tenancy}.Get(ctx, g.OrganizationID)
	o.Name = strings.Join(strings.Fields(o.Name), " ")
	return g, o, err
}

// sponsor asks a sponsor. What the guest wrote is marked as such: the letter is ours,
// the words are not.
func (l *portalLetters) sponsor(ctx context.Context, id wispwright.ID) error {
	g, o, err := l.about(ctx, id)
	if err != nil || g.Status != portal.Waiting {
		return gone(err)
	}
	reason := "nothing"
	if g.Reason != "" {
		reason = "\n> " + strings.ReplaceAll(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(g.Reason), "\n", "\n> ")
	}
	email := ""
	if g.Email != "" {
		email = " (" + g.Email + ")"
	}
	return l.send(ctx, g.Sponsor, "A guest asks for access to the network of "+o.Name, fmt.Sprintf(
		"Somebody who gives the name %q%s asks for access to the network of %s\nand names you as the sponsor.\n\nThe guest says: %s\n\nTo let the guest in or not, open this page until %s UTC:\n\n%s%s%s/\n\nIf you do not know the guest, refuse or ignore this letter.\n\n%s\n",
		g.Name, email, o.Name, reason, g.AnswerBy.UTC().Format("2 January 2006, 15:04"), l.site, sponsorBase, g.Token.Reveal(), l.name))
}

// guest tells a guest of the access.
func (l *portalLetters) guest(ctx context.Context, id wispwright.ID) error {
	g, o, err := l.about(ctx, id)
	if err != nil || g.Status != portal.Approved || g.Email == "" {
		return gone(err)
	}
	return l.send(ctx, g.Email, "You may use the network of "+o.Name, fmt.Sprintf("You may use the network of %s until %s UTC.\n\nUser name: %s\nPassword:  %s\n\n%s\n",
		o.Name, g.Until.UTC().Format("2 January 2006, 15:04"), g.Username, g.Password.Reveal(), l.name))
}

// sponsorBase is where the links of sponsors lead.
const sponsorBase = "/sponsor/"

// sponsorPages show a sponsor who asks, and take the answer. Opening the page decides
// nothing: programs that look through mail open links too.
func (c *RadiusConcern) sponsorPages(h *Host) http.Handler {
	page := template.Must(template.New("sponsor").Funcs(template.FuncMap{"at": func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }}).Parse(sponsorTemplate))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8",
			"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"} {
			w.Header().Set(name, value)
		}
		token, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, sponsorBase), "/")
		data := struct {
			Guest        *portal.Guest
			Organization string
			Asks         bool
			Words        string
		}{}
		status := http.StatusOK
		var err error
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
			w.Header().Set("Allow", "GET, HEAD, POST")
			status, data.Words = http.StatusMethodNotAllowed, "Method not allowed."
		case rest != "":
			err = wispwright.ErrNotFound
		case r.Method == http.MethodPost:
			r.Body = http.MaxBytesReader(w, r.Body, 4096)
			answer := r.PostFormValue("answer")
			if answer != "approve" && answer != "refuse" {
				status, data.Words = http.StatusBadRequest, "Choose whether to let the guest in."
				break
			}
			if data.Guest, err = c.portal.Guests.AnswerLink(r.Context(), token, answer == "approve"); err == nil {
				data.Words = "The guest was not let in."
				if data.Guest.Status == portal.Approved {
					data.Words = "The guest may come in until " + data.Guest.Until.UTC().Format("2 January 2006, 15:04 UTC") + "."
				}
			}
		default:
			if data.Guest, err = c.portal.Guests.ByLink(r.Context(), token); err == nil {
				data.Asks = true
			}
		}
		if err == nil && data.Guest != nil {
			var o radius.Organization
			if o, err = (radiusOrganizations{c.Tenancy.Tenancy}).Get(r.Context(), data.Guest.OrganizationID); err == nil {
				data.Organization = o.Name
			}
		}
		var invalid *wispwright.ValidationError
		switch {
		case errors.Is(err, wispwright.ErrNotFound), errors.As(err, &invalid):
			status, data.Guest, data.Asks, data.Words = http.StatusNotFound, nil, false, "This link is not good any more: the request was answered, or it is too late."
		case err != nil:
			h.Log().ErrorContext(r.Context(), "a sponsor's page cannot be shown", "error", err)
			status, data.Guest, data.Asks, data.Words = http.StatusServiceUnavailable, nil, false, "Temporarily unavailable, try again later."
		}
		w.WriteHeader(status)
		_ = page.Execute(w, data) // the client is gone
	})
}

const sponsorTemplate = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>Guest access</title><style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}dt{font-weight:600}dd{margin:0 0 .75rem;overflow-wrap:anywhere}
button{font:inherit;padding:.6rem 1.2rem;margin:.5rem .5rem 0 0;border:1px solid #267126;border-radius:.4rem;background:#267126;color:#fff}button.no{background:transparent;color:inherit;border-color:currentColor}
</style></head><body><main><h1>{{if .Organization}}Guest access – {{.Organization}}{{else}}Guest access{{end}}</h1>
{{with .Words}}<p role="status">{{.}}</p>{{end}}
{{with .Guest}}<dl><dt>Name</dt><dd>{{.Name}}</dd>{{with .Email}}<dt>E-mail</dt><dd>{{.}}</dd>{{end}}{{with .Reason}}<dt>Reason</dt><dd>{{.}}</dd>{{end}}</dl>{{end}}
{{if .Asks}}<p>Somebody asks for access to the network and names you as the sponsor. Answer until {{at .Guest.AnswerBy}}.</p>
<form method="post"><button name="answer" value="approve">Let the guest in</button><button class="no" name="answer" value="refuse">Do not let the guest in</button></form>{{end}}
</main></body></html>
`
