// Package ssohttp is the way of browsers through a log-in elsewhere:
//
//	GET /accounts/oidc/            which provider there is, as JSON
//	GET /accounts/oidc/login/      leads to it; "next" is a path of this server
//	GET /accounts/oidc/callback/   where it leads back to
//
// and the same for SAML:
//
//	GET  /accounts/saml/metadata/  what the provider must know of this program
//	GET  /accounts/saml/login/     leads to it
//	POST /accounts/saml/acs/       where it leads back to
package ssohttp

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/sso"
)

// Path begins the paths of the room.
const Path = "/accounts/oidc/"

// Button leads to a provider.
type Button struct {
	// Label is what it says: "Log in with LABEL".
	Label string `json:"label"`
	// URL is a path of this server.
	URL string `json:"url"`
}

// Buttons answers Path alone, where there is no provider of OpenID Connect.
func Buttons(list ...Button) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != Path || r.Method != http.MethodGet {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		buttons(w, list)
	})
}

func buttons(w http.ResponseWriter, list []Button) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string][]Button{"providers": append([]Button{}, list...)}) // the client may be gone
}

// Options are what New and NewSAML need.
type Options struct {
	// Label is what the button says: "Log in with LABEL".
	Label string
	// Others are the buttons of other providers.
	Others []Button
	// Redirect is the address of the callback, as the provider knows it.
	Redirect string
	// Open begins a session of a user. It is required.
	Open func(header http.Header, r *http.Request, u *tenancy.User) error
	// Home is where people go who wanted nothing else. Default: "/admin/".
	Home string
	// Secure sends the cookie of a flow over TLS only.
	Secure bool
	// Admit limits how often a client begins; nil: it does not. It returns false for a
	// client that must wait.
	Admit func(r *http.Request) bool
	// Log hears of what went wrong. Default: slog.Default.
	Log *slog.Logger
}

// Provider is what is asked; *sso.Provider is one.
type Provider interface {
	Begin(ctx context.Context, redirect string) (string, sso.Flow, error)
	Finish(ctx context.Context, redirect string, f sso.Flow, state, code string) (*sso.Person, error)
}

// Accounts gives people their accounts; *sso.Accounts is one.
type Accounts interface {
	LogIn(ctx context.Context, p *sso.Person) (*tenancy.User, error)
}

type handler struct {
	provider Provider
	accounts Accounts
	options  Options
}

// defaults fills in what was left out.
func (o *Options) defaults() {
	if o.Home == "" {
		o.Home = "/admin/"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
}

// New returns the handler of the paths below Path.
func New(p Provider, a Accounts, o Options) (http.Handler, error) {
	if p == nil || a == nil || o.Open == nil || o.Redirect == "" {
		return nil, errors.New("ssohttp: a provider, accounts, a way to begin sessions and the address of the callback are required")
	}
	o.defaults()
	return &handler{p, a, o}, nil
}

// guard sets the headers of every answer.
func guard(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}

// ServeHTTP answers a request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	guard(w)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	switch r.URL.Path {
	case Path:
		buttons(w, append([]Button{{h.options.Label, Path + "login/"}}, h.options.Others...))
	case Path + "login/":
		h.begin(w, r)
	case Path + "callback/":
		h.finish(w, r)
	default:
		http.NotFound(w, r)
	}
}

// cookie keeps the flow with the browser that began it.
const cookie = "wispwright_oidc"

// kept is what the cookie holds.
type kept struct {
	Flow sso.Flow
	Next string
}

func (h *handler) begin(w http.ResponseWriter, r *http.Request) {
	if !h.options.admit(w, r) {
		return
	}
	address, flow, err := h.provider.Begin(r.Context(), h.options.Redirect)
	if err != nil {
		h.options.Log.ErrorContext(r.Context(), "single sign-on: the provider cannot be asked", "error", err)
		h.options.refuse(w, http.StatusBadGateway, "The provider cannot be reached. Log in with a password, or try again later.")
		return
	}
	raw, err := json.Marshal(kept{flow, ownPath(r.URL.Query().Get("next"))})
	if err != nil {
		h.options.fail(w, r, err)
		return
	}
	h.cookie(w, base64.RawURLEncoding.EncodeToString(raw), int(time.Until(flow.Expires).Seconds())+1)
	http.Redirect(w, r, address, http.StatusFound)
}

func (h *handler) cookie(w http.ResponseWriter, value string, age int) {
	// Lax: the provider leads back from another site
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: value, Path: Path, MaxAge: age, HttpOnly: true, Secure: h.options.Secure, SameSite: http.SameSiteLaxMode})
}

func (h *handler) finish(w http.ResponseWriter, r *http.Request) {
	h.cookie(w, "", -1) // a flow is used once
	var k kept
	if c, err := r.Cookie(cookie); err == nil {
		raw, err := base64.RawURLEncoding.DecodeString(c.Value)
		if err != nil || json.Unmarshal(raw, &k) != nil {
			k = kept{}
		}
	}
	q := r.URL.Query()
	if q.Get("error") != "" {
		h.options.refuse(w, http.StatusForbidden, "The provider did not let you in.")
		return
	}
	person, err := h.provider.Finish(r.Context(), h.options.Redirect, k.Flow, q.Get("state"), q.Get("code"))
	if err != nil {
		h.options.fail(w, r, err)
		return
	}
	h.options.enter(w, r, h.accounts, person, k.Next)
}

func (o *Options) admit(w http.ResponseWriter, r *http.Request) bool {
	if o.Admit == nil || o.Admit(r) {
		return true
	}
	o.refuse(w, http.StatusTooManyRequests, "There were too many attempts. Try again in a minute.")
	return false
}

// enter begins the session of a person and leads on.
func (o *Options) enter(w http.ResponseWriter, r *http.Request, accounts Accounts, person *sso.Person, next string) {
	u, err := accounts.LogIn(r.Context(), person)
	if err != nil {
		o.fail(w, r, err)
		return
	}
	if err := o.Open(w.Header(), r, u); err != nil {
		o.fail(w, r, err)
		return
	}
	if next = ownPath(next); next == "" {
		next = o.Home
	}
	http.Redirect(w, r, next, http.StatusFound)
}

func (o *Options) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, sso.ErrRefused) {
		o.Log.WarnContext(r.Context(), "single sign-on was refused", "error", err)
		said, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), sso.ErrRefused.Error()+": "), ": ")
		o.refuse(w, http.StatusForbidden, strings.ToUpper(said[:1])+said[1:]+".")
		return
	}
	o.Log.ErrorContext(r.Context(), "single sign-on failed", "error", err)
	o.refuse(w, http.StatusInternalServerError, "Something went wrong. Log in with a password, or try again later.")
}

var page = template.Must(template.New("refused").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Log in</title>
<h1>Log in</h1>
<p>{{.Text}}</p>
<p><a href="{{.Home}}">Back</a></p>
</html>
`))

func (o *Options) refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = page.Execute(w, map[string]string{"Text": text, "Home": o.Home}) // the client may be gone
}

// ownPath is a path of this server, or "" for whatever else.
func ownPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n") {
		return ""
	}
	return next
}
