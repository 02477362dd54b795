package social

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/saml"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/tenancy/sso"
)

// SAMLPath begins the paths of SAML (spec: radius §10):
//
//	GET  /radius/saml2/login/?RelayState=PAGE?org=SLUG  leads to the provider; with several,
//	                                                    idp=ENTITY says to which
//	POST /radius/saml2/acs/                             where it leads back to
//	GET  /radius/saml2/logout/                          logs out at the provider too
//	     /radius/saml2/ls/, /radius/saml2/ls/post/      where that leads back to, and where a
//	                                                    provider tells that somebody left
//	GET  /radius/saml2/metadata/                        what it must know of this program
const SAMLPath = "/radius/saml2/"

// SAMLProvider is one that is asked; *saml.ServiceProvider is one.
type SAMLProvider interface {
	Describe(ctx context.Context) (id, name string, err error)
	Begin(ctx context.Context, next string) (string, saml.Flow, error)
	Finish(r *http.Request, f saml.Flow) (*saml.Assertion, error)
	BeginLogout(ctx context.Context, of saml.Session) (string, saml.Flow, error)
	FinishLogout(r *http.Request, f saml.Flow) error
	Asked(r *http.Request) (who saml.Session, answer string, err error)
	MetadataXML() ([]byte, error)
}

// SAML is who is asked, and how what they answer is read.
type SAML struct {
	// Providers are those that people may log in with; at least one.
	Providers []SAMLProvider
	// Taken says whether an organization takes the people of a provider. Default: it does.
	Taken func(slug, provider string) bool
	// Names are where providers say what.
	Names sso.AttributeNames
	// Leave ends what the person of a provider may do with a key. Default: nothing is done
	// when a provider tells that somebody left.
	Leave func(ctx context.Context, issuer, subject string) error
	// Secret, which all nodes have, seals the cookies.
	Secret wispwright.Secret
}

type samlHandler struct {
	handler
	SAML
}

// NewSAML returns the handler of SAMLPath.
func NewSAML(s SAML, o Options) (http.Handler, error) {
	if len(s.Providers) == 0 || s.Secret == "" {
		return nil, errors.New("social: a provider and a secret are required")
	}
	if s.Taken == nil {
		s.Taken = func(string, string) bool { return true }
	}
	if s.Leave == nil {
		s.Leave = func(context.Context, string, string) error { return nil }
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	return &samlHandler{handler{o}, s}, nil
}

// ServeHTTP answers a request.
func (h *samlHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	guard(w)
	methods, answer := []string{http.MethodGet}, http.NotFound
	switch r.URL.Path {
	case SAMLPath + "metadata/":
		answer = h.metadata
	case SAMLPath + "login/":
		answer = h.begin
	case SAMLPath + "acs/":
		methods, answer = []string{http.MethodPost}, h.finish
	case SAMLPath + "logout/":
		answer = h.logOut
	case SAMLPath + "ls/", SAMLPath + "ls/post/":
		methods, answer = []string{http.MethodGet, http.MethodPost}, h.loggedOut
	}
	if !slices.Contains(methods, r.Method) {
		w.Header().Set("Allow", methods[0])
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	answer(w, r)
}

func (h *samlHandler) metadata(w http.ResponseWriter, r *http.Request) {
	raw, err := h.Providers[0].MetadataXML() // what they must know is the same for all
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	_, _ = w.Write(raw) // the client may be gone
}

// wanted reads what a login page sends along: its own address, and the organization.
func (h *samlHandler) wanted(w http.ResponseWriter, r *http.Request, state string) (*goal, string, bool) {
	u, err := url.Parse(state)
	if err != nil || u.Query().Get("org") == "" {
		h.refuse(w, http.StatusBadRequest, "It is not known where you want to log in: begin on the login page.")
		return nil, "", false
	}
	slug := u.Query().Get("org")
	u.RawQuery, u.Fragment = "", ""
	g, ok := h.checked(w, r, slug, u.String(), func(in radius.InForce) bool { return in.SAMLEnabled })
	return g, slug, ok
}

// samlCookie keeps the flow with the browser that began it, samlSession what must be known to
// end the session at the provider.
const (
	samlCookie  = "wispwright_radius_saml"
	samlSession = "wispwright_radius_saml_session"
	sessionLife = 24 * time.Hour
)

func (h *samlHandler) cookie(w http.ResponseWriter, name, value string, age time.Duration) {
	c := &http.Cookie{Name: name, Value: value, Path: SAMLPath, MaxAge: -1, HttpOnly: true, Secure: h.o.Secure, SameSite: http.SameSiteLaxMode}
	if value != "" {
		c.MaxAge = int(age.Seconds()) + 1
	}
	http.SetCookie(w, c)
}

// offer is a provider that somebody may choose.
type offer struct {
	ID, Name, URL string
	provider      SAMLProvider
}

// offers are the providers that an organization takes and that can be asked now.
func (h *samlHandler) offers(r *http.Request, slug string) (out []offer) {
	for _, p := range h.Providers {
		id, name, err := p.Describe(r.Context())
		if err != nil {
			h.o.Log.ErrorContext(r.Context(), "log-in by SAML: a provider's metadata cannot be read", "error", err)
			continue
		}
		if h.Taken(slug, id) {
			q := url.Values{"RelayState": {r.URL.Query().Get("RelayState")}, "idp": {id}}
			out = append(out, offer{id, name, SAMLPath + "login/?" + q.Encode(), p})
		}
	}
	return out
}

// provider finds one by its entity id; nil when there is none.
func (h *samlHandler) provider(ctx context.Context, id string) SAMLProvider {
	for _, p := range h.Providers {
		if known, _, err := p.Describe(ctx); err == nil && known == id {
			return p
		}
	}
	return nil
}

const unreachable = "The provider cannot be reached: try again later, or log in otherwise."

func (h *samlHandler) begin(w http.ResponseWriter, r *http.Request) {
	state := r.URL.Query().Get("RelayState")
	_, slug, ok := h.wanted(w, r, state)
	if !ok || !h.admitted(w, r) {
		return
	}
	offers := h.offers(r, slug)
	if idp := r.URL.Query().Get("idp"); idp != "" {
		offers = slices.DeleteFunc(offers, func(o offer) bool { return o.ID != idp })
	}
	switch {
	case len(offers) == 0 && r.URL.Query().Get("idp") != "":
		h.refuse(w, http.StatusForbidden, "Here nobody logs in with this provider.")
		return
	case len(offers) == 0:
		h.refuse(w, http.StatusBadGateway, unreachable)
		return
	case len(offers) > 1:
		h.choose(w, offers)
		return
	}
	address, flow, err := offers[0].provider.Begin(r.Context(), state)
	if err != nil {
		h.o.Log.ErrorContext(r.Context(), "log-in by SAML: the provider cannot be asked", "error", err)
		h.refuse(w, http.StatusBadGateway, unreachable)
		return
	}
	h.cookie(w, samlCookie, flow.Seal(h.Secret), time.Until(flow.Expires))
	http.Redirect(w, r, address, http.StatusFound)
}

var chooser = template.Must(template.New("choose").Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Log-in</title>` +
	`<style>body{font:16px/1.5 system-ui,sans-serif;margin:0;padding:24px 16px;color:#1c2330;background:#fff}main{max-width:26rem;margin:auto}ul{list-style:none;padding:0}` +
	`a{display:block;padding:12px 16px;margin:8px 0;border:1px solid #66728a;border-radius:8px;color:#1d4ed8;overflow-wrap:anywhere}` +
	`@media(prefers-color-scheme:dark){body{color:#e6e9ef;background:#12161d}a{color:#93b4ff}}</style></head>` +
	`<body><main><h1>Who knows you?</h1><p>Choose where you have your account.</p><ul>{{range .}}<li><a href="{{.URL}}">{{.Name}}</a></li>{{end}}</ul></main></body></html>`))

// choose lets somebody choose among several providers.
func (h *samlHandler) choose(w http.ResponseWriter, offers []offer) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	_ = chooser.Execute(w, offers) // the client may be gone
}

// formLimit bounds the form with which a browser comes back.
const formLimit = 1 << 20

// flow reads the flow that a browser brings back, which is used once; false where the form
// came from another site and is sent once more from here.
func (h *samlHandler) flow(w http.ResponseWriter, r *http.Request) (f saml.Flow, ok bool) {
	c, err := r.Cookie(samlCookie)
	if err != nil && r.Method == http.MethodPost && !saml.CameAgain(r) {
		saml.Again(w, r) // from another site: without our cookies
		return saml.Flow{}, false
	}
	h.cookie(w, samlCookie, "", 0)
	if err == nil {
		f, _ = saml.OpenFlow(h.Secret, c.Value) // an empty one is refused
	}
	return f, true
}

func (h *samlHandler) form(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		h.refuse(w, http.StatusBadRequest, "The form of the provider cannot be read.")
		return false
	}
	return true
}

func (h *samlHandler) finish(w http.ResponseWriter, r *http.Request) {
	if !h.form(w, r) {
		return
	}
	flow, ok := h.flow(w, r)
	if !ok {
		return
	}
	p := h.provider(r.Context(), flow.Provider)
	if p == nil { // an empty flow, which is refused, or one of a node that knew one provider
		p = h.Providers[0]
	}
	a, err := p.Finish(r, flow)
	if err != nil {
		if errors.Is(err, saml.ErrRefused) {
			err = fmt.Errorf("%w: the provider did not let you in, or it took too long; begin anew: %w", sso.ErrRefused, err)
		}
		h.fail(w, r, err)
		return
	}
	g, slug, ok := h.wanted(w, r, flow.Next)
	if !ok {
		return
	}
	if !h.Taken(slug, a.Issuer) { // the settings may have changed meanwhile
		h.refuse(w, http.StatusForbidden, "Here nobody logs in with this provider.")
		return
	}
	person, err := sso.FromAttributes(a.Issuer, a.NameID, a.Transient, a.Attributes, h.Names)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	e, err := h.o.Enter(r.Context(), g.in, person)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	s := saml.Session{Issuer: a.Issuer, NameID: a.NameID, Format: a.Format, Index: a.Index, Subject: person.Subject, Next: g.page.String()}
	h.cookie(w, samlSession, s.Seal(h.Secret), sessionLife)
	// the page gets its password for RADIUS when it shows the key (spec: radius §10)
	lead(w, r, g.page, url.Values{"username": {e.User.Username}, "token": {e.Key.Reveal()}, "login_method": {"saml"}})
}
