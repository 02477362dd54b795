package radiushttp

import (
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/signin"
	"github.com/wispwright/wispwright/tenancy"
)

// accountPath is below which users find what concerns them in an organization.
const accountPath = "/api/v1/radius/organization/{slug:text}/account/"

// userOut is a user as log-in and validation answer with (spec: radius §8).
type userOut struct {
	Username        string    `json:"username"`
	Email           string    `json:"email"`
	PhoneNumber     *string   `json:"phone_number"`
	FirstName       string    `json:"first_name"`
	LastName        string    `json:"last_name"`
	BirthDate       rest.Date `json:"birth_date"`
	Location        string    `json:"location"`
	IsActive        bool      `json:"is_active"`
	IsVerified      *bool     `json:"is_verified"`
	Method          *string   `json:"method"`
	PasswordExpired bool      `json:"password_expired"`
	RadiusUserToken string    `json:"radius_user_token"`
}

type loginIn struct {
	Username rest.Opt[string] `json:"username" required:"true"`
	Password rest.Opt[string] `json:"password" required:"true" trim:"false" writeOnly:"true"`
	OTP      rest.Opt[string] `json:"otp" blank:"true" maxLength:"64" writeOnly:"true" label:"Code" help:"Code of the second factor, for users who have one."`
}

type loginOut struct {
	userOut
	Key string `json:"key"`
}

type validateIn struct {
	Token rest.Opt[loose] `json:"token" nullable:"true" blank:"true" metaType:"string"`
}

type validateOut struct {
	userOut
	AuthToken    string `json:"auth_token"`
	ResponseCode string `json:"response_code"`
}

// The answers of validation and of a changed password (spec: radius §8.3, §8.6).
const (
	unknownToken    = "BLANK_OR_INVALID_TOKEN"
	knownToken      = "AUTH_TOKEN_VALIDATION_SUCCESSFUL"
	changedPassword = "Password updated successfully"
)

// organization is that of the path.
func (h *HTTP) organization(r *rest.Request) (radius.InForce, error) {
	return h.signIn.Organization(r.Context(), r.Text("slug"))
}

// found refuses paths of organizations that are not there.
func (h *HTTP) found(r *rest.Request) error {
	_, err := h.organization(r)
	return err
}

func (h *HTTP) account(path, name string, access rest.Access, throttle *rest.Throttle) *rest.View {
	return &rest.View{Path: accountPath + path, Name: name, Tag: tag, Access: access, Throttle: throttle, Prepare: h.found, NonField: "non_field_errors"}
}

// mountTokens adds log-in, validation and what users see of themselves.
func (h *HTTP) mountTokens(api *rest.API) {
	api.Mount(h.account("token/", "Obtain Auth Token", rest.Anonymous, h.logins), rest.Documented[loginIn, loginOut](http.StatusOK, rest.Op{
		Method: "POST", ID: "radius_account_token_create", Summary: "Log in", Also: []int{http.StatusUnauthorized}, Handle: h.logIn,
	}))
	api.Mount(h.account("token/validate/", "Validate Auth Token", rest.Anonymous, h.logins), rest.Documented[validateIn, validateOut](http.StatusOK, rest.Op{
		Method: "POST", ID: "radius_account_token_validate_create", Summary: "Validate a token", Also: []int{http.StatusUnauthorized}, Handle: h.validate,
	}))
	api.Mount(h.account("session/", "User Accounting", rest.Authenticated, h.others), h.sessionList("radius_account_session_list", h.ownFilters(), h.own))
	api.Mount(h.account("usage/", "User Radius Usage", rest.Authenticated, h.others), rest.Action("GET", "radius_account_usage_read", http.StatusOK, h.usage))
	change := func(method, id string) rest.Op {
		return rest.CheckedAction(method, id, http.StatusOK, h.checkPassword, h.changePassword)
	}
	api.Mount(h.account("password/change/", "Change Password", rest.Authenticated, h.others),
		change("POST", "radius_account_password_change_create"), change("PUT", "radius_account_password_change_update"))
}

// own are the sessions of the caller in the organization of the path.
func (h *HTTP) own(r *rest.Request, f *radius.SessionFilter) (wispwright.Scope, error) {
	in, err := h.organization(r)
	if err != nil {
		return wispwright.Scope{}, err
	}
	a, err := h.accounts.Get(r.Context(), r.Caller.ID)
	if err != nil {
		return wispwright.Scope{}, err
	}
	f.OrganizationID, f.Username = in.Organization.ID, a.Username
	return wispwright.ScopeOf(in.Organization.ID), nil
}

// logIn checks a password, or a link's token, and issues what a captive portal needs
// (spec: radius §8.2).
func (h *HTTP) logIn(r *rest.Request) (int, any, error) {
	in, err := h.organization(r)
	if err != nil {
		return 0, nil, err
	}
	u, byPassword, err := h.prove(r)
	if err != nil {
		return 0, nil, err
	}
	e, err := h.signIn.Enter(r.Context(), in, u, byPassword)
	if err != nil {
		return 0, nil, err
	}
	status := http.StatusOK
	if !e.Accepted {
		status = http.StatusUnauthorized // the pages read in the body what is missing
	}
	return status, loginOut{newUserOut(e), e.Key.Reveal()}, nil
}

// prove finds out who logs in.
func (h *HTTP) prove(r *rest.Request) (u *tenancy.User, byPassword bool, err error) {
	link, err := rest.BearerToken(r.HTTP, "sesame")
	if errors.Is(err, wispwright.ErrUnauthenticated) {
		return nil, false, wispwright.Forbidden(err.Error()) // 403, as the original
	}
	c := signin.Credentials{Link: link, Source: r.Source()}
	if link == "" {
		in, err := rest.Decode[loginIn](r, false)
		if err != nil {
			return nil, false, err
		}
		c.Identifier, c.Password, c.Code = in.Username.V, in.Password.V, in.OTP.V
	}
	return h.signIn.Prove(r.Context(), c)
}

func newUserOut(e *signin.Entry) userOut {
	u := e.User
	out := userOut{Username: u.Username, Email: u.Email, PhoneNumber: rest.Null(u.PhoneNumber), FirstName: u.FirstName, LastName: u.LastName, BirthDate: rest.Date(u.BirthDate),
		Location: u.Location, IsActive: u.IsActive, PasswordExpired: e.PasswordExpired, RadiusUserToken: e.Token.Reveal()}
	if e.Registration != nil {
		verified := e.Registration.Counts()
		out.IsVerified, out.Method = &verified, &e.Registration.Method
	}
	return out
}

// validate tells a page that came back with a token whose it is (spec: radius §8.3).
// Anybody who is not a member joins as at a log-in.
func (h *HTTP) validate(r *rest.Request) (int, any, error) {
	in, err := h.organization(r)
	if err != nil {
		return 0, nil, err
	}
	body, err := rest.Decode[validateIn](r, false)
	if err != nil {
		return 0, nil, err
	}
	e, err := h.signIn.Return(r.Context(), in, string(body.Token.V))
	if errors.Is(err, wispwright.ErrNotFound) {
		return 0, nil, &rest.Failure{Status: http.StatusUnauthorized, Body: map[string]string{"response_code": unknownToken}}
	}
	if err != nil {
		return 0, nil, err
	}
	out := newUserOut(e)
	phone, err := h.signIn.Proving(r.Context(), in, e)
	if err != nil {
		return 0, nil, err
	}
	if phone != "" {
		out.PhoneNumber = &phone // the number that is being verified
	}
	return http.StatusOK, validateOut{out, e.Key.Reveal(), knownToken}, nil
}

type usageOut struct {
	Checks []checkOut `json:"checks"`
}

type checkOut struct {
	Attribute string  `json:"attribute"`
	Op        string  `json:"op"`
	Value     string  `json:"value"`
	Result    *int64  `json:"result"`
	Type      *string `json:"type"`
}

// usage tells a user what was used of the limits (spec: radius §8.5).
func (h *HTTP) usage(r *rest.Request, _ *rest.None) (usageOut, error) {
	in, err := h.organization(r)
	if err != nil {
		return usageOut{}, err
	}
	a, err := h.accounts.Get(r.Context(), r.Caller.ID)
	if err != nil {
		return usageOut{}, err
	}
	usage, err := h.r.Authorizer.Usage(r.Context(), a, in.Organization.ID)
	if err != nil {
		return usageOut{}, err
	}
	out := usageOut{Checks: []checkOut{}}
	for _, u := range usage {
		out.Checks = append(out.Checks, checkOut{u.Check.Attribute, u.Check.Op, u.Check.Value, u.Used, rest.Null(u.Unit)})
	}
	return out, nil
}

type passwordIn struct {
	CurrentPassword rest.Opt[string] `json:"current_password" required:"true" nullable:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
	NewPassword     rest.Opt[string] `json:"new_password" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
	ConfirmPassword rest.Opt[string] `json:"confirm_password" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
}

type passwordOut struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// checkPassword tells all that is wrong with the three passwords at once.
func (h *HTTP) checkPassword(r *rest.Request, in *passwordIn) error {
	var current, chosen, repeated *string
	u := &tenancy.User{}
	if in.CurrentPassword.Set && !in.CurrentPassword.Null && !r.Caller.Superuser {
		var err error
		if u, err = h.t.Users.Get(r.Context(), everyone(), r.Caller.ID); err != nil {
			return err
		}
		current = &in.CurrentPassword.V
	}
	if in.NewPassword.Set && in.ConfirmPassword.Set {
		chosen, repeated = &in.NewPassword.V, &in.ConfirmPassword.V
	}
	return h.signIn.CheckPasswords(u, current, chosen, repeated)
}

// changePassword lets a user choose a new password (spec: radius §8.6).
func (h *HTTP) changePassword(r *rest.Request, in *passwordIn) (passwordOut, error) {
	o, err := h.organization(r)
	if err != nil {
		return passwordOut{}, err
	}
	u, err := h.t.Users.Get(r.Context(), everyone(), r.Caller.ID)
	if err != nil {
		return passwordOut{}, err
	}
	current := &in.CurrentPassword.V
	if in.CurrentPassword.Null {
		current = nil
	}
	if err := h.signIn.ChangePassword(r.Context(), o, u, current, in.NewPassword.V); err != nil {
		return passwordOut{}, err
	}
	return passwordOut{"Success", changedPassword}, nil
}
