package tenancyhttp

import (
	"context"
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/tenancy"
)

type organizationIn struct {
	Name        rest.Opt[string] `json:"name" required:"true" maxLength:"200" help:"The name of the organization"`
	IsActive    rest.Opt[bool]   `json:"is_active"`
	Slug        rest.Opt[string] `json:"slug" required:"true" maxLength:"200" format:"slug" help:"The name in all lowercase, suitable for URL identification"`
	Description rest.Opt[string] `json:"description" blank:"true"`
	Email       rest.Opt[string] `json:"email" blank:"true" maxLength:"254" format:"email"`
	URL         rest.Opt[string] `json:"url" blank:"true" maxLength:"200" format:"url" label:"URL"`
}

type organizationOut struct {
	ID          wispwright.ID `json:"id"`
	Name        string        `json:"name"`
	IsActive    bool          `json:"is_active"`
	Slug        string        `json:"slug"`
	Description string        `json:"description"`
	Email       string        `json:"email"`
	URL         string        `json:"url"`
	Created     rest.Time     `json:"created"`
	Modified    rest.Time     `json:"modified"`
}

// organizationDetailIn also sets the owner (spec: tenancy §5.2).
type organizationDetailIn struct {
	organizationIn
	Owner rest.Opt[ownerIn] `json:"owner" nullable:"true"`
}

type ownerIn struct {
	OrganizationUser rest.Opt[wispwright.ID] `json:"organization_user" required:"true" nullable:"true" rel:"membership"`
}

type organizationDetailOut struct {
	ID          wispwright.ID `json:"id"`
	Name        string        `json:"name"`
	IsActive    bool          `json:"is_active"`
	Slug        string        `json:"slug"`
	Description string        `json:"description"`
	Email       string        `json:"email"`
	URL         string        `json:"url"`
	Owner       *ownerOut     `json:"owner"`
	Created     rest.Time     `json:"created"`
	Modified    rest.Time     `json:"modified"`
}

type ownerOut struct {
	OrganizationUser wispwright.ID `json:"organization_user"`
}

func (h *HTTP) mountOrganizations(api *rest.API) {
	rest.Mount(api, rest.Resource[wispwright.ID, tenancy.Organization, tenancy.OrganizationFilter, organizationIn, organizationOut]{
		Path: "/api/v1/users/organization/",
		Name: "Organization", Noun: "Organization", ID: "users_organization", Tag: "users",
		Kind: "openwisp_users.organization", Access: rest.Authenticated,
		Service: h.t.Organizations,
		New:     func(*rest.Request) (*tenancy.Organization, error) { return &tenancy.Organization{IsActive: true}, nil },
		Check:   h.checkNewSlug,
		Apply: func(_ *rest.Request, in *organizationIn, o *tenancy.Organization) error {
			in.apply(o)
			if h.options.SlugFromName {
				o.Slug = ""
			}
			return nil
		},
		Out: rest.Each(func(o *tenancy.Organization) organizationOut {
			return organizationOut{o.ID, o.Name, o.IsActive, o.Slug, o.Description, o.Email, o.URL, rest.Time(o.Created), rest.Time(o.Modified)}
		}),
		Location: func(o *organizationOut) string { return o.URL },
		Filters: []rest.Filter[tenancy.OrganizationFilter]{
			rest.FilterText("search", func(f *tenancy.OrganizationFilter, v string) { f.Search = v }),
			rest.FilterText("slug", func(f *tenancy.OrganizationFilter, v string) { f.Slug = v }),
			rest.FilterBool("is_active", func(f *tenancy.OrganizationFilter, v bool) { f.IsActive = &v }),
		},
		Version: func(o *tenancy.Organization) []any {
			return []any{o.Name, o.IsActive, o.Slug, o.Description, o.Email, o.URL}
		},
		Related: func(ctx context.Context, _ *rest.Request, o *tenancy.Organization) ([]any, error) {
			owner, err := h.t.Memberships.OwnerOf(ctx, o.ID)
			if err != nil || owner == nil {
				return nil, err
			}
			return []any{owner.MembershipID}, nil
		},
		Ordering: map[string]string{"name": "Name", "slug": "Slug", "created": "Created", "modified": "Modified"},
		Detail: rest.Item[wispwright.ID, tenancy.Organization, tenancy.OrganizationFilter, organizationDetailIn, organizationDetailOut]{
			Check:  h.checkSlug,
			Update: h.updateOrganization,
			Delete: h.deleteOrganization,
			Out:    h.organizationDetails,
		},
	})
}

func (in *organizationIn) apply(o *tenancy.Organization) {
	in.Name.Into(&o.Name)
	in.IsActive.Into(&o.IsActive)
	in.Slug.Into(&o.Slug)
	in.Description.Into(&o.Description)
	in.Email.Into(&o.Email)
	in.URL.Into(&o.URL)
}

// checkNewSlug tells which organization has the slug already: provisioning
// scripts rely on the second key (spec: tenancy §5.1).
func (h *HTTP) checkNewSlug(r *rest.Request, in *organizationIn) error {
	if in.Slug.V == "" {
		return nil
	}
	other, err := h.t.Organizations.BySlug(r.Context(), wispwright.ScopeAll(), in.Slug.V)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	v := &wispwright.ValidationError{}
	v.Add("slug", "organization with this slug already exists.")
	v.Add("organization", other.ID.String())
	return v
}

// checkSlug is checkNewSlug for an organization that exists, without the second
// key.
func (h *HTTP) checkSlug(r *rest.Request, in *organizationDetailIn) error {
	if in.Slug.V == "" {
		return nil
	}
	other, err := h.t.Organizations.BySlug(r.Context(), wispwright.ScopeAll(), in.Slug.V)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return nil
	case err != nil:
		return err
	case other.ID != r.ID("id"):
		return wispwright.Invalid("slug", "organization with this slug already exists.")
	}
	return nil
}

func (h *HTTP) updateOrganization(r *rest.Request, id wispwright.ID, in *organizationDetailIn) (*tenancy.Organization, error) {
	var after *tenancy.Organization
	err := h.tx.InTx(r.Context(), func(ctx context.Context) error {
		var err error
		if after, err = h.t.Organizations.Update(ctx, r.WriteScope(), id, func(o *tenancy.Organization) error {
			if err := r.ExpectIn(ctx, o); err != nil {
				return err
			}
			plain := organizationIn{in.Name, in.IsActive, in.Slug, in.Description, in.Email, in.URL}
			plain.apply(o)
			return nil
		}); err != nil {
			return err
		}
		return h.setOwner(ctx, r, id, in.Owner)
	})
	return after, err
}

// setOwner accepts memberships of the organizations the caller manages.
func (h *HTTP) setOwner(ctx context.Context, r *rest.Request, organization wispwright.ID, owner rest.Opt[ownerIn]) error {
	if !owner.Set || !owner.Null && !owner.V.OrganizationUser.Set {
		return nil
	}
	membership := owner.V.OrganizationUser.Or(wispwright.ID{})
	if !membership.IsZero() {
		_, err := h.t.Memberships.Get(ctx, r.WriteScope(), membership)
		if errors.Is(err, wispwright.ErrNotFound) {
			return wispwright.Invalid("owner.organization_user", valid.UnknownPK(membership))
		}
		if err != nil {
			return err
		}
	}
	return h.t.Memberships.SetOwner(ctx, organization, membership)
}

func (h *HTTP) organizationDetails(r *rest.Request, rows []*tenancy.Organization) ([]organizationDetailOut, error) {
	out := make([]organizationDetailOut, len(rows))
	for i, o := range rows {
		owner, err := h.t.Memberships.OwnerOf(r.Context(), o.ID)
		if err != nil {
			return nil, err
		}
		out[i] = organizationDetailOut{ID: o.ID, Name: o.Name, IsActive: o.IsActive, Slug: o.Slug, Description: o.Description,
			Email: o.Email, URL: o.URL, Created: rest.Time(o.Created), Modified: rest.Time(o.Modified)}
		if owner != nil {
			out[i].Owner = &ownerOut{owner.MembershipID}
		}
	}
	return out, nil
}
