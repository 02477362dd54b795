package tenancyhttp

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/tenancy"
)

// The parts that creating and changing a user have in common, in the order of
// the wire.
type (
	userNameIn struct {
		Username rest.Opt[string] `json:"username" required:"true" maxLength:"150" pattern:"^[\\pL\\pN_.@+-]+$" patternMessage:"Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters." help:"Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only."`
	}
	personIn struct {
		FirstName rest.Opt[string] `json:"first_name" blank:"true" maxLength:"150"`
		LastName  rest.Opt[string] `json:"last_name" blank:"true" maxLength:"150"`
	}
	contactIn struct {
		PhoneNumber rest.Opt[phone]     `json:"phone_number" nullable:"true" metaType:"string" maxLength:"128"`
		BirthDate   rest.Opt[rest.Date] `json:"birth_date" nullable:"true"`
	}
	standingIn struct {
		IsActive    rest.Opt[bool]    `json:"is_active" label:"Active" help:"Designates whether this user should be treated as active. Unselect this instead of deleting accounts."`
		IsStaff     rest.Opt[bool]    `json:"is_staff" label:"Staff status" help:"Designates whether the user can log into this admin site."`
		IsSuperuser rest.Opt[bool]    `json:"is_superuser" label:"Superuser status" help:"Designates that this user has all permissions without explicitly assigning them."`
		Groups      rest.Opt[[]int64] `json:"groups" rel:"group" help:"The groups this user belongs to. A user will get all permissions granted to each of their groups."`
	}
)

// userIn is what POST takes (spec: tenancy §5.3).
type userIn struct {
	userNameIn
	Email         rest.Opt[string] `json:"email" required:"true" blank:"true" maxLength:"254" format:"email" label:"Email address"`
	EmailVerified rest.Opt[bool]   `json:"email_verified" writeOnly:"true"`
	Password      rest.Opt[string] `json:"password" required:"true" trim:"false" maxLength:"128" writeOnly:"true"`
	personIn
	contactIn
	standingIn
	OrganizationUsers rest.Opt[membershipIn] `json:"organization_users" first:"true"`
	ExpirationDate    rest.Opt[rest.Date]    `json:"expiration_date" nullable:"true" help:"The last day on which the account is active."`
}

type membershipIn struct {
	IsAdmin      rest.Opt[bool]          `json:"is_admin" label:"Is admin"`
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" nullable:"true" rel:"organization"`
}

type userOut struct {
	ID                wispwright.ID   `json:"id"`
	Username          string          `json:"username"`
	Email             *string         `json:"email"`
	FirstName         string          `json:"first_name"`
	LastName          string          `json:"last_name"`
	PhoneNumber       *string         `json:"phone_number"`
	BirthDate         rest.Date       `json:"birth_date"`
	IsActive          bool            `json:"is_active"`
	IsStaff           bool            `json:"is_staff"`
	IsSuperuser       *bool           `json:"is_superuser,omitempty"`
	Groups            []int64         `json:"groups"`
	OrganizationUsers []membershipOut `json:"organization_users"`
	ExpirationDate    rest.Date       `json:"expiration_date"`
}

type membershipOut struct {
	IsAdmin      bool          `json:"is_admin"`
	Organization wispwright.ID `json:"organization"`
}

// phone is a number in any international spelling, kept in E.164 form.
type phone string

// FromWire implements rest.Wire.
func (p *phone) FromWire(raw json.RawMessage) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return errors.New("Not a valid string.") //nolint:staticcheck // shown to the user as it is
	}
	if text == "" {
		*p = ""
		return nil
	}
	e164, ok := ParsePhone(text)
	if !ok {
		return errors.New("The phone number entered is not valid.") //nolint:staticcheck // shown to the user as it is
	}
	*p = phone(e164)
	return nil
}

// userScope is whom a caller may see: superusers everybody, others the users
// of the organizations they manage (spec: tenancy §5).
func userScope(r *rest.Request) wispwright.Scope { return r.WriteScope() }

// userVersion is what people change of an account; log-ins and passwords are no
// part of it.
func userVersion(u *tenancy.User) []any {
	return []any{u.Username, u.Email, u.FirstName, u.LastName, u.IsSuperuser, u.IsStaff, u.IsActive, u.Bio, u.URL, u.Company, u.Location,
		u.PhoneNumber, u.BirthDate, u.Notes, u.Language, u.ExpirationDate}
}

// userRelations are what answers show of an account that other rows keep, in an
// order that stays.
func (h *HTTP) userRelations(ctx context.Context, r *rest.Request, u *tenancy.User) ([]any, error) {
	of, err := h.relations(ctx, r, []*tenancy.User{u})
	if err != nil {
		return nil, err
	}
	has := of(u)
	slices.Sort(has.groups)
	slices.SortFunc(has.members, func(a, b membershipOut) int { return slices.Compare(a.Organization[:], b.Organization[:]) })
	parts := []any{has.groups, has.members}
	if r.Caller.Superuser { // nobody else sees them
		permissions := slices.Clone(has.permissions)
		slices.Sort(permissions)
		parts = append(parts, permissions)
	}
	return parts, nil
}

// userReadScope is that of the organizations a user manages, those that are
// switched off included (spec: tenancy §5): their accounts can be looked at, and
// changed only once they are switched on again.
func (h *HTTP) userReadScope(r *rest.Request) wispwright.Scope {
	active := userScope(r)
	if active.All() || r.Caller.ID.IsZero() {
		return active
	}
	yes := true
	managed, err := h.t.Memberships.List(r.Context(), wispwright.ScopeAll(), tenancy.MembershipFilter{UserID: r.Caller.ID, IsAdmin: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return active // what is read next fails in the same way
	}
	ids := slices.Clone(r.Caller.Managed)
	for _, m := range managed.Rows {
		ids = append(ids, m.OrganizationID)
	}
	return wispwright.ScopeOf(ids...)
}

func (h *HTTP) mountUsers(api *rest.API) {
	scopes := func(r *rest.Request) (wispwright.Scope, wispwright.Scope) { return h.userReadScope(r), userScope(r) }
	rest.Mount(api, rest.Resource[wispwright.ID, tenancy.User, tenancy.UserFilter, userIn, userOut]{
		Path: "/api/v1/users/user/", Name: "Users", Noun: "User", ID: "users_user", Tag: "users",
		Kind: "openwisp_users.user", Access: rest.Authenticated,
		Service: h.t.Users, Scopes: scopes, Version: userVersion, Related: h.userRelations,
		Check: func(r *rest.Request, in *userIn) error {
			return h.checkUser(r, wispwright.ID{}, in.Username, in.Email, in.PhoneNumber, in.Groups, rest.Opt[[]int64]{})
		},
		Create: h.createUser,
		Out:    h.userOuts,
		Filters: append(rest.FilterOrganization(func(f *tenancy.UserFilter, v wispwright.ID) { f.OrganizationID = v }),
			rest.Filter[tenancy.UserFilter]{Name: "groups", Help: "the number of a group", Apply: func(_ *rest.Request, f *tenancy.UserFilter, v string) error {
				n, err := strconv.ParseInt(v, 10, 64)
				if err != nil {
					return wispwright.Invalid("", "Select a valid choice. That choice is not one of the available choices.")
				}
				f.GroupID = n
				return nil
			}},
			rest.FilterText("search", func(f *tenancy.UserFilter, v string) { f.Search = v }),
			rest.FilterText("username", func(f *tenancy.UserFilter, v string) { f.Username = v }),
			rest.FilterText("email", func(f *tenancy.UserFilter, v string) { f.Email = v }),
			rest.FilterBool("is_active", func(f *tenancy.UserFilter, v bool) { f.IsActive = &v }),
			rest.FilterBool("is_staff", func(f *tenancy.UserFilter, v bool) { f.IsStaff = &v }),
			rest.FilterBool("is_superuser", func(f *tenancy.UserFilter, v bool) { f.IsSuperuser = &v }),
		),
		Ordering: map[string]string{"username": "Username", "email": "Email", "date_joined": "DateJoined", "last_login": "LastLogin", "expiration_date": "ExpirationDate"},
		Detail: rest.Item[wispwright.ID, tenancy.User, tenancy.UserFilter, userDetailIn, userDetailOut]{
			Check: func(r *rest.Request, in *userDetailIn) error {
				return h.checkUser(r, r.ID("id"), in.Username, in.Email, in.PhoneNumber, in.Groups, in.UserPermissions)
			},
			Update: h.updateUser,
			Out:    h.userDetails,
		},
	})
}

// checkUser finds everything of the account that is taken already, and what it
// refers to that does not exist, so that it is answered together with the other
// faults.
func (h *HTTP) checkUser(r *rest.Request, self wispwright.ID, username, email rest.Opt[string], number rest.Opt[phone], groups, permissions rest.Opt[[]int64]) error {
	v := &wispwright.ValidationError{}
	if self.IsZero() && email.Set && email.V == "" {
		v.Add("email", "This field cannot be blank.")
	}
	for _, c := range []struct {
		field, message, value string
		filter                tenancy.UserFilter
	}{
		{"username", "A user with that username already exists.", username.V, tenancy.UserFilter{Username: username.V}},
		{"email", "user with this email address already exists.", email.V, tenancy.UserFilter{Email: email.V}},
		{"phone_number", "user with this phone number already exists.", string(number.V), tenancy.UserFilter{PhoneNumber: string(number.V)}},
	} {
		if c.value == "" {
			continue
		}
		items, err := h.t.Users.List(r.Context(), wispwright.ScopeAll(), c.filter, wispwright.Page{Limit: 2, NoTotal: true})
		if err != nil {
			return err
		}
		for _, other := range items.Rows {
			switch {
			case other.ID == self:
			case c.field == "email" && other.Email != c.value:
				v.Add(c.field, "User with this Email address already exists.")
			default:
				v.Add(c.field, c.message)
			}
		}
	}
	if r.Caller.Superuser { // others may send them, and they are ignored
		if _, err := h.permissions("user_permissions", permissions.V); v.Merge("", err) != nil {
			return err
		}
	}
	if err := h.checkGroups(r, v, groups.V); err != nil {
		return err
	}
	return v.Err()
}

// checkGroups adds the fault of the first group that does not exist.
func (h *HTTP) checkGroups(r *rest.Request, v *wispwright.ValidationError, groups []int64) error {
	known := map[int64]bool{}
	for _, id := range groups {
		if known[id] {
			continue
		}
		known[id] = true
		_, err := h.t.Groups.Get(r.Context(), wispwright.ScopeAll(), id)
		if errors.Is(err, wispwright.ErrNotFound) {
			v.Add("groups", valid.UnknownPK(id))
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *HTTP) createUser(r *rest.Request, in *userIn) (*tenancy.User, error) {
	return h.makeUser(r, in, false)
}

// makeUser makes an account with its groups and its organization; one that is
// invited chooses its password.
func (h *HTTP) makeUser(r *rest.Request, in *userIn, invited bool) (*tenancy.User, error) {
	var created *tenancy.User
	err := h.tx.InTx(r.Context(), func(ctx context.Context) error {
		u := &tenancy.User{IsActive: in.IsActive.Or(true), IsStaff: in.IsStaff.V, Username: in.Username.V, Email: in.Email.V,
			FirstName: in.FirstName.V, LastName: in.LastName.V, PhoneNumber: string(in.PhoneNumber.V), BirthDate: time.Time(in.BirthDate.V), ExpirationDate: time.Time(in.ExpirationDate.Or(rest.Date{}))}
		// users other than superusers may send it, and it is ignored
		u.IsSuperuser = r.Caller.Superuser && in.IsSuperuser.V
		create := h.t.Users.CreateUnverified
		if in.EmailVerified.V {
			create = h.t.Users.Create
		}
		if invited {
			create = func(ctx context.Context, u *tenancy.User, _ string) error { return h.t.Users.CreateInvited(ctx, u) }
		}
		if err := create(ctx, u, in.Password.V); err != nil {
			return err
		}
		created = u
		if err := h.withinOwn(ctx, r, in.Groups.V); err != nil {
			return err
		}
		if len(in.Groups.V) > 0 {
			if err := h.t.Users.SetGroups(ctx, wispwright.ScopeAll(), u.ID, in.Groups.V); err != nil {
				return err
			}
		}
		organization := in.OrganizationUsers.V.Organization.V
		if organization.IsZero() {
			return nil
		}
		return h.t.Memberships.Create(ctx, &tenancy.Membership{UserID: u.ID, OrganizationID: organization, IsAdmin: in.OrganizationUsers.V.IsAdmin.V})
	})
	return created, err
}

// relations are what a page of users needs beside the rows: one query.
type relations struct {
	groups      []int64
	permissions []wispwright.Permission
	members     []membershipOut
}

func (h *HTTP) relations(ctx context.Context, r *rest.Request, rows []*tenancy.User) (func(*tenancy.User) relations, error) {
	ids := make([]wispwright.ID, len(rows))
	for i, u := range rows {
		ids[i] = u.ID
	}
	grants, err := h.t.Users.Grants(ctx, ids...)
	return func(u *tenancy.User) relations {
		g := grants[u.ID]
		out := relations{append([]int64{}, g.Groups...), g.Permissions, []membershipOut{}}
		for _, o := range g.Organizations {
			// where else somebody belongs is nobody else's business
			if userScope(r).Allows(o.OrganizationID) {
				out.members = append(out.members, membershipOut{o.IsAdmin, o.OrganizationID})
			}
		}
		return out
	}, err
}

func (h *HTTP) userOuts(r *rest.Request, rows []*tenancy.User) ([]userOut, error) {
	relations, err := h.relations(r.Context(), r, rows)
	if err != nil {
		return nil, err
	}
	out := make([]userOut, len(rows))
	for i, u := range rows {
		has := relations(u)
		out[i] = userOut{ID: u.ID, Username: u.Username, Email: rest.Null(u.Email), FirstName: u.FirstName, LastName: u.LastName,
			PhoneNumber: rest.Null(u.PhoneNumber), BirthDate: rest.Date(u.BirthDate), IsActive: u.IsActive, IsStaff: u.IsStaff,
			Groups: has.groups, OrganizationUsers: has.members, ExpirationDate: rest.Date(u.ExpirationDate)}
		if r.Caller.Superuser {
			out[i].IsSuperuser = &u.IsSuperuser
		}
	}
	return out, nil
}
