package tenancyhttp

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

// credentials are the body of a log-in.
type credentials struct {
	Username rest.Opt[string] `json:"username" required:"true"`
	Password rest.Opt[string] `json:"password" required:"true" trim:"false" writeOnly:"true"`
}

type tokenOut struct {
	Token string `json:"token"`
}

func (h *HTTP) mountToken(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/users/token/", Name: "Obtain Auth Token", Tag: "users", Access: rest.Anonymous,
		Throttle: h.throttle, FormFirst: true, NonField: "non_field_errors",
	}, rest.Action("POST", "users_token_create", http.StatusOK, func(r *rest.Request, in *credentials) (tokenOut, error) {
		u, err := h.logIn(r, in)
		if err != nil {
			return tokenOut{}, err
		}
		token, err := h.t.Tokens.For(r.Context(), u.ID)
		if err != nil {
			return tokenOut{}, err
		}
		return tokenOut{token.Key.Reveal()}, nil
	}))
}

func (h *HTTP) logIn(r *rest.Request, in *credentials) (*tenancy.User, error) {
	u, err := h.t.Login.Attempt(r.Context(), r.Address(), in.Username.V, in.Password.V)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, wispwright.Invalid("", "Unable to log in with provided credentials.")
	}
	return u, nil
}
