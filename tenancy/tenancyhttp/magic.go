package tenancyhttp

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

// SesameScheme recognises "Authorization: sesame <token>", for the endpoints
// that take the tokens of links (spec: tenancy §4.4).
func (h *HTTP) SesameScheme() rest.Scheme {
	return rest.Scheme{Challenge: "sesame", Authenticate: func(r *rest.Request) (*wispwright.Caller, error) {
		token, err := rest.BearerToken(r.HTTP, "sesame")
		if err != nil || token == "" {
			return nil, err
		}
		u, err := h.t.MagicLinks.Authenticate(r.Context(), token)
		if errors.Is(err, wispwright.ErrUnauthenticated) {
			return nil, rest.Unauthenticated("Invalid or expired token.")
		}
		if err != nil {
			return nil, err
		}
		if has, err := h.t.SecondFactors.Has(r.Context(), u.ID); err != nil || has {
			return nil, cmp.Or(err, rest.Unauthenticated(secondFactor))
		}
		return h.t.Callers.ByUser(r.Context(), u.ID)
	}}
}

type magicIn struct {
	Next rest.Opt[string] `json:"next" blank:"true" maxLength:"500" help:"Path on this server to go to after the log-in."`
}

type magicOut struct {
	Token string `json:"token"`
	URL   string `json:"url"`
}

// mountMagic adds links that log a user in, which superusers make.
func (h *HTTP) mountMagic(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/users/user/{id}/sesame/", Name: "Magic Link", Noun: "User", Tag: "users", Access: rest.Authenticated,
		Description: "Makes a link that logs a user in without a password.",
		Prepare:     superuserOnly, // anyone who has the link is the user
	}, rest.Action("POST", "users_user_sesame_create", http.StatusCreated, func(r *rest.Request, in *magicIn) (magicOut, error) {
		if in.Next.V != "" && ownPath(in.Next.V, "") == "" {
			return magicOut{}, wispwright.Invalid("next", "Enter a path on this server.")
		}
		token, err := h.t.MagicLinks.Make(r.Context(), r.ID("id"))
		if errors.Is(err, tenancy.ErrNoLinks) {
			return magicOut{}, rest.Fail(http.StatusServiceUnavailable, "Links for log-in are switched off.")
		}
		if err != nil {
			return magicOut{}, err
		}
		query := url.Values{h.options.SesameName: {token}}
		if in.Next.V != "" {
			query.Set("next", in.Next.V)
		}
		return magicOut{token, r.URL("/accounts/login/?" + query.Encode())}, nil
	}))
}

// magic opens the session of a link, and goes on to a path of this server.
func (p *pages) magic(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get(p.http.options.SesameName)
	next := ownPath(r.URL.Query().Get("next"), p.http.options.AdminPath)
	if token == "" || r.Method != http.MethodGet {
		http.Redirect(w, r, p.http.options.AdminPath, http.StatusFound)
		return
	}
	if wait := p.http.keys.Allow("a:" + p.api.Source(r)); wait > 0 {
		p.tooMany(w, r)
		return
	}
	// neither kept anywhere nor told to where it leads
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	u, err := p.http.logInByLink(r, token)
	switch {
	case errors.Is(err, errSecondFactor):
		p.write(w, r, http.StatusOK, page{Title: "Log in", Errors: []string{secondFactor}, Link: p.http.options.AdminPath})
		return
	case errors.Is(err, wispwright.ErrUnauthenticated):
		p.write(w, r, http.StatusOK, page{Title: "Log in", Errors: []string{"The link is invalid or has expired."}, Link: p.http.options.AdminPath})
		return
	case err != nil:
		p.fail(w, r, err, page{})
		return
	}
	if err := p.http.startSession(w.Header(), r, u, proofLink); err != nil {
		p.fail(w, r, err, page{})
		return
	}
	http.Redirect(w, r, next, http.StatusFound)
}

// secondFactor is shown to users with a second factor where no code can
// be asked for.
const secondFactor = "This account has a second factor: log in with password and code."

var errSecondFactor = errors.New("a second factor is required")

// logInByLink does not use a link up that opens nothing alone.
func (h *HTTP) logInByLink(r *http.Request, token string) (*tenancy.User, error) {
	u, err := h.t.MagicLinks.Authenticate(r.Context(), token)
	if err != nil {
		return nil, err
	}
	if has, err := h.t.SecondFactors.Has(r.Context(), u.ID); err != nil || has {
		return nil, cmp.Or(err, errSecondFactor)
	}
	return h.t.MagicLinks.LogIn(r.Context(), token)
}

// ownPath returns a path if it leads nowhere but to this server, else the
// alternative. Browsers take "//host", "/\host" and tabs in between for another
// server's address.
func ownPath(path, alternative string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || len(path) > 2000 ||
		strings.ContainsFunc(path, func(r rune) bool { return r == '\\' || r < ' ' || r == 0x7f }) {
		return alternative
	}
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return alternative
	}
	return path
}
