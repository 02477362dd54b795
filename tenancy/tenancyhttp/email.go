package tenancyhttp

import (
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

// emailIn is an address as it is written; whether it is verified is not.
type emailIn struct {
	Email   rest.Opt[string] `json:"email" required:"true" maxLength:"254" format:"email" label:"Email address"`
	Primary rest.Opt[bool]   `json:"primary" label:"Primary"`
}

type emailOut struct {
	ID       int64  `json:"id"`
	Email    string `json:"email"`
	Verified bool   `json:"verified"`
	Primary  bool   `json:"primary"`
}

// mountEmails adds the addresses of accounts (spec: tenancy §5.7).
func (h *HTTP) mountEmails(api *rest.API) {
	rest.Mount(api, rest.Resource[int64, tenancy.Email, tenancy.EmailFilter, emailIn, emailOut]{
		Path: "/api/v1/users/user/{user}/email/", Name: "Email", Noun: "EmailAddress", ID: "users_user_email", Tag: "users",
		Kind: "account.emailaddress", Access: rest.Authenticated,
		Service: h.t.Emails,
		// the user of the path was looked up in the caller's scope before
		Scopes: func(*rest.Request) (wispwright.Scope, wispwright.Scope) {
			return wispwright.ScopeAll(), wispwright.ScopeAll()
		},
		Prepare: h.emailOwner,
		Within: func(r *rest.Request, f *tenancy.EmailFilter) error {
			f.UserID = r.ID("user")
			return nil
		},
		Belongs: func(r *rest.Request, e *tenancy.Email) bool { return e.UserID == r.ID("user") },
		New: func(r *rest.Request) (*tenancy.Email, error) {
			return &tenancy.Email{UserID: r.ID("user")}, nil
		},
		Apply: func(_ *rest.Request, in *emailIn, e *tenancy.Email) error {
			in.Email.Into(&e.Address)
			in.Primary.Into(&e.IsPrimary)
			return nil
		},
		Out: rest.Each(mapEmail),
	})
}

// emailOwner answers 404 when the user of the path is outside the caller's
// scope, and 403 to changes by a caller the account is not entrusted to: a new
// password can be sent to an address.
func (h *HTTP) emailOwner(r *rest.Request) error {
	err := h.visibleUser(r)
	if err != nil || r.HTTP.Method == http.MethodGet || r.HTTP.Method == http.MethodHead || r.HTTP.Method == http.MethodOptions {
		return err
	}
	return h.t.Users.Entrusted(r.Context(), userScope(r), r.ID("user"))
}

// visibleUser answers 404 when the user of the path is outside the caller's
// scope.
func (h *HTTP) visibleUser(r *rest.Request) error {
	id := r.ID("user")
	_, err := h.t.Users.Get(r.Context(), userScope(r), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return rest.Fail(http.StatusNotFound, "User with ID '"+dashed(id)+"' not found.")
	}
	return err
}

// dashed also writes the zero id, which is "" elsewhere.
func dashed(id wispwright.ID) string {
	if id.IsZero() {
		return "00000000-0000-0000-0000-000000000000"
	}
	return id.String()
}

func mapEmail(e *tenancy.Email) emailOut {
	return emailOut{e.ID, e.Address, e.IsVerified, e.IsPrimary}
}
