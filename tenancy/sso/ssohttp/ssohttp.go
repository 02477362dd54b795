// Package ssohttp is the way of browsers through a log-in elsewhere:
//
//	GET /accounts/oidc/            which provider there is, as JSON
//	GET /accounts/oidc/login/      leads to it; "next" is a path of this server
//	GET /accounts/oidc/callback/   where it leads back to
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

// Path is what the paths begin with.
const Path = "/accounts/oidc/"

// Options are what New needs.
type Options struct {
	// Label is what the button says: "Log in with LABEL".
	Label string
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

// New returns the handler of the paths below Path.
func New(p Provider, a Accounts, o Options) (http.Handler, error) {
	if p == nil || a == nil || o.Open == nil || o.Redirect == "" {
		return nil, errors.New("ssohttp: a provider, accounts, a way to begin sessions and the address of the callback are required")
	}
	if o.Home == "" {
		o.Home = "/admin/"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &handler{p, a, o}, nil
}

// ServeHTTP answers a request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	switch r.URL.Path {
	case Path:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"providers": []any{map[string]string{"label": h.options.Label, "url": Path + "login/"}}}) // the client may be gone
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
	if h.options.Admit != nil && !h.options.Admit(r) {
		h.refuse(w, http.StatusTooManyRequests, "There were too many attempts. Try again in a minute.")
		return
	}
	address, flow, err := h.provider.Begin(r.Context(), h.options.Redirect)
	if err != nil {
		h.options.Log.ErrorContext(r.Context(), "single sign-on: the provider cannot be asked", "error", err)
		h.refuse(w, http.StatusBadGateway, "The provider cannot be reached. Log in with a password, or try again later.")
		return
	}
	raw, err := json.Marshal(kept{flow, ownPath(r.URL.Query().Get("next"))})
	if err != nil {
		h.fail(w, r, err)
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
		h.refuse(w, http.StatusForbidden, "The provider did not let you in.")
		return
	}
	person, err := h.provider.Finish(r.Context(), h.options.Redirect, k.Flow, q.Get("state"), q.Get("code"))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	u, err := h.accounts.LogIn(r.Context(), person)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if err := h.options.Open(w.Header(), r, u); err != nil {
		h.fail(w, r, err)
		return
	}
	next := ownPath(k.Next)
	if next == "" {
		next = h.options.Home
	}
	http.Redirect(w, r, next, http.StatusFound)
}

func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, sso.ErrRefused) {
		h.options.Log.WarnContext(r.Context(), "single sign-on was refused", "error", err)
		said, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), sso.ErrRefused.Error()+": "), ": ")
		h.refuse(w, http.StatusForbidden, strings.ToUpper(said[:1])+said[1:]+".")
		return
	}
	h.options.Log.ErrorContext(r.Context(), "single sign-on failed", "error", err)
	h.refuse(w, http.StatusInternalServerError, "Something went wrong. Log in with a password, or try again later.")
}

var page = template.Must(template.New("refused").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Log in</title>
<h1>Log in</h1>
<p>{{.Text}}</p>
<p><a href="{{.Home}}">Back</a></p>
</html>
`))

func (h *handler) refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = page.Execute(w, map[string]string{"Text": text, "Home": h.options.Home}) // the client may be gone
}

// ownPath is a path of this server, or "" for whatever else.
func ownPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n") {
		return ""
	}
	return next
}
