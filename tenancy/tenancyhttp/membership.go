package tenancyhttp

import (
	"context"
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/tenancy"
)

type membershipCreateIn struct {
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
	IsAdmin      rest.Opt[bool]          `json:"is_admin" label:"Is admin"`
}

type membershipUpdateIn struct {
	IsAdmin rest.Opt[bool] `json:"is_admin" required:"true" label:"Is admin"`
}

type membershipFullOut struct {
	ID           wispwright.ID `json:"id"`
	Organization wispwright.ID `json:"organization"`
	IsAdmin      bool          `json:"is_admin"`
	Created      rest.Time     `json:"created"`
	Modified     rest.Time     `json:"modified"`
}

// mountMemberships adds the memberships of a user one by one, which is safer
// than the toggle of the user's own path (spec: tenancy §15).
func (h *HTTP) mountMemberships(api *rest.API) {
	view := func(path, name string) *rest.View {
		return &rest.View{Path: "/api/v1/users/user/{user}/organization-membership/" + path, Name: name, Noun: "OrganizationUser", Tag: "users",
			Kind: "openwisp_users.organizationuser", Access: rest.Authenticated, Prepare: h.visibleUser,
			Description: "Where a user belongs, and what it manages."}
	}
	api.Mount(view("", "Membership List Create"),
		rest.Documented[rest.None, rest.Page[membershipFullOut]](http.StatusOK, rest.Op{Method: "GET", ID: "users_user_membership_list",
			Handle: func(r *rest.Request) (int, any, error) {
				page, err := r.Paginate(0, 0, func(p wispwright.Page) (any, int, error) {
					items, err := h.t.Memberships.List(r.Context(), r.WriteScope(), tenancy.MembershipFilter{UserID: r.ID("user")}, p)
					out := make([]membershipFullOut, len(items.Rows))
					for i, m := range items.Rows {
						out[i] = mapMembership(m)
					}
					return out, items.Total, err
				})
				return http.StatusOK, page, err
			}}),
		rest.Action("POST", "users_user_membership_create", http.StatusCreated, func(r *rest.Request, in *membershipCreateIn) (membershipFullOut, error) {
			m := &tenancy.Membership{UserID: r.ID("user"), OrganizationID: in.Organization.V, IsAdmin: in.IsAdmin.V}
			if err := h.t.Memberships.Create(r.Context(), m); err != nil {
				return membershipFullOut{}, err
			}
			return mapMembership(m), nil
		}))
	change := func(r *rest.Request, in *membershipUpdateIn) (membershipFullOut, error) {
		m, err := h.membership(r)
		if err == nil && in.IsAdmin.Set {
			m, err = h.t.Memberships.Update(r.Context(), r.WriteScope(), m.ID, in.IsAdmin.V)
		}
		if err != nil {
			return membershipFullOut{}, err
		}
		return mapMembership(m), nil
	}
	one := view("{organization}/", "Membership Detail")
	one.Prepare = func(r *rest.Request) error {
		err := h.visibleUser(r)
		if err == nil {
			_, err = h.membership(r)
		}
		return err
	}
	api.Mount(one,
		rest.Action("GET", "users_user_membership_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (membershipFullOut, error) {
			m, err := h.membership(r)
			if err != nil {
				return membershipFullOut{}, err
			}
			return mapMembership(m), nil
		}),
		rest.Action("PUT", "users_user_membership_update", http.StatusOK, change),
		rest.Action("PATCH", "users_user_membership_partial_update", http.StatusOK, change),
		rest.Action("DELETE", "users_user_membership_delete", http.StatusNoContent, func(r *rest.Request, _ *rest.None) (rest.None, error) {
			m, err := h.membership(r)
			if err != nil {
				return rest.None{}, err
			}
			return rest.None{}, h.t.Memberships.Delete(r.Context(), r.WriteScope(), m.ID)
		}))
}

// membership is that of the path's user in the path's organization, within what
// the caller manages.
func (h *HTTP) membership(r *rest.Request) (*tenancy.Membership, error) {
	items, err := h.t.Memberships.List(r.Context(), r.WriteScope(),
		tenancy.MembershipFilter{UserID: r.ID("user"), OrganizationID: r.ID("organization")}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	// a zero id in the path would be no filter
	if len(items.Rows) == 0 || items.Rows[0].OrganizationID != r.ID("organization") {
		return nil, wispwright.ErrNotFound
	}
	return items.Rows[0], nil
}

func mapMembership(m *tenancy.Membership) membershipFullOut {
	return membershipFullOut{m.ID, m.OrganizationID, m.IsAdmin, rest.Time(m.Created), rest.Time(m.Modified)}
}

// withinOwn refuses groups that may do what the caller may not, for
// Options.StrictGroups and for named tokens.
func (h *HTTP) withinOwn(ctx context.Context, r *rest.Request, groups []int64) error {
	strict := h.options.StrictGroups || r.Caller.Method == tenancy.APITokenMethod
	if !strict || r.Caller.Superuser {
		return nil
	}
	for _, id := range groups {
		g, err := h.t.Groups.Get(ctx, wispwright.ScopeAll(), id)
		if errors.Is(err, wispwright.ErrNotFound) {
			return wispwright.Invalid("groups", valid.UnknownPK(id))
		}
		if err != nil {
			return err
		}
		for _, p := range g.Permissions {
			if !r.Can(p) {
				return wispwright.Invalid("groups", "You may not give the group "+g.Name+": it may do what you may not.")
			}
		}
	}
	return nil
}
