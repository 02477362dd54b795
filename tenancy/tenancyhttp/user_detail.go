package tenancyhttp

import (
	"context"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

// userDetailIn is what PUT and PATCH take (spec: tenancy §5.4).
type userDetailIn struct {
	userNameIn
	personIn
	Email    rest.Opt[string] `json:"email" blank:"true" nullable:"true" maxLength:"254" format:"email" label:"Email address"`
	Bio      rest.Opt[string] `json:"bio" blank:"true"`
	URL      rest.Opt[string] `json:"url" blank:"true" maxLength:"200" format:"url" label:"URL"`
	Company  rest.Opt[string] `json:"company" blank:"true" maxLength:"30"`
	Location rest.Opt[string] `json:"location" blank:"true" maxLength:"256"`
	contactIn
	Notes rest.Opt[string] `json:"notes" blank:"true" help:"notes for internal usage"`
	standingIn
	UserPermissions   rest.Opt[[]int64]      `json:"user_permissions" rel:"permission" label:"User permissions" help:"Specific permissions for this user."`
	OrganizationUsers rest.Opt[membershipIn] `json:"organization_users" first:"true"`
	ExpirationDate    rest.Opt[rest.Date]    `json:"expiration_date" nullable:"true" help:"The last day on which the account is active."`
}

type userDetailOut struct {
	ID                wispwright.ID   `json:"id"`
	Username          string          `json:"username"`
	FirstName         string          `json:"first_name"`
	LastName          string          `json:"last_name"`
	Email             *string         `json:"email"`
	Bio               string          `json:"bio"`
	URL               string          `json:"url"`
	Company           string          `json:"company"`
	Location          string          `json:"location"`
	PhoneNumber       *string         `json:"phone_number"`
	BirthDate         rest.Date       `json:"birth_date"`
	Notes             string          `json:"notes"`
	IsActive          bool            `json:"is_active"`
	IsStaff           bool            `json:"is_staff"`
	IsSuperuser       *bool           `json:"is_superuser,omitempty"`
	LastLogin         rest.Time       `json:"last_login"`
	DateJoined        rest.Time       `json:"date_joined"`
	Groups            []int64         `json:"groups"`
	UserPermissions   *[]int64        `json:"user_permissions,omitempty"`
	OrganizationUsers []membershipOut `json:"organization_users"`
	ExpirationDate    rest.Date       `json:"expiration_date"`
	// Invitable is true for somebody who has an address and never had a password.
	Invitable bool `json:"invitable" help:"Whether the user waits for an invitation by e-mail."`
}

func (in *userDetailIn) apply(r *rest.Request, u *tenancy.User) {
	in.Username.Into(&u.Username)
	in.FirstName.Into(&u.FirstName)
	in.LastName.Into(&u.LastName)
	in.Email.Into(&u.Email)
	in.Bio.Into(&u.Bio)
	in.URL.Into(&u.URL)
	in.Company.Into(&u.Company)
	in.Location.Into(&u.Location)
	if in.PhoneNumber.Set {
		u.PhoneNumber = string(in.PhoneNumber.Or(""))
	}
	if in.BirthDate.Set {
		u.BirthDate = time.Time(in.BirthDate.Or(rest.Date{}))
	}
	if in.ExpirationDate.Set {
		u.ExpirationDate = time.Time(in.ExpirationDate.Or(rest.Date{}))
	}
	in.Notes.Into(&u.Notes)
	in.IsActive.Into(&u.IsActive)
	in.IsStaff.Into(&u.IsStaff)
	if r.Caller.Superuser {
		in.IsSuperuser.Into(&u.IsSuperuser)
	}
}

func (h *HTTP) updateUser(r *rest.Request, id wispwright.ID, in *userDetailIn) (*tenancy.User, error) {
	var after *tenancy.User
	err := h.tx.InTx(r.Context(), func(ctx context.Context) error {
		var err error
		if after, err = h.t.Users.Update(ctx, userScope(r), id, func(u *tenancy.User) error {
			if err := r.ExpectIn(ctx, u); err != nil {
				return err
			}
			in.apply(r, u)
			return nil
		}); err != nil {
			return err
		}
		if in.Groups.Set {
			if err := h.withinOwn(ctx, r, h.newGroups(ctx, id, in.Groups.V)); err != nil {
				return err
			}
			if err := h.t.Users.SetGroups(ctx, userScope(r), id, in.Groups.V); err != nil {
				return err
			}
		}
		// both are read-only for all but superusers
		if r.Caller.Superuser && in.UserPermissions.Set {
			permissions, err := h.permissions("user_permissions", in.UserPermissions.V)
			if err != nil {
				return err
			}
			if err := h.t.Users.SetPermissions(ctx, userScope(r), id, permissions); err != nil {
				return err
			}
		}
		if r.Caller.Superuser && !in.OrganizationUsers.V.Organization.V.IsZero() {
			return h.toggleMembership(ctx, id, &in.OrganizationUsers.V)
		}
		return nil
	})
	return after, err
}

// newGroups are those of a list that a user is not in yet: what it has already
// is no gift.
func (h *HTTP) newGroups(ctx context.Context, user wispwright.ID, groups []int64) []int64 {
	have, err := h.t.Users.Groups(ctx, user)
	if err != nil {
		return groups // all are looked at
	}
	return slices.DeleteFunc(slices.Clone(groups), func(id int64) bool { return slices.Contains(have, id) })
}

// toggleMembership does what OpenWISP does with the one membership it is sent:
// none yet, it is made; with another is_admin, it is changed; with the same
// is_admin, it is removed (spec: tenancy §5.4).
func (h *HTTP) toggleMembership(ctx context.Context, user wispwright.ID, in *membershipIn) error {
	items, err := h.t.Memberships.List(ctx, wispwright.ScopeAll(),
		tenancy.MembershipFilter{UserID: user, OrganizationID: in.Organization.V}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return err
	}
	if len(items.Rows) == 0 {
		return h.t.Memberships.Create(ctx, &tenancy.Membership{UserID: user, OrganizationID: in.Organization.V, IsAdmin: in.IsAdmin.V})
	}
	m := items.Rows[0]
	switch {
	case !in.IsAdmin.Set:
		return wispwright.Invalid("organization_users.is_admin", "This field is required.")
	case m.IsAdmin == in.IsAdmin.V:
		return h.t.Memberships.Delete(ctx, wispwright.ScopeAll(), m.ID)
	}
	_, err = h.t.Memberships.Update(ctx, wispwright.ScopeAll(), m.ID, in.IsAdmin.V)
	return err
}

func (h *HTTP) userDetails(r *rest.Request, rows []*tenancy.User) ([]userDetailOut, error) {
	relations, err := h.relations(r.Context(), r, rows)
	if err != nil {
		return nil, err
	}
	out := make([]userDetailOut, len(rows))
	for i, u := range rows {
		has := relations(u)
		out[i] = userDetailOut{ID: u.ID, Username: u.Username, FirstName: u.FirstName, LastName: u.LastName, Email: rest.Null(u.Email),
			Bio: u.Bio, URL: u.URL, Company: u.Company, Location: u.Location, PhoneNumber: rest.Null(u.PhoneNumber),
			BirthDate: rest.Date(u.BirthDate), Notes: u.Notes, IsActive: u.IsActive, IsStaff: u.IsStaff,
			LastLogin: rest.Time(u.LastLogin), DateJoined: rest.Time(u.DateJoined), Groups: has.groups, OrganizationUsers: has.members,
			ExpirationDate: rest.Date(u.ExpirationDate), Invitable: u.Invitable()}
		if r.Caller.Superuser {
			numbers := h.permissionNumbers(has.permissions)
			out[i].IsSuperuser, out[i].UserPermissions = &u.IsSuperuser, &numbers
		}
	}
	return out, nil
}
