package tenancyhttp

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

// mountMe adds what everybody may do with the account they are logged in to,
// whatever their permissions.
func (h *HTTP) mountMe(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/users/me/password/", Name: "My Password", Tag: "users", Access: rest.Authenticated, Restricted: true, Prepare: inPerson,
		Description: "Changes one's own password, which must be good enough.",
	}, rest.CheckedAction("PUT", "users_me_password_update", http.StatusOK, checkRepeated, h.changeMyPassword))
}

// me is the account of the caller.
func (h *HTTP) me(r *rest.Request) (*tenancy.User, error) {
	return h.t.Users.Get(r.Context(), wispwright.ScopeAll(), r.Caller.ID)
}

func (h *HTTP) changeMyPassword(r *rest.Request, in *passwordIn) (passwordOut, error) {
	u, err := h.me(r)
	if err != nil {
		return passwordOut{}, err
	}
	if err := h.checkCurrent(r, u, in.CurrentPassword.V); err != nil {
		return passwordOut{}, err
	}
	if err := h.t.Users.CheckPassword(u, in.NewPassword.V); err != nil {
		return passwordOut{}, err
	}
	if err := h.t.Users.SetPassword(r.Context(), wispwright.ScopeAll(), u.ID, in.NewPassword.V); err != nil {
		return passwordOut{}, err
	}
	return passwordOut{"Success", "Password updated successfully"}, h.renewOwnSession(r, u.ID)
}
