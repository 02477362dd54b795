package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// DumpData writes what LoadData reads. The file holds password hashes, tokens
// and shared secrets: keep it as a secret.
func (s *Server) DumpData(ctx context.Context, w io.Writer) error {
	var d data
	// one transaction, so that nothing changes in between
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		d = data{Organizations: []organizationData{}, Users: []userData{}}
		slugs, err := s.dumpOrganizations(ctx, &d)
		if err != nil {
			return err
		}
		return s.dumpUsers(ctx, &d, slugs)
	})
	if err != nil {
		return fmt.Errorf("dump data: %w", err)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(d); err != nil {
		return fmt.Errorf("dump data: %w", err)
	}
	return nil
}

func (s *Server) dumpOrganizations(ctx context.Context, d *data) (slugs map[wispwright.ID]string, err error) {
	orgs, err := s.tenancy.Organizations.List(ctx, wispwright.ScopeAll(), tenancy.OrganizationFilter{}, oldestFirst("Created"))
	if err != nil {
		return nil, err
	}
	slugs = map[wispwright.ID]string{}
	for _, o := range orgs.Rows {
		slugs[o.ID] = o.Slug
		out := organizationData{Name: o.Name, Slug: o.Slug, IsActive: &o.IsActive}
		if s.settings != nil {
			secret, enabled, err := s.settings.read(ctx, o.ID)
			if err != nil {
				return nil, err
			}
			out.SharedSecret, out.RegistrationEnabled = secret, &enabled
		}
		d.Organizations = append(d.Organizations, out)
	}
	return slugs, nil
}

func (s *Server) dumpUsers(ctx context.Context, d *data, slugs map[wispwright.ID]string) error {
	all := wispwright.ScopeAll()
	groups, err := s.tenancy.Groups.List(ctx, all, tenancy.GroupFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	names := map[int64]string{}
	for _, g := range groups.Rows {
		names[g.ID] = g.Name
	}
	users, err := s.tenancy.Users.List(ctx, all, tenancy.UserFilter{}, oldestFirst("DateJoined"))
	if err != nil {
		return err
	}
	for _, u := range users.Rows {
		out := userData{Username: u.Username, Email: u.Email, Password: u.Password.Reveal(), IsSuperuser: u.IsSuperuser, IsStaff: u.IsStaff}
		if !u.PasswordUpdated.IsZero() {
			out.PasswordUpdated = u.PasswordUpdated.Format(time.DateOnly)
		}
		token, err := s.tenancy.Tokens.Get(ctx, u.ID)
		switch {
		case err == nil:
			out.Token = token.Key.Reveal()
		case !errors.Is(err, wispwright.ErrNotFound):
			return err
		}
		ids, err := s.tenancy.Users.Groups(ctx, u.ID)
		if err != nil {
			return err
		}
		for _, id := range ids {
			out.Groups = append(out.Groups, names[id])
		}
		members, err := s.tenancy.Memberships.List(ctx, all, tenancy.MembershipFilter{UserID: u.ID}, oldestFirst("Created"))
		if err != nil {
			return err
		}
		for _, m := range members.Rows {
			out.Organizations = append(out.Organizations, membershipData{Slug: slugs[m.OrganizationID], IsAdmin: m.IsAdmin})
		}
		d.Users = append(d.Users, out)
	}
	return nil
}

func oldestFirst(field string) wispwright.Page {
	return wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: field}}}
}
