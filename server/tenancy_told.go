package server

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// Kinds implements WithKinds. Users are nobody's, so that live.go says who hears
// of them.
func (t *TenancyConcern) Kinds() []Kind {
	return []Kind{
		NewKind(KindOptions[tenancy.Organization]{Kind: "openwisp_users.organization", Event: "organization", Label: "Organization", Changed: &t.Organizations.Changed,
			Subject: func(o *tenancy.Organization) Subject { return Subject{o.ID, o.ID.String(), o.Name, nil} },
			Find: ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) ([]*tenancy.Organization, error) {
				found, err := t.Organizations.List(ctx, everyone(), tenancy.OrganizationFilter{IDs: ids}, unpaged)
				return found.Rows, err
			})}),
		NewKind(KindOptions[tenancy.User]{Kind: "openwisp_users.user", Event: "user", Label: "User", Changed: &t.Users.Changed, Unwatched: true,
			Subject: func(u *tenancy.User) Subject { return Subject{wispwright.ID{}, u.ID.String(), u.Username, nil} },
			Find: ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) ([]*tenancy.User, error) {
				found, err := t.Users.List(ctx, everyone(), tenancy.UserFilter{IDs: ids}, unpaged)
				return found.Rows, err
			})}),
		NewKind(KindOptions[tenancy.Membership]{Kind: "openwisp_users.organizationuser", Event: "membership", Label: "Member of an organization", Changed: &t.Memberships.Changed, Unwatched: true,
			Subject: func(m *tenancy.Membership) Subject {
				return Subject{m.OrganizationID, m.ID.String(), "", map[string]any{"user": m.UserID.String(), "is_admin": m.IsAdmin}}
			}}),
	}
}
