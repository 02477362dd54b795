package tenancyhttp

import (
	"errors"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

// What people do about their own password without an administrator, for
// programs (additions: U-3). The pages for people are in pages.go.

type resetIn struct {
	Input rest.Opt[string] `json:"input" maxLength:"254" help:"User name, e-mail address or phone number."`
	Email rest.Opt[string] `json:"email" maxLength:"254" format:"email" label:"Email address" help:"The same, for an e-mail address alone."`
}

type resetConfirmIn struct {
	UID          rest.Opt[string] `json:"uid" required:"true" maxLength:"36" label:"Uid" help:"What stands before the first dash of the key in the link of the e-mail."`
	Token        rest.Opt[string] `json:"token" required:"true" maxLength:"200" help:"What follows the first dash."`
	NewPassword1 rest.Opt[string] `json:"new_password1" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
	NewPassword2 rest.Opt[string] `json:"new_password2" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
}

type passwordChangeIn struct {
	OldPassword  rest.Opt[string] `json:"old_password" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
	NewPassword1 rest.Opt[string] `json:"new_password1" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
	NewPassword2 rest.Opt[string] `json:"new_password2" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
}

const (
	resetPath         = "/api/v1/users/password/reset/"
	resetConfirmPath  = "/api/v1/users/password/reset/confirm/"
	changePath        = "/api/v1/users/user/password/change/"
	webChangePath     = "/accounts/password/change/"
	passwordResetSent = "Password reset e-mail has been sent."
	passwordReset     = "Password has been reset with the new password."
	passwordSaved     = "New password has been saved."
)

// mountSelfService adds the endpoints, which share one throttle with that of the
// token.
func (h *HTTP) mountSelfService(api *rest.API) {
	api.Mount(&rest.View{
		Path: resetPath, Name: "Password Reset", Tag: "users", Access: rest.Anonymous, Throttle: h.throttle,
		Description: "Sends an e-mail with a link to choose a new password. The answer is the same whether or not there is such an account.",
	}, rest.Action("POST", "users_password_reset_create", http.StatusOK, func(r *rest.Request, in *resetIn) (rest.Detail, error) {
		input := in.Input.V
		if input == "" {
			input = in.Email.V
		}
		if input == "" {
			return rest.Detail{}, wispwright.Invalid("input", "This field is required.")
		}
		if err := h.resets.Admit(r); err != nil {
			return rest.Detail{}, err
		}
		// by what was typed too, whether or not anybody has it
		if wait := h.resetsTo.Allow(strings.ToLower(input)); wait > 0 {
			return rest.Detail{}, rest.Throttled(wait)
		}
		return rest.Detail{Detail: passwordResetSent}, h.t.Letters.RequestResetOf(r.Context(), input)
	}, http.StatusTooManyRequests))

	api.Mount(&rest.View{
		Path: resetConfirmPath, Name: "Password Reset Confirm", Tag: "users", Access: rest.Anonymous, Throttle: h.throttle,
		Description: "Sets a new password with what the e-mail's link holds, which works once and for three days.",
	}, rest.CheckedAction("POST", "users_password_reset_confirm_create", http.StatusOK,
		func(_ *rest.Request, in *resetConfirmIn) error { return checkTwice(in.NewPassword1, in.NewPassword2) },
		func(r *rest.Request, in *resetConfirmIn) (rest.Detail, error) {
			if err := h.keys.Admit(r); err != nil {
				return rest.Detail{}, err
			}
			key := strings.ReplaceAll(in.UID.V, "-", "") + "-" + in.Token.V
			_, err := h.t.Letters.ResetPassword(r.Context(), key, in.NewPassword1.V)
			return rest.Detail{Detail: passwordReset}, renamed(err, map[string]string{"key": "token", "new_password": "new_password2"})
		}, http.StatusTooManyRequests))

	api.Mount(&rest.View{
		Path: changePath, Name: "Password Change", Tag: "users", Access: rest.Authenticated, Restricted: true, Throttle: h.throttle, Prepare: inPerson,
		Description: "Changes one's own password, which must be good enough.",
	}, rest.CheckedAction("POST", "users_user_password_change_create", http.StatusOK,
		func(_ *rest.Request, in *passwordChangeIn) error { return checkTwice(in.NewPassword1, in.NewPassword2) },
		func(r *rest.Request, in *passwordChangeIn) (rest.Detail, error) {
			u, err := h.me(r)
			if err != nil {
				return rest.Detail{}, err
			}
			wire := map[string]string{"current_password": "old_password", "new_password": "new_password2"}
			if err := h.checkCurrent(r, u, in.OldPassword.V); err != nil {
				return rest.Detail{}, renamed(err, wire)
			}
			if err := h.t.Users.CheckPassword(u, in.NewPassword1.V); err != nil {
				return rest.Detail{}, renamed(err, wire)
			}
			if err := h.t.Users.SetPassword(r.Context(), wispwright.ScopeAll(), u.ID, in.NewPassword1.V); err != nil {
				return rest.Detail{}, renamed(err, wire)
			}
			return rest.Detail{Detail: passwordSaved}, h.renewOwnSession(r, u.ID)
		}, http.StatusTooManyRequests))
}

func checkTwice(a, b rest.Opt[string]) error {
	if a.Set && b.Set && a.V != b.V {
		return wispwright.Invalid("new_password2", mismatch)
	}
	return nil
}

// renamed puts faults under the names that these endpoints have for fields.
func renamed(err error, names map[string]string) error {
	var invalid *wispwright.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	out := &wispwright.ValidationError{}
	for _, f := range invalid.Fields {
		path := f.Path
		if name, ok := names[path]; ok {
			path = name
		}
		for _, m := range f.Messages {
			out.Add(path, m)
		}
	}
	return out.Err()
}

// passwordExpired is the answer to anybody who has a session that was opened with a
// password that ran out since (additions: U-4).
type passwordExpired struct {
	Detail    string `json:"detail"`
	Code      string `json:"code"`
	WebChange string `json:"web_password_change_url"`
	APIChange string `json:"api_password_change_url,omitempty"`
	APIReset  string `json:"api_password_reset_url,omitempty"`
}

func (h *HTTP) passwordExpired() passwordExpired {
	out := passwordExpired{Detail: "Your password has expired. Update it to continue.", Code: "password_expired", WebChange: webChangePath}
	if !h.options.NoTokenEndpoint {
		out.APIChange, out.APIReset = changePath, resetPath
	}
	return out
}
