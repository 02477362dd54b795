package tenancy

import (
	"context"

	"github.com/wispwright/wispwright"
)

// CreateMany is CreateHashed for many accounts without e-mail addresses, all or none:
// their passwords are in them as hashes. Nobody is told by letter.
func (s *Users) CreateMany(ctx context.Context, list []*User) error {
	for _, u := range list {
		if u.Email != "" {
			return wispwright.Invalid("email", "Accounts with an e-mail address are made one by one.")
		}
		if u.IsSuperuser && byNamedToken(ctx) {
			return errNamedToken()
		}
		u.PasswordUpdated = day(s.now())
	}
	return s.Service.CreateMany(ctx, list)
}

// CreateMany stores memberships of members who are not managers, all or none.
func (s *Memberships) CreateMany(ctx context.Context, list []*Membership) error {
	for _, m := range list {
		if m.IsAdmin {
			return wispwright.Invalid("is_admin", "Managers are made one by one.")
		}
	}
	return s.Service.CreateMany(ctx, list)
}
