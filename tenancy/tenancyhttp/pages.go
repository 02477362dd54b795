package tenancyhttp

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

//go:embed pages.html
var pageText string

// page is one of the few pages that the links of e-mails lead to. They need no
// script and load nothing (spec: tenancy §9).
type page struct {
	Title, Text string
	Errors      []string
	Fields      []pageField
	Button      string
	Link        string
}

type pageField struct {
	Name, Label, Type, Complete string
	Max                         int
}

// maxPageBody bounds the forms of these pages.
const maxPageBody = 16 << 10

// pages serves them.
type pages struct {
	http *HTTP
	api  *rest.API
	text *template.Template
}

// mountPages adds the account pages. But for the one that ends it they change
// nothing in the name of a session, so that they need no CSRF token: anyone who has
// the key may use it.
func (h *HTTP) mountPages(api *rest.API) {
	p := &pages{h, api, template.Must(template.New("page").Parse(pageText))}
	const accounts = "/accounts/"
	for path, show := range map[string]http.HandlerFunc{
		"signup/": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, h.options.AdminPath, http.StatusFound) // nobody signs up alone
		},
		"password/change/": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, h.options.AdminPath+"account", http.StatusFound) // a page of the web admin
		},
		"password/change/success/":    p.plain(page{Title: "Password changed", Text: "Your password is now changed.", Link: h.options.AdminPath}),
		"logout/":                     p.logout,
		"login/":                      p.magic,
		"password/reset/":             p.reset,
		"password/reset/done/":        p.plain(page{Title: "Password reset", Text: resetSent}),
		"password/reset/key/done/":    p.plain(page{Title: "Password reset", Text: "Your password is now changed.", Link: h.options.AdminPath}),
		"password/reset/key/{key}/":   p.resetKey,
		"confirm-email/":              p.plain(page{Title: "Verify your e-mail address", Text: verifySent}),
		"confirm-email/{key}/":        p.verify,
		"email-verification-success/": p.plain(page{Title: "E-mail address verified", Text: "Your e-mail address has been verified.", Link: h.options.AdminPath}),
		"inactive/":                   p.plain(page{Title: "Account inactive", Text: "This account is inactive."}),
		"logout-success/":             p.plain(page{Title: "Logged out", Text: "You have been logged out.", Link: h.options.AdminPath}),
	} {
		api.Handle(accounts+path, show)
	}
}

func (p *pages) plain(what page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { p.write(w, r, http.StatusOK, what) }
}

// write sends a page that runs nothing, loads nothing, is framed nowhere and
// tells no other site its address.
func (p *pages) write(w http.ResponseWriter, r *http.Request, status int, what page) {
	var b bytes.Buffer
	if err := p.text.Execute(&b, what); err != nil {
		p.api.Log().ErrorContext(r.Context(), "an account page cannot be rendered", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Frame-Options", "DENY")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // the client is gone: nobody is left to tell
	}
}

// posted reports whether a form was sent, and reads it. Other methods than
// these and bodies that are too large are answered here.
func (p *pages) posted(w http.ResponseWriter, r *http.Request, t *rest.Throttle) (form, done bool) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return false, false
	case http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		p.write(w, r, http.StatusMethodNotAllowed, page{Title: "Method not allowed"})
		return false, true
	}
	if wait := t.Allow("a:" + p.api.Source(r)); wait > 0 {
		p.tooMany(w, r)
		return false, true
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxPageBody)
	if err := r.ParseForm(); err != nil {
		p.write(w, r, http.StatusBadRequest, page{Title: "Bad request"})
		return false, true
	}
	return true, false
}

func (p *pages) tooMany(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "60")
	p.write(w, r, http.StatusTooManyRequests, page{Title: "Too many requests", Text: "Please try again in a minute."})
}

func (p *pages) reset(w http.ResponseWriter, r *http.Request) {
	what := page{Title: "Password reset", Text: "Enter your e-mail address, and we will send you a link to choose a new password.", Button: "Reset my password",
		Fields: []pageField{{"email", "E-mail address", "email", "email", 254}}}
	form, done := p.posted(w, r, p.http.resets)
	switch {
	case done:
		return
	case !form:
		p.write(w, r, http.StatusOK, what)
		return
	}
	var failure *rest.Failure
	switch err := p.http.requestReset(r, r.PostForm.Get("email")); {
	case errors.As(err, &failure):
		p.tooMany(w, r)
	case err != nil:
		p.fail(w, r, err, what)
	default:
		http.Redirect(w, r, "/accounts/password/reset/done/", http.StatusFound)
	}
}

func (p *pages) resetKey(w http.ResponseWriter, r *http.Request) {
	key, letters := chi.URLParam(r, "key"), p.http.t.Letters
	what := page{Title: "Choose a new password", Button: "Change my password", Fields: []pageField{
		{"new_password", "New password", "password", "new-password", 4096}, {"confirm_password", "New password (again)", "password", "new-password", 4096}}}
	form, done := p.posted(w, r, p.http.keys)
	if done {
		return
	}
	if !form {
		if _, err := letters.ResetUser(r.Context(), key); err != nil {
			p.fail(w, r, err, page{Title: "Bad link"})
			return
		}
		p.write(w, r, http.StatusOK, what)
		return
	}
	if r.PostForm.Get("new_password") != r.PostForm.Get("confirm_password") {
		what.Errors = []string{mismatch}
		p.write(w, r, http.StatusOK, what)
		return
	}
	if _, err := letters.ResetPassword(r.Context(), key, r.PostForm.Get("new_password")); err != nil {
		p.fail(w, r, err, what)
		return
	}
	http.Redirect(w, r, "/accounts/password/reset/key/done/", http.StatusFound)
}

// logout ends the session of a browser. Other sites cannot ask for it: their
// forms come without the cookie, or from another origin.
func (p *pages) logout(w http.ResponseWriter, r *http.Request) {
	what := page{Title: "Log out", Text: "Do you want to log out?", Button: "Log out"}
	u, err := p.http.sessionUser(r)
	switch {
	case err != nil:
		p.fail(w, r, err, what)
		return
	case u == nil:
		http.Redirect(w, r, "/", http.StatusFound)
		return
	}
	form, done := p.posted(w, r, p.http.keys)
	switch {
	case done:
		return
	case !form:
		p.write(w, r, http.StatusOK, what)
		return
	}
	if err := p.http.checkOrigin(r); err != nil {
		p.write(w, r, http.StatusForbidden, page{Title: "Forbidden", Text: err.Error()})
		return
	}
	if err := p.http.endSession(w.Header(), r); err != nil {
		p.fail(w, r, err, what)
		return
	}
	http.Redirect(w, r, "/accounts/logout-success/", http.StatusFound)
}

// verify asks before it confirms: programs that look at the links of e-mails
// must not use them up.
func (p *pages) verify(w http.ResponseWriter, r *http.Request) {
	what := page{Title: "Verify your e-mail address", Text: "Please confirm that this address is yours.", Button: "Confirm"}
	form, done := p.posted(w, r, p.http.keys)
	switch {
	case done:
		return
	case !form:
		p.write(w, r, http.StatusOK, what)
		return
	}
	if _, err := p.http.t.Letters.Verify(r.Context(), chi.URLParam(r, "key")); err != nil {
		p.fail(w, r, err, page{Title: what.Title})
		return
	}
	http.Redirect(w, r, "/accounts/email-verification-success/", http.StatusFound)
}

// fail shows what is wrong with a form; what went wrong inside stays there.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, err error, what page) {
	var invalid *wispwright.ValidationError
	if !errors.As(err, &invalid) {
		p.api.Log().ErrorContext(r.Context(), "an account page failed", "path", r.URL.Path, "error", err)
		p.write(w, r, http.StatusInternalServerError, page{Title: "Something went wrong", Text: "Please try again later."})
		return
	}
	what.Errors = invalid.Messages()
	p.write(w, r, http.StatusOK, what)
}
