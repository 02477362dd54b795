package tenancyhttp

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/passkey"
)

type passkeyOut struct {
	ID       wispwright.ID `json:"id"`
	Name     string        `json:"name"`
	LastUsed rest.Time     `json:"last_used"`
	Created  rest.Time     `json:"created"`
}

// newPasskeyOut is a passkey that was added just now.
type newPasskeyOut struct {
	ID       wispwright.ID `json:"id"`
	Name     string        `json:"name"`
	LastUsed rest.Time     `json:"last_used"`
	Created  rest.Time     `json:"created"`
	// RecoveryCodes are shown this once, to a user who had none; else empty.
	RecoveryCodes []string `json:"recovery_codes"`
}

type passkeysOut struct {
	Results []passkeyOut `json:"results"`
}

// ceremonyOut is what a browser makes or uses a passkey with.
type ceremonyOut struct {
	// WebAuthn is the argument of navigator.credentials, with "publicKey".
	WebAuthn wispwright.JSON `json:"webauthn"`
}

type passkeyIn struct {
	Name     rest.Opt[string]          `json:"name" required:"true" maxLength:"100" help:"What the passkey is called."`
	WebAuthn rest.Opt[wispwright.JSON] `json:"webauthn" required:"true" object:"true" writeOnly:"true" help:"What the browser made of the options, as JSON (RegistrationResponseJSON)."`
}

// mountPasskeys adds one's own passkeys, and what superusers may do with those
// of others.
func (h *HTTP) mountPasskeys(api *rest.API) {
	mine := func(path, name, description string) *rest.View {
		return &rest.View{Path: "/api/v1/users/me/passkey/" + path, Name: name, Tag: "users", Access: rest.Authenticated, Restricted: true,
			Prepare: inPerson, Description: description, Noun: "Passkey"}
	}
	api.Mount(mine("", "My Passkeys", "One's own passkeys (WebAuthn). POST begins to add one: its answer is what the browser needs, within five minutes."),
		rest.Action("GET", "users_me_passkey_list", http.StatusOK, func(r *rest.Request, _ *rest.None) (passkeysOut, error) {
			return h.passkeys(r.Context(), r.Caller.ID)
		}),
		rest.Action("POST", "users_me_passkey_begin_create", http.StatusOK, h.beginPasskey))
	api.Mount(mine("finish/", "Add Passkey", "Adds the passkey the browser made."),
		rest.Action("POST", "users_me_passkey_create", http.StatusCreated, h.addPasskey))
	remove := mine("{id}/remove/", "Remove Passkey", "Removes a passkey, given the password.")
	remove.Prepare = h.ownPasskey
	api.Mount(remove, rest.Action("POST", "users_me_passkey_remove_create", http.StatusNoContent, h.removePasskey))
	api.Mount(&rest.View{Path: "/api/v1/users/user/{id}/passkey/", Name: "Passkeys", Noun: "Passkey", Tag: "users", Access: rest.Authenticated,
		Prepare: superuserOnly, Description: "The passkeys of a user, which superusers may take away from users that lost them."},
		rest.Action("GET", "users_user_passkey_list", http.StatusOK, func(r *rest.Request, _ *rest.None) (passkeysOut, error) {
			return h.passkeys(r.Context(), r.ID("id"))
		}),
		rest.Action("DELETE", "users_user_passkey_delete", http.StatusNoContent, func(r *rest.Request, _ *rest.None) (rest.None, error) {
			return rest.None{}, h.t.Passkeys.Clear(r.Context(), r.ID("id"))
		}))
}

// ownPasskey answers 404 when the passkey of the path is not the caller's.
func (h *HTTP) ownPasskey(r *rest.Request) error {
	if err := inPerson(r); err != nil {
		return err
	}
	have, err := h.t.Passkeys.Of(r.Context(), r.Caller.ID)
	if err == nil && !slices.ContainsFunc(have, func(p *tenancy.Passkey) bool { return p.ID == r.ID("id") }) {
		err = wispwright.ErrNotFound
	}
	return err
}

// removePasskey asks for the password too, as adding one does.
func (h *HTTP) removePasskey(r *rest.Request, in *enrolIn) (rest.None, error) {
	if err := h.myPassword(r, in.CurrentPassword.V); err != nil {
		return rest.None{}, err
	}
	return rest.None{}, h.t.Passkeys.Delete(r.Context(), r.Caller.ID, r.ID("id"))
}

func mapPasskey(p *tenancy.Passkey) passkeyOut {
	return passkeyOut{p.ID, p.Name, rest.Time(p.LastUsed), rest.Time(p.Created)}
}

func (h *HTTP) passkeys(ctx context.Context, user wispwright.ID) (passkeysOut, error) {
	out := passkeysOut{Results: []passkeyOut{}}
	if _, err := h.t.Users.Get(ctx, wispwright.ScopeAll(), user); err != nil {
		return out, err
	}
	have, err := h.t.Passkeys.Of(ctx, user)
	for _, p := range have {
		out.Results = append(out.Results, mapPasskey(p))
	}
	return out, err
}

// beginPasskey asks for the password, so that a session left open adds no key
// of somebody else.
func (h *HTTP) beginPasskey(r *rest.Request, in *enrolIn) (ceremonyOut, error) {
	u, err := h.me(r)
	if err != nil {
		return ceremonyOut{}, err
	}
	if r.Caller.Method != "session" {
		return ceremonyOut{}, wispwright.Forbidden("Passkeys are added by people who are logged in.")
	}
	if err := h.checkCurrent(r, u, in.CurrentPassword.V); err != nil {
		return ceremonyOut{}, err
	}
	have, err := h.t.Passkeys.Of(r.Context(), u.ID)
	if err != nil {
		return ceremonyOut{}, err
	}
	options, state, err := h.site(r.HTTP).Register(u, have)
	if errors.Is(err, passkey.ErrHost) {
		return ceremonyOut{}, wispwright.Invalid("", "Passkeys work only where the server is reached by a host name.")
	}
	if err != nil {
		return ceremonyOut{}, err
	}
	r.ResponseHeader().Set("Cache-Control", "no-store")
	return ceremonyOut{options}, h.keepChallenge(r, u, "create", state)
}

func (h *HTTP) addPasskey(r *rest.Request, in *passkeyIn) (newPasskeyOut, error) {
	u, err := h.me(r)
	if err != nil {
		return newPasskeyOut{}, err
	}
	state, err := h.takeChallenge(r, u, "create")
	if err != nil {
		return newPasskeyOut{}, err
	}
	p, err := h.site(r.HTTP).Registered(u, state, in.WebAuthn.V)
	if errors.Is(err, passkey.ErrRefused) {
		return newPasskeyOut{}, wispwright.Invalid("webauthn", "The passkey could not be checked.")
	}
	if err != nil {
		return newPasskeyOut{}, err
	}
	p.Name = in.Name.V
	var codes []string
	err = h.tx.InTx(r.Context(), func(ctx context.Context) error {
		if err := h.t.Passkeys.Add(ctx, p); err != nil {
			return err
		}
		var err error
		codes, err = h.t.SecondFactors.EnsureRecovery(ctx, u.ID)
		return err
	})
	r.ResponseHeader().Set("Cache-Control", "no-store")
	return newPasskeyOut{p.ID, p.Name, rest.Time(p.LastUsed), rest.Time(p.Created), append([]string{}, codes...)}, err
}

// passkeyNeeded is factorNeeded for users with passkeys.
type passkeyNeeded struct {
	factorNeeded
	WebAuthn wispwright.JSON `json:"webauthn"`
}

// askPasskey adds what the browser needs to the answer that a second factor is
// missing. Where passkeys cannot work there is nothing to add.
func (h *HTTP) askPasskey(r *rest.Request, u *tenancy.User, needed factorNeeded) (any, error) {
	have, err := h.t.Passkeys.Of(r.Context(), u.ID)
	if err != nil {
		return nil, err
	}
	options, state, err := h.site(r.HTTP).Ask(u, have)
	if errors.Is(err, passkey.ErrHost) {
		return needed, nil
	}
	if err != nil {
		return nil, err
	}
	r.ResponseHeader().Set("Cache-Control", "no-store")
	return passkeyNeeded{needed, options}, h.keepChallenge(r, u, "get", state)
}

// checkPasskey checks what the browser answered to askPasskey.
func (h *HTTP) checkPasskey(r *rest.Request, u *tenancy.User, answer wispwright.JSON) error {
	refused := wispwright.Invalid("webauthn", "The passkey was refused. Please try again.")
	state, err := h.takeChallenge(r, u, "get")
	if err != nil {
		return err
	}
	have, err := h.t.Passkeys.Of(r.Context(), u.ID)
	if err != nil {
		return err
	}
	used, err := h.site(r.HTTP).Answered(u, have, state, answer)
	if errors.Is(err, passkey.ErrRefused) || errors.Is(err, passkey.ErrHost) {
		return refused
	}
	if err != nil {
		return err
	}
	good, err := h.t.Passkeys.Used(r.Context(), used)
	if err == nil && !good {
		err = refused
	}
	return err
}

// site is whom passkeys are for: the site's host name where the request is for
// it or a host below it, so that passkeys work for all of them, else the host of
// the request.
func (h *HTTP) site(r *http.Request) passkey.Site {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(host)
	if u, err := url.Parse(h.options.SiteURL); err == nil {
		if name := strings.ToLower(u.Hostname()); name != "" && strings.HasSuffix(host, "."+name) {
			host = name
		}
	}
	return passkey.Site{ID: host, Name: host, Origins: append([]string{h.ownOrigin(r)}, h.options.TrustedOrigins...)}
}
