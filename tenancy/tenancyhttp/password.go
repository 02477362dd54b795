package tenancyhttp

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

type passwordIn struct {
	CurrentPassword rest.Opt[string] `json:"current_password" required:"true" nullable:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
	NewPassword     rest.Opt[string] `json:"new_password" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
	ConfirmPassword rest.Opt[string] `json:"confirm_password" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
}

type passwordOut struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func (h *HTTP) mountPassword(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/users/user/{id}/password/", Name: "Change Password", Noun: "User", Tag: "users", Access: rest.Authenticated,
		Restricted: true,
		// whom one cannot see does not exist, whatever the body says
		Prepare: func(r *rest.Request) error {
			_, _, err := h.passwordOwner(r)
			return err
		},
	}, rest.CheckedAction("PUT", "users_user_password_update", http.StatusOK, checkRepeated, h.changePassword))
}

// checkRepeated tells that both new passwords differ together with what is
// missing.
func checkRepeated(_ *rest.Request, in *passwordIn) error {
	if in.NewPassword.Set && in.ConfirmPassword.Set && in.NewPassword.V != in.ConfirmPassword.V {
		return wispwright.Invalid("confirm_password", mismatch)
	}
	return nil
}

// passwordOwner is whose password it is: one's own, or with change_user that
// of a user one can see (spec: tenancy §5.5).
func (h *HTTP) passwordOwner(r *rest.Request) (*tenancy.User, wispwright.Scope, error) {
	id, scope := r.ID("id"), userScope(r)
	own := r.Caller.ID == id
	if own {
		if err := inPerson(r); err != nil {
			return nil, scope, err
		}
	}
	if !own && !r.Can("openwisp_users.change_user") {
		return nil, scope, wispwright.ErrForbidden
	}
	if own && r.Caller.Staff {
		scope = wispwright.ScopeAll()
	}
	u, err := h.t.Users.Get(r.Context(), scope, id)
	if err == nil {
		err = h.t.Users.Entrusted(r.Context(), scope, id)
	}
	return u, scope, err
}

func (h *HTTP) changePassword(r *rest.Request, in *passwordIn) (passwordOut, error) {
	u, scope, err := h.passwordOwner(r)
	if err != nil {
		return passwordOut{}, err
	}
	if in.CurrentPassword.V == in.NewPassword.V {
		return passwordOut{}, wispwright.Invalid("new_password", "New password cannot be the same as your old password.")
	}
	if !r.Caller.Superuser && len(r.Caller.Managed) == 0 {
		if err := h.checkCurrent(r, u, in.CurrentPassword.V); err != nil {
			return passwordOut{}, err
		}
	}
	if err := h.t.Users.SetPassword(r.Context(), scope, u.ID, in.NewPassword.V); err != nil {
		return passwordOut{}, err
	}
	return passwordOut{"Success", "Password updated successfully"}, h.renewOwnSession(r, u.ID)
}

// checkCurrent asks for the password somebody has. It may be tried as often as
// a log-in, so that a session left open does not help to find it.
func (h *HTTP) checkCurrent(r *rest.Request, u *tenancy.User, plain string) error {
	known, err := h.t.Login.Attempt(r.Context(), r.Source(), u.Username, plain)
	if err != nil {
		return err
	}
	if known == nil || known.ID != u.ID {
		return wispwright.Invalid("current_password", "Your old password was entered incorrectly. Please enter it again.")
	}
	return nil
}

// renewOwnSession keeps the session that changed its own password alive; all
// others end with the old password.
func (h *HTTP) renewOwnSession(r *rest.Request, changed wispwright.ID) error {
	if r.Caller.ID != changed || r.Caller.Method != "session" {
		return nil
	}
	c, err := r.HTTP.Cookie(h.sessions.Cookie.Name)
	if err != nil {
		return nil // no session: nothing to keep
	}
	u, err := h.t.Users.Get(r.Context(), wispwright.ScopeAll(), r.Caller.ID)
	if err != nil {
		return err
	}
	ctx, err := h.sessions.Load(r.Context(), c.Value)
	if err != nil {
		return err
	}
	return h.keepSession(ctx, r.ResponseHeader(), u)
}
