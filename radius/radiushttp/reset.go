package radiushttp

import (
	"errors"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
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
	noValue   = "Invalid value"
)

// maxIdentifier is how long a name, an address or a number can be.
const maxIdentifier = 254

// mountReset adds new passwords by letter. The answer to a request is the same whether
// or not there is somebody (additions: R-8).
func (h *HTTP) mountReset(api *rest.API) {
	api.Mount(h.account("password/reset/", "Password Reset", rest.Anonymous, h.others), rest.Action("POST", "radius_account_password_reset_create", http.StatusOK, func(r *rest.Request, body *resetIn) (detailOut, error) {
		in, err := h.organization(r)
		if err != nil {
			return detailOut{}, err
		}
		if h.orderReset != nil && in.Organization.IsActive && len(body.Input.V) <= maxIdentifier && h.resets.Allow(strings.ToLower(body.Input.V)) == 0 {
			err = h.orderReset(r.Context(), in.Organization.ID, body.Input.V)
		}
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
	u, err := h.t.Users.Get(r.Context(), everyone(), id)
	if errors.Is(err, wispwright.ErrNotFound) && !form {
		return detailOut{}, wispwright.Invalid("uid", noValue)
	}
	if err != nil {
		return detailOut{}, err
	}
	key := u.ID.Hex() + "-" + body.Token.V
	// who cannot show the token learns nothing about the account
	if _, err := h.t.Letters.ResetUser(r.Context(), key); err != nil {
		return detailOut{}, asToken(err)
	}
	if err := h.member(r, u, in); err != nil {
		return detailOut{}, err
	}
	if body.NewPassword1.V != body.NewPassword2.V {
		return detailOut{}, wispwright.Invalid("new_password2", mismatch)
	}
	_, err = h.t.Letters.ResetPassword(r.Context(), key, body.NewPassword1.V)
	return detailOut{resetDone}, asToken(err)
}

// asToken tells of a bad key as of a token, and of a bad password as of its second
// field.
func asToken(err error) error {
	var invalid *wispwright.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	var out wispwright.ValidationError
	for _, f := range invalid.Fields {
		switch f.Path {
		case "key":
			out.Add("token", noValue)
		default:
			for _, m := range f.Messages {
				out.Add("new_password2", m)
			}
		}
	}
	return out.Err()
}
