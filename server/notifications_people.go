package server

import (
	"context"
	"fmt"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/tenancy"
)

// peopleOf are the accounts of tenancy as notifications know them: e-mails go to
// the verified primary address.
type peopleOf struct{ t *tenancy.Tenancy }

var _ notifications.People = peopleOf{}

func everyone() wispwright.Scope { return wispwright.ScopeAll() }

var unpaged = wispwright.Page{NoTotal: true}

// Audience implements notifications.People with four statements.
func (p peopleOf) Audience(ctx context.Context, organizations ...wispwright.ID) (map[wispwright.ID][]notifications.Person, error) {
	yes := true
	super, err := p.t.Users.List(ctx, everyone(), tenancy.UserFilter{IsSuperuser: &yes, IsActive: &yes}, unpaged)
	if err != nil {
		return nil, fmt.Errorf("superusers: %w", err)
	}
	managers := map[wispwright.ID][]wispwright.ID{}
	var ids []wispwright.ID
	if len(organizations) > 0 {
		found, err := p.t.Memberships.List(ctx, everyone(), tenancy.MembershipFilter{OrganizationIDs: wispwright.Only(organizations...), IsAdmin: &yes}, unpaged)
		if err != nil {
			return nil, fmt.Errorf("managers: %w", err)
		}
		for _, m := range found.Rows {
			managers[m.OrganizationID] = append(managers[m.OrganizationID], m.UserID)
			ids = append(ids, m.UserID)
		}
	}
	staff, err := p.t.Users.List(ctx, everyone(), tenancy.UserFilter{IDs: wispwright.Only(ids...), IsStaff: &yes, IsActive: &yes}, unpaged)
	if err != nil {
		return nil, fmt.Errorf("managers: %w", err)
	}
	all, err := p.persons(ctx, append(super.Rows, staff.Rows...))
	if err != nil {
		return nil, err
	}
	out := map[wispwright.ID][]notifications.Person{}
	for _, u := range super.Rows {
		out[wispwright.ID{}] = append(out[wispwright.ID{}], all[u.ID])
	}
	for organization, users := range managers {
		for _, id := range users {
			if one, ok := all[id]; ok {
				out[organization] = append(out[organization], one)
			}
		}
	}
	return out, nil
}

// persons adds the addresses to accounts.
func (p peopleOf) persons(ctx context.Context, users []*tenancy.User) (map[wispwright.ID]notifications.Person, error) {
	ids := make([]wispwright.ID, 0, len(users))
	out := make(map[wispwright.ID]notifications.Person, len(users))
	for _, u := range users {
		ids = append(ids, u.ID)
		out[u.ID] = notifications.Person{ID: u.ID, Active: u.IsActive, Joined: u.DateJoined}
	}
	yes := true
	found, err := p.t.Emails.List(ctx, everyone(), tenancy.EmailFilter{UserIDs: wispwright.Only(ids...), IsVerified: &yes, IsPrimary: &yes}, unpaged)
	if err != nil {
		return nil, fmt.Errorf("addresses: %w", err)
	}
	for _, e := range found.Rows {
		one := out[e.UserID]
		one.Email = e.Address
		out[e.UserID] = one
	}
	return out, nil
}

func (p peopleOf) find(ctx context.Context, f tenancy.UserFilter) (out []notifications.Person, err error) {
	found, err := p.t.Users.List(ctx, everyone(), f, unpaged)
	if err != nil {
		return nil, err
	}
	all, err := p.persons(ctx, found.Rows)
	for _, u := range found.Rows {
		out = append(out, all[u.ID])
	}
	return out, err
}

// Persons implements notifications.People.
func (p peopleOf) Persons(ctx context.Context, ids ...wispwright.ID) ([]notifications.Person, error) {
	return p.find(ctx, tenancy.UserFilter{IDs: wispwright.Only(ids...)})
}

// Members implements notifications.People.
func (p peopleOf) Members(ctx context.Context, group int64) ([]notifications.Person, error) {
	return p.find(ctx, tenancy.UserFilter{GroupID: group})
}

// Proof implements notifications.People.
func (p peopleOf) Proof(ctx context.Context, user wispwright.ID) (string, error) {
	u, err := p.t.Users.Get(ctx, everyone(), user)
	if err != nil {
		return "", err
	}
	return u.Password.Reveal() + "\x00" + u.Email, nil
}

// Organizations implements notifications.People.
func (p peopleOf) Organizations(ctx context.Context, user wispwright.ID) ([]notifications.Organization, error) {
	u, err := p.t.Users.Get(ctx, everyone(), user)
	if err != nil {
		return nil, err
	}
	yes := true
	f := tenancy.OrganizationFilter{IsActive: &yes}
	if !u.IsSuperuser {
		if !u.IsStaff {
			return nil, nil
		}
		managed, err := p.t.Memberships.List(ctx, everyone(), tenancy.MembershipFilter{UserID: user, IsAdmin: &yes}, unpaged)
		if err != nil {
			return nil, err
		}
		var ids []wispwright.ID
		for _, m := range managed.Rows {
			ids = append(ids, m.OrganizationID)
		}
		f.IDs = wispwright.Only(ids...)
	}
	found, err := p.t.Organizations.List(ctx, everyone(), f, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Name"}}})
	if err != nil {
		return nil, err
	}
	var out []notifications.Organization
	for _, o := range found.Rows {
		out = append(out, notifications.Organization{ID: o.ID, Name: o.Name, Slug: o.Slug})
	}
	return out, nil
}

// pageOf is where the admin shows an object.
func pageOf(app, model string, id wispwright.ID) string {
	return "/admin/" + app + "/" + model + "/" + id.String() + "/change/"
}

// pageAt is pageOf for a kind and a key.
func pageAt(kind, id string) string {
	app, model, _ := strings.Cut(kind, ".")
	return "/admin/" + app + "/" + model + "/" + id + "/change/"
}
