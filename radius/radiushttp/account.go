package radiushttp

import (
	"errors"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius"
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

// The sentences of log-in and validation (spec: radius §8.2, §8.3).
const (
	wrongCredentials = "The credentials entered are not valid. Please double-check and try again."
	unknownToken     = "BLANK_OR_INVALID_TOKEN"
	knownToken       = "AUTH_TOKEN_VALIDATION_SUCCESSFUL"
	alreadyMember    = "Organization user with this User and Organization already exists."
	changedPassword  = "Password updated successfully"
	wrongPassword    = "Your old password was entered incorrectly. Please enter it again."
	samePassword     = "New password cannot be the same as your old password."
	mismatch         = "The two password fields didn’t match."
)

// organization is that of the path.
func (h *HTTP) organization(r *rest.Request) (radius.InForce, error) {
	o, err := h.organizations.BySlug(r.Context(), r.Text("slug"))
	if err != nil {
		return radius.InForce{}, err
	}
	in, err := h.r.Settings.Effective(r.Context(), o.ID)
	in.Organization = o
	return in, err
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
	if err := h.join(r, u, in); err != nil {
		return 0, nil, err
	}
	key, err := h.t.Tokens.For(r.Context(), u.ID)
	if err != nil {
		return 0, nil, err
	}
	out, ok, err := h.enter(r, u, in, byPassword)
	if err != nil {
		return 0, nil, err
	}
	status := http.StatusOK
	if !ok || !u.IsActive {
		status = http.StatusUnauthorized // the pages read in the body what is missing
	}
	return status, loginOut{out, key.Key.Reveal()}, nil
}

// prove finds out who logs in.
func (h *HTTP) prove(r *rest.Request) (u *tenancy.User, byPassword bool, err error) {
	link, err := rest.BearerToken(r.HTTP, "sesame")
	if errors.Is(err, wispwright.ErrUnauthenticated) {
		return nil, false, wispwright.Forbidden(err.Error()) // 403, as the original
	}
	if link != "" {
		u, err := h.t.MagicLinks.Authenticate(r.Context(), link)
		if errors.Is(err, wispwright.ErrUnauthenticated) {
			return nil, false, wispwright.Forbidden("Invalid or expired token.")
		}
		if err != nil {
			return nil, false, err
		}
		return u, false, h.checkFactor(r, u, "")
	}
	in, err := rest.Decode[loginIn](r, false)
	if err != nil {
		return nil, false, err
	}
	u, err = h.t.Login.AttemptAny(r.Context(), r.Source(), in.Username.V, in.Password.V)
	if err != nil {
		return nil, false, err
	}
	if u == nil {
		return nil, false, wispwright.Invalid("", wrongCredentials)
	}
	return u, true, h.checkFactor(r, u, in.OTP.V)
}

// checkFactor asks for the second factor of those who have one: the key opens
// everything that they may do.
func (h *HTTP) checkFactor(r *rest.Request, u *tenancy.User, code string) error {
	has, err := h.t.SecondFactors.Has(r.Context(), u.ID)
	switch {
	case err != nil:
		return err
	case !has && h.t.SecondFactors.RequiredOf(u):
		return wispwright.Invalid("", "Set up a second factor for your account first.")
	case !has:
		return nil
	case code == "":
		return wispwright.Invalid("otp", "A code of the second factor is required.")
	}
	good, err := h.t.SecondFactors.Check(r.Context(), u.ID, code)
	if err == nil && !good {
		return wispwright.Invalid("otp", "Wrong code.")
	}
	return err
}

// join makes a user a member of the organization where that is open to everybody
// (spec: radius §8.2, additions: R-6). Where identities are verified, the user begins
// as one that was not.
func (h *HTTP) join(r *rest.Request, u *tenancy.User, in radius.InForce) error {
	member, err := h.accounts.IsMember(r.Context(), u.ID, in.Organization.ID)
	if err != nil || in.Organization.IsActive && (member || u.IsSuperuser) {
		return err
	}
	if !in.RegistrationEnabled || !in.Organization.IsActive { // one that was switched off lets nobody in
		return wispwright.Forbidden(in.Organization.Name + " does not allow self registration of new accounts.")
	}
	ctx := wispwright.WithCaller(r.Context(), wispwright.System("log-in of "+u.Username))
	err = h.t.Memberships.Create(ctx, &tenancy.Membership{UserID: u.ID, OrganizationID: in.Organization.ID})
	var conflict *wispwright.ConflictError
	if errors.As(err, &conflict) {
		return wispwright.Invalid("", alreadyMember)
	}
	if err != nil || !in.NeedsVerification {
		return err
	}
	_, err = h.r.Registrations.Of(ctx, u.ID, in.Organization.ID)
	if errors.Is(err, wispwright.ErrNotFound) {
		err = h.r.Registrations.Create(ctx, &radius.Registration{UserID: u.ID, OrganizationID: in.Organization.ID, Method: radius.Pending})
	}
	return err
}

// enter issues a token for RADIUS, notes the log-in and describes the user; ok is
// false for somebody whose identity must be verified first.
func (h *HTTP) enter(r *rest.Request, u *tenancy.User, in radius.InForce, byPassword bool) (out userOut, ok bool, err error) {
	ctx := r.Context()
	a := h.accountOf(u)
	k, err := h.r.Tokens.Issue(ctx, a, in.Organization.ID, true, byPassword)
	if err != nil {
		return out, false, err
	}
	if err := h.t.Login.LoggedIn(ctx, u.ID); err != nil {
		return out, false, err
	}
	out = userOut{Username: u.Username, Email: u.Email, PhoneNumber: rest.Null(u.PhoneNumber), FirstName: u.FirstName, LastName: u.LastName, BirthDate: rest.Date(u.BirthDate),
		Location: u.Location, IsActive: u.IsActive, PasswordExpired: byPassword && h.t.Users.PasswordExpired(u), RadiusUserToken: k.Key.Reveal()}
	reg, err := h.r.Registrations.Of(ctx, u.ID, in.Organization.ID)
	if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		return out, false, err
	}
	strong := false
	if reg != nil {
		verified := reg.Counts()
		out.IsVerified, out.Method, strong = &verified, &reg.Method, reg.IsStrong(h.r.Registrations.Methods())
	}
	return out, !in.NeedsVerification || strong, nil
}

func (h *HTTP) accountOf(u *tenancy.User) *radius.Account {
	return &radius.Account{ID: u.ID, Username: u.Username, Email: u.Email, Phone: u.PhoneNumber, IsActive: u.IsActive, IsSuperuser: u.IsSuperuser, IsStaff: u.IsStaff, Joined: u.DateJoined}
}

// validate tells a page that came back with a token whose it is (spec: radius §8.3).
// Whoever is not a member joins as at a log-in.
func (h *HTTP) validate(r *rest.Request) (int, any, error) {
	in, err := h.organization(r)
	if err != nil {
		return 0, nil, err
	}
	body, err := rest.Decode[validateIn](r, false)
	if err != nil {
		return 0, nil, err
	}
	key, err := h.t.Tokens.ByKey(r.Context(), string(body.Token.V))
	if errors.Is(err, wispwright.ErrNotFound) {
		return 0, nil, &rest.Failure{Status: http.StatusUnauthorized, Body: map[string]string{"response_code": unknownToken}}
	}
	if err != nil {
		return 0, nil, err
	}
	u, err := h.t.Users.Get(r.Context(), everyone(), key.UserID)
	if err != nil {
		return 0, nil, err
	}
	if err := h.join(r, u, in); err != nil {
		return 0, nil, err
	}
	byPassword := true
	if k, err := h.r.Tokens.Of(r.Context(), u.ID); err == nil {
		byPassword = k.PasswordBased == nil || *k.PasswordBased
	} else if !errors.Is(err, wispwright.ErrNotFound) {
		return 0, nil, err
	}
	out, ok, err := h.enter(r, u, in, byPassword)
	if err != nil {
		return 0, nil, err
	}
	if h.enrolment != nil && (!ok || out.IsVerified == nil || !*out.IsVerified) {
		// the number that is being verified
		c, err := h.enrolment.Codes.Last(r.Context(), u.ID, in.Organization.ID)
		if err == nil {
			out.PhoneNumber = &c.Phone
		} else if !errors.Is(err, wispwright.ErrNotFound) {
			return 0, nil, err
		}
	}
	return http.StatusOK, validateOut{out, key.Key.Reveal(), knownToken}, nil
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
	var v wispwright.ValidationError
	if in.CurrentPassword.Set && !in.CurrentPassword.Null && !r.Caller.Superuser {
		u, err := h.t.Users.Get(r.Context(), everyone(), r.Caller.ID)
		if err != nil {
			return err
		}
		if !h.t.Login.Verify(u, in.CurrentPassword.V) {
			v.Add("current_password", wrongPassword)
		}
	}
	if in.NewPassword.Set && in.ConfirmPassword.Set && in.NewPassword.V != in.ConfirmPassword.V {
		v.Add("confirm_password", mismatch)
	}
	return v.Err()
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
	if err := h.member(r, u, o); err != nil {
		return passwordOut{}, err
	}
	if in.CurrentPassword.Null && !r.Caller.Superuser {
		return passwordOut{}, wispwright.Invalid("current_password", wrongPassword)
	}
	if !in.CurrentPassword.Null && in.CurrentPassword.V == in.NewPassword.V {
		return passwordOut{}, wispwright.Invalid("new_password", samePassword)
	}
	// held against the address as a whole: its domain is a part of many passwords, and
	// the original compares nothing here
	judged := &tenancy.User{Password: u.Password, Username: u.Username, Email: strings.NewReplacer("@", "_", ".", "_", "-", "_").Replace(u.Email)}
	if err := h.t.Users.CheckPassword(judged, in.NewPassword.V); err != nil {
		return passwordOut{}, err
	}
	if err := h.t.Users.SetPassword(r.Context(), everyone(), u.ID, in.NewPassword.V); err != nil {
		return passwordOut{}, err
	}
	return passwordOut{"Success", changedPassword}, nil
}

// member refuses users who do not belong to the organization of the path.
func (h *HTTP) member(r *rest.Request, u *tenancy.User, in radius.InForce) error {
	member, err := h.accounts.IsMember(r.Context(), u.ID, in.Organization.ID)
	if err != nil || member || u.IsSuperuser {
		return err
	}
	return wispwright.Invalid("", "The user "+u.Username+" is not member of organization "+in.Organization.Name+".")
}
