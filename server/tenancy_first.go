package server

import (
	"context"
	"crypto/rand"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// FirstStart implements WithFirstStart: the default groups where they are
// missing and, on a database without any account, the organization "default" and
// a superuser with a random password.
func (t *TenancyConcern) FirstStart(ctx context.Context) (*FirstAccount, error) {
	if err := t.Groups.EnsureDefaults(ctx); err != nil {
		return nil, err
	}
	var made *FirstAccount
	err := t.host.DB().InTx(ctx, func(ctx context.Context) error {
		made = nil
		users, err := t.Users.List(ctx, wispwright.ScopeAll(), tenancy.UserFilter{}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil || len(users.Rows) > 0 {
			return err
		}
		orgs, err := t.Organizations.List(ctx, wispwright.ScopeAll(), tenancy.OrganizationFilter{}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return err
		}
		if len(orgs.Rows) == 0 {
			if err := t.Organizations.Create(ctx, &tenancy.Organization{Name: "default", Slug: "default", IsActive: true, Description: "Made at the first start; rename it as you like."}); err != nil {
				return err
			}
		}
		made = &FirstAccount{Username: "admin", Password: wispwright.Secret(rand.Text()[:16])}
		return t.Users.Create(ctx, &tenancy.User{Username: made.Username, IsSuperuser: true, IsStaff: true, IsActive: true}, made.Password.Reveal())
	})
	return made, err
}
