package radiushttp

import (
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
