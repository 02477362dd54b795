package tenancyhttp

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

type apiTokenIn struct {
	Name    rest.Opt[string]    `json:"name" required:"true" maxLength:"100" help:"What the token is for."`
	Scopes  rest.Opt[[]string]  `json:"scopes" help:"Permissions the token is limited to, such as config.view_device; none means all the user has."`
	Expires rest.Opt[time.Time] `json:"expires" nullable:"true" help:"When the token ends; null for never."`
}

type apiTokenOut struct {
	ID       wispwright.ID `json:"id"`
	Name     string        `json:"name"`
	Scopes   []string      `json:"scopes"`
	Expires  rest.Time     `json:"expires"`
	LastUsed rest.Time     `json:"last_used"`
	Created  rest.Time     `json:"created"`
	// Token is shown once, in the answer that made it.
	Token *string `json:"token,omitempty"`
}

// userTokenOut is a token as superusers see it.
type userTokenOut struct {
	apiTokenOut
	User wispwright.ID `json:"user"`
}

// mountAPITokens adds one's own named tokens, and everybody's for superusers.
func (h *HTTP) mountAPITokens(api *rest.API) {
	everything := func(*rest.Request) (wispwright.Scope, wispwright.Scope) {
		return wispwright.ScopeAll(), wispwright.ScopeAll()
	}
	own := rest.Resource[wispwright.ID, tenancy.APIToken, tenancy.APITokenFilter, apiTokenIn, apiTokenOut]{
		Path: "/api/v1/users/me/token/", Only: rest.List | rest.Read | rest.Delete, Name: "My Token", Noun: "Token", ID: "users_me_token", Tag: "users",
		Description: "Named tokens for programs that act in one's own name, as \"Authorization: Bearer wwt_…\".",
		Access:      rest.Authenticated, Prepare: inPerson,
		Service: h.t.APITokens, Scopes: everything,
		Within: func(r *rest.Request, f *tenancy.APITokenFilter) error {
			f.UserID = r.Caller.ID
			return nil
		},
		Belongs: func(r *rest.Request, t *tenancy.APIToken) bool { return t.UserID == r.Caller.ID },
		Out:     rest.Each(mapAPIToken),
		ListOps: []rest.Op{rest.Action("POST", "users_me_token_create", 201, h.createAPIToken)},
	}
	rest.Mount(api, own)
	rest.Mount(api, rest.Resource[wispwright.ID, tenancy.APIToken, tenancy.APITokenFilter, rest.None, userTokenOut]{
		Path: "/api/v1/users/api-token/", Only: rest.List | rest.Read | rest.Delete, Name: "API Token", Noun: "Token", ID: "users_api_token", Tag: "users",
		Description: "The named tokens of all users, for superusers.",
		Access:      rest.Authenticated, Prepare: superuserOnly,
		Service: h.t.APITokens, Scopes: everything,
		Out: rest.Each(func(t *tenancy.APIToken) userTokenOut { return userTokenOut{mapAPIToken(t), t.UserID} }),
		Filters: []rest.Filter[tenancy.APITokenFilter]{
			rest.FilterID("user", func(f *tenancy.APITokenFilter, v wispwright.ID) { f.UserID = v }),
		},
	})
}

func (h *HTTP) createAPIToken(r *rest.Request, in *apiTokenIn) (apiTokenOut, error) {
	t := &tenancy.APIToken{UserID: r.Caller.ID, Name: in.Name.V, Expires: in.Expires.V.UTC()}
	if in.Expires.Null || !in.Expires.Set {
		t.Expires = time.Time{}
	}
	for _, p := range in.Scopes.V {
		t.Scopes = append(t.Scopes, wispwright.Permission(p))
	}
	text, err := h.t.APITokens.Create(r.Context(), t)
	if err != nil {
		return apiTokenOut{}, err
	}
	out, shown := mapAPIToken(t), text.Reveal()
	out.Token = &shown
	r.ResponseHeader().Set("Cache-Control", "no-store")
	return out, nil
}

func mapAPIToken(t *tenancy.APIToken) apiTokenOut {
	out := apiTokenOut{ID: t.ID, Name: t.Name, Scopes: []string{}, Expires: rest.Time(t.Expires), LastUsed: rest.Time(t.LastUsed), Created: rest.Time(t.Created)}
	for _, p := range t.Scopes {
		out.Scopes = append(out.Scopes, string(p))
	}
	return out
}
