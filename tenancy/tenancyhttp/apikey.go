package tenancyhttp

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

// apiKeyOut is the key of a user: the token that POST users/token/ gives.
type apiKeyOut struct {
	Key     string    `json:"key" help:"40 characters; stars for everybody but its owner."`
	Created rest.Time `json:"created"`
}

// mountAPIKeys adds the one key of each user, for the web admin (additions: U-1).
func (h *HTTP) mountAPIKeys(api *rest.API) {
	read := rest.Action("GET", "users_user_apikey_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (apiKeyOut, error) {
		t, err := h.t.Tokens.Get(r.Context(), r.ID("user"))
		if err != nil {
			return apiKeyOut{}, err
		}
		return apiKeyOf(r, t), nil
	})
	add := rest.Action("POST", "users_user_apikey_create", http.StatusCreated, func(r *rest.Request, _ *rest.None) (apiKeyOut, error) {
		// as at users/token/: a user who must have a second factor gets none without
		u, err := h.t.Users.Get(r.Context(), wispwright.ScopeAll(), r.ID("user"))
		if err != nil {
			return apiKeyOut{}, err
		}
		if has, err := h.t.SecondFactors.Has(r.Context(), u.ID); err != nil || !has && h.t.SecondFactors.RequiredOf(u) {
			return apiKeyOut{}, cmp.Or(err, wispwright.Invalid("non_field_errors", "A second factor must be set up for the account first."))
		}
		t, err := h.t.Tokens.For(r.Context(), r.ID("user"))
		if err != nil {
			return apiKeyOut{}, err
		}
		return apiKeyOf(r, t), nil
	})
	remove := rest.Action("DELETE", "users_user_apikey_delete", http.StatusNoContent, func(r *rest.Request, _ *rest.None) (rest.None, error) {
		return rest.None{}, h.t.Tokens.Delete(r.Context(), r.ID("user"))
	})
	api.Mount(&rest.View{
		Path: "/api/v1/users/user/{user}/api-key/", Name: "API Key", Noun: "API key", Tag: "users", Access: rest.Authenticated, Prepare: h.apiKeyOwner,
		Description: "The key with which programs act in a user's name. It is shown to its owner alone.",
	}, read, add, remove)
}

// apiKeyOwner lets in the owner, and anybody who has the permission for users one
// can see; to make or remove a key the account must be entrusted to the caller.
func (h *HTTP) apiKeyOwner(r *rest.Request) error {
	id := r.ID("user")
	action := map[string]string{http.MethodPost: "add_apikey", http.MethodDelete: "delete_apikey"}[r.HTTP.Method]
	if r.Caller.ID == id {
		if action != "" || r.HTTP.Method == http.MethodGet {
			return inPerson(r)
		}
		return nil
	}
	if action == "" {
		if !r.Can("openwisp_users.view_apikey") && !r.Can("openwisp_users.change_apikey") {
			return wispwright.ErrForbidden
		}
		return h.visibleUser(r)
	}
	if !r.Can(wispwright.Permission("openwisp_users." + action)) {
		return wispwright.ErrForbidden
	}
	if err := h.visibleUser(r); err != nil {
		return err
	}
	return h.t.Users.Entrusted(r.Context(), userScope(r), id)
}

func apiKeyOf(r *rest.Request, t *tenancy.Token) apiKeyOut {
	out := apiKeyOut{Key: strings.Repeat("*", 40), Created: rest.Time(t.Created)}
	if r.Caller.ID == t.UserID {
		out.Key = t.Key.Reveal()
		r.ResponseHeader().Set("Cache-Control", "no-store")
	}
	return out
}
