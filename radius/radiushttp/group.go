package radiushttp

import (
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/radius"
)

type groupIn struct {
	Name         rest.Opt[string]        `json:"name" required:"true" maxLength:"255"`
	Description  rest.Opt[string]        `json:"description" nullable:"true" blank:"true" maxLength:"64"`
	Default      rest.Opt[bool]          `json:"default"`
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
}

type groupOut struct {
	ID           wispwright.ID `json:"id"`
	Created      moment        `json:"created"`
	Modified     moment        `json:"modified"`
	Name         string        `json:"name"`
	Description  string        `json:"description"`
	Default      bool          `json:"default"`
	Organization wispwright.ID `json:"organization"`
}

// managed limits a resource to the organizations the caller manages; shared rows are
// superusers' alone.
func managed(r *rest.Request) (read, write wispwright.Scope) { return r.WriteScope(), r.WriteScope() }

// mountGroups adds groups, with their checks and replies (additions: R-5).
func (h *HTTP) mountGroups(api *rest.API) {
	type filter = radius.GroupFilter
	rest.Mount(api, rest.Resource[wispwright.ID, radius.Group, filter, groupIn, groupOut]{
		Path: "/api/v1/radius/group/", Name: "Radius Group", Noun: "RadiusGroup", ID: "radius_group", Tag: tag, Kind: app + "radiusgroup", PageSize: 20,
		Service: h.r.Groups, Scopes: managed, Organization: func(g *radius.Group) wispwright.ID { return g.OrganizationID },
		Apply: func(_ *rest.Request, in *groupIn, g *radius.Group) error {
			in.Name.Into(&g.Name)
			in.Description.Into(&g.Description)
			in.Default.Into(&g.IsDefault)
			in.Organization.Into(&g.OrganizationID)
			return nil
		},
		Delete: func(r *rest.Request, id wispwright.ID) error {
			if r.Caller.Superuser { // one at a time (spec: radius §1.3)
				return h.r.Groups.DeleteDefault(r.Context(), r.WriteScope(), id)
			}
			return h.r.Groups.Delete(r.Context(), r.WriteScope(), id)
		},
		Out: rest.Each(func(g *radius.Group) groupOut {
			return groupOut{g.ID, h.moment(g.Created), h.moment(g.Modified), g.Name, g.Description, g.IsDefault, g.OrganizationID}
		}),
		Filters: append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterText("search", func(f *filter, v string) { f.Search = v }), rest.FilterBool("default", func(f *filter, v bool) { f.IsDefault = &v })),
		Ordering: map[string]string{"name": "Name", "created": "Created", "modified": "Modified"},
	})
	h.mountGroupAttributes(api, "check", h.r.GroupChecks)
	h.mountGroupAttributes(api, "reply", h.r.GroupReplies)
}

type groupAttributeIn struct {
	Attribute rest.Opt[string] `json:"attribute" required:"true" maxLength:"64"`
	Op        rest.Opt[string] `json:"op" maxLength:"2"`
	Value     rest.Opt[string] `json:"value" required:"true" maxLength:"253"`
}

type groupAttributeOut struct {
	ID        wispwright.ID `json:"id"`
	Created   moment        `json:"created"`
	Modified  moment        `json:"modified"`
	Attribute string        `json:"attribute"`
	Op        string        `json:"op"`
	Value     string        `json:"value"`
	Group     wispwright.ID `json:"group"`
}

// mountGroupAttributes adds checks or replies below their group.
func (h *HTTP) mountGroupAttributes(api *rest.API, what string, service *radius.GroupAttributes) {
	type filter = radius.GroupAttributeFilter
	kind := app + "radiusgroup" + what
	group := func(r *rest.Request) (*radius.Group, error) {
		g, err := h.r.Groups.Get(r.Context(), r.WriteScope(), r.ID("group_id"))
		return g, err
	}
	rest.Mount(api, rest.Resource[wispwright.ID, radius.GroupAttribute, filter, groupAttributeIn, groupAttributeOut]{
		Path: "/api/v1/radius/group/{group_id}/" + what + "/", Name: "Radius Group " + map[string]string{"check": "Check", "reply": "Reply"}[what], Noun: "RadiusGroup", ID: "radius_group_" + what, Tag: tag, Kind: kind,
		Service: service, Scopes: managed, Organization: func(a *radius.GroupAttribute) wispwright.ID { return a.OrganizationID },
		Prepare: func(r *rest.Request) error { _, err := group(r); return err },
		Within:  func(r *rest.Request, f *filter) error { f.GroupID = r.ID("group_id"); return nil },
		Belongs: func(r *rest.Request, a *radius.GroupAttribute) bool { return a.GroupID == r.ID("group_id") },
		New: func(r *rest.Request) (*radius.GroupAttribute, error) {
			g, err := group(r)
			if err != nil {
				return nil, err
			}
			return &radius.GroupAttribute{GroupID: g.ID, OrganizationID: g.OrganizationID}, nil
		},
		Apply: func(_ *rest.Request, in *groupAttributeIn, a *radius.GroupAttribute) error {
			in.Attribute.Into(&a.Attribute)
			in.Op.Into(&a.Op)
			in.Value.Into(&a.Value)
			return nil
		},
		Out: rest.Each(func(a *radius.GroupAttribute) groupAttributeOut {
			return groupAttributeOut{a.ID, h.moment(a.Created), h.moment(a.Modified), a.Attribute, a.Op, a.Value, a.GroupID}
		}),
	})
}

type memberIn struct {
	Group    rest.Opt[wispwright.ID] `json:"group" required:"true" rel:"radiusgroup"`
	Priority rest.Opt[int64]         `json:"priority" minimum:"0" maximum:"2147483647"`
}

type memberOut struct {
	ID       wispwright.ID `json:"id"`
	Group    wispwright.ID `json:"group"`
	Priority int64         `json:"priority"`
	Created  moment        `json:"created"`
	Modified moment        `json:"modified"`
}

// mountMembers adds the groups of a user (additions: R-5).
func (h *HTTP) mountMembers(api *rest.API) {
	type filter = radius.MembershipFilter
	rest.Mount(api, rest.Resource[wispwright.ID, radius.Membership, filter, memberIn, memberOut]{
		Path: "/api/v1/users/user/{user_id}/radius-group/", Name: "User Radius Group", Noun: "RadiusUserGroup", ID: "user_radius_group", Tag: tag, Kind: app + "radiususergroup",
		Service: h.r.Memberships, Scopes: managed, Organization: func(m *radius.Membership) wispwright.ID { return m.OrganizationID },
		Prepare: func(r *rest.Request) error {
			if _, err := h.t.Users.Get(r.Context(), r.WriteScope(), r.ID("user_id")); err != nil {
				return err
			}
			return nil
		},
		Within:  func(r *rest.Request, f *filter) error { f.UserID = r.ID("user_id"); return nil },
		Belongs: func(r *rest.Request, m *radius.Membership) bool { return m.UserID == r.ID("user_id") },
		New: func(r *rest.Request) (*radius.Membership, error) {
			return &radius.Membership{UserID: r.ID("user_id"), Priority: 1}, nil
		},
		Check: func(r *rest.Request, in *memberIn) error {
			if !in.Group.Set {
				return nil
			}
			_, err := h.r.Groups.Get(r.Context(), r.WriteScope(), in.Group.V)
			return valid.Reference(err, "group", in.Group.V)
		},
		Apply: func(r *rest.Request, in *memberIn, m *radius.Membership) error {
			if in.Group.Set {
				g, err := h.r.Groups.Get(r.Context(), r.WriteScope(), in.Group.V)
				if err != nil {
					return valid.Reference(err, "group", in.Group.V)
				}
				m.GroupID, m.OrganizationID = g.ID, g.OrganizationID
			}
			in.Priority.Into(&m.Priority)
			return nil
		},
		Out: rest.Each(func(m *radius.Membership) memberOut {
			return memberOut{m.ID, m.GroupID, m.Priority, h.moment(m.Created), h.moment(m.Modified)}
		}),
		Filters: []rest.Filter[filter]{
			rest.FilterID("group__organization", func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			{Name: "group__organization__slug", Help: "a slug", Apply: func(r *rest.Request, f *filter, v string) error {
				o, err := h.organizations.BySlug(r.Context(), v)
				if errors.Is(err, wispwright.ErrNotFound) || err == nil && !r.WriteScope().Allows(o.ID) {
					return rest.ErrNothing
				}
				f.OrganizationID = o.ID
				return err
			}},
		},
		NonField: "non_field_errors",
	})
}
