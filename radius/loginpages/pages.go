package loginpages

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/enrol"
	"github.com/wispwright/wispwright/radius/signin"
)

//go:embed templates/*.html static/pages.css static/pages.js
var files embed.FS

// Options change what New makes.
type Options struct {
	// SecretKey protects forms. Default: one of this process, so that forms that were
	// open while it was started anew must be sent again.
	SecretKey wispwright.Secret
	// Source is what a client's attempts are counted by, Address its network address.
	// Default: those of the connection.
	Source, Address func(*http.Request) string
	// Secure reports whether the browser speaks TLS to the pages, if need be through a
	// proxy. Default: as the connection is.
	Secure func(*http.Request) bool
	// Reserved are first parts of paths that are no organizations' even if one is called
	// so.
	Reserved []string
	// Rate limits registrations and letters of each client, such as "400/hour"; "none"
	// means no limit. Default: "400/hour".
	Rate string
	// Payments sells plans. Default: nothing is sold.
	Payments Payments
	// Gateways send people to the pages. Default: a page names its captive portal.
	Gateways Gateways
	// Site names the installation where an organization has no name.
	Site string
	// Log receives what people are not told. Default: slog's own.
	Log *slog.Logger
}

// Pages are the pages of all organizations, at /<slug>/…, and their files at
// /assets/<slug>/….
type Pages struct {
	s         *Service
	signIn    *signin.Service
	r         *radius.Radius
	enrolment *enrol.Enrolment
	phones    enrol.Telephone
	o         Options
	sets      map[string]*template.Template
	texts     *catalogue
	css       string
	scriptAt  string // with the digest in its name
	script    []byte
	throttle  *rest.Throttle
	// last are pages as they were found last, for when the database does not answer
	last sync.Map
}

// Enrolling is what the pages need of accounts.
type Enrolling struct {
	// SignIn lets people in, Radius knows sessions and usage.
	SignIn *signin.Service
	Radius *radius.Radius
	// Enrolment and Phones make accounts; nil: nobody registers.
	Enrolment *enrol.Enrolment
	Phones    enrol.Telephone
}

// New returns the pages of a service.
func New(s *Service, with Enrolling, o *Options) (*Pages, error) {
	if s == nil || with.SignIn == nil || with.Radius == nil || with.Enrolment != nil && with.Phones == nil {
		return nil, errors.New("loginpages: the service, sign-in, the concern radius, and telephones for enrolment are required")
	}
	if o == nil {
		o = &Options{}
	}
	p := &Pages{s: s, signIn: with.SignIn, r: with.Radius, enrolment: with.Enrolment, phones: with.Phones, o: *o, sets: map[string]*template.Template{}}
	p.complete()
	var err error
	rate := p.o.Rate
	if rate == "none" {
		rate = ""
	}
	if p.throttle, err = rest.NewThrottle(rate, s.base.Clock); err != nil {
		return nil, err
	}
	if p.texts, err = newCatalogue(); err != nil {
		return nil, err
	}
	css, err := files.ReadFile("static/pages.css")
	if err != nil {
		return nil, err
	}
	p.css = squeeze(string(css))
	if p.script, err = files.ReadFile("static/pages.js"); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(p.script)
	p.scriptAt = scriptPath + hex.EncodeToString(sum[:8]) + ".js"
	for _, name := range []string{"login", "register", "status", "phone", "phone_change", "reset", "reset_confirm", "password", "policy", "portal", "logout", "complete", "plans", "payment", "message"} {
		if p.sets[name], err = template.ParseFS(files, "templates/layout.html", "templates/"+name+".html"); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// scriptPath is where the script is, with a digest behind it: browsers keep it for
// ever.
const scriptPath = "/assets/login-pages/"

func (p *Pages) complete() {
	o := &p.o
	if o.SecretKey == "" {
		o.SecretKey = wispwright.Secret(rand.Text())
	}
	if o.Source == nil {
		o.Source = func(r *http.Request) string { return rest.Source(r, false) }
	}
	if o.Address == nil {
		o.Address = func(r *http.Request) string { return rest.ClientAddress(r, false) }
	}
	if o.Secure == nil {
		o.Secure = func(r *http.Request) bool { return r.TLS != nil }
	}
	if o.Rate == "" {
		o.Rate = "400/hour"
	}
	if o.Site == "" {
		o.Site = "Wi-Fi"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
}

// squeeze takes comments and needless space out of a style sheet of ours.
func squeeze(css string) string {
	var b strings.Builder
	for _, line := range strings.Split(cssNoise.ReplaceAllString(css, ""), "\n") {
		b.WriteString(strings.TrimSpace(line))
	}
	return b.String()
}

// ours are the pages of every organization: a path with one of them is never
// somebody else's.
func ours() []string {
	return []string{"login", "registration", "status", "logout", "password", "change-password", "change-phone-number", "mobile-phone-verification", "payment", "plan", "connect",
		"complete-registration", "language", "session"}
}

// Takes reports whether a path is one of the pages': those of an organization that
// exists, and well-known pages below any slug.
func (p *Pages) Takes(ctx context.Context, path string) bool {
	slug, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !variantForm.MatchString(slug) || slices.Contains(p.o.Reserved, slug) {
		return false
	}
	if first, _, _ := strings.Cut(rest, "/"); slices.Contains(ours(), first) {
		return true
	}
	_, err := p.find(ctx, slug)
	return err == nil
}

// found is a page with everything it is made of.
type found struct {
	slug  string
	in    radius.InForce
	shelf *shelf
	cfg   *Config
}

// find looks for the page of a slug: an organization's own, or a variant of one.
func (p *Pages) find(ctx context.Context, slug string) (*found, error) {
	base, variant := slug, Main
	for {
		in, err := p.signIn.Organization(ctx, base)
		if err == nil {
			all, err := p.s.of(ctx, in.Organization.ID)
			if err != nil {
				return nil, err
			}
			cfg, err := all.config(variant)
			if err != nil || !in.Organization.IsActive {
				return nil, errors.Join(err, wispwright.ErrNotFound)
			}
			return &found{slug, in, all, cfg}, nil
		}
		if !errors.Is(err, wispwright.ErrNotFound) {
			return nil, err
		}
		i := strings.LastIndexByte(base, '-')
		if i <= 0 {
			return nil, wispwright.ErrNotFound
		}
		base, variant = slug[:i], slug[i+1:]
	}
}

// ServeHTTP answers a request for a page or a file.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	slug, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if slug == "assets" {
		p.asset(w, r, rest)
		return
	}
	at, err := p.find(r.Context(), slug)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		p.last.Delete(slug)
		p.unknown(w, r)
		return
	case err != nil:
		// the last one is good enough to say that nothing works, and to keep what was typed
		known, ok := p.last.Load(slug)
		if !ok {
			p.o.Log.ErrorContext(r.Context(), "a login page cannot be shown", "slug", slug, "error", err)
			http.Error(w, "Temporarily unavailable, try again later.", http.StatusServiceUnavailable)
			return
		}
		at, _ = known.(*found)
	default:
		p.last.Store(slug, at)
	}
	v := p.visit(w, r, at)
	v.failure = err
	v.route(strings.TrimSuffix(rest, "/"))
}

// route shares the paths below a slug out (spec: login-pages §3).
func (v *visit) route(path string) {
	first, rest, _ := strings.Cut(path, "/")
	post := v.r.Method == http.MethodPost
	if v.r.Method != http.MethodGet && v.r.Method != http.MethodHead && !post {
		v.w.Header().Set("Allow", "GET, HEAD, POST")
		v.fail(http.StatusMethodNotAllowed, "error_title", "error_unknown")
		return
	}
	handlers := map[string][2]func(rest string){
		"":                          {v.home, nil},
		"login":                     {v.login, v.logIn},
		"registration":              {v.registration, v.register},
		"status":                    {v.status, nil},
		"connect":                   {nil, v.connect},
		"logout":                    {v.loggedOut, v.logOut},
		"session":                   {nil, v.endSession},
		"password":                  {v.reset, v.sendReset},
		"change-password":           {v.changePassword, v.savePassword},
		"mobile-phone-verification": {v.verification, v.verify},
		"change-phone-number":       {v.changePhone, v.savePhone},
		"complete-registration":     {v.complete, v.choose},
		"plan":                      {v.plans, v.buy},
		"payment":                   {v.payment, nil},
		"language":                  {v.language, nil},
	}
	h, ok := handlers[first]
	handle := h[0]
	if post {
		handle = h[1]
	}
	if !ok || handle == nil {
		v.notFound()
		return
	}
	if post && !v.genuine() {
		v.fail(http.StatusForbidden, "form_title", "form_stale")
		return
	}
	handle(rest)
}

// asset serves a file, and the script of the pages.
func (p *Pages) asset(w http.ResponseWriter, r *http.Request, rest string) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	slug, name, _ := strings.Cut(rest, "/")
	if scriptPath+name == p.scriptAt && slug == "login-pages" {
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(p.script)))
		return
	}
	at, err := p.find(r.Context(), slug)
	if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		http.Error(w, "Temporarily unavailable, try again later.", http.StatusServiceUnavailable)
		return
	}
	if err != nil || at.shelf.assets[name] == nil {
		http.Error(w, "Not found.", http.StatusNotFound)
		return
	}
	a := at.shelf.assets[name]
	h.Set("Content-Type", a.Type)
	h.Set("ETag", `"`+a.Digest+`"`)
	// a drawing could hold scripts, which run nowhere
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("Cache-Control", "public, max-age=300")
	if r.URL.Query().Get("v") == a.Digest {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(a.Data)))
}
