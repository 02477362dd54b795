package radiushttp

import (
	"errors"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius/signin"
)

type resetIn struct {
	Input rest.Opt[string] `json:"input" required:"true"`
}

type confirmIn struct {
	NewPassword1 rest.Opt[string] `json:"new_password1" required:"true" trim:"false" writeOnly:"true" maxLength:"128"`
	NewPassword2 rest.Opt[string] `json:"new_password2" required:"true" trim:"false" writeOnly:"true" maxLength:"128"`
	UID          rest.Opt[string] `json:"uid" required:"true" label:"Uid"`
	Token        rest.Opt[string] `json:"token" required:"true"`
}

// detailOut is a sentence that OPTIONS does not list.
type detailOut struct {
	Detail string `json:"detail" metaType:"-"`
}

// The sentences of new passwords by letter (spec: radius §8.7, §8.8).
const (
	resetSent = "Password reset e-mail has been sent."
	resetDone = "Password has been reset with the new password."
)

// mountReset adds new passwords by letter. The answer to a request is the same whether
// or not there is somebody (additions: R-8).
func (h *HTTP) mountReset(api *rest.API) {
	api.Mount(h.account("password/reset/", "Password Reset", rest.Anonymous, h.others), rest.Action("POST", "radius_account_password_reset_create", http.StatusOK, func(r *rest.Request, body *resetIn) (detailOut, error) {
		in, err := h.organization(r)
		if err != nil {
			return detailOut{}, err
		}
		err = h.signIn.OrderReset(r.Context(), in, body.Input.V)
		return detailOut{resetSent}, err
	}))
	api.Mount(h.account("password/reset/confirm/", "Password Reset Confirm", rest.Anonymous, h.others), rest.Action("POST", "radius_account_password_reset_confirm_create", http.StatusOK, h.confirmReset))
}

func (h *HTTP) confirmReset(r *rest.Request, body *confirmIn) (detailOut, error) {
	in, err := h.organization(r)
	if err != nil {
		return detailOut{}, err
	}
	form := !strings.HasPrefix(r.HTTP.Header.Get("Content-Type"), "application/json")
	id, err := wispwright.ParseID(body.UID.V)
	if err != nil {
		if form {
			return detailOut{}, wispwright.ErrNotFound
		}
		return detailOut{}, wispwright.Invalid("", "“"+body.UID.V+"” is not a valid UUID.")
	}
	err = h.signIn.ResetPassword(r.Context(), in, id, body.Token.V, body.NewPassword1.V, body.NewPassword2.V)
	if errors.Is(err, wispwright.ErrNotFound) && !form {
		return detailOut{}, wispwright.Invalid("uid", signin.InvalidValue)
	}
	return detailOut{resetDone}, err
}
