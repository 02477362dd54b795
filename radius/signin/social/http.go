package social

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

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/signin"
	"github.com/wispwright/wispwright/tenancy/sso"
)

// The paths of the original.
const (
	// AccountsPath begins those of providers: a name and login/ follow.
	AccountsPath = "/accounts/"
	// SocialPath is where the buttons of login pages want to go: a slug follows.
	SocialPath = "/radius/social-login/"
)

// Options are what New needs.
type Options struct {
	// Providers are who is asked, by the names in their paths.
	Providers map[string]Provider
	// Organization returns the settings in force in the organization with a slug.
	Organization func(ctx context.Context, slug string) (radius.InForce, error)
	// Enter lets somebody in.
	Enter func(ctx context.Context, in radius.InForce, p *sso.Person) (*signin.Entry, error)
	// Leads says whether people may be led back to a page with their keys.
	Leads func(ctx context.Context, in radius.InForce, page *url.URL) (bool, error)
	// Site is the address of this program, as providers know it.
	Site string
	// Secure sends the cookie of a flow over TLS only.
	Secure bool
	// Admit limits how often a client begins. It returns false for a client that must
	// wait. Default: nobody does.
	Admit func(r *http.Request) bool
	// Log hears of what went wrong. Default: slog.Default.
	Log *slog.Logger
}

type handler struct{ o Options }

// New returns the handler of SocialPath, and of AccountsPath with the names of the
// providers.
func New(o Options) (http.Handler, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	return &handler{o}, nil
}

func (o *Options) complete() error {
	if o.Organization == nil || o.Enter == nil || o.Leads == nil || o.Site == "" {
		return errors.New("social: organizations, a way in, who may be led where and the address of the site are required")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Admit == nil {
		o.Admit = func(*http.Request) bool { return true }
	}
	o.Site = strings.TrimSuffix(o.Site, "/")
	return nil
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
	if strings.HasPrefix(r.URL.Path, SocialPath) {
		if _, ok := h.goal(w, r, r.URL); ok {
			h.refuse(w, http.StatusForbidden, "Choose on the login page with which account you want to log in.")
		}
		return
	}
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, AccountsPath), "/")
	p := h.o.Providers[name]
	switch {
	case p != nil && rest == "login/":
		h.begin(w, r, name, p)
	case p != nil && rest == "login/callback/":
		h.finish(w, r, name, p)
	default:
		http.NotFound(w, r)
	}
}

// goal is what somebody wants to get to.
type goal struct {
	in   radius.InForce
	page *url.URL
}

// goal reads an address of SocialPath, and answers where it is none.
func (h *handler) goal(w http.ResponseWriter, r *http.Request, address *url.URL) (*goal, bool) {
	slug := strings.TrimSuffix(strings.TrimPrefix(address.Path, SocialPath), "/")
	cp := address.Query().Get("cp")
	if cp == "" {
		http.Error(w, "missing cp GET param", http.StatusBadRequest)
		return nil, false
	}
	return h.checked(w, r, slug, cp, func(in radius.InForce) bool { return in.SocialEnabled })
}

// checked looks whether people of an organization log in this way and are led to a
// page, and answers where they do not.
func (h *handler) checked(w http.ResponseWriter, r *http.Request, slug, cp string, enabled func(radius.InForce) bool) (*goal, bool) {
	in, err := h.o.Organization(r.Context(), slug)
	switch {
	case errors.Is(err, wispwright.ErrNotFound), err == nil && !in.Organization.IsActive:
		http.NotFound(w, r)
		return nil, false
	case err != nil:
		h.fail(w, r, err)
		return nil, false
	case !enabled(in):
		h.refuse(w, http.StatusForbidden, "Here nobody logs in with an account elsewhere.")
		return nil, false
	}
	page, err := url.Parse(cp)
	if err != nil || page.Scheme != "http" && page.Scheme != "https" || page.Host == "" || page.User != nil {
		h.refuse(w, http.StatusBadRequest, "The page that you came from has no address.")
		return nil, false
	}
	leads, err := h.o.Leads(r.Context(), in, page)
	switch {
	case err != nil:
		h.fail(w, r, err)
		return nil, false
	case !leads:
		h.refuse(w, http.StatusBadRequest, "The page that you came from is none of this network.")
		return nil, false
	}
	return &goal{in, page}, true
}

// kept is what stays with the browser while somebody logs in there.
type kept struct {
	sso.Flow
	Next string
}

func cookie(name string) string { return "wispwright_social_" + name }

func (h *handler) callback(name string) string {
	return h.o.Site + AccountsPath + name + "/login/callback/"
}

func (h *handler) begin(w http.ResponseWriter, r *http.Request, name string, p Provider) {
	next, err := url.Parse(r.URL.Query().Get("next"))
	if err != nil || next.Host != "" || next.Scheme != "" || !strings.HasPrefix(next.Path, SocialPath) {
		h.refuse(w, http.StatusBadRequest, "It is not known where you want to log in: begin on the login page.")
		return
	}
	if _, ok := h.goal(w, r, next); !ok {
		return
	}
	if !h.admitted(w, r) {
		return
	}
	address, f, err := p.Begin(r.Context(), h.callback(name))
	if err != nil {
		h.o.Log.ErrorContext(r.Context(), "social log-in: the provider cannot be asked", "provider", name, "error", err)
		h.refuse(w, http.StatusBadGateway, "The provider cannot be reached: try again later, or log in otherwise.")
		return
	}
	raw, err := json.Marshal(kept{f, next.String()})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.keep(w, name, base64.RawURLEncoding.EncodeToString(raw), int(time.Until(f.Expires).Seconds())+1)
	http.Redirect(w, r, address, http.StatusFound)
}

// admitted answers those who begin too often.
func (h *handler) admitted(w http.ResponseWriter, r *http.Request) bool {
	if h.o.Admit(r) {
		return true
	}
	w.Header().Set("Retry-After", "60")
	h.refuse(w, http.StatusTooManyRequests, "Too many log-ins: wait a minute.")
	return false
}

func (h *handler) keep(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: cookie(name), Value: value, Path: AccountsPath + name + "/", MaxAge: age, HttpOnly: true, Secure: h.o.Secure, SameSite: http.SameSiteLaxMode})
}

func (h *handler) finish(w http.ResponseWriter, r *http.Request, name string, p Provider) {
	var k kept
	if c, err := r.Cookie(cookie(name)); err == nil {
		if raw, err := base64.RawURLEncoding.DecodeString(c.Value); err == nil {
			_ = json.Unmarshal(raw, &k) // an empty one is refused
		}
	}
	h.keep(w, name, "", -1) // a flow is used once
	next, err := url.Parse(k.Next)
	if err != nil || k.State == "" || !strings.HasPrefix(next.Path, SocialPath) {
		h.refuse(w, http.StatusForbidden, "It took too long, or was begun in another browser: begin anew on the login page.")
		return
	}
	g, ok := h.goal(w, r, next)
	if !ok {
		return
	}
	q := r.URL.Query()
	if q.Get("error") != "" {
		http.Redirect(w, r, g.page.String(), http.StatusFound) // somebody changed their mind
		return
	}
	who, err := p.Finish(r.Context(), h.callback(name), k.Flow, q.Get("state"), q.Get("code"))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	e, err := h.o.Enter(r.Context(), g.in, who)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	lead(w, r, g.page, url.Values{"username": {e.User.Username}, "token": {e.Key.Reveal()}, "radius_user_token": {e.Token.Reveal()}})
}

// lead leads a browser to a page with what that has to know.
func lead(w http.ResponseWriter, r *http.Request, page *url.URL, knows url.Values) {
	to := *page
	v := to.Query()
	for name, value := range knows {
		v[name] = value
	}
	to.RawQuery = v.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}

// fail answers an error: why somebody does not come in, or that something is wrong here.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	var forbidden *wispwright.ForbiddenError
	switch {
	case errors.As(err, &forbidden):
		h.refuse(w, http.StatusForbidden, forbidden.Error())
	case errors.Is(err, sso.ErrRefused):
		h.o.Log.InfoContext(r.Context(), "social log-in: refused", "error", err)
		said, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), sso.ErrRefused.Error()+": "), ": ")
		h.refuse(w, http.StatusForbidden, strings.ToUpper(said[:1])+said[1:]+".")
	default:
		h.o.Log.ErrorContext(r.Context(), "social log-in: failed", "error", err)
		h.refuse(w, http.StatusBadGateway, "That did not work: try again later, or log in otherwise.")
	}
}

var refusal = template.Must(template.New("refusal").Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
	`<title>Log-in</title></head><body><main><h1>You are not logged in</h1><p>{{.}}</p></main></body></html>`))

func (h *handler) refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.WriteHeader(status)
	_ = refusal.Execute(w, why) // the client may be gone
}
