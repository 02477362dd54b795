package radiushttp

import (
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/radius"
)

type nasIn struct {
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
	Name         rest.Opt[string]        `json:"name" required:"true" maxLength:"128" help:"IP address, network in CIDR notation, or host name"`
	ShortName    rest.Opt[string]        `json:"short_name" required:"true" maxLength:"32"`
	Type         rest.Opt[string]        `json:"type" maxLength:"30"`
	Ports        rest.Opt[int64]         `json:"ports" nullable:"true" minimum:"0" maximum:"2147483647"`
	Secret       rest.Opt[string]        `json:"secret" required:"true" maxLength:"60" trim:"false"`
	Server       rest.Opt[string]        `json:"server" nullable:"true" blank:"true" maxLength:"64"`
	Community    rest.Opt[string]        `json:"community" nullable:"true" blank:"true" maxLength:"50"`
	Description  rest.Opt[string]        `json:"description" nullable:"true" blank:"true" maxLength:"200"`
}

type nasOut struct {
	ID           wispwright.ID `json:"id"`
	Organization wispwright.ID `json:"organization"`
	Name         string        `json:"name"`
	ShortName    string        `json:"short_name"`
	Type         string        `json:"type"`
	Ports        *int64        `json:"ports"`
	Secret       *string       `json:"secret" doc:"Shown to those who may change it."`
	Server       string        `json:"server"`
	Community    string        `json:"community"`
	Description  string        `json:"description"`
	Created      moment        `json:"created"`
	Modified     moment        `json:"modified"`
}

// revealed is a secret for those who may change what it belongs to.
func revealed(r *rest.Request, s wispwright.Secret, kind string) *string {
	if !r.Can(wispwright.Permission(app + "change_" + kind)) {
		return nil
	}
	text := s.Reveal()
	return &text
}

// mountNAS adds access servers.
func (h *HTTP) mountNAS(api *rest.API) {
	type filter = radius.NASFilter
	var types []rest.Choice
	for _, t := range h.r.NASes.Types() {
		types = append(types, rest.Choice{Value: t, Label: t})
	}
	rest.Mount(api, rest.Resource[wispwright.ID, radius.NAS, filter, nasIn, nasOut]{
		Path: "/api/v1/radius/nas/", Name: "NAS", Noun: "Nas", ID: "radius_nas", Tag: tag, Kind: app + "nas",
		Service: h.r.NASes, Scopes: managed, Organization: func(n *radius.NAS) wispwright.ID { return n.OrganizationID },
		Choices: map[string][]rest.Choice{"type": types},
		Apply: func(_ *rest.Request, in *nasIn, n *radius.NAS) error {
			in.Organization.Into(&n.OrganizationID)
			in.Name.Into(&n.Name)
			in.ShortName.Into(&n.ShortName)
			in.Type.Into(&n.Type)
			in.Ports.IntoPtr(&n.Ports)
			if in.Secret.Set {
				n.Secret = wispwright.Secret(in.Secret.V)
			}
			in.Server.Into(&n.Server)
			in.Community.Into(&n.Community)
			in.Description.Into(&n.Description)
			return nil
		},
		Out: func(r *rest.Request, rows []*radius.NAS) ([]nasOut, error) {
			out := make([]nasOut, len(rows))
			for i, n := range rows {
				out[i] = nasOut{n.ID, n.OrganizationID, n.Name, n.ShortName, n.Type, n.Ports, revealed(r, n.Secret, "nas"), n.Server, n.Community, n.Description, h.moment(n.Created), h.moment(n.Modified)}
			}
			return out, nil
		},
		Filters:  append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }), rest.FilterText("search", func(f *filter, v string) { f.Search = v })),
		Ordering: map[string]string{"name": "Name", "short_name": "ShortName", "created": "Created", "modified": "Modified"},
	})
}

type attributeIn struct {
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
	Username     rest.Opt[string]        `json:"username" blank:"true" maxLength:"64"`
	User         rest.Opt[wispwright.ID] `json:"user" nullable:"true" rel:"user"`
	Attribute    rest.Opt[string]        `json:"attribute" required:"true" maxLength:"64"`
	Op           rest.Opt[string]        `json:"op" maxLength:"2"`
	Value        rest.Opt[string]        `json:"value" required:"true" maxLength:"253" trim:"false"`
}

type attributeOut struct {
	ID           wispwright.ID `json:"id"`
	Organization wispwright.ID `json:"organization"`
	Username     string        `json:"username"`
	User         wispwright.ID `json:"user"`
	Attribute    string        `json:"attribute"`
	Op           string        `json:"op"`
	Value        string        `json:"value"`
	Created      moment        `json:"created"`
	Modified     moment        `json:"modified"`
}

// mountAttributes adds checks and replies of users.
func (h *HTTP) mountAttributes(api *rest.API) {
	type filter = radius.AttributeFilter
	for what, service := range map[string]*radius.Attributes{"check": h.r.Checks, "reply": h.r.Replies} {
		rest.Mount(api, rest.Resource[wispwright.ID, radius.Attribute, filter, attributeIn, attributeOut]{
			Path: "/api/v1/radius/" + what + "/", Name: "Radius " + map[string]string{"check": "Check", "reply": "Reply"}[what], Noun: "Radius" + map[string]string{"check": "Check", "reply": "Reply"}[what],
			ID: "radius_" + what, Tag: tag, Kind: app + "radius" + what,
			Service: service, Scopes: managed, Organization: func(a *radius.Attribute) wispwright.ID { return a.OrganizationID },
			Check: func(r *rest.Request, in *attributeIn) error {
				if !in.User.Set || in.User.Null {
					return nil
				}
				_, err := h.t.Users.Get(r.Context(), r.WriteScope(), in.User.V)
				return valid.Reference(err, "user", in.User.V)
			},
			Apply: func(_ *rest.Request, in *attributeIn, a *radius.Attribute) error {
				in.Organization.Into(&a.OrganizationID)
				in.Username.Into(&a.Username)
				in.User.Into(&a.UserID)
				in.Attribute.Into(&a.Attribute)
				in.Op.Into(&a.Op)
				in.Value.Into(&a.Value)
				return nil
			},
			Out: rest.Each(func(a *radius.Attribute) attributeOut {
				return attributeOut{a.ID, a.OrganizationID, a.Username, a.UserID, a.Attribute, a.Op, a.Value, h.moment(a.Created), h.moment(a.Modified)}
			}),
			Filters: append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
				rest.FilterText("search", func(f *filter, v string) { f.Search = v }), rest.FilterID("user", func(f *filter, v wispwright.ID) { f.UserID = v })),
			Ordering: map[string]string{"username": "Username", "attribute": "Attribute", "created": "Created", "modified": "Modified"},
		})
	}
}

type postAuthOut struct {
	ID               wispwright.ID `json:"id"`
	Username         string        `json:"username"`
	Password         string        `json:"password"`
	Reply            string        `json:"reply"`
	CalledStationID  *string       `json:"called_station_id"`
	CallingStationID *string       `json:"calling_station_id"`
	Date             moment        `json:"date"`
	Organization     wispwright.ID `json:"organization"`
}

// mountPostAuths adds the log of answers.
func (h *HTTP) mountPostAuths(api *rest.API) {
	type filter = radius.PostAuthFilter
	rest.Mount(api, rest.Resource[wispwright.ID, radius.PostAuth, filter, rest.None, postAuthOut]{
		Path: "/api/v1/radius/postauth/", Name: "Post Auth", Noun: "RadiusPostAuth", ID: "radius_postauth", Tag: tag, Kind: app + "radiuspostauth", Only: rest.List | rest.Read,
		Service: h.r.PostAuths, Scopes: managed,
		Out: rest.Each(func(p *radius.PostAuth) postAuthOut {
			return postAuthOut{p.ID, p.Username, p.Password, p.Reply, p.CalledStationID, p.CallingStationID, h.moment(p.Date), p.OrganizationID}
		}),
		Filters: append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }), rest.FilterText("search", func(f *filter, v string) { f.Search = v }),
			rest.FilterChoice("reply", []string{"Access-Accept", "Access-Reject"}, func(f *filter, v string) { f.Reply = v })),
		Ordering: map[string]string{"date": "Date", "username": "Username"},
	})
}

type settingsIn struct {
	Token               rest.Opt[string] `json:"token" maxLength:"32"`
	AllowedHosts        rest.Opt[string] `json:"freeradius_allowed_hosts" nullable:"true" blank:"true" help:"Addresses and networks, separated by commas, without spaces; null: as everywhere"`
	CoAEnabled          rest.Opt[bool]   `json:"coa_enabled" nullable:"true"`
	NeedsVerification   rest.Opt[bool]   `json:"needs_identity_verification" nullable:"true"`
	MACRoaming          rest.Opt[bool]   `json:"mac_addr_roaming_enabled" nullable:"true"`
	RegistrationEnabled rest.Opt[bool]   `json:"registration_enabled" nullable:"true"`
	LoginURL            rest.Opt[string] `json:"login_url" nullable:"true" blank:"true"`
	StatusURL           rest.Opt[string] `json:"status_url" nullable:"true" blank:"true"`
	PasswordResetURL    rest.Opt[string] `json:"password_reset_url" nullable:"true" blank:"true"`
	FirstName           rest.Opt[string] `json:"first_name" nullable:"true" enum:"disabled,allowed,mandatory"`
	LastName            rest.Opt[string] `json:"last_name" nullable:"true" enum:"disabled,allowed,mandatory"`
	Location            rest.Opt[string] `json:"location" nullable:"true" enum:"disabled,allowed,mandatory"`
	BirthDate           rest.Opt[string] `json:"birth_date" nullable:"true" enum:"disabled,allowed,mandatory"`
}

// settingsOut are the settings in force, and which of them are the organization's
// own.
type settingsOut struct {
	Organization        wispwright.ID `json:"organization"`
	Token               *string       `json:"token" doc:"Shown to those who may change it."`
	AllowedHosts        string        `json:"freeradius_allowed_hosts"`
	CoAEnabled          bool          `json:"coa_enabled"`
	NeedsVerification   bool          `json:"needs_identity_verification"`
	MACRoaming          bool          `json:"mac_addr_roaming_enabled"`
	RegistrationEnabled bool          `json:"registration_enabled"`
	LoginURL            string        `json:"login_url"`
	StatusURL           string        `json:"status_url"`
	PasswordResetURL    string        `json:"password_reset_url"`
	FirstName           string        `json:"first_name"`
	LastName            string        `json:"last_name"`
	Location            string        `json:"location"`
	BirthDate           string        `json:"birth_date"`
	Own                 []string      `json:"own" doc:"The fields that the organization set itself; the others are as everywhere."`
}

// mountSettings adds the settings of an organization.
func (h *HTTP) mountSettings(api *rest.API) {
	change := func(method, id string) rest.Op {
		return rest.Action(method, id, http.StatusOK, func(r *rest.Request, in *settingsIn) (settingsOut, error) {
			s, err := h.r.Settings.Of(r.Context(), r.WriteScope(), r.ID("id"))
			if err != nil {
				return settingsOut{}, err
			}
			if s, err = h.r.Settings.Update(r.Context(), r.WriteScope(), s.ID, in.apply); err != nil {
				return settingsOut{}, err
			}
			return h.newSettingsOut(r, s)
		})
	}
	api.Mount(&rest.View{Path: "/api/v1/radius/organization/{id}/settings/", Name: "Organization Radius Settings", Noun: "Organization", Tag: tag, Kind: app + "organizationradiussettings"},
		rest.Action("GET", "radius_organization_settings_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (settingsOut, error) {
			s, err := h.r.Settings.Of(r.Context(), r.WriteScope(), r.ID("id"))
			if err != nil {
				return settingsOut{}, err
			}
			return h.newSettingsOut(r, s)
		}), change("PUT", "radius_organization_settings_update"), change("PATCH", "radius_organization_settings_partial_update"))
}

func (in *settingsIn) apply(s *radius.Settings) error {
	if in.Token.Set {
		s.Token = wispwright.Secret(in.Token.V)
	}
	in.AllowedHosts.IntoPtr(&s.AllowedHosts)
	in.CoAEnabled.IntoPtr(&s.CoAEnabled)
	in.NeedsVerification.IntoPtr(&s.NeedsVerification)
	in.MACRoaming.IntoPtr(&s.MACRoaming)
	in.RegistrationEnabled.IntoPtr(&s.RegistrationEnabled)
	in.LoginURL.Into(&s.LoginURL)
	in.StatusURL.Into(&s.StatusURL)
	in.PasswordResetURL.IntoPtr(&s.PasswordResetURL)
	in.FirstName.IntoPtr(&s.FirstName)
	in.LastName.IntoPtr(&s.LastName)
	in.Location.IntoPtr(&s.Location)
	in.BirthDate.IntoPtr(&s.BirthDate)
	return nil
}

func (h *HTTP) newSettingsOut(r *rest.Request, s *radius.Settings) (settingsOut, error) {
	f := h.r.Settings.InForce(s)
	out := settingsOut{s.OrganizationID, revealed(r, s.Token, "organizationradiussettings"), strings.Join(f.AllowedHosts, ","), f.CoAEnabled, f.NeedsVerification, f.MACRoaming, f.RegistrationEnabled,
		s.LoginURL, s.StatusURL, f.PasswordResetURL, f.FirstName, f.LastName, f.Location, f.BirthDate, []string{}}
	for _, own := range []struct {
		name string
		set  bool
	}{{"freeradius_allowed_hosts", s.AllowedHosts != nil}, {"coa_enabled", s.CoAEnabled != nil}, {"needs_identity_verification", s.NeedsVerification != nil},
		{"mac_addr_roaming_enabled", s.MACRoaming != nil}, {"registration_enabled", s.RegistrationEnabled != nil}, {"password_reset_url", s.PasswordResetURL != nil},
		{"first_name", s.FirstName != nil}, {"last_name", s.LastName != nil}, {"location", s.Location != nil}, {"birth_date", s.BirthDate != nil}} {
		if own.set {
			out.Own = append(out.Own, own.name)
		}
	}
	return out, nil
}
