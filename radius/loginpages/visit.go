package loginpages

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius/gateway"
	"github.com/wispwright/wispwright/radius/signin"
)

// visit is one request for one page of one organization.
type visit struct {
	*found
	p     *Pages
	w     http.ResponseWriter
	r     *http.Request
	words *words
	nonce string
	// failure is why nothing works now; the page is one that was remembered
	failure error
	// remembered is the form's cookie
	remembered string
	// who is known once it was asked for
	who   *signin.Entry
	asked bool
	flash flash
	// preview shows a page without anybody
	preview bool
	// came is what a gateway said of the browser, once it was read; framed is where a
	// form of it goes from within the page
	cameBy *gateway.Gateway
	came   *gateway.Visit
	framed string
}

// flash is what one page tells the next one.
type flash struct {
	// Good and Bad are messages.
	Good string `json:"g,omitempty"`
	Bad  string `json:"b,omitempty"`
	// MustLogIn: the captive portal does not know of the log-in yet.
	MustLogIn bool `json:"l,omitempty"`
}

func (p *Pages) visit(w http.ResponseWriter, r *http.Request, at *found) *visit {
	v := &visit{found: at, p: p, w: w, r: r, nonce: rand.Text()}
	v.words = p.texts.in(choose(r, at.cfg, v.cookie("lang")), at.cfg)
	if value, ok := Unsign(v.cookie("flash"), p.o.SecretKey); ok {
		if raw, err := base64.RawURLEncoding.DecodeString(value); err == nil {
			_ = json.Unmarshal(raw, &v.flash) // it was signed here
		}
		v.drop("flash")
	}
	if v.remembered = v.cookie("form"); len(v.remembered) != 26 {
		v.remembered = rand.Text()
		v.keep("form", v.remembered, 0)
	}
	return v
}

// T is a text of the page.
func (v *visit) T(id string) string { return v.words.say(id, nil) }

// Dial is a telephone number as its address has it, without what only people read.
func (v *visit) Dial(number string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789+*#", r) {
			return r
		}
		return -1
	}, number)
}

// TV is a text with a value.
func (v *visit) TV(id, name, value string) string {
	return v.words.say(id, map[string]string{name: value})
}

// Base is where the pages of the organization are.
func (v *visit) Base() string { return "/" + v.slug }

// Lang is the language of the page.
func (v *visit) Lang() string { return v.words.tag }

// --- cookies

func (v *visit) cookieName(name string) string { return v.slug + "_" + name }

// cookie is the value of a cookie of this page, "" when there is none.
func (v *visit) cookie(name string) string {
	c, err := v.r.Cookie(v.cookieName(name))
	if err != nil {
		return ""
	}
	value, err := url.QueryUnescape(c.Value)
	if err != nil {
		return ""
	}
	return value
}

// keep sets a cookie for a time; 0: until the browser ends. SameSite is Lax and not
// Strict: people come from the captive portal's own pages.
func (v *visit) keep(name, value string, age time.Duration) {
	if v.preview {
		return
	}
	http.SetCookie(v.w, &http.Cookie{Name: v.cookieName(name), Value: url.QueryEscape(value), Path: "/", MaxAge: int(age / time.Second), HttpOnly: true, Secure: v.p.o.Secure(v.r), SameSite: http.SameSiteLaxMode})
}

func (v *visit) drop(name string) {
	http.SetCookie(v.w, &http.Cookie{Name: v.cookieName(name), Path: "/", MaxAge: -1, HttpOnly: true, Secure: v.p.o.Secure(v.r), SameSite: http.SameSiteLaxMode})
}

// tell keeps a flash for the next page.
func (v *visit) tell(f flash) {
	b, err := json.Marshal(f)
	if err != nil {
		return // a struct of texts
	}
	v.keep("flash", Sign(base64.RawURLEncoding.EncodeToString(b), v.p.o.SecretKey), 5*time.Minute)
}

// --- forms

// formAge is how long a form may be open before it is sent.
const formAge = 12 * time.Hour

// Form is what proves that a form is one of this page's, shown to this browser.
func (v *visit) Form() string {
	at := base64.RawURLEncoding.EncodeToString([]byte(v.p.s.base.Now().UTC().Format(time.RFC3339)))
	return Sign(at, v.formSecret())
}

func (v *visit) formSecret() wispwright.Secret {
	return wispwright.Secret(signature("form:"+v.slug+":"+v.remembered, v.p.o.SecretKey))
}

// maxForm is how long a form may be, in octets.
const maxForm = 64 << 10

// genuine reports whether a form was shown by this page to this browser.
func (v *visit) genuine() bool {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if err := v.r.ParseForm(); err != nil {
		return false
	}
	if origin := v.r.Header.Get("Origin"); origin != "" && origin != "null" {
		u, err := url.Parse(origin)
		if err != nil || u.Host != v.r.Host {
			return false
		}
	}
	value, ok := Unsign(v.r.PostForm.Get("form"), v.formSecret())
	if !ok {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return false
	}
	at, err := time.Parse(time.RFC3339, string(raw))
	return err == nil && v.p.s.base.Now().Sub(at) < formAge
}

// value is a field of the form, without spaces around it.
func (v *visit) value(name string) string { return strings.TrimSpace(v.r.PostForm.Get(name)) }

// --- who it is

// entry is the person whom the cookie names, nil for a stranger.
func (v *visit) entry() (*signin.Entry, error) {
	if v.asked {
		return v.who, nil
	}
	v.asked = true
	if v.preview || !v.cfg.Client.AutoLogin {
		return nil, nil
	}
	key, ok := Unsign(v.cookie("auth_token"), v.in.Token())
	if !ok {
		return nil, nil
	}
	e, err := v.p.signIn.Recognise(v.r.Context(), v.in, key)
	if errors.Is(err, wispwright.ErrNotFound) {
		v.forget()
		return nil, nil
	}
	if err != nil {
		v.asked = false
		return nil, err
	}
	if member := v.p.signIn.Member(v.r.Context(), e.User, v.in); member != nil {
		var stranger *wispwright.ValidationError
		if errors.As(member, &stranger) {
			return nil, nil // a cookie of before the user left the organization
		}
		return nil, member
	}
	v.who = e
	return e, nil
}

// remember knows the user again: for a day, or until the browser ends.
func (v *visit) remember(e *signin.Entry, long bool) {
	age := time.Duration(0)
	if long {
		age = 24 * time.Hour
	}
	v.keep("auth_token", Sign(e.Key.Reveal(), v.in.Token()), age)
	v.keep("username", Sign(e.User.Username, v.in.Token()), age)
	v.who, v.asked = e, true
}

func (v *visit) forget() {
	for _, name := range []string{"auth_token", "username", "auto_login"} {
		v.drop(name)
	}
	v.who, v.asked = nil, true
}

// proving reports whether the user's telephone must be verified first, and choosing
// whether it must be said first how (additions: L-8).
func (v *visit) proving(e *signin.Entry) bool {
	r := e.Registration
	return v.in.SMSVerification && e.User.IsActive && r != nil && r.Method == "mobile_phone" && !r.IsVerified
}

func (v *visit) choosing(e *signin.Entry) bool {
	return e.Registration != nil && e.Registration.Method == "pending_verification"
}

// viewer is the person who looks, for links.
func (v *visit) viewer() Viewer {
	out := Viewer{}
	if v.who == nil {
		return out
	}
	out.Authenticated = true
	if r := v.who.Registration; r != nil {
		verified := r.Counts()
		out.Verified, out.Method = &verified, r.Method
	}
	return out
}

// --- answers

// to leads to another page of the organization.
func (v *visit) to(page string) {
	http.Redirect(v.w, v.r, v.Base()+"/"+page, http.StatusSeeOther)
}

// next is where people wanted to go, if the page leads there: its own pages, and hosts
// that its configuration names.
func (v *visit) next(address string) string {
	if address == "" || len(address) > 2000 || strings.ContainsAny(address, "\\\r\n\t") {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return ""
	}
	if u.Scheme == "" && u.Host == "" {
		if strings.HasPrefix(u.Path, v.Base()+"/") && !strings.Contains(u.Path, "..") {
			return address
		}
		return ""
	}
	if (u.Scheme == "http" || u.Scheme == "https") && slices.Contains(v.cfg.Client.RedirectHosts, strings.ToLower(u.Host)) {
		return address
	}
	return ""
}

// show answers with a page.
func (v *visit) show(status int, name, title string, data any) {
	body, err := v.render(name, title, data)
	if err != nil {
		v.p.o.Log.ErrorContext(v.r.Context(), "a login page cannot be rendered", "page", name, "error", err)
		http.Error(v.w, "Internal error.", http.StatusInternalServerError)
		return
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Lang())
	h.Set("Content-Security-Policy", v.policy(name))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Referrer-Policy", "same-origin")
	v.w.WriteHeader(status)
	if v.r.Method != http.MethodHead {
		_, _ = v.w.Write(body) // the client went away: nobody is left to be told
	}
}

func (v *visit) render(name, title string, data any) ([]byte, error) {
	var b bytes.Buffer
	err := v.p.sets[name].ExecuteTemplate(&b, "layout", &view{v, name, title, data})
	return b.Bytes(), err
}

// policy is what the page may load and where its forms may go. Those that go to the
// captive portal may be led anywhere by it.
func (v *visit) policy(name string) string {
	forms, frames := "'self'", "'self'"
	for _, f := range []PortalForm{v.cfg.Components.CaptivePortalLoginForm, v.cfg.Components.CaptivePortalLogoutForm} {
		if u, err := url.Parse(f.Action); err == nil && u.Host != "" && !strings.Contains(frames, u.Scheme+"://"+u.Host) {
			frames += " " + u.Scheme + "://" + u.Host
			forms += " " + u.Scheme + "://" + u.Host
		}
	}
	if v.framed != "" {
		frames += " " + v.framed
	}
	if name == "portal" || name == "logout" || name == "status" {
		forms = "'self' http: https:"
	}
	if name == "payment" {
		frames = "'self' https:"
	}
	return "default-src 'none'; img-src 'self' data:; font-src 'self'; style-src 'self' 'nonce-" + v.nonce + "'; script-src 'self'; connect-src 'self'; frame-src " + frames +
		"; form-action " + forms + "; base-uri 'none'; frame-ancestors 'self'"
}

// fail answers with a message and a way back.
func (v *visit) fail(status int, title, text string) {
	v.show(status, "message", v.T(title), message{v.T(title), v.T(text)})
}

type message struct{ Heading, Text string }

// broken answers to an error of the storage.
func (v *visit) broken(err error) {
	v.p.o.Log.ErrorContext(v.r.Context(), "a login page could not do its work", "slug", v.slug, "error", err)
	v.fail(http.StatusServiceUnavailable, "unavailable_title", "unavailable")
}

func (v *visit) notFound() {
	c := v.cfg.Components.NotFoundPage
	heading, text := v.T("not_found_title"), v.T("not_found")
	if t := c.Heading.Text.In(v.Lang()); t != "" {
		heading = t
	}
	if t := c.Message.Text.In(v.Lang()); t != "" {
		text = t
	}
	v.show(http.StatusNotFound, "message", heading, message{heading, text})
}

// unknown answers for an organization that is not there.
func (p *Pages) unknown(w http.ResponseWriter, r *http.Request) {
	standard, err := Merge()
	if err != nil {
		http.Error(w, "Not found.", http.StatusNotFound)
		return
	}
	v := &visit{found: &found{cfg: standard, shelf: &shelf{}}, p: p, w: w, r: r, nonce: rand.Text(), asked: true, preview: true}
	v.words = p.texts.in(choose(r, standard, ""), standard)
	v.notFound()
}

// view is what templates see.
type view struct {
	*visit
	Page    string
	Heading string
	Data    any
}

// Title is that of the browser's window.
func (x *view) Title() string {
	if x.Page == "login" {
		return x.TV("login_to", "Name", x.Name())
	}
	return x.Heading + " - " + x.Name()
}

// Name is what the organization is called.
func (x *view) Name() string {
	switch {
	case x.cfg.Name != "":
		return x.cfg.Name
	case x.in.Organization.Name != "":
		return x.in.Organization.Name
	}
	return x.p.o.Site
}

// Direction is that of the writing.
func (x *view) Direction() string { return direction(x.Lang()) }

// Nonce marks the page's own styles.
func (x *view) Nonce() string { return x.nonce }

// Style is the theme, the style sheet and what the organization adds.
func (x *view) Style() template.CSS {
	return x.cfg.Client.Theme.style() + template.CSS(x.p.css) + template.CSS(x.cfg.Client.Theme.CSS) //nolint:gosec // ours, and what badCSS let through
}

// Sheets are further style sheets of the page.
func (x *view) Sheets() (out []string) {
	for _, name := range x.cfg.Client.CSS {
		if at := x.File(name); at != "" {
			out = append(out, at)
		}
	}
	return out
}

// Script is where the script is.
func (x *view) Script() string { return x.p.scriptAt }

// File is where a file of the page is, "" if it has none of that name.
func (x *view) File(name string) string {
	if strings.HasPrefix(name, "/assets/") {
		return name
	}
	if a := x.shelf.assets[name]; a != nil {
		return "/assets/" + x.slug + "/" + name + "?v=" + a.Digest
	}
	return ""
}

// Favicon is the page's picture in the browser.
func (x *view) Favicon() string { return x.File(x.cfg.Client.Favicon) }

// C are the parts of the page.
func (x *view) C() *Components { return &x.cfg.Components }

// Text is a text of the configuration.
func (x *view) Text(t Text) string { return t.In(x.Lang()) }

// HTML is what is harmless of a text of the configuration.
func (x *view) HTML(t Text) template.HTML { return x.p.s.cleaner.html(t.In(x.Lang())) }

// shownLink is a link that the viewer sees.
type shownLink struct{ Text, URL, Icon, CSS, Alt string }

// Links are those of a list that the viewer sees.
func (x *view) Links(list []Link) (out []shownLink) {
	who := x.viewer()
	for i := range list {
		if l := &list[i]; l.Shown(who) {
			text, alt := l.Text.In(x.Lang()), l.Alt.In(x.Lang())
			if text == "" {
				text = alt
			}
			out = append(out, shownLink{text, l.Address(x.slug), x.File(l.Icon), l.CSS, alt})
		}
	}
	return out
}

// Languages are those that may be chosen, when there is a choice.
func (x *view) Languages() []Language {
	if len(x.cfg.Client.Languages) < 2 {
		return nil
	}
	return x.cfg.Client.Languages
}

// Here is the path of this page, to come back to.
func (x *view) Here() string {
	if x.r.Method == http.MethodPost {
		return x.Base() + "/" + x.pageOf()
	}
	return x.r.URL.Path
}

func (x *view) pageOf() string {
	_, rest, _ := strings.Cut(strings.TrimPrefix(x.r.URL.Path, "/"), "/")
	return rest
}

// Good and Bad are messages of the page before.
func (x *view) Good() string { return x.flash.Good }

// Bad is a message of something that failed.
func (x *view) Bad() string { return x.flash.Bad }

// Known: there is an organization.
func (x *view) Known() bool { return x.slug != "" }

// In: somebody is logged in.
func (x *view) In() bool { return x.who != nil }

// Terms and Privacy report whether there are such texts.
func (x *view) Terms() bool { return x.shelf.policyText(x.cfg, Terms, x.Lang()) != "" }

// Privacy reports whether there is a privacy policy.
func (x *view) Privacy() bool { return x.shelf.policyText(x.cfg, Privacy, x.Lang()) != "" }
