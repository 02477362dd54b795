package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// DumpData implements WithData.
func (t *TenancyConcern) DumpData(ctx context.Context) (any, error) {
	var out struct {
		Organizations []json.RawMessage `json:"organizations"`
		Users         []userData        `json:"users"`
	}
	// a file with the half of an organization would bring that half back
	going, err := t.goingSlugs(ctx)
	if err != nil {
		return nil, err
	}
	for _, slug := range slices.Sorted(maps.Keys(going)) {
		return nil, fmt.Errorf("%s: dump when it is gone", going[slug])
	}
	var slugs map[wispwright.ID]string
	if out.Organizations, slugs, err = t.dumpOrganizations(ctx); err != nil {
		return nil, err
	}
	out.Users, err = t.dumpUsers(ctx, slugs)
	return out, err
}

func (t *TenancyConcern) dumpOrganizations(ctx context.Context) (list []json.RawMessage, slugs map[wispwright.ID]string, err error) {
	orgs, err := t.Organizations.List(ctx, wispwright.ScopeAll(), tenancy.OrganizationFilter{}, oldestFirst("Created"))
	if err != nil {
		return nil, nil, err
	}
	list, slugs = []json.RawMessage{}, map[wispwright.ID]string{}
	for _, o := range orgs.Rows {
		slugs[o.ID] = o.Slug
		parts := []any{organizationData{Name: o.Name, Slug: o.Slug, IsActive: &o.IsActive}}
		for _, other := range t.host.OrganizationData() {
			part, err := other.DumpOrganization(ctx, o.ID)
			if err != nil {
				return nil, nil, err
			}
			parts = append(parts, part)
		}
		text, err := joined(parts...)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, text)
	}
	return list, slugs, nil
}

func (t *TenancyConcern) dumpUsers(ctx context.Context, slugs map[wispwright.ID]string) ([]userData, error) {
	all := wispwright.ScopeAll()
	list := []userData{}
	groups, err := t.Groups.List(ctx, all, tenancy.GroupFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for _, g := range groups.Rows {
		names[g.ID] = g.Name
	}
	users, err := t.Users.List(ctx, all, tenancy.UserFilter{}, oldestFirst("DateJoined"))
	if err != nil {
		return nil, err
	}
	for _, u := range users.Rows {
		out := userData{Username: u.Username, Email: u.Email, Password: u.Password.Reveal(), IsSuperuser: u.IsSuperuser, IsStaff: u.IsStaff}
		if !u.PasswordUpdated.IsZero() {
			out.PasswordUpdated = u.PasswordUpdated.Format(time.DateOnly)
		}
		if !u.ExpirationDate.IsZero() {
			out.ExpirationDate = u.ExpirationDate.Format(time.DateOnly)
		}
		token, err := t.Tokens.Get(ctx, u.ID)
		switch {
		case err == nil:
			out.Token = token.Key.Reveal()
		case !errors.Is(err, wispwright.ErrNotFound):
			return nil, err
		}
		ids, err := t.Users.Groups(ctx, u.ID)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			out.Groups = append(out.Groups, names[id])
		}
		members, err := t.Memberships.List(ctx, all, tenancy.MembershipFilter{UserID: u.ID}, oldestFirst("Created"))
		if err != nil {
			return nil, err
		}
		for _, m := range members.Rows {
			out.Organizations = append(out.Organizations, membershipData{Slug: slugs[m.OrganizationID], IsAdmin: m.IsAdmin})
		}
		list = append(list, out)
	}
	return list, nil
}

func oldestFirst(field string) wispwright.Page {
	return wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: field}}}
}
