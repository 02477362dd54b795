package tenancyhttp

import (
	"errors"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

type keyIn struct {
	Key rest.Opt[string] `json:"key" required:"true" maxLength:"200"`
}

const (
	resetSent  = "If there is an account with this address, an e-mail with further steps has been sent to it."
	verifySent = "An e-mail with a link has been sent to the address."
	mismatch   = "The two password fields didn’t match."
)

// mountLetters adds what the links of e-mails lead to, for programs. The pages
// for people are in pages.go.
func (h *HTTP) mountLetters(api *rest.API) {
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
