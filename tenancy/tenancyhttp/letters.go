package tenancyhttp

import (
	"errors"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

type resetIn struct {
	Email rest.Opt[string] `json:"email" required:"true" maxLength:"254" format:"email" label:"Email address"`
}

type resetConfirmIn struct {
	Key             rest.Opt[string] `json:"key" required:"true" maxLength:"200"`
	NewPassword     rest.Opt[string] `json:"new_password" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
	ConfirmPassword rest.Opt[string] `json:"confirm_password" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
}

type keyIn struct {
	Key rest.Opt[string] `json:"key" required:"true" maxLength:"200"`
}

const (
	resetSent  = "If there is an account with this address, an e-mail with further steps has been sent to it."
	resetDone  = "The password has been reset."
	verifySent = "An e-mail with a link has been sent to the address."
	mismatch   = "The two password fields didn’t match."
)

// mountLetters adds what the links of e-mails lead to, for programs. The pages
// for people are in pages.go.
func (h *HTTP) mountLetters(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/users/password/reset/", Name: "Password Reset", Tag: "users", Access: rest.Anonymous, Throttle: h.resets,
		Description: "Sends an e-mail with a link to choose a new password. The answer is the same whether or not there is such an account.",
	}, rest.Action("POST", "users_password_reset_create", http.StatusOK, func(r *rest.Request, in *resetIn) (rest.Detail, error) {
		return rest.Detail{Detail: resetSent}, h.requestReset(r.HTTP, in.Email.V)
	}, http.StatusTooManyRequests))

	api.Mount(&rest.View{
		Path: "/api/v1/users/password/reset/confirm/", Name: "Password Reset Confirm", Tag: "users", Access: rest.Anonymous, Throttle: h.keys,
		Description: "Sets a new password with the key of the e-mail, which works once and for three days.",
	}, rest.Action("POST", "users_password_reset_confirm_create", http.StatusOK, func(r *rest.Request, in *resetConfirmIn) (rest.Detail, error) {
		if in.NewPassword.V != in.ConfirmPassword.V {
			return rest.Detail{}, wispwright.Invalid("confirm_password", mismatch)
		}
		_, err := h.t.Letters.ResetPassword(r.Context(), in.Key.V, in.NewPassword.V)
		return rest.Detail{Detail: resetDone}, err
	}, http.StatusTooManyRequests))

	api.Mount(&rest.View{
		Path: "/api/v1/users/email/confirm/", Name: "Confirm Email", Tag: "users", Access: rest.Anonymous, Throttle: h.keys,
		Description: "Confirms an address with the key of the e-mail that was sent to it.",
	}, rest.Action("POST", "users_email_confirm_create", http.StatusOK, func(r *rest.Request, in *keyIn) (emailOut, error) {
		e, err := h.t.Letters.Verify(r.Context(), in.Key.V)
		if err != nil {
			return emailOut{}, err
		}
		return mapEmail(e), nil
	}, http.StatusTooManyRequests))

	again := rest.Action("POST", "users_user_email_confirmation_create", http.StatusOK, h.sendVerification, http.StatusTooManyRequests)
	again.Permission = "account.change_emailaddress"
	api.Mount(&rest.View{
		Path: "/api/v1/users/user/{user}/email/{id:int}/confirmation/", Name: "Email Confirmation", Noun: "EmailAddress", Tag: "users",
		Kind: "account.emailaddress", Access: rest.Authenticated, Prepare: h.visibleUser,
		Description: "Sends the e-mail that asks to confirm an address once more.",
	}, again)
}

// requestReset is throttled by the address that was typed too, whether or not
// anybody has it.
func (h *HTTP) requestReset(r *http.Request, email string) error {
	if wait := h.resetsTo.Allow(strings.ToLower(email)); wait > 0 {
		return rest.Throttled(wait)
	}
	return h.t.Letters.RequestReset(r.Context(), email)
}

func (h *HTTP) sendVerification(r *rest.Request, _ *rest.None) (rest.Detail, error) {
	e, err := h.t.Emails.Get(r.Context(), wispwright.ScopeAll(), r.Int("id"))
	if err == nil && e.UserID != r.ID("user") {
		err = wispwright.ErrNotFound
	}
	if err != nil {
		return rest.Detail{}, err
	}
	err = h.t.Letters.SendVerification(r.Context(), e.ID)
	if errors.Is(err, wispwright.ErrLimit) {
		return rest.Detail{}, rest.Throttled(tenancy.LetterPause)
	}
	return rest.Detail{Detail: verifySent}, err
}
