package social

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/saml"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/tenancy/sso"
)

// SAMLPath begins the paths of SAML (spec: radius §10):
//
//	GET  /radius/saml2/login/?RelayState=PAGE?org=SLUG  leads to the provider
//	POST /radius/saml2/acs/                             where it leads back to
//	GET  /radius/saml2/metadata/                        what it must know of this program
const SAMLPath = "/radius/saml2/"

// SAMLProvider is what is asked; *saml.ServiceProvider is one.
type SAMLProvider interface {
	Begin(ctx context.Context, next string) (string, saml.Flow, error)
	Finish(r *http.Request, f saml.Flow) (*saml.Assertion, error)
	MetadataXML() ([]byte, error)
}

type samlHandler struct {
	handler
	provider SAMLProvider
	names    sso.AttributeNames
	secret   wispwright.Secret
}

// NewSAML returns the handler of SAMLPath. The secret, which all nodes have, seals the
// cookie of a log-in.
func NewSAML(p SAMLProvider, names sso.AttributeNames, secret wispwright.Secret, o Options) (http.Handler, error) {
	if p == nil || secret == "" {
		return nil, errors.New("social: a provider and a secret are required")
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	return &samlHandler{handler{o}, p, names, secret}, nil
}

// ServeHTTP answers a request.
func (h *samlHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	guard(w)
	method, answer := http.MethodGet, http.NotFound
	switch r.URL.Path {
	case SAMLPath + "metadata/":
		answer = h.metadata
	case SAMLPath + "login/":
		answer = h.begin
	case SAMLPath + "acs/":
		method, answer = http.MethodPost, h.finish
	}
	if r.Method != method {
		w.Header().Set("Allow", method)
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	answer(w, r)
}

func (h *samlHandler) metadata(w http.ResponseWriter, r *http.Request) {
	raw, err := h.provider.MetadataXML()
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	_, _ = w.Write(raw) // the client may be gone
}

// wanted reads what a login page sends along: its own address, and the organization.
func (h *samlHandler) wanted(w http.ResponseWriter, r *http.Request, state string) (*goal, bool) {
	u, err := url.Parse(state)
	if err != nil || u.Query().Get("org") == "" {
		h.refuse(w, http.StatusBadRequest, "It is not known where you want to log in: begin on the login page.")
		return nil, false
	}
	slug := u.Query().Get("org")
	u.RawQuery, u.Fragment = "", ""
	return h.checked(w, r, slug, u.String(), func(in radius.InForce) bool { return in.SAMLEnabled })
}

// samlCookie keeps the flow with the browser that began it.
const samlCookie = "wispwright_radius_saml"

func (h *samlHandler) cookie(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: samlCookie, Value: value, Path: SAMLPath, MaxAge: age, HttpOnly: true, Secure: h.o.Secure, SameSite: http.SameSiteLaxMode})
}

func (h *samlHandler) begin(w http.ResponseWriter, r *http.Request) {
	state := r.URL.Query().Get("RelayState")
	if _, ok := h.wanted(w, r, state); !ok {
		return
	}
	if !h.admitted(w, r) {
		return
	}
	address, flow, err := h.provider.Begin(r.Context(), state)
	if err != nil {
		h.o.Log.ErrorContext(r.Context(), "log-in by SAML: the provider cannot be asked", "error", err)
		h.refuse(w, http.StatusBadGateway, "The provider cannot be reached: try again later, or log in otherwise.")
		return
	}
	h.cookie(w, flow.Seal(h.secret), int(time.Until(flow.Expires).Seconds())+1)
	http.Redirect(w, r, address, http.StatusFound)
}

// formLimit bounds the form with which a browser comes back.
const formLimit = 1 << 20

func (h *samlHandler) finish(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		h.refuse(w, http.StatusBadRequest, "The form of the provider cannot be read.")
		return
	}
	c, err := r.Cookie(samlCookie)
	if err != nil && !saml.CameAgain(r) {
		saml.Again(w, r) // from another site: without our cookies
		return
	}
	h.cookie(w, "", -1) // a flow is used once
	var flow saml.Flow
	if err == nil {
		flow, _ = saml.OpenFlow(h.secret, c.Value) // an empty one is refused
	}
	a, err := h.provider.Finish(r, flow)
	if err != nil {
		if errors.Is(err, saml.ErrRefused) {
			err = fmt.Errorf("%w: the provider did not let you in, or it took too long; begin anew: %w", sso.ErrRefused, err)
		}
		h.fail(w, r, err)
		return
	}
	g, ok := h.wanted(w, r, flow.Next)
	if !ok {
		return
	}
	person, err := sso.FromAttributes(a.Issuer, a.NameID, a.Transient, a.Attributes, h.names)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	e, err := h.o.Enter(r.Context(), g.in, person)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	// the page gets its password for RADIUS when it shows the key (spec: radius §10)
	lead(w, r, g.page, url.Values{"username": {e.User.Username}, "token": {e.Key.Reveal()}, "login_method": {"saml"}})
}
