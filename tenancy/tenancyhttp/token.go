package tenancyhttp

import (
	"cmp"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

// credentials are the body of a log-in.
type credentials struct {
	Username rest.Opt[string] `json:"username" required:"true"`
	Password rest.Opt[string] `json:"password" required:"true" trim:"false" writeOnly:"true"`
	OTP      rest.Opt[string] `json:"otp" blank:"true" maxLength:"64" writeOnly:"true" label:"Code" help:"Code of the second factor, for users who have one."`
}

// sessionIn is the body of a log-in that a browser makes.
type sessionIn struct {
	Username rest.Opt[string]          `json:"username" required:"true"`
	Password rest.Opt[string]          `json:"password" required:"true" trim:"false" writeOnly:"true"`
	OTP      rest.Opt[string]          `json:"otp" blank:"true" maxLength:"64" writeOnly:"true" label:"Code" help:"Code of the second factor, for users who have one."`
	WebAuthn rest.Opt[wispwright.JSON] `json:"webauthn" object:"true" writeOnly:"true" help:"What a passkey answered to the options of the 401 before, as JSON (AuthenticationResponseJSON)."`
}

type tokenOut struct {
	Token string `json:"token"`
}

func (h *HTTP) mountToken(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/users/token/", Name: "Obtain Auth Token", Tag: "users", Access: rest.Anonymous,
		Throttle: h.throttle, FormFirst: true, NonField: "non_field_errors",
	}, rest.Action("POST", "users_token_create", http.StatusOK, func(r *rest.Request, in *credentials) (tokenOut, error) {
		u, err := h.logIn(r, in, nil)
		if err != nil {
			return tokenOut{}, err
		}
		// a token opens everything, so that a user who must have a second factor
		// gets none without
		if has, err := h.t.SecondFactors.Has(r.Context(), u.ID); err != nil || !has && h.t.SecondFactors.RequiredOf(u) {
			return tokenOut{}, cmp.Or(err, wispwright.Invalid("", "Set up a second factor for your account first."))
		}
		token, err := h.t.Tokens.For(r.Context(), u.ID)
		if err != nil {
			return tokenOut{}, err
		}
		return tokenOut{token.Key.Reveal()}, nil
	}, http.StatusUnauthorized))
}

// logIn checks user name, password and, for users who have one, second factor. Only a
// session can answer with a passkey.
func (h *HTTP) logIn(r *rest.Request, in *credentials, answer *rest.Opt[wispwright.JSON]) (*tenancy.User, error) {
	u, err := h.t.Login.Attempt(r.Context(), r.Source(), in.Username.V, in.Password.V)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, wispwright.Invalid("", "Unable to log in with provided credentials.")
	}
	return u, h.checkFactor(r, u, in.OTP, answer)
}
