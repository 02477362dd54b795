package server

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// FirstAccount is the account made on an empty database.
type FirstAccount struct {
	// Username is the account's name.
	Username string
	// Password is shown once and stored nowhere.
	Password wispwright.Secret
}

// FirstStart makes the default groups where they are missing and, on a
// database without any account, the organization "default" and a superuser
// with a random password. It returns nil when there was an account already.
func (s *Server) FirstStart(ctx context.Context) (*FirstAccount, error) {
	ctx = wispwright.WithCaller(ctx, wispwright.System("first start"))
	if err := s.tenancy.Groups.EnsureDefaults(ctx); err != nil {
		return nil, fmt.Errorf("first start: %w", err)
	}
	var made *FirstAccount
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		made = nil
		users, err := s.tenancy.Users.List(ctx, wispwright.ScopeAll(), tenancy.UserFilter{}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil || len(users.Rows) > 0 {
			return err
		}
		orgs, err := s.tenancy.Organizations.List(ctx, wispwright.ScopeAll(), tenancy.OrganizationFilter{}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return err
		}
		if len(orgs.Rows) == 0 {
			if err := s.tenancy.Organizations.Create(ctx, &tenancy.Organization{Name: "default", Slug: "default", IsActive: true, Description: "Made at the first start; rename it as you like."}); err != nil {
				return err
			}
		}
		made = &FirstAccount{Username: "admin", Password: wispwright.Secret(rand.Text()[:16])}
		return s.tenancy.Users.Create(ctx, &tenancy.User{Username: made.Username, IsSuperuser: true, IsStaff: true, IsActive: true}, made.Password.Reveal())
	})
	if err != nil {
		return nil, fmt.Errorf("first start: %w", err)
	}
	return made, nil
}
