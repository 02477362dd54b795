package portalhttp

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius/portal"
)

type settingsIn struct {
	Dialect         rest.Opt[string] `json:"dialect" nullable:"true" enum:"none,coovachilli,opennds,pfsense,opnsense,mikrotik" help:"How the gateways speak; null: as everywhere."`
	GatewaySecret   rest.Opt[string] `json:"gateway_secret" blank:"true" maxLength:"128" trim:"false" help:"Shared with the gateways: uamsecret of CoovaChilli, faskey of openNDS."`
	RADIUSSecret    rest.Opt[string] `json:"radius_secret" blank:"true" maxLength:"60" trim:"false" writeOnly:"true" help:"Of the RADIUS server that hotspots made of a template ask. It is never shown."`
	GatewayHosts    rest.Opt[string] `json:"gateway_hosts" nullable:"true" blank:"true" maxLength:"2000" help:"Names, addresses and networks that forms may lead to, separated by commas. Empty: private addresses."`
	AnswerChallenge rest.Opt[bool]   `json:"answer_challenge" nullable:"true" help:"Log in by CHAP, which our own RADIUS server understands."`
	PortalURL       rest.Opt[string] `json:"portal_url" nullable:"true" blank:"true" maxLength:"500"`
	VenueURL        rest.Opt[string] `json:"venue_url" nullable:"true" blank:"true" maxLength:"500"`
	GuestsEnabled   rest.Opt[bool]   `json:"guests_enabled" nullable:"true"`
	SponsorDomains  rest.Opt[string] `json:"sponsor_domains" nullable:"true" blank:"true" maxLength:"1000"`
	GuestHours      rest.Opt[int64]  `json:"guest_hours" nullable:"true"`
	ApprovalHours   rest.Opt[int64]  `json:"approval_hours" nullable:"true"`
	GraceMinutes    rest.Opt[int64]  `json:"grace_minutes" nullable:"true"`
	RememberDays    rest.Opt[int64]  `json:"remember_days" nullable:"true"`
}

func (in *settingsIn) apply(s *portal.Settings) error {
	in.Dialect.IntoPtr(&s.Dialect)
	if in.GatewaySecret.Set {
		s.GatewaySecret = wispwright.Secret(in.GatewaySecret.V)
	}
	if in.RADIUSSecret.Set {
		s.RADIUSSecret = wispwright.Secret(in.RADIUSSecret.V)
	}
	in.GatewayHosts.IntoPtr(&s.GatewayHosts)
	in.AnswerChallenge.IntoPtr(&s.AnswerChallenge)
	in.PortalURL.IntoPtr(&s.PortalURL)
	in.VenueURL.IntoPtr(&s.VenueURL)
	in.GuestsEnabled.IntoPtr(&s.GuestsEnabled)
	in.SponsorDomains.IntoPtr(&s.SponsorDomains)
	in.GuestHours.IntoPtr(&s.GuestHours)
	in.ApprovalHours.IntoPtr(&s.ApprovalHours)
	in.GraceMinutes.IntoPtr(&s.GraceMinutes)
	in.RememberDays.IntoPtr(&s.RememberDays)
	return nil
}

type settingsOut struct {
	Organization    wispwright.ID `json:"organization"`
	Dialect         string        `json:"dialect"`
	GatewaySecret   *string       `json:"gateway_secret" doc:"Shown to those who may change it."`
	GatewayHosts    string        `json:"gateway_hosts"`
	AnswerChallenge bool          `json:"answer_challenge"`
	PortalURL       string        `json:"portal_url"`
	VenueURL        string        `json:"venue_url"`
	GuestsEnabled   bool          `json:"guests_enabled"`
	SponsorDomains  string        `json:"sponsor_domains"`
	GuestHours      int64         `json:"guest_hours"`
	ApprovalHours   int64         `json:"approval_hours"`
	GraceMinutes    int64         `json:"grace_minutes"`
	RememberDays    int64         `json:"remember_days"`
	Own             []string      `json:"own" doc:"The fields that the organization set itself; the others are as everywhere."`
}

func (h *HTTP) newSettingsOut(r *rest.Request, s *portal.Settings) settingsOut {
	f := h.s.Settings.InForce(s)
	out := settingsOut{Organization: s.OrganizationID, Dialect: f.Dialect, GatewayHosts: f.GatewayHosts, AnswerChallenge: f.AnswerChallenge, PortalURL: f.PortalURL, VenueURL: f.VenueURL,
		GuestsEnabled: f.GuestsEnabled, SponsorDomains: f.SponsorDomains, GuestHours: f.GuestHours, ApprovalHours: f.ApprovalHours, GraceMinutes: f.GraceMinutes, RememberDays: f.RememberDays, Own: []string{}}
	if r.Can("portal.change_settings") {
		text := s.GatewaySecret.Reveal()
		out.GatewaySecret = &text
	}
	for _, own := range []struct {
		name string
		set  bool
	}{{"dialect", s.Dialect != nil}, {"gateway_hosts", s.GatewayHosts != nil}, {"answer_challenge", s.AnswerChallenge != nil}, {"portal_url", s.PortalURL != nil}, {"venue_url", s.VenueURL != nil},
		{"guests_enabled", s.GuestsEnabled != nil}, {"sponsor_domains", s.SponsorDomains != nil}, {"guest_hours", s.GuestHours != nil}, {"approval_hours", s.ApprovalHours != nil},
		{"grace_minutes", s.GraceMinutes != nil}, {"remember_days", s.RememberDays != nil}} {
		if own.set {
			out.Own = append(out.Own, own.name)
		}
	}
	return out
}

// mountSettings adds the settings of an organization.
func (h *HTTP) mountSettings(api *rest.API) {
	exists := func(r *rest.Request) (wispwright.ID, error) {
		id := r.ID("id")
		if !r.WriteScope().Allows(id) {
			return id, wispwright.ErrNotFound
		}
		_, err := h.organizations.Get(r.Context(), id)
		return id, err
	}
	change := func(method, id string) rest.Op {
		return rest.Action(method, id, http.StatusOK, func(r *rest.Request, in *settingsIn) (settingsOut, error) {
			o, err := exists(r)
			if err != nil {
				return settingsOut{}, err
			}
			s, err := h.s.Settings.Change(r.Context(), r.WriteScope(), o, in.apply)
			if err != nil {
				return settingsOut{}, err
			}
			return h.newSettingsOut(r, s), nil
		})
	}
	api.Mount(&rest.View{Path: "/api/v1/radius/organization/{id}/portal/", Name: "Captive Portal Settings", Noun: "Organization", Tag: tag, Kind: "portal.settings"},
		rest.Action("GET", "radius_organization_portal_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (settingsOut, error) {
			o, err := exists(r)
			if err != nil {
				return settingsOut{}, err
			}
			s, err := h.s.Settings.Of(r.Context(), r.WriteScope(), o)
			if err != nil {
				return settingsOut{}, err
			}
			return h.newSettingsOut(r, s), nil
		}), change("PUT", "radius_organization_portal_update"), change("PATCH", "radius_organization_portal_partial_update"))
}

type guestOut struct {
	ID           wispwright.ID  `json:"id"`
	Organization wispwright.ID  `json:"organization"`
	Name         string         `json:"name"`
	Email        string         `json:"email"`
	Sponsor      string         `json:"sponsor"`
	Reason       string         `json:"reason"`
	MAC          string         `json:"mac"`
	Status       string         `json:"status"`
	AnswerBy     rest.Time      `json:"answer_by"`
	Until        rest.Time      `json:"until"`
	User         *wispwright.ID `json:"user"`
	Username     string         `json:"username"`
	DecidedBy    string         `json:"decided_by"`
	Created      rest.Time      `json:"created"`
	Modified     rest.Time      `json:"modified"`
}

func newGuestOut(g *portal.Guest) guestOut {
	return guestOut{g.ID, g.OrganizationID, g.Name, g.Email, g.Sponsor, g.Reason, g.Mac, string(g.Status), rest.Time(g.AnswerBy), rest.Time(g.Until), rest.Null(g.UserID), g.Username, g.DecidedBy, rest.Time(g.Created), rest.Time(g.Modified)}
}

type deviceOut struct {
	ID           wispwright.ID `json:"id"`
	Organization wispwright.ID `json:"organization"`
	User         wispwright.ID `json:"user"`
	MAC          string        `json:"mac"`
	Until        rest.Time     `json:"until"`
	Created      rest.Time     `json:"created"`
	Modified     rest.Time     `json:"modified"`
}

func managed(r *rest.Request) (read, write wispwright.Scope) { return r.WriteScope(), r.WriteScope() }

// mountManaged adds guests and devices as managers see them.
func (h *HTTP) mountManaged(api *rest.API) {
	type guests = portal.GuestFilter
	var statuses []string
	for _, s := range portal.Statuses() {
		statuses = append(statuses, string(s))
	}
	rest.Mount(api, rest.Resource[wispwright.ID, portal.Guest, guests, rest.None, guestOut]{
		Path: "/api/v1/radius/guest/", Name: "Guest", Noun: "Guest", ID: "radius_guest", Tag: tag, Kind: "portal.guest", Only: rest.List | rest.Read | rest.Delete,
		Service: h.s.Guests, Scopes: managed, Organization: func(g *portal.Guest) wispwright.ID { return g.OrganizationID }, Out: rest.Each(newGuestOut),
		Filters: append(rest.FilterOrganization(func(f *guests, v wispwright.ID) { f.OrganizationID = v }), rest.FilterText("search", func(f *guests, v string) { f.Search = v }),
			rest.FilterChoice("status", statuses, func(f *guests, v string) { f.Status = portal.Status(v) })),
		Ordering: map[string]string{"created": "Created", "modified": "Modified", "name": "Name", "status": "Status", "until": "Until"},
	})
	for name, approve := range map[string]bool{"approve": true, "refuse": false} {
		op := rest.Action("POST", "radius_guest_"+name, http.StatusOK, func(r *rest.Request, _ *rest.None) (guestOut, error) {
			g, err := h.s.Guests.Decide(r.Context(), r.WriteScope(), r.ID("id"), approve, r.Caller.Name)
			if err != nil {
				return guestOut{}, err
			}
			return newGuestOut(g), nil
		})
		op.Permission = "portal.change_guest"
		api.Mount(&rest.View{Path: "/api/v1/radius/guest/{id}/" + name + "/", Name: "Guest " + name, Noun: "Guest", Tag: tag, Kind: "portal.guest"}, op)
	}
	type devices = portal.DeviceFilter
	rest.Mount(api, rest.Resource[wispwright.ID, portal.Device, devices, rest.None, deviceOut]{
		Path: "/api/v1/radius/remembered-device/", Name: "Remembered Device", Noun: "Device", ID: "radius_remembered_device", Tag: tag, Kind: "portal.device", Only: rest.List | rest.Read | rest.Delete,
		Service: h.s.Devices, Scopes: managed, Organization: func(d *portal.Device) wispwright.ID { return d.OrganizationID },
		Out: rest.Each(func(d *portal.Device) deviceOut {
			return deviceOut{d.ID, d.OrganizationID, d.UserID, d.Mac, rest.Time(d.Until), rest.Time(d.Created), rest.Time(d.Modified)}
		}),
		Filters: append(rest.FilterOrganization(func(f *devices, v wispwright.ID) { f.OrganizationID = v }), rest.FilterText("search", func(f *devices, v string) { f.Search = v }),
			rest.FilterID("user", func(f *devices, v wispwright.ID) { f.UserID = v })),
		Ordering: map[string]string{"created": "Created", "modified": "Modified", "mac": "Mac", "until": "Until"},
	})
}
