package tenancyhttp

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

// invitationIn is a user without a password: the link of an e-mail leads to
// choosing one.
type invitationIn struct {
	userNameIn
	Email rest.Opt[string] `json:"email" required:"true" maxLength:"254" format:"email" label:"Email address"`
	personIn
	contactIn
	standingIn
	OrganizationUsers rest.Opt[membershipIn] `json:"organization_users" first:"true"`
	ExpirationDate    rest.Opt[rest.Date]    `json:"expiration_date" nullable:"true" help:"The last day on which the account is active."`
}

// mountInvitations adds accounts whose owners choose the password.
func (h *HTTP) mountInvitations(api *rest.API) {
	check := func(r *rest.Request, in *invitationIn) error {
		return h.checkUser(r, wispwright.ID{}, in.Username, in.Email, in.PhoneNumber, in.Groups, rest.Opt[[]int64]{})
	}
	invite := rest.CheckedAction("POST", "users_invitation_create", http.StatusCreated, check, func(r *rest.Request, in *invitationIn) (userOut, error) {
		u, err := h.makeUser(r, &userIn{userNameIn: in.userNameIn, Email: in.Email, personIn: in.personIn, contactIn: in.contactIn, standingIn: in.standingIn,
			OrganizationUsers: in.OrganizationUsers, ExpirationDate: in.ExpirationDate}, true)
		if err != nil {
			return userOut{}, err
		}
		out, err := h.userOuts(r, []*tenancy.User{u})
		if err != nil {
			return userOut{}, err
		}
		return out[0], nil
	})
	invite.Permission = "openwisp_users.add_user"
	api.Mount(&rest.View{
		Path: "/api/v1/users/invitation/", Name: "Invitation", Noun: "User", Tag: "users", Kind: "openwisp_users.user", Access: rest.Authenticated,
		Description: "Makes an account and sends an e-mail whose link leads to choosing a password.",
	}, invite)

	again := rest.Action("POST", "users_user_invitation_create", http.StatusOK, func(r *rest.Request, _ *rest.None) (rest.Detail, error) {
		if err := h.t.Users.Entrusted(r.Context(), userScope(r), r.ID("user")); err != nil {
			return rest.Detail{}, err
		}
		if wait := h.resetsTo.Allow("invite " + r.ID("user").String()); wait > 0 {
			return rest.Detail{}, rest.Throttled(wait)
		}
		return rest.Detail{Detail: "The invitation has been sent."}, h.t.Letters.SendInvitation(r.Context(), r.ID("user"))
	}, http.StatusTooManyRequests)
	again.Permission = "openwisp_users.change_user"
	api.Mount(&rest.View{
		Path: "/api/v1/users/user/{user}/invitation/", Name: "Invitation Again", Noun: "User", Tag: "users", Kind: "openwisp_users.user",
		Access: rest.Authenticated, Prepare: h.visibleUser,
		Description: "Sends the invitation once more to somebody who has not chosen a password yet.",
	}, again)
}
